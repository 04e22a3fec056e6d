"""Pictures of a repaired table: where its holes were, the largest repairs, their intervals."""

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gru_lab.plots.style import COLOURS, GREY, narrow, style
from gru_lab.repairs.columns import numbers
from gru_lab.repairs.holes import runs_of
from gru_lab.repairs.repaired import Repaired
from gru_lab.repairs.words import counted

BINS = 300  # pieces of time in a picture of holes
AROUND = 30  # rows shown before and after a repair at least
BARS = 25  # single intervals drawn, else a band
POINTS = 3_000  # drawn of one repair at most
PALE = "rgba(213, 94, 0, 0.35)"  # of intervals
# of a repair on a phone; its legend is above, since below are long dates
NARROW = {"legend__y": 1, "legend__yanchor": "bottom", "xaxis__nticks": 4, "xaxis__tickangle": 0}
CANDIDATES = 5_000  # repairs, the longest ones, from which pictures are chosen


def plot_holes(repaired: Repaired, most: int = 60) -> go.Figure:
    """Return the share of holes over the rows, before and after, of the `most` holed channels."""
    channels = repaired.repairer.scores_.index
    after = repaired.frame[channels].isna()  # (rows, channels)
    before = after | repaired.filled[channels]
    holes = before.sum().sort_values(ascending=False, kind="stable")
    order = holes[holes > 0].index[:most][::-1]
    figure = make_subplots(
        cols=2, shared_yaxes=True, horizontal_spacing=0.03, subplot_titles=("before", "after")
    )
    edges = np.unique(np.linspace(0, len(before), min(BINS, len(before)) + 1).astype(int))
    pieces = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    for column, mask in enumerate((before[order], after[order]), start=1):
        share = mask.groupby(pieces).mean()
        figure.add_heatmap(
            x=edges[:-1],
            y=[escape(str(name)) for name in order],
            z=share.T.to_numpy(),
            zmin=0,
            zmax=1 if share.empty else max(float(before.groupby(pieces).mean().max().max()), 1e-9),
            colorscale=[[0, "#E8EEF2"], [1, "#1B3A57"]],
            showscale=False,
            hovertemplate="from row %{x}, %{y}: %{z:.0%} missing<extra></extra>",
            row=1,
            col=column,
        )
    figure.update_xaxes(title_text="row of the table", showgrid=False)
    figure.update_yaxes(title_text="channel", col=1)
    height = min(900, 200 + 18 * len(order))
    style(figure, "Holes before and after (the darker, the more)", height, top=84)
    same = {"xaxis2__title": None, "xaxis2__showticklabels": False}  # as to the left
    return narrow(figure, **same, xaxis__nticks=3)


def largest(repaired: Repaired, count: int = 6, long: int | None = None) -> list[tuple]:
    """Return the repairs to look at as (channel, rows), rows being numbers: the `count` longest,
    and all those longer than `long` rows.

    The first ones are of different moments and channels. Among equally long ones, those whose
    interval is widest for their channel come first.
    """
    order, part = repaired.layout.order, repaired.layout.part  # rows as they are repaired
    channels = repaired.repairer.scores_.index
    runs = runs_of(
        repaired.filled[channels].to_numpy()[order], np.flatnonzero(np.diff(part, prepend=-1))
    )
    if not len(runs):
        return []
    moves = np.array([pd.Series(numbers(repaired.frame[name])).std() for name in channels])
    width = repaired.half_width[channels].to_numpy()[order[runs[:, 1]], runs[:, 0]]
    unsure = np.nan_to_num(width / np.where(moves > 0, moves, np.inf)[runs[:, 0]])
    length = runs[:, 2] - runs[:, 1] + 1
    runs, length = (a[np.lexsort((-unsure, -length))] for a in (runs, length))
    chosen = _spread(runs, count)
    if long is not None:
        further = np.flatnonzero(length > long)
        chosen += [k for k in further if k not in chosen]
    return [(channels[c], order[first : last + 1]) for c, first, last in runs[chosen]]


