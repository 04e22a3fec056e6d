"""From notebooks to records: plan, train, execute, write one file each, an index and a log.

A record gets its name only when it is whole. A notebook whose cell fails still leaves a record,
which shows the error where it happened.
"""

import asyncio
import contextlib
import datetime
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from tqdm.auto import tqdm

from gru_lab.config import COUNT, RunConfig, one_of
from gru_lab.evidence.as_log import tuning_log
from gru_lab.evidence.verdict import verdict
from gru_lab.output import gone_if_empty, require_folder, write_whole
from gru_lab.records import own_notebook
from gru_lab.records.exporter import RecordExporter
from gru_lab.records.html import PLOTLY, figure_title
from gru_lab.records.index import LOG, PLAYGROUND, write_index
from gru_lab.records.markdown import as_markdown
from gru_lab.records.notebooks import (
    execute,
    find_notebooks,
    notebooks_folder,
    question_of,
    set_parameters,
    title_of,
    wait_for,
)
from gru_lab.records.playground import beside_explorer, playground
from gru_lab.records.provenance import about_environment, about_runs, foot_of
from gru_lab.runs.compute import Compute
from gru_lab.runs.exchange import pack
from gru_lab.runs.recording import notes_of, recording
from gru_lab.runs.results import Results
from gru_lab.runs.sweep import run_names, train_missing
from gru_lab.tables.read import read_table
from gru_lab.tuning_log.stage import Profile, Stage, open_profile
from gru_lab.tuning_log.stages import STAGES, stage
from gru_lab.tuning_log.write import write_log
from gru_lab.words import LANGUAGES, words

FORMATS = ("html", "log", "ipynb", "md")
AT_A_TIME = 2  # notebooks: each has a kernel, and most of them wait for one core
LONGEST_FIRST = ("07", "08")  # by number, so that none of them is left alone at the end


@dataclass(frozen=True)
class Plan:
    """What a recording will do, all of it checked before anything is trained."""

    paths: tuple[Path, ...]
    stages: dict[Path, Stage]
    first: Stage  # any stage on the series, for what all of them share
    seeds: int
    compute: Compute
    out: Path
    name: str | None
    formats: frozenset[str]
    language: str
    parameters: dict[str, object]  # of the notebooks

    def configs(self, path: Path) -> list[RunConfig]:
        """Return the runs of a notebook's stage; none where it has none."""
        chosen = self.stages.get(path)
        return [config for _, config in chosen.configs(self.seeds)] if chosen else []


def record(
    names: Iterable = (),
    profile: str | Profile = "lesson",
    data: object = None,
    split_by: str | None = None,
    seeds: int | None = None,
    out: str | Path = "records",
    store: Any = None,
    workers: int | None = None,
    device: str = "auto",
    name: str | None = None,
    formats: Iterable[str] = ("html", "log"),
    language: str = "en",
) -> tuple[list[Path], list[Path]]:
    """Train the runs of notebooks, execute them and write their records.

    Parameters
    ----------
    names : notebooks by name, number or path; default: all of ours
    profile, data, split_by, seeds : as `lab.stage` and `lab.sweep` take them
    out : the folder of records; this one comes into a new folder in it, called by date and `name`
    store, workers, device : where runs are kept and trained, as in `lab.sweep`
    formats : of 'html', 'ipynb' (executed), 'md', and 'log': the runs as a tuning log, for which
        no notebook is executed
    language : 'en' or 'zh', of the log and of the fixed words around the records

    Returns
    -------
    The paths written, `out`/index.html first, and those of records in which a cell failed.

    Raises
    ------
    ValueError
        For an unknown notebook, profile, device, format or language, for unusable data or an
        unusable place, before anything is trained.

    Examples
    --------
    >>> import gru_lab as lab
    >>> written, failed = lab.record(["dropout"], "tiny")  # doctest: +SKIP
    """
    formats = frozenset(one_of("format", chosen, FORMATS) for chosen in formats)
    one_of("language", language, LANGUAGES)
    seeds = COUNT.fix("seeds", open_profile(profile).seeds if seeds is None else seeds)
    paths, stages, first = _chosen(names, profile, data, split_by)
    if formats == {"log"} and not stages:
        raise ValueError("format 'log' writes the runs of stages; name some, such as 'dropout'")
    parameters = dict(PROFILE=profile, SEEDS=seeds, DATA=data and str(data), SPLIT_BY=split_by)
    with gone_if_empty(out):  # until there is something to put there
        out = require_folder("out", out)
        compute = Compute(store, workers, device)  # last: it opens the store
        plan = Plan(paths, stages, first, seeds, compute, out, name, formats, language, parameters)
        results = _train(plan)
    strangers = [path for path in paths if path.parent != notebooks_folder()]
    called = first.profile.name if paths[1:] or not strangers else strangers[0].stem
    folder = _folder(out, name or called)
    with gone_if_empty(folder):  # nothing came of it
        folder.mkdir(parents=True)
        written, failed = wait_for(_execute(plan, folder, results))
        if results and "html" in formats:
            with contextlib.suppress(ValueError):  # a table of a few windows
                written.append(playground(first.series, folder / PLAYGROUND, language=language))
        if results and "log" in formats:
            text = write_log(tuning_log(list(results.values()), language), language)
            write_whole(folder / LOG, text)
            written.append(folder / LOG)
    return [write_index(out, language), *written], failed


