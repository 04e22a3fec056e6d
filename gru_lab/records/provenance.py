"""What a record rests on, as label and text: told by the runs that are in it."""

import datetime
import os
import platform
from importlib.metadata import version

import gru_lab
from gru_lab.device import pick_device

PACKAGES = ("torch", "numpy", "pandas", "plotly")


def about_environment(plan) -> dict[str, str]:
    """Return who made a recording, with what, where and when."""
    versions = [f"GRU Lab {gru_lab.__version__}", f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in PACKAGES]
    now = datetime.datetime.now().astimezone()
    return ({"name": plan.name} if plan.name else {}) | {
        "profile": f"{plan.first.profile.name} ({plan.first.profile.about})",
        "versions": ", ".join(versions),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "device": str(pick_device(plan.compute.device)),
        "date": now.isoformat(sep=" ", timespec="minutes"),
    }


def about_runs(plan, runs) -> dict[str, str]:
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
    told = [
        name + (ours if digest == series.digest else f": digest {digest}") for name, digest in used
    ]
    facts = {"data": "; ".join(told)}
    if any(digest == series.digest for _, digest in used):
        aside = [f"{name} ({why})" for name, why in series.set_aside.items()]
        facts["columns set aside"] = ", ".join(aside) or "none"
    seeds = sorted({run["config"]["seed"] for run in runs})
    return facts | ({"seeds": ", ".join(map(str, seeds))} if seeds else {})
