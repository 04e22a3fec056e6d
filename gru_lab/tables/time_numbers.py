"""Numbers read as time: dates without separators, seconds since 1970, days as Excel counts them."""

from dataclasses import replace

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
    month = 1_900 <= low <= high <= 2_101 and bool((values[seen] % 1 > 0).any())
    exact = np.rint(values[seen] * 100) if month else values[seen]  # 2024.03 is March
    if low >= 1_900 and high < 1e17 and np.allclose(exact, values[seen] * (100 if month else 1)):
        for way in _compact(exact):
            if (way.order == "Ym") == month or not month:
                stamps = np.full(len(values), NAT)
                stamps[seen] = way.stamps
                readings.append(replace(way, stamps=stamps))
    for name, (unit, zero) in SCALES.items():
        if (
            not readings
            and PLAUSIBLE[0] <= (low - zero) * unit <= (high - zero) * unit <= PLAUSIBLE[1]
        ):
            readings = [Reading(name, counted_from(column, name), name)]
    return readings


def _compact(values):
    """Return the Readings of whole numbers (n,) such as 20240305, each of them a date."""
    if (values % 1 != 0).any():
        return []
    width = len(str(int(values.max())))
    if width not in COMPACT or (width not in (6, 8) and len(str(int(values.min()))) != width):
        return []

    def read(numbers):
        return read_texts(np.char.zfill(numbers.astype(np.int64).astype(str), width), 1.0)

    if len(values) > SAMPLE and not read(values[:: len(values) // SAMPLE]):
        return []
    ways = [(way, way.stamps // DAY) for way in read(values)]
    return [way for way, days in ways if -25_567 <= days.min() and days.max() <= 47_482]


def counted_from(column: pd.Series, scale: str) -> np.ndarray:
    """Return numbers on one of SCALES as nanoseconds since 1970, (rows,); NAT where none is."""
    unit, zero = SCALES[scale]
    values = column.to_numpy(np.float64, na_value=np.nan)
    seen = np.isfinite(values)
    stamps = np.full(len(values), NAT)
    if pd.api.types.is_integer_dtype(column.dtype):
        stamps[seen] = column[seen].to_numpy(np.int64) * unit - round(zero * unit)
        return stamps
    if zero:  # a ten-thousandth of a second is what a day's fraction can tell
        tick = DAY / 864_000_000
        stamps[seen] = np.rint((values[seen] - zero) * (unit / tick)).astype(np.int64) * round(tick)
    else:
        whole = np.floor(values[seen])
        stamps[seen] = whole.astype(np.int64) * unit + np.rint(
            (values[seen] - whole) * unit
        ).astype(np.int64)
    return stamps
