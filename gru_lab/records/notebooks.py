"""Notebooks as files: find them, give them their parameters, execute them in a kernel of their own."""

import os
import re
import tempfile
from pathlib import Path

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

import gru_lab
from gru_lab.config import one_of

WIDGET = "application/vnd.jupyter.widget-view+json"
BAR = re.compile(r"\d+%\|.*\| \d+/\d+ \[")  # what tqdm writes beside its widget


def is_bar(data):
    """Tell whether a MIME bundle is a progress bar, of which nothing is to be kept."""
    return WIDGET in data and bool(BAR.search(data.get("text/plain", "")))


def notebooks_folder():
    """Return the folder of the notebooks: in the installed package, or beside it in a checkout."""
    package = Path(gru_lab.__file__).parent
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def find_notebooks(names=()):
    """Return the paths of notebooks: ours by file name, stage name or number, others by path;
    default: all ours.

    Raises ValueError for a name that none has, and for a path that leads to no notebook.
    """
    paths = sorted(notebooks_folder().glob("[0-9][0-9]_*.ipynb"))
    known = {}
    for path in paths:
        number, _, name = path.stem.partition("_")
        known |= dict.fromkeys((path.stem, name, number, str(int(number))), path)
    for name in map(str, names):
        if name.endswith(".ipynb"):
            known[name] = _own_notebook(Path(name))
    return [known[one_of("notebook", str(name), known)] for name in names] or paths


def _own_notebook(path):
    try:
        nbformat.read(path, as_version=4)
    except Exception as error:  # whatever is wrong with the file
        raise ValueError(
            f"notebook must be a Jupyter notebook that exists, not {str(path)!r}: {error}"
        ) from error
    return path


def set_parameters(notebook, **values):
    """Put `values` into the cell tagged 'parameters', so that the record shows what it was run
    with.
    """
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in values.items())


async def execute(notebook, environment=None, on_cell=None) -> bool:
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
            notebook, timeout=None, kernel_name="python3", resources=here, config=config
        )
        client.on_cell_executed = lambda **_: on_cell and on_cell()
        try:
            await client.async_execute(env=environment or dict(os.environ))
        except CellExecutionError:
            return False
        finally:
            for cell in notebook.cells:
                if "outputs" in cell:
                    cell.outputs = [
                        output for output in cell.outputs if not is_bar(output.get("data", {}))
                    ]
    return True


execute_now = run_sync(execute)  # for callers that cannot wait in an event loop


def title_of(notebook, path):
    """Return a notebook's title: the first heading in it, or its file name."""
    for line in notebook.cells[0].source.splitlines() if notebook.cells else []:
        if line.startswith("# "):
            return line[2:].strip()
    return path.stem
