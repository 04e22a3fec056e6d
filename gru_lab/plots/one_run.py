"""The figures of one run. Nothing here trains, and nothing is shown as a side effect.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; each also has a dash or
symbol of its own.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from gru_lab.gaps import Gapped
from gru_lab.plots.style import GREY, add_references, epoch_axis, log_axis, look, narrow, style

OPEN = ("x-thin-open", "triangle-up-open", "square-open")  # symbols of repairs


def plot_losses(
    curve: pd.DataFrame,
    references: dict[str, float] | None = None,
    title: str = "One run, epoch by epoch",
) -> go.Figure:
    """Return a run's curve: its errors on hidden entries, in validation with dropout off and on."""
    references = references or {}
    figure, drawn = go.Figure(), list(references.values())
    lines = {
        "training": "train_missing",
        "validation": "val_missing",
        "validation, dropout on": "val_missing_dropout",
    }
    for index, (name, column) in enumerate(lines.items()):
        if curve.empty or (index == 2 and np.array_equal(curve[column], curve["val_missing"])):
            continue
        colour, dash, symbol = look(index)
        drawn += list(curve[column])
        figure.add_scatter(
            x=curve["epoch"],
            y=curve[column],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 5},
            hovertemplate=name + ", epoch %{x}: %{y:.3r}<extra></extra>",
        )
    add_references(figure, references)
    epoch_axis(figure, len(curve))
    log_axis(figure, "error on hidden entries", drawn)
    return style(figure, title)


def plot_gaps(hidden_mask: np.ndarray, title: str = "What is missing") -> go.Figure:
    """Return a heat map of the first 200 steps of hidden_mask (windows, time, channels)."""
    flat = hidden_mask.reshape(-1, hidden_mask.shape[-1])[:200]  # (steps, channels)
    figure = go.Figure(
        go.Heatmap(
            z=flat.T.astype(np.uint8),
            colorscale=[[0, "#E8EEF2"], [1, "#1B3A57"]],
            showscale=False,
            hovertemplate="step %{x}, channel %{y}<extra></extra>",
        )
    )
    figure.update_xaxes(title_text="step", showgrid=False)
    figure.update_yaxes(title_text="channel", showgrid=False)
    return style(figure, f"{title}: {flat.mean():.0%} of the entries (dark)")


def plot_repair(
    gapped: Gapped,
    repairs: dict[str, np.ndarray],
    channel: int | None = None,
    windows: int = 6,
    title: str = "The repair",
) -> go.Figure:
    """Return one channel over a few windows: the truth, what was seen, and each repair.

    `gapped` holds the windows; `repairs` maps a name to values (windows, time, channels). Without
    `channel` it is the one that moves most.
    """
    if channel is None:
        channel = int(gapped.liveliest(windows)[0])

    def row(values):
        return values[:windows, :, channel].ravel()  # (windows x time,)

    truth, hidden = row(gapped.truth), row(gapped.hidden_mask)
    steps = np.arange(len(truth))
    figure = go.Figure()
    line = {"color": GREY, "width": 1.5}
    figure.add_scatter(x=steps, y=truth, name="truth", mode="lines", line=line)
    marks = [
        ("seen", truth, ~hidden, {"color": "#333333", "size": 5}),
        ("hidden", truth, hidden, {"color": "#333333", "symbol": "circle-open", "size": 8}),
    ]
    for index, (name, values) in enumerate(repairs.items()):
        marker = {"color": look(index)[0], "symbol": OPEN[index % 3], "size": 10, "line_width": 2}
        marks.append((name, row(values), hidden, marker))
    for name, values, where, marker in marks:
        figure.add_scatter(
            x=steps[where], y=values[where], name=name, mode="markers", marker=marker
        )
    for edge in range(1, windows):
        thin = {"color": "#DDDDDD", "width": 1}
        figure.add_vline(x=edge * gapped.truth.shape[1] - 0.5, line=thin)
    figure.update_xaxes(title_text="step (thin lines: edges of the windows)")
    figure.update_yaxes(title_text="value, scaled")
    style(figure, f"{title}, channel {channel}")
    return narrow(figure, xaxis__title__font={"size": 11})
