"""How fast and how large: each figure beside its target, ratios measured side by side in this one
run.

python benchmarks/training.py            # all of them, about four minutes on a calm machine
python benchmarks/training.py epoch      # one: epoch, pair, gaps, memory, start or headline
"""

import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from rows import figure, main

EPOCH_ROUNDS = (
    40  # an epoch of ours and one of the bare loop in turn, so that both meet the same machine
)
PAIR_ROUNDS, PAIR_EPOCHS = 3, 25
FULL_ROWS, CHANNELS = 420_000, 66


def lesson_run():
    """Return a configuration and a series of the size the lessons use."""
    import gru_lab as lab

    stage = lab.stage("dropout", "lesson")
    return stage.config("dropout=0.5"), stage.series


def bare_loop(config, series):
    """The same run as a plain loop in torch: return two functions, one trains an epoch's steps, one
    validates twice.
    """
    import torch

    from gru_lab.trainer import VALIDATION_BATCH, Trainer

    trainer = Trainer(
        config, series
    )  # for its network and its tensors; nothing of it is called below
    model, optimizer, (x, hidden, truth) = trainer.model, trainer.optimizer, trainer._train
    val_x, val_hidden, val_truth = trainer._val
    w = config.missing_weight

    def steps():
        model.train()
        for windows in torch.randperm(len(x)).tensor_split(trainer.batches):
            squared = torch.square(model(x[windows]) - truth[windows])
            mask = hidden[windows]
            loss = (squared.mean() + w * (squared * mask).sum() / mask.sum()) / (1 + w)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    @torch.no_grad()
    def validate():
        for dropping in (False, True):
            model.train(dropping)
            for begin in range(0, len(val_x), VALIDATION_BATCH):
                part = slice(begin, begin + VALIDATION_BATCH)
                squared = torch.square(model(val_x[part]) - val_truth[part])
                squared.mean().item(), squared[val_hidden[part]].mean().item()

    return steps, validate


def timed(function, *arguments):
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def epoch():
    """One epoch of the trainer against the bare loop: all of it, and the training steps alone."""
    import torch

    from gru_lab.trainer import Trainer

    torch.set_num_threads(1)
    config, series = lesson_run()
    trainer = Trainer(config.replace(epochs=EPOCH_ROUNDS + 1), series)
    rows = iter(trainer)
    steps, validate = bare_loop(config, series)

    def our_steps():
        for batch, windows in enumerate(
            np.array_split(np.random.permutation(len(trainer._train[0])), trainer.batches)
        ):
            trainer.batch = batch
            trainer._step(1, torch.from_numpy(windows))

    next(rows), steps(), validate(), our_steps()  # what torch does only once
    times = {"ours": [], "bare": [], "our steps": [], "bare steps": []}
    for _ in range(EPOCH_ROUNDS):
        times["ours"].append(timed(next, rows))
        bare_steps = timed(steps)
        times["bare"].append(bare_steps + timed(validate))
        times["our steps"].append(timed(our_steps))
        times["bare steps"].append(bare_steps)
    best = {name: np.median(seconds) for name, seconds in times.items()}
    figure("one epoch, against a bare loop", best["ours"] / best["bare"], "<= 1.05", " x")
    figure("its training steps alone", best["our steps"] / best["bare steps"], "<= 1.05", " x")
    figure("one epoch of the lesson profile", 1000 * best["ours"], "", " ms")


def pair():
    """Two runs at a time on two worker processes against two runs one after the other in this
    process.
    """
    from gru_lab.runs.compute import Compute
    from gru_lab.runs.store import Store
    from gru_lab.runs.sweep import train_missing

    config, series = lesson_run()
    configs = [config.replace(seed=seed, epochs=PAIR_EPOCHS) for seed in range(2)]
    speeds = {1: [], 2: []}  # epochs a second
    for _ in range(PAIR_ROUNDS):
        for workers in speeds:
            with tempfile.TemporaryDirectory() as folder:
                store = Store(f"sqlite:///{folder}/runs.sqlite")
                train_missing(configs, series, Compute(store, workers))
                speeds[workers].append(workers * PAIR_EPOCHS / store.runs()["seconds"].mean())
    figure(
        "two runs at a time, epochs a second against one",
        max(speeds[2]) / max(speeds[1]),
        ">= 1.6",
        " x",
    )


