"""Nothing lost, nothing twice: real processes that are killed, stopped, crash, or are not what they
should be.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import dask
import psutil
import pytest
from distributed import Client

import gru_lab as lab
from gru_lab.errors import SweepFailed
from gru_lab.runs import cluster, worker
from gru_lab.runs.compute import ON_ONE_GPU, Compute
from gru_lab.runs.one_run import train_one
from gru_lab.runs.sweep import Sweep
from gru_lab.series import Series
from tests.conftest import LONG, wait_until

# what each worker loads first: a checkpoint after every epoch, a note of each epoch and of each
# arrival of the data, a run of seed 0 that waits in its fourth epoch until it may go on, and one of
# seed 13 that kills its process
PRELOAD = """
import os, signal, time
from pathlib import Path
from gru_lab import trainer
from gru_lab.runs import worker

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
        return [
            (line.split()[0], int(line.split()[1]))
            for line in lines
            if line.endswith(tuple("0123456789"))
        ]

    def epochs(self, config):
        return [(int(epoch), process) for epoch, process in self.read(config.key)]

    def wait_for_held(self):
        """Return the process of the run that waits."""
        return wait_until(lambda: self.read("held"), "the run that waits")[-1][1]

    def hold(self):
        """Let the next run of seed 0 wait."""
        for name in ("go", "held"):
            (self.folder / name).unlink(missing_ok=True)

    def go_on(self):
        (self.folder / "go").touch()


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path)


@pytest.fixture(autouse=True)
def nothing_is_left_running(request, tmp_path, monkeypatch):
    """However a test ends, no run waits any more, and its sweeps in the background are over."""
    begun, start = [], Sweep.start
    monkeypatch.setattr(Sweep, "start", lambda sweep: begun.append(sweep) or start(sweep))
    waiting = [Notes(tmp_path)]
    if "machines" in request.fixturenames:
        waiting.append(request.getfixturevalue("machines").notes)
    for notes in waiting:
        notes.hold()
    yield
    for notes in waiting:
        notes.go_on()
    for sweep in begun:
        sweep.stop()
        sweep._thread.join(LONG)


def configs_of(series, seeds, epochs=6):
    config = lab.RunConfig(hidden_size=8, epochs=epochs, batch_size=20).on(series)
    return [config.replace(seed=seed) for seed in seeds]


def plain(curve):
    return curve.drop(columns="seconds").to_dict("list")


def is_gone(process):
    return (
        not psutil.pid_exists(process) or psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    )


def assert_resumed(notes, config, store, series):
    """The run was trained up to its third epoch in one process, from there on in another, and no
    epoch twice.
    """
    epochs = notes.epochs(config)
    assert [epoch for epoch, _ in epochs] == [1, 2, 3, 4, 5, 6]
    assert (
        len({process for _, process in epochs[:3]})
        == len({process for _, process in epochs[3:]})
        == 1
    )
    assert epochs[0][1] != epochs[-1][1]
    assert plain(store.curve(config)) == plain(train_one(config, series).curve)


# here


def test_a_killed_worker_costs_nothing_and_a_run_that_always_crashes_is_reported(
    notes, store, series
):
    held, crashing, *others = configs = configs_of(series, [0, 13, 1, 2, 3])
    preload = {"distributed.worker.preload": [str(notes.preload)]}
    # by itself Dask gives a worker up that is not there again within 15 s, as on a busy machine
    with dask.config.set(preload | {"distributed.deploy.lost-worker-timeout": "1 ms"}):
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
    assert str(failed.value).startswith(
        "1 of 5 runs failed; the others are kept.\nseed 13: its process died on every attempt"
    )
    assert repr(crashing) in str(failed.value) and store.curve(crashing) is None
    assert [config for config, _ in going.failures] == [crashing]
    assert list(store.checkpoints.iterdir()) == []


def command(store, *more):
    line = [
        sys.executable,
        "-m",
        "gru_lab.cli",
        "sweep",
        "dropout",
        "--profile",
        "tiny",
        "--seeds",
        "1",
    ]
    return [*line, "--workers", "2", "--store", store.url, *more]


