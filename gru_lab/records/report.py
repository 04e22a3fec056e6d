"""The report of a repair: one HTML file that opens anywhere, offline; its figures move."""

import base64
import datetime
import json
import platform
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

import gru_lab
from gru_lab.config import COUNT
from gru_lab.digits import decimals
from gru_lab.output import require_place, safe_csv, write_whole
from gru_lab.plots.repaired import largest, plot_holes, plot_repaired, repair_name
from gru_lab.records.html import POLICY, figure_html, packed_plotly, render
from gru_lab.repairs.keep import hole_lines
from gru_lab.repairs.remarks import grouped
from gru_lab.repairs.repaired import Repaired
from gru_lab.repairs.summary import (
    HOW,
    by_length,
    each_value,
    last_line,
    left_empty,
    summary,
)
from gru_lab.repairs.words import counted
from gru_lab.runs.recording import note

WAYS = {"forward fill": "last value", "linear": "straight line", "seasonal": "seasonal line"}
WAYS |= {"regression": "regression", "trees": "boosted trees", "network": "network"}
WAYS |= {"network + trees": "network and trees"}
LONG = 12  # rows; a longer repair has its picture, and can be ticked off
MOST_PICTURES, MOST_LISTED = 60, 500
MOST_VALUES = 100_000  # with their intervals inside the page: about 6 MB


def _settings(repairer):
    last = repairer.history_.tail(1).itertuples()
    training = [f"{row.seconds:.0f} s, {counted(row.epoch, 'epoch')}" for row in last]
    given = [part for part in repairer.get_params().items() if part[1] not in (None, (), [])]
    return {
        "training": "".join(training) or "none",
        "settings": ", ".join(f"{name} {value}" for name, value in given),
        "versions": f"GRU Lab {gru_lab.__version__}, Python {platform.python_version()}, "
        f"pandas {pd.__version__}",
        "date": datetime.datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
    }


def _has_to_say(way, words, lengths):
    """Tell whether a way is worth a column: it is a ruler, was learned, fills somewhere, or might
    have.
    """
    known = lengths[f"{way} MAE"].notna().any()
    plain = way in ("forward fill", "seasonal")
    named = (lengths["fills"] == way) | lengths["why"].astype(str).str.startswith(words)
    return known and (named.any() or not plain)


def _digits(error):
    if pd.isna(error):
        return "–"
    fixed = decimals(error)
    return f"{error:.2e}" if fixed > 6 else f"{error:,.{fixed}f}"  # no column as wide as a page


def _scores(rows):
    """Return the rows of a summary with their errors as text, {measure and way: text}."""
    names = [f"{way} {measure}" for measure in ("MAE", "RMSE") for way in (*WAYS, "repair")]
    texts = []
    for channel, row in rows.iterrows():
        texts.append((channel, row.to_dict() | {name: _digits(row[name]) for name in names}))
    return texts


def _ticked(repaired, holes):
    """Return each hole as (its name, its lines in the file of holes to keep)."""
    return [(repair_name(repaired, *hole), hole_lines(*hole)) for hole in holes]


def _figure(figure, language):
    return figure_html(json.loads(figure.to_json()), language)


def report(
    repaired: Repaired,
    path: str | Path,
    name: str = "table",
    problems: Iterable[str] = (),
    pictures: int = 6,
    units: dict | None = None,
    language: str = "en",
) -> Path:
    """Write the report of a `Repaired` to `path` and return the path; `problems` are further
    warnings, as sentences, `units` those of channels, {channel: text}, `language` en or zh, of the
    fixed words.

    It holds the holes before and after, every channel's errors on held-back entries in its own
    units, for each length of hole, pictures of `pictures` repairs at different moments and of all
    that are longer than `LONG` rows, each with a tick by which it can be refused, how many
    held-back entries the intervals held, the warnings, and as a table to save each repaired value
    with its interval, unless they are more than `MOST_VALUES`. Raises ValueError for a place that
    cannot be written to.

    >>> import gru_lab as lab
    >>> from gru_lab.demo import demo_table
    >>> repaired = lab.repair(demo_table(600)[0], minutes=0)
    >>> lab.report(repaired, "report.html").name
    'report.html'
    """
    if not isinstance(repaired, Repaired):
        raise ValueError(f"repaired must come from lab.repair, and is a {type(repaired).__name__}")
    path = require_place("the report", path)
    write_whole(path, report_page(repaired, name, problems, pictures, units, language))
    note(verdict=last_line(repaired))
    return path


def report_page(
    repaired: Repaired,
    name: str = "table",
    problems: Iterable[str] = (),
    pictures: int = 6,
    units: dict | None = None,
    language: str = "en",
) -> str:
    """Return the report of a `Repaired` as a page of HTML, as `report` describes it."""
    rows, units = summary(repaired), units or {}
    holed = rows[rows["holes"] > 0].sort_values("holes", ascending=False, kind="stable")
    shown = largest(repaired, COUNT.fix("pictures", pictures), LONG)
    drawn, further = shown[:MOST_PICTURES], shown[MOST_PICTURES:]
    figures = [
        _figure(plot_repaired(repaired, channel, where, units.get(channel, "")), language)
        for channel, where in drawn
    ]
    lengths = by_length(repaired)
    lengths = lengths[lengths.index.isin(holed.index, level="channel")]
    left = left_empty(repaired)
    few = repaired.filled.to_numpy().sum() <= MOST_VALUES
    return render(
        "report.html.j2",
        language,
        name=name,
        line=last_line(repaired),
        size=(len(repaired.table), len(rows)),
        rows=_scores(holed),
        lengths=_scores(lengths),
        jumps=repaired.jumps().to_dict(),
        complete=len(rows) - len(holed),
        ways={way: words for way, words in WAYS.items() if _has_to_say(way, words, lengths)},
        how=HOW,
        values=base64.b64encode(safe_csv(each_value(repaired)).encode()).decode() if few else "",
        coverage=repaired.repairer.coverage_,
        warnings=[*problems, *grouped(repaired.repairer)],
        holes=_figure(plot_holes(repaired), language) if len(holed) else "",
        pictures=list(zip(figures, _ticked(repaired, drawn), strict=True)),
        further=_ticked(repaired, further[:MOST_LISTED]),
        unlisted=len(further[MOST_LISTED:]),
        left=[(repair_name(repaired, c, where), why) for c, where, why in left[:MOST_LISTED]],
        left_more=len(left[MOST_LISTED:]),
        long=LONG,
        facts=_settings(repaired.repairer),
        policy=POLICY,
        plotly_js=packed_plotly() if len(holed) else "",
    )
