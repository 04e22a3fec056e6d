"""How sure a repaired value is: intervals that hold nine tenths of the truth, and draws whose
errors hang together along a hole; both from entries that were held back.
"""

from dataclasses import dataclass

import numpy as np

from gru_lab.repairs.holes import LABELS

COVERED = 0.9  # the share of values that an interval is to hold
DISTANCES = 12  # up to 1, 3, 7 ... rows
FEW = 30  # a class with fewer entries tells nothing
MIDDLE = 0.45  # of a class above its smallest distance, in log2
# so many holes of a channel's own weigh as much as those of all channels; fewer where they say that
# errors are larger: of two bounds the wider is the safer one
TRUSTED, TRUSTED_WIDER = 20, 5
MORE = 0.4  # of a hole's share is added to what bounds hold: a few holes miss the largest errors
FOLDS = 5  # of held-back holes, to measure what intervals hold
PATHS = 40  # held-back holes that are kept for draws, of each channel and class
CLASSES = len(LABELS)


def classes(distance):
    """Return the class of each distance: up to 1, 3, 7, 15 ... steps."""
    return np.clip(np.log2(np.maximum(distance, 1)), 0, DISTANCES - 1).astype(int)


def growth(factors, distance):
    """Return `factors` (DISTANCES,) at each distance: without steps, in log2.

    A factor holds in the middle of its class; between two of them it changes in a straight line.
    """
    place = np.clip(np.log2(np.maximum(distance, 1)) - MIDDLE, 0, DISTANCES - 1)
    below = np.minimum(place.astype(int), DISTANCES - 2)
    low, high = factors[below], factors[below + 1]
    return low + (place - below) * (high - low)


def _rising(figures, count):
    """Return `figures` (DISTANCES,) so that none falls; one of few entries is that below."""
    for k in range(DISTANCES):
        if count[k] < FEW or not figures[k] > 0:
            figures[k] = figures[k - 1] if k else 1.0
    return np.maximum.accumulate(figures)


