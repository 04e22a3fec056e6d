"""What stands in a table before a repair: its channels, its time, its holes, and what would spoil
the result.

    print(check("sensor.csv"))

Nothing is changed and nothing is guessed in silence: each problem is a sentence that ends in what
to do about it.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gru_lab.repairs.advice import folded, of_channels, on_ends
from gru_lab.repairs.holes import runs_of
from gru_lab.repairs.options import Options
from gru_lab.repairs.sheet import READING, Sheet
from gru_lab.repairs.words import counted, describe, moment_words, shown
from gru_lab.tables.frames import plain_table
from gru_lab.tables.layout import Layout, names_of
from gru_lab.tables.numbers import option
from gru_lab.tables.read import series_of

SHOWN = 25  # channels listed at most
FEW_ROWS = 200  # below, there is hardly anything to learn from
LEARNED = "what does best on values held back"
TREATMENT = {
    "measured": LEARNED,
    "angle": f"{LEARNED}, the short way round",
    "count": f"{LEARNED}, in whole numbers",
    "constant": "its one value",
    "flag": "the nearer neighbour's value",
    "code": "the nearer neighbour's value, never one between",
    "empty": "nothing: there is nothing to learn from",
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


def _oddities(name, values):
    """Return what is wrong with one column's values (rows,), as sentences."""
    found = []
    if infinite := np.isinf(values).sum():
        found.append(
            f"channel {name!r} has {counted(infinite, 'infinite value')}; to repair them, add "
            f"{option('--missing-value', f'{name}=inf')}"
        )
    if (empty := np.isnan(values).mean()) > 0.5:
        found.append(
            f"channel {name!r} is missing in {empty:.0%} of the rows; trust little of what is put "
            "there"
        )
    return found


@dataclass
class Check:
    """What `check` found. `channels` has a row per channel, `problems` are sentences; printed, it
    is all of it.
    """

    name: str
    facts: dict
    channels: pd.DataFrame
    problems: list
    layout: Layout  # which columns are time, parts and channels
    angles: tuple = ()  # channels with holes that look like angles and are not named as such

    @property
    def time(self):
        """The column of time stamps, or a tuple of several; None without any, or in the index."""
        names = tuple(name for name in self.layout.time if name in self.layout.set_aside)
        return None if not names else names[0] if len(names) == 1 else names

    def require_sure(self):
        """Raise ValueError where channels may be angles, which are filled in another way."""
        if self.angles:
            raise ValueError(
                f"{self.name}: {', '.join(map(repr, self.angles))} may be degrees, where 360 is 0, "
                f"and is filled in another way then: add {option('--angles', *self.angles)}, or "
                "--yes if it is plain numbers"
            )

    def __str__(self):
        wide = max(map(len, self.facts))
        lines = [self.name, *(f"{label:<{wide}}  {text}" for label, text in self.facts.items())]
        holed = self.channels[self.channels["holes"] > 0].sort_values(
            "holes", ascending=False, kind="stable"
        )
        if len(holed):
            head = ["channel", "kind", "holes", "longest", "a repair puts there"]
            rows = [
                (shown(n), r.kind, f"{r.holes:,} ({r.share:.1%})", f"{r.longest:,}", r.repair)
                for n, r in holed.iterrows()
            ]
            rows = [head, *rows[:SHOWN]]
            widths = [max(len(row[column]) for row in rows) for column in range(4)]
            lines += [""] + ["  ".join([*map(str.ljust, row[:4], widths), row[4]]) for row in rows]
        if len(holed) > SHOWN:
            lines.append(f"… and {counted(len(holed) - SHOWN, 'channel')} more with fewer holes")
        if self.problems:
            numbered = (f"{n}. {text}" for n, text in enumerate(self.problems, 1))
            lines += [
                "",
                "Problems:",
                *map(folded, numbered),
            ]
        return "\n".join(lines)


def _channels(series, table, empty, options):
    """Return a row per channel, the gaps of all, and what is wrong with single channels as
    sentences.
    """
    missing, rows, problems = np.isnan(series.values), [], []
    runs = runs_of(missing, series.starts)
    for channel, name in enumerate(series.channels):
        own = runs[runs[:, 0] == channel]
        longest = (own[:, 2] - own[:, 1]).max() + 1 if len(own) else 0
        kind, holes = options.kind(name, series.values[:, channel]), missing[:, channel]
        then = TREATMENT[kind] if options.repaired(name) else "nothing: it is only seen"
        rows.append((name, kind, holes.sum(), holes.mean(), longest, then))
        problems += _oddities(name, table[name].to_numpy(np.float64, na_value=np.nan))
    for name in empty:
        rows.append((name, "empty", len(table), 1.0, len(table), TREATMENT["empty"]))
        if not name.startswith("Unnamed: "):  # a column without name and values is no one's
            problems.append(f"column {name!r} has no values at all and stays empty")
    columns = ["channel", "kind", "holes", "share", "longest", "repair"]
    return pd.DataFrame(rows, columns=columns).set_index("channel"), runs, problems


