"""The holes of a real table: what lies on either side of each, and the straight line across it.

Values are (rows, channels), NaN where missing. Rows of one part lie together; `begin` and `end`
give for each row the first row of its part and the first one after it, so that no line is drawn
from one part into the next.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

LENGTHS = (1, 3, 12, 48, 168)  # the longest hole of each class, in steps; one more class above
CLOSED = len(LENGTHS) + 1
OPEN = (12, 48)  # the same for holes before the first or after the last value of a part
LABELS = ["1", "2-3", "4-12", "13-48", "49-168", "over 168"]
LABELS += ["end, 1-12", "end, 13-48", "end, over 48"]
CLASSES = len(LABELS)


def part_ends(starts: Any, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (begin, end), each (rows,): where the part of each row begins and ends."""
    lengths = np.diff([*starts, rows])
    return np.repeat(starts, lengths), np.repeat([*starts[1:], rows], lengths)


def wrapped(difference: np.ndarray, period: Any) -> np.ndarray:
    """Return differences (..., channels), the short way round where `period` (channels,) is set."""
    if not np.any(period):
        return difference
    turn = np.where(period > 0, period, 1)
    return np.where(period > 0, (difference + turn / 2) % turn - turn / 2, difference)


@dataclass(frozen=True, eq=False)
class Gaps:
    """The missing entries of one channel, each array (entries,), and the observed rows around them.

    At an end of a part, where there is a value on one side only, `before` and `after` are the same
    row and `open` is True. `share` is how far an entry lies on the way from one to the other;
    `reach` the harmonic mean of the distances to both, or twice the one there is, in usual steps:
    the error of a random walk's bridge grows with its root. `kind` is the class of the hole's
    length, `hole` its number.
    """

    row: np.ndarray
    before: np.ndarray
    after: np.ndarray
    share: np.ndarray
    reach: np.ndarray
    length: np.ndarray
    open: np.ndarray

    def across(self, series: np.ndarray, period: Any = 0) -> np.ndarray:
        """Return what a complete `series` (rows,) does in each entry, less its own line."""
        start = series[self.before]
        there, whole = (wrapped(series[row] - start, period) for row in (self.row, self.after))
        return there - self.share * whole

    def line(self, values: np.ndarray, period: Any = 0) -> np.ndarray:
        """Return the straight line in each entry of `values` (rows,), angles the short way."""
        start = values[self.before]
        return start + self.share * wrapped(values[self.after] - start, period)

    def nearest(self, values: np.ndarray) -> np.ndarray:
        """Return the nearer neighbour's value in each entry."""
        return values[np.where(self.share > 0.5, self.after, self.before)]

    @property
    def kind(self) -> np.ndarray:
        """The class of each entry's hole, a place in LABELS."""
        closed = np.searchsorted(LENGTHS, self.length - 0.5)
        return np.where(self.open, CLOSED + np.searchsorted(OPEN, self.length - 0.5), closed)

    @property
    def hole(self) -> np.ndarray:
        """The number of each entry's hole: entries with the same neighbours are of one hole."""
        new = (np.diff(self.before) != 0) | (np.diff(self.after) != 0)
        return np.cumsum(np.r_[False, new]) if len(self.row) else self.row

    @property
    def steady(self) -> np.ndarray:
        """How free a fill is to leave the line: 0 at the edge of a long hole, 1 in its middle."""
        return np.where(self.open, 1 - 0.5**self.reach, 4 * self.share * (1 - self.share))

    def moved(self, at: np.ndarray) -> "Gaps":
        """Return these Gaps where each row is the row `at` (rows,) instead."""
        return replace(self, row=at[self.row], before=at[self.before], after=at[self.after])

    def within(self, mask: np.ndarray) -> np.ndarray:
        """Return where a `mask` (rows,) holds at an entry and on both sides of its hole."""
        return mask[self.row] & mask[self.before] & mask[self.after]

    def only(self, chosen: np.ndarray) -> "Gaps":
        """Return the entries where `chosen` (entries,) is True."""
        return Gaps(*(array[chosen] for array in vars(self).values()))


