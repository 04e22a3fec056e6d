"""Whether a record is being made here, and which runs its notebook used.

A record is made by running a notebook in a kernel of its own. The kernel learns it from its
environment, and writes each run that it uses to a file that the recording process reads.
"""

import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gru_lab.config import RunConfig

RECORDING = "GRU_LAB_RECORD"  # set in a kernel that a record is made of
RUNS = "application/vnd.gru-lab.runs+json"  # of an output: the runs that a cell used
USED = "GRU_LAB_USED"  # the path of the list of runs that its notebook uses


def is_recording() -> bool:
    """True in a kernel that a record is made of: what it shows must need no kernel later."""
    return bool(os.environ.get(RECORDING))


def note_used(configs: Iterable[RunConfig]) -> None:
    """Tell the recording that is going on, if there is one, that its notebook uses these runs.

    Without one it is noted in the notebook itself, as an output that nothing shows: what
    JupyterLab's menu exports has to know its runs too.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    runs = [dataclasses.asdict(config) for config in configs]
    if not _tell(runs) and hasattr(shell, "kernel"):
        shell.display_pub.publish({RUNS: runs})


def note(**facts: str) -> None:
    """Tell the recording that is going on, if there is one, what its notebook says of itself."""
    _tell([{"note": facts}])


def _tell(facts):
    """Write facts, a line each, for the recording that is going on; False where there is none."""
    if path := os.environ.get(USED):
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(fact) + "\n" for fact in facts)
    return bool(path)


def _told(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def notes_of(environment: dict[str, str]) -> dict[str, str]:
    """Return what the notebook of a kernel with this environment has noted, {name: text}."""
    noted = [fact["note"] for fact in _told(environment[USED]) if "note" in fact]
    return {name: text for facts in noted for name, text in facts.items()}


def used_by(notebook: Any) -> list[RunConfig]:
    """Return the runs that a notebook's cells have noted; what is no run is left out."""
    configs = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            noted = output.get("data", {}).get(RUNS)
            for fields in noted if isinstance(noted, list) else ():
                with contextlib.suppress(ValueError, TypeError):  # by hand, or by another version
                    configs.append(RunConfig(**fields))
    return configs


@contextlib.contextmanager
def recording(store: Any, device: str = "auto") -> Iterator[tuple]:
    """Yield (environment, used) for one notebook's kernel.

    `environment` is a dict: this process's own, and what makes the kernel use this store and device
    and leave figures instead of widgets. `used()` returns the runs it has used so far.
    """
    with tempfile.TemporaryDirectory(prefix="gru_lab_") as folder:
        path = Path(folder) / "used.jsonl"
        path.touch()
        settings = {RECORDING: "1", USED: str(path), "GRU_LAB_STORE": store.url}
        settings |= {"PLOTLY_RENDERER": "plotly_mimetype"}
        if device == "cpu":
            settings["CUDA_VISIBLE_DEVICES"] = ""

        def used():
            return [RunConfig(**fields) for fields in _told(path) if "note" not in fields]

        yield os.environ | settings, used
