"""A live figure begins before plotly is there, and misses nothing of what comes meanwhile."""

from pathlib import Path

import pytest

import gru_lab

MODULE = Path(gru_lab.__file__).parent / "widgets" / "live_figure.mjs"
# in the place of plotly's module, which is large: it comes late, and notes what it is told
LATE = """
await new Promise((resolve) => setTimeout(resolve, 300));
export default () => ({
  initialize({ model }) {
    const change = () => model.get("_py2js_update");
    model.on("change:_py2js_update", () => change() && told.push(change()));
  },
  render({ model }) { told.push(`drawn from ${model.get("_widget_data")}`); },
});
"""
# in the place of the page's widget manager: `Given` is a model that anywidget has given up, or not
PAGE = """async ([esm, late, given_up]) => {
  globalThis.told = [];
  const [values, heard] = [{ _bundle: late, _widget_data: "nothing" }, {}];
  const tell = (name) => (heard[name] ?? []).forEach((react) => react());
  class Base { async _handle_comm_msg([name, value]) { model.set(name, value); } }
  class Given extends Base {
    async _handle_comm_msg(message) {
      if (given_up) throw new Error("given up");
      return message.content ? null : super._handle_comm_msg(message);
    }
  }
  const real = new Given();
  let receive = (message) => real._handle_comm_msg(message).catch(() => null);
  real.comm = { on_msg: (other) => (receive = other) };
  const model = {
    get: (name) => values[name],
    on: (name, react) => (heard[name] ??= []).push(react),
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      tell(`change:${name}`);
    },
    send() { receive(["_widget_data", "the start"]); tell("msg:custom"); },
    widget_manager: { get_model: async () => real },
  };
  const address = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const widget = (await import(address)).default();
  const update = (change) => [change, null].forEach((value) => receive(["_py2js_update", value]));
  receive(["_widget_data", "the start"]);
  widget.initialize({ model });
  const drawn = widget.render({ model, el: document.body });
  await new Promise((resolve) => setTimeout(resolve, 20));
  ["first", "second"].forEach(update);
  await drawn;
  update("third");
  return told;
}"""


@pytest.mark.parametrize("given_up", [False, True])
def test_changes_that_arrive_before_the_first_picture_are_drawn_after_it(browser, given_up):
    page = browser.new_page()
    told = page.evaluate(PAGE, [MODULE.read_text(encoding="utf-8"), LATE, given_up])
    assert told == ["drawn from the start", "first", "second", "third"]
    page.close()
