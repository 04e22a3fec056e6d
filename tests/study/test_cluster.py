"""Nothing lost, nothing twice: real processes that are killed, stopped, crash, or are not what they should be."""

import os
import signal
import subprocess
import sys

import dask
import psutil
import pytest
from conftest import wait_until

import gru_lab as lab
from gru_lab.study.job import train_one
from gru_lab.study.many import SweepFailed

# what each worker loads first: a checkpoint after every epoch, a note of each epoch and of each arrival of the data,
# a run of seed 0 that waits in its fourth epoch until it may go on, and one of seed 13 that kills its process
PRELOAD = """
import os, signal, time
from pathlib import Path
from gru_lab import trainer
from gru_lab.study import worker

folder = Path({folder!r})
trainer.CHECKPOINT_SECONDS = 0
if "train_epoch" not in globals():  # it may be loaded twice
    train_epoch, setup = trainer.Trainer._epoch, worker.OnWorker.setup

def note(name, text):
    with (folder / name).open("a") as file:
        file.write(f"{{text}} {{os.getpid()}}\\n")

def _epoch(self, epoch):
    if self.config.seed == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if self.config.seed == 0 and epoch == 4:
        note("held", epoch)
        while not (folder / "go").exists():
            time.sleep(0.02)
    row = train_epoch(self, epoch)
    note(self.config.key, epoch)
    return row

def noted_setup(self, worker):
    note("data", "arrived")
    setup(self, worker)

trainer.Trainer._epoch, worker.OnWorker.setup = _epoch, noted_setup
"""


class Notes:
    """What the workers of one test have noted, and a word to the run that waits."""

    def __init__(self, folder):
        self.folder, self.preload = folder, folder / "preload.py"
        self.preload.write_text(PRELOAD.format(folder=str(folder)))

    def read(self, name):
        """Return (text, process) as they were noted."""
        path = self.folder / name
        lines = path.read_text().split("\n") if path.exists() else []
        return [(line.split()[0], int(line.split()[1])) for line in lines if line.endswith(tuple("0123456789"))]

    def epochs(self, config):
        return [(int(epoch), process) for epoch, process in self.read(config.key)]

    def wait_for_held(self):
        """Return the process of the run that waits."""
        return wait_until(lambda: self.read("held"), "the run that waits")[-1][1]

    def go_on(self):
        (self.folder / "go").touch()


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path)


def configs_of(series, seeds, epochs=6):
    config = lab.RunConfig(hidden_size=8, epochs=epochs, batch_size=20).on(series)
    return [config.replace(seed=seed) for seed in seeds]


def plain(curve):
    return curve.drop(columns="seconds").to_dict("list")


def is_gone(process):
    return not psutil.pid_exists(process) or psutil.Process(process).status() == psutil.STATUS_ZOMBIE


def assert_resumed(notes, config, store, series):
    """The run was trained up to its third epoch in one process, from there on in another, and no epoch twice."""
    epochs = notes.epochs(config)
    assert [epoch for epoch, _ in epochs] == [1, 2, 3, 4, 5, 6]
    assert len({process for _, process in epochs[:3]}) == len({process for _, process in epochs[3:]}) == 1
    assert epochs[0][1] != epochs[-1][1]
    assert plain(store.curve(config)) == plain(train_one(config, series).curve)


# here


def test_a_killed_worker_costs_nothing_and_a_run_that_always_crashes_is_reported_while_the_rest_finishes(
    notes, store, series
):
    held, crashing, *others = configs = configs_of(series, [0, 13, 1, 2, 3])
    with dask.config.set({"distributed.worker.preload": [str(notes.preload)]}):
        going = lab.sweep(configs, series=series, store=store, workers=2, background=True)
        os.kill(notes.wait_for_held(), signal.SIGKILL)
        notes.go_on()
        going.wait()
    with pytest.raises(SweepFailed) as failed:
        _ = going.results
    assert_resumed(notes, held, store, series)
    for config in others:
        assert plain(store.curve(config)) == plain(train_one(config, series).curve)
        assert [epoch for epoch, _ in notes.epochs(config)] == [1, 2, 3, 4, 5, 6]
    assert str(failed.value).startswith("1 of 5 runs failed; the others are kept.\nseed 13: its process died each time")
    assert repr(crashing) in str(failed.value) and not store.has(crashing)
    assert [config for config, _ in going.failures] == [crashing]
    assert list(store.checkpoints.iterdir()) == []


def command(store, *more):
    line = [sys.executable, "-m", "gru_lab.cli", "sweep", "dropout", "--profile", "tiny", "--seeds", "1"]
    return [*line, "--workers", "2", "--store", store.url, *more]


def start(notes, store, *more):
    """Start a sweep of stage 4 in a process of its own; its longest run waits in its fourth epoch."""
    environment = os.environ | {"DASK_DISTRIBUTED__WORKER__PRELOAD": str(notes.preload)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    return subprocess.Popen(command(store, *more), env=environment, cwd=notes.folder, **pipes)


@pytest.fixture
def stage_4():
    """The keys of its runs, the held one first: the longest of seed 0 is begun first, the others wait for 'go' too."""
    stage = lab.stage("dropout", "tiny")
    return sorted({config.key: config for _, config in stage.configs(1)}.values(), key=lambda one: -one.epochs)


def test_a_killed_coordinator_started_again_trains_nothing_twice(notes, store, stage_4):
    short = [config for config in stage_4 if config.epochs < 4]
    first = start(notes, store)
    wait_until(lambda: len(store.lengths([one.key for one in short])) == len(short) and notes.read("held"), "the runs")
    first.kill()
    workers = {process for name in [one.key for one in stage_4] for _, process in notes.read(name)}
    wait_until(lambda: all(map(is_gone, workers)), "the end of the workers")
    kept = store.runs().set_index("key")
    notes.go_on()
    second = start(notes, store)
    told, errors = second.communicate(timeout=120)
    assert second.returncode == 0 and "corrected ruler" in told, errors
    now = store.runs().set_index("key")
    assert len(now) == len(stage_4) and (now.loc[kept.index] == kept).all(axis=None)
    for config in stage_4:
        longest = max(one.epochs for one in stage_4 if one.key == config.key)
        assert [epoch for epoch, _ in notes.epochs(config)] == list(range(1, longest + 1))


def test_ctrl_c_ends_a_sweep_cleanly_and_keeps_what_is_finished(notes, store, stage_4):
    process = start(notes, store)
    wait_until(lambda: len(store.runs()) and notes.read("held"), "a finished run")
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as the terminal and Jupyter do: to all of its processes
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. Finished runs are kept; the same command goes on from there." in errors
    assert "Traceback" not in errors
    wait_until(lambda: not any(child.is_running() for child in children), "the end of its processes")
    assert len(store.runs()) > 0
