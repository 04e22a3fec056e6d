"""What a record rests on, as label and text: told by the runs that are in it."""

import contextlib
import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

import gru_lab
from gru_lab.device import pick_device
from gru_lab.records.html import TEMPLATES
from gru_lab.records.notebooks import title_of
from gru_lab.runs.database import default_url, parse
from gru_lab.runs.exchange import as_block, pack
from gru_lab.runs.recording import used_by
from gru_lab.runs.store import Store
from gru_lab.words import words

PACKAGES = ("torch", "numpy", "pandas", "plotly")


def about_here() -> dict[str, str]:
    """Return with what, where and when a record is made."""
    versions = [f"GRU Lab {gru_lab.__version__}", f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in PACKAGES]
    now = datetime.datetime.now().astimezone()
    return {
        "versions": ", ".join(versions),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "date": now.isoformat(sep=" ", timespec="minutes"),
    }


def about_environment(plan: Any) -> dict[str, str]:
    """Return who made a recording, with what, where and when."""
    here, profile = about_here(), plan.first.profile
    return ({"name": plan.name} if plan.name else {}) | {
        "profile": f"{profile.name} ({profile.about})",
        "versions": here["versions"],
        "machine": here["machine"],
        "device": str(pick_device(plan.compute.device)),
        "date": here["date"],
    }


def _settings(run):
    """Return a packed run's settings in words, for the table at the foot of a record."""
    left_out = ("data", "data_digest", "epochs", "seed")
    kept = {name: value for name, value in run["config"].items() if name not in left_out}
    return ", ".join(f"{name} {value}" for name, value in kept.items())


def foot_of(page: dict, language: str = "en") -> str:
    """Return what a record rests on, as HTML for its foot and as data inside it."""
    foot, texts = TEMPLATES.get_template("provenance.html.j2"), words(language)
    return foot.render(page, settings=_settings, words=texts) + as_block(page)


def page_of(notebook: NotebookNode, name: str, folder: str | Path | None) -> dict:
    """Return what the page of a notebook says that is exported as it stands, from a menu.

    Its runs are those that its cells have noted, as far as the store of its folder holds them.
    """
    failed = any(
        output.get("output_type") == "error"
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    runs = []
    with contextlib.suppress(ValueError, RuntimeError):  # a store that is not there, say
        url = default_url(folder)
        file = parse(url)[1]
        if file is None or file.exists():
            runs = pack(used_by(notebook), Store(url))
    data = dict.fromkeys((run["config"]["data"], run["config"]["data_digest"]) for run in runs)
    facts_of_runs = {"data": "; ".join(f"{name}: digest {digest}" for name, digest in data)}
    facts_of_runs |= {"seeds": ", ".join(map(str, sorted({run["config"]["seed"] for run in runs})))}
    facts = (facts_of_runs if runs else {}) | about_here()
    title = notebook.metadata.get("title") or title_of(notebook, Path(name))
    return {"title": title, "whole": not failed, "line": "", "runs": runs, "facts": facts}


def about_runs(plan: Any, runs: list[dict]) -> dict[str, str]:
    """Return the data and seeds of a record's packed runs.

    Without runs it is the table that was asked for; without one, what the notebook computes may
    rest on other data, which it names itself, so nothing is said.
    """
    series, asked = plan.first.series, plan.parameters["DATA"] is not None
    used = dict.fromkeys((run["config"]["data"], run["config"]["data_digest"]) for run in runs)
    if not runs and asked:
        used = {(series.name, series.digest): None}
    if not used:
        return {}
    rows, channels = series.values.shape
    ours = f": {rows:,} rows, {channels} channels, digest {series.digest}"
    parts = [
        name + (ours if digest == series.digest else f": digest {digest}") for name, digest in used
    ]
    facts = {"data": "; ".join(parts)}
    if any(digest == series.digest for _, digest in used):
        aside = [f"{name} ({why})" for name, why in series.set_aside.items()]
        facts["columns set aside"] = ", ".join(aside) or "none"
    seeds = sorted({run["config"]["seed"] for run in runs})
    return facts | ({"seeds": ", ".join(map(str, seeds))} if seeds else {})
