"""Which columns of a table are its time, told by what stands in them.

A date may stand in one column or in several (date and clock; year, month, day, hour). A column of
numbers counts as time only where its content leaves no doubt or its name says so: no measured
channel is ever taken for it. What is in doubt is named.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.tables.frames import is_text, whole
from gru_lab.tables.numbers import quoted
from gru_lab.tables.steps import FEW, choose, direction, rises, rises_evenly, seconds
from gru_lab.tables.time import Reading
from gru_lab.tables.time_joined import clocks_of, completed, together, with_clock
from gru_lab.tables.time_numbers import SCALES, YEARS, number_readings
from gru_lab.tables.time_readings import (
    REGULAR,
    Found,
    asked,
    oddness,
    readings_of,
    runs_in_order,
    stands_still,
    unwrapped,
)
from gru_lab.tables.time_words import looks_like_time, named_like_time

TICK = 1e-3  # of a thousandth: a step nearer to a whole number of thousandths is a meter's too


def _counts_up(column, first):
    """Tell whether whole numbers go up by one from row to row of a part, or down."""
    numbers = whole(column)
    step = set() if numbers is None else set(np.diff(numbers)[~first[1:]].tolist())
    return step in ({1}, {-1})


def _values(column):
    return column.to_numpy(np.float64, na_value=np.nan)


def _plain(column):
    return Reading("number", _values(column), "number")


def find_time(
    columns: dict,
    first: np.ndarray,
    sorts: Callable,
    time_format: str | None = None,
    dayfirst: bool | None = None,
) -> Any:
    """Return the Found of a table's `columns` {name: Series}, rows of one part lying together.

    `first` (rows,) is True where a part begins; `sorts` tells whether the stamps of a
    reading would be in order if the table were split, so that it is not taken for unordered.
    """
    doubts, dated, clocks = [], [], []
    for name, column in columns.items():
        if not (is_text(column) or column.dtype.kind in "Mm" or hasattr(column.dtype, "freq")):
            continue
        readings = asked(readings_of(column), column, time_format, dayfirst)
        if not readings:
            if is_text(column) and looks_like_time(name, column):
                doubts.append(_unread(name, column))
            continue
        if not readings[0].order:
            clocks.append((name, readings))
            continue
        best = choose(readings, first)
        if stands_still(best[0], first):
            continue
        if named_like_time(name) or runs_in_order(best[0], first) or sorts(best[0]):
            dated.append((round(oddness(best[0], first), 2), len(dated), name, readings))
        else:
            doubts.append(
                f"column {name!r} holds dates in no order; if it is the time, add --time {name!r}"
            )
    numbers = {n: c for n, c in columns.items() if c.dtype.kind in "iuf" and c.notna().any()}
    if dated:
        _, _, name, readings = _since_1970(numbers, first, min(dated))
        timing = completed(name, readings, columns, first)
        return Found(timing.columns, tuple(choose(list(timing.readings), first)), timing.ways)
    timing, plain, more = _among_numbers(numbers, columns, first, sorts, time_format, dayfirst)
    if timing is None and (joint := together(columns, first)).columns:
        return joint
    timing = timing or plain
    if timing is None and not clocks:
        clocks = _packed_clocks(numbers, first)
    if timing is None and clocks:
        timing = _clock(*clocks[0], first)
    return timing or _elapsed(numbers, first, doubts + more)


def _since_1970(numbers, first, best):
    """Return `best`, or the like of a column of seconds since 1970 with the same usual step that is
    more even: a clock of summer time leaves out an hour, and has another twice.
    """
    local = choose(best[-1], first)[0]
    uneven = oddness(local, first)
    for name, column in numbers.items() if uneven else ():
        ways = [way for way in number_readings(column) if way.order.startswith("epoch")]
        if ways and oddness(ways[0], first) < uneven:
            usual = {np.nanmedian(np.diff(seconds(way.stamps))) for way in (local, ways[0])}
            best = (0, 0, name, ways) if len(usual) == 1 else best
    return best


def _elapsed(numbers, first, doubts):
    """Return the Found of the column that rises evenly with the rows, whatever its name, such as 0,
    0.5, 1, …; one that rises unevenly may be a sum or a count, and is a doubt.
    """
    rising = {
        n: c for n, c in numbers.items() if rises(_values(c), first) and not _counts_up(c, first)
    }
    for name, column in rising.items() if len(numbers) > 1 else ():
        if any(repr(name) in doubt for doubt in doubts):
            continue
        if rises_evenly(_values(column), first):
            return Found((name,), (_plain(column),), ("number",))
        if len(column) > FEW:
            doubts.append(
                f"column {name!r} rises with every row and may be time, or a count; "
                f"if it is the time, add --time {name!r}"
            )
    return Found(doubts=tuple(doubts))


def _clock(name, readings, first):
    """Return the Found of a column of clock times alone."""
    ways = choose([unwrapped(reading, first) for reading in readings], first)
    return Found((name,), tuple(ways), (ways[0].way,))


def _packed_clocks(numbers, first):
    """Return [(name, readings)] of numbers such as 235959 that go on evenly only as a clock."""
    clocks = []
    for name, stamps, way, _ in clocks_of(numbers, ()):
        clock = Reading(way, stamps, "")
        if way in ("%H%M", "%H%M%S"):
            odd = oddness(unwrapped(clock, first), first)
            if odd <= REGULAR and odd < oddness(_plain(numbers[name]), first):
                clocks.append((name, [clock]))
    return clocks


def _among_numbers(numbers, columns, first, sorts, time_format, dayfirst):
    """Return (the Found of a column of dates in numbers, that of numbers that rise, doubts)."""
    doubts, plain = [], None
    for name, column in numbers.items():
        named = named_like_time(name)
        readings = asked(number_readings(column), column, time_format, dayfirst)
        if readings:
            lone = not named and stands_still(readings[0], first) and "Y" not in readings[0].order
            if not readings[0].clock and {"d", "j"} & set(readings[0].order) and not lone:
                joint = completed(name, readings, columns, first)
                if len(joint.columns) > 1 and oddness(joint.readings[0], first) <= REGULAR:
                    return joint, None, []
            best = choose(readings, first)
            ordered = runs_in_order(best[0], first) or sorts(best[0])
            even = oddness(best[0], first) <= REGULAR
            if best[0].order.endswith(("days", "years")):  # or an energy meter: no hour is .0417
                step = np.median(np.abs(np.diff(_values(column)))) * 1_000
                even = rises_evenly(_values(column), first) and abs(step - round(step)) > TICK
            sure = named and (even or best[0].order != "Y")  # years may go with months
            if ordered and (sure or (even and not _counts_up(column, first)) or time_format):
                timing = Found((name,), tuple(best), (best[0].way,))
                if best[0].order != YEARS:
                    return timing, None, []
                plain = plain or timing  # a year and a month may stand beside it
                continue
            counts = best[0].order.endswith("days") and _counts_up(column, first)
            if len(first) > 2 and not counts and (even or rises(_values(column), first)):
                doubts.append(_may_be_time(name, best[0]))
        steady = rises(_values(column), first) or sorts(_plain(column))
        if named and steady and plain is None:
            plain = Found((name,), (_plain(column),), ("number",))
        elif named and direction(_values(column), first):
            doubts.append(
                f"column {name!r} has a name like a time, but its values do not increase; "
                f"if it is one, add --time {name!r}"
            )
    return None, plain, doubts


def _may_be_time(name, reading):
    begin, end = (np.datetime64(int(s), "ns").astype("M8[s]") for s in reading.stamps[[0, -1]])
    return (
        f"column {name!r} may be time ({reading.way}, {begin} to {end}) or only count; "
        f"if it is the time, add --time {name!r}"
    )


def _unread(name, column):
    sample = quoted(column.dropna().iloc[0])
    return (
        f"column {name!r} may be a time but cannot be read as one: {sample}; if it is, say how it "
        f"is written, such as --time {name!r} --time-format '%d/%m/%Y %H:%M', or write it so"
    )


def read_time(
    columns: dict,
    names: tuple,
    first: np.ndarray,
    time_format: str | None = None,
    dayfirst: bool | None = None,
) -> Any:
    """Return the Found of the columns that a person named as time; ValueError where unreadable."""
    if len(names) > 1:
        chosen = {name: columns[name] for name in names}
        for name, column in chosen.items():
            dates = asked(readings_of(column), column, time_format, dayfirst)
            if dates and dates[0].order and len(names) == 2:
                ((other, clock, way, _),) = list(clocks_of(chosen, (name,)))[:1] or ((None,) * 4,)
                if other is not None:
                    both = choose(with_clock(dates, clock), first)
                    return Found((name, other), tuple(both), (both[0].way, way))
        if (joint := together(chosen, first)).columns:
            return joint
        raise ValueError(f"time: the columns {', '.join(map(repr, names))} make no time together")
    (name,) = names
    column = columns[name]
    readings = asked(readings_of(column), column, time_format, dayfirst)
    if readings and not readings[0].order:
        return _clock(name, readings, first)
    if not readings and pd.api.types.is_numeric_dtype(column) and time_format is None:
        for _, clock in _packed_clocks({name: column}, first):
            return _clock(name, clock, first)
        readings = [_plain(column)]
    if not readings:
        written = "as " + repr(time_format) if time_format else "as dates, clock times or numbers"
        sample = quoted(next(iter(column.dropna()), ""))
        raise ValueError(
            f"time: column {name!r} cannot be read {written}: it holds {sample}; say how it is "
            f"written, such as --time-format '%d/%m/%Y %H:%M'"
        )
    if pd.api.types.is_numeric_dtype(column) and readings[0].order not in SCALES:
        if not runs_in_order(readings[0], first) or oddness(readings[0], first) > 0.5:
            readings = readings if time_format else [_plain(column)]
    return Found((name,), tuple(choose(readings, first)), (readings[0].way,))
