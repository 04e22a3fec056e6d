"""How regular the steps of time are: by this a reading is chosen, and missing rows are counted.

Moments are seconds (rows,), NaN where a row has no stamp; `first` (rows,) is True where a part
begins, so that no step leads from one part into the next.
"""

from dataclasses import dataclass

import numpy as np

from gru_lab.tables.time import NAT, SECOND

ONE_WAY = 0.9  # of the steps lead in one direction where a table is in order of time
NEAR = 1.5  # a step is usual within this factor of the usual one
UNEVEN = 0.01  # of a step: the seconds of a clock that is not exact, and a leap year
FEW = 8  # steps: of fewer nobody can say
CLEAR = 2  # the other reading must be irregular more than so many times as often


def seconds(stamps: np.ndarray) -> np.ndarray:
    """Return nanoseconds as seconds since the earliest, (rows,); numbers stay what they are."""
    if stamps.dtype.kind == "f":
        return stamps
    known = stamps != NAT
    begin = stamps[known].min() if known.any() else 0
    return np.where(known, np.where(known, stamps - begin, 0) / SECOND, np.nan)


def steps_of(moments: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the step into each row, (rows,); 0 into the first row of a part, NaN into no stamp."""
    step = np.diff(moments, prepend=moments[:1])
    return np.where(first, 0.0, step)


def direction(moments: np.ndarray, first: np.ndarray) -> int:
    """Return 1 where rows run forward in time, -1 where the newest comes first, 0 where neither."""
    step = steps_of(moments, first)
    ahead, back = (step > 0).sum(), (step < 0).sum()
    if ahead >= ONE_WAY * (ahead + back):
        return 1
    return -1 if back >= ONE_WAY * (ahead + back) else 0


def irregular(moments: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return where a step is not the usual one, (rows,): backwards, far longer or unknown."""
    step, way = steps_of(moments, first), direction(moments, first)
    if not way:
        return np.abs(step) > 0
    step = step * way
    usual = np.median(step[step > 0]) if (step > 0).any() else 0
    return (
        np.isnan(step) | (step < 0) | (step > NEAR * usual) | ((step > 0) & (NEAR * step < usual))
    )


def rises(values: np.ndarray, first: np.ndarray) -> bool:
    """Tell whether numbers (rows,) go up with every row of a part, or down with every row."""
    step = np.diff(values)[~first[1:]] if np.isfinite(values).all() else np.zeros(0)
    return len(step) > 0 and bool((step > 0).all() or (step < 0).all())


def rises_evenly(values: np.ndarray, first: np.ndarray) -> bool:
    """Tell whether numbers (rows,) rise by one step with every row of a part, or fall by it, as far
    as their decimals tell; a tenth of the steps may be some of it at once.

    >>> rises_evenly(np.round(np.arange(9) / 3, 2), np.arange(9) == 0)
    True
    """
    step = np.diff(values)[~first[1:]]
    if len(step) < FEW or not rises(values, first):
        return False
    tick = next((10.0**-n for n in range(9) if np.allclose(values, values.round(n), 1e-12)), 0)
    usual = np.median(step)
    times = np.rint(step / usual)
    even = np.abs(step - times * usual) <= times * (tick + UNEVEN * abs(usual))
    return bool(even.all() and (times == 1).mean() >= ONE_WAY)


def choose(readings: list, first: np.ndarray) -> list:
    """Return the reading whose steps are most regular, and after it those that fit about as well.

    Readings with the same stamps as the best are the same and are left out.
    """
    moments = [seconds(reading.stamps) for reading in readings]
    mixed = not any(direction(moment, first) for moment in moments)
    if mixed:  # rows in no order at all are judged as they will be sorted
        part = np.cumsum(first)
        moments = [moment[np.lexsort((moment, part))] for moment in moments]
    odd = [irregular(moment, first) for moment in moments]
    best = min(range(len(readings)), key=lambda place: odd[place].sum())
    rivals = [best]
    for other in set(range(len(readings))) - {best}:
        step, theirs = steps_of(moments[best], first), steps_of(moments[other], first)
        differ = ~np.isclose(step, theirs, rtol=1e-9, atol=1e-6, equal_nan=True) | mixed
        worse = (odd[other] & ~odd[best])[differ].sum()  # odd in both speaks for neither
        same = np.array_equal(readings[best].stamps, readings[other].stamps)
        if not same and worse <= CLEAR * (odd[best] & ~odd[other])[differ].sum():
            rivals.append(other)
    return [readings[place] for place in rivals]


@dataclass(frozen=True)
class Step:
    """The usual step of time: `length` in seconds (or in the column's unit), or whole `months`."""

    length: float
    months: int = 0
    dated: bool = True

    @property
    def words(self) -> str:
        """The step as short text, such as '10 min' or 'month'."""
        if self.months:
            unit, count = (
                ("year", self.months // 12) if self.months % 12 == 0 else ("month", self.months)
            )
            return unit if count == 1 else f"{count} {unit}s"
        return span_words(self.length, self.dated)


def span_words(length: float, dated: bool = True) -> str:
    """Return a span of time as short text: seconds in the unit that suits, or a plain number."""
    if not dated:
        return f"{length:.6g}"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1), ("ms", 1e-3)):
        if length >= size * (1 - 1e-9):
            return f"{length / size:.4g} {unit}"
    return f"{length * 1e6:.4g} µs"


def month_numbers(stamps: np.ndarray) -> np.ndarray | None:
    """Return the number of each stamp's month, (rows,), where all lie alike in their months.

    That is on the same day and hour, or each on the last day of its month; None otherwise.
    """
    if stamps.dtype.kind == "f" or not len(stamps) or (stamps == NAT).any():
        return None
    days = (stamps // (86_400 * SECOND)).astype("M8[D]")
    months = days.astype("M8[M]")
    day = (days - months.astype("M8[D]")).astype(np.int64)
    last = days + 1 == (months + 1).astype("M8[D]")
    alike = (day == day[0]).all() or last.all()
    same_hour = (stamps % (86_400 * SECOND) == stamps[0] % (86_400 * SECOND)).all()
    return months.astype(np.int64) if alike and same_hour else None


def usual_step(moments: np.ndarray, stamps: np.ndarray, first: np.ndarray) -> Step:
    """Return the usual step of rows in the order of time; of length 0 where time stands still."""
    step = steps_of(moments, first)
    step = step[step > 0]
    dated = stamps.dtype.kind != "f"
    length = float(np.median(step)) if len(step) else 0.0
    months = month_numbers(stamps) if length >= 28 * 86_400 else None
    if months is None:
        return Step(length, dated=dated)
    apart = np.diff(months)[~first[1:]]
    return Step(length, int(np.median(apart[apart > 0])), dated)