def sweeping(start, notes, store, *more):
    """Start a sweep of stage 4 in a process of its own; its longest run waits in epoch four."""
    environment = os.environ | {"DASK_DISTRIBUTED__WORKER__PRELOAD": str(notes.preload)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return start(command(store, *more), env=environment, cwd=notes.folder, **pipes)


@pytest.fixture
def stage_4():
    """The keys of its runs, the held one first: the longest of seed 0 is begun first, the others
    wait for 'go' too.
    """
    stage = lab.stage("dropout", "tiny")
    return sorted(
        {config.key: config for _, config in stage.configs(1)}.values(), key=lambda one: -one.epochs
    )


def test_a_killed_coordinator_started_again_trains_nothing_twice(start, notes, store, stage_4):
    short = [config for config in stage_4 if config.epochs < 4]
    first = sweeping(start, notes, store)
    wait_until(
        lambda: len(store.lengths([one.key for one in short])) == len(short) and notes.read("held"),
        "the runs",
    )
    first.kill()
    workers = {process for name in [one.key for one in stage_4] for _, process in notes.read(name)}
    wait_until(lambda: all(map(is_gone, workers)), "the end of the workers")
    kept = store.runs().set_index("key")
    notes.go_on()
    second = sweeping(start, notes, store)
    told, errors = second.communicate(timeout=LONG)
    assert second.returncode == 0 and "corrected ruler" in told, errors
    now = store.runs().set_index("key")
    assert len(now) == len(stage_4) and (now.loc[kept.index] == kept).all(axis=None)
    for config in stage_4:
        longest = max(one.epochs for one in stage_4 if one.key == config.key)
        assert [epoch for epoch, _ in notes.epochs(config)] == list(range(1, longest + 1))


def test_ctrl_c_ends_a_sweep_cleanly_and_keeps_what_is_finished(start, notes, store, stage_4):
    process = sweeping(start, notes, store)
    wait_until(lambda: len(store.runs()) and notes.read("held"), "a finished run")
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    _, errors = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert "Stopped. Finished runs are kept; the same command goes on from there." in errors
    assert "Traceback" not in errors
    wait_until(
        lambda: not any(child.is_running() for child in children), "the end of its processes"
    )
    assert len(store.runs()) > 0


def test_a_store_that_is_deleted_while_a_sweep_runs_is_noticed_and_no_run_is_lost(
    start, notes, store, stage_4
):
    process = sweeping(start, notes, store)
    wait_until(lambda: len(store.runs()) and notes.read("held"), "a finished run")
    trained = set(store.runs()["key"])
    for path in notes.folder.glob("runs.sqlite*"):
        path.unlink()
    notes.go_on()
    _, errors = process.communicate(timeout=LONG)
    assert process.returncode == 1 and "Traceback" not in errors
    (kept,) = notes.folder.glob("runs.rescued-*.sqlite")
    assert "deleted or moved while it was in use" in errors and str(kept) in errors
    rescued = lab.Store(f"sqlite:///{kept}")
    assert trained < set(rescued.runs()["key"])  # and the run that came in after
    kept.rename(store.file)
    stage = lab.stage("dropout", "tiny")
    assert len(lab.sweep(stage, 1, store.url, workers=1).finals) == len(stage.settings)


SCRIPT = """
import gru_lab as lab
from gru_lab.demo import demo_series
series = demo_series(1_400)
small = lab.RunConfig(hidden_size=8, epochs=1, batch_size=20)
configs = [small.replace(dropout=dropout) for dropout in (0, 0.5)]
print("begun", flush=True)
print(len(lab.sweep(configs, series=series, store={url!r}, workers=2)))
"""


def test_a_plain_script_may_sweep_without_asking_for_its_name(tmp_path, store):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(url=store.url))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=LONG)
    assert (done.returncode, done.stdout) == (0, "begun\n2\n"), done.stderr
    assert len(store.runs()) == 2 and "Traceback" not in done.stderr


def test_runs_on_a_gpu_are_threads_of_one_process_and_others_processes_of_one_thread(
    store, monkeypatch
):
    def shape(workers, device):
        return Compute(store, workers, device).shape

    assert shape(3, "cpu") == (3, 1)
    assert shape(None, "cpu") == (os.cpu_count(), 1)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert shape(3, "cuda") == (1, 3) and shape(3, "auto") == (1, 3)
    assert shape(None, "cuda") == (1, ON_ONE_GPU)


def test_runs_that_are_threads_of_one_process_train_as_any_others(series, store, monkeypatch):
    monkeypatch.setattr(Compute, "shape", property(lambda _: (1, 2)))
    configs = configs_of(series, [1, 2, 3], epochs=2)
    lab.sweep(configs, series=series, store=store, workers=2)
    for config in configs:
        assert plain(store.curve(config)) == plain(train_one(config, series).curve)


# there


