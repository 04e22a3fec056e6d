"""Small widgets: a button that copies, one that opens a box, a bar of progress."""

import anywidget
import ipywidgets as widgets
import traitlets


class CopyButton(anywidget.AnyWidget):
    """A button that copies `text`, or shows it where the browser forbids that."""

    label = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "jupyter-button widget-button";
      Object.assign(button.style, { width: "110px", margin: "2px" });
      button.textContent = model.get("label");
      const box = document.createElement("textarea");
      box.readOnly = true;
      box.hidden = true;
      button.addEventListener("click", async () => {
        if (!box.hidden) { box.hidden = true; return; }
        try {
          await navigator.clipboard.writeText(model.get("text"));
          button.textContent = "copied";
          setTimeout(() => { button.textContent = model.get("label"); }, 1500);
        } catch {
          Object.assign(box, { value: model.get("text"), rows: 8, cols: 70, hidden: false });
          box.select();
        }
      });
      const react = () => { button.disabled = !model.get("text"); };
      model.on("change:text", react);
      react();
      el.append(button, box);
    }
    export default { render };
    """
    # beside a SelectionSlider stands its value; one can type into it there, to no effect
    _css = """
    .gru-lab-exact .widget-readout {
      pointer-events: none; -webkit-user-modify: read-only; min-width: 5.5em; max-width: none;
    }
    """


class Names(anywidget.AnyWidget):
    """Nothing to see: gives the sliders beside it their names and values for screen readers."""

    _esm = """
    function render({ el }) {
      const name = () => {
        for (const row of document.querySelectorAll(".widget-slider")) {
          const handle = row.querySelector("[role=slider]");
          const text = (part) => row.querySelector(part)?.textContent.trim() ?? "";
          if (!handle) continue;
          handle.setAttribute("aria-label", text(".widget-label"));
          handle.setAttribute("aria-valuetext", text(".widget-readout"));
        }
      };
      const watcher = new MutationObserver(() => requestAnimationFrame(name));
      const box = () => el.closest(".jp-OutputArea") ?? document.body;
      setTimeout(() => {
        name();
        watcher.observe(box(), { childList: true, subtree: true, characterData: true });
      });
      return () => watcher.disconnect();
    }
    export default { render };
    """


def opener(label: str, box: widgets.Box, width: str = "90px") -> widgets.ToggleButton:
    """Return a button that opens and closes a box, by keyboard too, unlike an Accordion."""
    button = widgets.ToggleButton(description=label, icon="caret-right", layout={"width": width})
    box.layout.display = "none"

    def show(change):
        box.layout.display = "" if change["new"] else "none"
        button.icon = "caret-down" if change["new"] else "caret-right"

    button.observe(show, names="value")
    return button


def progress_bar() -> widgets.FloatProgress:
    """Return the bar of a training, from 0 to 1."""
    return widgets.FloatProgress(min=0, max=1, layout={"width": "88px", "height": "16px"})
