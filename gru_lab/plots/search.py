"""The figures of looking for a setting: a search, trial by trial, and a grid of two knobs."""

import numpy as np
import plotly.graph_objects as go

from gru_lab.config import LABELS
from gru_lab.evidence.fairness import Fairness
from gru_lab.evidence.grid import Grid
from gru_lab.evidence.search import SPACE, Search
from gru_lab.plots.style import COLOURS, add_band, add_references, log_axis, look, style

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


def plot_grid(grid: Grid, title: str | None = None) -> go.Figure:
    """Return a heat map of a Grid's mean errors: blank if not run, the lowest in a frame."""
    table = grid.table
    errors = table.to_numpy()
    runs = np.isfinite(grid.errors).sum(axis=2)
    rows, columns = (
        [f"{value:g}" if isinstance(value, float) else str(value) for value in axis]
        for axis in (table.index, table.columns)
    )
    texts = [[f"{error:.3g}" if np.isfinite(error) else "" for error in row] for row in errors]
    figure = go.Figure()
    figure.add_heatmap(
        x=columns,
        y=rows,
        z=[[np.log10(error) if error > 0 else None for error in row] for row in errors],
        text=texts,
        texttemplate="%{text}",
        customdata=runs,
        colorscale="Viridis",
        reversescale=True,
        showscale=False,
        hoverongaps=False,
        xgap=2,
        ygap=2,
        hovertemplate=f"{grid.knobs[0]} %{{y}}, {grid.knobs[1]} %{{x}}: %{{text}}, "
        "seeds %{customdata}<extra></extra>",
    )
    if np.isfinite(errors).any():
        first, second = np.unravel_index(np.nanargmin(errors), errors.shape)
        box = {"x0": second - 0.5, "x1": second + 0.5, "y0": first - 0.5, "y1": first + 0.5}
        figure.add_shape(type="rect", line={"color": COLOURS[1], "width": 3}, **box)
    figure.update_xaxes(type="category", title_text=LABELS[grid.knobs[1]])
    figure.update_yaxes(type="category", title_text=LABELS[grid.knobs[0]])
    return style(figure, title or "Error on hidden entries; blank: not run", 420)


def plot_fairness(fairness: Fairness) -> go.Figure:
    """Return the best error so far over the epochs spent: mean and range of each way's repeats."""
    figure, steps = go.Figure(), fairness.steps
    for index, (way, rows) in enumerate(steps.groupby("way", sort=False)):
        colour, dash, _ = look(index)
        spread = rows.groupby("epochs")["best"].agg(["mean", "min", "max"])
        add_band(figure, spread, colour)
        figure.add_scatter(
            x=spread.index,
            y=spread["mean"],
            name=way,
            mode="lines",
            line={"color": colour, "dash": dash, "shape": "hv"},
            hovertemplate=f"{way}, %{{x}} epochs: %{{y:.3r}}<extra></extra>",
        )
    figure.update_xaxes(title_text="epochs spent")
    log_axis(figure, "lowest error so far", steps["best"])
    return style(figure, "The best found so far, by epochs spent", 420)
