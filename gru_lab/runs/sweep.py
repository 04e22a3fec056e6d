"""Many runs on their way into the store: what it lacks, each once, trained here or on a cluster.

Only this process writes the store, a run at a time as they finish, so whatever is interrupted keeps
what it has.
"""

import contextlib
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, Self

from gru_lab.config import RunConfig
from gru_lab.errors import Diverged, SchedulerGone, SweepFailed
from gru_lab.runs.background import Background
from gru_lab.runs.compute import Compute
from gru_lab.runs.one_run import forget, readable, train_one
from gru_lab.runs.progress import Progress
from gru_lab.runs.recording import note_used
from gru_lab.runs.results import Results
from gru_lab.runs.select import bind, curves_of, names_of, require_unchanged
from gru_lab.runs.store import Store
from gru_lab.series import Series
from gru_lab.tuning_log.stage import Stage

SMALL = 20_000_000  # `cost` x rows, of all runs: a few seconds, as long as starting processes takes


def cost(config: RunConfig) -> float:
    """Return about what a run costs for each row of its series, as a number to compare."""
    return config.epochs * config.num_layers * config.hidden_size * config.train_share


def not_stored(configs: list[RunConfig], store: Store) -> list[RunConfig]:
    """Return the runs the store lacks, each key once at its longest, the costliest first."""
    longest = {}
    for config in configs:
        if config.epochs > getattr(longest.get(config.key), "epochs", 0):
            longest[config.key] = config
    kept = store.lengths(longest)
    lacking = [config for key, config in longest.items() if kept.get(key, 0) < config.epochs]
    return sorted(lacking, key=cost, reverse=True)


class Sweep(Background):
    """Runs on their way into the store: what `lab.sweep(..., background=True)` returns.

    `progress` says how far it is, `failures` are (config, reason), `error` is what ended all of it.
    """

    def __init__(
        self,
        configs: list[RunConfig],
        series: Series,
        compute: Compute,
        names: dict[str, str] | None = None,
        collect: Callable | None = None,
    ) -> None:
        super().__init__(lambda _: self.run(show=False))
        note_used(configs)
        self.configs, self.series, self.compute = configs, series, compute
        self.store = compute.store
        self.todo, self.names, self._collect = not_stored(configs, self.store), names or {}, collect
        if self.todo:
            self.store.require_writable()
        self.progress = Progress(self.todo, self.name)
        self.failures, self.trained, self._jobs = [], 0, None

    def __repr__(self):
        ended = "stopped" if self.stopped else "done"
        state = ended if self.done else "running"
        trained = f"{self.trained} of {len(self.todo)} runs trained"
        return f"Sweep, {state}: {trained}, {len(self.failures)} failed"

    def name(self, config: RunConfig) -> str:
        """Return what a run is called."""
        return self.names.get(config.key, config.key)

    def start(self) -> Self:
        """Train in a thread, on worker processes; returns itself at once."""
        self.progress.know(self.configs, self.store)
        return super().start()

    def stop(self) -> None:
        """End it, from any thread: runs under way stop after their epoch, checkpoints stay."""
        super().stop()
        if self._jobs and not self.done:
            self._jobs.cancel()

    @property
    def results(self) -> Any:
        """What `lab.sweep` returns, once it is done; SweepFailed where it was stopped too early."""
        _ = super().results
        if not_stored(self.configs, self.store):
            raise SweepFailed("the sweep was stopped; finished runs are kept, and it resumes there")
        return self._collect()

    def run(self, show: bool = True) -> int:
        """Train, with a progress bar, and return how many runs there were to train.

        Raises SweepFailed after the rest is done if runs failed, StoreFailed at once if the store
        cannot be written.
        """
        if not self.todo:
            return 0
        with self.progress.shown(show), contextlib.closing(self._outcomes()) as outcomes:
            for config, outcome in outcomes:
                if self.stopped and isinstance(outcome, CancelledError):
                    break
                self._keep(config, outcome)
        if self.failures:
            lines = [f"{len(self.failures)} of {len(self.todo)} runs failed; the others are kept."]
            for config, reason in self.failures:
                lines.append(f"{self.name(config)}: {reason}\n  {config!r}")
            raise SweepFailed("\n".join(lines))
        return len(self.todo)

    def _keep(self, config, outcome):
        if isinstance(outcome, CancelledError):
            raise SchedulerGone
        if isinstance(outcome, Exception):
            self.failures.append((config, readable(outcome)))
        else:
            self.store.put(config, outcome.curve, sample=outcome.sample, trained=outcome.origin)
            self.trained += 1
            if outcome.checkpoint and Path(outcome.checkpoint).parent == self.store.checkpoints:
                forget(outcome.checkpoint)
        self.progress.end_run()

    def _outcomes(self):
        """Yield (config, Trained or what went wrong) as the runs end."""
        compute, checkpoints = self.compute, self.store.checkpoints
        small = sum(map(cost, self.todo)) * len(self.series) <= SMALL
        small = small and compute.workers is None and compute.scheduler is None
        if (compute.here or small) and not self._thread:
            yield from self._train_here()
            return
        from gru_lab.runs.cluster import Jobs, local_client, remote_client

        if compute.scheduler is None:
            opened = local_client(*(min(count, len(self.todo)) for count in compute.shape))
        else:
            opened = remote_client(compute.scheduler)
        with opened as client:
            self._jobs = Jobs(
                client, self.todo, self.series, compute.device, checkpoints, self.progress.add
            )
            if self.stopped:
                self._jobs.cancel()
            yield from self._jobs

    def _train_here(self):
        device, folder = self.compute.device, self.store.checkpoints
        for config in self.todo:
            try:
                yield config, train_one(config, self.series, device, folder, self.progress.add)
            except Diverged as error:
                yield config, error


