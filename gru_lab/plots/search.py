"""The figure of a search: trial by trial, beside the start and the two simple ways."""

import numpy as np
import plotly.graph_objects as go

from gru_lab.evidence.search import SPACE, Search
from gru_lab.plots.style import COLOURS, add_references, log_axis, style

LOOKS = {"start": ("the start", COLOURS[1], "diamond"), "drawn": ("drawn", COLOURS[0], "circle")}
LOOKS |= {"back": ("the best drawn, one knob turned back", COLOURS[2], "triangle-up")}


def plot_search(search: Search, title: str = "The search, trial by trial") -> go.Figure:
    """Return the trials of a Search in their order, and the lowest error so far as a stair.

    The dashed line in the start's colour is the start's error; grey lines are forward fill and
    linear interpolation. A trial that could not be trained leaves a gap.
    """
    trials, figure = search.trials, go.Figure()
    for kind, (name, colour, symbol) in LOOKS.items():
        chosen = trials[trials["kind"] == kind]
        settings = chosen[list(SPACE)].to_dict("records")
        figure.add_scatter(
            x=chosen.index,
            y=chosen["error"],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 11 if kind == "start" else 9},
            text=[
                "<br>".join(f"{knob} {value}" for knob, value in setting.items())
                for setting in settings
            ],
            hovertemplate="trial %{x}: %{y:.3r}<br>%{text}<extra></extra>",
        )
    best = trials["error"].cummin()
    line = {"color": COLOURS[0], "shape": "hv", "width": 1.5}
    figure.add_scatter(
        x=trials.index, y=best, mode="lines", name="the best so far", line=line, hoverinfo="skip"
    )
    figure.add_hline(y=trials["error"][0], line={"color": COLOURS[1], "dash": "dash", "width": 1.5})
    add_references(figure, search.references)
    figure.update_xaxes(title_text="trial")
    errors = trials["error"].to_numpy()
    drawn = [*errors[np.isfinite(errors)], *search.references.values()]
    log_axis(figure, "error on hidden validation entries", drawn)
    return style(figure, title, 460)