class Machines:
    """A scheduler and workers, each started by the command a person would use, on this machine's
    loopback.
    """

    def __init__(self, folder):
        self.folder, self.notes, self.processes = folder, Notes(folder), []
        self.client = None

    def connect(self):
        """Start the scheduler and connect to it."""
        folder = self.folder
        self._start(
            "scheduler",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            folder / "scheduler.json",
        )
        wait_until((folder / "scheduler.json").exists, "the scheduler")
        self.client = Client(scheduler_file=str(folder / "scheduler.json"), set_as_default=False)
        self.address = self.client.scheduler.address

    def _start(self, kind, *options, path=None):
        command = [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1", *options]
        environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
        log = (self.folder / "log").open("a")
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def start_worker(self, path=None):
        """Start a worker with its nanny, with the package in another folder if `path` is given;
        returns its address.
        """
        before = set(self.workers)
        options = (
            "--nthreads",
            "1",
            "--no-dashboard",
            "--preload",
            self.notes.preload,
            "--local-directory",
            self.folder,
        )
        nanny = self._start("worker", self.address, *options, path=path)
        return wait_until(lambda: set(self.workers) - before, "a worker").pop(), nanny

    @property
    def workers(self):
        return self.client.scheduler_info(n_workers=-1)["workers"]

    def end(self):
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self.client.close()
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Two machines with a worker each, as far as one machine can be two."""
    machines = Machines(tmp_path_factory.mktemp("machines"))
    try:
        machines.connect()
        machines.start_worker()
        machines.start_worker()
        yield machines
    finally:
        machines.end()


class Counted(Series):
    """A series that counts how often it is sent."""

    sent = 0

    def __reduce__(self):
        Counted.sent += 1
        return Series, (self.values, self.channels, self.name)


def test_two_machines_train_what_one_would_and_get_the_data_once_each(machines, series, store):
    series = Counted(series.values, series.channels, series.name)
    configs = configs_of(series, [1, 2, 3, 4, 5])
    lab.sweep(configs, series=series, store=store, scheduler=machines.address)
    for config in configs:
        assert plain(store.curve(config)) == plain(train_one(config, series).curve)
    processes = {process for config in configs for _, process in machines.notes.epochs(config)}
    assert len(processes) == 2 and Counted.sent == 1
    assert sorted(process for _, process in machines.notes.read("data")) == sorted(processes)
    assert list(store.checkpoints.iterdir()) == []
    assert (
        lab.sweep(configs, series=series, store=store, scheduler=machines.address) is not None
        and Counted.sent == 1
    )


def test_an_open_client_serves_too_and_stays_open(machines, series, store):
    (config,) = configs_of(series, [6], epochs=1)
    table = lab.sweep(config, series=series, store=store, scheduler=machines.client)
    assert len(table) == 1 and machines.client.status == "running"


class Spoiled(Series):
    """A series that arrives otherwise than it was sent."""

    def __reduce__(self):
        return Series, (self.values + 1, self.channels, self.name)


def test_data_that_arrives_otherwise_is_an_error_before_anything_is_trained(
    machines, series, store
):
    series = Spoiled(series.values, series.channels, series.name)
    with pytest.raises(
        ValueError, match="scheduler must have workers .* has data that changed in transit"
    ):
        lab.sweep(configs_of(series, [7]), series=series, store=store, scheduler=machines.address)
    assert store.runs().empty and machines.notes.epochs(configs_of(series, [7])[0]) == []


def test_a_worker_with_another_gru_lab_is_an_error_that_names_it(machines, series, store, tmp_path):
    long, there = (
        configs_of(series, range(30, 36), epochs=100_000),
        {"store": store, "scheduler": machines.address},
    )
    going = lab.sweep(long, series=series, background=True, **there)
    shutil.copytree(
        Path(lab.__file__).parent,
        tmp_path / "gru_lab",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    with (tmp_path / "gru_lab" / "loss.py").open("a") as file:
        file.write("# another version\n")
    wait_until(lambda: going.progress.share, "the first epoch")
    address, nanny = machines.start_worker(path=tmp_path)
    try:
        with pytest.raises(
            RuntimeError,
            match=f"worker {address}, which joined late, has gru_lab with code .*; end it",
        ):
            _ = going.results
        with pytest.raises(
            ValueError, match=f"scheduler must have workers .* but {address} has gru_lab with code "
        ):
            lab.sweep(configs_of(series, [8]), series=series, **there)
    finally:
        nanny.terminate()
        wait_until(lambda: address not in machines.workers, "the end of that worker")
    assert store.runs().empty


def test_what_differs_between_workers_is_told_in_words():
    ours = {"gru_lab": "with code 12ab", "torch": "2.13.0"}
    assert worker._differences(ours, ours) == ""
    assert worker._differences({"torch": "2.6.0"}, ours) == "no gru_lab, torch 2.6.0"
    assert "no answer but ImportError" in worker._differences(ImportError("x"), ours)
    assert set(worker._probe()()) == set(ours)


def test_a_device_that_the_workers_lack_is_an_error_that_names_them(machines, series, store):
    with pytest.raises(ValueError, match="has no such device: device must be 'cpu' or 'auto' here"):
        lab.sweep(
            configs_of(series, [9]),
            series=series,
            store=store,
            scheduler=machines.address,
            device="cuda",
        )


def test_a_sweep_that_is_stopped_leaves_no_run_behind_on_the_workers(machines, series, store):
    notes, (held, *_) = machines.notes, (configs := configs_of(series, [0, 21, 22], epochs=100_000))
    going = lab.sweep(
        configs, series=series, store=store, scheduler=machines.address, background=True
    )
    notes.wait_for_held()
    wait_until(lambda: notes.epochs(configs[1]), "the second run")
    going.stop()
    going.wait()

    def training():
        def states(dask_worker):
            return {task.state for task in dask_worker.state.tasks.values()}

        return "executing" in set().union(*machines.client.run(states).values())

    wait_until(lambda: not training(), "word of it on the workers")
    notes.go_on()
    plugins = machines.client.run(
        lambda dask_worker: [name for name in dask_worker.plugins if "gru_lab" in name]
    )
    assert not any(plugins.values())  # the data is gone too

    def executing():
        return machines.client.run(lambda dask_worker: dask_worker.state.executing_count)

    wait_until(lambda: not any(executing().values()), "idle workers")
    assert notes.epochs(held)[-1][0] == 4 and store.runs().empty
    with pytest.raises(SweepFailed, match="the sweep was stopped; finished runs are kept"):
        _ = going.results


def test_workers_that_do_not_see_the_folder_keep_checkpoints_of_their_own(
    machines, series, store, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster, "_is_seen", lambda *_: False)
    monkeypatch.setattr(cluster, "ELSEWHERE", str(tmp_path / "home"))
    notes = machines.notes
    (config,) = configs_of(series, [0])
    config = config.replace(batch_size=40)
    going = lab.sweep(
        config, series=series, store=store, scheduler=machines.address, background=True
    )
    notes.wait_for_held()
    assert [path.name for path in (tmp_path / "home").iterdir()] == [f"{config.key}.safetensors"]
    assert not store.checkpoints.exists()
    notes.go_on()
    assert len(going.results) == 6
    assert list((tmp_path / "home").iterdir()) == []  # forgotten once the run is kept


def test_a_machine_that_is_gone_with_its_nanny_costs_nothing(machines, series, store):
    notes = machines.notes
    held, *_ = configs = [one.replace(batch_size=25) for one in configs_of(series, [0, 1, 2, 3])]
    going = lab.sweep(
        configs, series=series, store=store, scheduler=machines.address, background=True
    )
    process = notes.wait_for_held()
    os.kill(psutil.Process(process).ppid(), signal.SIGKILL)
    os.kill(process, signal.SIGKILL)
    notes.go_on()
    assert sorted(set(going.results["seed"])) == [0, 1, 2, 3]
    assert_resumed(notes, held, store, series)


def test_where_no_scheduler_answers_the_error_says_what_is_expected(series, store):
    with dask.config.set({"distributed.comm.timeouts.connect": "0.5s"}):
        for wrong in ("tcp://127.0.0.1:9", "nonsense://", 8786):
            with pytest.raises(
                ValueError,
                match="scheduler must be the address of a running Dask scheduler, such as",
            ):
                lab.sweep(configs_of(series, [1]), series=series, store=store, scheduler=wrong)
    with pytest.raises(ValueError, match="workers must be left out with a scheduler"):
        lab.sweep(
            configs_of(series, [1]),
            series=series,
            store=store,
            scheduler="tcp://127.0.0.1:9",
            workers=2,
        )


def test_a_scheduler_that_is_gone_is_one_clear_error(machines, series, store):
    configs = [one.replace(batch_size=30) for one in configs_of(series, [0, 1, 2])]
    with dask.config.set({"distributed.comm.timeouts.connect": "6s"}):
        going = lab.sweep(
            configs, series=series, store=store, scheduler=machines.address, background=True
        )
        machines.notes.wait_for_held()
        machines.processes[0].kill()
        machines.notes.go_on()
        with pytest.raises(
            SweepFailed, match="the scheduler is gone; finished runs are kept, and the same sweep"
        ):
            _ = going.results
