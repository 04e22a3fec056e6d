"""The small experiment beside the log's own size, setting by setting."""

import plotly.graph_objects as go

from gru_lab.evidence.full_size import Sizes
from gru_lab.plots.style import GREY, look, narrow, style

TICKS = [0.5, 0.7, 1, 1.5, 2, 3, 5]


def plot_sizes(
    sizes: Sizes, title: str = "Does the small experiment speak for the large one?"
) -> go.Figure:
    """Return a Figure of Sizes: each setting's error as a multiple of the adopted setting's.

    Across the small experiment, upwards the log's own size; on the dashed line both say the same.
    """
    figure, ratios = go.Figure(), sizes.ratios
    for index, number in enumerate(ratios.index.unique("stage") if len(ratios) else ()):
        rows, (colour, _, symbol) = ratios.loc[number], look(index)
        figure.add_scatter(
            x=rows["small", "corrected ruler"],
            y=rows["full", "corrected ruler"],
            mode="markers",
            name=f"stage {number}",
            marker={"color": colour, "symbol": symbol, "size": 10},
            text=list(rows.index),
            hovertemplate="%{text}: small %{x:.3g} ×, full size %{y:.3g} ×<extra></extra>",
        )
    ends = [0.3, 6]
    line = {"color": GREY, "dash": "dash", "width": 1.5}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=line, name="both say the same")
    axis = {"type": "log", "tickvals": TICKS, "ticktext": [f"{tick:g}" for tick in TICKS]}
    figure.update_xaxes(title_text="small: times the adopted setting's error", **axis)
    figure.update_yaxes(title_text="full size: the same", **axis)
    return narrow(style(figure, title, 460), xaxis__title__font={"size": 11})
