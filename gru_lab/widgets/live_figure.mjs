// A live plotly figure that begins at once, or later. anywidget gives a widget two seconds to begin,
// and one that takes longer never hears of a change again. plotly's own module of five megabytes
// takes longer on a busy machine, so this small one begins, and fetches the large one to draw.

const CHANGES = ["_py2js_update", "_py2js_restyle", "_py2js_relayout"];
const loaded = (globalThis.gruLabPlotly ??= new Map()); // by its text: once for all figures of a page

async function load(text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const module = await import(address);
  URL.revokeObjectURL(address);
  return module.default;
}

// Where even that was too late, let messages through again, and ask for what was missed.
async function hear(model) {
  const real = await model.widget_manager.get_model(model.get("_key"));
  try {
    await real._handle_comm_msg({ content: { data: {} } }); // ends as anywidget has decided
  } catch {
    const receive = Object.getPrototypeOf(Object.getPrototypeOf(real))._handle_comm_msg;
    real.comm.on_msg((message) => receive.call(real, message));
    const answered = new Promise((resolve) => model.on("msg:custom", resolve));
    model.send({ missed: true });
    await answered;
  }
}

export default () => {
  let waiting = []; // changes that arrive before there is a picture
  let figure = null;
  let heard = null;
  return {
    initialize({ model }) {
      heard = hear(model).catch(() => null); // where there is no kernel there is nothing to hear
      for (const name of CHANGES) {
        model.on(`change:${name}`, () => waiting && model.get(name) && waiting.push([name, model.get(name)]));
      }
    },
    async render({ model, el }) {
      const text = model.get("_bundle");
      if (!loaded.has(text)) loaded.set(text, load(text));
      const [plotly] = await Promise.all([loaded.get(text), heard]);
      if (!figure) {
        figure = plotly();
        figure.initialize({ model });
      }
      const end = figure.render({ model, el });
      const missed = waiting ?? [];
      waiting = null;
      for (const [name, value] of missed) {
        for (const told of [null, value, null]) model.set(name, told);
      }
      return end;
    },
  };
};
