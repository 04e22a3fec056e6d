"""The looks that all figures share: colours, dashes, symbols, titles, reference lines, logarithmic
axes.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; each also has a dash or
symbol of its own.
"""

import math
import re
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio

from gru_lab.digits import plain

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999933")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
FEW = 8  # epochs, of which each has a mark: a line of one epoch would not be seen
GREY = "#767676"
REFERENCE_DASH = {"forward fill": "dot", "linear interpolation": "dash", "regression": "dashdot"}
# plotly's Share button would upload a figure: neither ours nor one that a student draws beside them
# has it
pio.templates["no_upload"] = go.layout.Template(layout_modebar_remove=["sendChartToCloud"])
pio.templates.default = "+".join(filter(None, [pio.templates.default, "no_upload"]))


def style(
    figure: go.Figure, title: str, height: int = 400, top: int = 64, kept: Iterable[str] = ()
) -> Any:
    """Give a figure the house's looks: title, plain background, legend below; returns it.

    A record in another language translates its texts, but for those `kept`: a person's own names.
    """
    figure.update_layout(
        template="plotly_white+no_upload",
        title={"text": title, "x": 0, "xanchor": "left", "font_size": 16},
        font={"family": "system-ui, sans-serif", "size": 13},
        height=height,
        margin={"l": 76, "r": 20, "t": top, "b": 50},
        legend={"orientation": "h", "y": -0.24, "yanchor": "top", "x": 0},
        hovermode="closest",
        meta={"kept": list(kept)},
    )
    return figure


def evenly(count: int, most: int) -> np.ndarray:
    """Return at most `most` of `count` places, evenly spread, the last one always."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def look(index: int) -> tuple[str, str, str]:
    """Return colour, dash and symbol of the index-th thing drawn."""
    return COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)], SYMBOLS[index % len(SYMBOLS)]


def grey_line(way: str) -> dict[str, Any]:
    """Return the line of a reference error, by the way that makes it."""
    return {"color": GREY, "dash": REFERENCE_DASH.get(way, "dot"), "width": 1.5}


def add_references(figure: go.Figure, references: dict[str, float], **place: Any) -> None:
    """Draw each reference error as a grey line with its name and value above it."""
    axis = f"y{place['col']}" if place.get("col", 1) > 1 else "y"
    highest = max(references.values(), default=0)
    for way, error in references.items():
        figure.add_hline(y=error, line=grey_line(way), **place)
        # an annotation's place on a log axis is given as a power of ten
        figure.add_annotation(
            text=f"{way} {plain(error, 2)}",
            x=1,
            xref=axis.replace("y", "x") + " domain",
            y=np.log10(error),
            yref=axis,
            xanchor="right",
            # so that two lines close together stay readable
            yanchor="bottom" if error == highest else "top",
            showarrow=False,
            font={"size": 11, "color": "#555555"},
        )


def log_ticks(values: Iterable[float]) -> tuple[list[float], float, float]:
    """Return (ticks, low, high) of a logarithmic axis that begins and ends at a tick.

    Ticks stand at 1, 2, 5 of each decade, or at 1 only over many decades.
    """
    values = np.asarray([value for value in values if np.isfinite(value) and value > 0] or [1.0])
    low, high = values.min(), values.max()
    steps = (1, 2, 5) if high / low < 300 else (1,)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    ticks = [round(step * 10.0**power, 12) for power in powers for step in steps]
    first = max(tick for tick in ticks if tick <= low)
    last = min(tick for tick in ticks if tick >= high)
    return [tick for tick in ticks if first <= tick <= last], first, last


def log_axis(figure: go.Figure, title: str | None, values: Iterable[float], **place: Any) -> None:
    """Make the y axis logarithmic, with plain numbers, from a tick below `values` to one above."""
    ticks, low, high = log_ticks(values)
    margin = 0.05 + 0.02 * np.log10(high / low) if high > low else 0.3  # no mark is cut in half
    figure.update_yaxes(
        type="log",
        title_text=title,
        tickvals=ticks,
        ticktext=[plain(tick) for tick in ticks],
        range=[np.log10(low) - margin, np.log10(high) + margin],
        **place,
    )


def fixed_log_axis(ticks: Iterable[float]) -> dict[str, Any]:
    """Return the settings of a logarithmic axis whose ticks do not depend on what is drawn."""
    return {"type": "log", "tickvals": ticks, "ticktext": [plain(tick) for tick in ticks]}


def epoch_axis(figure: go.Figure, epochs: int) -> None:
    """Name the x axis; of a few epochs each whole one has its tick."""
    figure.update_xaxes(title_text="epoch", dtick=1 if epochs <= FEW else None)


def narrow(figure: go.Figure, **changes: Any) -> go.Figure:
    """Note what a record changes in this figure's layout where it is under 600 pixels wide.

    Names are plotly's paths with '__' for a dot: `xaxis__domain`, `annotations_1__y`.
    """
    paths = [re.sub(r"_(\d+)", r"[\1]", name.replace("__", ".")) for name in changes]
    changes = dict(zip(paths, changes.values(), strict=True))
    return figure.update_layout(meta={**figure.layout.meta, "narrow": changes})


def broken(text: str, width: int) -> str:
    """Return a text in lines of at most `width` characters, for plotly."""
    return "<br>".join(textwrap.wrap(text, width, break_long_words=False))


def add_band(figure: go.Figure, spread: pd.DataFrame, colour: str) -> None:
    """Draw the range of a spread (index, columns min and max) as a pale band."""
    figure.add_scatter(
        x=np.concatenate([spread.index, spread.index[::-1]]),
        y=np.concatenate([spread["max"], spread["min"][::-1]]),
        fill="toself",
        fillcolor=colour,
        opacity=0.15,
        line_width=0,
        hoverinfo="skip",
        showlegend=False,
    )
