"""Every pair of two settings' values: a heat map of the corrected figure, from stored runs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import RunConfig, in_words
from gru_lab.runs.compute import Compute
from gru_lab.runs.select import require_unchanged
from gru_lab.runs.store import Store
from gru_lab.runs.sweep import train_missing
from gru_lab.tuning_log.knob import several_of
from gru_lab.tuning_log.question import Question, question
from gru_lab.tuning_log.rulers import LAST


@dataclass(frozen=True, eq=False, repr=False)
class Grid:
    """Pairs of two settings' values; `lab.grid` makes one.

    `errors` (first, second, seeds) are the mean squared errors on hidden validation entries, mean
    of the last three epochs, NaN where a run is not kept. `question` asks about the first of the
    two settings alone; `values` are those of both, {name: values}.
    """

    question: Question
    values: dict[str, list]
    errors: np.ndarray
    store: Store

    @property
    def knobs(self) -> tuple[str, ...]:
        """The names of the two settings."""
        return tuple(self.values)

    def config(self, first: int, second: int, seed: int = 0) -> RunConfig:
        """Return the run of a cell, by the places of its values."""
        places = zip(self.values.items(), (first, second), strict=True)
        pair = {name: values[place] for (name, values), place in places}
        return self.question.start.replace(seed=seed, **pair).on(self.question.series)

    @property
    def table(self) -> pd.DataFrame:
        """The mean error of each cell, a row per value of the first setting; NaN: not run."""
        rows, columns = (pd.Index(values, name=name) for name, values in self.values.items())
        return pd.DataFrame(_mean(self.errors), rows, columns)

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

    def fairness(self, repeats: int = 5, seed: int = 0) -> Any:
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
    **settings: Any,
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
    several = several_of(settings)
    if len(several) != 2:
        raise ValueError(
            f"two settings must have several values, not {len(several)} ({', '.join(several)}); "
            "lab.question asks about one, lab.search turns all"
        )
    text = f"How do {' and '.join(several)} act together?"
    fixed = {name: value for name, value in settings.items() if name not in several}
    first, second = ({name: values} for name, values in several.items())
    options: dict[str, Any] = dict(split_by=split_by, rows=rows, holes=holes)
    down = question(text, data=data, seeds=seeds, **options, **fixed, **first)
    across = question(text, data=down.series, seeds=seeds, **fixed, **second)
    values = {asked.knob: asked.values for asked in (down, across)}
    errors = np.full((len(down.values), len(across.values), down.profile.seeds), np.nan)
    compute = Compute(store, workers, device, scheduler)
    cells = Grid(down, values, errors, compute.store)
    configs = {place: cells.config(*place) for place in np.ndindex(errors.shape)}
    if train:
        require_unchanged(down, list(configs.values()), compute.store)
        names = {config.key: f"{text} seed {config.seed}" for config in configs.values()}
        train_missing(list(configs.values()), down.series, compute, names)
    for place, config in configs.items():
        curve = compute.store.curve(config)  # one by one: of one key, cells may ask for two lengths
        if curve is not None:
            errors[place] = curve["val_missing"].tail(LAST).mean()
    return cells
