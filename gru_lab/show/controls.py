"""The panel's controls: sliders with labels and bounds, and the RunConfig they stand for. Nothing is computed here."""

import anywidget
import ipywidgets as widgets
import traitlets

LABELLED = {"description_width": "112px"}
WIDE = {"width": "300px"}
KNOBS = ("dropout", "num_layers", "missing_weight")


class CopyButton(anywidget.AnyWidget):
    """A button that puts `text` on the clipboard, or shows it to be copied by hand where the browser forbids that."""

    label = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "jupyter-button widget-button";
      button.style.width = "110px";
      button.textContent = model.get("label");
      const box = document.createElement("textarea");
      box.style.display = "none";
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(model.get("text"));
          button.textContent = "copied";
        } catch {
          box.value = model.get("text");
          box.rows = 8; box.cols = 70;
          box.style.display = "block";
          box.select();
        }
        setTimeout(() => { button.textContent = model.get("label"); }, 1500);
      });
      el.append(button, box);
    }
    export default { render };
    """


def _slider(kind, label, tip, **bounds):
    layout, style = widgets.Layout(**WIDE), LABELLED
    return kind(description=label, tooltip=tip, continuous_update=False, layout=layout, style=style, **bounds)


def _number(kind, label, tip, **bounds):
    layout, style = widgets.Layout(width="150px"), {"description_width": "76px"}
    return kind(description=label, tooltip=tip, layout=layout, style=style, **bounds)


def make_fields():
    """Return a widget for each setting of a run that the panel offers, by the setting's name."""
    return {
        "dropout": _slider(widgets.FloatSlider, "dropout", "between layers", min=0, max=0.9, step=0.05),
        "num_layers": _slider(widgets.IntSlider, "layers", "of the GRU", min=1, max=6),
        "missing_weight": _slider(
            widgets.FloatSlider, "loss weight", "of hidden entries", min=0, max=10, step=0.01, readout_format=".3g"
        ),
        "hidden_size": _slider(widgets.IntSlider, "hidden size", "width of a layer", min=4, max=512, step=4),
        "learning_rate": _slider(
            widgets.FloatLogSlider, "learning rate", "of Adam", min=-5, max=-1, step=0.1, readout_format=".2g"
        ),
        "missing_rate": _slider(widgets.FloatSlider, "missing rate", "share hidden", min=0.05, max=0.8, step=0.05),
        "mask_input": widgets.Checkbox(description="mask as input", style={"description_width": "initial"}),
        "seed": _number(widgets.BoundedIntText, "seed", "weights, order, gaps, dropout", min=0, max=2**31 - 1),
        "epochs": _number(widgets.BoundedIntText, "epochs", "at most", min=1, max=10_000),
    }


class Controls:
    """All inputs of a panel for a stage. `config` is the RunConfig they show; `setting` names a row of the log."""

    def __init__(self, stage):
        self.stage = stage
        self.fields = make_fields()
        self.setting = widgets.Dropdown(
            options=["your own", *(setting.name for setting in stage.settings)],
            description="setting",
            layout=widgets.Layout(**WIDE),
            style=LABELLED,
            tooltip="a row of the log, or your own",
        )
        self.patience = _number(
            widgets.BoundedIntText,
            "no gain for",
            "stop after so many epochs without a better error; 0: never",
            min=0,
            max=10_000,
        )
        self.ruler = widgets.ToggleButtons(
            options=[("as the log reads", "recorded"), ("hidden entries", "corrected")],
            value="corrected",
            style={"button_width": "130px"},
        )
        self.show(stage.config(stage.adopted))
        self.setting.value = stage.adopted

    def show(self, config):
        """Set every field to a configuration's value."""
        self._base = config
        for name, field in self.fields.items():
            field.value = getattr(config, name)

    @property
    def config(self):
        """The RunConfig that the fields show."""
        return self._base.replace(**{name: field.value for name, field in self.fields.items()})

    def on_change(self, react):
        """Call `react(name)` whenever a field was changed."""
        for name, field in self.fields.items():
            field.observe(lambda change, name=name: react(name), names="value")

    @property
    def box(self):
        """The controls laid out: the stage's own knob first, the rarer ones behind 'more'."""
        knobs = sorted(KNOBS, key=lambda name: name != self.stage.knob)
        patience = widgets.HBox([self.patience, widgets.Label("epochs (0: never)")])
        sliders = widgets.VBox([self.fields[name] for name in ("hidden_size", "learning_rate", "missing_rate")])
        numbers = widgets.VBox([*(self.fields[name] for name in ("mask_input", "seed", "epochs")), patience])
        more = widgets.Accordion([widgets.HBox([sliders, numbers])], titles=("more",))
        more.layout = widgets.Layout(width="620px")
        first = [self.fields["mask_input"]] if self.stage.knob == "mask_input" else []
        left = widgets.VBox([self.setting, *first, *(self.fields[name] for name in knobs)])
        ruler = widgets.HBox([widgets.Label("read the losses"), self.ruler])
        return widgets.HBox([left, widgets.VBox([ruler, more])], layout=widgets.Layout(flex_flow="row wrap"))
