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
from gru_lab.records.html import render
from gru_lab.records.notebooks import title_of
from gru_lab.runs.database import default_url, parse
from gru_lab.runs.exchange import as_block, pack
from gru_lab.runs.recording import used_by
from gru_lab.runs.store import Store
from gru_lab.series import Series

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
    return render("provenance.html.j2", language, **page, settings=_settings) + as_block(page)


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
    facts = about_runs(runs) | about_here()
    title = notebook.metadata.get("title") or title_of(notebook, Path(name))
    return {"title": title, "whole": not failed, "line": "", "runs": runs, "facts": facts}


def about_runs(
    runs: list[dict], series: Series | None = None, asked: bool = False
) -> dict[str, str]:
    """Return the data and seeds of a record's packed runs; more of `series` if it is among them.

    Without runs it is the series that was `asked` for; without one, what the notebook computes may
    rest on other data, which it names itself, so nothing is said.
    """
    used = list(
        dict.fromkeys((run["config"]["data"], run["config"]["data_digest"]) for run in runs)
    )
    used = used or ([(series.name, series.digest)] if asked else [])
    size = (
        {series.digest: "{:,} rows, {} channels, ".format(*series.values.shape)} if series else {}
    )
    data = [f"{name}: {size.get(digest, '')}digest {digest}" for name, digest in used]
    facts = {"data": "; ".join(data)}
    if size.keys() & {digest for _, digest in used}:
        aside = [f"{name} ({why})" for name, why in series.set_aside.items()]
        facts["columns set aside"] = ", ".join(aside) or "none"
    facts["seeds"] = ", ".join(map(str, sorted({run["config"]["seed"] for run in runs})))
    return {label: text for label, text in facts.items() if text}
