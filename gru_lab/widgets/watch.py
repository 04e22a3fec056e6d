"""The curves of a sweep that trains in the background; `watch(sweep)` returns at once.

A line is a setting. Its seeds are drawn one after the other with gaps in between, so that a sweep
of a thousand runs is still a figure of a few lines. Here are only pictures: what they show,
`gru_lab.runs.sweep.Sweep` knows.
"""

import html
import threading
import time
from typing import Any

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from gru_lab.digits import plain
from gru_lab.gaps import references
from gru_lab.plots.style import evenly, grey_line, look, style
from gru_lab.runs.recording import is_recording
from gru_lab.runs.sweep import Sweep
from gru_lab.widgets.buttons import progress_bar
from gru_lab.widgets.live_figure import LOG_AXIS, WIDTH, LiveFigure, draw_or_tell

BETWEEN_DRAWINGS = 0.5  # seconds
LINES = 24  # settings with a line of their own
OTHERS = "others"  # have one together
POINTS, MARKED = 300, 50  # of a run at most; up to so many have a mark each


def watch(sweep: Sweep) -> Any:
    """Return the growing curves of a Sweep, with a Stop button; the cell ends at once.

    Where there will be no kernel it waits for the sweep and returns its figure. Raises ValueError
    for anything but what `lab.sweep(..., background=True)` returns.
    """
    if not isinstance(sweep, Sweep):
        raise ValueError(
            "sweep must be what lab.sweep(..., background=True) returns, not "
            f"{type(sweep).__name__}"
        )
    if is_recording():
        sweep.wait()
        return curves_figure(sweep)
    return Watch(sweep).box


def lines_of(sweep: Sweep) -> dict[str, tuple]:
    """Return what is known of a sweep, a line per setting: {name: (epochs, errors)}."""
    runs = {}
    for config in sweep.configs:
        name = sweep.name(config).removesuffix(f", seed {config.seed}")
        line = name if name in runs or len(runs) < LINES else OTHERS
        runs.setdefault(line, []).append(config.key)
    lines = {}
    for name, keys in runs.items():
        # a copy: they grow meanwhile
        curves = [sorted(sweep.progress.curves[key].copy().items()) for key in dict.fromkeys(keys)]
        curves = [[curve[at] for at in evenly(len(curve), POINTS)] for curve in curves]
        points = [point for curve in curves for point in [*curve, (np.nan, np.nan)]]
        lines[name] = tuple(np.array(points, dtype=float).T)
    return lines


def curves_figure(sweep: Sweep) -> go.Figure:
    """Return a sweep's curves as they are now, and the two simple ways' errors, as a Figure."""
    figure, last = go.Figure(), max(config.epochs for config in sweep.configs)
    mode = "lines" if last > MARKED else "lines+markers"
    for way, error in references(sweep.series, sweep.configs[0]).items():
        line, name = grey_line(way), f"{way} {plain(error, 2)}"
        figure.add_scatter(x=[1, last], y=[error, error], mode="lines", name=name, line=line)
    for index, (name, (epochs, errors)) in enumerate(lines_of(sweep).items()):
        colour, dash, symbol = look(index)
        line, marker = {"color": colour, "dash": dash, "width": 1.5}, {"symbol": symbol, "size": 5}
        figure.add_scatter(x=epochs, y=errors, mode=mode, name=name, line=line, marker=marker)
    figure.update_yaxes(title_text="error on hidden entries", **LOG_AXIS)
    figure.update_xaxes(title_text="epoch")
    return style(figure, None, height=480, top=24)


class Watch:
    """The figure of a sweep, how far it is in words, and a Stop button; `box` is the whole."""

    def __init__(self, sweep):
        self.sweep = sweep
        self.figure = LiveFigure(curves_figure(sweep))
        # a zoom stays while the curves grow
        self.figure.update_layout(width=WIDTH, uirevision="watch")
        self.stop = widgets.Button(
            description="Stop", tooltip="finished runs are kept", layout={"width": "80px"}
        )
        self.stop.on_click(lambda _: self._stop())
        self.progress = progress_bar()
        self.status = widgets.HTML()
        self._drawn = None
        self._draw()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def box(self) -> widgets.VBox:
        """The Stop button, the progress and its words above the figure."""
        parts = [self.stop, self.progress, self.status]
        row = widgets.HBox(parts, layout={"align_items": "center"})
        return widgets.VBox([row, self.figure])

    def _stop(self):
        self.sweep.stop()
        self._tell()

    def _watch(self):
        """Draw twice a second at most, and a last time when the sweep is done."""
        done = False
        while not done:
            time.sleep(BETWEEN_DRAWINGS)
            done = self.sweep.done
            draw_or_tell(self._draw, self.status)

    def _draw(self):
        known = sum(map(len, self.sweep.progress.curves.values()))
        if known != self._drawn:
            lines = lines_of(self.sweep)
            with self.figure.batch_update():
                for trace in self.figure.data:
                    if trace.name in lines:
                        trace.x, trace.y = lines[trace.name]
            self._drawn = known
        self._tell()

    def _tell(self):
        sweep, progress = self.sweep, self.sweep.progress
        words = [f"{sweep.trained} of {len(sweep.todo)} runs trained"]
        if stored := len(progress.curves) - len(sweep.todo):
            words += [f"{stored} from the store"]
        if sweep.stopped:
            words += ["stopped" if sweep.done else "stopping"]
        elif sweep.done:
            words += ["done"]
        elif progress.speed:
            words += [f"{progress.speed:.1f} epochs a second"]
            words += [f"{progress.seconds_left:.0f} s left"]
        words += [f"{sweep.name(config)} failed: {reason}" for config, reason in sweep.failures[:3]]
        words += [str(sweep.error)] if sweep.error and not sweep.failures else []
        self.status.value = " · ".join(html.escape(word) for word in words)
        self.progress.value, self.stop.disabled = progress.share, sweep.done or sweep.stopped
