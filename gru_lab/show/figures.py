"""The figures: numbers in, a plotly Figure out. Nothing here trains, and nothing is shown as a side effect.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; each also has a dash or symbol of its own.
"""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

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


def _add_references(figure, references, **place):
    """Draw each reference error as a grey line with its name and value above it."""
    axis = f"y{place['col']}" if place.get("col", 1) > 1 else "y"
    highest = max(references.values(), default=0)
    for way, error in references.items():
        figure.add_hline(y=error, line={"color": GREY, "dash": REFERENCE_DASH.get(way, "dot"), "width": 1.5}, **place)
        # an annotation's place on a log axis is given as a power of ten
        figure.add_annotation(
            text=f"{way} {error:.2g}",
            x=1,
            xref=axis.replace("y", "x") + " domain",
            y=np.log10(error),
            yref=axis,
            xanchor="right",
            yanchor="bottom" if error == highest else "top",  # so that two lines close together stay readable
            showarrow=False,
            font={"size": 11, "color": "#555555"},
        )


def _log_axis(figure, title, values, **place):
    """Make the y axis logarithmic, with plain numbers at 1, 2, 5 of each decade, or at 1 only over many decades."""
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


def _label(name):
    """Return a setting's name broken into short lines, for an axis."""
    return name.replace(", ", ",<br>").replace(" (", "<br>(")


def plot_stage(results, *chosen):
    """Return one stage at a glance: left the recorded ruler, the log beside our runs; right the corrected ruler.

    Each dot is one seed's mean over its last three epochs, each bar the mean over the seeds, each diamond the log's
    last figure. `chosen` are kinds or names of settings, by default those the log trained.
    """
    settings = results.stage.choose(*(chosen or ("trained",)))
    names = [setting.name for setting in settings]
    finals = results.finals[results.finals["setting"].isin(names)]
    means = finals.groupby("setting")[["validation", "val_missing"]].mean().reindex(names)
    titles = ("recorded ruler: what the log prints", "corrected ruler: error on hidden entries")
    figure = make_subplots(cols=2, horizontal_spacing=0.12, subplot_titles=titles)
    for column, reading in ((1, "validation"), (2, "val_missing")):
        figure.add_scatter(
            x=finals["setting"],
            y=finals[reading],
            mode="markers",
            name="ours, each seed",
            marker={"color": COLOURS[0], "size": 9, "opacity": 0.55},
            customdata=finals["seed"],
            hovertemplate="%{x}, seed %{customdata}: %{y:.3g}<extra></extra>",
            legendgroup="seeds",
            showlegend=column == 1,
            col=column,
            row=1,
        )
        figure.add_scatter(
            x=names,
            y=means[reading],
            mode="markers",
            name="ours, mean",
            marker={"color": COLOURS[0], "symbol": "line-ew-open", "size": 26, "line_width": 3},
            hovertemplate="%{x}, mean: %{y:.3g}<extra></extra>",
            legendgroup="mean",
            showlegend=column == 1,
            col=column,
            row=1,
        )
    logged = [setting for setting in settings if setting.lines]
    figure.add_scatter(
        x=[setting.name for setting in logged],
        y=[setting.lines[-1].validation for setting in logged],
        mode="markers",
        name="the log",
        marker={"color": COLOURS[1], "symbol": "diamond", "size": 11},
        hovertemplate="%{x}, the log: %{y:.3g}<extra></extra>",
        col=1,
        row=1,
    )
    _add_references(figure, results.references, col=2, row=1)
    lines = [setting.lines[-1].validation for setting in logged]
    _log_axis(figure, "validation loss", [*finals["validation"], *lines], col=1)
    _log_axis(figure, "error on hidden entries", [*finals["val_missing"], *results.references.values()], col=2)
    figure.update_xaxes(
        categoryorder="array",
        categoryarray=names,
        tickvals=names,
        ticktext=[_label(name) for name in names],
        tickangle=0,
    )
    return style(figure, f"Stage {results.stage.number}: {results.stage.question}", 460, top=96)


