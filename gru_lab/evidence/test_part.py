"""The last question to a tuned network: its error on the test part, looked at once."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import COUNT, RunConfig
from gru_lab.digits import Table, plain
from gru_lab.evidence.paired import compare
from gru_lab.evidence.scores import scores
from gru_lab.gaps import references
from gru_lab.runs.compute import Compute
from gru_lab.runs.recording import note
from gru_lab.runs.store import config_of
from gru_lab.series import TRAIN_END, VALIDATION_END, Series
from gru_lab.tuning_log.stage import Stage

FIRST_SEED = 100  # of those on the test part: none that a search has seen


def with_test_open(series: Series) -> Series:
    """Return the series with its test rows where `split` finds the validation part.

    A run on it learns exactly what it learns on the series itself, and is scored on the test part
    in the same way.
    """
    order = []
    for part in series.parts:
        rows = part.stop - part.start
        train, validation = round(rows * TRAIN_END), round(rows * VALIDATION_END)
        test = rows - (validation - train)  # the last rows, as many as the validation part has
        order.append(part.start + np.r_[:train, test:rows, train:test])
    values, name = series.values[np.concatenate(order)], f"{series.name}, test part"
    return Series(values, series.channels, name, series.starts)


def _warn_of_other_looks(configs, opened, series, store):
    looks = [row for row in store.runs().to_dict("records") if row["data_digest"] == opened.digest]
    others = {config_of(row).replace(seed=0).key for row in looks}
    others -= {config.on(opened).replace(seed=0).key for config in configs}
    if others:
        warnings.warn(
            f"the test part of {series.name} has been opened before, for {len(others)} other "
            "settings: a choice made after that look needs new test data",
            stacklevel=3,
        )


def test_once(
    configs: Any,
    series: Series | None = None,
    seeds: int = 5,
    store: Any = None,
    workers: int | None = None,
    device: str = "auto",
) -> Table:
    """Score settings on the test part of a series, beside forward fill and linear interpolation.

    Why once: whoever looks at a score and then chooses has used it up, and the best of many is
    partly the luckiest of many. Here neither rows nor seeds (100, 101, …) had a say in any choice,
    as long as nobody comes back to choose again: a look with other settings warns.

    `configs` maps names to RunConfigs, or is a stage or a question: its adopted setting, then the
    others, on its own series. Returns a row per name: `mean` over the seeds of the mean squared
    error on hidden test entries (last three epochs), its `spread` (standard deviation), the
    `difference` to the first name as a share of its error, with the 95 % interval `low` to `high`,
    and `seconds` a run. Raises ValueError where there are no configs or seeds.

    >>> import gru_lab as lab
    >>> stage = lab.stage("mask_input", "tiny")
    >>> table = lab.test_once(stage, seeds=1, workers=1)
    >>> list(table.index)
    ['not included', 'included', 'forward fill', 'linear interpolation']
    """
    configs, series = _named(configs, series)
    compute = Compute(store, workers, device)
    fresh = range(FIRST_SEED, FIRST_SEED + COUNT.fix("seeds", seeds))
    opened, names, configs = with_test_open(series), list(configs), list(configs.values())
    _warn_of_other_looks(configs, opened, series, compute.store)
    errors, seconds = scores(configs, names, opened, fresh, compute)
    table = compare(pd.DataFrame(errors, index=names, columns=fresh), names[0])
    table = table.drop(columns="seeds needed")
    table["seconds"] = seconds.mean(axis=1)
    for way, error in references(opened, configs[0]).items():
        table.loc[way, "mean"] = error
    if len(names) > 1:
        first, second = table["mean"].iloc[:2]
        says = f"the error of '{names[1]}' is {plain(second)}, {plain(second / first)} times"
        note(verdict=f"On the test part {says} that of '{names[0]}'.")
    return Table(table.rename_axis("setting"))


def _named(configs, series):
    """Return the settings to score, {name: RunConfig}, and the series they were tuned on."""
    if isinstance(configs, Stage):
        stage, series = configs, series or configs.series
        names = [row.name for row in stage.choose("trained") if row.name != stage.adopted]
        configs = {name: stage.config(name) for name in (stage.adopted, *names)}
    if not isinstance(series, Series):
        raise ValueError(
            f"series must be the Series that the settings were tuned on, not {series!r}"
        )
    kinds = {type(config) for config in configs.values()} if isinstance(configs, dict) else set()
    if kinds != {RunConfig}:
        raise ValueError(f"configs must map names to RunConfigs, at least one, not {configs!r}")
    return configs, series