def _chosen(names, profile, data, split_by):
    """Return the notebooks, the stages of those that have one, and a stage on their series."""
    paths = tuple(find_notebooks(names))
    of_stages = {path: STAGES[path.stem[3:]] for path in paths if path.stem[3:] in STAGES}
    if data is None or of_stages:
        first = stage(1, profile, data, split_by)
    else:  # no stage is run, so the table may have holes
        series = read_table(data, split_by)
        first = replace(STAGES["mask_input"], profile=open_profile(profile), series=series)
    return paths, {path: row.bind(profile, first.series) for path, row in of_stages.items()}, first


def _train(plan):
    configs = [config for path in plan.stages for config in plan.configs(path)]
    labels = {}
    for chosen in plan.stages.values():
        labels |= run_names(chosen, plan.seeds)
    train_missing(configs, plan.first.series, plan.compute, labels)
    store = plan.compute.store
    return {
        path: Results.collect(chosen, plan.seeds, store) for path, chosen in plan.stages.items()
    }


async def _execute(plan, folder, results):
    """Execute the notebooks, two at a time, and write each as it is done: (written, failed)."""
    paths = plan.paths if plan.formats - {"log"} else ()
    notebooks = {path: nbformat.read(path, as_version=4) for path in paths}
    cells = sum(cell.cell_type == "code" for book in notebooks.values() for cell in book.cells)
    environment, series = about_environment(plan), plan.first.series
    asked = plan.parameters["DATA"] is not None
    written, free = {}, asyncio.Semaphore(AT_A_TIME)
    with tqdm(total=cells, unit="cell", desc="notebooks", leave=False) as bar:

        async def run(path):
            async with free:
                page = await _page(plan, path, notebooks[path], results.get(path), bar.update)
            page["facts"] = environment | about_runs(page["runs"], series, asked) | page["facts"]
            written[path] = _write(notebooks[path], path, page, folder, plan), page

        order = sorted(paths, key=lambda path: not path.name.startswith(LONGEST_FIRST))
        await asyncio.gather(*map(run, order))
    files = [file for path in paths for file in written[path][0]]
    failed = [written[path][0][0] for path in paths if not written[path][1]["whole"]]
    return files, failed


async def _page(plan, path, notebook, results, on_cell):
    set_parameters(notebook, **plan.parameters)
    title = notebook.metadata["title"] = title_of(notebook, path)
    with recording(plan.compute.store, plan.compute.device) as (environment, used):
        whole = await execute(notebook, environment, on_cell)
        runs = pack([*plan.configs(path), *used()], plan.compute.store)
        facts = notes_of(environment)  # of a notebook that asks a question of its own
    line = facts.pop("verdict", "")
    line = repr(verdict(results)) if results else line or question_of(notebook)
    return {"title": title, "whole": whole, "line": line, "runs": runs, "facts": facts}


def _tell(notebook, asked, line):
    """Give the picture whose title begins with `asked` its verdict, for who cannot see it."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    for figure in (output.get("data", {}).get(PLOTLY) for output in outputs):
        if figure and asked and figure_title(figure).startswith(asked):
            figure["layout"]["meta"] = {**(figure["layout"].get("meta") or {}), "says": line}


def _as_html(notebook, path, page, stage, language):
    """Return an executed notebook as a page, what it rests on at its foot and as data inside."""
    profile = page["facts"].get("profile", "")
    asked = profile.partition("your question: ")[2]  # of a question of one's own
    if stage:
        asked = f"Stage {stage.number}:"
    else:
        with contextlib.suppress(ValueError, TypeError):  # it asks none, or computes it
            stage = own_notebook.question_of(path, notebook)
    notebook = beside_explorer(notebook, stage, language) if stage else notebook
    _tell(notebook, asked, page["line"])
    home = f'<a href="../index.html">{words(language)["All records"]}</a>'
    around = {"nav_html": home, "provenance_html": foot_of(page, language), "language": language}
    resources = {"metadata": {"name": path.stem, "path": str(path.parent)}, "record": around}
    return RecordExporter().from_notebook_node(notebook, resources)[0]


def _write(notebook, path, page, folder, plan):
    """Write an executed notebook in each format that is for notebooks, and return the files."""
    ways = {
        "html": lambda: _as_html(notebook, path, page, plan.stages.get(path), plan.language),
        "ipynb": lambda: nbformat.writes(notebook) + "\n",
        "md": lambda: as_markdown(notebook),
    }
    files = [folder / f"{path.stem}.{suffix}" for suffix in ways if suffix in plan.formats]
    for file in files:
        write_whole(file, ways[file.suffix[1:]]())
    return files


def _folder(out, name):
    """Return a folder for one recording that does not exist yet, by its date and name."""
    slug = re.sub(r"[^\w.-]+", "_", name).strip("._")[:60] or "record"
    base = f"{datetime.datetime.now():%Y-%m-%d_%H%M}_{slug}"
    taken = (out / (base + (f"_{number}" if number > 1 else "")) for number in itertools.count(1))
    return next(path for path in taken if not path.exists())
