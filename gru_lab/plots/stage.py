"""The figures of a stage: the log beside our runs by either ruler, and their curves. Numbers in, a
Figure out.
"""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gru_lab.config import one_of
from gru_lab.evidence.guess import answers, outcome
from gru_lab.plots.style import COLOURS, add_references, log_axis, look, style


def _label(name):
    """Return a setting's name broken into short lines, for an axis."""
    return name.replace(", ", ",<br>").replace(" (", "<br>(").replace("dropout=", "dropout<br>")


def plot_stage(results, *chosen, guess=None):
    """Return one stage at a glance: left the recorded ruler, the log beside our runs; right the
    corrected ruler.

    Each dot is one seed's mean over its last three epochs, each bar the mean over the seeds, each
    diamond the log's last figure. `chosen` are kinds or names of settings, by default those the log
    trained. `guess` is an answer to the stage's question (see `predict`): a star beside the result,
    in the picture of the settings it is about.
    """
    stage = results.stage
    settings = stage.choose(*(chosen or ("trained",)), *(stage.guess if guess else ()))
    names = [setting.name for setting in settings]
    finals = results.finals[results.finals["setting"].isin(names)]
    means = finals.groupby("setting")[["validation", "val_missing"]].mean().reindex(names)
    titles = ("recorded ruler: what the log prints", "corrected ruler: error on hidden entries")
    figure = make_subplots(cols=2, horizontal_spacing=0.12, subplot_titles=titles)
    for column, reading in ((1, "validation"), (2, "val_missing")):
        place = {"row": 1, "col": column, "mode": "markers", "showlegend": column == 1}
        figure.add_scatter(
            x=finals["setting"],
            y=finals[reading],
            name="ours, each seed",
            marker={"color": COLOURS[0], "size": 9, "opacity": 0.55},
            customdata=finals["seed"],
            hovertemplate="%{x}, seed %{customdata}: %{y:.3g}<extra></extra>",
            legendgroup="seeds",
            **place,
        )
        figure.add_scatter(
            x=names,
            y=means[reading],
            name="ours, mean",
            marker={"color": COLOURS[0], "symbol": "line-ew-open", "size": 26, "line_width": 3},
            hovertemplate="%{x}, mean: %{y:.3g}<extra></extra>",
            legendgroup="mean",
            **place,
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
    drawn = [*finals["val_missing"], *results.references.values()]
    if guess:
        drawn.append(_add_guess(figure, results, guess))
    add_references(figure, results.references, col=2, row=1)
    lines = [setting.lines[-1].validation for setting in logged]
    log_axis(figure, "validation loss", [*finals["validation"], *lines], col=1)
    log_axis(figure, "error on hidden entries", drawn, col=2)
    figure.update_xaxes(
        categoryorder="array",
        categoryarray=names,
        tickvals=names,
        ticktext=[_label(name) for name in names],
        tickangle=0,
    )
    return style(figure, stage.title, 460, top=120 if guess else 96)


def _add_guess(figure, results, guess):
    """Draw a guess as a star at the error it stands for, and say below the title how it came out;
    returns the error.
    """
    one, other = results.stage.guess
    factor = answers(results.stage)[one_of("guess", guess, answers(results.stage))]
    error = factor * results.finals.set_index("setting").loc[other, "val_missing"].mean()
    marker = {
        "color": COLOURS[3],
        "symbol": "star",
        "size": 16,
        "line": {"color": "#333333", "width": 1},
    }
    says = f"{one}, as guessed: {error:.3g}<extra></extra>"
    figure.add_scatter(
        x=[one],
        y=[error],
        name="your guess",
        mode="markers",
        marker=marker,
        hovertemplate=says,
        col=2,
        row=1,
    )
    said = f"'{one}' beside '{other}': guessed {factor:.2g} × its error, came out {outcome(results):.3g} ×"
    figure.update_layout(title_subtitle={"text": said, "font_size": 13})
    return error


def plot_curves(results, *chosen, reading="val_missing"):
    """Return the curves of a stage's settings over the epochs: the mean over the seeds, and their
    range as a band.

    `chosen` are kinds or names of settings, by default those the log trained. `reading` is a column
    of `results.curves`: 'val_missing' (the corrected ruler) or 'validation' (the recorded one).
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
    add_references(figure, references)
    figure.update_xaxes(title_text="epoch")
    log_axis(
        figure, "validation loss" if reading == "validation" else "error on hidden entries", drawn
    )
    titles = {"validation": "as the log reads them", "val_missing": "error on hidden entries"}
    return style(
        figure, f"{results.stage.called.capitalize()}, epoch by epoch: {titles.get(reading, reading)}", 460
    )
