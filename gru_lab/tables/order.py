"""The order of a table's rows in time, whichever way the file runs, and stamps that break it."""

from typing import Any

import numpy as np

from gru_lab.tables.steps import direction, seconds, steps_of
from gru_lab.tables.time import NAT, SECOND

HALF_DAY = 43_200  # seconds
SATURDAY = 71  # hours from the beginning of 1970, a Thursday, to 23:00 on a Saturday
STILL = 0.5  # of the steps are 0: rows of the same stamp are spread up to the next one


def in_order(
    stamps: np.ndarray, by_part: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the order of rows and their moments in it, (rows,) each; part by part, in time."""
    if stamps is None:
        return by_part, np.arange(len(by_part), dtype=float)
    moments, part = seconds(stamps)[by_part], np.cumsum(first)
    if np.isnan(moments).any():
        moments = _between(moments, part)
    else:
        moments = _unfolded(moments, stamps[by_part], first)
    row = np.arange(len(part))
    if direction(moments, first) < 0:
        row = row[::-1]  # of rows with the same stamp, the last is the earliest
    places = np.lexsort((row, moments, part))
    moments = moments[places]
    if (np.diff(moments) == 0)[~first[1:]].mean() >= STILL if len(moments) > 1 else False:
        moments = _spread(moments, part)
    return by_part[places], moments


def oddities(stamps: np.ndarray, by_part: np.ndarray, first: np.ndarray) -> dict[str, np.ndarray]:
    """Return {what is wrong: numbers of rows} for stamps that lack, repeat or go back."""
    moments = seconds(stamps)[by_part]
    step = steps_of(_unfolded(moments, stamps[by_part], first), first)
    step = step * (direction(moments, first) or 1)
    wrong = {"lacking": np.isnan(moments), "repeated": (step == 0) & ~first, "back": step < 0}
    return {what: by_part[rows] for what, rows in wrong.items() if rows.any()}


def lost_halves(timing: Any, by_part: np.ndarray, first: np.ndarray) -> list[str]:
    """Return in a list what is wrong with a clock of 12 hours without AM and PM: none of its hours
    is 0 or above 12, and most steps back are half a day less the usual step.
    """
    if not timing.readings or (stamps := timing.readings[0].stamps).dtype.kind == "f":
        return []
    moments, hours = seconds(stamps[by_part]), stamps[stamps != NAT] // (3_600 * SECOND) % 24
    step = steps_of(moments, first) * (direction(moments, first) or 1)
    back, usual = step[step < 0], np.nanmedian(np.abs(step[step != 0])) if step.any() else 0
    lost = np.abs(back + HALF_DAY - usual) < usual / 2
    if lost.sum() <= len(back) / 2 or hours.min() < 1 or hours.max() > 12:
        return []
    return [
        f"the clock of column {timing.columns[-1]!r} shows only hours from 1 to 12 and goes back "
        f"by half a day {lost.sum():,} times, so AM and PM are lost; write 24 hours, or put AM and "
        "PM behind the clock or in a column of their own"
    ]


def _unfolded(moments: np.ndarray, stamps: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return moments in which the hour that comes twice at the end of summer time is two hours.

    In the night to a Sunday in spring or autumn the clock goes back and an hour is written again
    (at the end of that Sunday, where the hours of a day are numbered); rows after it are an hour
    later than they say, until an hour is left out in spring. A table in which no hour comes twice
    is left as it is.
    """
    way = direction(moments, first)
    if stamps.dtype.kind == "f" or not way or np.isnan(moments).any():
        return moments
    order = np.arange(len(moments))[::way]
    step = np.diff(moments[order], prepend=moments[order][:1])
    positive = step[step > 0]
    usual = np.median(positive) if len(positive) else 0
    if not 0 < usual <= 3_600:
        return moments
    days = (stamps[order] // (86_400 * SECOND)).astype("M8[D]")
    month = days.astype("M8[M]").astype(np.int64) % 12 + 1
    hour = (stamps[order] // (3_600 * SECOND) - SATURDAY) % 168
    night = ((hour <= 4) | (hour == 25)) & np.isin(month, (3, 4, 9, 10, 11)) & ~first[order]
    back = night & np.isclose(step, usual - 3_600, atol=1)
    ahead = night & np.isclose(step, usual + 3_600, atol=1)
    late, shift = 0, np.zeros(len(order))
    for row in np.flatnonzero(back | ahead) if back.any() else ():  # a few times a year
        late = min(late + 1, 1) if back[row] else max(late - 1, -1)
        shift[row:] = late
    result = moments.copy()
    result[order] += 3_600 * shift
    return result


def _between(moments, part):
    """Return moments with rows that lack theirs between their neighbours, or their row numbers."""
    known, row = ~np.isnan(moments), np.arange(len(moments), dtype=float)
    result = moments.copy()
    for number in np.unique(part[~known]):
        mine = part == number
        if not (mine & known).any():
            return row
        result[mine] = np.interp(row[mine], row[mine & known], moments[mine & known])
    return result


def _spread(moments, part):
    """Return moments in which rows of the same stamp are evenly spread up to the next stamp."""
    changes = np.flatnonzero(np.r_[True, (np.diff(moments) != 0) | (np.diff(part) != 0)])
    lengths = np.diff(np.r_[changes, len(moments)])
    following = np.r_[moments[changes[1:]], np.nan]
    gap = following - moments[changes]
    gap[np.r_[np.diff(part[changes]) != 0, True]] = np.nan
    usual = np.nanmedian(gap / lengths) if np.isfinite(gap).any() else 1.0
    gap = np.where(np.isnan(gap), usual * lengths, gap)
    inside = np.arange(len(moments)) - np.repeat(changes, lengths)
    return moments + inside * np.repeat(gap / lengths, lengths)
