"""The table of pinned runs, kept in the store: what sets each apart, its last lines, its error.

A grid has one too: a click on a cell of its heat map pins the cell's run.
"""

import html
from typing import Any

import ipywidgets as widgets

from gru_lab.config import in_words
from gru_lab.digits import plain
from gru_lab.evidence.grid import Grid
from gru_lab.plots.plot import plot
from gru_lab.runs.recording import is_recording
from gru_lab.runs.store import Pin, config_of
from gru_lab.tuning_log.rulers import log_lines
from gru_lab.widgets.as_cell import as_cell
from gru_lab.widgets.buttons import CopyButton, opener
from gru_lab.widgets.live_figure import LiveFigure

WIDTHS = {
    "": "36px",
    "settings": "250px",
    "as the log writes": "170px",
    "error on hidden entries": "180px",
}


def _row(cells, *buttons):
    cells = [
        widgets.HTML(f'<div style="line-height: 1.4">{text}</div>', layout={"width": width})
        for text, width in zip(cells, WIDTHS.values(), strict=True)
    ]
    return widgets.HBox([*cells, *buttons], layout={"align_items": "flex-start"})


class Pinned:
    """The pinned runs of a stage: `box` lists them, newest on top; `pins` are oldest first.

    `changed(lines)` is called with (label, name, curve) of each whenever they change.
    """

    def __init__(self, stage, store, changed):
        self.stage, self.store, self.changed = stage, store, changed
        self.rows, self.stored = widgets.VBox(), widgets.Dropdown(layout={"width": "640px"})
        self.box = widgets.VBox([self.rows, self._stored_box()])
        self.read()

    def _stored_box(self):
        """Return the control that pins a stored run, yours or a record's, without training it."""
        tip = "pin the chosen run"
        pin = widgets.Button(description="Pin", tooltip=tip, layout={"width": "80px"})
        pin.on_click(lambda _: self._pin_stored(self.stored.value))
        choice = widgets.HBox([self.stored, pin])
        button = opener("pin a stored run", choice, "160px")
        button.observe(lambda change: change["new"] and self.list_stored(), names="value")
        return widgets.HBox([button, choice], layout={"flex_flow": "row wrap"})

    def _pin_stored(self, config):
        if config:
            self.add(Pin(config, self.store.curve(config)))

    def list_stored(self) -> None:
        """Offer all runs on this series that the store has now, the newest first."""
        runs = self.store.runs(with_shipped=True)
        options = []
        for row in runs[runs["data_digest"] == self.stage.series.digest][::-1].to_dict("records"):
            config = config_of(row)
            what = self._difference(config)
            whose = f", from {row['record']}" * bool(row["record"])  # a student's, by its name
            where = f"trained {row['trained'][:10]} on {row['machine']}{whose}"
            options.append((f"{what}; {where}", config))
        self.stored.options = options or [("none yet on this series", None)]
        self.stored.index = 0

    def read(self) -> None:
        """Read the pins from the store and list them."""
        self.pins = self.store.pins(self.stage.name, self.stage.series.digest)
        numbered = enumerate(self.pins, start=1)
        named = [(f"#{number}", self.name(pin), pin) for number, pin in numbered]
        header = [_row([f"<b>{name}</b>" for name in WIDTHS])] if named else []
        self.rows.children = [*header, *(self._pin_row(*row) for row in reversed(named))]
        self.changed([(label, name, pin.curve) for label, name, pin in named])

    def add(self, pin: Pin) -> None:
        """Keep a run, unless the very same is pinned already."""
        known = [(kept.config, kept.schedule) for kept in self.pins]
        if (pin.config, pin.schedule) not in known:
            self.store.pin(self.stage.name, pin)
            self.read()

    def remove(self, number: int) -> None:
        """Forget the pin that has this number in the store."""
        self.store.unpin(number)
        self.read()

    def name(self, pin: Pin) -> str:
        """Return what sets a pinned run apart from the row that the log went on with."""
        moves = {epoch: weight for epoch, _, weight in pin.schedule}  # the last of each epoch
        moved = "".join(
            f", loss weight moved to {weight:g} in epoch {epoch}" for epoch, weight in moves.items()
        )
        return self._difference(pin.config) + moved

    def _difference(self, config):
        adopted = self.stage.config(self.stage.adopted)
        return in_words(config.difference(adopted)) or "as the log went on"

    def _pin_row(self, label, name, pin):
        lines = log_lines(self.stage, pin.config, pin.curve, pin.schedule)
        tip = f"forget {label}"
        unpin = widgets.Button(description="Unpin", tooltip=tip, layout={"width": "70px"})
        unpin.on_click(lambda _: self.remove(pin.number))
        code = CopyButton(label="copy as code", text=as_cell(self.stage, pin.config, pin.schedule))
        figures = f"<code>{html.escape(lines)}</code>".replace("\n", "<br>")
        cells = [label, html.escape(name), figures, plain(pin.curve["val_missing"].iloc[-1])]
        return _row(cells, code, CopyButton(label="copy as log", text=lines), unpin)


class GridPanel:
    """The widgets of a grid; `box` is the whole."""

    def __init__(self, grid):
        self.grid = grid
        self.pinned = Pinned(grid.question, grid.store, lambda lines: None)
        self.figure = LiveFigure(plot(grid, "Click a cell to pin its run with seed 0"))
        self.figure.data[0].on_click(self._click)
        self.box = widgets.VBox([self.figure, self.pinned.box])

    def _click(self, trace, points, state):
        for first, second in points.point_inds:
            self.pin(first, second)

    def pin(self, first: int, second: int) -> None:
        """Pin the run of a cell, by the places of its values; a blank cell has none."""
        config = self.grid.config(first, second)
        if self.grid.store.lengths([config.key]).get(config.key, 0) >= config.epochs:
            self.pinned.add(Pin(config, self.grid.store.curve(config)))


def grid_panel(grid: Grid) -> Any:
    """Return a Grid's heat map, whose cells are pinned by a click; in a record its figure."""
    return plot(grid) if is_recording() else GridPanel(grid).box
