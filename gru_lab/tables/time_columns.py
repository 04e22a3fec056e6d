"""Which columns of a table are its time, told by what stands in them.

A date may stand in one column or in several (date and clock; year, month, day, hour). A column of
numbers counts as time only where its content leaves no doubt or its name says so: no measured
channel is ever taken for it. What is in doubt is named.
"""

from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import pandas as pd

from gru_lab.tables.steps import choose, direction, irregular, seconds, steps_of
from gru_lab.tables.time import (
    DAY,
    HOUR,
    NAT,
    SCALES,
    SECOND,
    Reading,
    counted_from,
    number_readings,
    text_readings,
)
from gru_lab.tables.time_words import named_like_time

REGULAR = 0.1  # of the steps may be irregular in a column that is taken for time by content alone
NUMBERED = {  # the roles of whole numbers, with their ranges
    "Y": (1_900, 2_100),
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
SHORT_SCALES = {name.split()[-1]: name for name in SCALES if name.startswith("epoch")} | {
    "excel": "Excel days"
}


@dataclass(frozen=True, eq=False)
class Found:
    """The `columns` that make the time and the `readings` of them, the best first; `doubts` in words.

    `ways` is how each column is written. Without any time, `columns` is empty.
    """

    columns: tuple = ()
    readings: tuple = ()
    ways: tuple = ()
    doubts: tuple = field(default=())


def is_text(column: pd.Series) -> bool:
    """Tell whether a column holds text, or objects such as dates, but no lists and the like."""
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind):
        return all(map(pd.api.types.is_hashable, column.dropna().head(20)))
    return isinstance(kind, pd.StringDtype | pd.CategoricalDtype) or "string" in str(kind)


