"""The holes of a real table: the straight line across them, and more of the same kind hidden where
we know the truth.

Values are (rows, channels), NaN where missing. Rows of one part lie together; `begin` and `end`
give for each row the first row of its part and the first one after it, so that no line is drawn
from one part into the next.
"""

from dataclasses import dataclass, replace

import numpy as np

from gru_lab.repairs.kinds import follow_in_no_order

HIDDEN_SHARE = 0.1  # of the observed entries, where the table itself shows fewer holes
MOST_SHIFTS = 20
FEW_CODES, CODES_SEEN = 12, 10  # a code has few different whole numbers, each seen often


def part_ends(starts, rows):
    """Return (begin, end), each (rows,): where the part of each row begins and ends."""
    lengths = np.diff([*starts, rows])
    return np.repeat(starts, lengths), np.repeat([*starts[1:], rows], lengths)


def fill(values, position, begin, end, way="linear"):
    """Return one channel's `values` (rows,) with its holes filled, and each row's distance to the
    nearest observed one.

    `position` (rows,) is where the rows lie in time; the distance is in its units. Before the first
    and after the last observed value of a part the line is level. A part without any value stays
    NaN, at an infinite distance. `way` is 'linear', 'nearest' (the nearer neighbour's value) or
    'previous' (carried forward).
    """
    row, observed = np.arange(len(values)), ~np.isnan(values)
    before = np.maximum.accumulate(np.where(observed, row, -1))
    after = np.minimum.accumulate(np.where(observed, row, len(values))[::-1])[::-1]
    has_before, has_after = before >= begin, after < end
    before, after = np.where(has_before, before, after), np.where(has_after, after, before)
    known = has_before | has_after
    before, after = np.where(known, before, 0), np.where(known, after, 0)
    behind, ahead = np.abs(position - position[before]), np.abs(position[after] - position)
    share = behind / np.where(behind + ahead > 0, behind + ahead, 1)
    share = {"linear": share, "nearest": share > 0.5, "previous": 0}[way]
    filled = values[before] + share * (values[after] - values[before])
    filled = np.where(known, np.where(observed, values, filled), np.nan)
    return filled, np.where(known, np.minimum(behind, ahead), np.inf)  # each (rows,)


def wrapped(difference, period):
    """Return differences (..., channels) the short way round where `period` (channels,) is not 0."""
    turn = np.where(period > 0, period, 1)
    return np.where(period > 0, (difference + turn / 2) % turn - turn / 2, difference)


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


def hide_alike(missing, rows, rng):
    """Return a hidden_mask (rows, channels) with the holes of `missing` (any rows, channels), moved
    in time.

    The table's own holes, moved by a random number of rows, all channels together: so points come
    as points, blocks as blocks, and a device whose channels fail together fails together. They are
    laid over each other until a tenth of the channels with holes is hidden; one that shows hardly
    any, or would lose more than half its rows, gets points.
    """
    holed = missing.any(axis=0)
    shifts = (
        int(np.clip(np.ceil(HIDDEN_SHARE / missing[:, holed].mean()), 1, MOST_SHIFTS))
        if holed.any()
        else 0
    )
    hidden_mask = np.zeros((rows, missing.shape[1]), dtype=bool)
    for shift in rng.integers(0, len(missing), shifts):
        hidden_mask |= missing[(np.arange(rows) + shift) % len(missing)]
    lone = hidden_mask.mean(axis=0)
    lone = (lone < HIDDEN_SHARE / 5) | (lone > 0.5)
    hidden_mask[:, lone] = rng.random((rows, lone.sum()), dtype=np.float32) < HIDDEN_SHARE
    return hidden_mask


@dataclass(frozen=True, eq=False)
class Stretch:
    """Rows: `values` (rows, channels) with NaN, `position` in time, where the part of each row
    begins and ends.
    """

    values: np.ndarray
    position: np.ndarray
    begin: np.ndarray
    end: np.ndarray

    def __len__(self):
        return len(self.values)

    def where(self, chosen):
        """Return the rows where `chosen` (rows,) is True; each run of neighbours in one part is a
        part.
        """
        row = np.flatnonzero(chosen)
        starts = np.flatnonzero(np.r_[True, (np.diff(row) > 1) | (np.diff(self.begin[row]) != 0)])
        return Stretch(self.values[row], self.position[row], *part_ends(starts, len(row)))

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

    def fill(self, ways, period):
        """Return every channel filled in its way, and the distances to the nearest observed entry:
        (rows, channels).
        """
        filled, distance = (
            np.empty(self.values.shape),
            np.empty(self.values.shape, dtype=np.float32),
        )
        for c, way in enumerate(ways):
            filled[:, c], distance[:, c] = self.fill_one(c, way, period[c])
        return filled, distance

    def fill_one(self, channel, way="linear", period=0):
        """Return one channel filled, and the distances, both (rows,); from 350 to 10 degrees the
        line leads over 0.
        """
        values = self.values[:, channel]
        if period:
            seen = ~np.isnan(values)
            values = values.copy()
            values[seen] = np.unwrap(values[seen], period=period)
        return fill(values, self.position, self.begin, self.end, way)


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
