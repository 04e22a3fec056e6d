"""What stands in a table before a repair: its channels, its time, its holes, and what would spoil
the result.

    print(check("sensor.csv"))

Nothing is changed and nothing is guessed in silence: each problem is a sentence that ends in what
to do about it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.repairs.advice import folded, of_channels, on_ends
from gru_lab.repairs.columns import laid_out
from gru_lab.repairs.facts import channel_rows, facts_of
from gru_lab.repairs.limits import Limits
from gru_lab.repairs.options import Options
from gru_lab.repairs.sheet import READING, Sheet
from gru_lab.repairs.words import counted, moment_words, shown
from gru_lab.tables.frames import plain_table
from gru_lab.tables.layout import Layout, names_of, one_or_several
from gru_lab.tables.numbers import option
from gru_lab.tables.read import series_of

SHOWN = 25  # channels listed at most
FEW_ROWS = 200  # below, there is hardly anything to learn from


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
    def time(self) -> Any:
        """The column of time stamps, or a tuple of several; None without any, or in the index."""
        return one_or_several([n for n in self.layout.time if n in self.layout.set_aside])

    def require_sure(self) -> None:
        """Raise ValueError where channels may be angles, which are filled in another way."""
        if self.angles:
            raise ValueError(
                f"{self.name}: {', '.join(map(repr, self.angles))} may be an angle, and is filled "
                f"in another way then: write it in degrees and add "
                f"{option('--angles', *self.angles)}, or --yes if it is plain numbers"
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


def _stay(series, layout, options):
    """Return which missing entries (rows, channels) are to stay empty."""
    stretch = laid_out(series.values, layout)
    limits, stay = Limits.of(options, series.channels, stretch), np.isnan(series.values)
    stay &= ~limits.fills
    for c in range(len(series.channels)):
        gaps = stretch.gaps(c)
        stay[gaps.row[~limits.allow(c, gaps)], c] = True
    return stay


def _place(where, layout):
    """Return a function from a row of the series to where it stands in the file, and when."""

    def place(row):
        at = where(int(layout.order[row]))
        return at if not layout.time else f"{at} ({moment_words(layout, layout.order[row])})"

    return place


def check(
    source: Any,
    split_by: Any = None,
    time: Any = None,
    missing: Any = (),
    time_format: str | None = None,
    dayfirst: bool | None = None,
    **options: Any,
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
    chosen.require(list(series.channels))
    where = source.file.place if source.file else "row {}".format
    channels, runs, problems = channel_rows(series, table, chosen, where)
    place = _place(where, layout)
    sentences, turning = of_channels(series.values, series.channels, chosen.settled, place)
    stay = _stay(series, layout, chosen)
    if chosen.extrapolation is None:
        filled = runs[~stay[runs[:, 1], runs[:, 0]]]
        sentences += on_ends(filled, series.starts, len(series), series.channels, place)
    facts, wrong = facts_of(source, series, layout, channels, runs, stay)
    problems = [*source.notes, *sentences, *problems, *layout.refusals, *layout.problems, *wrong]
    if len(table) < FEW_ROWS:
        problems.append(
            f"{counted(len(table), 'row')}: too few to learn from, so expect a straight line; "
            "give more rows"
        )
    unsure = [name for name in turning if channels["holes"][name] and chosen.repaired(name)]
    return Check(source.name, facts, channels, problems, layout, tuple(unsure))
