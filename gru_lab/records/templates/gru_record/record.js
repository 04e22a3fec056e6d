// Draws the figures from the data beside them, and opens and closes all code at once.

const figures = [...document.querySelectorAll("figure.plot")];

async function loadPlotly() {
  const packed = atob(document.getElementById("plotly-js").textContent);
  const bytes = Uint8Array.from(packed, (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
}

const NARROW = 560; // pixels
const UNUSED = ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"]; // each a stop of the Tab key
const drawn = new Map(); // of each figure its data, layout and config, as they came

function put(target, path, value) {
  const keys = path.split(/[.[\]]+/).filter(Boolean);
  const last = keys.pop();
  keys.reduce((inner, key) => (inner[key] ??= {}), target)[last] = value;
}

// On a phone plotly cuts long titles off and gives half the width to the legend, so there the title
// stands in the page and the legend below; what else changes, a figure says in its layout's meta.
function narrow(layout, data) {
  const names = data.filter((trace) => trace.name && trace.showlegend !== false).length;
  const subtitle = layout.title?.subtitle?.text;
  const changed = {
    ...structuredClone(layout),
    title: subtitle ? { text: wrapped(subtitle, 48), font: { size: 12 }, x: 0, y: 0.98, yanchor: "top" } : undefined,
    legend: { ...layout.legend, orientation: "h", x: 0, xanchor: "left", y: -0.25, yanchor: "top" },
    margin: { l: 50, r: 10, t: subtitle ? 80 : 40, b: 50 },
    height: (layout.height || 400) + 14 * names,
  };
  for (const [path, value] of Object.entries(layout.meta?.narrow ?? {})) put(changed, path, value);
  return changed;
}

function wrapped(text, width) {
  return text.replace(new RegExp(`(.{1,${width}})(?: |$)`, "g"), "$1<br>").replace(/<br>$/, "");
}

function draw(figure, width) {
  const { plot, data, layout, config } = drawn.get(figure);
  const isNarrow = figure.classList.toggle("narrow", (width || figure.clientWidth) < NARROW);
  const sized = isNarrow ? narrow(layout, data) : structuredClone(layout);
  figure.style.minHeight = `${sized.height || 450}px`;
  return Plotly.react(plot, data, width ? { ...sized, width } : sized, config);
}

function begin(figure) {
  const { data, layout, config } = JSON.parse(figure.querySelector("script").textContent);
  const plot = figure.appendChild(document.createElement("div"));
  const quiet = { responsive: true, displaylogo: false, showSendToCloud: false, modeBarButtonsToRemove: UNUSED };
  drawn.set(figure, { plot, data, layout, config: { ...config, ...quiet } });
  return draw(figure);
}

function explain(figure, error) {
  const note = figure.appendChild(document.createElement("p"));
  note.className = "failed";
  note.textContent = figure.dataset.failed.replace("{message}", error.message);
}

async function drawAll() {
  const loaded = loadPlotly();
  for (const figure of figures) {
    await loaded.then(() => begin(figure)).catch((error) => explain(figure, error));
  }
}

if (figures.length) drawAll();

// A printed page is narrower than most windows, and in the dark figures have an edge; not every
// plotly notices.
const PRINTED_WIDTH = 660;
const redraw = (width) => drawn.forEach((_, figure) => draw(figure, width));
addEventListener("beforeprint", () => redraw(PRINTED_WIDTH));
addEventListener("afterprint", () => redraw());
for (const query of [`(max-width: ${NARROW + 40}px)`, "(prefers-color-scheme: dark)"]) {
  matchMedia(query).addEventListener("change", () => redraw());
}

// What is wider than the page scrolls by itself: it says so, and the keyboard reaches it.
function markScrolling() {
  for (const box of document.querySelectorAll(".output_html, .output_markdown, .formula, .scores, table, pre")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    box.classList.toggle("scrolls", scrolls && box.querySelector("table") !== null);
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
markScrolling();
addEventListener("resize", markScrolling);

const button = document.getElementById("all-code");
const folds = [...document.querySelectorAll("details.code")];

function label() {
  button.textContent = button.dataset[folds.every((fold) => fold.open) ? "hide" : "show"];
}

button.hidden = folds.length === 0;
button.addEventListener("click", () => {
  const open = !folds.every((fold) => fold.open);
  for (const fold of folds) fold.open = open;
  label();
});
for (const fold of folds) fold.addEventListener("toggle", label);
