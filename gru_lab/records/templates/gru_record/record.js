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

// On a phone plotly cuts long titles off and gives half the width to the legend.
function narrow(layout) {
  const legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", y: -0.25, yanchor: "top" };
  return { ...layout, title: undefined, legend, margin: { l: 50, r: 10, t: 40, b: 50 } };
}

async function draw(figure) {
  const { data, layout, config, frames } = JSON.parse(figure.querySelector("script").textContent);
  const isNarrow = figure.classList.toggle("narrow", figure.clientWidth < 560); // the title is then in the page
  const plot = figure.appendChild(document.createElement("div"));
  await Plotly.newPlot(plot, {
    data,
    layout: isNarrow ? narrow(layout) : layout,
    frames,
    config: { ...config, responsive: true, displaylogo: false },
  });
}

function explain(figure, error) {
  const note = figure.appendChild(document.createElement("p"));
  note.className = "failed";
  note.textContent = `The figure "${figure.dataset.title}" could not be drawn (${error.message}). A newer browser may help.`;
}

async function drawAll() {
  const loaded = loadPlotly();
  for (const figure of figures) {
    await loaded.then(() => draw(figure)).catch((error) => explain(figure, error));
  }
}

if (figures.length) drawAll();

// A printed page is narrower than most windows, and plotly does not notice.
const PRINTED_WIDTH = 660;
const resizeAll = (size) => {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) Plotly.relayout(plot, size);
};
addEventListener("beforeprint", () => resizeAll({ width: PRINTED_WIDTH }));
addEventListener("afterprint", () => resizeAll({ width: null, autosize: true }));

const button = document.getElementById("all-code");
const folds = [...document.querySelectorAll("details.code")];

function label() {
  button.textContent = folds.every((fold) => fold.open) ? "Hide all code" : "Show all code";
}

button.hidden = folds.length === 0;
button.addEventListener("click", () => {
  const open = !folds.every((fold) => fold.open);
  for (const fold of folds) fold.open = open;
  label();
});
for (const fold of folds) fold.addEventListener("toggle", label);

// What is wider than the page scrolls in its own box, which the keyboard has to reach.
function reach() {
  for (const box of document.querySelectorAll(".output_html, .output_markdown, .formula, table, pre")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
reach();
addEventListener("resize", reach);
