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


def style(figure, title, height=380):
    """Give a figure the house's looks: title, plain background, legend below; returns it."""
    figure.update_layout(
        template="plotly_white",
        title={"text": title, "x": 0, "xanchor": "left", "font_size": 16},
        font={"family": "system-ui, sans-serif", "size": 13},
        height=height,
        margin={"l": 70, "r": 20, "t": 64, "b": 50},
        legend={"orientation": "h", "y": -0.18, "yanchor": "top", "x": 0},
        hovermode="closest",
    )
    return figure


def look(index):
    """Return colour, dash and symbol of the index-th thing drawn."""
    return COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)], SYMBOLS[index % len(SYMBOLS)]


def _add_references(figure, references, **place):
    for way, error in references.items():
        figure.add_hline(
            y=error,
            line={"color": GREY, "dash": REFERENCE_DASH.get(way, "dot"), "width": 1.5},
            annotation={"text": f"{way} {error:.2g}", "font_size": 11, "font_color": "#555555"},
            annotation_position="top left",
            **place,
        )


def _log_axis(figure, title, **place):
    figure.update_yaxes(type="log", title_text=title, exponentformat="power", dtick=1, minor_showgrid=True, **place)


def plot_stage(results, *kinds):
    """Return one stage at a glance: left the recorded ruler, the log beside our runs; right the corrected ruler.

    Each dot is one seed's mean over its last three epochs, each bar the mean over the seeds, each diamond the log's
    last figure. `kinds` defaults to the settings as the log trained them.
    """
    settings = results.stage.of_kind(*(kinds or ("trained",)))
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
    _log_axis(figure, "validation loss", col=1)
    _log_axis(figure, "mean squared error", col=2)
    figure.update_xaxes(categoryorder="array", categoryarray=names)
    return style(figure, f"Stage {results.stage.number}: {results.stage.question}", 440)


def plot_curves(results, *kinds, reading="val_missing"):
    """Return the curves of a stage's settings over the epochs: the mean over the seeds, and their range as a band.

    `reading` is a column of `results.curves`: 'val_missing' (the corrected ruler) or 'validation' (the recorded one).
    """
    settings = results.stage.of_kind(*(kinds or ("trained",)))
    figure = go.Figure()
    for index, setting in enumerate(settings):
        colour, dash, _ = look(index)
        curves = results.curves[results.curves["setting"] == setting.name]
        spread = curves.groupby("epoch")[reading].agg(["mean", "min", "max"])
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
    if reading.startswith("val_missing"):
        _add_references(figure, results.references)
    figure.update_xaxes(title_text="epoch")
    _log_axis(figure, "validation loss" if reading == "validation" else "mean squared error")
    titles = {"validation": "as the log reads them", "val_missing": "error on hidden entries"}
    return style(figure, f"Stage {results.stage.number}, epoch by epoch: {titles.get(reading, reading)}")


def plot_losses(curve, references=None, title="One run, epoch by epoch"):
    """Return a run's curve: the error on hidden entries in training and in validation, dropout off and on."""
    figure = go.Figure()
    lines = {
        "training": "train_missing",
        "validation": "val_missing",
        "validation, dropout on": "val_missing_dropout",
    }
    for index, (name, column) in enumerate(lines.items()):
        if curve.empty or (index == 2 and np.array_equal(curve[column], curve["val_missing"])):
            continue
        colour, dash, symbol = look(index)
        figure.add_scatter(
            x=curve["epoch"],
            y=curve[column],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 5},
            hovertemplate=name + ", epoch %{x}: %{y:.3g}<extra></extra>",
        )
    _add_references(figure, references or {})
    figure.update_xaxes(title_text="epoch")
    _log_axis(figure, "mean squared error on hidden entries")
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


def plot_repair(gapped, repairs, channel=0, windows=6, title="The repair"):
    """Return one channel over a few windows in a row: the truth, what could be seen, and each repair of the rest.

    `gapped` holds the windows; `repairs` maps a name to values (windows, time, channels).
    """

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
            marker={"color": colour, "symbol": ("x-thin-open", "triangle-up", "square")[index % 3], "size": 9},
        )
    for edge in range(1, windows):
        figure.add_vline(x=edge * gapped.truth.shape[1] - 0.5, line={"color": "#DDDDDD", "width": 1})
    figure.update_xaxes(title_text="step (thin lines: edges of the windows)")
    figure.update_yaxes(title_text="value, scaled")
    return style(figure, title)
