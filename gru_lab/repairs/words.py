"""Counts, names and time stamps in words: how regular these are, and what is wrong with them."""

import re
from collections.abc import Iterable

import numpy as np

from gru_lab.tables.layout import Layout
from gru_lab.tables.manner import ascii_digits
from gru_lab.tables.missing_rows import LONG, MOSTLY, missing_steps
from gru_lab.tables.steps import span_words, steps_of
from gru_lab.tables.time_calendars import AHEAD, REPUBLIC

PAUSE = 10  # usual steps make a pause where steps are irregular


def counted(number: int, thing: str) -> str:
    """Return '1 row', '2,000 rows'."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def shown(name: object) -> str:
    """Return a column's name for a terminal, with control characters spelt out."""
    return str(name) if str(name).isprintable() else repr(str(name))


def listed(names: Iterable, most: int = 5) -> str:
    """Return names with commas, the first `most` of them and how many more."""
    names = list(names)
    return ", ".join(names[:most]) + f" and {len(names) - most} more" * (len(names) > most)


def moment_words(layout: Layout, row: int) -> str:
    """Return the time of a row of the table as it is written there, such as '05.03.2024 10:00'."""
    written = " ".join(str(column.iloc[row]) for column in layout.written)
    if layout.dated and written.replace(".", "").isdigit():
        return f"{written} ({layout.labels[row].astype('M8[s]')})".replace("T", " ")
    return written


def describe(layout: Layout) -> tuple[str, list[str]]:
    """Return the time in words, and what is wrong with it as sentences."""
    if layout.stamps is None:
        return "none found; rows are taken as equally far apart", []
    where = " + ".join(repr(name) for name in layout.time)
    if not set(layout.time) & set(layout.set_aside):
        where = "the index" if not layout.split_by else f"the index level {where}"
    odd = {} if layout.refusals else layout.odd
    problems = [_wrong(layout, what, rows) for what, rows in odd.items()]
    lacking = missing_steps(layout)
    step = steps_of(layout.moments, layout.first)
    pauses = lacking > 0
    if not pauses.any() and layout.step.length:
        pauses = step > PAUSE * layout.step.length
    if not pauses.any():
        return f"{where}, {_every(layout)}", problems
    longest = step[pauses].max()
    words = f"{counted(pauses.sum(), 'pause')}, up to {span_words(longest, layout.dated)}"
    at = moment_words(layout, layout.order[int(np.flatnonzero(step == longest)[0]) - 1])
    steps = f"; {counted(lacking.sum(), 'time step')} without a row" if lacking.any() else ""
    fill = "add --fill-rows to put them in, " if lacking.any() and layout.dated else ""
    problems.append(
        f"{words}, the longest after {at}{steps}: {fill}add --split-by if they lie between "
        f"separate runs, or leave them"
    )
    return f"{where}, {_every(layout)}; {words}", problems


def _every(layout):
    """Return the usual step in words."""
    if not layout.step.length:
        return "without a step"
    step = steps_of(layout.position, layout.first)
    step = step[step > 0]
    irregular = ((step < 1 / LONG) | (step > LONG)).mean() > MOSTLY
    return f"{'about every' if irregular else 'every'} {layout.step.words}{_era(layout)}"


def _era(layout):
    """Return which year one of another calendar was read as, in words; '' for usual years."""
    year = str(layout.labels[layout.order[0]])[:4]
    written = moment_words(layout, layout.order[0]).partition(" (")[0]
    if not layout.dated or not year.isdigit() or year in written:
        return ""
    years = (int(year) + later for later in ([-REPUBLIC] if "E" in layout.way else AHEAD))
    there = next((y for y in years if re.search(rf"(?<!\d){y}", ascii_digits(written))), None)
    return f" (year {there} is {year})" if there else ""


WRONG = {
    "lacking": ("no time stamp", "correct or delete it; it counts as between its neighbours"),
    "repeated": (
        "the time stamp of the row before",
        "leave them where a clock was put back, delete them where they are written twice, or add "
        "--split-by if they belong to another series",
    ),
    "back": ("an earlier time stamp than the row before", "a repair sorts rows by time"),
}


def _wrong(layout, what, rows):
    """Return a sentence about rows with a wrong stamp."""
    words, then = WRONG[what]
    if what == "repeated" and len(rows) > len(layout.order) / 2:
        then = "time is coarser than the rows, so these are spread evenly up to the next stamp"
    at = "" if what == "lacking" else f", the first at {moment_words(layout, rows[0])}"
    return f"{counted(len(rows), 'row')} with {words}{at}: {then}"