def _stay(series, layout, options):
    """Return which missing entries (rows, channels) are to stay empty."""
    seconds = layout.moments if layout.dated else None
    return options.stay(np.isnan(series.values), series.channels, series.starts, seconds)


def _place(source, layout):
    """Return a function from a row of the series to where it stands in the file, and when."""
    where = source.file.place if source.file else "row {}".format

    def place(row):
        at = where(int(layout.order[row]))
        return at if not layout.time else f"{at} ({moment_words(layout, layout.order[row])})"

    return place


def check(
    source, split_by=None, time=None, missing=(), time_format=None, dayfirst=None, **options
) -> Check:
    """Return a Check of a file, a DataFrame or a Sheet.

        check("sensor.csv", angles=["wind_dir"], max_gap="6h").problems

    `split_by` names the column that tells parts apart, `time` that of the time stamps (default:
    found by itself), `missing` values that stand for 'missing'; `time_format` and `dayfirst` say
    how time is written; `options` are those of `Options`, and `decimal`, `thousands`, `sheet` and
    `yes` of `Sheet.open`. Raises ValueError for what cannot be read or has no numeric channel, and
    for unknown names.

    >>> import pandas as pd
    >>> hours = pd.date_range("2024-05-01", periods=4, freq="h")
    >>> table = pd.DataFrame({"t": hours, "a": [1, None, 2, 3]})
    >>> check(table).facts["time"]
    "'t', every 1 h"
    """
    reading = {name: options.pop(name) for name in READING if name in options}
    chosen = Options(**options)
    if not isinstance(source, Sheet):
        protect = [*names_of(split_by), *names_of(time)]
        of_file = isinstance(source, str | Path)
        opened, source = (Sheet.open, source) if of_file else (Sheet.of, plain_table(source))
        source = opened(source, missing, protect=protect, **reading)
    table = source.table
    layout = Layout.of(table, split_by, time, time_format, dayfirst)
    try:
        series = series_of(table.replace([np.inf, -np.inf], np.nan), layout, source.name)
    except ValueError as error:  # say why there are no numbers
        raise ValueError("; ".join([str(error), *source.unread.values()])) from error
    aside = {
        why: [name for name, reason in series.set_aside.items() if reason == why]
        for why in series.set_aside.values()
    }
    chosen.require(list(series.channels))
    channels, runs, problems = _channels(series, table, aside.get("no values at all", []), chosen)
    place = _place(source, layout)
    said, turning = of_channels(series.values, series.channels, chosen.settled, place)
    stay = _stay(series, layout, chosen)
    filled = runs[~stay[runs[:, 1], runs[:, 0]]]
    if chosen.extrapolation is None:
        said += on_ends(filled, series.starts, len(series), series.channels, place)
    problems = [*source.notes, *said, *problems]
    kinds = ", ".join(f"{count} {kind}" for kind, count in channels["kind"].value_counts().items())
    others = [
        f"{name!r} ({why})"
        for name, why in series.set_aside.items()
        if why in ("text", "row number", "complex numbers", "another time")
    ]
    facts = {
        "read as": source.file.about if source.file else "DataFrame",
        "rows": f"{len(table):,}" + f" in {len(series.starts)} parts" * (len(series.starts) > 1),
        "time": "",
        "channels": f"{len(channels):,}: {kinds}"
        + "; one alone has no other to learn from" * (len(channels) == 1),
        "set aside": ", ".join(others[:8]) + f" and {len(others) - 8} more" * (len(others) > 8)
        or "none",
        "holes": "none in the columns that were read"
        if source.unread
        else "none: there is nothing to repair",
    }
    if source.facts:
        facts["cells"] = "; ".join(source.facts[:8]) + " …" * (len(source.facts) > 8)
    facts["time"], wrong = describe(layout)
    problems += [*layout.refusals, *layout.problems, *wrong]
    if holes := channels["holes"].sum():
        facts["holes"] = (
            f"{holes:,} of {len(table) * len(channels):,} entries "
            f"({holes / len(table) / len(channels):.1%}) in "
            f"{counted((channels['holes'] > 0).sum(), 'channel')}, "
            f"the longest {counted(channels['longest'].max(), 'row')}"
        )
    if stay.any():
        left = [series.channels[c] for c in np.flatnonzero(stay.any(axis=0))]
        facts["left empty"] = (
            f"{stay.sum():,} entries, as you said, in {counted(len(runs) - len(filled), 'hole')} "
            "of "
            f"{', '.join(map(shown, left[:5]))}" + f" and {len(left) - 5} more" * (len(left) > 5)
        )
    if len(runs):
        facts["pattern"] = _pattern(np.isnan(series.values), runs)
    if len(table) < FEW_ROWS:
        problems.append(
            f"{counted(len(table), 'row')}: too few to learn from, so expect a straight line; "
            "give more rows"
        )
    unsure = [name for name in turning if channels["holes"][name] and chosen.repaired(name)]
    return Check(source.name, facts, channels, problems, layout, tuple(unsure))
