// The controls and figures of "Train here". The training itself is train.mjs, in a Web Worker made from the page's own
// text, so that nothing is fetched and the page never freezes. Every text is put in as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";
const [WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM] = [440, 290, 58, 12, 26, 40];
const PINS = 6; // pale lines there is room for
const DRAW = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1500 : 120; // milliseconds between drawings
const GRIDS = {
  dropout: Array.from({ length: 19 }, (_, step) => step / 20),
  num_layers: [1, 2, 3, 4],
  missing_weight: [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  hidden_size: [4, 8, 16, 32, 64],
  learning_rate: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
  epochs: [5, 10, 20, 50, 100, 200, 500, 1000],
};

function make(tag, attributes = {}, ...children) {
  const drawn = ["svg", "path", "line", "text", "circle"].includes(tag);
  const element = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const short = (value) => String(Number(value.toPrecision(3)));
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const labelled = (label, ...inputs) => make("label", {}, make("span", {}, label), ...inputs);
const text = (x, y, content, more = {}) => make("text", { x, y, ...more }, content);

// Return the table's values as a run reads them, (rows x channels) in one row.
function unpack({ levels, low, span, channels }) {
  const bytes = Uint8Array.from(atob(levels), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const width = channels.length;
  return Float64Array.from({ length: bytes.length / 2 }, (_, at) => {
    return low[at % width] + (view.getUint16(2 * at, true) / 65535) * span[at % width];
  });
}

// ---- the two figures ----------------------------------------------------------------------------------------------

function frame(label, x, y) {
  const svg = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label });
  svg.append(text(WIDE - RIGHT, HIGH - 6, x, { "text-anchor": "end" }), text(4, 14, y));
  return svg;
}

function pathOf(values, x, y) {
  return `M${values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join("L")}`;
}

function ticksOf(low, high) {
  const powers = Array.from({ length: 30 }, (_, at) => at - 20);
  const steps = high - low < 1.6 ? [1, 2, 5] : [1];
  return powers.flatMap((power) => steps.map((digit) => digit * 10 ** power)).filter((tick) => {
    return Math.log10(tick) >= low && Math.log10(tick) <= high;
  });
}

// `lines` are {training, validation} values by epoch; `pins` the same as {name, validation}.
function lossFigure(words, { lines, pins, references, epochs, moves }) {
  const longest = Math.max(epochs, ...pins.map((pin) => pin.validation.length), 2);
  const shown = [lines.training, lines.validation, ...pins.map((pin) => pin.validation), Object.values(references)];
  const all = shown.flat().filter((value) => value > 0);
  const edges = all.length ? [Math.min(...all), Math.max(...all)].map(Math.log10) : [-3, 0];
  const [low, high] = [edges[0] - 0.1, edges[1] + 0.1];
  const x = (at) => LEFT + ((WIDE - LEFT - RIGHT) * at) / (longest - 1);
  const y = (value) => TOP + ((HIGH - BOTTOM - TOP) * (high - Math.log10(Math.max(value, 1e-12)))) / (high - low);
  const ended = lines.validation.length;
  const last = ended ? fill(words.error, { error: short(lines.validation.at(-1)) }) : words["no losses"];
  const label = ended ? fill(words["losses shown"], { epochs: ended, last }) : last;
  const svg = frame(label, `${words.epoch} ${longest}`, words.loss);
  for (const tick of ticksOf(low, high)) {
    svg.append(make("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }));
    svg.append(text(LEFT - 6, y(tick) + 4, short(tick), { "text-anchor": "end" }));
  }
  for (const { name, validation } of pins) {
    svg.append(make("path", { d: pathOf(validation, x, y), class: "pinned" }));
    svg.append(text(x(validation.length - 1) - 2, y(validation.at(-1)) - 4, name, { "text-anchor": "end" }));
  }
  Object.entries(references).forEach(([way, error], index) => {
    const at = { x1: LEFT, x2: WIDE - RIGHT, y1: y(error), y2: y(error) };
    svg.append(make("line", { ...at, class: `reference${index ? " line" : ""}` }));
    svg.append(text(LEFT + 4, y(error) - 4, words[way])); // there the curves are still high above
  });
  ["training", "validation"].forEach((name, index) => {
    if (ended) svg.append(make("path", { d: pathOf(lines[name], x, y), class: `curve ${name}` }));
    const at = LEFT + 120 * index;
    svg.append(make("path", { d: `M${at},${HIGH - 10}h24`, class: `curve ${name}` }));
    svg.append(text(at + 30, HIGH - 6, words[name]));
  });
  for (const [epoch, , weight] of moves) {
    if (epoch > ended) continue;
    const [left, top] = [x(epoch - 1), y(lines.validation[epoch - 1]) - 6];
    svg.append(make("path", { d: `M${left},${top}l-5,-9h10z`, class: "weight-moved" }));
    svg.append(text(left, top - 12, short(weight), { "text-anchor": "middle" }));
  }
  return svg;
}

// `part` holds truth, hidden and filled, and perhaps the network's values, flat (windows x steps, channels).
function repairFigure(words, part, channel, names, steps) {
  const pick = (values) => Array.from(values ?? []).filter((_, at) => at % names.length === channel);
  const [truth, hidden, filled, repair] = [part.truth, part.hidden, part.filled, part.repair].map(pick);
  const values = { channel: names[channel], windows: truth.length / steps };
  const svg = frame(truth.length ? fill(words["repair shown"], values) : words["no repair"], words.step, words.value);
  if (!truth.length) {
    svg.append(text(WIDE / 2, HIGH / 2, "…", { "text-anchor": "middle" }));
    return svg;
  }
  const within = [...truth, ...filled, ...repair];
  const [low, high] = [Math.min(...within), Math.max(...within)];
  const x = (at) => LEFT + ((WIDE - LEFT - RIGHT) * at) / (truth.length - 1);
  const y = (value) => TOP + ((HIGH - BOTTOM - TOP) * (high - value)) / (high - low || 1);
  for (const value of [low, high]) {
    svg.append(make("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(value), y2: y(value), class: "grid" }));
    svg.append(text(LEFT - 6, y(value) + 4, short(value), { "text-anchor": "end" }));
  }
  svg.append(make("path", { d: pathOf(truth, x, y), class: "truth" }));
  const mark = {
    seen: (a, b) => make("circle", { cx: a, cy: b, r: 2, class: "dot" }),
    hidden: (a, b) => make("circle", { cx: a, cy: b, r: 4, class: "ring" }),
    "forward fill": (a, b) => make("path", { d: `M${a - 4},${b - 4}l8,8m0,-8l-8,8`, class: "cross" }),
    network: (a, b) => make("path", { d: `M${a},${b - 5}l5,9h-10z`, class: "triangle" }),
  };
  truth.forEach((value, at) => {
    svg.append(mark[hidden[at] ? "hidden" : "seen"](x(at), y(value)));
    if (!hidden[at]) return;
    svg.append(mark["forward fill"](x(at), y(filled[at])));
    if (repair.length) svg.append(mark.network(x(at), y(repair[at])));
  });
  Object.entries(mark).forEach(([name, drawn], index) => {
    const at = 12 + index * 92;
    svg.append(drawn(at, HIGH - 10), text(at + 9, HIGH - 6, words[name]));
  });
  return svg;
}

// ---- controls -----------------------------------------------------------------------------------------------------

function slider(label, values, begin, changed) {
  const places = [...new Set([...values, begin])].sort((a, b) => a - b);
  const input = make("input", { type: "range", min: 0, max: places.length - 1, step: 1, value: places.indexOf(begin) });
  const output = make("output", {}, short(begin));
  input.setAttribute("aria-valuetext", short(begin));
  input.addEventListener("input", () => {
    const value = places[input.value];
    output.textContent = short(value);
    input.setAttribute("aria-valuetext", short(value));
    changed(value);
  });
  return labelled(label, input, output);
}

function number(label, begin, changed) {
  const input = make("input", { type: "number", min: 0, max: 9999, step: 1, value: begin });
  input.addEventListener("change", () => {
    const value = Math.min(9999, Math.max(0, Math.round(Number(input.value) || 0)));
    input.value = value;
    changed(value);
  });
  return labelled(label, input);
}

function check(label, begin, changed) {
  const input = make("input", { type: "checkbox" });
  input.checked = begin;
  input.addEventListener("change", () => changed(input.checked));
  return labelled(label, input);
}

function choice(label, options, begin, changed) {
  const select = make("select", {}, ...options.map((name, at) => make("option", { value: at }, name)));
  select.value = begin;
  select.addEventListener("change", () => changed(Number(select.value)));
  return make("label", {}, `${label} `, select);
}

// ---- saving -------------------------------------------------------------------------------------------------------

// Return a run as a record holds it; a store takes those whose settings alone name them.
function packed({ settings, rows, moves }) {
  const columns = Object.keys(rows[0]);
  return {
    config: { ...settings, epochs: rows.length },
    device: "browser",
    machine: navigator.userAgent.slice(0, 200),
    torch: "none",
    trained: new Date().toISOString().slice(0, 19) + "+00:00",
    curve: Object.fromEntries(columns.map((name) => [name, rows.map((row) => row[name])])),
    sample: null,
    moves,
  };
}

function saved(data, runs) {
  const of = (moved) => runs.filter((run) => run.moves.length > 0 === moved).map(packed);
  const page = { schema: data.schema, title: document.title, facts: { data: data.table.name }, line: "" };
  return { ...page, runs: of(false), moved: of(true) };
}

function download(name, content) {
  const address = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  const link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// ---- the whole ----------------------------------------------------------------------------------------------------

function workerOf(source) {
  // a classic worker: browsers refuse a module out of a Blob in a page that is a local file
  const script = source.replace(/^export /gm, "");
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(address);
  worker.addEventListener("message", () => URL.revokeObjectURL(address), { once: true });
  return worker;
}

function begin(root) {
  const data = JSON.parse(root.querySelector(".train-here-data").textContent);
  const source = root.querySelector(".train-here-module").textContent;
  const { words, table } = data;
  const settings = { ...data.settings };
  const [values, names] = [unpack(table), table.channels];
  const nothing = () => ({ rows: [], read: [], moves: [], settings: { ...settings } });
  const [losses, repair] = [make("figure"), make("figure")];
  const [status, list] = [make("p", { class: "status", role: "status" }), make("ol")];
  const progress = make("p", { class: "status" });
  let [worker, run, pins, pinned] = [null, nothing(), [], 0];
  let [ruler, channel, references, picture, drawn, waiting] = ["corrected", 0, {}, {}, 0, 0];

  const label = ({ settings: of, moves }) => {
    const keys = [...Object.keys(GRIDS).filter((key) => key !== "epochs"), "seed", "mask_input"];
    const told = keys.map((key) => (typeof of[key] === "number" ? `${words[key]} ${short(of[key])}` : of[key] && words[key]));
    const moved = moves.map(([epoch, , weight]) => fill(words.moved, { weight: short(weight), epoch }));
    return [...told.filter(Boolean), ...moved].join(", ");
  };
  const curve = (of, name) => of.read.map((both) => both[ruler][name]);

  function draw() {
    [drawn, waiting] = [performance.now(), 0];
    const lines = { training: curve(run, "training"), validation: curve(run, "validation") };
    const pale = pins.slice(-PINS).map((pin) => ({ name: `#${pin.number}`, validation: curve(pin, "validation") }));
    const simple = ruler === "corrected" ? references : {};
    const epochs = worker ? settings.epochs : run.rows.length;
    losses.replaceChildren(lossFigure(words, { lines, pins: pale, references: simple, epochs, moves: run.moves }));
    repair.replaceChildren(repairFigure(words, { ...picture, repair: run.repair }, channel, names, settings.window));
    const error = run.rows.at(-1)?.val_missing;
    const far = { epoch: run.rows.length, epochs: settings.epochs };
    const told = error === undefined ? "" : `${fill(words.running, far)} ${fill(words.error, { error: short(error) })}`;
    progress.textContent = worker ? told : "";
    root.classList.toggle("untrained", !worker && !run.rows.length && !pins.length);
    buttons.stop.disabled = !worker;
    buttons.pin.disabled = !run.rows.length;
    buttons.save.disabled = !run.rows.length && !pins.length;
  }

  // Draw now or, if that was a moment ago, in a moment.
  function drawSoon() {
    if (waiting) return;
    waiting = setTimeout(draw, Math.max(0, drawn + DRAW - performance.now()));
  }

  function say(name, more = {}) {
    const error = run.rows.at(-1)?.val_missing;
    const parts = [fill(words[name], { epoch: run.rows.length, ...more })];
    if (["done", "stopped"].includes(name) && error !== undefined) {
      const line = references["straight line"];
      const told = { ratio: short(error / line), line: short(line) };
      parts.push(fill(words.error, { error: short(error) }), fill(words[error < line ? "better" : "worse"], told));
    }
    status.textContent = parts.join(" ");
  }

  function end() {
    worker?.terminate();
    worker = null;
  }

  const heard = {
    begin({ references: errors, picture: [truth, hidden, filled] }) {
      [references, picture] = [errors, { truth, hidden, filled }];
    },
    epoch({ row, read, moves, repair: seen }) {
      run.rows.push(row);
      run.read.push(read);
      run.moves = moves;
      if (seen) run.repair = seen;
    },
    end({ how }) {
      end();
      say(how);
    },
    failed({ message }) {
      end();
      say("failed", { message });
    },
  };

  function train() {
    end();
    run = nothing();
    try {
      worker = workerOf(source);
    } catch (error) {
      say("no worker", { message: error.message });
      return;
    }
    const now = worker;
    now.onmessage = ({ data: message }) => {
      if (worker !== now) return; // of a run that was given up
      heard[message.kind](message);
      if (run.rows.length < 2 || !worker) draw();
      else drawSoon();
    };
    now.onerror = (event) => {
      end();
      say("no worker", { message: event.message || "Worker" });
      draw();
    };
    const mine = { ...settings, validate_missing_only: data.only_missing };
    now.postMessage({ kind: "train", table: { values, channels: names.length, parts: table.parts }, settings: mine });
    say("started");
    draw();
  }

  function changed(key) {
    return (value) => {
      settings[key] = value;
      if (!worker) say("changed");
      else if (key === "missing_weight") worker.postMessage({ kind: "weight", value });
      else if (key === "epochs") worker.postMessage({ kind: "epochs", value });
      else train();
    };
  }

  function listPins() {
    const items = pins.map((pin) => {
      const text = `${label(pin)}: ${fill(words.error, { error: short(pin.rows.at(-1).val_missing) })}`;
      const button = make("button", { type: "button", "aria-label": `${words.unpin} #${pin.number}` }, words.unpin);
      button.addEventListener("click", () => {
        pins = pins.filter((other) => other !== pin);
        listPins();
      });
      return make("li", { value: pin.number }, text, button);
    });
    list.replaceChildren(...items);
    list.setAttribute("aria-label", words.pinned);
    list.hidden = !pins.length;
    draw();
  }

  const acts = {
    train,
    stop: () => worker?.postMessage({ kind: "stop" }),
    pin() {
      pins.push({ ...structuredClone(run), number: ++pinned }); // the run may go on
      listPins();
    },
    clear() {
      end();
      run = nothing();
      say("empty");
      draw();
    },
    save() {
      const content = saved(data, run.rows.length ? [...pins, run] : pins);
      const file = "curves.json";
      download(file, JSON.stringify(content));
      say("saved", { count: content.runs.length, file });
      if (content.moved.length) status.textContent += ` ${fill(words["left out"], { count: content.moved.length })}`;
    },
  };
  const buttons = Object.fromEntries(Object.entries(acts).map(([name, act]) => {
    const button = make("button", { type: "button", ...(name === "train" && { class: "main" }) }, words[name]);
    button.addEventListener("click", act);
    return [name, button];
  }));
  const sliders = Object.entries(GRIDS).map(([key, grid]) => slider(words[key], grid, settings[key], changed(key)));
  const others = [number(words.seed, settings.seed, changed("seed")), check(words.mask_input, settings.mask_input, changed("mask_input"))];
  const rulers = ["corrected", "recorded"];
  const choices = [
    choice(words.ruler, rulers.map((name) => words[name]), 0, (at) => ((ruler = rulers[at]), draw())),
    choice(words.channel, names, 0, (at) => ((channel = at), draw())),
  ];
  root.querySelector(".train-here-body").append(
    make("div", { class: "controls" }, ...sliders, ...others),
    make("div", { class: "buttons" }, ...Object.values(buttons)),
    status,
    progress,
    make("div", { class: "figures" }, losses, repair),
    make("div", { class: "choices" }, ...choices),
    list,
  );
  say("empty");
  listPins();
}
