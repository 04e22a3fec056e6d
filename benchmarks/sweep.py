"""What a sweep costs beyond its training, and how fast a large store is read: each figure beside
its target.

python benchmarks/sweep.py              # everything, about three minutes on a calm machine
python benchmarks/sweep.py overhead     # one: overhead, store or gpu

The ideal of a sweep is the time that its runs spent in their epochs, each in one thread, over the
number of cores. Both are of the same sweep, so that they meet the same machine.
"""

import os
import sys
import tempfile
import time

import numpy as np
import sqlalchemy as sa
import torch
from rows import figure, main

RUNS, CORES, EPOCHS = 40, 2, 25
STORED, LENGTH = 10_000, 50
AT_A_TIME = 4


def overhead():
    """40 runs of the lesson profile on two cores, from the call to its return, processes started
    and ended included.
    """
    import gru_lab as lab
    from gru_lab.runs.select import runs

    stage = lab.stage("dropout", "lesson")
    config = stage.config("dropout=0.5").replace(epochs=EPOCHS)
    with tempfile.TemporaryDirectory() as folder:
        store = lab.Store(f"sqlite:///{folder}/runs.sqlite")
        began = time.perf_counter()
        lab.sweep([config], RUNS, store, CORES, series=stage.series)
        wall = time.perf_counter() - began
        ideal = runs(store)["seconds"].sum() / CORES
    figure(f"{RUNS} runs on {CORES} cores, all of it", wall, "", " s")
    figure("against the ideal", wall / ideal, "<= 1.08", " x")


def fill(store, stage):
    """Put 10,000 runs of 50 epochs into a store, the stage's own with five seeds among them."""
    from gru_lab.loss import FIGURES
    from gru_lab.runs.one_run import origin
    from gru_lab.runs.schema import curves, runs

    own = {config.key: config for _, config in stage.configs(5)}
    other = stage.config("dropout=0.2").replace(epochs=LENGTH)
    configs = [
        *own.values(),
        *(other.replace(seed=seed) for seed in range(1000, 1000 + STORED - len(own))),
    ]
    values = np.random.default_rng(0).random((max(one.epochs for one in configs), len(FIGURES)))
    with store.engine.begin() as connection:
        rows = [{**vars(one), "key": one.key, "seconds": 1.0, **origin("cpu")} for one in configs]
        connection.execute(sa.insert(runs), rows)
        for one in configs:
            epochs = [dict(zip(FIGURES, row, strict=True)) for row in values[: one.epochs].tolist()]
            more = [
                {"key": one.key, "epoch": epoch, "seconds": 0.1}
                for epoch in range(1, one.epochs + 1)
            ]
            connection.execute(
                sa.insert(curves), [first | last for first, last in zip(epochs, more, strict=True)]
            )


def best(function, *arguments, **more):
    """Return the seconds of the best of five calls."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        function(*arguments, **more)
        times.append(time.perf_counter() - began)
    return min(times)


def store():
    """A store of 10,000 runs of 50 epochs: listed, filtered, printed, a stage's curves read."""
    import gru_lab as lab
    from gru_lab.cli import main
    from gru_lab.runs.results import Results
    from gru_lab.runs.select import runs

    stage = lab.stage("dropout", "lesson")
    with tempfile.TemporaryDirectory() as folder:
        kept = lab.Store(f"sqlite:///{folder}/runs.sqlite")
        fill(kept, stage)
        figure(f"{STORED:,} runs listed", best(runs, kept), "< 1", " s")
        figure("the same by stage", best(runs, kept, stage="dropout"), "< 1", " s")
        printing, sys.stdout = sys.stdout, open(os.devnull, "w")
        seconds = best(main, ["runs", "--store", kept.url])
        sys.stdout = printing
        figure("the same printed by gru-lab runs, imports apart", seconds, "< 1", " s")
        configs = [config for _, config in stage.configs(5)]
        figure("one stage's curves, five seeds", best(kept.curves, configs), "< 0.2", " s")
        figure(
            "the same as Results, simple ways computed",
            best(Results.collect, stage, 5, kept),
            "",
            " s",
        )


def gpu():
    """What a sweep takes of a GPU's memory, one run at a time and four; a process for each would
    take four times it.
    """
    import gru_lab as lab

    if not torch.cuda.is_available():
        print("| torch sees no GPU here | | |")
        return
    stage, most = lab.stage("dropout", "lesson"), {}
    for workers in (1, AT_A_TIME):
        with tempfile.TemporaryDirectory() as folder:
            before = least = torch.cuda.mem_get_info()[0]
            going = lab.sweep(
                stage,
                1,
                lab.Store(f"sqlite:///{folder}/runs.sqlite"),
                workers,
                "cuda",
                background=True,
            )
            while not going.done:
                least = min(least, torch.cuda.mem_get_info()[0])
                time.sleep(0.1)
            assert going.results
            most[workers] = (before - least) / 2**20
        figure(f"memory of the GPU, runs at a time: {workers}", most[workers], "", " MiB")
    figure("so many against one", most[AT_A_TIME] / most[1], "<= 2", " x")


if __name__ == "__main__":
    main(overhead, store, gpu)
