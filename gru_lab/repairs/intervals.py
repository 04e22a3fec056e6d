"""What entries that were held back say of a repair: which way is kept for a channel, and how sure
its values are.
"""

from dataclasses import dataclass

import numpy as np

COVERED = 0.9  # the share of values that an interval is to hold
CLASSES, FEW = (
    12,
    30,
)  # distances up to 1, 3, 7, 15 ... rows; a class with fewer entries takes that of the one below
MIDDLE = 0.45  # of a class above its smallest distance, in log2


def errors_of(error):
    """Return (mean absolute, root mean squared) of `error` (entries,); NaN where there are none."""
    if not len(error):
        return np.nan, np.nan
    return float(np.abs(error).mean()), float(np.sqrt(np.square(error).mean()))


def surely_better(error, line):
    """Tell whether `error` (entries,) is below the `line`'s by MAE and by MSE, by more than a
    standard error.
    """
    gains = [np.abs(line) ** power - np.abs(error) ** power for power in (1, 2)]
    return (
        all(gain.mean() > gain.std() / np.sqrt(len(gain)) for gain in gains) if len(line) else False
    )


def choose(networks, line):
    """Return which of the `networks`' errors (entries,) is best, and whether that is kept against
    the `line`'s errors.

    It is kept only if it is surely better by both measures. Of several it is the one with the
    smallest MAE times MSE.
    """
    kept = [surely_better(error, line) for error in networks]
    size = [np.abs(error).sum() * np.square(error).sum() for error in networks]
    best = min(range(len(kept)), key=lambda number: (not kept[number], size[number]))
    return best, kept[best]


def classes(distance):
    """Return the class of each distance: up to 1, 3, 7, 15 ... steps."""
    return np.clip(np.log2(np.maximum(distance, 1)), 0, CLASSES - 1).astype(int)


def growth(factors, distance, row=()):
    """Return `factors` (..., CLASSES) at each distance, of a `row` (index, ...) of theirs: without
    steps, in log2.

    A factor holds in the middle of its class; between two of them it changes in a straight line.
    """
    place = np.clip(np.log2(np.maximum(distance, 1)) - MIDDLE, 0, CLASSES - 1)
    below = np.minimum(place.astype(int), CLASSES - 2)
    low, high = factors[(*row, below)], factors[(*row, below + 1)]
    return low + (place - below) * (high - low)


def _rising(figures, count):
    """Return `figures` (CLASSES,) so that none falls; one with too small a `count` of entries is
    that below.
    """
    for k in range(CLASSES):
        if count[k] < FEW or not figures[k] > 0:
            figures[k] = figures[k - 1] if k else 1.0
    return np.maximum.accumulate(figures)


def usual_errors(channel, kind, error, channels):
    """Return the usual size of an `error` (entries,): (channels,) root mean squares, times
    (CLASSES,) factors.

    `kind` (entries,) are the classes of the distances. Found in turns, as a table is fitted by a
    factor for each row and one for each column: some channels have short holes only, others long
    ones.
    """
    cell = channel * CLASSES + kind
    squared, count = (
        np.bincount(cell, one, channels * CLASSES).reshape(channels, CLASSES)
        for one in (np.square(error), np.ones(len(cell)))
    )
    mean, weight, factor = squared / np.maximum(count, 1), np.minimum(count, FEW), np.ones(CLASSES)
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
    """Half the width of an interval that holds 90 % of the truth, by channel and by distance to the
    nearest observed.

    Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): a quantile of errors on
    entries held back, here of errors in units of what is usual at that distance. NaN for a channel
    without such entries.
    """

    by_channel: np.ndarray  # (channels,), in the channel's units
    by_distance: np.ndarray  # (channels, CLASSES), a factor per class of distances

    @classmethod
    def fit(cls, channel, distance, error, channels):
        """Learn from `error` (entries,) of the repair, with the channel's number and the distance
        of each entry.
        """
        size, kind = np.abs(error), classes(distance)
        count = np.bincount(channel, minlength=channels)
        typical = np.bincount(channel, size, channels) / np.maximum(count, 1)
        relative = np.divide(
            size, typical[channel], out=np.zeros_like(size), where=typical[channel] > 0
        )
        seen = np.bincount(kind, minlength=CLASSES)
        factor = _rising(
            np.array(
                [
                    np.quantile(relative[kind == k], COVERED) if seen[k] else 0
                    for k in range(CLASSES)
                ]
            ),
            seen,
        )
        width = np.full(channels, np.nan)
        for c in np.flatnonzero(count):
            rank = min(1, np.ceil((count[c] + 1) * COVERED) / count[c])
            own = channel == c
            width[c] = np.quantile(size[own] / growth(factor, distance[own]), rank, method="higher")
        return cls(width, np.tile(factor, (channels, 1)))

    def instead(self, other, chosen):
        """Return these intervals with those of `other` for the channels where `chosen` (channels,)
        is True.
        """
        by_distance = np.where(chosen[:, None], other.by_distance, self.by_distance)
        return Intervals(np.where(chosen, other.by_channel, self.by_channel), by_distance)

    def half_width(self, channel, distance):
        """Return half the width at entries of `channel` (entries,) or one, at `distance`
        (entries,).
        """
        return self.by_channel[channel] * growth(self.by_distance, distance, (channel,))
