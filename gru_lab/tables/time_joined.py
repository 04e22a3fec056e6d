"""Time that stands in several columns: a date and a clock, or year, month, day, hour, …"""

from dataclasses import replace
from itertools import permutations

import numpy as np

from gru_lab.tables.frames import is_text, whole
from gru_lab.tables.steps import choose, seconds, steps_of
from gru_lab.tables.time import DAY, HOUR, NAT, SECOND, Reading, dated
from gru_lab.tables.time_readings import REGULAR, Found, oddness, readings_of

NUMBERED = {  # the roles of whole numbers, with their ranges
    "Y": (1_900, 2_640),
    "m": (1, 12),
    "d": (1, 31),
    "j": (1, 366),
    "H": (0, 24),
    "M": (0, 59),
    "S": (0, 59),
    "n": (0, 2_400),
}
TOGETHER = ("Ymd", "YmdH", "YmdHM", "YmdHMS", "Ymdn", "Yj", "YjH", "YjHM", "Yjn", "Ym")
NEAR_BY = 6  # columns beside the year that may belong to the date
WRITTEN = {"n": "%H%M"}


def with_clock(dates, clock):
    """Return the readings of a column of dates with the clock of another column added."""
    without = [(way.stamps == NAT) | (clock == NAT) for way in dates]
    stamps = [np.where(w, NAT, way.stamps + clock) for w, way in zip(without, dates, strict=True)]
    return [replace(way, stamps=new, clock=True) for way, new in zip(dates, stamps, strict=True)]


def clocks_of(columns, but):
    """Yield (name, nanoseconds since midnight, format, whether it is text) of clocks."""
    for name, column in columns.items():
        if name in but:
            continue
        if is_text(column) or column.dtype.kind == "m":
            for reading in readings_of(column)[:1]:
                if not reading.order or column.dtype.kind == "m":
                    yield name, reading.stamps, reading.way, True
        elif (numbers := whole(column)) is not None and numbers.min() >= 0:
            if numbers.max() <= 24:
                yield name, numbers * HOUR, "%H", False
            elif numbers.max() <= 2_400 and (numbers % 100 < 60).all():
                yield name, (numbers // 100 * 60 + numbers % 100) * 60 * SECOND, "%H%M", False


def completed(name, dates, columns, first):
    """Return the Found of a column of dates, with another column's clock if it needs one."""
    alone = Found((name,), tuple(dates), (dates[0].way,))
    if dates[0].clock or not ((steps_of(seconds(dates[0].stamps), first) == 0) & ~first).any():
        return alone
    best, least = alone, oddness(choose(dates, first)[0], first)
    for other, clock, way, text in clocks_of(columns, (name,)):
        both = choose(with_clock(dates, clock), first)
        odd = oddness(both[0], first)
        if odd < least and (text or odd <= REGULAR):
            best, least = Found((name, other), tuple(both), (both[0].way, way)), odd
    return best


def together(columns, first):
    """Return the Found of years, months, days, hours … that stand in columns of their own."""
    sample = np.arange(min(len(first), 2_000))
    numbers = {name: whole(column) for name, column in columns.items()}
    numbers = {name: values for name, values in numbers.items() if values is not None}
    names, best, least = list(numbers), Found(), REGULAR
    fits = {
        role: [n for n, v in numbers.items() if low <= v.min() and v.max() <= high]
        for role, (low, high) in NUMBERED.items()
    }
    for year in fits["Y"][:2]:
        place = names.index(year)
        beside = names[max(0, place - NEAR_BY) : place + NEAR_BY + 1]
        for roles in TOGETHER:
            pools = [[n for n in beside if n in fits[role] and n != year] for role in roles[1:]]
            if not all(pools):
                continue
            for chosen in permutations(dict.fromkeys(sum(pools, [])), len(pools)):
                if any(name not in pool for name, pool in zip(chosen, pools, strict=True)):
                    continue
                fields = dict(zip(roles, (year, *chosen), strict=True))
                few = {role: numbers[name][sample] for role, name in fields.items()}
                if oddness(_joined(few), first[sample]) >= least:
                    continue
                reading = _joined({role: numbers[name] for role, name in fields.items()})
                odd = oddness(reading, first)
                if odd < least:
                    ways = tuple(WRITTEN.get(role, f"%{role}") for role in roles)
                    best, least = Found((year, *chosen), (reading,), ways), odd
    return best


def _joined(fields):
    """Return the Reading of {role: whole numbers (rows,)}."""
    days, real = dated(fields)
    minutes = fields.get("H", 0) * 60 + fields.get("M", 0)
    if "n" in fields:
        minutes = fields["n"] // 100 * 60 + fields["n"] % 100
        real = real & (fields["n"] % 100 < 60)
    stamps = days * DAY + minutes * 60 * SECOND + fields.get("S", 0) * SECOND
    return Reading("numbers", np.where(real, stamps, NAT), "numbers")
