// Sliders over the stored runs of a record. They need no kernel, draw plain SVG, and put every text in as text, never
// as HTML.

const COLOURS = { training: "#0072B2", validation: "#D55E00" };
const DASHES = { training: "", validation: "7 4" };
const REFERENCE_DASHES = ["2 4", "9 5"];
const SVG = "http://www.w3.org/2000/svg";
const [WIDE, HIGH, LEFT, BOTTOM] = [460, 260, 62, 34];

function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "text", "circle", "g"].includes(tag);
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

let said = {}; // the fixed words in another language, by the English ones

function say(english, values = {}) {
  return String(said[english] ?? english).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

function distinct(values) {
  return [...new Set(values)].sort((a, b) => a - b);
}

function plain(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(3))) : value;
}

// Return [the nearest run, whether it is exactly what was asked for], among runs that are alike otherwise.
function nearest(runs, asked, places) {
  const away = (run) =>
    Object.entries(places).reduce(
      (sum, [knob, values]) => sum + Math.abs(values.indexOf(run[knob]) - values.indexOf(asked[knob])),
      1000 * (run.other !== asked.other) + 0.001 * Math.abs(run.seed - asked.seed),
    );
  const best = runs.reduce((kept, run) => (away(run) < away(kept) ? run : kept));
  return [best, away(best) === 0];
}

function frame(label) {
  const chart = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label });
  chart.style.cssText = "flex: 1 1 18rem; min-width: 0; height: auto; font: 11px system-ui, sans-serif;";
  return chart;
}

function words(x, y, content, more = {}) {
  return make("text", { x, y, fill: "#444", ...more }, content);
}

function lossChart(run, ruler, references) {
  const [curves, beyond, longest] = [run[ruler], run.beyond?.[ruler] ?? {}, run.longest ?? run.epochs];
  const shown = ruler === "corrected" ? Object.values(references) : [];
  const every = [...Object.values(curves), ...Object.values(beyond)].flat();
  const all = [...every, ...shown].filter((value) => value > 0);
  const [low, high] = [Math.log10(Math.min(...all)) - 0.1, Math.log10(Math.max(...all)) + 0.1];
  const x = (epoch) => LEFT + ((WIDE - LEFT - 10) * (epoch - 1)) / Math.max(1, longest - 1);
  const y = (value) => 12 + ((HIGH - BOTTOM - 12) * (high - Math.log10(value))) / (high - low);
  const [train, val] = [curves.training, curves.validation].map((values) => plain(values.at(-1) ?? 0));
  const shape = "Losses over {epochs} epochs, logarithmic: training ends at {train}, validation at {val}";
  const chart = frame(say(shape, { epochs: run.epochs, train, val }));
  for (let power = Math.floor(low); power <= high; power++) {
    for (const step of high - low < 2 ? [1, 2, 5] : [1]) {
      const tick = step * 10 ** power;
      if (Math.log10(tick) < low || Math.log10(tick) > high) continue;
      chart.append(make("line", { x1: LEFT, x2: WIDE - 10, y1: y(tick), y2: y(tick), stroke: "#e6eaee" }));
      chart.append(words(LEFT - 6, y(tick) + 4, plain(tick), { "text-anchor": "end" }));
    }
  }
  Object.entries(references).forEach(([way, error], index) => {
    if (!shown.length) return;
    const dash = { stroke: "#767676", "stroke-dasharray": REFERENCE_DASHES[index % 2] };
    chart.append(make("line", { x1: LEFT, x2: WIDE - 10, y1: y(error), y2: y(error), ...dash }));
    chart.append(words(WIDE - 12, y(error) - 3, say(way), { "text-anchor": "end" }));
  });
  Object.entries(curves).forEach(([name, values], index) => {
    const place = (value, epoch) => `${x(epoch + 1)},${y(value)}`;
    const points = values.map(place).join("L");
    const further = (beyond[name] ?? []).map((value, epoch) => place(value, values.length + epoch));
    const look = { fill: "none", stroke: COLOURS[name], "stroke-width": 2, "stroke-dasharray": DASHES[name] };
    chart.append(make("path", { d: `M${points}`, ...look }));
    if (further.length) {
      const from = place(values.at(-1), values.length - 1);
      chart.append(make("path", { d: `M${[from, ...further].join("L")}`, ...look, opacity: 0.25 }));
    }
    const [at, below] = [WIDE / 2 - 90 + 110 * index, HIGH - 18];
    chart.append(make("path", { d: `M${at - 26},${below}h20`, ...look }));
    chart.append(words(at, below + 4, say(name), { fill: COLOURS[name] }));
  });
  const end = words(WIDE - 12, HIGH - 14, longest, { "text-anchor": "end" });
  chart.append(words(LEFT, HIGH - 14, say("epoch 1")), end);
  return chart;
}

