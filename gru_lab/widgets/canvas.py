"""The panel's one figure: the losses as they grow, and one channel's repair.

A FigureWidget costs a browser five megabytes when it is made, so a panel makes one and changes its
data in place.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gru_lab.digits import plain
from gru_lab.gaps import Gapped
from gru_lab.plots.style import COLOURS, GREY, REFERENCE_DASH, evenly, style
from gru_lab.widgets.live_figure import LOG_AXIS, WIDTH, LiveFigure

POINTS = 1500  # of a line
PINS = 6  # pale lines there is room for
RIGHT = ("truth", "seen", "hidden", "filled", "network")
NAMES = {"filled": "forward fill"}  # in the legend, where it differs from the name here
# buttons of plotly's bar
UNUSED = "sendChartToCloud zoom2d select2d lasso2d zoomIn2d zoomOut2d autoScale2d".split()
NOTHING = np.array([])
EMPTY = pd.DataFrame({"epoch": [], "val_missing": []})


def thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Return at most POINTS rows of a curve, evenly, the last always: a browser draws no more."""
    return curve.iloc[evenly(len(curve), POINTS)]


def _line(colour, dash="solid", **more):
    return go.Scatter(mode="lines", line={"color": colour, "dash": dash, **more})


def _marks(colour, symbol, size, **more):
    marker = {"color": colour, "symbol": symbol, "size": size, **more}
    return go.Scatter(mode="markers", marker=marker)


def _traces():
    """Return the traces by name, without data; pins first, so that the run lies on top."""
    traces = {f"pin {number}": _line("#B8C4CE", width=1.5) for number in range(1, PINS + 1)}
    traces |= {way: _line(GREY, dash, width=1.5) for way, dash in REFERENCE_DASH.items()}
    named = {"mode": "lines+text", "textfont": {"size": 11, "color": "#555555"}}
    for name, trace in traces.items():
        place = "top left" if name in REFERENCE_DASH else "middle right"
        trace.update(named, textposition=place)
    traces |= {
        "training": _line(COLOURS[0]),
        "validation": _line(COLOURS[2], "dot"),
        "hidden entries": _line(COLOURS[1], "dash"),
        "the log, training": _marks(COLOURS[0], "diamond-open", 9, line_width=2),
        "the log": _marks(COLOURS[2], "diamond", 9),
        "weight moved": _marks("#000000", "triangle-down", 9),
        "truth": _line(GREY, width=1.5),
        "seen": _marks("#333333", "circle", 5),
        "hidden": _marks("#333333", "circle-open", 8),
        "filled": _marks(COLOURS[0], "x-thin-open", 9, line_width=2),
        "network": _marks(COLOURS[1], "triangle-up-open", 10, line_width=2),
    }
    traces["weight moved"].update(mode="markers+text", textposition="top center", textfont_size=11)
    return traces


