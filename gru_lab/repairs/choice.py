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


@dataclass(frozen=True, eq=False)
class Evidence:
    """Errors of all ways on entries held back, by channel and class of length.

    `count` and `holes` are (channels, classes); `absolute` and `squared`, sums of errors, and
    `worse`, the chance that a way is worse than the straight line by either measure, are (ways,
    channels, classes).
    """

    count: np.ndarray
    holes: np.ndarray
    absolute: np.ndarray
    squared: np.ndarray
    worse: np.ndarray

    @classmethod
    def of(cls, channel, kind, hole, error, channels):
        """Measure on `error` (ways, entries); entries of one `hole` (entries,) hang together, so a
        hole counts once in what is due to chance.
        """
        shape, cell = (channels, CLASSES), channel * CLASSES + kind
        _, first, at = np.unique(hole * channels * CLASSES + cell, True, True)
        cell_of_hole = cell[first]  # (holes,)

        def total(values, by=cell, size=channels * CLASSES):
            return np.bincount(by, values, size)

        count, holes = total(np.ones(len(cell))), total(np.ones(len(first)), cell_of_hole)
        entries = total(np.ones(len(cell)), at, len(first))
        sums, worse = [], np.zeros((len(error), channels * CLASSES))
        for power in (1, 2):
            size = np.abs(error) ** power
            sums.append(np.array([total(way) for way in size]))
            for number, way in enumerate(size):
                gain = total(size[0] - way, at, len(first))
                mean = total(gain, cell_of_hole) / np.maximum(count, 1)
                strays = np.square(gain - entries * mean[cell_of_hole])
                spread = np.sqrt(total(strays, cell_of_hole) * holes / np.maximum(holes - 1, 1))
                sure = mean * count / np.where(spread > 0, spread, np.inf)
                chance = np.where(holes > 1, stdtr(np.maximum(holes - 1, 1), -sure), 0.5)
                worse[number] = np.maximum(worse[number], chance)
        worse[0] = 0
        shaped = [a.reshape(-1, *shape) for a in (*sums, worse)]
        return cls(count.reshape(shape), holes.reshape(shape), *shaped)

    @property
    def enough(self):
        """Where there are enough entries to decide by, (channels, classes)."""
        return (self.count >= FEW) & (self.holes >= FEW_HOLES)

    @property
    def source(self):
        """The class that speaks for each class: itself, or the nearest with enough entries, or -1,
        (channels, classes).
        """
        enough = self.enough
        apart = np.where(enough[:, None, :], _APART, np.inf)
        return np.where(enough.any(axis=1)[:, None], apart.argmin(axis=2), -1)

    def choose(self):
        """Return the best way of each channel and class, (channels, classes): the line, or another
        that is surely better by MAE and MSE.
        """
        size = self.absolute * self.squared
        size = np.where(self.worse < DOUBT, size, np.inf)
        size[0] = (self.absolute * self.squared)[0]
        return self._spoken(size.argmin(axis=0), 0)

    def doubted(self, way):
        """Return where the chosen `way` (channels, classes) is surely worse than the line."""
        chance = np.take_along_axis(self.worse, way[None], axis=0)[0]
        return self._spoken(chance > 1 - DOUBT / 2, False)

    def _spoken(self, decision, otherwise):
        source = np.broadcast_to(self.source, decision.shape)
        spoken = np.take_along_axis(decision, np.maximum(source, 0), axis=-1)
        return np.where(source >= 0, spoken, otherwise)

    def errors(self, way=None):
        """Return (MAE, RMSE, chance to be worse), each (ways, channels, classes), or of the `way`
        chosen, (channels, classes). A class with few entries leans on what is usual for the channel
        and for the class.
        """
        mae, square = (_leaning(sums, self.count) for sums in (self.absolute, self.squared))
        figures = [mae, np.sqrt(square), self._spoken(self.worse, 0.5)]
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
