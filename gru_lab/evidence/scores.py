"""The errors of a list of settings, each trained with several seeds."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gru_lab.config import RunConfig
from gru_lab.errors import SchedulerGone, SweepFailed
from gru_lab.runs.compute import Compute
from gru_lab.runs.sweep import train_missing
from gru_lab.series import Series
from gru_lab.tuning_log.rulers import LAST


def scores(
    configs: list[RunConfig],
    names: list[str],
    series: Series,
    seeds: Iterable[int],
    compute: Compute,
    some: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Train each of `configs`, so named, with each of `seeds`, as far as the store lacks it.

    Returns (errors, seconds), both (configs, seeds): the error on hidden validation entries, mean
    of the last three epochs, NaN where a run failed; and how long the run took. Where `some` have
    to succeed and none does, raises SweepFailed; SchedulerGone where they were not even tried.
    """
    runs = [[config.on(series).replace(seed=seed) for seed in seeds] for config in configs]
    flat = [run for row in runs for run in row]
    labels = {
        run.key: f"{name}, seed {run.seed}"
        for name, row in zip(names, runs, strict=True)
        for run in row
    }
    try:
        train_missing(flat, series, compute, labels)
    except SchedulerGone:
        raise
    except SweepFailed:  # a setting that cannot be trained is a bad one, not the end of a search
        if some and not compute.store.curves(flat):
            raise
    curves = compute.store.curves(flat)
    nothing = pd.DataFrame({"val_missing": [np.nan], "seconds": [np.nan]})
    kept = [[curves.get(run.key, nothing) for run in row] for row in runs]
    errors = [[curve["val_missing"].tail(LAST).mean() for curve in row] for row in kept]
    seconds = [[curve["seconds"].sum(min_count=1) for curve in row] for row in kept]
    return np.array(errors), np.array(seconds)
