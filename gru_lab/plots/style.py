"""The looks that all figures share: colours, dashes, symbols, titles, reference lines, logarithmic
axes.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; each also has a dash or
symbol of its own.
"""

import numpy as np

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999933")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
GREY = "#767676"
REFERENCE_DASH = {"forward fill": "dot", "linear interpolation": "dash"}


def style(figure, title, height=400, top=64):
    """Give a figure the house's looks: title, plain background, legend below; returns it."""
    figure.update_layout(
        template="plotly_white",
        title={"text": title, "x": 0, "xanchor": "left", "font_size": 16},
        font={"family": "system-ui, sans-serif", "size": 13},
        height=height,
        margin={"l": 76, "r": 20, "t": top, "b": 50},
        legend={"orientation": "h", "y": -0.24, "yanchor": "top", "x": 0},
        hovermode="closest",
    )
    return figure


def look(index):
    """Return colour, dash and symbol of the index-th thing drawn."""
    return COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)], SYMBOLS[index % len(SYMBOLS)]


def add_references(figure, references, **place):
    """Draw each reference error as a grey line with its name and value above it."""
    axis = f"y{place['col']}" if place.get("col", 1) > 1 else "y"
    highest = max(references.values(), default=0)
    for way, error in references.items():
        figure.add_hline(
            y=error,
            line={"color": GREY, "dash": REFERENCE_DASH.get(way, "dot"), "width": 1.5},
            **place,
        )
        # an annotation's place on a log axis is given as a power of ten
        figure.add_annotation(
            text=f"{way} {error:.2g}",
            x=1,
            xref=axis.replace("y", "x") + " domain",
            y=np.log10(error),
            yref=axis,
            xanchor="right",
            yanchor="bottom"
            if error == highest
            else "top",  # so that two lines close together stay readable
            showarrow=False,
            font={"size": 11, "color": "#555555"},
        )


def log_axis(figure, title, values, **place):
    """Make the y axis logarithmic, with plain numbers at 1, 2, 5 of each decade, or at 1 only over
    many decades.
    """
    values = np.asarray([value for value in values if np.isfinite(value) and value > 0] or [1.0])
    low, high = np.log10(values.min()), np.log10(values.max())
    steps = (1, 2, 5) if high - low < 2.5 else (1,)
    ticks = [step * 10.0**power for power in range(int(low) - 2, int(high) + 2) for step in steps]
    margin = 0.1 * max(high - low, 0.5)
    figure.update_yaxes(
        type="log",
        title_text=title,
        tickvals=ticks,
        ticktext=[f"{tick:.5g}" for tick in ticks],
        range=[low - margin, high + margin],
        **place,
    )
