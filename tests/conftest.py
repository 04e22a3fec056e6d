"""What all tests share: a seeded start, a small series, a store of one's own, and the recorded log
where it is.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.tuning_log.stages import STAGES

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
for ignored in (signal.SIGINT, signal.SIGHUP):
    # under `nohup ... &` both are ignored, and so would all be that the tests start; this process
    # goes on ignoring them
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, lambda *_: None)
LONG = 300  # seconds that another process may take on a busy machine; no test asks for speed
SHARED = Path(__file__).parent.parent.parent / "shared"
# what the tests start imports what pyproject.toml lets them import, see tests/lean
LEAN = [str(Path(__file__).with_name("lean")), *filter(None, [os.environ.get("PYTHONPATH")])]
os.environ["PYTHONPATH"] = os.pathsep.join(LEAN)


@pytest.fixture(autouse=True)
def seeded():
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def series():
    return demo_series(1_400)


@pytest.fixture
def config():
    """A run of a few seconds at most on `series`: 5 batches an epoch."""
    return lab.RunConfig(hidden_size=8, epochs=3, batch_size=20)


@pytest.fixture
def store(tmp_path):
    return lab.Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")


@pytest.fixture(scope="session")
def tiny_runs(tmp_path_factory):
    """A function from a folder to a new store in it, with the runs of all five stages on the tiny
    profile, three seeds each: trained once, for all processes that run the tests.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "tiny"
    whole = shared / "whole.sqlite"
    try:
        shared.mkdir()
    except FileExistsError:
        wait_until(whole.exists, "the runs of the tiny profile")
    else:
        store = lab.Store(f"sqlite:///{shared / 'runs.sqlite'}")
        for name in STAGES:
            lab.sweep(lab.stage(name, "tiny"), store=store, workers=1)
        _copy(store.file, shared / "part.sqlite").rename(whole)
    return lambda folder: lab.Store(f"sqlite:///{_copy(whole, folder / 'runs.sqlite')}")


def _copy(source, target):
    """Copy a SQLite file, journal and all."""
    with contextlib.closing(sqlite3.connect(source)) as old:
        with contextlib.closing(sqlite3.connect(target)) as new:
            old.backup(new)
    return target


@pytest.fixture(scope="session")
def seed_log():
    """The text of the recorded log."""
    paths = sorted((SHARED / "seed").glob("*.txt"))
    if not paths:
        pytest.skip("the recorded log is not beside the repository")
    return paths[0].read_text(encoding="utf-8")


@pytest.fixture
def real_table():
    """A function from a file's name to its path, for tables too large for the repository."""

    def find(name):
        path = SHARED / "data" / name
        if not path.exists():
            pytest.skip(f"{name} is not beside the repository")
        return path

    return find


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium. Where there is none, its tests are skipped on a person's machine and fail
    in CI.
    """
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)

        def patient(make):
            def made(**options):
                page = make(**options)
                page.set_default_timeout(1_000 * LONG)  # else 30 s
                return page

            return made

        running.new_context, running.new_page = map(
            patient, (running.new_context, running.new_page)
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """A JupyterLab server on this machine's loopback; returns its folder, and a function from a
    path to its address.

    The address of "" leads to the server itself, for its REST interface.
    """
    folder = tmp_path_factory.mktemp("lab")
    options = ["--no-browser", "--ip=127.0.0.1", "--IdentityProvider.token=test", "--allow-root"]
    settings = Path(lab.__file__).with_name("jupyterlab")  # as `gru-lab lab` sets it
    options += [f"--ServerApp.root_dir={folder}", f"--LabApp.app_settings_dir={settings}"]
    options += ["--log-level=ERROR"]
    own = {
        "GRU_LAB_STORE": f"sqlite:///{folder / 'runs.sqlite'}",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PYTHONPATH": os.pathsep.join([*LEAN, str(Path(lab.__file__).parent.parent)]),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], env={**os.environ, **own}
    )
    try:
        # it writes this when it listens; where its port was taken it has the next free one
        listening = folder / "runtime" / f"jpserver-{server.pid}.json"
        wait_until(lambda: listening.exists() and listening.read_text().endswith("}"), "JupyterLab")
        here = f"http://127.0.0.1:{json.loads(listening.read_text())['port']}"
        yield folder, lambda path: f"{here}/lab/tree/{path}?token=test&reset" if path else here
    finally:
        server.terminate()
        server.wait(LONG)


@pytest.fixture
def ctrl_c():
    """SIGINT interrupts this process, however the tests were started: under `nohup ... &` not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def start():
    """A function like subprocess.Popen; what it starts, directly or not, ends with the test."""
    running = []

    def begin(command, **options):
        running.append(subprocess.Popen(command, start_new_session=True, **options))
        return running[-1]

    yield begin
    for process in running:
        with contextlib.suppress(ProcessLookupError):  # all of them are gone
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def growth(work, size: int) -> float:
    """Return how many times the CPU seconds of `work(size)` four times the size takes: 4 where they
    grow with it, 16 with its square.
    """
    return ratio(lambda: work(4 * size), lambda: work(size))


def ratio(work, other) -> float:
    """Return how many times the CPU seconds of `other()` `work()` takes: the least of three, since
    others work on this machine.
    """

    def seconds(work):
        begin = time.process_time()
        work()
        return time.process_time() - begin

    return min(seconds(work) / max(seconds(other), 0.001) for _ in range(3))


def wait_until(true, what="it", seconds=LONG):
    """Wait for something that another thread or process does, and return it; fail in the end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds} s")


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a PostgreSQL server of the tests' own, on a socket in a folder of its own, gone
    after them.

    Where the server is not installed, its tests are skipped on a person's machine and fail in CI.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [
        Path(shutil.which("initdb") or "nowhere").parent
    ]
    if not (found[-1] / "initdb").exists() and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL server here")
    folder = Path(tempfile.mkdtemp(prefix="gru_lab_pg_"))
    other = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "nobody")
        other = {"user": "nobody", "extra_groups": []}
    command = [
        found[-1] / "initdb",
        "--auth=trust",
        "--username=lab",
        "--no-sync",
        "--encoding=UTF8",
        folder / "data",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, **other)
    options = ["-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [found[-1] / "postgres", *options], stdout=log, stderr=log, cwd=folder, **other
        )
    try:
        ready = [found[-1] / "pg_isready", "--quiet", "--host", folder, "--username", "lab"]
        wait_until(lambda: subprocess.run(ready).returncode == 0, "PostgreSQL")
        yield f"postgresql+psycopg://lab@/postgres?host={folder}"
    finally:
        # at once: a server that is terminated waits for its clients
        server.send_signal(signal.SIGINT)
        server.wait(LONG)
        shutil.rmtree(folder)
