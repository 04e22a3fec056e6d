"""One verb for all pictures: `plot(thing)` returns the Figure that shows what the thing is."""

import importlib
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import one_of

# by the name of the thing's class, so that no library is loaded for pictures that nobody asked for
BY_CLASS = {
    "Results": {
        "setting": "stage.plot_stage",
        "epoch": "curves.plot_curves",
        "seed": "curves.plot_seeds",
    },
    "Search": {"trial": "search.plot_search"},
    "Grid": {"setting": "search.plot_grid"},
    "Fairness": {"epoch": "search.plot_fairness"},
    "SecondOpinion": {"setting": "opinion.plot_opinion"},
    "Sizes": {"setting": "opinion.plot_sizes"},
    "Repaired": {"row": "repaired.plot_holes"},
    "one repair of a Repaired": {"row": "repaired.plot_repaired"},
    "Gapped": {"step": "one_run.plot_repair"},
    "curve": {"epoch": "one_run.plot_losses"},
    "hidden_mask": {"step": "one_run.plot_gaps"},
}


def plot(thing: Any, *details: Any, by: str | None = None, **options: Any) -> Any:
    """Return the plotly Figure of a thing, as a notebook shows it. Empty data gives an empty one.

    Parameters
    ----------
    thing : what to draw
        Results of a stage (`by="setting"`, the default: each setting beside the log's figures;
        `by="epoch"`: the curves; `by="seed"`: the luck of the seeds); a Search; a Grid
        or its Fairness; a SecondOpinion;
        a Repaired; the curve of a run (`trainer.curve`); windows with gaps (Gapped), with repairs
        of them as `details`; or a hidden_mask, True where hidden, (windows, time, channels).
    details, options
        What the picture of that kind takes: kinds or names of settings and `guess=` for Results,
        references for a curve, (channel, rows) for one repair of a Repaired, `title=` for most.

    Raises
    ------
    ValueError
        For a thing that has no picture, a `by` that it does not know, and unknown settings.

    Examples
    --------
    >>> import gru_lab as lab
    >>> stage = lab.stage("dropout", "tiny")
    >>> trainer = lab.Trainer(stage.config("dropout=0"), stage.series)
    >>> curve = [row for row in trainer] and trainer.curve
    >>> lab.plot(curve, title="Two epochs").layout.title.text
    'Two epochs'
    """
    ways = BY_CLASS[one_of("thing to plot", _kind(thing, details), BY_CLASS)]
    module, _, name = ways[one_of("by", by or next(iter(ways)), ways)].partition(".")
    draw = getattr(importlib.import_module(f"gru_lab.plots.{module}"), name)
    return draw(thing, *details, **options)


def _kind(thing, details):
    """Return the key of BY_CLASS for a thing, or the name of its class."""
    if details and type(thing).__name__ == "Repaired":
        return "one repair of a Repaired"
    if isinstance(thing, pd.DataFrame) and (thing.empty or {"epoch", "val_missing"} <= {*thing}):
        return "curve"
    if isinstance(thing, np.ndarray) and thing.dtype == bool:
        return "hidden_mask"
    return type(thing).__name__