def gaps():
    """The built-in series made, and 300,000 rows cut into windows, hidden, and filled both ways, on
    one core.
    """
    from gru_lab.demo import demo_series
    from gru_lab.gaps import linear_interpolation, make_gaps
    from gru_lab.series import Series

    rows = 300_000
    values = np.random.default_rng(0).random((rows, CHANNELS), dtype=np.float32)
    series = Series(values, tuple(map(str, range(CHANNELS))))

    def all_of_it():
        gapped = make_gaps(series.windows(10), 0.2, seed=0)
        linear_interpolation(gapped.truth, gapped.hidden_mask)

    figure(
        "300,000 x 66 cut, hidden and filled both ways",
        min(timed(all_of_it) for _ in range(3)),
        "< 3",
        " s",
    )
    figure("the built-in series of 400,000 rows made", timed(demo_series, 400_000), "seconds", " s")


def in_a_fresh_process(program):
    """Run a Python program by itself and return the last number that it prints."""

    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return float(done.stdout.split()[-1])


PEAK = """
import resource, sys
import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.gaps import prepare
series = demo_series(%d)
%s
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / (2**30 if sys.platform == "darwin" else 2**20))
"""


def memory():
    """Peak memory of the full profile, the interpreter and torch included."""
    prepared = in_a_fresh_process(PEAK % (FULL_ROWS, "prepare(series, lab.RunConfig())"))
    trainer = in_a_fresh_process(
        PEAK % (FULL_ROWS, "next(iter(lab.Trainer(lab.RunConfig(hidden_size=8), series)))")
    )
    figure("peak memory, full profile prepared", prepared, "< 2", " GiB")
    figure("the same with a trainer and its first epoch", trainer, "< 2", " GiB")


TIMED = "import time; began = time.perf_counter(); import gru_lab as lab; {}; "
TIMED += "print(time.perf_counter() - began)"


def start():
    """Time to import the package, and to its first use."""
    for name, use, target in (
        ("import gru_lab", "0", "< 2"),
        ("import gru_lab and its Trainer", "lab.Trainer", ""),
    ):
        figure(name, min(in_a_fresh_process(TIMED.format(use)) for _ in range(3)), target, " s")


def headline():
    """The log's own headline: 126.8 s for 25 epochs of its network, dropout 0.1, on its machine."""
    import torch

    import gru_lab as lab
    from gru_lab.trainer import Trainer

    stage = lab.stage("dropout", "full")
    trainer = Trainer(stage.config("dropout=0.1").replace(epochs=2), stage.series)
    windows, time_steps, channels = trainer.training.truth.shape
    validated = 2 * len(trainer.validation.truth)  # once with dropout, once without
    # a step back costs twice a step forward
    products = (3 * windows + validated) * time_steps * gru_products(trainer.config, channels)
    cores = torch.get_num_threads()
    for threads in sorted({1, cores}):
        torch.set_num_threads(threads)
        trainer._epoch(1)  # what torch does only once
        seconds = min(timed(trainer._epoch, 2) for _ in range(2))
        where = "1 core" if threads == 1 else f"{threads} cores"
        figure(
            f"25 epochs as in the log, {where}", 25 * seconds, "126.8, its author's machine", " s"
        )
        share = products / seconds / matmul_rate()
        figure(f"its matrix products, of the rate of {where}", 100 * share, "", " %")


def gru_products(config, channels):
    """Multiplications of one time step forward: each layer has three gates over input and state."""
    width, inputs = config.hidden_size, channels * (2 if config.mask_input else 1)
    layers = sum(
        3 * width * (size + width) for size in [inputs, *[width] * (config.num_layers - 1)]
    )
    return layers + width * channels


def matmul_rate(repeats=10):
    """Multiplications a second of one large matrix product in 32 bits, the best of `repeats`."""
    import torch

    size = 2048
    left, right = torch.rand(2, size, size)
    torch.mm(left, right)
    return size**3 / min(timed(torch.mm, left, right) for _ in range(repeats))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(epoch, pair, gaps, memory, start, headline)
