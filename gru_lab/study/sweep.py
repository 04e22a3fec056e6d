"""Train many runs: what the store lacks, each once, on as many single-threaded processes as there are cores.

Dask carries the runs to the processes and brings back each epoch as it is done. Only this process writes the
store, a run at a time as they finish, so an interrupted sweep keeps what it has.
"""

import contextlib
import logging
import os
import tempfile
import uuid

from tqdm.auto import tqdm

from gru_lab.config import COUNT
from gru_lab.study.results import Results
from gru_lab.study.store import Store
from gru_lab.trainer import Diverged, Trainer, pick_device

KEEP = ("TRIM", "MMAP")  # glibc's limits from which on freed memory goes back to the system


class SweepFailed(RuntimeError):
    """Some runs of a sweep could not be trained; the others are in the store."""


def missing(configs, store):
    """Return the runs the store lacks, each key once at its longest, the costliest first."""
    longest = {}
    for config in configs:
        if config.epochs > getattr(longest.get(config.key), "epochs", 0):
            longest[config.key] = config
    lacking = [config for config in longest.values() if not store.has(config)]
    return sorted(lacking, key=lambda config: -config.epochs * config.num_layers * config.train_share)


def train_one(config, series, device="auto", checkpoint=None, on_epoch=None):
    """Train a run to its end; return its curve, a DataFrame, and the sample of its repair.

    `on_epoch(row)` is called after each epoch.
    """
    trainer = Trainer(config, series, device, checkpoint)
    for row in trainer:
        if on_epoch:
            on_epoch(row)
    return trainer.curve, trainer.sample()


def _in_worker(config, series, device, checkpoint, topic):
    """Train a run in a worker process: each epoch goes out as an event, a diverged run comes back as its message."""
    from distributed import get_worker

    try:
        return train_one(
            config, series, device, checkpoint, lambda row: get_worker().log_event(topic, (config.key, row["epoch"]))
        )
    except Diverged as error:
        return str(error)


@contextlib.contextmanager
def _local_client(workers):
    """Start so many single-threaded worker processes, reachable from this machine only."""
    import dask
    from distributed import Client, LocalCluster

    with (
        # Dask has workers give freed memory back at once; asking for it again at each step costs a third of the speed
        dask.config.set({f"distributed.nanny.pre-spawn-environ.MALLOC_{name}_THRESHOLD_": 2**30 for name in KEEP}),
        tempfile.TemporaryDirectory(prefix="gru_lab_") as folder,
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # any free port: 8787 may be another cluster's
            memory_limit=None,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _train_here(configs, series, device, store, on_epoch):
    for config in configs:
        checkpoint = store.checkpoints / f"{config.key}.safetensors"
        try:
            yield config, train_one(config, series, device, checkpoint, lambda row, c=config: on_epoch(c, row["epoch"]))
        except Diverged as error:
            yield config, str(error)


def _train_on_workers(configs, series, device, store, on_epoch, workers):
    from distributed import as_completed

    topic = f"gru_lab-{uuid.uuid4().hex}"
    by_key = {config.key: config for config in configs}
    with _local_client(workers) as client:
        client.subscribe_topic(topic, lambda event: on_epoch(by_key[event[1][0]], event[1][1]))
        data = client.scatter(series, broadcast=True)
        futures = {}
        for priority, config in enumerate(configs):
            checkpoint = str(store.checkpoints / f"{config.key}.safetensors")
            job = client.submit(
                _in_worker, config, data, device, checkpoint, topic, key=f"{config.key}-{topic}", priority=-priority
            )
            futures[job] = config
        for job in as_completed(list(futures)):
            try:
                yield futures[job], job.result()
            except Exception as error:  # a run that kills its worker, or a fault of ours: the other runs go on
                yield futures[job], f"{type(error).__name__}: {error}"
            job.release()


def train_missing(configs, series, store, workers=None, device="auto", names=None):
    """Train what the store lacks of `configs` on `series`, with a progress bar, and return how many runs that was.

    `names` maps a run's key to what the bar calls it. Raises SweepFailed after the rest is done if runs failed.
    """
    workers = COUNT.fix("workers", os.cpu_count() or 1 if workers is None else workers)
    pick_device(device)  # a wrong device is one error here, not one a run
    todo, names = missing(configs, store), names or {}
    if not todo:
        return 0
    failures = []
    with tqdm(total=sum(config.epochs for config in todo), unit="epoch", leave=False) as bar:
        seen = dict.fromkeys((config.key for config in todo), 0)

        def on_epoch(config, epoch):
            bar.set_description(f"{names.get(config.key, config.key)}, epoch {epoch}/{config.epochs}", refresh=False)
            bar.update(max(0, epoch - seen[config.key]))  # a resumed run starts further on, a rerun one further back
            seen[config.key] = max(epoch, seen[config.key])

        jobs = (todo, series, device, store, on_epoch)
        workers = min(workers, len(todo))
        for config, outcome in _train_here(*jobs) if workers == 1 else _train_on_workers(*jobs, workers):
            if isinstance(outcome, str):
                failures.append(f"{names.get(config.key, config.key)}: {outcome}")
            else:
                curve, sample = outcome
                store.put(config, curve, pick_device(device), sample)
    if failures:
        raise SweepFailed(f"{len(failures)} of {len(todo)} runs failed; the others are kept.\n" + "\n".join(failures))
    return len(todo)


def run_names(stage, seeds=None):
    """Return what a progress bar calls each run of a stage, by key."""
    return {
        config.key: f"stage {stage.number}, {setting.name}, seed {config.seed}"
        for setting, config in stage.configs(seeds)
    }


def sweep(stage, seeds=None, store=None, workers=None, device="auto"):
    """Train every setting of a stage with so many seeds, as far as the store lacks them, and return the Results.

    `seeds` defaults to the profile's, `workers` to one process a core. A stage asked for again trains nothing.
    """
    store = store if isinstance(store, Store) else Store(store)
    configs = [config for _, config in stage.configs(seeds)]
    train_missing(configs, stage.series, store, workers, device, run_names(stage, seeds))
    return Results.collect(stage, seeds, store)