def gaps_of(observed: np.ndarray, position: np.ndarray, begin: np.ndarray, end: np.ndarray) -> Gaps:
    """Return the Gaps of one channel that is `observed` (rows,) at `position` (rows,) in time.

    A part without any value has none: it cannot be filled.
    """
    row = np.arange(len(observed))
    before = np.maximum.accumulate(np.where(observed, row, -1))
    after = np.minimum.accumulate(np.where(observed, row, len(row))[::-1])[::-1]
    at = np.flatnonzero(~observed)
    before, after, first, last = before[at], after[at], begin[at], end[at]
    behind, ahead = before >= first, after < last
    known = behind | ahead
    at, before, after, first, last = (a[known] for a in (at, before, after, first, last))
    behind, ahead = behind[known], ahead[known]
    single = ~(behind & ahead)
    before, after = np.where(behind, before, after), np.where(ahead, after, before)
    since, until = np.abs(position[at] - position[before]), np.abs(position[after] - position[at])
    whole = since + until
    share = np.where(single | (whole <= 0), 0, since / np.where(whole > 0, whole, 1))
    reach = np.where(single, 2 * since, 2 * since * until / np.where(whole > 0, whole, 1))
    outside = np.where(behind, position[last - 1], position[first])
    length = np.where(single, np.abs(outside - position[before]), whole - 1)
    return Gaps(at, before, after, share, reach, np.maximum(np.round(length), 1), single)


@dataclass(frozen=True, eq=False)
class Stretch:
    """Rows: `values` (rows, channels) with NaN, `position` in usual steps of time, where the part
    of each row begins and ends. `step` is a usual step in seconds, 0 without time stamps; `since`
    the seconds from a Monday's midnight to position 0.
    """

    values: np.ndarray
    position: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    step: float = 0.0
    since: float = 0.0

    def __len__(self):
        return len(self.values)

    def where(self, chosen: np.ndarray) -> "Stretch":
        """Return the rows where `chosen` (rows,) is True; each run of neighbours is a part."""
        row = np.flatnonzero(chosen)
        starts = np.flatnonzero(np.r_[True, (np.diff(row) > 1) | (np.diff(self.begin[row]) != 0)])
        begin, end = part_ends(starts, len(row))
        values, position = self.values[row], self.position[row]
        return replace(self, values=values, position=position, begin=begin, end=end)

    def cut(self, starts: Any) -> "Stretch":
        """Return the same rows with further parts, which begin at the rows `starts`."""
        begin, end = part_ends(np.union1d(self.begin, starts).astype(int), len(self))
        return replace(self, begin=begin, end=end)

    def channels(self, chosen: np.ndarray) -> "Stretch":
        """Return the same rows of the channels with the numbers `chosen`."""
        whole = len(chosen) == self.values.shape[1]  # no copy then
        return self if whole else replace(self, values=self.values[:, chosen])

    def without(self, hidden_mask: np.ndarray) -> "Stretch":
        """Return the same rows with the entries of `hidden_mask` (rows, channels) missing."""
        return replace(self, values=np.where(hidden_mask, np.nan, self.values))

    def spread(self, total: int, pieces: int = 20) -> np.ndarray:
        """Return which rows make up about `total`, (rows,): evenly spread pieces, or all of few."""
        piece = len(self) / pieces
        return np.arange(len(self)) % piece < (total / pieces if len(self) > total else piece)

    def gaps(self, channel: int) -> Gaps:
        """Return the Gaps of a channel."""
        observed = ~np.isnan(self.values[:, channel])
        return gaps_of(observed, self.position, self.begin, self.end)

    def clock(self, seconds: float) -> np.ndarray:
        """Return how far each row is in a cycle of so many `seconds`, (rows,), from 0 to 1."""
        return (self.position * self.step + self.since) % seconds / seconds


def runs_of(mask: np.ndarray, starts: Any = (0,)) -> np.ndarray:
    """Return each run of True in `mask` (rows, channels) as (channel, first row, last row), by
    channel and row; none crosses from one part into the next, which begin at the rows `starts`.
    """
    first = np.isin(np.arange(len(mask)), starts)[:, None]
    goes_on = np.roll(mask, 1, axis=0) & ~first  # from the row above; row 0 is always a first one
    begins, ends = mask & ~goes_on, mask & ~np.roll(mask & goes_on, -1, axis=0)
    return np.column_stack([np.argwhere(begins.T), np.argwhere(ends.T)[:, 1]])  # (runs, 3)