def _exact(column):
    """Return a column of dates as nanoseconds in UTC, or of spans of time from 0."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if isinstance(column.dtype, pd.ArrowDtype):
        column = pd.Series(pd.to_datetime(column.to_numpy(dtype="M8[ns]", na_value=pd.NaT)))
    if getattr(column.dt, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    unit = "m8[ns]" if column.dtype.kind == "m" else "M8[ns]"
    return column.to_numpy(dtype=unit).astype(np.int64)


def readings_of(column: pd.Series) -> list[Reading]:
    """Return the ways in which a column can be read as time, whatever its type; [] without any."""
    kind = column.dtype
    if getattr(kind, "kind", "") in "Mm" or isinstance(kind, pd.PeriodDtype):
        stamps = _exact(column)
        clock = bool((stamps[stamps != NAT] % DAY != 0).any())
        return [Reading("dates", stamps, "dates", clock)]
    if is_text(column):
        if readings := text_readings(column):
            return readings
        numbers = pd.to_numeric(column.astype(object), errors="coerce")
        return number_readings(numbers) if numbers.notna().sum() == column.notna().sum() else []
    if pd.api.types.is_bool_dtype(kind) or not pd.api.types.is_numeric_dtype(kind):
        return []
    return [] if pd.api.types.is_complex_dtype(kind) else number_readings(column)


def _asked(readings, column, time_format, dayfirst):
    """Return the readings that the settings leave: one format, or the day or the month first."""
    if time_format is not None:
        wanted = SHORT_SCALES.get(time_format.lower(), time_format)
        scale = {name.lower(): name for name in SCALES}.get(wanted.lower())
        if scale and pd.api.types.is_numeric_dtype(column):
            return [Reading(scale, counted_from(column, scale), scale)]
        alike = wanted.replace("%-", "%").replace("%B", "%b")
        same = [way for way in readings if alike in way.shapes]
        return same or _by_format(column, wanted)
    if dayfirst is not None:
        first, second = "dm" if dayfirst else "md"
        chosen = [way for way in readings if way.order[:2] == first + second]
        return chosen or readings
    return readings


def _by_format(column, time_format):
    """Return the Reading of text in a format of strftime, or [] where it reads hardly anything."""
    texts = column.astype(object).map(str, na_action="ignore")
    try:
        dates = pd.to_datetime(texts, format=time_format, errors="coerce", utc=True)
    except ValueError as error:
        raise ValueError(
            f"time_format must be a format such as '%d/%m/%Y %H:%M', not {time_format!r}: {error}"
        ) from error
    if dates.notna().sum() < 0.5 * max(1, texts.notna().sum()):
        return []
    stamps = _exact(dates)
    return [Reading(time_format, stamps, time_format, bool((stamps % DAY != 0).any()))]


def _oddness(reading, first):
    """Return the share of steps that are irregular or 0."""
    moments = seconds(reading.stamps)
    still = (steps_of(moments, first) == 0) & ~first
    return (irregular(moments, first) | still).mean()


def _in_order(reading, first):
    """Tell whether rows run one way in time, or would be evenly spaced once they are sorted."""
    moments = seconds(reading.stamps)
    if direction(moments, first):
        return True
    order = np.lexsort((moments, np.cumsum(first)))
    steps = steps_of(moments[order], first)
    return bool((irregular(moments[order], first) | ((steps == 0) & ~first)).mean() <= REGULAR)


def _stands_still(reading, first):
    return len(first) > 2 and not (steps_of(seconds(reading.stamps), first) != 0).any()


def _with_clock(dates, clock):
    """Return the readings of a column of dates with the clock of another column added."""
    stamps = [
        np.where((way.stamps == NAT) | (clock == NAT), NAT, way.stamps + clock) for way in dates
    ]
    return [
        Reading(way.way, stamp, way.order, True, way.shapes)
        for way, stamp in zip(dates, stamps, strict=True)
    ]


def whole(column: pd.Series) -> np.ndarray | None:
    """Return a column of whole numbers as int64, (rows,); None where it is no such column."""
    kind = column.dtype
    if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return None
    if column.isna().any() or pd.api.types.is_complex_dtype(kind):
        return None
    values = column.to_numpy(np.float64)
    fine = (np.abs(values) < 1e18).all() and (values % 1 == 0).all()
    return values.astype(np.int64) if fine else None


def _clocks(columns, but):
    """Yield (name, nanoseconds since midnight, how it is written, whether by its text) of clocks."""
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


def _completed(name, dates, columns, first):
    """Return the Found of a column of dates, with a clock from another column where it needs one."""
    alone = Found((name,), tuple(dates), (dates[0].way,))
    if dates[0].clock or not ((steps_of(seconds(dates[0].stamps), first) == 0) & ~first).any():
        return alone
    best, least = alone, _oddness(choose(dates, first)[0], first)
    for other, clock, way, text in _clocks(columns, (name,)):
        both = choose(_with_clock(dates, clock), first)
        odd = _oddness(both[0], first)
        if odd < least and (text or odd <= REGULAR):
            best, least = Found((name, other), tuple(both), (both[0].way, way)), odd
    return best


def _together(columns, first):
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
                if _oddness(_joined(few), first[sample]) >= least:
                    continue
                reading = _joined({role: numbers[name] for role, name in fields.items()})
                odd = _oddness(reading, first)
                if odd < least:
                    ways = tuple(WRITTEN.get(role, f"%{role}") for role in roles)
                    best, least = Found((year, *chosen), (reading,), ways), odd
    return best


def _joined(fields):
    """Return the Reading of {role: whole numbers (rows,)}."""
    from gru_lab.tables.time import dated

    days, real = dated(fields)
    minutes = fields.get("H", 0) * 60 + fields.get("M", 0)
    if "n" in fields:
        minutes = fields["n"] // 100 * 60 + fields["n"] % 100
        real = real & (fields["n"] % 100 < 60)
    stamps = days * DAY + minutes * 60 * SECOND + fields.get("S", 0) * SECOND
    return Reading("numbers", np.where(real, stamps, NAT), "numbers")


def _counts_up(column):
    """Tell whether whole numbers go up by one from row to row, or down."""
    numbers = whole(column)
    return (
        numbers is not None
        and len(numbers) > 1
        and len(set(np.diff(numbers))) == 1
        and (abs(numbers[1] - numbers[0]) == 1)
    )


def _unwrapped(reading, first):
    """Return clock times without a date as hours that go on from day to day, in the order of rows."""
    hours = seconds(reading.stamps) / 3_600
    known = ~np.isnan(hours)
    if known.any() and hours[known].max() <= 24:
        hours[known] = np.unwrap(hours[known], period=24)
    stamps = np.full(len(hours), NAT)
    stamps[known] = np.rint(hours[known] * 3_600_000).astype(np.int64) * 1_000_000
    return Reading(reading.way, stamps, "", True, reading.shapes)


def _rises(column, first):
    """Tell whether numbers go up with every row of a part, or down with every row."""
    step = np.diff(column.to_numpy(np.float64, na_value=np.nan), prepend=np.nan)[~first]
    return len(step) > 0 and bool((step > 0).all() or (step < 0).all())


def _plain(column):
    return Reading("number", column.to_numpy(np.float64, na_value=np.nan), "number")


def find_time(columns: dict, first: np.ndarray, tellers=(), time_format=None, dayfirst=None):
    """Return the Found of a table's `columns` {name: Series}, rows of one part lying together.

    `first` (rows,) is True where a part begins; `tellers` are functions that tell whether stamps
    would be in order if the table were split (so that a column is not taken for unordered).
    """
    doubts, dated, clocks = [], [], []
    for name, column in columns.items():
        if not (is_text(column) or column.dtype.kind in "Mm" or hasattr(column.dtype, "freq")):
            continue
        readings = _asked(readings_of(column), column, time_format, dayfirst)
        if not readings:
            if is_text(column) and _looks_like_time(name, column):
                doubts.append(_unread(name, column))
            continue
        if not readings[0].order:
            clocks.append((name, readings[0]))
            continue
        best = choose(readings, first)
        if _stands_still(best[0], first):
            continue
        sure = (
            named_like_time(name) or _in_order(best[0], first) or any(t(best[0]) for t in tellers)
        )
        if sure:
            dated.append((round(_oddness(best[0], first), 2), len(dated), name, readings))
        else:
            doubts.append(
                f"column {name!r} holds dates in no order; if it is the time, add --time {name!r}"
            )
    if dated:
        _, _, name, readings = min(dated)
        found = _completed(name, readings, columns, first)
        return Found(found.columns, tuple(choose(list(found.readings), first)), found.ways)
    found, more = _among_numbers(columns, first, tellers, time_format, dayfirst)
    if found is None and (together := _together(columns, first)).columns:
        return together
    if found is None and clocks:
        name, reading = clocks[0]
        found = Found((name,), (_unwrapped(reading, first),), (reading.way,))
    return found or Found(doubts=tuple(doubts + more))


def _among_numbers(columns, first, tellers, time_format, dayfirst):
    """Return (the Found of a column of numbers or None, doubts)."""
    doubts = []
    for name, column in columns.items():
        if is_text(column) or not pd.api.types.is_numeric_dtype(column) or column.isna().all():
            continue
        if pd.api.types.is_bool_dtype(column) or pd.api.types.is_complex_dtype(column):
            continue
        named = named_like_time(name)
        readings = _asked(number_readings(column), column, time_format, dayfirst)
        if readings:
            best = choose(readings, first)
            ordered = _in_order(best[0], first) or any(teller(best[0]) for teller in tellers)
            even = _oddness(best[0], first) <= REGULAR
            if ordered and (named or (even and not _counts_up(column)) or time_format):
                return Found((name,), tuple(best), (best[0].way,)), []
            if even and len(str(best[0].order)) < 5 and len(first) > 2:
                begin, end = (
                    np.datetime64(int(s), "ns").astype("M8[s]") for s in best[0].stamps[[0, -1]]
                )
                doubts.append(
                    f"column {name!r} may be time ({best[0].way}, {begin} to {end}) or only count; "
                    f"if it is the time, add --time {name!r}"
                )
        if named and (_rises(column, first) or any(teller(_plain(column)) for teller in tellers)):
            return Found((name,), (_plain(column),), ("number",)), []
        if named and direction(seconds(_plain(column).stamps), first):
            doubts.append(
                f"column {name!r} has a name like a time, but its values do not increase; "
                f"if it is one, add --time {name!r}"
            )
    return None, doubts


def _looks_like_time(name, column):
    texts = column.dropna().astype(str).head(200)
    digits = texts.str.count(r"\d")
    if len(texts) == 0 or texts.str.len().max() > 48:
        return False
    marks = texts.str.contains(r"^\D{0,10}\d{1,4}[-/.:年]\d{1,2}[-/.:月]\d{1,4}")
    return bool(marks.mean() > 0.5 or (named_like_time(name) and (digits >= 3).mean() > 0.5))


def _unread(name, column):
    sample = str(column.dropna().iloc[0])
    return (
        f"column {name!r} looks like a time but cannot be read: {sample!r}; say how it is written, "
        f"such as --time {name!r} --time-format '%d/%m/%Y %H:%M'"
    )


def read_time(columns: dict, names: tuple, first: np.ndarray, time_format=None, dayfirst=None):
    """Return the Found of the columns that a person named as time; ValueError where unreadable."""
    if len(names) > 1:
        chosen = {name: columns[name] for name in names}
        for name, column in chosen.items():
            dates = _asked(readings_of(column), column, time_format, dayfirst)
            if dates and dates[0].order and len(names) == 2:
                ((other, clock, way, _),) = list(_clocks(chosen, (name,)))[:1] or ((None,) * 4,)
                if other is not None:
                    both = choose(_with_clock(dates, clock), first)
                    return Found((name, other), tuple(both), (both[0].way, way))
        if (together := _together(chosen, first)).columns:
            return together
        raise ValueError(f"time: the columns {', '.join(map(repr, names))} make no time together")
    (name,) = names
    column = columns[name]
    readings = _asked(readings_of(column), column, time_format, dayfirst)
    if readings and not readings[0].order:
        readings = [_unwrapped(readings[0], first)]
    if not readings and pd.api.types.is_numeric_dtype(column) and time_format is None:
        readings = [_plain(column)]
    if not readings:
        written = "as " + repr(time_format) if time_format else "as dates, clock times or numbers"
        sample = next(iter(column.dropna().astype(str)), "")
        raise ValueError(
            f"time: column {name!r} cannot be read {written}: it holds {sample!r}; say how it is "
            f"written, such as --time-format '%d/%m/%Y %H:%M'"
        )
    if pd.api.types.is_numeric_dtype(column) and readings[0].order not in SCALES:
        if not _in_order(readings[0], first) or _oddness(readings[0], first) > 0.5:
            readings = readings if time_format else [_plain(column)]
    return Found((name,), tuple(choose(readings, first)), (readings[0].way,))
