"""The panel's controls: labelled sliders with bounds, and the RunConfig they stand for.

A slider's places are values of its own grid and those the stage's settings have, so that each run
of the log can be set exactly: 0.0324 is not 0.03, and a run is known by its exact settings.
"""

from collections.abc import Callable

import ipywidgets as widgets

from gru_lab.config import LABELS, RunConfig
from gru_lab.digits import plain
from gru_lab.tuning_log.stage import Stage
from gru_lab.widgets.buttons import opener
from gru_lab.widgets.explorer import KNOBS

OWN = "your own"  # in the place of a row of the log
TIPS = {
    "setting": "a row of the log, a control run that the log lacks, or your own",
    "dropout": "share of the values dropped between layers in training; one layer has no between",
    "num_layers": "layers of the GRU",
    "missing_weight": "w of the loss (A + w·M)/(1 + w): A is the error of all entries, M of the "
    "hidden ones; it can be moved while a training runs",
    "hidden_size": "width of each layer",
    "learning_rate": "of Adam",
    "missing_rate": "share of the entries that is hidden",
    "mask_input": "tell the network which values are made up",
    "batch_size": "windows in a batch",
    "window": "steps of a window",
    "train_share": "share of the training rows that is used",
    "bidirectional": "read each window forwards and backwards",
    "residual": "correct the filled input instead of predicting the values",
    "seed": "of the first weights, the order of the batches, the gaps and the dropout",
    "epochs": "the training ends after so many",
    "patience": "stop after so many epochs without a lower error on hidden entries; 0: never",
}
GRIDS = {
    "dropout": [step / 20 for step in range(19)],
    "num_layers": range(1, 7),
    "missing_weight": [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, *range(1, 11)],
    "hidden_size": [4, 8, 16, 32, 64, 128, 256, 512],
    "learning_rate": [digit * 10.0**power for power in range(-5, -1) for digit in (1, 2, 5)]
    + [0.1],
    "missing_rate": [step / 20 for step in range(1, 17)],
}


def _field(kind, name, width=None, **more):
    more |= {"layout": {"width": width}, "style": {"description_width": "92px"}}
    return kind(description=LABELS.get(name, name), tooltip=TIPS[name], **more)


def _number(name, low, high):
    return _field(widgets.BoundedIntText, name, "190px", min=low, max=high)


def _slider(name, values):
    # over exact values: a float's own `max` and `step` would round them
    options = {plain(value): value for value in sorted(values)}
    # of two values that read the same, a stage's own comes last in `values` and must stay
    options |= {plain(value): value for value in values}
    more = {"options": list(options.items()), "continuous_update": False}
    return _field(widgets.SelectionSlider, name, "340px", **more).add_class("gru-lab-exact")


def make_fields(stage: Stage) -> dict[str, widgets.Widget]:
    """Return a widget for each setting of a run that the panel offers, by the setting's name."""
    configs = [stage.start, *(stage.config(setting) for setting in stage.settings)]
    switches = ["mask_input", *({stage.knob} & {"bidirectional", "residual"})]
    others = {stage.knob} - {*GRIDS, *switches, "epochs", "pattern"}
    fields = {
        name: _slider(name, [*grid, *(getattr(config, name) for config in configs)])
        for name, grid in (GRIDS | dict.fromkeys(others, ())).items()
    }
    fields |= {name: _field(widgets.Checkbox, name) for name in switches}
    return fields | {"seed": _number("seed", 0, 2**31 - 1), "epochs": _number("epochs", 1, 10_000)}


class Controls:
    """All inputs of a panel: `config` is the RunConfig they show, `setting` a row of the log."""

    def __init__(self, stage):
        self.stage, self.fields = stage, make_fields(stage)
        names = [OWN, *(setting.name for setting in stage.settings)]
        self.setting = _field(widgets.Dropdown, "setting", "340px", options=names)
        self.patience = _number("patience", 0, 10_000)
        self.ruler = widgets.ToggleButtons(
            options=[("as the log reads", "recorded"), ("hidden entries", "corrected")],
            value="corrected",
            tooltips=[
                "the loss that the log would have printed",
                "the error by which any two runs compare",
            ],
            style={"button_width": "130px"},
        )
        self.show(stage.config(stage.adopted))
        self.setting.value = stage.adopted

    def show(self, config: RunConfig) -> None:
        """Set every field to a configuration's value."""
        self._base = config
        for name, field in self.fields.items():
            field.value = getattr(config, name)

    @property
    def config(self) -> RunConfig:
        """The RunConfig that the fields show."""
        return self._base.replace(**{name: field.value for name, field in self.fields.items()})

    def on_change(self, react: Callable[[str], object]) -> None:
        """Call `react(name)` whenever a field was changed."""
        for name, field in self.fields.items():
            field.observe(lambda change, name=name: react(name), names="value")

    def knobs(self) -> widgets.VBox:
        """Return the column of what is turned most: the setting, and the stage's own knob first."""
        return widgets.VBox([self.setting, *(self.fields[name] for name in self._first())])

    def ruler_row(self) -> tuple[widgets.HBox, widgets.HBox]:
        """Return the choice of the ruler, the button for the rarer settings, and these."""
        rare = [name for name in self.fields if name not in self._first()]
        patience = widgets.HBox([self.patience, widgets.Label("epochs without gain (0: off)")])
        fields, half = [*(self.fields[name] for name in rare), patience], (len(rare) + 1) // 2
        wrapped = {"flex_flow": "row wrap"}
        more = widgets.HBox(
            [widgets.VBox(fields[:half]), widgets.VBox(fields[half:])], layout=wrapped
        )
        ruler = [widgets.Label("read the losses"), self.ruler, opener("more", more)]
        return widgets.HBox(ruler, layout=wrapped), more

    def _first(self):
        """Return the names of the fields that are turned most, the stage's own knob first."""
        return [name for name in dict.fromkeys((self.stage.knob, *KNOBS)) if name in self.fields]
