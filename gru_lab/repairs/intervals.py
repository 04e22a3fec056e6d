"""How sure a repaired value is: intervals that hold nine tenths of the truth, and draws whose
errors hang together along a hole; both from entries that were held back.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_lab.repairs.choice import Held
from gru_lab.repairs.holes import CLASSES, Gaps

COVERED = 0.9  # the share of values that an interval is to hold
FEW = 30  # a class with fewer entries tells nothing
# so many holes of a channel's own weigh as much as those of all channels; fewer where they say that
# errors are larger: of two bounds the wider is the safer one
TRUSTED, TRUSTED_WIDER = 20, 5
MORE = 0.15  # of a hole's share is added to what bounds hold: a few holes miss the largest errors
FOLDS = 5  # of held-back holes, to measure what intervals hold


@dataclass(frozen=True, eq=False)
class Intervals:
    """Bounds that hold 90 % of the truth, by channel and class of a hole's length, in units of what
    each entry may be off by.

    Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): the 5 and 95 % quantiles
    of errors (truth less repair) on entries held back, in those units. A class of which a channel
    has few holes leans on all channels' errors. NaN for a channel without entries held back. `path`
    keeps the errors along all holes, for draws.
    """

    usual: np.ndarray  # (channels,), root mean square errors in units
    low: np.ndarray  # (channels, CLASSES), in usual errors
    high: np.ndarray
    path: np.ndarray  # (entries,) errors along holes, in usual errors
    paths: np.ndarray  # (holes, 4): channel, class, first entry, entries

    @classmethod
    def fit(cls, held: Held, channels: int, usual: np.ndarray | None = None) -> "Intervals":
        """Learn from the errors of what was `held` back; with the `usual` errors of other
        intervals, (channels,), where given.
        """
        channel, kind, hole, unit, error = held
        if usual is None:
            count = np.maximum(np.bincount(channel, minlength=channels), 1)
            usual = np.sqrt(np.bincount(channel, np.square(error / unit), channels) / count)
        unit = unit * usual[channel]
        relative = np.divide(error, unit, out=np.zeros_like(error), where=unit > 0)
        tails = (1 - COVERED) / 2
        wide = np.zeros((2, CLASSES))
        have = np.bincount(kind, minlength=CLASSES) >= FEW
        for k in range(CLASSES if len(relative) else 0):
            here = relative[kind == k] if have[k] else relative
            wide[:, k] = np.quantile(here, [tails, 1 - tails])
        bounds = np.tile(wide[:, None], (1, channels, 1))
        cell = channel * CLASSES + kind
        order = np.lexsort((hole, cell))
        first = np.flatnonzero(np.diff(cell[order])) + 1
        for members in np.split(order, first) if len(order) else ():
            c, k = channel[members[0]], kind[members[0]]
            holes = len(np.unique(hole[members]))
            level = np.minimum(1, (1 - tails) * (1 + MORE / holes))
            quantiles = np.quantile(relative[members], [1 - level, level])
            wider = [quantiles[0] < wide[0, k], quantiles[1] > wide[1, k]]
            trust = holes / (holes + np.where(wider, TRUSTED_WIDER, TRUSTED))
            bounds[:, c, k] = trust * quantiles + (1 - trust) * wide[:, k]
        bounds[:, np.bincount(channel, minlength=channels) == 0] = np.nan
        return cls(usual, *bounds, *_paths(channel, kind, hole, relative))

    def around(self, channel: Any, kind: Any, unit: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return what to add to repaired values: (low, high), (entries,)."""
        unit = unit * self.usual[channel]
        return self.low[channel, kind] * unit, self.high[channel, kind] * unit

    def instead(self, other: "Intervals", chosen: np.ndarray) -> "Intervals":
        """Return these with the intervals of `other`, of the same units, where `chosen` is True."""
        low, high = np.where(chosen, other.low, self.low), np.where(chosen, other.high, self.high)
        kept = self.paths[~chosen[self.paths[:, 0], self.paths[:, 1]]]
        paths = np.concatenate([kept, other.paths + [0, 0, len(self.path), 0]])
        return Intervals(self.usual, low, high, np.r_[self.path, other.path], paths)

    def draw(self, channel: int, gaps: Gaps, unit: Any, rng: np.random.Generator) -> np.ndarray:
        """Return plausible errors along a channel's Gaps, (entries,), in which `unit` (entries,) is
        usual: those along held-back holes of the same class, stretched to the length of each. The
        holes are drawn anew for each call: that so few are known is part of what is not sure
        (approximate Bayesian bootstrap; Rubin & Schenker 1986).
        """
        errors, kind, hole = np.zeros(len(gaps.row)), gaps.kind, gaps.hole
        for k in np.unique(kind):
            here = np.flatnonzero(kind == k)
            donors = self._donors(channel, k)
            if not len(donors):
                continue
            donors = donors[rng.integers(len(donors), size=len(donors))]
            _, first, at, size = np.unique(hole[here], True, True, True)
            donor = donors[rng.integers(len(donors), size=len(first))][at]  # (entries, 4)
            share = (np.arange(len(here)) - first[at] + 0.5) / size[at]
            errors[here] = self.path[donor[:, 2] + (share * donor[:, 3]).astype(int)]
        return errors * unit * self.usual[channel]

    def _donors(self, channel, kind):
        """Return the paths of a channel and class, with those of all channels in that class where
        there are few, or any.
        """
        its, alike = self.paths[:, 0] == channel, self.paths[:, 1] == kind
        few = (its & alike).sum() < TRUSTED
        donors = np.concatenate([self.paths[its & alike], self.paths[alike & few]])
        return donors if len(donors) >= 5 else self.paths


def held_by_others(held: Held, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Return which errors lie within intervals learned from other holes, (entries,)."""
    fold = rng.integers(FOLDS, size=held.hole.max(initial=0) + 1)[held.hole]
    inside = np.zeros(len(fold), dtype=bool)
    for part in range(FOLDS):
        fitted = Intervals.fit(Held(*(a[fold != part] for a in held)), channels)
        here = Held(*(a[fold == part] for a in held))
        low, high = fitted.around(here.channel, here.kind, here.unit)
        inside[fold == part] = (low <= here.error) & (here.error <= high)
    return inside


def _paths(channel, kind, hole, relative):
    """Return the errors along each hole of each channel and class, and where they lie."""
    order = np.lexsort((hole, kind, channel))
    keys = np.stack([channel, kind, hole])[:, order]
    first = np.flatnonzero(np.diff(keys, axis=1, prepend=-1).any(axis=0))
    size = np.diff(np.r_[first, len(order)])
    return relative[order].astype(np.float32), np.column_stack([*keys[:2, first], first, size])