def train_missing(
    configs: list[RunConfig], series: Series, compute: Compute, names: dict[str, str] | None = None
) -> int:
    """Train what the store lacks of `configs` on `series`, with a bar; returns how many that was.

    `names` maps a run's key to what the bar calls it. Raises SweepFailed after the rest is done if
    runs failed.
    """
    return Sweep(configs, series, compute, names).run()


def run_names(stage: Stage, seeds: int | None = None) -> dict[str, str]:
    """Return what a progress bar calls each run of a stage, by key."""
    return {
        config.key: f"{stage.called}, {setting.name}, seed {config.seed}"
        for setting, config in stage.configs(seeds)
    }


def sweep(
    stage: Stage | RunConfig | list[RunConfig],
    seeds: int | None = None,
    store: Any = None,
    workers: int | None = None,
    device: str = "auto",
    scheduler: object = None,
    series: Series | None = None,
    background: bool = False,
) -> Any:
    """Train the settings of a stage, or RunConfigs on their `series`, that the store lacks.

    Returns the Results of a stage, or the curves of the configurations as one tidy DataFrame; in
    the `background` at once a Sweep, which has them later. `seeds` is how many seeds each gets: by
    default the profile's, or the configurations as they are.

    Here runs train in `workers` processes of one thread, closed to other users: by default one a
    core, or this process where all are done in seconds. Runs on a GPU share one process.
    `scheduler` is the address of a Dask scheduler, or a distributed.Client, to train on its workers
    instead. Their gru_lab, torch and data must be those of this process. An interrupted run goes on
    from its checkpoint where its worker sees the folder beside the store, or comes back to the same
    home folder.

    Raises ValueError for wrong settings or unlike workers before anything is trained, SweepFailed
    after the rest is done if runs failed, StoreFailed if the store cannot be written.

    >>> import gru_lab as lab
    >>> results = lab.sweep(lab.stage("mask_input", "tiny"), seeds=1, workers=1)
    >>> sorted(results.finals["setting"])[:2]
    ['included', 'included, 4 times as long (control)']
    """
    compute = Compute(store, workers, device, scheduler)
    if isinstance(stage, Stage):
        if series is not None:
            raise ValueError("series must be left out with a stage: stage.bind gives it another")
        series, names = stage.series, run_names(stage, seeds)
        configs = [config for _, config in stage.configs(seeds)]
        require_unchanged(stage, configs, compute.store)

        def collect():
            return Results.collect(stage, seeds, compute.store)

    else:
        configs = bind(stage, series, seeds)
        names = names_of(configs)

        def collect():
            return curves_of(configs, compute.store)

    job = Sweep(configs, series, compute, names, collect)
    if background:
        return job.start()
    job.run()
    return collect()