class Canvas:
    """The figure and its traces by name, changed in `with canvas.figure.batch_update():`."""

    def __init__(self):
        figure = make_subplots(cols=2, horizontal_spacing=0.09)
        for name, trace in _traces().items():
            # what says its name in the picture itself needs no place in the legend
            unnamed = trace.mode.endswith("+text") or name == "the log, training"
            legend = "legend3" if unnamed else "legend2" if name in RIGHT else "legend"
            trace.update(name=NAMES.get(name, name), x=NOTHING, y=NOTHING, legend=legend)
            figure.add_trace(trace, row=1, col=1 + (name in RIGHT))
        style(figure, None, height=380, top=24)
        legend = {"orientation": "h", "y": -0.16, "yanchor": "top", "font_size": 11}
        figure.update_layout(
            uirevision="panel",  # a zoom stays while the curve grows
            width=WIDTH,  # a FigureWidget left to itself stays at 700
            margin={"l": 76, "r": 12, "b": 50},
            legend=legend | {"x": 0},
            legend2=legend | {"x": 1, "xanchor": "right"},
            modebar={"remove": UNUSED},
            # showlegend=False of a trace does not reach a FigureWidget's browser side
            legend3={"visible": False},
        )
        # room for the longest number, always: a picture that grows into it would jump
        figure.update_yaxes(automargin=False)
        figure.update_xaxes(automargin=False)
        figure.update_yaxes(title_text="loss", **LOG_AXIS, col=1)
        figure.update_xaxes(title_text="epoch", rangemode="tozero", col=1)
        figure.update_yaxes(title_text="value, scaled", col=2)
        figure.update_xaxes(title_text="step", col=2)
        self.figure = LiveFigure(figure)
        self._references, self._epochs, self._longest_pin = {}, 0, 0
        self.trace = dict(zip(_traces(), self.figure.data, strict=True))

    def _set(self, name, x=NOTHING, y=NOTHING, **more):
        # floats go to the browser as they are, whole numbers of 64 bits as slow lists
        self.trace[name].update(x=np.asarray(x, dtype=float), y=np.asarray(y, dtype=float), **more)

    def draw_losses(
        self,
        curve: pd.DataFrame,
        references: dict[str, float],
        epochs: int,
        logged: tuple | None = None,
        moves: Iterable[tuple] = (),
    ) -> None:
        """Draw a curve read with a ruler (epoch, train, validation, val_missing), or an empty one.

        `references` are errors by name, `logged` (epochs, training, validation) of the log, `moves`
        (epoch, batch, weight) on the way.
        """
        # the last of each epoch
        moved = {epoch: weight for epoch, _, weight in moves if epoch <= len(curve)}
        heights = [curve["val_missing"].iloc[epoch - 1] for epoch in moved]
        curve = thinned(curve)
        lines = {"training": "train", "validation": "validation", "hidden entries": "val_missing"}
        if len(curve) and np.array_equal(curve["validation"], curve["val_missing"]):
            lines["validation"] = None  # the same line
        for name, column in lines.items():
            points = (curve["epoch"], curve[column]) if len(curve) and column else ()
            self._set(name, *points, mode="lines" if len(curve) > 1 else "lines+markers")
        self._references, self._epochs = references, epochs
        self._draw_references()
        at, training, validation = logged or (NOTHING, NOTHING, NOTHING)
        self._set("the log, training", at, training)
        self._set("the log", at, validation)
        texts = [f"weight {weight:g}" for weight in moved.values()]
        self._set("weight moved", list(moved), heights, text=texts)

    def _draw_references(self):
        end = max(self._epochs, self._longest_pin)
        for way, error in self._references.items():
            self._set(way, [0, end], [error, error], text=["", f"{way} {plain(error, 2)}"])

    def draw_pins(self, pins: list[tuple]) -> None:
        """Draw the last six (label, name, curve) of pinned runs as pale, labelled lines."""
        for number in range(1, PINS + 1):
            label, name, curve = pins[-number] if number <= len(pins) else ("", "", EMPTY)
            curve = thinned(curve)
            text = [*[""] * (len(curve) - 1), label][: len(curve)]
            mode = "lines+text" if len(text) > 1 else "lines+markers+text"
            more = {"text": text, "mode": mode}
            more["hovertemplate"] = f"{label} {name}, epoch %{{x}}: %{{y:.3r}}<extra></extra>"
            self._set(f"pin {number}", curve["epoch"], curve["val_missing"], **more)
        ends = [curve["epoch"].iloc[-1] for *_, curve in pins[-PINS:]]
        self._longest_pin = max(ends, default=0)
        self._draw_references()

    def draw_repair(self, part: Gapped, network: np.ndarray | None, channel: int) -> None:
        """Draw one channel of some windows (a Gapped), and the network's values, if any."""
        truth, hidden, filled = (
            values[..., channel].ravel() for values in (part.truth, part.hidden_mask, part.filled)
        )  # (windows x time,)
        steps = np.arange(len(truth))
        self._set("truth", steps, truth)
        self._set("seen", steps[~hidden], truth[~hidden])
        self._set("hidden", steps[hidden], truth[hidden])
        self._set("filled", steps[hidden], filled[hidden])
        values = () if network is None else (steps[hidden], network[..., channel].ravel()[hidden])
        self._set("network", *values)
