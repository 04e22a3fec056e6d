"""From notebooks to records: train what they need, execute them, write one HTML file each, an index and a log.

A record is put under its name only when it is whole. A notebook whose cell fails still leaves a record, which
shows the error where it happened.
"""

import contextlib
import datetime
import itertools
import os
import platform
import re
import tempfile
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm.auto import tqdm
from traitlets.config import Config

import gru_lab
from gru_lab.config import COUNT, one_of, profile
from gru_lab.show.exporter import RecordExporter
from gru_lab.show.index import TEMPLATES, write_index, write_whole
from gru_lab.study.exchange import as_block, pack
from gru_lab.study.results import Results
from gru_lab.study.stages import STAGES, stage
from gru_lab.study.store import Store
from gru_lab.study.sweep import run_names, train_missing
from gru_lab.trainer import pick_device

PACKAGES = ("torch", "numpy", "pandas", "plotly")


def notebooks_folder():
    """Return the folder of the notebooks: in the installed package, or beside it in a checkout."""
    package = Path(gru_lab.__file__).parent
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def find_notebooks(names=()):
    """Return the paths of notebooks: ours by file name, stage name or number, others by path; default: all ours.

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
        raise ValueError(f"notebook must be a Jupyter notebook that exists, not {str(path)!r}: {error}") from error
    return path


def set_parameters(notebook, **values):
    """Put `values` into the cell tagged 'parameters', so that the record shows what it was run with."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in values.items())


def execute(notebook, on_cell=None):
    """Run a notebook's cells in a kernel of its own, in this folder; returns True if none failed."""
    here = {"metadata": {"path": os.getcwd()}}
    with tempfile.TemporaryDirectory(prefix="gru_lab_") as sockets:
        # sockets in a folder of our own instead of ports: nobody else on this machine can listen in
        own = {"transport": "ipc", "ip": f"{sockets}/kernel"} if os.name == "posix" else {}
        config = Config(AsyncKernelManager=own)
        client = NotebookClient(notebook, timeout=None, kernel_name="python3", resources=here, config=config)
        client.on_cell_executed = lambda **_: on_cell and on_cell()
        try:
            client.execute()
        except CellExecutionError:
            return False
    return True


@contextlib.contextmanager
def kernel_environment(store, device="auto"):
    """Let kernels started in this block use this store and device, and leave plain figures instead of widgets."""
    changes = {"GRU_LAB_STORE": store.url, "GRU_LAB_RECORD": "1", "PLOTLY_RENDERER": "plotly_mimetype"}
    if device == "cpu":
        changes["CUDA_VISIBLE_DEVICES"] = ""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def provenance(one, seeds, device):
    """Return what records rest on, as label and text: profile, data, seeds, versions, machine, date."""
    rows, channels = one.series.values.shape
    versions = [f"GRU Lab {gru_lab.__version__}", f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in PACKAGES]
    return {
        "profile": f"{one.profile.name} ({one.profile.about})",
        "data": f"{one.series.name}: {rows:,} rows, {channels} channels, digest {one.series.digest}",
        "columns set aside": ", ".join(f"{name} ({why})" for name, why in one.series.set_aside.items()) or "none",
        "seeds": ", ".join(map(str, range(seeds))),
        "versions": ", ".join(versions),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "device": str(pick_device(device)),
        "date": datetime.datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
    }


def _title(notebook, path):
    """Return a notebook's title: the first heading in it, or its file name."""
    for line in notebook.cells[0].source.splitlines() if notebook.cells else []:
        if line.startswith("# "):
            return line[2:].strip()
    return path.stem


def _settings(run):
    """Return a packed run's settings in words, for the table at the foot of a record."""
    left_out = ("data", "data_digest", "epochs", "seed")
    return ", ".join(f"{name} {value}" for name, value in run["config"].items() if name not in left_out)


def _record_notebook(path, folder, parameters, facts, runs, line, bar):
    """Execute one notebook and write its record; returns the record's path, and whether no cell failed."""
    notebook = nbformat.read(path, as_version=4)
    set_parameters(notebook, **parameters)
    notebook.metadata["title"] = title = _title(notebook, path)
    bar.set_description(path.stem)
    whole = execute(notebook, on_cell=bar.update)
    data = {"title": title, "whole": whole, "facts": facts, "line": line, "runs": runs}
    foot = TEMPLATES.get_template("provenance.html.j2").render(facts=facts, runs=runs, settings=_settings)
    page = {"nav_html": '<a href="../index.html">All records</a>', "provenance_html": foot + as_block(data)}
    resources = {"metadata": {"name": path.stem, "path": str(path.parent)}, "record": page}
    html, _ = RecordExporter().from_notebook_node(notebook, resources)
    write_whole(folder / f"{path.stem}.html", html)
    return folder / f"{path.stem}.html", whole


def _folder(out, name):
    """Return a new folder for one recording, by its date and name; older ones stay as they are."""
    slug = re.sub(r"[^\w.-]+", "_", name).strip("._")[:60] or "record"
    base = f"{datetime.datetime.now():%Y-%m-%d_%H%M}_{slug}"
    taken = (out / (base + (f"_{number}" if number > 1 else "")) for number in itertools.count(1))
    folder = next(path for path in taken if not path.exists())
    folder.mkdir(parents=True)
    return folder


def record(
    names=(),
    size="lesson",
    data=None,
    split_by=None,
    seeds=None,
    out="records",
    store=None,
    workers=None,
    device="auto",
    name=None,
):
    """Train the runs of the notebooks so named (default: all), execute them and write their records.

    They come into a new folder inside `out`, called by the date and `name` (default: the profile's), with the runs
    as a tuning log; `out`/index.html lists all there are. Returns the paths written, the index first, and the
    records in which a cell failed. Raises ValueError for an unknown notebook, profile, device or unusable data,
    before anything is trained.
    """
    paths, seeds = find_notebooks(names), COUNT.fix("seeds", profile(size).seeds if seeds is None else seeds)
    pick_device(device)
    first = stage(1, size, data, split_by)
    stages = {path: STAGES[path.stem[3:]].bind(size, first.series) for path in paths if path.stem[3:] in STAGES}
    store = store if isinstance(store, Store) else Store(store)
    configs = [config for one in stages.values() for _, config in one.configs(seeds)]
    run_labels = {key: label for one in stages.values() for key, label in run_names(one, seeds).items()}
    train_missing(configs, first.series, store, workers, device, run_labels)
    results = {path: Results.collect(one, seeds, store) for path, one in stages.items()}
    folder = _folder(Path(out), name or first.profile.name)
    parameters = dict(PROFILE=size, SEEDS=seeds, DATA=data and str(data), SPLIT_BY=split_by)
    facts = {"name": name} if name else {}
    facts |= provenance(first, seeds, device)
    cells = sum(cell.cell_type == "code" for path in paths for cell in nbformat.read(path, as_version=4).cells)
    written, failed = [], []
    with tqdm(total=cells, unit="cell", leave=False) as bar, kernel_environment(store, device):
        for path in paths:
            runs = pack([config for _, config in stages[path].configs(seeds)], store) if path in stages else []
            line = results[path].line if path in results else ""
            file, whole = _record_notebook(path, folder, parameters, facts, runs, line, bar)
            written.append(file)
            failed += [] if whole else [file]
    if results:
        head = f"# GRU tuning log\n\n{first.series.name}, {first.profile.name} profile"
        sections = [one.as_log() for one in results.values()]
        write_whole(folder / "tuning_log.md", "\n\n".join([head, *sections]) + "\n")
    return [write_index(Path(out)), *written], failed
