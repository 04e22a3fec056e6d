"""The figures of a stage: the log beside our runs by either ruler, and their curves."""

from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gru_lab.config import one_of
from gru_lab.digits import plain
from gru_lab.evidence.guess import answers, outcome
from gru_lab.plots.style import COLOURS, add_references, broken, log_axis, narrow, style
from gru_lab.runs.results import Results

MEAN = "ours, mean"
TITLES = ("recorded ruler:<br>what the log prints", "corrected ruler:<br>error on hidden entries")
OWN_TITLES = (
    "the loss that was trained,<br>dropout on",
    "the figure that compares:<br>error on hidden entries",
)


def settings_axis(figure: go.Figure, names: Iterable[str]) -> None:
    """Name the settings along the x axes: side by side in short lines, or upright if many."""
    names, many = list(names), len(names) > 6
    width = 26 if many else max(30 // len(names), 9)  # letters that a setting has room for
    figure.update_xaxes(
        categoryorder="array",
        categoryarray=names,
        tickvals=names,
        ticktext=[broken(name.replace("=", " "), width) for name in names],
        tickfont_size=13 if len(names) < 5 else 11,
        tickangle=-90 if many else 0,
        automargin=True,
        range=[-0.5, len(names) - 0.5],
    )
    figure.update_traces(marker_size=min(26, 150 // len(names)), selector={"name": MEAN})


def plot_stage(results: Results, *chosen: str, guess: str | None = None) -> Any:
    """Return one stage at a glance: by the recorded ruler, beside the log, and by the corrected.

    Each dot is one seed's mean over its last three epochs, each bar the mean over the seeds, each
    diamond the log's last figure. `chosen` are kinds or names of settings, by default those the log
    trained. `guess` is an answer to the stage's question (see `predict`), drawn as a star.
    """
    stage = results.stage
    settings = stage.choose(*(chosen or ("trained",)), *(stage.guess if guess else ()))
    names = [setting.name for setting in settings]
    finals = results.finals[results.finals["setting"].isin(names)]
    means = finals.groupby("setting")[["validation", "val_missing"]].mean().reindex(names)
    titles = OWN_TITLES if stage.own else TITLES
    figure = make_subplots(cols=2, horizontal_spacing=0.1, subplot_titles=titles)
    _add_ours(figure, finals, means)
    logged = [setting for setting in settings if setting.lines]
    lines = [setting.lines[-1].validation for setting in logged]
    figure.add_scatter(
        x=[setting.name for setting in logged],
        y=lines,
        mode="markers",
        showlegend=bool(logged),
        row=1,
        col=1,
        name="the log",
        marker={"color": COLOURS[1], "symbol": "diamond", "size": 11},
        hovertemplate="%{x}, the log: %{y:.3r}<extra></extra>",
    )
    drawn = [*finals["val_missing"], *results.references.values()]
    if guess:
        drawn.append(_add_guess(figure, results, guess))
    add_references(figure, results.references, col=2, row=1)
    log_axis(figure, None, [*finals["validation"], *lines], col=1)
    log_axis(figure, None, drawn, col=2)
    settings_axis(figure, names)
    high, line = 500, 22 if guess else 0  # pixels; of the line that says how the guess came out
    style(figure, stage.title, high, top=126 + line)
    below = {"x": 0, "y": 1 - (44 + line) / high, "yanchor": "top"}  # the title
    below |= {"xref": "container", "yref": "container"}
    figure.update_layout(title={"y": 1 - 22 / high}, legend=below)
    for place, title in enumerate(figure.layout.annotations[:2]):  # the panels' titles
        title.update(x=0.55 * place, xanchor="left", align="left", font_size=13)
    return _one_below_the_other(figure, line, many=len(names) > 6)


def _one_below_the_other(figure, line, many):
    """Note how the two panels stand on a phone; names of `many` settings stand upright."""
    gap = 0.3 if many else 0.18
    return narrow(
        figure,
        height=880,
        margin__t=110 + 2 * line,
        xaxis__domain=[0, 1],
        xaxis2__domain=[0, 1],
        yaxis__domain=[0.5 + gap / 2, 1],
        yaxis2__domain=[0, 0.5 - gap / 2],
        annotations_1__x=0,
        annotations_1__y=0.5 - gap / 2,
        legend__y=1 - (4 + 2 * line) / 880,
    )


def _add_ours(figure, finals, means):
    """Draw our runs by both rulers, a panel each: a dot per seed, a bar per mean."""
    for column, reading in ((1, "validation"), (2, "val_missing")):
        place = {"row": 1, "col": column, "mode": "markers", "showlegend": column == 1}
        figure.add_scatter(
            x=finals["setting"],
            y=finals[reading],
            name="ours, each seed",
            marker={"color": COLOURS[0], "size": 9, "opacity": 0.55},
            customdata=finals["seed"],
            hovertemplate="%{x}, seed %{customdata}: %{y:.3r}<extra></extra>",
            legendgroup="seeds",
            **place,
        )
        figure.add_scatter(
            x=means.index,
            y=means[reading],
            name=MEAN,
            marker={"color": COLOURS[0], "symbol": "line-ew-open", "size": 26, "line_width": 3},
            hovertemplate="%{x}, mean: %{y:.3r}<extra></extra>",
            legendgroup="mean",
            **place,
        )


def _add_guess(figure, results, guess):
    """Draw a guess as a star at its error, and say how it came out; returns that error."""
    first, second = results.stage.guess
    factor = answers(results.stage)[one_of("guess", guess, answers(results.stage))]
    error = factor * results.finals.set_index("setting").loc[second, "val_missing"].mean()
    marker = {"color": COLOURS[3], "symbol": "star", "size": 16}
    marker |= {"line": {"color": "#333333", "width": 1}}
    hover = f"{first}, as guessed: {plain(error)}<extra></extra>"
    place = {"name": "your guess", "mode": "markers", "row": 1, "col": 2}
    figure.add_scatter(x=[first], y=[error], marker=marker, hovertemplate=hover, **place)
    subtitle = (
        f"'{first}' beside '{second}': guessed {plain(factor, 2)} × its error, "
        f"came out {plain(outcome(results))} ×"
    )
    figure.update_layout(title_subtitle={"text": subtitle, "font_size": 13})
    return error
