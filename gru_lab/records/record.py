"""From notebooks to records: train what they need, execute them, write one file each, an index and
a log.

A record is put under its name only when it is whole. A notebook whose cell fails still leaves a
record, which shows the error where it happened.
"""

import datetime
import itertools
import os
import platform
import re
from dataclasses import replace
from importlib.metadata import version

import nbformat
from tqdm.auto import tqdm

import gru_lab
from gru_lab.config import COUNT, one_of
from gru_lab.device import pick_device
from gru_lab.evidence.as_log import tuning_log
from gru_lab.evidence.verdict import verdict
from gru_lab.output import require_folder, write_whole
from gru_lab.records.exporter import RecordExporter
from gru_lab.records.html import TEMPLATES
from gru_lab.records.index import LOG, write_index
from gru_lab.records.markdown import as_markdown
from gru_lab.records.notebooks import (
    execute,
    find_notebooks,
    kernel_environment,
    set_parameters,
    title_of,
)
from gru_lab.runs.exchange import as_block, noting_used, pack
from gru_lab.runs.results import Results
from gru_lab.runs.store import Store
from gru_lab.runs.sweep import run_names, train_missing
from gru_lab.tables.read import read_table
from gru_lab.tuning_log.stage import open_profile
from gru_lab.tuning_log.stages import STAGES, stage
from gru_lab.tuning_log.write import LANGUAGES, write_log

FORMATS = ("html", "log", "ipynb", "md")
OF_RUNS = ("data", "columns set aside", "seeds")
PACKAGES = ("torch", "numpy", "pandas", "plotly")


def provenance(one, seeds, device):
    """Return what records rest on, as label and text: profile, data, seeds, versions, machine,
    date.
    """
    rows, channels = one.series.values.shape
    versions = [f"GRU Lab {gru_lab.__version__}", f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in PACKAGES]
    return {
        "profile": f"{one.profile.name} ({one.profile.about})",
        "data": f"{one.series.name}: {rows:,} rows, {channels} channels, digest {one.series.digest}",
        "columns set aside": ", ".join(
            f"{name} ({why})" for name, why in one.series.set_aside.items()
        )
        or "none",
        "seeds": ", ".join(map(str, range(seeds))),
        "versions": ", ".join(versions),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "device": str(pick_device(device)),
        "date": datetime.datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
    }


def _settings(run):
    """Return a packed run's settings in words, for the table at the foot of a record."""
    left_out = ("data", "data_digest", "epochs", "seed")
    return ", ".join(
        f"{name} {value}" for name, value in run["config"].items() if name not in left_out
    )


def _as_html(notebook, path, page):
    """Return an executed notebook as a page, with what it rests on at its foot and all of it as
    data inside.
    """
    foot = TEMPLATES.get_template("provenance.html.j2").render(page, settings=_settings)
    page = {
        "nav_html": '<a href="../index.html">All records</a>',
        "provenance_html": foot + as_block(page),
    }
    resources = {"metadata": {"name": path.stem, "path": str(path.parent)}, "record": page}
    return RecordExporter().from_notebook_node(notebook, resources)[0]


def _write(notebook, path, page, folder, formats):
    """Write an executed notebook in each of the formats that are for notebooks, and return the
    files.
    """
    ways = {
        "html": lambda: _as_html(notebook, path, page),
        "ipynb": lambda: nbformat.writes(notebook) + "\n",
        "md": lambda: as_markdown(notebook),
    }
    files = [folder / f"{path.stem}.{suffix}" for suffix in ways if suffix in formats]
    for file in files:
        write_whole(file, ways[file.suffix[1:]]())
    return files


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
    profile="lesson",
    data=None,
    split_by=None,
    seeds=None,
    out="records",
    store=None,
    workers=None,
    device="auto",
    name=None,
    formats=("html", "log"),
    language="en",
):
    """Train the runs of the notebooks so named (default: all), execute them and write their
    records.

    They come into a new folder inside `out`, called by the date and `name` (default: the
    profile's). `formats` are of 'html', 'ipynb' (executed), 'md', and 'log': the runs as a tuning
    log in `language`, 'en' or 'zh', for which no notebook is executed. `out`/index.html lists all
    there are. Returns the paths written, the index first, and those in which a cell failed. Raises
    ValueError for an unknown notebook, profile, device, format or language, or unusable data or
    place, before anything is trained.
    """
    paths, seeds = (
        find_notebooks(names),
        COUNT.fix("seeds", open_profile(profile).seeds if seeds is None else seeds),
    )
    formats, _ = (
        {one_of("format", one, FORMATS) for one in formats},
        one_of("language", language, LANGUAGES),
    )
    pick_device(device)
    if data is None or any(path.stem[3:] in STAGES for path in paths):
        first = stage(1, profile, data, split_by)
    else:  # no stage is run, so the table may have holes
        first = replace(
            STAGES["mask_input"], profile=open_profile(profile), series=read_table(data, split_by)
        )
    stages = {
        path: STAGES[path.stem[3:]].bind(profile, first.series)
        for path in paths
        if path.stem[3:] in STAGES
    }
    if formats == {"log"} and not stages:
        raise ValueError(
            "format 'log' writes the runs of stages; name notebooks of stages, such as 'dropout'"
        )
    out, store = require_folder("out", out), Store.of(store)
    configs = [config for one in stages.values() for _, config in one.configs(seeds)]
    run_labels = {
        key: label for one in stages.values() for key, label in run_names(one, seeds).items()
    }
    train_missing(configs, first.series, store, workers, device, run_labels)
    results = {path: Results.collect(one, seeds, store) for path, one in stages.items()}
    folder = _folder(out, name or first.profile.name)
    parameters = dict(PROFILE=profile, SEEDS=seeds, DATA=data and str(data), SPLIT_BY=split_by)
    facts = {"name": name} if name else {}
    facts |= provenance(first, seeds, device)
    paths = paths if formats - {"log"} else []
    cells = sum(
        cell.cell_type == "code"
        for path in paths
        for cell in nbformat.read(path, as_version=4).cells
    )
    written, failed = [], []
    with tqdm(total=cells, unit="cell", leave=False) as bar, kernel_environment(store, device):
        for path in paths:
            bar.set_description(path.stem)
            notebook = nbformat.read(path, as_version=4)
            set_parameters(notebook, **parameters)
            notebook.metadata["title"] = title_of(notebook, path)
            with noting_used() as used:
                whole = execute(notebook, on_cell=bar.update)
                configs = (
                    [config for _, config in stages[path].configs(seeds)] if path in stages else []
                )
                configs += used()
            page = {"title": notebook.metadata["title"], "whole": whole, "facts": facts}
            page["line"] = repr(verdict(results[path])) if path in results else ""
            page["runs"] = pack(configs, store)
            if (
                not page["runs"] and data is None
            ):  # what it computes may rest on other data, which it names itself
                page["facts"] = {
                    label: text for label, text in facts.items() if label not in OF_RUNS
                }
            files = _write(notebook, path, page, folder, formats)
            written += files
            failed += [] if whole else files[:1]
    if results and "log" in formats:
        write_whole(folder / LOG, write_log(tuning_log(list(results.values()), language), language))
        written += [folder / LOG]
    return [write_index(out), *written], failed
