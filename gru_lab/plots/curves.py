"""The runs of a stage one by one: their curves over the epochs, and the luck of each seed."""

import plotly.graph_objects as go

from gru_lab.evidence.full_size import full_results
from gru_lab.plots.stage import settings_axis
from gru_lab.plots.style import (
    COLOURS,
    FEW,
    GREY,
    add_band,
    add_references,
    epoch_axis,
    log_axis,
    look,
    style,
)
from gru_lab.runs.results import Results
from gru_lab.tuning_log.stages import STAGES


def plot_curves(results: Results, *chosen: str, reading: str = "val_missing") -> go.Figure:
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


def plot_seeds(results: Results, *chosen: str) -> go.Figure:
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
    settings_axis(figure, names)
    figure.update_yaxes(title_text=f"% above the mean of '{stage.adopted}'", ticksuffix=" %")
    return style(figure, f"{stage.called.capitalize()}, seed by seed: error on hidden entries", 440)
