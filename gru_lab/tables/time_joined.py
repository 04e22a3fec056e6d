"""Time that stands in several columns: a date and a clock, or year, month, day, hour, …"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from gru_lab.tables.frames import is_numeric, is_text
from gru_lab.tables.steps import choose, rises, seconds, steps_of
from gru_lab.tables.time import DAY, HOUR, NAT, SECOND, Reading
from gru_lab.tables.time_calendars import PERSIAN, dated
from gru_lab.tables.time_readings import REGULAR, Found, oddness, readings_of
from gru_lab.tables.time_words import PARTS, half_of, months_of, plain

NUMBERED = {  # the roles of numbers, with their ranges
    "Y": (PERSIAN[0], 2_640),
    "y": (0, 99),
    "m": (1, 12),
    "d": (1, 31),
    "j": (1, 366),
    "H": (0, 24),
    "M": (0, 59),
    "S": (0, 59),
    "n": (0, 2_400),
    "G": (1_024, 4_096),  # GPS weeks, and seconds of them
    "s": (0, 604_799),
}
DATES = ("Ymd", "dmY", "mdY", "Yj", "ymd", "dmy", "mdy")
TOGETHER = [date + clock for date in DATES for clock in ("", "H", "HM", "HMS", "n", "s")]
TOGETHER += ["Ym", "Gs", "jH", "jHM", "jn", "mdH", "mdHM", "dmH", "dmHM"]
FRACTIONS = {"d": DAY, "j": DAY, "H": HOUR, "s": SECOND}  # the last of them may have one: day 64.25
NEAR_BY = 6  # columns beside the year that may belong to the date
WRITTEN = {"n": "%H%M", "G": "GPS week", "s": "0..86399"}
GPS = 3_657  # days since 1970 where its weeks begin
PERIODS = (24, 48, 96, 144, 288, 1_440, 86_400)  # that a day may be counted in, from 0 or 1
MOST_HALVES = 8  # writings of AM and PM in one column
TICK = SECOND // 10_000  # what decimals of a day can tell


def with_clock(dates: Any, clock: Any) -> list:
    """Return the readings of a column of dates with the clock of another column added."""
    without = [(way.stamps == NAT) | (clock == NAT) for way in dates]
    stamps = [np.where(w, NAT, way.stamps + clock) for w, way in zip(without, dates, strict=True)]
    return [replace(way, stamps=new, clock=True) for way, new in zip(dates, stamps, strict=True)]


def clocks_of(columns: dict, but: Any) -> Iterator[tuple]:
    """Yield (name, nanoseconds since midnight, format, whether it is text) of clocks."""
    for name, column in columns.items():
        if name in but:
            continue
        if is_text(column) or column.dtype.kind == "m":
            for reading in readings_of(column)[:1]:
                if not reading.order or column.dtype.kind == "m":
                    yield name, reading.stamps, reading.way, True
        elif is_numeric(column):
            numbers = column.to_numpy(np.float64, na_value=np.nan)
            if np.isfinite(numbers).all():
                yield from ((name, *clock, False) for clock in _numbered_clocks(numbers))


def _numbered_clocks(numbers):
    """Yield (nanoseconds since midnight, format) of numbers (rows,) that can be a clock."""
    low, high = numbers.min(), numbers.max()
    for count in PERIODS if low in (0, 1) and not (numbers % 1).any() else ():
        sizes = {count, count * 25 // 24} - {24}  # with the hour that comes twice
        if high - low + 1 in sizes or (low == 0 and count >= 1_440 and 24 < high < count):
            yield _rounded((numbers - low) * (DAY / count)), f"{low:.0f}..{low + count - 1:.0f}"
    if 0 <= low and high <= 24:
        yield (_rounded(numbers * DAY), "days") if high < 1 else (_rounded(numbers * HOUR), "%H")
    elif 0 <= low and high <= 240_000 and (high > 2_400 or not (numbers % 1).any()):
        packed = numbers * 100 if high <= 2_400 else numbers
        hour, minute, second = packed // 10_000, packed // 100 % 100, packed % 100
        if (np.maximum(minute, second) < 60).all():
            clock = _rounded(((hour * 60 + minute) * 60 + second) * SECOND)
            yield clock, "%H%M" if high <= 2_400 else "%H%M%S"


def _rounded(nanoseconds):
    return np.rint(nanoseconds / TICK).astype(np.int64) * TICK


def completed(name: Any, dates: Any, columns: dict, first: np.ndarray) -> Any:
    """Return the Found of a column of dates, with another column's clock if it needs one."""
    alone = Found((name,), tuple(dates), (dates[0].way,))
    dates = _held(dates, first)
    if dates[0].clock or not ((steps_of(seconds(dates[0].stamps), first) == 0) & ~first).any():
        return alone
    best, least = alone, oddness(choose(dates, first)[0], first)
    for other, clock, way, text in clocks_of(columns, (name,)):
        both = choose(with_clock(dates, clock), first)
        odd = oddness(both[0], first)
        if odd < least and (text or odd <= REGULAR):
            best, least = Found((name, other), tuple(both), (both[0].way, way)), odd
    return best


def _held(dates, first):
    """Return readings in which a date that most rows leave out is the one last written."""
    known = dates[0].stamps != NAT
    if known.mean() > 0.5 or not known[first].all():
        return dates
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
    return [replace(way, stamps=way.stamps[last]) for way in dates]


