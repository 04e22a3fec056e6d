"""The panel's one figure: left the losses as they grow, right one channel's repair. Numbers in, traces changed.

A FigureWidget costs a browser five megabytes when it is made, so a panel makes one and changes its data in place.
"""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gru_lab.show.figures import COLOURS, GREY, REFERENCE_DASH, style

WIDTH = 960  # pixels
POINTS = 1500  # of a line
PINS = 6  # pale lines there is room for
TICKS = [step * 10.0**power for power in range(-7, 2) for step in (1, 2, 5)]
NOTHING = np.array([])


def thinned(curve):
    """Return at most POINTS rows of a curve, evenly, the last one always: a browser draws no more in time."""
    rows = np.unique(np.linspace(0, len(curve) - 1, POINTS).round().astype(int))
    return curve if len(curve) <= POINTS else curve.iloc[rows]


class Canvas:
    """The figure and its traces by name. Change it inside `with canvas.figure.batch_update():`, one message each."""

    def __init__(self):
        figure = make_subplots(cols=2, horizontal_spacing=0.09)
        for name, trace in self._traces().items():
            right = name in ("truth", "seen", "hidden", "last value", "network")
            unnamed = name in REFERENCE_DASH or name.startswith("pin")
            legend = "legend3" if unnamed else "legend2" if right else "legend"
            figure.add_trace(trace.update(name=name, x=NOTHING, y=NOTHING, legend=legend), row=1, col=2 if right else 1)
        style(figure, None, height=400, top=34)
        legend = {"orientation": "h", "y": -0.16, "yanchor": "top", "font_size": 12}
        figure.update_layout(
            uirevision="panel",  # a zoom stays while the curve grows
            width=WIDTH,  # a FigureWidget left to itself stays at 700
            margin={"l": 62, "r": 12, "b": 50},
            legend=legend | {"x": 0},
            legend2=legend | {"x": 0.55},
            legend3={"visible": False},  # showlegend=False of a trace does not reach a FigureWidget's browser side
        )
        ticks = {"tickvals": TICKS, "ticktext": [f"{tick:.5g}" for tick in TICKS]}
        figure.update_yaxes(type="log", title_text="loss", **ticks, col=1)
        figure.update_xaxes(title_text="epoch", rangemode="tozero", col=1)
        figure.update_yaxes(title_text="value, scaled", col=2)
        figure.update_xaxes(title_text="step", col=2)
        self.figure = go.FigureWidget(figure)
        self.trace = {trace.name: trace for trace in self.figure.data}

    @staticmethod
    def _traces():
        """Return the traces to begin with; pins first, so that the present run lies on top of them."""

        def line(colour, dash="solid", **more):
            return go.Scatter(mode="lines", line={"color": colour, "dash": dash, **more})

        def marks(colour, symbol, size, **more):
            return go.Scatter(mode="markers", marker={"color": colour, "symbol": symbol, "size": size, **more})

        traces = {f"pin {number}": line("#B8C4CE", width=1.5) for number in range(1, PINS + 1)}
        traces |= {way: line(GREY, dash, width=1.5) for way, dash in REFERENCE_DASH.items()}
        for way in REFERENCE_DASH:
            traces[way].update(mode="lines+text", textposition="top left", textfont_size=11)
        traces |= {
            "training": line(COLOURS[0]),
            "validation": line(COLOURS[2], "dot"),
            "hidden entries": line(COLOURS[1], "dash"),
            "the log": marks(COLOURS[3], "diamond", 9),
            "weight moved": marks("#000000", "triangle-down-open", 10, line_width=2),
            "truth": line(GREY, width=1.5),
            "seen": marks("#333333", "circle", 5),
            "hidden": marks("#333333", "circle-open", 8),
            "last value": marks(COLOURS[0], "x-thin-open", 9, line_width=2),
            "network": marks(COLOURS[1], "triangle-up-open", 10, line_width=2),
        }
        return traces

    def _set(self, name, x=NOTHING, y=NOTHING, **more):
        self.trace[name].update(x=np.asarray(x), y=np.asarray(y), **more)

    def draw_losses(self, curve, references, epochs, logged=(), moves=()):
        """Draw a curve read with a ruler (columns epoch, train, validation, val_missing), may it be empty.

        `references` are errors by name, `logged` (epochs, losses) of the log, `moves` (epoch, weight) on the way.
        """
        moved = [(epoch, weight) for epoch, weight in moves if epoch <= len(curve)]
        heights = [curve["val_missing"].iloc[epoch - 1] for epoch, _ in moved]
        curve, has_points = thinned(curve), len(curve) > 0
        x = curve["epoch"] if has_points else NOTHING
        same = has_points and np.array_equal(curve["validation"], curve["val_missing"])
        self._set("training", x, curve["train"] if has_points else NOTHING)
        self._set("validation", *((x, curve["validation"]) if has_points and not same else ()))
        self._set("hidden entries", x, curve["val_missing"] if has_points else NOTHING)
        for way, error in references.items():
            self._set(way, [0, epochs], [error, error], text=["", way])
        self._set("the log", *(logged or ()))
        notes = [f"loss weight {weight:g} from here" for _, weight in moved]
        self._set("weight moved", [epoch for epoch, _ in moved], heights, text=notes)

    def draw_pins(self, pins):
        """Draw (name, curve) of pinned runs as pale lines, the last six."""
        for number in range(1, PINS + 1):
            name, curve = pins[-number] if number <= len(pins) else ("", None)
            values = () if curve is None else (thinned(curve)["epoch"], thinned(curve)["val_missing"])
            self._set(f"pin {number}", *values, hovertemplate=name + ", epoch %{x}: %{y:.3g}<extra></extra>")

    def draw_repair(self, part, network, channel):
        """Draw one channel of some windows (a Gapped) in a row, and the network's values for it if there are any."""
        truth, hidden, filled = (
            values[..., channel].ravel() for values in (part.truth, part.hidden_mask, part.filled)
        )  # (windows x time,)
        steps = np.arange(len(truth))
        self._set("truth", steps, truth)
        self._set("seen", steps[~hidden], truth[~hidden])
        self._set("hidden", steps[hidden], truth[hidden])
        self._set("last value", steps[hidden], filled[hidden])
        values = () if network is None else (steps[hidden], network[..., channel].ravel()[hidden])
        self._set("network", *values)
