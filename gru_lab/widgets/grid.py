"""A grid in a notebook: its heat map, whose cells are pinned by a click, and the pinned runs."""

from typing import Any

import ipywidgets as widgets

from gru_lab.evidence.grid import Grid
from gru_lab.plots.search import plot_grid
from gru_lab.runs.recording import is_recording
from gru_lab.runs.store import Pin
from gru_lab.widgets.live_figure import LiveFigure
from gru_lab.widgets.pinned import Pinned


class GridPanel:
    """The widgets of a grid; `box` is the whole."""

    def __init__(self, grid):
        self.grid = grid
        self.pinned = Pinned(grid.question, grid.store, lambda lines: None)
        self.figure = LiveFigure(plot_grid(grid, "Click a cell to pin its run with seed 0"))
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
    return plot_grid(grid) if is_recording() else GridPanel(grid).box