def with_halves(columns: dict) -> tuple[dict, Any, set]:
    """Return columns with AM or PM, which stand in a column of their own, behind each clock of
    12 hours; that column's name, or None; and the names of the changed ones.
    """
    halves = None
    for name, column in columns.items():
        texts = column.dropna().unique() if is_text(column) else ()
        if len(texts) <= MOST_HALVES and set(map(half_of, map(str, texts))) == {"AM", "PM"}:
            halves = name
    changed = {}
    for name, column in columns.items() if halves is not None else ():
        if is_text(column) and name != halves and (ways := readings_of(column)) and ways[0].clock:
            joined = column.astype(str) + " " + columns[halves].astype(str).map(half_of)
            if readings_of(joined):
                changed[name] = joined.where(column.notna())
    return columns | changed, halves, set(changed)


def _numbers(columns):
    """Return {name: numbers (rows,)} of columns that may be a part of a date, and {name: format} of
    those whose text names months or the time of day.
    """
    numbers, written = {}, {}
    for name, column in columns.items():
        if is_numeric(column) and not column.isna().any() and column.dtype.kind != "c":
            numbers[name] = column.to_numpy(np.float64)
        elif is_text(column) and not column.isna().any():
            texts = column.astype(str)
            months = texts.map(plain).map(months_of(set(texts))) if texts.nunique() <= 12 else None
            if months is not None and months.notna().all():
                numbers[name], written[name] = months.to_numpy(float), "%b"
                continue
            for way in readings_of(column)[:1]:
                if not way.order and (way.stamps != NAT).all():
                    numbers[name], written[name] = way.stamps / HOUR, way.way
    most = NUMBERED["s"][1] + 1
    return {n: v for n, v in numbers.items() if 0 <= v.min() and v.max() <= most}, written


def _chosen(names, fits):
    """Yield (roles, columns) of the dates that columns with `fits` {role: names} may make."""
    for roles in TOGETHER:
        for place in [names.index(name) for name in fits[_lead(roles)][:2]]:
            beside = names[max(0, place - NEAR_BY) : place + NEAR_BY + 1]
            for chosen in combinations(beside, len(roles)):
                if all(name in fits[role] for name, role in zip(chosen, roles, strict=True)):
                    yield roles, chosen


def _lead(roles):
    """Return the year of these roles, or what counts for it."""
    return next((role for role in roles if role in "YyG"), list(roles)[0])


def _goes_alone(fields, numbers, first):
    """Tell whether the year, or what counts for it, rises with every row: it needs no other."""
    lead = _lead(fields)
    others = [numbers[name] for role, name in fields.items() if role != lead]
    return rises(numbers[fields[lead]], first) and any(map(np.ptp, others))


def together(columns: dict, first: np.ndarray) -> Any:
    """Return the Found of years, months, days, hours … that stand in columns of their own."""
    sample, best, least = np.arange(min(len(first), 2_000)), {}, REGULAR
    numbers, written = _numbers(columns)
    broken = {name for name, values in numbers.items() if (values % 1 != 0).any()}
    fits = {
        role: [n for n, v in numbers.items() if low <= v.min() and v.max() < high + 1]
        for role, (low, high) in NUMBERED.items()
    }
    fits["n"] = [name for name in fits["n"] if numbers[name].max() > 59]  # an hour, or no clock
    fits["G"] = [name for name in fits["G"] if re.search("week|gps|wn", str(name), re.I)]
    for roles, chosen in _chosen(list(numbers), fits):
        if broken & set(chosen[:-1]) or (chosen[-1] in broken and roles[-1] not in FRACTIONS):
            continue
        fields = dict(zip(roles, chosen, strict=True))
        if _goes_alone(fields, numbers, first):
            continue
        few = {role: numbers[name][sample] for role, name in fields.items()}
        if oddness(_joined(few), first[sample]) >= least:
            continue
        reading = _joined({role: numbers[name] for role, name in fields.items()})
        if (odd := oddness(reading, first)) < least:
            best, least = fields, odd
    if not best:
        return Found()
    best = _with_constants(best, list(columns), fits, numbers)
    words = WRITTEN | ({"s": "GPS s"} if "G" in best else {})
    ways = (written.get(name) or words.get(role, f"%{role}") for role, name in best.items())
    reading = _joined({role: numbers[name] for role, name in best.items()})
    return Found(tuple(best.values()), (reading,), tuple(ways))


def _with_constants(best, names, fits, numbers):
    """Return {role: column} with the hour, minute and second behind it that never change."""
    for before, role in zip(("jd", "H", "M"), PARTS, strict=True):
        beside = names[names.index(list(best.values())[-1]) + 1 :][:1]
        if not set(before) & {list(best)[-1]} or not beside or beside[0] not in fits[role]:
            continue
        if PARTS[role].match(str(beside[0]).strip()) and np.ptp(numbers[beside[0]]) == 0:
            best = best | {role: beside[0]}
    return best


def _joined(fields):
    """Return the Reading of {role: numbers (rows,)}, of which the last may have a fraction."""
    last = list(fields)[-1]
    part = fields[last] % 1 * FRACTIONS.get(last, 0)
    fields = {role: np.floor(numbers).astype(np.int64) for role, numbers in fields.items()}
    days, real = (fields["G"] * 7 + GPS, True) if "G" in fields else dated(fields)
    packed = fields.get("n", np.int64(0))  # 1530 is 15:30
    minutes = (fields.get("H", 0) + packed // 100) * 60 + fields.get("M", 0) + packed % 100
    real = real & (packed % 100 < 60)
    stamps = days * DAY + minutes * 60 * SECOND + fields.get("S", 0) * SECOND + _rounded(part)
    stamps = stamps + fields.get("s", 0) * SECOND
    return Reading("numbers", np.where(real, stamps, NAT), "numbers")