def plot_curves(results, *chosen, reading="val_missing"):
    """Return the curves of a stage's settings over the epochs: the mean over the seeds, and their range as a band.

    `chosen` are kinds or names of settings, by default those the log trained. `reading` is a column of
    `results.curves`: 'val_missing' (the corrected ruler) or 'validation' (the recorded one).
    """
    settings = results.stage.choose(*(chosen or ("trained",)))
    references = results.references if reading.startswith("val_missing") else {}
    figure, drawn = go.Figure(), list(references.values())
    for index, setting in enumerate(settings):
        colour, dash, _ = look(index)
        curves = results.curves[results.curves["setting"] == setting.name]
        spread = curves.groupby("epoch")[reading].agg(["mean", "min", "max"])
        drawn += [*spread["min"], *spread["max"]]
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
        figure.add_scatter(
            x=spread.index,
            y=spread["mean"],
            name=setting.name,
            mode="lines",
            line={"color": colour, "dash": dash},
            hovertemplate=setting.name + ", epoch %{x}: %{y:.3g}<extra></extra>",
        )
    _add_references(figure, references)
    figure.update_xaxes(title_text="epoch")
    _log_axis(figure, "validation loss" if reading == "validation" else "error on hidden entries", drawn)
    titles = {"validation": "as the log reads them", "val_missing": "error on hidden entries"}
    return style(figure, f"Stage {results.stage.number}, epoch by epoch: {titles.get(reading, reading)}", 460)


def plot_losses(curve, references=None, title="One run, epoch by epoch"):
    """Return a run's curve: the error on hidden entries in training and in validation, dropout off and on."""
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
            hovertemplate=name + ", epoch %{x}: %{y:.3g}<extra></extra>",
        )
    _add_references(figure, references)
    figure.update_xaxes(title_text="epoch")
    _log_axis(figure, "error on hidden entries", drawn)
    return style(figure, title)


def plot_gaps(hidden_mask, title="What is missing", rows=200):
    """Return a heat map of the first `rows` steps of hidden_mask (windows, time, channels): dark where hidden."""
    flat = hidden_mask.reshape(-1, hidden_mask.shape[-1])[:rows]  # (steps, channels)
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


def plot_repair(gapped, repairs, channel=None, windows=6, title="The repair"):
    """Return one channel over a few windows in a row: the truth, what could be seen, and each repair of the rest.

    `gapped` holds the windows; `repairs` maps a name to values (windows, time, channels). Without `channel` it is
    the one that moves most.
    """
    if channel is None:
        channel = int(gapped.liveliest(windows)[0])

    def row(values):
        return values[:windows, :, channel].ravel()  # (windows x time,)

    truth, hidden = row(gapped.truth), row(gapped.hidden_mask)
    steps = np.arange(len(truth))
    figure = go.Figure()
    figure.add_scatter(x=steps, y=truth, name="truth", mode="lines", line={"color": GREY, "width": 1.5})
    figure.add_scatter(
        x=steps[~hidden], y=truth[~hidden], name="seen", mode="markers", marker={"color": "#333333", "size": 5}
    )
    figure.add_scatter(
        x=steps[hidden],
        y=truth[hidden],
        name="hidden",
        mode="markers",
        marker={"color": "#333333", "symbol": "circle-open", "size": 8},
    )
    for index, (name, values) in enumerate(repairs.items()):
        colour, _, symbol = look(index)
        figure.add_scatter(
            x=steps[hidden],
            y=row(values)[hidden],
            name=name,
            mode="markers",
            marker={
                "color": colour,
                "symbol": ("x-thin-open", "triangle-up-open", "square-open")[index % 3],
                "size": 10,
                "line_width": 2,
            },
        )
    for edge in range(1, windows):
        figure.add_vline(x=edge * gapped.truth.shape[1] - 0.5, line={"color": "#DDDDDD", "width": 1})
    figure.update_xaxes(title_text="step (thin lines: edges of the windows)")
    figure.update_yaxes(title_text="value, scaled")
    return style(figure, f"{title}, channel {channel}")
