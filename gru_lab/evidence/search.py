"""Beyond the log: a search that turns all knobs at once, at the log's number of epochs.

A trial is a RunConfig, trained for the same number of epochs as the setting it starts from and
scored on the validation part. Optuna proposes (its TPE sampler, asked for a round at a time),
`train_missing` trains, the run store remembers: a search asked for again proposes the same trials
and trains nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from tqdm.auto import tqdm

from gru_lab.config import COUNT, RULES, RunConfig
from gru_lab.digits import Table, html_table, plain
from gru_lab.errors import SweepFailed
from gru_lab.evidence.scores import scores
from gru_lab.gaps import references
from gru_lab.runs.background import Background
from gru_lab.runs.compute import Compute
from gru_lab.runs.select import require_unchanged
from gru_lab.series import Series
from gru_lab.tuning_log.stage import Stage

SPACE = {  # what a search may turn, and how far; the width of the network stays the profile's
    "dropout": FloatDistribution(0, 0.5),
    # a third costs half as much again, and gave little in stage 3
    "num_layers": IntDistribution(1, 2),
    "learning_rate": FloatDistribution(3e-4, 2e-2, log=True),
    "mask_input": CategoricalDistribution([False, True]),
    "missing_weight": FloatDistribution(0, 10),
    "bidirectional": CategoricalDistribution([False, True]),
    "residual": CategoricalDistribution([False, True]),
}
ROUND = 6  # trials proposed at a time, to keep all cores busy; the first round is drawn blindly

# or each search begins by saying that it exists
optuna.logging.set_verbosity(optuna.logging.WARNING)


def space() -> Table:
    """Return how far a search may turn each knob, a row per knob."""
    rows = {
        knob: {
            "from": getattr(way, "low", "–"),
            "to": getattr(way, "high", "–"),
            "in factors": "yes" if getattr(way, "log", False) else "no",
            "choices": ", ".join(map(str, getattr(way, "choices", ()))) or "–",
        }
        for knob, way in SPACE.items()
    }
    return Table(pd.DataFrame(rows).T.rename_axis("knob"))


@dataclass(frozen=True)
class Search:
    """What a search found: a row of `trials` and one of `configs` per trial; trial 0 is the start.

    Columns of `trials`: `kind` ('start', 'drawn', or 'back': the best drawn setting with one knob,
    `back`, as in the start), the knobs, `error` (mean squared error on hidden validation entries,
    mean over the last three epochs and the seeds; NaN where training failed), `±` (half its range
    over the seeds, NaN for one) and `seconds` a run. `references` are the errors of forward fill
    and linear interpolation.
    """

    configs: tuple[RunConfig, ...]
    trials: pd.DataFrame
    references: dict[str, float]
    seeds: int

    @property
    def start(self) -> RunConfig:
        """The RunConfig that the search began with."""
        return self.configs[0]

    @property
    def best(self) -> RunConfig:
        """The RunConfig of the trial with the lowest error."""
        return self.configs[self.trials["error"].idxmin()]

    @property
    def knobs(self) -> Table:
        """What each knob that differs from the start does for the best drawn setting.

        `factor` is the error with that one knob turned back over the error without: above 1, the
        knob helps.
        """
        back = self.trials[self.trials["kind"] == "back"].set_index("back").rename_axis("knob")
        drawn = self.trials[self.trials["kind"] != "back"]
        peak = drawn.loc[drawn["error"].idxmin()]
        columns = {"start": self.trials.loc[0, back.index], "best drawn": peak[back.index]}
        columns |= {"turned back": back["error"], "factor": back["error"] / peak["error"]}
        table = pd.DataFrame(columns)
        return Table(table.rename_axis("knob").sort_values("factor", ascending=False))

    def __repr__(self):
        error, straight = self.trials["error"], self.references["linear interpolation"]
        return (
            f"Search of {len(error)} trials ({self.start.epochs} epochs; seeds: {self.seeds}): "
            f"lowest error on hidden entries {error.min():.2g}, trial {error.idxmin()}; the start "
            f"has {error[0]:.2g}, a straight line {straight:.2g}"
        )

    def _repr_html_(self):
        """Show the start and the five best trials as a table in a notebook, a column each."""
        best = self.trials["error"].sort_values(kind="stable").index[:5]
        shown = self.trials.loc[list(dict.fromkeys([0, *best]))]
        table = shown.drop(columns=["back", "±", "seconds"]).T.rename_axis("trial")
        return html_table(
            table.map(lambda value: plain(value) if isinstance(value, float) else value)
        )


def search(
    start: Stage | RunConfig,
    trials: int = 18,
    seeds: int = 1,
    seed: int = 0,
    series: Series | None = None,
    store: Any = None,
    workers: int | None = None,
    device: str = "auto",
    scheduler: object = None,
    background: bool = False,
) -> Any:
    """Look for a setting with a lower validation error than `start`, within SPACE: a Search.

    `start` is a Stage, whose adopted setting and series are taken, or a RunConfig, with its
    `series`. Of `trials` settings the first is the start; each is trained with so many `seeds`, for
    as many epochs as the start. Then each knob of the best one is turned back by itself, so a few
    more trials follow. `seed` is the search's own: the same one proposes the same trials. Where
    `start` is a question of your own, its knob is turned too, over its values. `scheduler` trains
    on a Dask cluster as in `lab.sweep`. In the `background` it returns at once what has the Search
    as its `results` later; its `stop()` ends it after the trials under way. Raises ValueError for a
    wrong setting or series before anything is trained.

    >>> import gru_lab as lab
    >>> found = lab.search(lab.stage("mask_input", "tiny"), trials=2, workers=1)
    >>> found.trials["kind"].tolist()[:2]
    ['start', 'drawn']
    """
    space = _space(start)
    config, series = _start(start, series)
    trials, seeds = COUNT.fix("trials", trials), COUNT.fix("seeds", seeds)
    seed = RULES["seed"].fix("seed", seed)
    compute = Compute(store, workers, device, scheduler)
    if isinstance(start, Stage):
        require_unchanged(start, [run for _, run in start.configs(1)], compute.store)
    simple = references(series, config)  # raises before anything is trained

    def run(stopped=lambda: False):
        return _search(config, series, space, trials, seeds, seed, compute, simple, stopped)

    return Background(run).start() if background else run()


def _space(start):
    """Return SPACE; of a question of one's own widened to its settings, with its own knob."""
    space = dict(SPACE)
    if not isinstance(start, Stage) or not start.own:
        return space
    for knob, domain in space.items():
        if not isinstance(domain, CategoricalDistribution):
            values = start.values if knob == start.knob else [getattr(start.start, knob)]
            low, high = min(domain.low, *values), max(domain.high, *values)
            space[knob] = type(domain)(low, high, log=domain.log)
    if start.knob not in (*space, "epochs", "window", "missing_rate", "pattern"):  # not the ruler
        space[start.knob] = CategoricalDistribution(start.values)
    return space


