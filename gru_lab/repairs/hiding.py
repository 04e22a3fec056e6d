"""More holes of the table's own kind, hidden where we know the truth, to learn and judge by.

hidden_mask = Pattern(missing, stretch.begin).alike(stretch, rng)  # (rows, channels)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_lab.repairs.holes import Stretch

HIDDEN_SHARE = 0.1  # of the observed entries, where the table itself shows fewer holes
MOST_HIDDEN = 0.3  # of the observed entries, where hardly any are missing
MOST_SHIFTS = 20
PIECE, MANY_PARTS = 500, 20  # rows that are hidden in one manner


def piece_of(rows: int) -> int:
    """Return how many of so many rows are hidden in one manner."""
    return max(8, min(PIECE, rows // 6))


@dataclass(frozen=True, eq=False)
class Pattern:
    """How holes lie in a table: `missing` (rows, channels), and where each row's part begins."""

    missing: np.ndarray
    begin: np.ndarray

    @property
    def most(self) -> np.ndarray:
        """Which share of its rows a channel may lose, (channels,): little where half is missing;
        more again where nearly all is, as few entries are left to judge by.
        """
        share = self.missing.mean(axis=0)
        return np.maximum(MOST_HIDDEN * (1 - share), 0.25 * share**2)

    def hide(
        self, stretch: Stretch, rng: np.random.Generator, alike: Any, goal: Any = True
    ) -> tuple[np.ndarray, Stretch]:
        """Return which observed entries of a Stretch are hidden, `alike` or else `mixed`, and the
        Stretch without them; only in the channels where `goal` (channels,) is True.
        """
        hidden_mask, starts = (self.alike(stretch, rng), ()) if alike else self.mixed(stretch, rng)
        hidden_mask &= ~np.isnan(stretch.values) & goal
        return hidden_mask, stretch.cut(starts).without(hidden_mask)

    def alike(self, stretch: Stretch, rng: np.random.Generator) -> np.ndarray:
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

    def mixed(self, stretch: Stretch, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return a hidden_mask for a Stretch with many kinds of holes, and the rows at which
        further parts begin. Each piece of rows has points, runs of 2 to 168 rows, several channels
        missing together, or, as a part of its own, channels that begin late or stop early.
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