def usual_errors(channel, distance, error, channels):
    """Return the usual size of an `error` (entries,): (channels,) root mean squares, times
    (DISTANCES,) factors.

    Found in turns, as a table is fitted by a factor for each row and one for each column: some
    channels have short holes only, others long ones.
    """
    cell = channel * DISTANCES + classes(distance)
    squared, count = (
        np.bincount(cell, weights, channels * DISTANCES).reshape(channels, DISTANCES)
        for weights in (np.square(error), np.ones(len(cell)))
    )
    mean, weight = squared / np.maximum(count, 1), np.minimum(count, FEW)
    factor = np.ones(DISTANCES)
    for _ in range(20):
        usual = (squared / factor).sum(axis=1) / np.maximum(count.sum(axis=1), 1)
        relative = np.divide(
            mean, usual[:, None], out=np.zeros_like(mean), where=usual[:, None] > 0
        )
        factor = _rising(
            (weight * relative).sum(axis=0) / np.maximum(weight.sum(axis=0), 1), count.sum(axis=0)
        )
    return np.sqrt(usual), np.sqrt(factor)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Bounds that hold 90 % of the truth, by channel, class of a hole's length, and distance.

    Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): the 5 and 95 % quantiles
    of errors (truth less repair) on entries held back, in units of what is usual in a channel and
    at a distance. A class of which a channel has few holes leans on all channels' errors. NaN for a
    channel without entries held back. `path` keeps the errors along some holes, for draws.
    """

    usual: np.ndarray  # (channels,), in the channel's units
    factor: np.ndarray  # (DISTANCES,)
    low: np.ndarray  # (channels, CLASSES), in usual errors
    high: np.ndarray
    path: np.ndarray  # (entries,) errors along holes, in usual errors
    paths: np.ndarray  # (holes, 4): channel, class, first entry, entries

    @classmethod
    def fit(cls, channel, kind, hole, reach, error, channels, rng=None, units=None):
        """Learn from `error` (entries,), truth less repair, of each channel's and class's holes;
        in the `units` (usual, factor) of other intervals, where these are given.
        """
        usual, factor = units or usual_errors(channel, reach, error, channels)
        unit = usual[channel] * growth(factor, reach)
        relative = np.divide(error, unit, out=np.zeros_like(error), where=unit > 0)
        tails = (1 - COVERED) / 2
        wide = np.zeros((2, CLASSES))
        have = np.bincount(kind, minlength=CLASSES) >= FEW
        everything = np.quantile(relative, [tails, 1 - tails]) if len(relative) else [0, 0]
        for k in range(CLASSES):
            here = relative[kind == k] if have[k] else []
            wide[:, k] = np.quantile(here, [tails, 1 - tails]) if have[k] else everything
        bounds = np.tile(wide[:, None], (1, channels, 1))
        cell = channel * CLASSES + kind
        order = np.lexsort((hole, cell))
        first = np.flatnonzero(np.diff(cell[order])) + 1
        for own in np.split(order, first) if len(order) else ():
            c, k = channel[own[0]], kind[own[0]]
            holes = len(np.unique(hole[own]))
            level = np.minimum(1, (1 - tails) * (1 + MORE / holes))
            quantiles = np.quantile(relative[own], [1 - level, level])
            wider = [quantiles[0] < wide[0, k], quantiles[1] > wide[1, k]]
            trust = holes / (holes + np.where(wider, TRUSTED_WIDER, TRUSTED))
            bounds[:, c, k] = trust * quantiles + (1 - trust) * wide[:, k]
        bounds[:, np.bincount(channel, minlength=channels) == 0] = np.nan
        return cls(usual, factor, *bounds, *_paths(channel, kind, hole, relative, rng))

    def hold(self, channel, kind, reach, error):
        """Return which errors lie within their intervals, (entries,)."""
        unit = self.unit(channel, reach)
        above = self.low[channel, kind] * unit <= error
        return above & (error <= self.high[channel, kind] * unit)

    def instead(self, other, chosen):
        """Return these with the intervals of `other`, of the same units, where `chosen` is True."""
        low, high = np.where(chosen, other.low, self.low), np.where(chosen, other.high, self.high)
        kept = ~chosen[self.paths[:, 0], self.paths[:, 1]] if len(self.paths) else []
        paths = self.paths[kept] if len(self.paths) else self.paths
        more = other.paths + [0, 0, len(self.path), 0]
        paths = np.concatenate([paths, more]) if len(other.paths) else paths
        return Intervals(self.usual, self.factor, low, high, np.r_[self.path, other.path], paths)

    def unit(self, channel, reach):
        """Return the usual error of a `channel` at each `reach` (entries,)."""
        return self.usual[channel] * growth(self.factor, reach)

    def around(self, channel, gaps):
        """Return what to add to the repaired values of Gaps: (low, high), (entries,)."""
        unit, kind = self.unit(channel, gaps.reach), gaps.kind
        return self.low[channel, kind] * unit, self.high[channel, kind] * unit

    def draw(self, channel, gaps, rng):
        """Return plausible errors along a channel's Gaps, (entries,): those along held-back holes
        of the same class, stretched to the length of each.
        """
        errors, kind, hole = np.zeros(len(gaps.row)), gaps.kind, gaps.hole
        for k in np.unique(kind):
            here = np.flatnonzero(kind == k)
            donors = self._donors(channel, k)
            if not len(donors):
                continue
            _, first, at, size = np.unique(hole[here], True, True, True)
            donor = donors[rng.integers(len(donors), size=len(first))][at]  # (entries, 4)
            share = (np.arange(len(here)) - first[at] + 0.5) / size[at]
            errors[here] = self.path[donor[:, 2] + (share * donor[:, 3]).astype(int)]
        return errors * self.unit(channel, gaps.reach)

    def _donors(self, channel, kind):
        """Return the paths of a channel and class, or else those of the class, or else any."""
        own, alike = self.paths[:, 0] == channel, self.paths[:, 1] == kind
        return next((self.paths[a] for a in (own & alike, alike, own) if a.sum() >= 5), self.paths)


def held_by_others(channel, kind, hole, reach, error, channels, rng):
    """Return which errors lie within intervals learned from other holes, (entries,)."""
    fold = rng.integers(FOLDS, size=hole.max(initial=0) + 1)[hole]
    inside = np.zeros(len(fold), dtype=bool)
    for part in range(FOLDS):
        learned = [a[fold != part] for a in (channel, kind, hole, reach, error)]
        others = [a[fold == part] for a in (channel, kind, reach, error)]
        inside[fold == part] = Intervals.fit(*learned, channels).hold(*others)
    return inside


def _paths(channel, kind, hole, relative, rng):
    """Return the errors along at most PATHS holes of each channel and class, and where they lie."""
    if rng is None or not len(hole):
        return np.zeros(0), np.zeros((0, 4), dtype=int)
    order = np.lexsort((np.arange(len(hole)), hole, kind, channel))
    keys = np.stack([channel, kind, hole])[:, order]
    first = np.flatnonzero(np.r_[True, (np.diff(keys) != 0).any(axis=0)])
    size = np.diff(np.r_[first, len(order)])
    paths = np.column_stack([keys[0, first], keys[1, first], first, size])
    luck = rng.permutation(len(paths))
    by_cell = np.lexsort((luck, paths[:, 1], paths[:, 0]))
    cell = paths[by_cell, 0] * CLASSES + paths[by_cell, 1]
    rank = np.arange(len(cell)) - np.searchsorted(cell, cell)
    paths = paths[np.sort(by_cell[rank < PATHS])]
    starts = np.cumsum(paths[:, 3]) - paths[:, 3]
    at = np.repeat(paths[:, 2] - starts, paths[:, 3]) + np.arange(paths[:, 3].sum())
    paths[:, 2] = starts
    return relative[order][at], paths
