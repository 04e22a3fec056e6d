"""Values that look like codes for 'missing', and stretches in which a sensor seems to be frozen.

    suspects(np.array([20.1, 20.3, -127, 20.2]))  # [Suspect(value=-127.0, rows=1, ...)]

A value is suspected only where it stands apart from all others of its column, in value or in time:
85 is what a DS18B20 says when it was not asked yet, and a temperature among 84 and 86. Nothing is
changed here: each suspicion becomes a sentence that a person answers.
"""

from dataclasses import dataclass

import numpy as np

# what loggers, sensors and formats write for 'missing', besides 9s (99, -999.9 ...)
SENSORS = (-127, -196.6, 85, 185, -85, 6999, -6999, 7999, -7999, -8888, -7777, 8888, 88888)
INTEGERS = (127, -128, 255, 1023, 4095, 32767, -32767, 32768, -32768, 65535, 8388607, -8388608)
LONG = (2**31 - 1, -(2**31 - 1), -(2**31), 2**32 - 1, -(2.0**63), 2.0**63)
HUGE = 1e19  # 1e20, 1e30, 9.96921e36 (netCDF), 1.70141e38, the largest floats: no measurements
NINES = [sign * (10.0**n - 1) / 10.0**d for sign in (1, -1) for n in range(1, 9) for d in range(4)]
SCALED = [limit / 10.0**d for limit in INTEGERS if abs(limit) > 30_000 for d in range(4)]
KNOWN = np.unique(np.array([0, -1, *SENSORS, *INTEGERS, *LONG, *NINES, *SCALED], dtype=np.float32))
# a measurement may well be one of these, so they must be few, among several other values
SMALL_NINES = [nines for nines in NINES if 0 < abs(nines) < 10 and nines % 1]  # 0.9 mm of rain
WEAK = np.array(
    [0, -1, 9, 85, -85, 185, 127, -128, 255, 1023, 4095, *SMALL_NINES], dtype=np.float32
)
WEAK_SHARE, WEAK_OTHERS = 0.2, 5
STUCK_ROWS, STUCK_OTHERS = 3, 10
JUMP = 5  # times as far from its neighbours in time as these are from each other, usually
FROZEN_ROWS, MOST_FROZEN = 12, 3


@dataclass(frozen=True)
class Suspect:
    """A `value` in so many `rows`; the other values lie from `low` to `high`, NaN for none."""

    value: float
    rows: int
    low: float
    high: float


@np.errstate(over="ignore")  # 1.8e308 is a code, too
def suspects(values: np.ndarray) -> list[Suspect]:
    """Return the values of a channel (rows,), in the order of time, that look like codes for
    'missing', the nearest to the others first. NaN and infinite values do not count.
    """
    seen = values[np.isfinite(values)]
    if not len(seen):
        return []
    different, counts = np.unique(seen, return_counts=True)
    known = _known(different)
    if known.all():
        known = ~np.isin(different.astype(np.float32), WEAK) & (np.abs(different) > 9)
    if known.all():
        only = len(different) == 1 and abs(different[0]) >= 999
        return [Suspect(different[0], len(seen), np.nan, np.nan)] if only else []
    chosen = _known_suspects(seen, different, counts, known)
    chosen |= _stuck(seen, different, counts, chosen)
    others = different[~chosen]
    suspected = [
        Suspect(value, int(rows), others[0], others[-1])
        for value, rows in zip(different[chosen], counts[chosen], strict=True)
    ]
    return sorted(suspected, key=lambda cell: max(others[0] - cell.value, cell.value - others[-1]))


def _known(different):
    """Return which of the values (values,) are on the list, as they are or rounded to float32."""
    return np.isin(different.astype(np.float32), KNOWN) | (np.abs(different) >= HUGE)


def _known_suspects(seen, different, counts, known):
    """Return which of the `known` ones stand apart; one that does not is a measurement like others,
    and is asked for the next one.
    """
    chosen, others = np.zeros(len(different), dtype=bool), ~known
    low, high = different[others][0], different[others][-1]
    for k in sorted(np.flatnonzero(known), key=lambda k: _outside(different[k], low, high)):
        weak = np.float32(different[k]) in WEAK
        few = counts[k] <= WEAK_SHARE * len(seen)
        if weak and not (few and others.sum() >= WEAK_OTHERS):
            others[k] = True
        elif others.sum() < 3 and counts[k] > 0.3 * len(seen) and np.abs(different[k]) < 1000:
            others[k] = True
        elif _apart(different[k], different[others], counts[others]):
            chosen[k] = True
        elif different[k] not in (0, -1) and _jumps(seen, different[k], different[others]):
            chosen[k] = True
        else:
            others[k] = True
    return chosen


