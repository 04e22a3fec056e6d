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
MOST_HIDDEN = 0.3  # of the observed entries, times the share that is observed
MOST_SHIFTS = 20
PIECE = 500  # rows that are hidden in one manner
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


def hide_alike(missing, rows, rng, density=1.0):
    """Return a hidden_mask (rows, channels) with the holes of `missing` (any rows, channels), moved
    in time.

    The table's own holes, moved by a random number of rows, all channels together: so points come
    as points, blocks as blocks, and a device whose channels fail together fails together. They are
    laid over each other until a tenth of the channels with holes is hidden. Of a channel that is
    hidden in more than `density` x .3 of what it shows, some holes are left out, and always whole
    ones; a channel that shows hardly any gets points.
    """
    holed = missing.any(axis=0)
    share = missing.mean(axis=0)
    wanted = HIDDEN_SHARE / share[holed].mean() if holed.any() else 0
    hidden_mask = np.zeros((rows, missing.shape[1]), dtype=bool)
    for shift in rng.integers(0, len(missing), int(np.clip(np.ceil(wanted), 0, MOST_SHIFTS))):
        hidden_mask |= missing[(np.arange(rows) + shift) % len(missing)]
    lone = hidden_mask.mean(axis=0) < HIDDEN_SHARE / 5
    most = density * MOST_HIDDEN * (1 - share) / np.maximum(hidden_mask.mean(axis=0), 1e-9)
    luck = rng.random(rows)  # holes that begin in the same row stay together
    for c in np.flatnonzero(most < 1):
        column = hidden_mask[:, c]
        first = np.maximum.accumulate(
            np.where(column & ~np.r_[False, column[:-1]], np.arange(rows), 0)
        )
        hidden_mask[:, c] &= luck[first] < most[c]
    hidden_mask[:, lone] = rng.random((rows, lone.sum()), dtype=np.float32) < HIDDEN_SHARE
    return hidden_mask


def hide_mixed(missing, rows, rng):
    """Return a hidden_mask (rows, channels) of many kinds of holes: in each piece of rows points,
    runs of 2 to 168 rows, several channels together, or ends where channels begin late or stop.
    """
    channels = missing.shape[1]
    hidden_mask = np.zeros((rows, channels), dtype=bool)
    piece = max(8, min(PIECE, rows // 6))
    most = MOST_HIDDEN * (1 - missing.mean(axis=0))
    for first in range(0, rows, piece):
        here = hidden_mask[first : first + piece]
        manner, size = rng.integers(4), len(here)
        share = np.minimum(most, rng.uniform(0.05, 0.6))
        if manner == 0:
            here[:] = rng.random(here.shape) < share
        elif manner == 3:
            for c in np.flatnonzero(rng.random(channels) < 0.5):
                length = int(2 ** rng.uniform(0, np.log2(max(2, 0.6 * most[c] / 0.3 * size))))
                here[:length] |= np.arange(channels) == c
                if rng.random() < 0.5:
                    here[:, c] = here[::-1, c]
        else:
            longest = (168, 35)[manner - 1]
            count = 1 if manner == 1 else rng.integers(1, max(2, channels // 2 + 1))
            group = rng.permutation(channels)
            for together in np.array_split(group, max(1, channels // count)):
                goal = size * share[together].min()
                while (lacking := goal - here[:, together[0]].sum()) >= 1:
                    length = int(2 ** rng.uniform(1, np.log2(longest)))
                    if length > 2 * lacking and rng.random() > lacking / length:
                        break
                    at = rng.integers(max(1, size - length))
                    here[at : at + length, together] = True
    return hidden_mask


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