def _search(start, series, space, trials, seeds, seed, compute, simple, stopped):
    """Propose, train and tell, round by round; returns the Search."""
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=ROUND)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial({knob: getattr(start, knob) for knob in space})
    configs, rows = [], []

    def run(proposed, backs=None):
        names = [f"trial {len(configs) + number}" for number in range(len(proposed))]
        errors, seconds = scores(proposed, names, series, range(seeds), compute, some=not rows)
        backs = backs or ["" for _ in proposed]
        for config, back, error, time in zip(proposed, backs, errors, seconds, strict=True):
            kind = "drawn" if rows else "start"
            row = {"kind": "back" if back else kind, "back": back}
            row |= {knob: getattr(config, knob) for knob in space}
            spread = np.ptp(error) / 2 if seeds > 1 else np.nan
            rows.append(row | {"error": error.mean(), "±": spread, "seconds": time.mean()})
        configs.extend(proposed)
        return errors.mean(axis=1)

    with tqdm(total=trials, unit="trial", desc="search", leave=False) as bar:
        while len(configs) < trials:
            if stopped():
                raise SweepFailed("the search was stopped; its runs are kept, and it resumes there")
            asked = [study.ask(space) for _ in range(min(ROUND, trials - len(configs)))]
            errors = run(
                [_rounded(start, trial.params) if trial.number else start for trial in asked]
            )
            for trial, error in zip(asked, errors, strict=True):
                failed = optuna.trial.TrialState.FAIL if np.isnan(error) else None
                study.tell(trial, None if failed else error, failed)
            bar.update(len(asked))
        best = configs[pd.DataFrame(rows)["error"].idxmin()]
        turned = tuple(knob for knob in space if getattr(best, knob) != getattr(start, knob))
        if turned:
            run([best.replace(**{knob: getattr(start, knob)}) for knob in turned], turned)
    return Search(tuple(configs), pd.DataFrame(rows).rename_axis("trial"), simple, seeds)


def _start(start, series):
    """Return the RunConfig to start from and its series."""
    if isinstance(start, Stage) and series is None:
        return start.config(start.adopted), start.series
    if isinstance(start, RunConfig) and isinstance(series, Series):
        return start.on(series).replace(seed=0), series
    raise ValueError(
        f"start must be a stage, or a RunConfig with its series=, not {start!r} with "
        f"series={series!r}"
    )


def _rounded(start, params):
    """Return `start` with the proposed knobs, to two digits, which a person can read."""
    digits = {knob: f"{value:.2g}" for knob, value in params.items() if isinstance(value, float)}
    return start.replace(**params | {knob: float(text) for knob, text in digits.items()})
