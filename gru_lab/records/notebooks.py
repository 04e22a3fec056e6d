"""Notebooks as files: find them, give them parameters, execute each in a kernel of its own."""

import asyncio
import logging
import os
import re
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets.config import Config

import gru_lab
from gru_lab.config import one_of
from gru_lab.output import uninterrupted

SECONDS_TO_END = 60  # for kernels, on a busy machine, when a recording is interrupted
WIDGET = "application/vnd.jupyter.widget-view+json"
BAR = re.compile(r"\d+%\|.*\|")  # what tqdm writes beside its widget


def is_bar(data: dict) -> bool:
    """Tell whether a MIME bundle is a progress bar, of which nothing is to be kept."""
    return WIDGET in data and bool(BAR.search(data.get("text/plain", "")))


def notebooks_folder() -> Path:
    """Return the folder of the notebooks: in the installed package, or beside it in a checkout."""
    package = Path(gru_lab.__file__).parent
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def find_notebooks(names: Iterable = ()) -> list[Path]:
    """Return the paths of notebooks: ours by file, stage or number, others by path (default: ours).

    Raises ValueError for a name that none has, and for a path that leads to no notebook.
    """
    paths = sorted(notebooks_folder().glob("[0-9][0-9]_*.ipynb"))
    known = {}
    for path in paths:
        number, _, name = path.stem.partition("_")
        known |= dict.fromkeys((path.stem, name, number, str(int(number))), path)
    for name in (str(name) for name in names if str(name).endswith(".ipynb")):
        try:
            nbformat.read(name, as_version=4)
        except Exception as error:  # whatever is wrong with the file
            raise ValueError(
                f"notebook must be a Jupyter notebook that exists, not {name!r}: {error}"
            ) from error
        known[name] = Path(name)
    return [known[one_of("notebook", str(name), known)] for name in names] or paths


def set_parameters(notebook: NotebookNode, **values: Any) -> None:
    """Put `values` into the cell tagged 'parameters', for the record to show them."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in values.items())


async def execute(
    notebook: NotebookNode,
    environment: dict[str, str] | None = None,
    on_cell: Callable | None = None,
) -> bool:
    """Run a notebook's cells in a kernel of its own, in this folder; False if a cell failed.

    `environment` is the kernel's, {name: text} (default: this process's). `on_cell()` is called
    after each code cell.
    """
    here = {"metadata": {"path": os.getcwd()}}
    with tempfile.TemporaryDirectory(prefix="gru_lab_") as sockets:
        # sockets in a folder of our own instead of ports: nobody else on this machine can listen in
        closed = {"transport": "ipc", "ip": f"{sockets}/kernel"} if os.name == "posix" else {}
        config = Config(AsyncKernelManager=closed)
        client = NotebookClient(
            notebook,
            timeout=None,
            iopub_timeout=60,  # seconds: a busy machine is late with what a cell printed
            kernel_name="python3",
            resources=here,
            config=config,
        )
        client.on_cell_executed = lambda **_: on_cell and on_cell()
        begun = []
        client.on_cell_start = lambda cell, **_: begun.append(cell)
        client.log = logging.getLogger(__name__)  # what it has to say, the record shows
        client.log.setLevel(logging.CRITICAL)
        try:
            # what a kernel itself has to say, when it is ended say, is nothing for a terminal
            await client.async_execute(env=environment or dict(os.environ), stderr=DEVNULL)
        except CellExecutionError:
            return False
        except DeadKernelError:
            if asyncio.current_task().cancelling():  # we ended it
                raise asyncio.CancelledError from None
            _note_death(begun[-1] if begun else notebook.cells[0])
            return False
        finally:
            for cell in notebook.cells:
                outputs = cell.get("outputs", [])
                outputs[:] = [part for part in outputs if not is_bar(part.get("data", {}))]
            # a busy machine sends what a cell printed in more pieces than an idle one
            CoalesceStreamsPreprocessor().preprocess(notebook, {})
    return True


def _note_death(cell):
    reason = "the kernel died in this cell: most often for lack of memory. Later cells were not run"
    if cell.cell_type == "code":
        death = new_output("error", ename="KernelDied", evalue=reason, traceback=[reason])
        cell.outputs.append(death)


def wait_for(work: Coroutine) -> Any:
    """Return what a coroutine returns; an interruption cancels it, and it ends its kernels first.

    It runs in a thread of its own: signals break into the main thread, where they would leave it
    half done, and there nbclient would take our handlers away.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result()
    finally:
        with uninterrupted():  # a second Ctrl-C must not leave kernels behind
            asyncio.run_coroutine_threadsafe(_all_ended(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _all_ended():
    """End what is still under way in this loop, and give up after a while.

    All of it is cancelled at once: what ends a kernel then begins later, and is not cancelled too.
    """
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        if not task.cancelling():
            task.cancel()
    if others:
        await asyncio.wait(others, timeout=SECONDS_TO_END)


def question_of(notebook: NotebookNode) -> str:
    """Return the question that a notebook's first cell asks, or ''."""
    first = notebook.cells[0].source if notebook.cells else ""
    return first.partition("**Question.** ")[2].partition("\n")[0].strip()


def title_of(notebook: NotebookNode, path: Path) -> str:
    """Return a notebook's title: the first heading in it, or its file name."""
    for line in notebook.cells[0].source.splitlines() if notebook.cells else []:
        if line.startswith("# "):
            return line[2:].strip()
    return path.stem
