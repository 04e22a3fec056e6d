"""Many runs on their way into the store: what it lacks, each once, trained here or on a cluster.

Only this process writes the store, a run at a time as they finish, so whatever is interrupted keeps
what it has.
"""

import contextlib
import os
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pandas as pd

from gru_lab.config import COUNT, RunConfig
from gru_lab.device import pick_device
from gru_lab.errors import Diverged, SweepFailed
from gru_lab.runs.exchange import note_used
from gru_lab.runs.one_run import forget, readable, train_one
from gru_lab.runs.progress import Progress
from gru_lab.runs.results import Results
from gru_lab.runs.select import bind, curves_of, names_of
from gru_lab.runs.store import Store
from gru_lab.tuning_log.rulers import LAST
from gru_lab.tuning_log.stage import Stage

ON_ONE_GPU = 4  # runs at a time, by default: they share one Python
SMALL = 50_000  # rows x epochs below which a run takes less time than starting processes for it


def not_stored(configs, store):
    """Return the runs the store lacks, each key once at its longest, the costliest first."""
    longest = {}
    for config in configs:
        if config.epochs > getattr(longest.get(config.key), "epochs", 0):
            longest[config.key] = config
    kept = store.lengths(longest)
    lacking = [config for key, config in longest.items() if kept.get(key, 0) < config.epochs]
    return sorted(
        lacking, key=lambda config: -config.epochs * config.num_layers * config.train_share
    )


def shape(workers, device):
    """Return (processes, threads of each) for so many runs at a time; by default one a core, or
    four on a GPU.

    On CPU each run has a process of one thread. On a GPU all share one process: each that uses a
    GPU takes hundreds of megabytes of it before any run does.
    """
    on_gpu = pick_device(device).type == "cuda"
    best = ON_ONE_GPU if on_gpu else os.cpu_count() or 1
    workers = COUNT.fix("workers", best if workers is None else workers)
    return (1, workers) if on_gpu else (workers, 1)


class Sweep:
    """Runs on their way into the store, in the background: what `lab.sweep(..., background=True)`
    returns.

    `progress` says how far it is, `failures` are (config, reason), `error` is what ended all of it.
    It lives as long as this process does.
    """

    def __init__(
        self,
        configs,
        series,
        store,
        workers=None,
        device="auto",
        names=None,
        scheduler=None,
        collect=None,
    ):
        if scheduler is not None and workers is not None:
            raise ValueError("workers must be left out with a scheduler, which has its own")
        # wrong workers or a wrong device are one error here, not one a run; a scheduler's workers
        # are asked later
        self._shape = shape(workers, device) if scheduler is None else None
        note_used(configs)
        self.configs, self.series, self.store, self.device, self.scheduler = (
            configs,
            series,
            store,
            device,
            scheduler,
        )
        self.todo, self.names, self._collect = not_stored(configs, store), names or {}, collect
        self.progress = Progress(self.todo, self.name)
        self.failures, self.trained, self.stopped, self.error = [], 0, False, None
        self._jobs = self._thread = None

    def __repr__(self):
        state = "running" if not self.done else "stopped" if self.stopped else "done"
        return f"Sweep, {state}: {self.trained} of {len(self.todo)} runs trained, {len(self.failures)} failed"

    def name(self, config):
        """Return what a run is called."""
        return self.names.get(config.key, config.key)

    def start(self):
        """Train in a thread, on worker processes; returns itself at once."""
        self.progress.know(self.configs, self.store)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """End it, from any thread: runs under way stop after their epoch and keep their
        checkpoints.
        """
        self.stopped = True
        if self._jobs:
            self._jobs.cancel()

    @property
    def done(self):
        """Whether it has come to its end, may it be stopped or failed."""
        return self._thread is not None and not self._thread.is_alive()

    def wait(self):
        """Wait until it is done, however it ends."""
        self._thread.join()

    @property
    def results(self):
        """What `lab.sweep` returns, once it is done: waits for it, and raises what went wrong."""
        self.wait()
        if self.error:
            raise self.error
        if not_stored(self.configs, self.store):
            raise SweepFailed(
                "the sweep was stopped; finished runs are kept, and the same sweep goes on from there"
            )
        return self._collect()

    def _work(self):
        try:
            self.run(show=False)
        except Exception as error:  # of whatever kind: the caller has long gone on, `results` tells
            self.error = error

    def run(self, show=True):
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
            told = [
                f"{self.name(config)}: {reason}\n  {config!r}" for config, reason in self.failures
            ]
            head = f"{len(self.failures)} of {len(self.todo)} runs failed; the others are kept."
            raise SweepFailed("\n".join([head, *told]))
        return len(self.todo)

    def _keep(self, config, outcome):
        if isinstance(outcome, CancelledError):
            raise SweepFailed(
                "the scheduler is gone; finished runs are kept, and the same sweep goes on from there"
            )
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
        if self._shape == (1, 1) and not self._thread:
            yield from self._train_here()
            return
        from gru_lab.runs.cluster import Jobs, local_client, remote_client

        if self.scheduler is None:
            opened = local_client(*(min(one, len(self.todo)) for one in self._shape))
        else:
            opened = remote_client(self.scheduler)
        with opened as client:
            self._jobs = Jobs(
                client,
                self.todo,
                self.series,
                self.device,
                self.store.checkpoints,
                self.progress.add,
            )
            if self.stopped:
                self._jobs.cancel()
            yield from self._jobs

    def _train_here(self):
        for config in self.todo:

            def tell(rows, key=config.key):
                self.progress.add(key, [(row["epoch"], row["val_missing"]) for row in rows])

            checkpoint = self.store.checkpoints / f"{config.key}.safetensors"
            try:
                yield config, train_one(config, self.series, self.device, checkpoint, tell)
            except Diverged as error:
                yield config, error


