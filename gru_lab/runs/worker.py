"""The part of a sweep on the workers: the series, brought to each once, and the training.

A worker has no part in the store: what it trained goes back to the process that asked for it.
"""

import contextlib
import ctypes
from dataclasses import replace
from typing import Any

from distributed import Client, WorkerPlugin, get_worker

from gru_lab.config import RunConfig
from gru_lab.device import pick_device
from gru_lab.errors import Unfit, Unwanted
from gru_lab.runs.one_run import Trained, train_one
from gru_lab.series import Series

# glibc's names for how much memory has to be free before it is given back
MALLOC_LIMITS = {"trim": -1, "mmap": -3}


def _probe():
    """Return a function that tells a process's versions; nested, so that it travels whole."""

    def versions():
        import hashlib
        from importlib import metadata, util
        from pathlib import Path

        spec, known = util.find_spec("gru_lab"), {}
        if spec and spec.origin:
            paths = sorted(Path(spec.origin).parent.rglob("*.py"))
            texts = [path.read_text(encoding="utf-8") for path in paths]
            known["gru_lab"] = (
                "with code " + hashlib.sha256("".join(texts).encode()).hexdigest()[:8]
            )
        try:
            known["torch"] = metadata.version("torch").partition("+")[0]
        except metadata.PackageNotFoundError:
            pass
        return known

    return versions


def _differences(theirs, ours):
    """Return in words where a worker's versions, or its exception, differ from ours, or ''."""
    if isinstance(theirs, Exception):
        return f"no answer but {theirs!r}"
    differing = [name for name in ours if theirs.get(name) != ours[name]]
    return ", ".join(
        f"{name} {theirs[name]}" if name in theirs else f"no {name}" for name in differing
    )


class OnWorker(WorkerPlugin):
    """Brings the series to each worker once, also to late ones, and compares both with ours."""

    def __init__(self, series: Series, device: str) -> None:
        self.series, self.device, self.problem = series, device, ""
        self.digest, self.versions = series.digest, _probe()()

    def setup(self, worker: Any) -> None:
        """Note what makes this worker's runs unlike ours, and let it keep the memory it frees."""
        self.problem = _differences(_probe()(), self.versions)
        # a copy, whose digest is computed from what arrived
        if replace(self.series).digest != self.digest:
            self.problem = f"data that changed in transit, with digest {self.digest}"
        try:
            pick_device(self.device)
        except ValueError as error:
            self.problem = f"no such device: {error}"
        with contextlib.suppress(OSError, AttributeError, TypeError):  # not glibc
            # as Dask sets it, what is freed goes back to the system; asking again each step costs a
            # third of the speed
            for limit in MALLOC_LIMITS.values():
                ctypes.CDLL(None).mallopt(limit, 2**30)


def prepare_workers(client: Client, series: Series, device: str, name: str) -> None:
    """Give all workers the series, as a plugin of that name.

    Raises ValueError unless their gru_lab, torch and device, and the data as it arrived, are those
    of this process.
    """
    plugin = OnWorker(series, device)
    answers = client.run(_probe(), on_error="return")
    problems = {
        address: _differences(answer, plugin.versions) for address, answer in answers.items()
    }
    if not any(problems.values()):
        client.register_plugin(plugin, name=name)
        problems = client.run(lambda dask_worker: dask_worker.plugins[name].problem)
    wrong = [f"{address} has {problem}" for address, problem in problems.items() if problem]
    if wrong:
        ours = ", ".join(f"{name} {version}" for name, version in plugin.versions.items())
        raise ValueError(
            f"scheduler must have workers that train as this process does ({ours}), but "
            f"{'; '.join(wrong)}. Install the same there and start those workers again"
        )


def train(config: RunConfig, name: str, folder: str) -> Trained:
    """Train a run in a worker; epochs go out as events: (key, [(epoch, val_missing), ...])."""
    worker = get_worker()
    plugin: Any = worker.plugins[name]
    task = worker.state.tasks[worker.get_current_task()]
    if plugin.problem:
        raise Unfit(
            f"worker {worker.address}, which joined late, has {plugin.problem}; end it. Finished "
            "runs are kept, and the same sweep goes on from there"
        )

    def tell(*epochs):
        worker.log_event(name, epochs)
        if task.state == "cancelled":  # the sweep was stopped, or its process is gone
            raise Unwanted

    return train_one(config, plugin.series, plugin.device, folder, tell)