def _spread(runs, count):
    """Return the numbers of up to `count` of the `runs` (channel, first, last), the first ones
    taken first: each channel once, then again, and never two at the same moment.
    """
    chosen = []
    for apart, again in ((AROUND, False), (0, False), (AROUND, True)):
        for k, (channel, first, last) in enumerate(runs[:CANDIDATES]):
            known = runs[chosen]
            far = (first > known[:, 2] + apart) | (last < known[:, 1] - apart)
            if len(chosen) < count and far.all() and (again or channel not in known[:, 0]):
                chosen.append(k)
    return chosen


def plot_repaired(
    repaired: Repaired, channel: object, rows: np.ndarray, unit: str = ""
) -> go.Figure:
    """Return one repair of `rows` (numbers): what was seen around it, the values, intervals."""
    order, part = repaired.layout.order, repaired.layout.part
    first = int(np.flatnonzero(order == rows[0])[0])
    around = max(AROUND, len(rows))
    near = np.arange(max(0, first - around), min(len(order), first + len(rows) + around))
    near = near[part[near] == part[first]]
    here = order[near[:: max(1, len(near) // POINTS)]]
    x = repaired.layout.labels[here]  # time stamps, or row numbers where there are none
    values = numbers(repaired.frame[channel])[here]
    filled = repaired.filled[channel].to_numpy()[here]
    low, high = (bound[channel].to_numpy()[here] for bound in repaired.interval)
    figure = go.Figure()
    single = _add_bands(figure, x, low, high, filled)
    bars = {
        "array": np.where(single, high - values, np.nan)[filled],
        "arrayminus": np.where(single, values - low, np.nan)[filled],
    }
    bars |= {"symmetric": False, "color": PALE, "thickness": 4, "width": 0}
    dotted = {"color": GREY, "width": 1, "dash": "dot"}
    figure.add_scatter(x=x, y=values, mode="lines", line=dotted, showlegend=False)
    figure.add_scatter(
        x=x,
        y=np.where(filled, np.nan, values),
        name="observed",
        mode="lines+markers",
        line={"color": COLOURS[0], "width": 1.5},
        marker_size=4,
    )
    figure.add_scatter(
        x=x[filled],
        y=values[filled],
        error_y=bars,
        name="repaired, with its 90 % interval",
        mode="markers",
        marker={"color": COLOURS[1], "symbol": "diamond", "size": 6 if len(rows) <= BARS else 4},
    )
    time = " + ".join(map(str, repaired.layout.time)) or "row"
    axes = escape(time), escape(f"{channel} ({unit})" if unit else str(channel))
    figure.update_layout(xaxis_title_text=axes[0], yaxis_title_text=axes[1])
    style(figure, escape(repair_name(repaired, channel, rows)), 340, kept=axes)
    return narrow(figure.update_layout(legend={"y": 1, "yanchor": "bottom"}), **NARROW)


def _add_bands(figure, x, low, high, filled):
    """Draw long intervals as bands; return which of the repaired values get a bar each."""
    single = filled.copy()
    for _, begin, end in runs_of(filled[:, None]):
        if end - begin >= BARS:  # so many bars would hide what is between them
            band = slice(begin, end + 1)
            figure.add_scatter(
                x=np.concatenate([x[band], x[band][::-1]]),
                y=np.concatenate([low[band], high[band][::-1]]),
                mode="lines",
                fill="toself",
                fillcolor=PALE,
                line_width=0,
                showlegend=False,
                hoverinfo="skip",
            )
            single[band] = False
    return single


def repair_name(repaired: Repaired, channel: object, rows: np.ndarray) -> str:
    """Return a repair in words: its channel, how long it is, and when it begins."""
    moments, row = repaired.layout.labels, rows[0]
    when = pd.Timestamp(moments[row]).floor("s") if moments.dtype.kind == "M" else f"row {row:,}"
    return f"{channel}: {counted(len(rows), 'row')} from {when}"
