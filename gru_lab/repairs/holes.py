"""The holes of a real table: what lies on either side of each, the straight line across it, and
more of the same kind hidden where we know the truth.

Values are (rows, channels), NaN where missing. Rows of one part lie together; `begin` and `end`
give for each row the first row of its part and the first one after it, so that no line is drawn
from one part into the next.
"""

from dataclasses import dataclass, replace

import numpy as np

from gru_lab.repairs.kinds import follow_in_no_order

HIDDEN_SHARE = 0.1  # of the observed entries, where the table itself shows fewer holes
MOST_HIDDEN = 0.3  # of the observed entries, where hardly any are missing
MOST_SHIFTS = 20
PIECE, MANY_PARTS = 500, 20  # rows that are hidden in one manner
FEW_CODES, CODES_SEEN = 12, 10  # a code has few different whole numbers, each seen often
LENGTHS = (1, 3, 12, 48, 168)  # the longest hole of each class, in steps; one more class above
CLOSED = len(LENGTHS) + 1
OPEN = (12, 48)  # the same for holes before the first or after the last value of a part
LABELS = ["1", "2-3", "4-12", "13-48", "49-168", "over 168"]
LABELS += ["end, 1-12", "end, 13-48", "end, over 48"]


def part_ends(starts, rows):
    """Return (begin, end), each (rows,): where the part of each row begins and ends."""
    lengths = np.diff([*starts, rows])
    return np.repeat(starts, lengths), np.repeat([*starts[1:], rows], lengths)


def wrapped(difference, period):
    """Return differences (..., channels), the short way round where `period` (channels,) is set."""
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

    def across(self, series, period=0):
        """Return what a complete `series` (rows,) does in each entry, less its own line."""
        start = series[self.before]
        there, whole = series[self.row] - start, series[self.after] - start
        if period:
            there, whole = wrapped(there, period), wrapped(whole, period)
        return there - self.share * whole

    def line(self, values, period=0):
        """Return the straight line in each entry of `values` (rows,); from 350 to 10 degrees it
        leads over 0.
        """
        start = values[self.before]
        whole = values[self.after] - start
        return start + self.share * (wrapped(whole, period) if period else whole)

    def nearest(self, values):
        """Return the nearer neighbour's value in each entry."""
        return values[np.where(self.share > 0.5, self.after, self.before)]

    @property
    def kind(self):
        """The class of each entry's hole, a place in LABELS."""
        closed = np.searchsorted(LENGTHS, self.length - 0.5)
        return np.where(self.open, CLOSED + np.searchsorted(OPEN, self.length - 0.5), closed)

    @property
    def hole(self):
        """The number of each entry's hole: entries with the same neighbours are of one hole."""
        new = (np.diff(self.before) != 0) | (np.diff(self.after) != 0)
        return np.cumsum(np.r_[False, new]) if len(self.row) else self.row

    @property
    def steady(self):
        """How free a fill is to leave the line, 0 beside an observed entry of a long hole, 1 in
        the middle, (entries,).
        """
        return np.where(self.open, 1 - 0.5**self.reach, 4 * self.share * (1 - self.share))

    def only(self, chosen):
        """Return the entries where `chosen` (entries,) is True."""
        return Gaps(*(array[chosen] for array in vars(self).values()))


def gaps_of(observed, position, begin, end):
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


def kind_of(values):
    """Return what a channel (rows,) is: 'none' (no value at all), 'constant', 'flag', 'code' or
    'measured'.

    A flag takes two values, 0 and 1 or others, each often. A code takes a few whole numbers, each
    often, or more of them that come back in no order. Between two of them there is nothing.
    """
    seen = values[~np.isnan(values)]
    if not len(seen):
        return "none"
    low, high = seen.min(), seen.max()
    if high - low <= 1e-9 * max(
        abs(low), abs(high), 1e-3
    ):  # it moves by no more than rounding does
        return "constant"
    different = np.unique(seen)
    few = len(different) <= FEW_CODES and len(seen) >= CODES_SEEN * len(different)
    if len(different) == 2 and (few or (low, high) == (0, 1)):
        return "flag"
    whole = (different == different.round()).all()
    return "code" if whole and (few or follow_in_no_order(seen)) else "measured"


