"""Which way fills a hole, decided for each channel and class of length by entries held back."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtr

from gru_lab.repairs.holes import CLASSES, CLOSED, Gaps

FEW, FEW_HOLES = 30, 8  # entries and holes below which a class of a channel decides nothing
DOUBT = 0.05  # a way is taken if the chance that it is worse than the line is below this
_PLACE = np.r_[np.arange(CLOSED), 2, 3, 4.5]  # of a class on one scale of length
_APART = np.abs(_PLACE[:, None] - _PLACE) + 2 * (
    (np.arange(CLASSES)[:, None] < CLOSED) != (np.arange(CLASSES) < CLOSED)
)
_LIKE = 0.5 ** np.minimum(_APART, 4)  # how much classes tell of each other


class Held(NamedTuple):
    """Entries held back, each array (entries,): `channel`, class (`kind`) and number of their
    `hole`, the `unit` that a filling may be off by, and its `error`, truth less filling: of one way
    or of all, (ways, entries).
    """

    channel: np.ndarray
    kind: np.ndarray
    hole: np.ndarray
    unit: np.ndarray
    error: np.ndarray


def shown_by(gaps: Gaps) -> np.ndarray:
    """Return of which classes of length Gaps show enough, (classes,)."""
    kind, first = gaps.kind, np.flatnonzero(np.diff(gaps.hole, prepend=-1))
    entries, holes = (np.bincount(k, minlength=CLASSES) for k in (kind, kind[first]))
    return (entries >= FEW) & (holes >= FEW_HOLES)


def chance_to_be_worse(sums: Any) -> np.ndarray:
    """Return the chance that a way is worse than the line, by a t-test over holes: of `sums` over
    them (6, ...) of 1, entries, gain, gain squared, gain times entries, and entries squared.
    """
    holes, count, gain, squared, both, entries = sums
    mean = gain / np.maximum(count, 1)
    strays = np.maximum(squared - 2 * mean * both + mean**2 * entries, 0)
    spread = np.sqrt(strays * holes / np.maximum(holes - 1, 1))
    sure = gain / np.where(spread > 0, spread, np.inf)
    return np.where(holes > 1, stdtr(np.maximum(holes - 1, 1), -sure), 0.5)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Errors of all ways on entries held back, by channel and class of length.

    `count` and `holes` are (channels, classes). The others are (ways, channels, classes):
    `absolute` and `squared`, sums of errors; `worse`, the chance that a way is worse than the
    straight line by either measure; and `common` (3, ways, channels, classes), that chance by
    classes of about that length in the channel, by all channels in that class, and by the whole
    channel, which only casts doubt.
    """

    count: np.ndarray
    holes: np.ndarray
    absolute: np.ndarray
    squared: np.ndarray
    worse: np.ndarray
    common: np.ndarray

    @classmethod
    def of(cls, held: Held, channels: int) -> "Evidence":
        """Measure all ways on what was `held` back; entries of one hole hang together, so a hole
        counts once in what is due to chance.
        """
        channel, kind, hole, _, error = held
        cells, shape = channels * CLASSES, (-1, channels, CLASSES)
        cell = channel * CLASSES + kind
        _, first, at = np.unique(hole * cells + cell, True, True)
        entries = np.bincount(at, minlength=len(first))

        def by_cell(values, place):
            return np.array([np.bincount(place, a, cells) for a in values]).reshape(shape)

        (count,) = by_cell(np.ones((1, len(cell))), cell)
        sums, worse = [], np.zeros((4, len(error), channels, CLASSES))
        for power in (1, 2):
            size = np.abs(error) ** power
            sums.append(by_cell(size, cell))
            usual = _leaning(sums[-1][:1], count).ravel()
            usual = np.where(usual > 0, usual, 1)[cell[first]]
            for number in range(1, len(error)):
                gain = np.bincount(at, size[0] - size[number], len(first)) / usual
                ones = np.ones(len(gain))
                moments = (ones, entries, gain, gain**2, gain * entries, entries**2)
                each = by_cell(moments, cell[first])
                in_all, in_channel = (each.sum(axis, keepdims=True) for axis in (1, 2))
                pooled = map(chance_to_be_worse, (each, each @ _LIKE, in_all, in_channel))
                chances = np.array(np.broadcast_arrays(*pooled))
                worse[:, number] = np.maximum(worse[:, number], chances)
        holes = by_cell(np.ones((1, len(first))), cell[first])[0]
        return cls(count.astype(int), holes.astype(int), *[*sums, worse[0], worse[1:]])

    @property
    def enough(self) -> np.ndarray:
        """Where there are enough entries to decide by, (channels, classes)."""
        return (self.count >= FEW) & (self.holes >= FEW_HOLES)

    def choose(self) -> np.ndarray:
        """Return the best way of each channel and class, (channels, classes): the line, or another
        that is surely better by MAE and MSE, there or in common and not worse there.
        """
        mae, rmse, _ = self.errors()
        size = np.where(self._sure(), np.nan_to_num(mae * rmse**2, nan=np.inf), np.inf)
        size[0] = np.nan_to_num(mae[0] * rmse[0] ** 2)
        return size.argmin(axis=0)

    def _sure(self):
        """Return which ways are surely better than the line, (ways, channels, classes)."""
        common = self.common[:2].min(axis=0) < DOUBT
        sure = (self.worse < DOUBT) | ((self.worse < 0.5) & common)
        return np.where(self.enough, sure, common)

    def doubted(self, way: np.ndarray) -> np.ndarray:
        """Return where the chosen `way` (channels, classes) is surely worse than the line: there,
        or in common and not better there. What `choose` might take is not doubted: a table that is
        repaired again by what was learned from it stays as it was.
        """
        worse, common, sure = (
            np.take_along_axis(a, way[None], axis=0)[0]
            for a in (self.worse, self.common.max(axis=0), self._sure())
        )
        there = (worse > 1 - DOUBT / 2) | ((worse > 0.5) & (common > 1 - DOUBT / 2))
        return np.where(self.enough, there, common > 1 - DOUBT / 2) & ~sure

    def errors(self, way: np.ndarray | None = None) -> Any:
        """Return (MAE, RMSE, chance to be worse), each (ways, channels, classes), or of the `way`
        chosen, (channels, classes). A class with few entries leans on what is usual for the channel
        and for the class.
        """
        mae, square = (_leaning(sums, self.count) for sums in (self.absolute, self.squared))
        worse = np.where(self.enough, self.worse, self.common[:2].min(axis=0))
        figures = [mae, np.sqrt(square), worse]
        if way is None:
            return figures
        return [np.take_along_axis(a, way[None], axis=0)[0] for a in figures]

    def instead(self, other: "Evidence", chosen: np.ndarray) -> "Evidence":
        """Return this evidence with that of `other` where `chosen` (channels, classes) is True."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Evidence(*(np.where(chosen, b, a) for a, b in pairs))


def _leaning(sums, count):
    """Return means of `sums` (ways, channels, classes) over `count` (channels, classes); where that
    is small, drawn towards a factor of the channel times one of the class, found in turns.
    """
    of_class = np.ones((len(sums), 1, CLASSES))
    some = count.sum(axis=0) >= FEW
    nearest = np.where(some, _APART, np.inf).argmin(axis=1)
    for _ in range(10):
        of_channel = _ratio(sums, count * of_class, 2)
        of_class = _ratio(sums, count * of_channel, 1)[..., nearest]
    lean = np.maximum(FEW - count, 0)
    usual = np.where(count.any(axis=1)[:, None], of_channel * of_class, np.nan)
    return (sums + lean * usual) / np.maximum(count, FEW)


def _ratio(sums, weights, axis):
    sums, weights = (a.sum(axis, keepdims=True) for a in (sums, weights))
    return np.divide(sums, weights, out=np.zeros(sums.shape), where=weights > 0)
