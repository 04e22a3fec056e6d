"""The figures of a stage: the log beside our runs by either ruler, and their curves."""

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gru_lab.config import one_of
from gru_lab.digits import plain
from gru_lab.evidence.full_size import full_results
from gru_lab.evidence.guess import answers, outcome
from gru_lab.plots.style import (
    COLOURS,
    FEW,
    GREY,
    add_band,
    add_references,
    broken,
    epoch_axis,
    log_axis,
    look,
    narrow,
    style,
)
from gru_lab.tuning_log.stages import STAGES

MEAN = "ours, mean"
TITLES = ("recorded ruler:<br>what the log prints", "corrected ruler:<br>error on hidden entries")
OWN_TITLES = (
    "the loss that was trained,<br>dropout on",
    "the figure that compares:<br>error on hidden entries",
)


def _settings_axis(figure, names):
    """Name the settings along the x axes: side by side in short lines, or upright if many."""
    names, many = list(names), len(names) > 6
    width = 26 if many else max(30 // len(names), 9)  # letters that a setting has room for
    figure.update_xaxes(
        categoryorder="array",
        categoryarray=names,
        tickvals=names,
        ticktext=[broken(name.replace("dropout=", "dropout "), width) for name in names],
        tickfont_size=13 if len(names) < 5 else 11,
        tickangle=-90 if many else 0,
        automargin=True,
        range=[-0.5, len(names) - 0.5],
    )
    figure.update_traces(marker_size=min(26, 150 // len(names)), selector={"name": MEAN})


def plot_stage(results, *chosen, guess=None):
    """Return one stage at a glance: by the recorded ruler, beside the log, and by the corrected.

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
    figure = make_subplots(
        cols=2, horizontal_spacing=0.1, subplot_titles=OWN_TITLES if stage.own else TITLES
    )
    _add_ours(figure, finals, means)
    logged = [setting for setting in settings if setting.lines]
    figure.add_scatter(
        x=[setting.name for setting in logged],
        y=[setting.lines[-1].validation for setting in logged],
        mode="markers",
        showlegend=bool(logged),
        name="the log",
        marker={"color": COLOURS[1], "symbol": "diamond", "size": 11},
        hovertemplate="%{x}, the log: %{y:.3r}<extra></extra>",
        col=1,
        row=1,
    )
    drawn = [*finals["val_missing"], *results.references.values()]
    if guess:
        drawn.append(_add_guess(figure, results, guess))
    add_references(figure, results.references, col=2, row=1)
    lines = [setting.lines[-1].validation for setting in logged]
    log_axis(figure, None, [*finals["validation"], *lines], col=1)
    log_axis(figure, None, drawn, col=2)
    _settings_axis(figure, names)
    high, line = 500, 22 if guess else 0  # pixels; of the line that says how the guess came out
    style(figure, stage.title, high, top=126 + line)
    figure.update_layout(title={"y": 1 - 22 / high}, legend=_below_title(high, 44 + line))
    for place, title in enumerate(figure.layout.annotations[:2]):  # the panels' titles
        title.update(x=0.55 * place, xanchor="left", align="left", font_size=13)
    return _one_below_the_other(figure, line)


def _one_below_the_other(figure, line):
    """Note how the two panels stand on a phone."""
    return narrow(
        figure,
        height=880,
        margin__t=110 + 2 * line,
        xaxis__domain=[0, 1],
        xaxis2__domain=[0, 1],
        yaxis__domain=[0.65, 1],
        yaxis2__domain=[0, 0.35],
        annotations_1__x=0,
        annotations_1__y=0.35,
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


def _below_title(high, down):
    """Return the place of a legend `down` pixels from the top of a figure `high` pixels high."""
    container = {"xref": "container", "yref": "container"}
    return container | {"x": 0, "y": 1 - down / high, "yanchor": "top"}


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


def plot_curves(results, *chosen, reading="val_missing"):
    """Return the curves of a stage's settings over the epochs: the mean over the seeds, and their
    range as a band. The runs at the log's own size can be switched on in the legend.

    `chosen` are kinds or names of settings, by default those the log trained. `reading` is a column
    of `results.curves`: 'val_missing' (the corrected ruler) or 'validation' (the recorded one).
    """
    settings = results.stage.choose(*(chosen or ("trained",)))
    references = results.references if reading.startswith("val_missing") else {}
    figure, drawn = go.Figure(), list(references.values())
    for index, setting in enumerate(settings):
        colour, dash, symbol = look(index)
        curves = results.curves[results.curves["setting"] == setting.name]
        spread = curves.groupby("epoch")[reading].agg(["mean", "min", "max"])
        drawn += [*spread["min"], *spread["max"]]
        add_band(figure, spread, colour)
        figure.add_scatter(
            x=spread.index,
            y=spread["mean"],
            name=setting.name,
            mode="lines+markers" if len(spread) <= FEW else "lines",
            marker={"symbol": symbol, "size": 6},
            line={"color": colour, "dash": dash},
            hovertemplate=setting.name + ", epoch %{x}: %{y:.3r}<extra></extra>",
        )
    drawn += _add_full_size(figure, results.stage, settings, reading)
    add_references(figure, references)
    epoch_axis(figure, results.curves["epoch"].max())
    log_axis(
        figure, "validation loss" if reading == "validation" else "error on hidden entries", drawn
    )
    by_loss = "the loss that was trained" if results.stage.own else "as the log reads them"
    titles = {"validation": by_loss, "val_missing": "error on hidden entries"}
    title = f"{results.stage.called.capitalize()}, epoch by epoch: {titles.get(reading, reading)}"
    return style(figure, title, 460)


def _add_full_size(figure, stage, settings, reading):
    """Draw the runs at the log's own size as a second layer, switched on in the legend; returns the
    figures drawn.
    """
    if stage.name not in STAGES or stage.profile.name == "full":
        return []
    full, drawn = full_results(stage.name).curves, []
    for index, setting in enumerate(settings):
        curves = full[full["setting"] == setting.name]
        if len(curves):
            mean = curves.groupby("epoch")[reading].mean()
            colour, _, _ = look(index)
            figure.add_scatter(
                x=mean.index,
                y=mean,
                name="the same at the log's own size",
                mode="lines",
                line={"color": colour, "dash": f"2px,{3 + 2 * index}px", "width": 1.5},
                legendgroup="full size",  # one click shows all of them
                showlegend=not drawn,
                visible="legendonly",
                hovertemplate=setting.name + " at full size, epoch %{x}: %{y:.3r}<extra></extra>",
            )
            drawn += mean.tolist()
    return drawn


def plot_seeds(results, *chosen):
    """Return each seed's error on hidden entries beside the adopted setting's mean, in percent.

    A thin line joins the runs of one seed, which share their luck; bars are the means. `chosen` are
    kinds or names of settings, by default those the log trained for as long as the adopted one.
    """
    stage = results.stage
    usual = stage[stage.adopted].epochs
    settings = stage.choose(*(chosen or ("trained",)))
    names = [row.name for row in settings if chosen or row.epochs == usual]
    errors = results.errors()
    shares = 100 * (errors.loc[names] / errors.loc[stage.adopted].mean() - 1)  # (settings, seeds)
    figure = go.Figure()
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    for number, seed in enumerate(shares):
        figure.add_scatter(
            x=names,
            y=shares[seed],
            name="a line joins one seed's runs",
            mode="lines+markers",
            line={"color": COLOURS[5], "width": 1},
            marker={"color": COLOURS[0], "size": 8, "opacity": 0.6},
            hovertemplate=f"%{{x}}, seed {seed}: %{{y:+.2f}} %<extra></extra>",
            legendgroup="seeds",
            showlegend=number == 0,
        )
    figure.add_scatter(
        x=names,
        y=shares.mean(axis=1),
        name="mean",
        mode="markers",
        marker={"color": COLOURS[1], "symbol": "line-ew-open", "size": 26, "line_width": 3},
        hovertemplate="%{x}, mean: %{y:+.2f} %<extra></extra>",
    )
    _settings_axis(figure, names)
    figure.update_yaxes(title_text=f"% above the mean of '{stage.adopted}'", ticksuffix=" %")
    return style(figure, f"{stage.called.capitalize()}, seed by seed: error on hidden entries", 440)
