"""Where the runs of a sweep are trained: processes on this machine, or the workers of a Dask
scheduler anywhere.
"""

import contextlib
import logging
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import dask
from distributed import Client, KilledWorker, LocalCluster, Security, as_completed
from distributed.comm import resolve_address
from distributed.utils import get_mp_context

from gru_lab.errors import SchedulerGone, Unfit, WorkerDied
from gru_lab.runs.one_run import forget
from gru_lab.runs.worker import prepare_workers, train

# where workers that do not see this machine's folder keep their checkpoints
ELSEWHERE = "~/.cache/gru_lab"
GENTLE = {
    # no run waits on a worker, where it would share another's fate
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 1,  # then it is tried alone
    # a busy machine may take minutes to start a worker again that died; until then it is not lost
    "distributed.deploy.lost-worker-timeout": "1 day",
}
QUIET = {  # what Dask measures of itself all the time takes a tenth of the processors' time
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10 s",
    "distributed.admin.tick.interval": "1 s",
    "distributed.scheduler.work-stealing": False,  # no run waits on a worker
}
CLOSED = {  # a local cluster shows no pages: any user of this machine could read them
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
FORKED = {}
# elsewhere libraries do not stand it; and a socket's path holds 107 bytes
if sys.platform == "linux" and len(tempfile.gettempdir()) < 70:
    # from one process that has loaded what workers need, which takes seconds: else they do it each,
    # and again after each crash
    FORKED["distributed.worker.multiprocessing-method"] = "forkserver"


@contextlib.contextmanager
def _script_left_alone():
    """Let worker processes start without running the caller's script again.

    New processes do so to find the script's functions; ours are in gru_lab, and a script that
    sweeps without asking for `__name__ == "__main__"` would sweep in each of them. The main module
    of a package is not run again.
    """
    main = sys.modules["__main__"]
    before, main.__spec__ = getattr(main, "__spec__", None), ModuleSpec("gru_lab.__main__", None)
    try:
        yield
    finally:
        main.__spec__ = before


@contextlib.contextmanager
def _interrupts_kept_out():
    """Start threads, and processes from them, to which Ctrl-C and a closed terminal do not come:
    this process ends them in good order.

    A terminal, Jupyter and a queue send their signals to all processes; each would break off with
    a message of its own.
    """
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    # else the first new process starts it, and lets Ctrl-C in again
    resource_tracker.ensure_running()
    # a nanny ends its worker by SIGKILL
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def local_client(processes: int, threads: int) -> Iterator[Client]:
    """Start so many worker processes, closed to everybody else, and give a client of them.

    Whoever connects needs the certificate, which lives in the memory of these processes alone: a
    scheduler runs what any client sends, and other users of this machine can reach its port.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(GENTLE | QUIET | CLOSED | FORKED))
        if FORKED:  # in place of what Dask would load there
            get_mp_context().set_forkserver_preload(["gru_lab.runs.worker"])
        stack.enter_context(_script_left_alone())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gru_lab_"))
        with _interrupts_kept_out():
            cluster = LocalCluster(
                n_workers=processes,
                threads_per_worker=threads,
                security=Security.temporary(),
                host="127.0.0.1",
                dashboard_address=None,
                # any free port: 8787 may be another cluster's
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                memory_limit=None,
                local_directory=folder,
                silence_logs=logging.CRITICAL,
            )
            stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster, set_as_default=False))


@contextlib.contextmanager
def remote_client(scheduler: Any) -> Iterator[Client]:
    """Give a client of a scheduler, by its address, or the client that was given.

    Raises ValueError where no scheduler answers or the client is closed, SchedulerGone where it
    answers no more.
    """
    given = isinstance(scheduler, Client)
    if given and scheduler.status == "closed":
        raise ValueError(
            "scheduler must be an open distributed.Client, not a closed one; open it again"
        )
    try:
        # a Client that cannot read its address is not closed: freed while another one starts, it
        # waits for itself for ever
        if isinstance(scheduler, str):
            resolve_address(scheduler)
        client = scheduler if given else Client(scheduler, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(
            "scheduler must be the address of a running Dask scheduler, such as tcp://host:8786, "
            f"or a distributed.Client, not {scheduler!r}: {error}"
        ) from error
    with contextlib.nullcontext() if given else client:
        try:
            yield client
        except OSError as error:  # its connection timed out
            raise SchedulerGone from error


def _is_seen(client, folder):
    """Tell whether all workers see this machine's folder: they run on it, or share its disk."""
    with contextlib.suppress(OSError):  # full, or not ours to write
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as mark:
            name = mark.name
            return all(client.run(lambda: Path(name).exists()).values())
    return False


class Jobs:
    """The runs of a sweep on a client's workers: iterate for (config, Trained or exception).

    `on_epochs(key, [(epoch, val_missing), ...])` is called from another thread. Checkpoints are in
    `folder`. Where not all workers see it, each keeps them in ~/.cache/gru_lab instead: an
    interrupted run goes on if it comes to a worker of the same home, and otherwise begins again.
    """

    def __init__(self, client, configs, series, device, folder, on_epochs):
        self.client, self.configs, self.folder, self.on_epochs = client, configs, folder, on_epochs
        self.series, self.device = series, device
        self.name = f"gru_lab-{uuid.uuid4().hex}"
        self._waiting, self._done, self.cancelled = {}, [], False

    def __iter__(self):
        self.client.subscribe_topic(self.name, lambda event: self.on_epochs(*event[1]))
        try:
            if not self._has_worker():
                return
            prepare_workers(self.client, self.series, self.device, self.name)
            if not _is_seen(self.client, self.folder):
                self.folder = ELSEWHERE
            killed = []
            for config, outcome in self._run(self.configs, "together"):
                if isinstance(outcome, KilledWorker):
                    killed.append(config)
                else:
                    yield config, outcome
            for config in killed:  # alone: no other run is there that may have been the cause
                for _, outcome in self._run([config], config.key):
                    yield config, WorkerDied() if isinstance(outcome, KilledWorker) else outcome
        finally:
            self._leave()

    def _has_worker(self):
        """Wait for the first worker, which may queue; False if the sweep is stopped meanwhile."""
        while not self.cancelled:
            with contextlib.suppress(TimeoutError):
                self.client.wait_for_workers(1, timeout=1)
                return True
        return False

    def _run(self, configs, group):
        # begun in this order
        keys = [(f"{self.name}-{group}", number) for number in range(len(configs))]
        futures = self.client.map(train, configs, key=keys, name=self.name, folder=str(self.folder))
        self._waiting = dict(zip(futures, configs, strict=True))
        if self.cancelled:
            self.cancel()
        for future in as_completed(futures, loop=self.client.loop):
            try:
                outcome = future.result()
                self._done.append(outcome.checkpoint)
            except Unfit:
                raise
            except Exception as error:  # whatever became of a run, the others go on
                outcome = error
            yield self._waiting.pop(future), outcome
            future.release()

    def cancel(self) -> None:
        """End the runs, from any thread: they come out as cancelled after their epoch."""
        self.cancelled = True
        self.client.cancel(list(self._waiting))

    def _leave(self):
        if self.client.status != "running":
            return
        self.client.cancel(list(self._waiting))
        self.client.unsubscribe_topic(self.name)
        with contextlib.suppress(ValueError):  # it never came to the workers
            self.client.unregister_worker_plugin(self.name)
        if self.folder == ELSEWHERE and self._done:
            self.client.run(lambda done: [forget(path) for path in done], self._done)
