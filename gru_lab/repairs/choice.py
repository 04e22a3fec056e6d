"""Which way fills a hole, decided for each channel and class of length by entries held back."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from gru_lab.repairs.holes import CLOSED, LABELS

WAYS = ("linear", "forward fill", "seasonal", "regression", "network", "network")
FEW, FEW_HOLES = 30, 8  # entries and holes below which a class of a channel decides nothing
DOUBT = 0.05  # a way is taken if the chance that it is worse than the line is below this
CLASSES = len(LABELS)
_PLACE = np.r_[np.arange(CLOSED), 2, 3, 4.5]  # of a class on one scale of length
_APART = np.abs(_PLACE[:, None] - _PLACE) + 2 * (
    (np.arange(CLASSES)[:, None] < CLOSED) != (np.arange(CLASSES) < CLOSED)
)


def chance_to_be_worse(gain, entries, group, groups):
    """Return the chance that a way is worse than the line in each of so many `groups`: of a t-test
    of the `gain` (holes,) summed over each hole's `entries`, by each hole's `group`.
    """

    def total(values):
        return np.bincount(group, values, groups)

    holes, count = total(np.ones(len(gain))), np.maximum(total(entries), 1)
    mean = total(gain) / count
    strays = total(np.square(gain - entries * mean[group]))
    spread = np.sqrt(strays * holes / np.maximum(holes - 1, 1))
    sure = mean * count / np.where(spread > 0, spread, np.inf)
    return np.where(holes > 1, stdtr(np.maximum(holes - 1, 1), -sure), 0.5)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Errors of all ways on entries held back, by channel and class of length.

    `count` and `holes` are (channels, classes). The others are (ways, channels, classes):
    `absolute` and `squared`, sums of errors; `worse`, the chance that a way is worse than the
    straight line by either measure; and `common`, that chance by all classes of the channel or by
    all channels in that class, the smaller, but the larger where that speaks against it.
    """

    count: np.ndarray
    holes: np.ndarray
    absolute: np.ndarray
    squared: np.ndarray
    worse: np.ndarray
    common: np.ndarray

    @classmethod
    def of(cls, channel, kind, hole, error, channels):
        """Measure on `error` (ways, entries); entries of one `hole` (entries,) hang together, so a
        hole counts once in what is due to chance.
        """
        cells = channels * CLASSES
        cell = channel * CLASSES + kind
        _, first, at = np.unique(hole * cells + cell, True, True)
        cell_of_hole, count = cell[first], np.bincount(cell, minlength=cells)
        entries = np.bincount(at, minlength=len(first))
        counted = count.reshape(channels, CLASSES)
        groups = cell_of_hole, cell_of_hole // CLASSES, cell_of_hole % CLASSES
        sizes, sums = (cells, channels, CLASSES), []
        worse = [np.zeros((len(error), size)) for size in sizes]
        for power in (1, 2):
            size = np.abs(error) ** power
            sums.append(np.array([np.bincount(cell, way, cells) for way in size], dtype=float))
            usual = _leaning(sums[-1][:1].reshape(1, channels, CLASSES), counted).ravel()
            usual = np.where(usual > 0, usual, 1)[cell_of_hole]
            for number in range(1, len(error)):
                gain = np.bincount(at, size[0] - size[number], len(first)) / usual
                for chances, group, many in zip(worse, groups, sizes, strict=True):
                    chance = chance_to_be_worse(gain, entries, group, many)
                    chances[number] = np.maximum(chances[number], chance)
        own, by_channel, by_class = worse
        pooled = np.stack(np.broadcast_arrays(by_channel[:, :, None], by_class[:, None]))
        against = pooled.max(axis=0) > 0.8
        common = np.where(against, pooled.max(axis=0), pooled.min(axis=0))
        shaped = [a.reshape(-1, channels, CLASSES) for a in (*sums, own)]
        holes = np.bincount(cell_of_hole, minlength=cells)
        return cls(counted, holes.reshape(channels, CLASSES), *shaped, common)

    @property
    def enough(self):
        """Where there are enough entries to decide by, (channels, classes)."""
        return (self.count >= FEW) & (self.holes >= FEW_HOLES)

    def choose(self):
        """Return the best way of each channel and class, (channels, classes): the line, or another
        that is surely better by MAE and MSE, there or in common and not worse there.
        """
        sure = (self.worse < DOUBT) | ((self.worse < 0.5) & (self.common < DOUBT))
        sure = np.where(self.enough, sure, self.common < DOUBT)
        mae, rmse, _ = self.errors()
        size = np.where(sure, np.nan_to_num(mae * rmse**2, nan=np.inf), np.inf)
        size[0] = np.nan_to_num(mae[0] * rmse[0] ** 2)
        return size.argmin(axis=0)

    def doubted(self, way):
        """Return where the chosen `way` (channels, classes) is surely worse than the line: there,
        or in common and not better there.
        """
        worse, common = (
            np.take_along_axis(a, way[None], axis=0)[0] for a in (self.worse, self.common)
        )
        there = (worse > 1 - DOUBT / 2) | ((worse > 0.5) & (common > 1 - DOUBT / 2))
        return np.where(self.enough, there, common > 1 - DOUBT / 2)

    def errors(self, way=None):
        """Return (MAE, RMSE, chance to be worse), each (ways, channels, classes), or of the `way`
        chosen, (channels, classes). A class with few entries leans on what is usual for the channel
        and for the class.
        """
        mae, square = (_leaning(sums, self.count) for sums in (self.absolute, self.squared))
        figures = [mae, np.sqrt(square), np.where(self.enough, self.worse, self.common)]
        if way is None:
            return figures
        return [np.take_along_axis(a, way[None], axis=0)[0] for a in figures]

    def instead(self, other, chosen):
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
        of_channel = _ratio(
            sums.sum(axis=2, keepdims=True), (count * of_class).sum(2, keepdims=True)
        )
        of_class = _ratio(
            sums.sum(axis=1, keepdims=True), (count[None] * of_channel).sum(1, keepdims=True)
        )
        of_class = of_class[..., nearest]
    lean = np.maximum(FEW - count, 0)
    usual = np.where(count.any(axis=1)[:, None], of_channel * of_class, np.nan)
    return (sums + lean * usual) / np.maximum(count, FEW)


def _ratio(sums, weights):
    return np.divide(sums, weights, out=np.zeros(sums.shape), where=weights > 0)
