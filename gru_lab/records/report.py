"""The report of a repair: one HTML file that opens anywhere, offline, with figures that still move."""

import base64
import datetime
import json
import platform

import pandas as pd

import gru_lab
from gru_lab.config import COUNT
from gru_lab.output import require_place, safe_cell, write_whole
from gru_lab.plots.repaired import largest, plot_holes, plot_repaired
from gru_lab.records.html import POLICY, TEMPLATES, figure_html, packed_plotly
from gru_lab.repairs.summary import each_value, grouped, last_line, summary
from gru_lab.runs.recording import note

WAYS = {"forward fill": "forward fill", "linear": "straight line", "seasonal": "seasonal line"}
WAYS |= {"regression": "regression", "network": "network"}
MOST_VALUES = 100_000  # with their intervals inside the page: about 6 MB


def _settings(repairer):
    """Return what the repair was made with, as label and text."""
    trained = repairer.history_
    seconds = (
        f"{trained['seconds'].iloc[-1]:.0f} s, {trained['epoch'].iloc[-1]:.0f} epochs"
        if len(trained)
        else "none"
    )
    given = {
        name: value for name, value in repairer.get_params().items() if value not in (None, (), [])
    }
    return {
        "training": seconds,
        "settings": ", ".join(f"{name} {value}" for name, value in given.items()),
        "versions": f"GRU Lab {gru_lab.__version__}, Python {platform.python_version()}, pandas {pd.__version__}",
        "date": datetime.datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
    }


def _values(repaired):
    """Return each repaired value with its interval as the text of a CSV file."""
    table = each_value(repaired)
    texts = table.select_dtypes(["object", "string"]).columns
    return table.assign(**{name: table[name].map(safe_cell) for name in texts}).to_csv(index=False)


def report(repaired, path, name="table", problems=(), pictures=6):
    """Write the report of a `Repaired` to `path` and return the path; `problems` are further
    warnings, as sentences.

    It holds the holes before and after, every channel's errors on held-back entries in its own
    units, the longest repairs with their intervals, how many held-back entries those intervals
    held, the warnings, and as a table to save each repaired value with its interval, unless they
    are more than `MOST_VALUES`. Raises ValueError for a place that cannot be written to.

    >>> import gru_lab as lab
    >>> from gru_lab.demo import demo_table
    >>> repaired = lab.repair(demo_table(600)[0], minutes=0)
    >>> lab.report(repaired, "report.html").name
    'report.html'
    """
    path = require_place("the report", path)
    write_whole(path, report_page(repaired, name, problems, pictures))
    note(verdict=last_line(repaired))
    return path


def report_page(repaired, name="table", problems=(), pictures=6):
    """Return the report of a `Repaired` as a page of HTML, as `report` describes it."""
    rows = summary(repaired)
    holed = rows[rows["holes"] > 0].sort_values("holes", ascending=False, kind="stable")
    figures = [plot_holes(repaired)] if len(holed) else []
    figures += [
        plot_repaired(repaired, *one) for one in largest(repaired, COUNT.fix("pictures", pictures))
    ]
    few = repaired.filled.to_numpy().sum() <= MOST_VALUES
    return TEMPLATES.get_template("report.html.j2").render(
        name=name,
        line=last_line(repaired),
        size=(len(repaired.table), len(rows)),
        rows=list(holed.to_dict(orient="index").items()),
        complete=len(rows) - len(holed),
        ways=WAYS,
        values=base64.b64encode(_values(repaired).encode()).decode() if few else "",
        coverage=repaired.repairer.coverage_,
        warnings=[*problems, *grouped(repaired.repairer.warnings_)],
        figures=[figure_html(json.loads(figure.to_json())) for figure in figures],
        facts=_settings(repaired.repairer),
        policy=POLICY,
        plotly_js=packed_plotly() if figures else "",
    )
