"""Numbers read as time: dates without separators, seconds since 1970, days as Excel counts them,
years with a fraction.
"""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd

from gru_lab.tables.time import COMPACT, DAY, NAT, SAMPLE, SECOND, Reading, read_texts

SCALES = {  # nanoseconds of a unit, and where 1970 lies
    "epoch s": (SECOND, 0),
    "epoch ms": (SECOND // 1_000, 0),
    "epoch us": (1_000, 0),
    "epoch ns": (1, 0),
    "Excel days": (DAY, 25_569),
    "MATLAB days": (DAY, 719_529),
    "Julian days": (DAY, 2_440_587.5),
    "modified Julian days": (DAY, 40_587),
    "LabVIEW s": (SECOND, 2_082_844_800),
    ".NET ticks": (100, 621_355_968_000_000_000),
    "Windows ticks": (100, 116_444_736_000_000_000),
    (YEARS := "decimal years"): (0, 0),  # the middle of 2024 is 2024.5, of 365 days or of 366
}
PLAUSIBLE = (7_305 * DAY, 47_482 * DAY)  # 1990 to 2100, for numbers that could be anything


def number_readings(column: pd.Series) -> list[Reading]:
    """Return the ways in which a column of numbers can be a date or a count from a known day."""
    values = column.to_numpy(np.float64, na_value=np.nan)
    seen = ~np.isnan(values)
    if not seen.any() or not np.isfinite(values[seen]).all():
        return []
    low, high = values[seen].min(), values[seen].max()
    readings = []
    broken = bool(1_900 <= low <= high <= 2_101 and (values[seen] % 1 > 0).any())
    exact = np.rint(values[seen] * 100) if broken else values[seen]  # 2024.03 is March
    if low >= 1_900 and high < 1e17 and np.allclose(exact, values[seen] * (100 if broken else 1)):
        for way in _compact(exact):
            if (way.order == "Ym") == broken or not broken:
                stamps = np.full(len(values), NAT)
                stamps[seen] = way.stamps
                readings.append(replace(way, stamps=stamps))
    short = all("y" in way.order for way in readings)  # years of two digits, or nothing
    scales = [name for name in SCALES if _plausible(low, name) and _plausible(high, name)] * short
    named = [name for name in scales if "mjd" in str(column.name).lower() and "mod" in name]
    for name in named or scales + [YEARS] * (broken and not readings):
        stamps = counted_from(column, name)
        readings.append(Reading(name, stamps, name, bool((stamps % DAY != 0)[seen].any())))
    begin = np.datetime64(f"{datetime.now().year + 2}", "ns").astype(np.int64)
    past = [way for way in readings if way.stamps.max() < begin]  # measured, and not foretold
    later = [way for way in readings if way not in past and not (past and "y" in way.order[:3])]
    return past + later


def _plausible(number, scale):
    unit, zero = SCALES[scale]
    if unit == 1:  # no clock counted nanoseconds before 2001
        return 1e18 <= number <= PLAUSIBLE[1]
    return PLAUSIBLE[0] <= (number - zero) * unit <= PLAUSIBLE[1]


def _compact(values):
    """Return the Readings of whole numbers (n,) such as 20240305, each of them a date."""
    if (values % 1 != 0).any():
        return []
    width = len(str(int(values.max())))
    narrow = len(str(int(values.min())))  # a zero in front is lost in a number
    if width not in COMPACT or (width != 6 and narrow < width - (width in (8, 12, 14))):
        return []

    def read(numbers):
        return read_texts(np.char.zfill(numbers.astype(np.int64).astype(str), width), 1.0)

    if len(values) > SAMPLE and not read(values[:: len(values) // SAMPLE]):
        return []
    ways = [(way, way.stamps // DAY) for way in read(values)]
    return [way for way, days in ways if -25_567 <= days.min() and days.max() <= 47_482]


def counted_from(column: pd.Series, scale: str) -> np.ndarray:
    """Return numbers on one of SCALES as nanoseconds since 1970, (rows,); NAT where none is."""
    values = column.to_numpy(np.float64, na_value=np.nan)
    seen = np.isfinite(values)
    stamps = np.full(len(values), NAT)
    if scale == YEARS:
        year = np.floor(values[seen]).astype(np.int64)
        begin, length = _year(year)
        stamps[seen] = (begin + np.rint((values[seen] - year) * length).astype(np.int64)) * SECOND
        return stamps
    unit, zero = SCALES[scale]
    if pd.api.types.is_integer_dtype(column.dtype):
        later = column[seen].to_numpy(np.int64) - int(zero)
        stamps[seen] = later * unit - round(zero % 1 * unit)
        return stamps
    if unit == DAY:  # a ten-thousandth of a second is what a day's fraction can tell
        tick = DAY / 864_000_000
        stamps[seen] = np.rint((values[seen] - zero) * (unit / tick)).astype(np.int64) * round(tick)
    else:
        later = values[seen] - zero
        whole, rest = np.floor(later).astype(np.int64), np.rint(later % 1 * unit).astype(np.int64)
        stamps[seen] = whole * unit + rest
    return stamps


def counted(stamp: int, scale: str) -> int | float:
    """Return a stamp as a number on one of SCALES, as `counted_from` reads it."""
    if scale == YEARS:
        year = pd.Timestamp(stamp).year
        begin, length = _year(np.array([year]))
        return float(year + (stamp / SECOND - begin[0]) / length[0])
    unit, zero = SCALES[scale]
    whole = stamp // unit + zero
    return whole + stamp % unit / unit if stamp % unit or zero % 1 else int(whole)


def _year(year):
    """Return when years (n,) begin, in seconds since 1970, and how long they are."""
    begin, end = ((year + k - 1_970).astype("M8[Y]").astype("M8[s]").astype(int) for k in (0, 1))
    return begin, end - begin