def hidden_at_most(share):
    """Return which share of what it shows a channel may lose, of which a `share` is missing: little
    where half is; more again where nearly all is, as few entries are left to judge by.
    """
    return np.maximum(MOST_HIDDEN * (1 - share), 0.25 * share**2)


def piece_of(rows):
    """Return how many of so many rows are hidden in one manner."""
    return max(8, min(PIECE, rows // 6))


@dataclass(frozen=True, eq=False)
class Pattern:
    """How holes lie in a table: `missing` (rows, channels), and where each row's part begins."""

    missing: np.ndarray
    begin: np.ndarray

    @property
    def most(self):
        """Which share of its rows a channel may lose, (channels,)."""
        return hidden_at_most(self.missing.mean(axis=0))

    def alike(self, stretch, rng):
        """Return a hidden_mask for a Stretch with the table's own holes, moved in time.

        They are moved by a random number of rows, or from part to part where there are many; all
        channels together: so points come as points, blocks as blocks, and a device whose channels
        fail together fails together. They are laid over each other until a tenth of the channels
        with holes is hidden. Of a channel that would lose more than it may, some holes are left
        out, and always whole ones; a channel that shows hardly any gets points.
        """
        rows, holed = len(stretch), self.missing.any(axis=0)
        share = self.missing[:, holed].mean() if holed.any() else np.inf
        hidden_mask = np.zeros((rows, self.missing.shape[1]), dtype=bool)
        for _ in range(int(np.clip(np.ceil(HIDDEN_SHARE / share), 0, MOST_SHIFTS))):
            hidden_mask |= self._moved(stretch, rng)
        lone = hidden_mask.mean(axis=0) < HIDDEN_SHARE / 5
        keep = self.most / np.maximum(hidden_mask.mean(axis=0), 1e-9)
        luck, row = rng.random(rows), np.arange(rows)  # holes that begin in one row stay together
        for c in np.flatnonzero(keep < 1):
            column = hidden_mask[:, c]
            goes_on = column & np.r_[False, column[:-1]] & (row > stretch.begin)
            first = np.maximum.accumulate(np.where(column & ~goes_on, row, 0))
            hidden_mask[:, c] &= luck[first] < keep[c]
        hidden_mask[:, lone] = rng.random((rows, lone.sum()), dtype=np.float32) < HIDDEN_SHARE
        return hidden_mask

    def _moved(self, stretch, rng):
        """Return the holes of other rows, or of other parts where there are many, for a Stretch."""
        row, parts = np.arange(len(stretch)), np.unique(self.begin)
        if len(parts) < MANY_PARTS:
            return self.missing[(row + rng.integers(len(self.missing))) % len(self.missing)]
        begins, part = np.unique(stretch.begin, return_inverse=True)
        first = rng.choice(parts, len(begins))[part]
        there = first + row - stretch.begin
        known = there < len(self.begin)
        there = np.where(known, there, 0)
        return self.missing[there] & (known & (self.begin[there] == first))[:, None]

    def mixed(self, stretch, rng):
        """Return a hidden_mask for a Stretch with many kinds of holes, and the rows at which
        further parts are to begin.

        Each piece of rows has points, runs of 2 to 168 rows, several channels missing together, or,
        as a part of its own, channels that begin late or stop early.
        """
        rows, most, starts = len(stretch), self.most, []
        hidden_mask = np.zeros((rows, self.missing.shape[1]), dtype=bool)
        piece = piece_of(rows)
        for first in range(0, rows if len(most) else 0, piece):
            here, manner = hidden_mask[first : first + piece], rng.integers(4)
            if manner == 0:
                here[:] = rng.random(here.shape) < np.minimum(most, rng.uniform(0.05, 0.6))
            elif manner == 3:
                starts += [first, first + len(here)]
                _hide_ends(here, most, rng)
            else:
                _hide_runs(here, most * rng.uniform(0.3, 1), manner == 2, rng)
        return hidden_mask, np.array([start for start in starts if start < rows], dtype=int)


def _hide_ends(here, most, rng):
    """Hide the first or the last rows of half the channels, (rows, channels)."""
    for c in np.flatnonzero(rng.random(here.shape[1]) < 0.5):
        length = int(2 ** rng.uniform(0, np.log2(max(2, 2 * most[c] * len(here)))))
        here[slice(0, length) if rng.random() < 0.5 else slice(-length, None), c] = True


def _hide_runs(here, share, together, rng):
    """Hide runs in (rows, channels) until a `share` (channels,) is hidden: of 2 to 168 rows of
    single channels, or of 2 to 35 rows of several `together`.
    """
    rows, channels = here.shape
    count = rng.integers(1, max(2, channels // 2 + 1)) if together else 1
    for group in np.array_split(rng.permutation(channels), max(1, channels // count)):
        goal = rows * share[group].min()
        while (lacking := goal - here[:, group[0]].sum()) >= 1:
            length = int(2 ** rng.uniform(1, np.log2(35 if together else 168)))
            if rng.random() > lacking / length:
                break
            at = rng.integers(max(1, rows - length))
            here[at : at + length, group] = True


@dataclass(frozen=True, eq=False)
class Stretch:
    """Rows: `values` (rows, channels) with NaN, `position` in usual steps of time, where the part
    of each row begins and ends.

    `step` is a usual step in seconds, 0 where there are no time stamps; `since` the seconds from a
    Monday's midnight to position 0.
    """

    values: np.ndarray
    position: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    step: float = 0.0
    since: float = 0.0

    def __len__(self):
        return len(self.values)

    def where(self, chosen):
        """Return the rows where `chosen` (rows,) is True; each run of neighbours in one part is a
        part.
        """
        row = np.flatnonzero(chosen)
        starts = np.flatnonzero(np.r_[True, (np.diff(row) > 1) | (np.diff(self.begin[row]) != 0)])
        begin, end = part_ends(starts, len(row))
        values, position = self.values[row], self.position[row]
        return replace(self, values=values, position=position, begin=begin, end=end)

    def cut(self, starts):
        """Return the same rows with further parts, which begin at the rows `starts`."""
        begin, end = part_ends(np.union1d(self.begin, starts).astype(int), len(self))
        return replace(self, begin=begin, end=end)

    def channels(self, chosen):
        """Return the same rows of the channels with the numbers `chosen`."""
        every = len(chosen) == self.values.shape[1]  # no copy then
        return self if every else replace(self, values=self.values[:, chosen])

    def without(self, hidden_mask):
        """Return the same rows with the entries of `hidden_mask` (rows, channels) missing."""
        return replace(self, values=np.where(hidden_mask, np.nan, self.values))

    def spread(self, total, pieces=20):
        """Return which of the rows make up about `total`, (rows,): evenly spread pieces, or all of
        fewer.
        """
        piece = len(self) / pieces
        return np.arange(len(self)) % piece < (total / pieces if len(self) > total else piece)

    def gaps(self, channel):
        """Return the Gaps of a channel."""
        observed = ~np.isnan(self.values[:, channel])
        return gaps_of(observed, self.position, self.begin, self.end)

    def clock(self, seconds):
        """Return how far each row is in a cycle of so many `seconds`, (rows,), from 0 to 1."""
        return (self.position * self.step + self.since) % seconds / seconds


def runs_of(mask, starts=(0,)):
    """Return each run of True in `mask` (rows, channels) as (channel, first row, last row), by
    channel and row.

    No run crosses from one part into the next; `starts` are the rows at which the parts begin.
    """
    first = np.isin(np.arange(len(mask)), starts)[:, None]
    goes_on = (
        np.roll(mask, 1, axis=0) & ~first
    )  # in this row, from the one above; row 0 is always a first one
    begins, ends = mask & ~goes_on, mask & ~np.roll(mask & goes_on, -1, axis=0)
    return np.column_stack([np.argwhere(begins.T), np.argwhere(ends.T)[:, 1]])  # (runs, 3)
