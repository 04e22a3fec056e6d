"""Figures of a whole log: every setting beside the log's, and the small runs beside the large."""

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gru_lab.evidence.full_size import Sizes
from gru_lab.evidence.opinion import SecondOpinion
from gru_lab.plots.style import COLOURS, GREY, broken, fixed_log_axis, look, narrow, style

LOOKS = {  # colour, symbol, place beside the setting's line
    "the log": (COLOURS[1], "diamond", -0.25),
    "recorded ruler": (COLOURS[0], "circle", 0.0),
    "corrected ruler": (COLOURS[2], "square", 0.25),
}
ROW = 15  # pixels of a setting, so that all of them fit on a page of paper


def plot_opinion(opinion: SecondOpinion) -> go.Figure:
    """Return the figure of a SecondOpinion: each setting as a multiple of the adopted one.

    Left of the line is better. The bars span the seeds. The log has no bars, and no figures for
    what it did not run.
    """
    titles = [broken(f"{number}. {question}", 60) for number, question in opinion.table.index]
    parts = [opinion.ratios.loc[number] for number, _ in opinion.table.index]
    heights = [len(part) for part in parts]
    figure = make_subplots(
        rows=len(parts),
        row_heights=heights,
        vertical_spacing=0.048,
        subplot_titles=titles,
        shared_xaxes=True,
    )
    for row, part in enumerate(parts, start=1):
        _add_stage(figure, part, row)
    axis = fixed_log_axis([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10])
    figure.update_xaxes(**axis, showticklabels=True, tickfont_size=10)
    figure.update_xaxes(title_text="times the adopted setting's figure", row=len(parts), col=1)
    left, high = 290, ROW * sum(heights) + 32 * len(parts) + 130
    figure.update_annotations(x=0, xanchor="left", xshift=10 - left, align="left", font_size=13)
    style(figure, "The whole log, beside our runs", high, top=110)
    figure.update_layout(
        margin_l=left,
        title_y=1 - 25 / high,
        legend={"xref": "container", "yref": "container", "y": 1 - 50 / high, "yanchor": "top"},
    )
    return _narrow(figure, titles, parts, high)


def _add_stage(figure, part, row):
    """Draw the ratios of a stage, a row per setting, into a row of the figure."""
    for source, (colour, symbol, shift) in LOOKS.items():
        ratios, bars = part[source], {}
        if "low" in ratios:  # from a setting's lowest seed to its highest
            bars = {"type": "data", "symmetric": False, "array": ratios["high"] - ratios["ratio"]}
            bars |= {"arrayminus": ratios["ratio"] - ratios["low"]}
            bars = {"error_x": bars | {"color": colour, "thickness": 1.5, "width": 3}}
        figure.add_scatter(
            x=ratios["ratio"],
            y=[place + shift for place in range(len(part))],
            mode="markers",
            name=source if source == "the log" else f"our runs, {source}",
            marker={"color": colour, "symbol": symbol, "size": 7},
            text=part.index,
            hovertemplate="%{text}: %{x:.3g} times<extra>" + source + "</extra>",
            legendgroup=source,
            showlegend=row == 1,
            row=row,
            col=1,
            **bars,
        )
    figure.add_vline(x=1, line={"color": GREY, "width": 1}, row=row, col=1)
    figure.update_yaxes(
        range=[len(part) - 0.5, -0.5],
        tickvals=list(range(len(part))),
        ticktext=list(part.index),
        tickfont_size=11,
        zeroline=False,
        row=row,
        col=1,
    )


def _narrow(figure, titles, parts, high):
    """Note what changes on a phone: names in shorter lines, and room for them."""
    left, taller = 122, round(2.4 * high)
    changes = {
        f"xaxis{len(parts)}__title__font": {"size": 11},
        "height": taller,
        "margin__l": left,
        "margin__t": 130,
    }
    for place, (title, part) in enumerate(zip(titles, parts, strict=True)):
        changes[f"annotations_{place}__xshift"] = 4 - left
        changes[f"annotations_{place}__text"] = broken(title.replace("<br>", " "), 44)
        axis = f"yaxis{place + 1 if place else ''}"
        changes[f"{axis}__ticktext"] = [broken(name, 18) for name in part.index]
        changes[f"{axis}__tickfont"] = {"size": 10}
    return narrow(figure, **changes, legend__y=1)


def plot_sizes(sizes: Sizes) -> go.Figure:
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
    axis = fixed_log_axis([0.5, 0.7, 1, 1.5, 2, 3, 5])
    figure.update_xaxes(title_text="small: times the adopted setting's error", **axis)
    figure.update_yaxes(title_text="full size: the same", **axis)
    style(figure, "Does the small experiment speak for the large one?", 460)
    return narrow(figure, xaxis__title__font={"size": 11})
