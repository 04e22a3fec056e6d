"""Every pair of two settings' values: a heat map of the corrected figure, from stored runs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import RunConfig, in_words
from gru_lab.gaps import references
from gru_lab.runs.compute import Compute
from gru_lab.runs.store import Store
from gru_lab.runs.sweep import train_missing
from gru_lab.tuning_log.question import Question, question
from gru_lab.tuning_log.rulers import LAST


@dataclass(frozen=True, eq=False, repr=False)
class Grid:
    """Pairs of two settings' values; `lab.grid` makes one.

    `errors` (first, second, seeds) are the mean squared errors on hidden validation entries, mean
    of the last three epochs, NaN where a run is not kept. `questions` ask each setting alone.
    """

    questions: tuple[Question, Question]
    values: tuple[list, list]
    errors: np.ndarray
    references: dict[str, float]
    store: Store

    @property
    def knobs(self) -> tuple[str, str]:
        """The names of the two settings."""
        row, column = self.questions
        return row.knob, column.knob

    @property
    def series(self):
        """The series that its runs are trained on."""
        return self.questions[0].series

    def config(self, first: int, second: int, seed: int = 0) -> RunConfig:
        """Return the run of a cell, by the places of its values."""
        pair = zip(self.knobs, (self.values[0][first], self.values[1][second]), strict=True)
        return self.questions[0].start.replace(seed=seed, **dict(pair)).on(self.series)

    @property
    def table(self) -> pd.DataFrame:
        """The mean error of each cell, a row per value of the first setting; NaN: not run."""
        return pd.DataFrame(
            _mean(self.errors),
            index=pd.Index(self.values[0], name=self.knobs[0]),
            columns=pd.Index(self.values[1], name=self.knobs[1]),
        )

    @property
    def best(self) -> RunConfig:
        """The run, with seed 0, of the cell with the lowest mean error.

        Raises ValueError where no cell was run.
        """
        means = _mean(self.errors)
        if np.isnan(means).all():
            raise ValueError("no cell of this grid was run yet; lab.grid(..., train=True) does it")
        row, column = np.unravel_index(np.nanargmin(means), means.shape)
        return self.config(int(row), int(column))

    def __repr__(self):
        means = _mean(self.errors)
        run = int(np.isfinite(means).sum())
        text = f"Grid of {' and '.join(self.knobs)}: {run} of {means.size} cells were run"
        if not run:
            return f"{text}; train=True trains them"
        pair = {name: getattr(self.best, name) for name in self.knobs}
        return f"{text}; lowest error on hidden entries {np.nanmin(means):.3g} ({in_words(pair)})"

    def fairness(self, repeats: int = 5, seed: int = 0):
        """Return the Fairness of hand order, random draws and a search on this grid's runs."""
        from gru_lab.evidence.fairness import fairness

        return fairness(self, repeats, seed)


def _mean(errors):
    """Return the mean over the seeds, (first, second), NaN where there is none."""
    runs = np.isfinite(errors).sum(axis=2)
    sums = np.nansum(errors, axis=2)
    return np.where(runs, sums / np.maximum(runs, 1), np.nan)


def grid(
    *,
    data: object = None,
    split_by: str | None = None,
    seeds: int = 3,
    rows: int | None = None,
    holes: str = "refuse",
    train: bool = False,
    store: Any = None,
    workers: int | None = None,
    device: str = "auto",
    scheduler: object = None,
    **settings,
) -> Grid:
    """Return every pair of two settings' values with the errors of the runs that are kept.

    Two of the `settings` are lists of values; all else is as in `lab.question`. Cells that were not
    run stay blank; `train` trains them first, with so many `seeds`, as `lab.sweep` does.
    `lab.plot(grid)` is a heat map, `lab.panel(grid)` one whose cells are pinned by a click. Raises
    ValueError as `lab.question` does, and unless two settings have several values.

    >>> import gru_lab as lab
    >>> lab.grid(dropout=[0, 0.2], hidden_size=[2, 4], epochs=1, rows=700).table.shape
    (2, 2)
    """
    several = [name for name, value in settings.items() if isinstance(value, list | tuple)]
    if len(several) != 2:
        raise ValueError(
            f"two settings must have several values, not {len(several)} ({', '.join(several)}); "
            "lab.question asks about one, lab.search turns all"
        )
    text = f"How do {several[0]} and {several[1]} act together?"
    first, second = ({name: settings[name][0]} for name in several)
    options: dict[str, Any] = dict(split_by=split_by, seeds=seeds, rows=rows, holes=holes)
    down = question(text, data=data, **options, **settings | second)
    across = question(text, data=down.series, seeds=seeds, **settings | first)
    compute = Compute(store, workers, device, scheduler)
    values = (_values(down), _values(across))
    errors = np.full((len(values[0]), len(values[1]), down.profile.seeds), np.nan)
    cells = Grid((down, across), values, errors, references(down.series, down.start), compute.store)
    configs = {place: cells.config(*place) for place in np.ndindex(errors.shape)}
    if train:
        names = {config.key: f"{text} seed {config.seed}" for config in configs.values()}
        train_missing(list(configs.values()), down.series, compute, names)
    curves = compute.store.curves(list(configs.values()))
    for place, config in configs.items():
        if config.key in curves:
            errors[place] = curves[config.key]["val_missing"].tail(LAST).mean()
    return cells


def _values(asked):
    """Return the values of a question's knob, in its order."""
    return [getattr(asked.config(row), asked.knob) for row in asked.settings]
