"""What the observed entries say of a missing one: its mean given those that tell most, by how each
channel goes with every other at each distance in time (kriging, or a Gaussian process).

The covariance of two channels is a sum of shapes over time, each with one positive semidefinite
matrix (linear model of coregionalization; Goulard & Voltz 1992): so it can be learned where nine
tenths are missing, from pairs of observed entries. Arrays are (channels, rows), in units of each
channel's spread.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gru_lab.repairs.holes import Stretch

SHAPES = (1.5, 5.0, 20.0, 80.0)  # steps within which a shape falls to a third
LAGS = np.unique(np.r_[np.arange(13), np.geomspace(13, 168, 14).round()]).astype(int)
TURNS, FADING = 20, 5  # to fit; periods within which what comes back falls to a third
DOUBT = 100.0  # pairs that a covariance of nothing weighs
NOISE = 1e-3  # of a channel's variance, in each observed entry
NEAR, CHANNELS, CHOSEN = 3, 8, 16  # entries on a side, in channels; of those that tell most
PARTNERS = 13  # channels that are known to go with one, itself the first
BATCH = 200  # entries at a time, so that their covariances stay in the cache
GRID, FARTHEST = 2, 400  # places of a step, and steps, for which shapes are known
BINS = 336  # of a usual day or year, at most
OFTEN = 7  # times that a cycle comes before anything is usual in it


class Kriging:
    """The covariances of channels: `matrices` (channels, channels, shapes) of `shapes` (places,
    shapes), the `partners` (channels, some) that tell most of each, itself the first, and what is
    `usual` (cycles, channels, BINS) in the `cycles` of the clock (seconds), of so many `bins` each.
    """

    LEARNED = ("shapes", "matrices", "partners", "cycles", "bins", "usual")

    def fit(self, values: np.ndarray, stretch: Stretch, cycles: list, period: float) -> Self:
        """Learn from `values` (channels, rows), NaN where missing, of a Stretch; what is left of
        them without what is usual in the `cycles` (seconds) may come back by `period` (rows).
        """
        self.cycles, rest = np.array(cycles, dtype=float), values
        self.bins = np.array([min(round(cycle / stretch.step), BINS) for cycle in cycles], int)
        self.usual = np.zeros((len(cycles), len(values), BINS), dtype=np.float32)
        span = np.ptp(stretch.position) * stretch.step
        for n, place in enumerate(self.places(stretch)):
            if span >= OFTEN * self.cycles[n]:
                self.usual[n] = [_mean(series, place) for series in rest]
                rest = rest - self.usual[n][:, place]
        far = np.arange(GRID * FARTHEST + 1) / GRID
        shapes = [far == 0, *(np.exp(-far / shape) for shape in SHAPES)]
        if 0 < period < FARTHEST:
            shapes.append(np.exp(-far / (FADING * period)) * np.cos(2 * np.pi * far / period))
        self.shapes = np.stack(shapes, axis=1).astype(np.float32)
        lags, pairs, means = _pairs(rest, stretch)
        self.matrices = _coregionalization(self.shapes[lags * GRID], pairs, means)
        size = np.sqrt(np.maximum(np.einsum("ccj->c", self.matrices), 1e-9))
        alike = np.abs(self.matrices).sum(axis=2) / size / size[:, None]
        np.fill_diagonal(alike, np.inf)
        self.partners = np.argsort(-alike, axis=1, kind="stable")[:, :PARTNERS]
        return self

    def places(self, stretch: Stretch) -> Any:
        """Yield for each cycle in which bin of it the rows of a Stretch are, (rows,)."""
        for cycle, bins in zip(self.cycles, self.bins, strict=True):
            yield (stretch.clock(cycle) * bins).astype(int) % bins


@dataclass(frozen=True, eq=False)
class Field:
    """The entries of a Stretch, seen by a Kriging: what is left of them without what is usual,
    `rest` (channels, rows), NaN where missing, and the rows where each channel is `seen`.
    """

    kriging: Kriging
    stretch: Stretch
    rest: np.ndarray
    seen: list

    @classmethod
    def of(cls, kriging: Kriging, stretch: Stretch, values: np.ndarray) -> Self:
        """Return the Field of `values` (channels, rows)."""
        rest = values
        for usual, place in zip(kriging.usual, kriging.places(stretch), strict=True):
            rest = rest - usual[:, place]
        return cls(kriging, stretch, rest, [np.flatnonzero(~np.isnan(a)) for a in rest])

    def told(self, channel: int, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the standard deviation of a channel's missing entry in each `row`
        (entries,): both (entries,).
        """
        partners = self.kriging.partners[channel, :CHANNELS]
        matrices = self.kriging.matrices[np.ix_(partners, partners)]
        table = np.tensordot(matrices, self.kriging.shapes, (2, 1))  # (some, some, places)
        pieces = np.array_split(row, max(1, len(row) // BATCH))
        answers = [self._told(partners, table, piece) for piece in pieces]
        mean, variance = (np.concatenate(a) for a in zip(*answers, strict=True))
        for usual, place in zip(self.kriging.usual, self.kriging.places(self.stretch), strict=True):
            mean += usual[channel, place[row]]
        return mean, np.sqrt(np.maximum(variance, NOISE * max(table[0, 0, 0], NOISE)))

    def _told(self, partners, table, row):
        """Return mean and variance of entries of the first of `partners`, less what is usual."""
        position, variance = self.stretch.position, table[:, :, 0].diagonal()
        partner, at, known = self._around(partners, row)  # (entries, many)
        goes = covariance(table, 0, partner, position[at] - position[row][:, None])
        goes = np.where(known, goes, 0)
        if goes.shape[1] > CHOSEN:
            tells = np.square(goes) / np.maximum(variance[partner], 1e-9)
            most = np.argpartition(-tells, CHOSEN, axis=1)[:, :CHOSEN]
            arrays = (partner, at, known, goes)
            partner, at, known, goes = (np.take_along_axis(a, most, axis=1) for a in arrays)
        apart = position[at][:, :, None] - position[at][:, None]
        between = covariance(table, partner[:, :, None], partner[:, None], apart)
        between *= known[:, :, None] & known[:, None]
        place = np.arange(at.shape[1])
        between[:, place, place] += np.where(known, NOISE * variance[partner] + 1e-9, 1)
        weights = np.linalg.solve(between, goes[..., None])[..., 0]
        values = np.where(known, self.rest[partners[partner], at], 0)
        return (weights * values).sum(axis=1), variance[0] - (weights * goes).sum(axis=1)

    def _around(self, partners, row):
        """Return the observed entries around each `row` (entries,): the place of their channel in
        `partners`, their rows, and whether there are such, (entries, many).
        """
        begin, step = self.stretch.begin, np.arange(-NEAR, NEAR)
        at = np.zeros((len(row), len(partners), 2 * NEAR), dtype=int)
        known = np.zeros(at.shape, dtype=bool)
        for place, partner in enumerate(partners):
            seen = self.seen[partner]
            if len(seen):
                near = np.searchsorted(seen, row)[:, None] + step
                at[:, place] = seen[np.clip(near, 0, len(seen) - 1)]
                inside = (near >= 0) & (near < len(seen))
                known[:, place] = inside & (begin[at[:, place]] == begin[row][:, None])
        place = np.broadcast_to(np.arange(len(partners))[:, None], at.shape)
        many = len(partners) * 2 * NEAR
        return tuple(a.reshape(len(row), many) for a in (place, at, known))


def covariance(table: Any, first: Any, other: Any, apart: Any) -> Any:
    """Return the covariance of pairs of entries, by the places of their channels in a `table`
    (channels, channels, places) and the steps they lie `apart`; all arrays of one shape.
    """
    place = np.minimum(np.abs(apart) * GRID + 0.5, table.shape[2] - 1).astype(np.int32)
    return table.take((first * table.shape[1] + other) * table.shape[2] + place)


def _mean(series, place):
    """Return the mean of a series (rows,) in each bin, (BINS,), drawn to nothing as far as chance
    explains how the bins differ (empirical Bayes).
    """
    seen = ~np.isnan(series)
    count = np.bincount(place[seen], minlength=BINS)
    total = np.bincount(place[seen], series[seen], BINS)
    chance = np.nanvar(series) if seen.any() else 0.0
    few = count[count > 0]
    apart = np.square(total[count > 0] / few).mean() - (chance / few).mean() if len(few) else 0
    return (total / (count + max(chance / max(apart, 1e-9), 1))).astype(np.float32)


def _pairs(values, stretch):
    """Return the LAGS in use, and of entries so far apart how many pairs there are and their mean
    product, (lags, channels, channels).
    """
    seen = ~np.isnan(values)
    values, seen = np.nan_to_num(values).astype(np.float32), seen.astype(np.float32)
    lags, counts, means = [], [], []
    for lag in LAGS[LAGS < len(stretch)]:
        early = np.flatnonzero(stretch.begin[lag:] == stretch.begin[: len(stretch) - lag])
        if len(early):
            pairs, total = (a[:, early] @ a[:, early + lag].T for a in (seen, values))
            lags.append(lag)
            counts.append((pairs + pairs.T) / 2)
            means.append((total + total.T) / 2 / np.maximum(counts[-1], 1))
    return np.array(lags, dtype=int), np.array(counts, dtype=float), np.array(means, dtype=float)


def _coregionalization(shapes, pairs, means):
    """Return a positive semidefinite matrix for each of the `shapes` (lags, shapes), so that their
    sum is near to the `means` (lags, channels, channels) of so many `pairs`: in turns, each by
    least squares to what the others leave. The matrices are (channels, channels, shapes).
    """
    matrices = np.zeros((shapes.shape[1], *means.shape[1:]))
    weights = [pairs * shape[:, None, None] for shape in shapes.T]
    for _ in range(TURNS):
        for j, (shape, weight) in enumerate(zip(shapes.T, weights, strict=True)):
            left = means - np.tensordot(shapes, matrices, 1) + shape[:, None, None] * matrices[j]
            scale = (weight * shape[:, None, None]).sum(axis=0) + DOUBT
            root, axes = np.linalg.eigh((weight * left).sum(axis=0) / scale)
            matrices[j] = (axes * np.maximum(root, 0)) @ axes.T
    return np.ascontiguousarray(matrices.transpose(1, 2, 0), dtype=np.float32)