def train_missing(configs, series, store, workers=None, device="auto", names=None):
    """Train here what the store lacks of `configs` on `series`, with a progress bar; returns how
    many runs that was.

    `names` maps a run's key to what the bar calls it. Raises SweepFailed after the rest is done if
    runs failed.
    """
    return Sweep(configs, series, store, workers, device, names).run()


def run_names(stage, seeds=None):
    """Return what a progress bar calls each run of a stage, by key."""
    return {
        config.key: f"stage {stage.number}, {setting.name}, seed {config.seed}"
        for setting, config in stage.configs(seeds)
    }


def sweep(
    stage,
    seeds=None,
    store=None,
    workers=None,
    device="auto",
    scheduler=None,
    series=None,
    background=False,
):
    """Train every setting of a stage, or RunConfigs on their `series`, as far as the store lacks
    them.

    Returns the Results of a stage, or the curves of the configurations as one tidy DataFrame; in
    the `background` at once a Sweep, which has them later. `seeds` is how many seeds each gets: by
    default the profile's, or the configurations as they are.

    Here runs train in `workers` processes of one thread, by default one a core, closed to
    other users; runs on a GPU share one process. `scheduler` is the address of a Dask scheduler,
    or a distributed.Client, to train on its workers instead. Their gru_lab, torch and data must be
    those of this process. An interrupted run goes on from its checkpoint where its worker sees the
    folder beside the store, or comes back to the same home folder.

    Raises ValueError for wrong settings or unlike workers before anything is trained, SweepFailed
    after the rest is done if runs failed, StoreFailed if the store cannot be written.
    """
    store = Store.of(store)
    if isinstance(stage, Stage):
        if series is not None:
            raise ValueError(
                "series must be left out with a stage, which has its own: stage.bind gives it another"
            )
        series, configs, names = (
            stage.series,
            [config for _, config in stage.configs(seeds)],
            run_names(stage, seeds),
        )
    else:
        configs = bind([stage] if isinstance(stage, RunConfig) else stage, series, seeds)
        names = names_of(configs)

    def collect():
        return (
            Results.collect(stage, seeds, store)
            if isinstance(stage, Stage)
            else curves_of(configs, store)
        )

    one = Sweep(configs, series, store, workers, device, names, scheduler, collect)
    if background:
        return one.start()
    one.run()
    return collect()


def scores(configs, names, series, seeds, store, workers=None, device="auto", some=True):
    """Train each of `configs`, so named, with each of `seeds`, as far as the store lacks it.

    Returns (errors, seconds), both (configs, seeds): the error on hidden validation entries, mean
    of the last three epochs, NaN where a run failed; and how long the run took. Where `some` have
    to succeed and none does, raises SweepFailed.
    """
    runs = [[config.on(series).replace(seed=seed) for seed in seeds] for config in configs]
    every = [run for row in runs for run in row]
    labels = {
        run.key: f"{name}, seed {run.seed}"
        for name, row in zip(names, runs, strict=True)
        for run in row
    }
    if workers is None and len(series) * configs[0].epochs <= SMALL:
        workers = 1
    try:
        train_missing(every, series, store, workers, device, labels)
    except (
        SweepFailed
    ):  # a setting that cannot be trained is a bad setting, not the end of a search
        if some and not store.curves(every):
            raise
    curves = store.curves(every)
    nothing = pd.DataFrame({"val_missing": [np.nan], "seconds": [np.nan]})
    of = [[curves.get(run.key, nothing) for run in row] for row in runs]
    errors = [[curve["val_missing"].tail(LAST).mean() for curve in row] for row in of]
    seconds = [[curve["seconds"].sum(min_count=1) for curve in row] for row in of]
    return np.array(errors), np.array(seconds)