def _outside(value, low, high):
    """Return how far a value lies below `low` or above `high`, 0 between them."""
    return max(low - value, value - high, 0)


def _apart(value, others, counts):
    """Tell whether `value` is farther from all `others`, sorted, than these are from each other,
    but for a hundredth of them.
    """
    away = _outside(value, others[0], others[-1])
    share = np.cumsum(counts) / counts.sum()
    bulk = others[min(np.searchsorted(share, 0.99), len(others) - 1)]
    bulk -= others[np.searchsorted(share, 0.01)]
    return away > others[-1] - others[0] or away > 3 * max(bulk, np.diff(others).max(initial=0))


def _jumps(seen, value, others):
    """Tell whether the way to `value` and back is a jump that the `others` do not make, by far."""
    plain = seen[np.isin(seen, others)]
    if len(plain) < 20:
        return False
    usual = max(np.quantile(np.abs(np.diff(plain)), 0.99), 1e-6 * np.ptp(plain))
    there = seen == value
    at = np.r_[False, there, False]
    before, after = (
        np.abs(value - np.r_[np.nan, seen, np.nan][places])
        for places in (np.flatnonzero(at[1:] & ~at[:-1]), np.flatnonzero(~at[1:] & at[:-1]) + 1)
    )
    jump = np.fmin(before, after)
    return bool(np.median(jump) > JUMP * usual and (jump > JUMP / 2 * usual).mean() >= 0.8)


def _stuck(seen, different, counts, chosen):
    """Return which ends of the range are values at which a sensor is stuck: both of them, or one
    that stands apart, again and again in jumps.
    """
    stuck, rest = np.zeros(len(different), dtype=bool), np.flatnonzero(~chosen)
    if len(rest) < STUCK_OTHERS + 2:
        return stuck
    if (np.diff(seen) == 0).mean() > 0.5:  # it rests, and what is no rest is an event
        return stuck
    inner = different[rest[1:-1]]
    ends = [
        k
        for k in (rest[0], rest[-1])
        if STUCK_ROWS <= counts[k] <= WEAK_SHARE * len(seen) and _jumps(seen, different[k], inner)
    ]
    alone = [
        k
        for k in ends
        if different[k] not in (0, -1) and _apart(different[k], inner, counts[rest[1:-1]])
    ]
    stuck[ends if len(ends) == 2 else alone] = True
    return stuck


def frozen(values: np.ndarray) -> list[tuple[int, int]]:
    """Return the stretches (first row, last row) in which a measured channel (rows,) stands still
    for longer than chance and its usual ways allow; at most `MOST_FROZEN`.

    A value at which it rests more often, such as no rain, or an end of its range, is no such one.
    """
    row = np.flatnonzero(np.isfinite(values))
    seen = values[row]
    if len(seen) < 10 * FROZEN_ROWS:
        return []
    begins = np.flatnonzero(np.r_[True, np.diff(seen) != 0])
    lengths = np.diff(np.r_[begins, len(seen)])
    order = np.argsort(-lengths, kind="stable")
    longest = lengths[order[0]]
    usual = np.delete(lengths, order[:MOST_FROZEN])
    if longest < FROZEN_ROWS or not len(usual) or (lengths >= longest / 2).sum() > MOST_FROZEN:
        return []
    again = 1 - len(usual) / usual.sum()  # how often a value is that of the row before
    limit = max(FROZEN_ROWS, 3 * usual.max())
    if again:
        limit = max(limit, np.log(1e-4 / len(seen)) / np.log(again))
    ends = (seen.min(), seen.max())
    return [
        (int(row[begins[k]]), int(row[begins[k] + lengths[k] - 1]))
        for k in sorted(order[:MOST_FROZEN])
        if lengths[k] >= limit and seen[begins[k]] not in ends
    ]
