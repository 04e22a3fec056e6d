"""The facts of a table in words, as `check` lists them: its channels, holes, what is set aside."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.repairs.holes import runs_of
from gru_lab.repairs.words import counted, describe, listed, shown
from gru_lab.tables.channels import EMPTY
from gru_lab.tables.numbers import option, quoted

LEARNED = "what does best on values held back"
TREATMENT = {
    "measured": LEARNED,
    "angle": f"{LEARNED}, the short way round",
    "count": f"{LEARNED}, in whole numbers",
    "constant": "its one value",
    "flag": "the nearer neighbour's value",
    "code": "the nearer neighbour's value, never one between",
    "none": "nothing: there is nothing to learn from",
}


def _pattern(missing, runs):
    """Return in words how holes lie: as points or blocks, alone or several channels together."""
    lengths = runs[:, 2] - runs[:, 1] + 1
    words = ["in blocks" if lengths[lengths >= 3].sum() > lengths.sum() / 2 else "as points"]
    holed = missing[:, missing.any(axis=0)]
    groups = Counter(column.tobytes() for column in holed.T)
    together = [count for count in groups.values() if count > 1]
    if together:
        words.append(
            f"{sum(together)} channels fail together"
            + f" in {len(together)} groups" * (len(together) > 1)
        )
    if (whole := missing.all(axis=1).sum()) and missing.shape[1] > 1:
        words.append(f"{counted(whole, 'row')} without any value")
    return ", ".join(words)


def _oddities(name, values, where):
    """Return what is wrong with one column's values (rows,), as sentences."""
    problems = []
    if len(infinite := np.flatnonzero(np.isinf(values))):
        problems.append(
            f"channel {name!r} has {counted(len(infinite), 'infinite value')}, or longer than any "
            f"number, the first in {where(infinite[0])}; to repair them, add "
            f"{option('--missing-value', f'{name}=inf')}"
        )
    if (empty := np.isnan(values).mean()) > 0.5:
        problems.append(
            f"channel {name!r} is missing in {empty:.0%} of the rows; trust little of what is put "
            f"there, or leave it as it is: add {option('--inputs', name)}"
        )
    return problems


def channel_rows(series: Any, table: Any, options: Any, where: Any) -> Any:
    """Return a row per channel, the gaps of all, and what is wrong with single channels as
    sentences.
    """
    missing, rows, problems = np.isnan(series.values), [], []
    runs, longest = runs_of(missing, series.starts), np.zeros(len(series.channels), dtype=int)
    np.maximum.at(longest, runs[:, 0], runs[:, 2] - runs[:, 1] + 1)
    for channel, name in enumerate(series.channels):
        kind, holes = options.kind(name, series.values[:, channel]), missing[:, channel]
        then = TREATMENT[kind] if options.repaired(name) else "nothing: it is only seen"
        rows.append((name, kind, holes.sum(), holes.mean(), longest[channel], then))
        problems += _oddities(name, table[name].to_numpy(np.float64, na_value=np.nan), where)
    for name in [name for name, why in series.set_aside.items() if why == EMPTY]:
        rows.append((name, "empty", len(table), 1.0, len(table), TREATMENT["none"]))
        if not name.startswith("Unnamed: "):  # a column without name and values is no one's
            problems.append(f"column {name!r} has no values at all and stays empty")
    for name in [n for n, why in series.set_aside.items() if why == "another time"]:
        if holes := table[name].isna().sum():
            problems.append(
                f"column {name!r} holds times such as {quoted(table[name].dropna().iloc[0])} and "
                f"{counted(holes, 'empty cell')}, which stay empty; if they are lengths of time, "
                "write them as numbers, such as minutes"
            )
    columns = ["channel", "kind", "holes", "share", "longest", "repair"]
    return pd.DataFrame(rows, columns=columns).set_index("channel"), runs, problems


def facts_of(
    source: Any, series: Any, layout: Any, channels: Any, runs: np.ndarray, stay: Any
) -> Any:
    """Return {label: words} on a Sheet, its Series and Layout, and what is wrong with its time.

    `channels` has a row per channel, `runs` are the holes, as `runs_of` gives them, and `stay`
    (rows, channels) is True where they are to stay empty.
    """
    rows, several = len(source.table), f" in {len(series.starts)} parts"
    others = [n for n, why in series.set_aside.items() if why in ("text", "another time")]
    unread = source.unread or source.table[others].isna().any(axis=None)
    kinds = ", ".join(f"{count} {kind}" for kind, count in channels["kind"].value_counts().items())
    alone = "; one alone has no other to learn from" * (len(channels) == 1)
    when, wrong = describe(layout)
    shown_why = ("text", "row number", "complex numbers", "another time")
    aside = [f"{name!r} ({why})" for name, why in series.set_aside.items() if why in shown_why]
    facts = {
        "read as": source.file.about if source.file else "DataFrame",
        "rows": f"{rows:,}" + several * (len(series.starts) > 1),
        "time": when,
        "channels": f"{len(channels):,}: {kinds}{alone}",
        "set aside": listed(aside, 8) or "none",
        "holes": "none" + (" in the columns that were read" if unread else ": nothing to repair"),
    }
    if source.facts:
        facts["cells"] = "; ".join(source.facts[:8]) + " …" * (len(source.facts) > 8)
    if holes := channels["holes"].sum():
        entries = rows * len(channels)
        facts["holes"] = (
            f"{holes:,} of {entries:,} entries ({holes / entries:.1%}) in "
            f"{counted((channels['holes'] > 0).sum(), 'channel')}, "
            f"the longest {counted(channels['longest'].max(), 'row')}"
        )
    if stay.any():
        whole = stay[runs[:, 1], runs[:, 0]].sum()
        left = (shown(series.channels[c]) for c in np.flatnonzero(stay.any(axis=0)))
        holes = f"{counted(whole, 'hole')} of {listed(left, 8)}"
        facts["left empty"] = f"{stay.sum():,} entries, as you said, in {holes}"
    if len(runs):
        facts["pattern"] = _pattern(np.isnan(series.values), runs)
    return facts, wrong
