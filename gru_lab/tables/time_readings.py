"""One column read as time in each way that its content allows, and how well each way fits."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.tables.frames import is_text
from gru_lab.tables.manner import ascii_digits
from gru_lab.tables.numbers import option
from gru_lab.tables.order import lost_halves
from gru_lab.tables.steps import direction, irregular, seconds, span_words, steps_of
from gru_lab.tables.time import DAY, HOUR, MINUTE, NAT, SECOND, Reading, text_readings
from gru_lab.tables.time_numbers import SCALES, counted_from, number_readings

REGULAR = 0.1  # of the steps may be irregular in a column that is taken for time by content alone
FIRST_YEAR = 1_980  # of two digits that need no question
WRAPPED = re.compile(r"^\W*Date\W*(\d+)([-+]\d{4})?\W*$")  # /Date(1700000000000)/ of JSON
SHORT_SCALES = {name.split()[-1]: name for name in SCALES if name.startswith("epoch")} | {
    "excel": "Excel days"
}


@dataclass(frozen=True, eq=False)
class Found:
    """The `columns` that make the time, their `readings`, the best first, and `doubts` in words.

    `ways` is how each column is written. Without any time, `columns` is empty.
    """

    columns: tuple = ()
    readings: tuple = ()
    ways: tuple = ()
    doubts: tuple = field(default=())


def _exact(column):
    """Return a column of dates as nanoseconds in UTC, or of spans of time from 0."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if isinstance(column.dtype, pd.ArrowDtype):
        column = pd.Series(column.array.to_numpy(dtype=object))
        column = pd.to_datetime(column, utc=True)
    if getattr(column.dt, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column.to_numpy(dtype=f"{column.dtype.kind}8[ns]").astype(np.int64)


def readings_of(column: pd.Series) -> list[Reading]:
    """Return the ways in which a column can be read as time, whatever its type; [] without any."""
    kind = column.dtype
    if getattr(kind, "kind", "") in "Mm" or isinstance(kind, pd.PeriodDtype):
        stamps = _exact(column)
        clock = bool((stamps[stamps != NAT] % DAY != 0).any())
        return [Reading("dates", stamps, "dates", clock)]
    if is_text(column):
        if readings := text_readings(column):
            return [way for reading in readings for way in _other_clocks(reading)]
        bare = column.astype(object).replace(WRAPPED, r"\1", regex=True)
        numbers = pd.to_numeric(bare, errors="coerce")
        return number_readings(numbers) if numbers.notna().sum() == column.notna().sum() else []
    return number_readings(column) if kind.kind in "iuf" else []


def _other_clocks(reading):
    """Return a reading and, where its fields may be others, that one after it: 0:10 is minutes and
    seconds as well, and 1:06:00:00 a day, hours, minutes, seconds.

    A clock that starts again at midnight, or stops just before it, tells hours.
    """
    known = reading.stamps[reading.stamps != NAT]
    step, parts = np.diff(known), known % SECOND * 100 / SECOND
    if reading.way == "%H:%M:%S:%f" and not (parts % 1).any() and parts.max(initial=0) < 60:
        hours, minutes, rest = known // HOUR, known % HOUR // MINUTE, known % MINUTE // SECOND
        way, other = "%D:%H:%M:%S", (hours * 24 + minutes) * HOUR + rest * MINUTE
        other = other + parts.astype(np.int64) * SECOND
        if minutes.max(initial=0) >= 24:
            return [reading]
    elif reading.way not in ("%H:%M", "%h:%M") or not len(step) or (step < 0).any():
        return [reading]
    elif known[0] > step.max() or 0 < DAY - known[-1] <= 2 * step.max():
        return [reading]
    else:
        way, other = "%M:%S", known // 60
    stamps = reading.stamps.copy()
    stamps[stamps != NAT] = other
    return [reading, replace(reading, way=way, stamps=stamps, shapes={way: len(known)})]


def asked(readings: Any, column: pd.Series, time_format: str | None, dayfirst: bool | None) -> list:
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


def oddness(reading: Any, first: np.ndarray) -> float:
    """Return the share of steps that are irregular or 0."""
    moments = seconds(reading.stamps)
    still = (steps_of(moments, first) == 0) & ~first
    return (irregular(moments, first) | still).mean()


def runs_in_order(reading: Any, first: np.ndarray) -> bool:
    """Tell whether rows run one way in time, or would be evenly spaced once they are sorted."""
    moments = seconds(reading.stamps)
    if direction(moments, first):
        return True
    order = np.lexsort((moments, np.cumsum(first)))
    steps = steps_of(moments[order], first)
    return bool((irregular(moments[order], first) | ((steps == 0) & ~first)).mean() <= REGULAR)


def stands_still(reading: Any, first: np.ndarray) -> bool:
    return len(first) > 2 and not (steps_of(seconds(reading.stamps), first) != 0).any()


def unwrapped(reading: Any, first: np.ndarray) -> Any:
    """Return clock times without a date going on from day to day, in the order of rows."""
    hours = np.where(reading.stamps == NAT, np.nan, reading.stamps / (3_600 * SECOND))
    known = ~np.isnan(hours)
    if known.any() and hours[known].max() <= 24:
        hours[known] = np.unwrap(hours[known], period=24)
    stamps = np.full(len(hours), NAT)
    stamps[known] = np.rint(hours[known] * 3_600_000).astype(np.int64) * 1_000_000
    return replace(reading, stamps=stamps, order="", clock=True)


def unclear(
    timing: Any,
    columns: dict,
    by_part: np.ndarray,
    first: np.ndarray,
    time_format: str | None = None,
) -> Any:
    """Return the sentences on a time that may be read otherwise; a format settles most of them."""
    sentences = _two_readings(timing) + lost_halves(timing, by_part, first)
    if time_format is None:
        sentences += _calendars(timing, columns) + _swapped(timing, columns, by_part, first)
    return sentences


def _two_readings(timing):
    """Return in a list what two readings of the time are, with the option that settles it."""
    if len(timing.readings) < 2:
        return []
    shown = []
    for reading in timing.readings[:3]:
        known = reading.stamps[reading.stamps != NAT][:2]
        if not reading.order:
            shown.append(f"{reading.way} gives steps of {span_words(np.ptp(known) / SECOND)}")
            continue
        dates = ", ".join(map(str, known.view("M8[ns]").astype("M8[m]"))).replace("T00:00", "")
        shown.append(f"{reading.way} gives {dates}, …")
    orders = {reading.order[:2] for reading in timing.readings}
    settle = (
        "--dayfirst or --monthfirst"
        if orders == {"dm", "md"}
        else f"--time-format {' or '.join(repr(reading.way) for reading in timing.readings[:3])}"
    )
    return [
        f"column {timing.columns[0]!r} can be read as time in {len(timing.readings)} ways that fit "
        f"about as well: {'; '.join(shown)}. Say which: {settle}"
    ]


def _swapped(time, columns, by_part, first):
    """Return in a list what is wrong where a spreadsheet took the day for the month in some cells.

    It turns 03/04/2024 into a date, in its own country's order, and leaves 13/04/2024 as it is: so
    steps are regular once day and month of all days up to the twelfth are exchanged.
    """
    if not time.readings or not time.readings[0].order or time.readings[0].stamps.dtype != "i8":
        return []
    stamps = time.readings[0].stamps[by_part]
    days = (stamps // DAY).astype("M8[D]")
    years, months = days.astype("M8[Y]"), days.astype("M8[M]")
    day, month = (days - months).astype(int) + 1, (months - years).astype(int) + 1
    both = (stamps != NAT) & (day <= 12) & (day != month)
    other = (years.astype("M8[M]") + (day - 1)).astype("M8[D]") + (month - 1)
    exchanged = np.where(both, other.astype(np.int64) * DAY + stamps % DAY, stamps)
    ways = (replace(time.readings[0], stamps=stamps) for stamps in (stamps, exchanged))
    as_is, then = (oddness(way, first) for way in ways)
    if not as_is or then > min(REGULAR, as_is / 4):
        return []
    sample = columns[time.columns[0]].iloc[by_part[np.argmax(both)]]
    return [
        f"column {time.columns[0]!r} goes back and forth in time, and is regular once day and "
        f"month are exchanged in {both.sum():,} cells such as {str(sample)!r}: a spreadsheet may "
        "have taken the day for the month there, up to the twelfth; write all of them alike, as "
        "2024-04-13, before a repair"
    ]


def _calendars(timing, columns):
    """Return in a list what is unsure about years that are written otherwise than they are read, in
    two digits or by another calendar, and that are not of our time.
    """
    if not timing.readings or timing.readings[0].order in (*SCALES, "", "dates", "number"):
        return []
    stamps = timing.readings[0].stamps
    row, known = np.argmax(stamps != NAT), stamps[stamps != NAT]
    written = ascii_digits(" ".join(str(columns[name].iloc[row]) for name in timing.columns))
    if any(str(_year(stamps[row] + later)) in written for later in (-DAY, 0, DAY)):
        return []
    early, late = _year(known.min()), _year(known.max())
    if FIRST_YEAR <= early and late <= datetime.now().year + 1:
        return []
    return [
        f"the years of column {timing.columns[0]!r} would be {early} to {late}, or count by "
        "another calendar, as 67 or 2567 is 2024 in Thailand and 1445 in Arabia; write dates as "
        f"2024-04-13, or add {option('--time-format', timing.ways[0])} if {early} is right"
    ]


def _year(stamp):
    return pd.Timestamp(int(stamp)).year