function repairChart(run, picture, channel, count) {
  const pick = (values) => values.filter((_, index) => index % count === channel);
  const [truth, hidden, filled] = [picture.truth, picture.hidden, picture.filled].map(pick);
  let next = 0; // a sample holds the hidden entries only
  const repair = run.sample ? pick(picture.hidden.map((isHidden) => (isHidden ? run.sample[next++] : null))) : [];
  const all = [...truth, ...filled, ...repair.filter((value) => value !== null)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (step) => LEFT + ((WIDE - LEFT - 10) * step) / (truth.length - 1);
  const y = (value) => 12 + ((HIGH - BOTTOM - 12) * (high - value)) / (high - low || 1);
  const chart = frame(say("one channel: the truth, what was seen, what was hidden, and the repairs"));
  for (const value of [low, high]) chart.append(words(LEFT - 6, y(value) + 4, plain(value), { "text-anchor": "end" }));
  const line = truth.map((value, step) => `${x(step)},${y(value)}`).join("L");
  chart.append(make("path", { d: `M${line}`, fill: "none", stroke: "#767676" }));
  truth.forEach((value, step) => {
    const seen = { cx: x(step), cy: y(value), r: hidden[step] ? 4 : 2 };
    chart.append(make("circle", { ...seen, fill: hidden[step] ? "#fff" : "#333", stroke: "#333" }));
    if (!hidden[step]) return;
    const [left, top] = [x(step), y(filled[step])];
    const cross = `M${left - 4},${top - 4}l8,8m0,-8l-8,8`;
    chart.append(make("path", { d: cross, stroke: COLOURS.training, "stroke-width": 1.6 }));
    if (!repair.length) return;
    const triangle = `M${x(step)},${y(repair[step]) - 5}l5,9h-10z`;
    chart.append(make("path", { d: triangle, fill: "none", stroke: COLOURS.validation, "stroke-width": 1.8 }));
  });
  const after = run.longest > run.epochs ? say(" after {longest} epochs", run) : "";
  const note = repair.length ? "dots: seen, hidden · × last value · △ network" : "no repair of these gaps was kept";
  chart.append(words(LEFT, HIGH - 10, say(note) + (repair.length ? after : "")));
  return chart;
}

function choice(label, options, begin, changed) {
  const select = make("select", {}, ...options.map((one, index) => make("option", { value: index }, say(one))));
  select.value = Math.max(0, options.indexOf(begin));
  select.addEventListener("change", () => changed(options[select.value]));
  select.style.maxWidth = "100%";
  const row = make("label", { class: "explorer-choice" }, `${say(label)} `, select);
  row.style.cssText = "min-width: 0; max-width: 100%;"; // else a long choice is wider than a phone
  return row;
}

function slider(label, values, begin, changed) {
  const at = Math.max(0, values.indexOf(begin));
  const input = make("input", { type: "range", min: 0, max: values.length - 1, step: 1, value: at });
  const output = make("output", {}, plain(values[at]));
  input.setAttribute("aria-valuetext", plain(values[at]));
  input.addEventListener("input", () => {
    output.textContent = plain(values[input.value]);
    input.setAttribute("aria-valuetext", output.textContent);
    changed(values[input.value]);
  });
  input.disabled = values.length < 2;
  const row = make("label", { class: "explorer-slider" }, make("span", {}, say(label)), input, output);
  row.style.cssText = "display: grid; grid-template-columns: 6.5rem minmax(0, 12rem) 4rem; gap: .6rem; align-items: center;";
  return row;
}

function explore(el, data) {
  said = data.words ?? {};
  const places = Object.fromEntries(
    Object.keys(data.knobs).map((knob) => [knob, distinct([...data.runs.map((run) => run[knob]), data.begin[knob]])]),
  );
  const seeds = distinct(data.runs.map((run) => run.seed));
  const asked = { ...data.begin, seed: seeds[0] };
  let [ruler, channel] = ["corrected", 0];
  const [found, lines] = [make("p", { "aria-live": "polite" }), make("pre")];
  const charts = make("div");
  charts.style.cssText = "display: flex; flex-wrap: wrap; gap: 1rem;";

  function draw() {
    const [run, exact] = nearest(data.runs, asked, places);
    const what = Object.entries(data.knobs).map(([knob, label]) => `${say(label)} ${plain(run[knob])}`);
    what.push(say("seed {seed}", run), say("{epochs} epochs", run));
    if (run.other !== "unchanged") what.push(run.other);
    const name = run.name ? ` (${run.name})` : "";
    const ran = "This was run{name}: {what}.";
    const near = "This combination was not run. The nearest one that was{name}: {what}.";
    found.textContent = say(exact ? ran : near, { name, what: what.join(", ") });
    if (run.longest > run.epochs) {
      found.textContent += say(" Pale: it went on to {longest} epochs for another setting.", run);
    }
    found.style.fontWeight = exact ? "normal" : "600";
    lines.textContent = run.lines;
    charts.replaceChildren(
      lossChart(run, ruler, data.references),
      repairChart(run, data.picture, channel, data.channels.length),
    );
  }

  function set(name) {
    return (value) => {
      asked[name] = value;
      draw();
    };
  }

  const grid = new Set(data.runs.map((run) => Object.keys(data.knobs).map((knob) => run[knob]).join()));
  const size = Object.values(places).reduce((product, values) => product * values.length, 1);
  const left = say("{left} older runs in the store are not in here.", { left: data.left_out });
  const counted = { count: grid.size, size };
  const others = [...new Set(["unchanged", ...data.runs.map((run) => run.other)])];
  const rulers = { "hidden entries": "corrected", "as the log reads": "recorded" };
  const choices = make(
    "div",
    {},
    choice("read", Object.keys(rulers), "hidden entries", (name) => ((ruler = rulers[name]), draw())),
    choice("seed", seeds, seeds[0], set("seed")),
    choice("otherwise", others, others[0], set("other")),
    choice("channel", data.channels, data.channels[0], (name) => ((channel = data.channels.indexOf(name)), draw())),
  );
  choices.style.cssText = "display: flex; flex-wrap: wrap; gap: .4rem 1rem; margin: .5rem 0;";
  el.append(
    ...Object.entries(data.knobs).map(([knob, label]) => slider(label, places[knob], asked[knob], set(knob))),
    choices,
    found,
    charts,
    make("p", {}, say("The last epochs, as the log writes them (training and validation loss):")),
    lines,
    make("p", {}, say("{count} of the {size} combinations of these sliders were run.", counted)),
    ...(data.left_out ? [make("p", {}, left)] : []),
  );
  draw();
}
