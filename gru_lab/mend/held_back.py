"""What entries that were held back say of a repair: which way is kept for a channel, and how sure its values are."""

from dataclasses import dataclass

import numpy as np

COVERED = 0.9  # the share of values that an interval is to hold
CLASSES, FEWEST = 12, 30  # distances up to 1, 3, 7, 15 ... rows; a class with fewer entries takes that of the one below


def errors_of(error):
    """Return (mean absolute, root mean squared) of `error` (entries,); NaN where there are none."""
    if not len(error):
        return np.nan, np.nan
    return float(np.abs(error).mean()), float(np.sqrt(np.square(error).mean()))


def _surely_better(error, line):
    """Tell whether `error` (entries,) is below the `line`'s by MAE and by MSE, by more than a standard error."""
    gains = [np.abs(line) ** power - np.abs(error) ** power for power in (1, 2)]
    return all(gain.mean() > gain.std() / np.sqrt(len(gain)) for gain in gains) if len(line) else False


def choose(networks, line):
    """Return which of the `networks`' errors (entries,) is best, and whether that is kept against the `line`'s errors.

    It is kept only if it is surely better by both measures. Of several it is the one with the smallest MAE times MSE.
    """
    kept = [_surely_better(error, line) for error in networks]
    size = [np.abs(error).sum() * np.square(error).sum() for error in networks]
    best = min(range(len(kept)), key=lambda number: (not kept[number], size[number]))
    return best, kept[best]


def _classes(distance):
    return np.clip(np.log2(np.maximum(distance, 1)), 0, CLASSES - 1).astype(int)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Half the width of an interval that holds 90 % of the truth, by channel and by distance to the nearest observed.

    Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): a quantile of errors on entries held back,
    here of errors in units of what is usual at that distance. NaN for a channel without such entries.
    """

    by_channel: np.ndarray  # in the channel's units
    by_distance: np.ndarray  # a factor per class of distances

    @classmethod
    def fit(cls, channel, distance, error, channels):
        """Learn from `error` (entries,) of the repair, with the channel's number and the distance of each entry."""
        size, kind = np.abs(error), _classes(distance)
        count = np.bincount(channel, minlength=channels)
        typical = np.bincount(channel, size, channels) / np.maximum(count, 1)
        relative = np.divide(size, typical[channel], out=np.zeros_like(size), where=typical[channel] > 0)
        factor = np.ones(CLASSES)
        for k in range(CLASSES):
            enough = (kind == k).sum() >= FEWEST
            factor[k] = np.quantile(relative[kind == k], COVERED) if enough else factor[max(k - 1, 0)]
        factor = np.maximum.accumulate(np.where(factor > 0, factor, 1))
        width = np.full(channels, np.nan)
        for c in np.flatnonzero(count):
            rank = min(1, np.ceil((count[c] + 1) * COVERED) / count[c])
            width[c] = np.quantile(size[channel == c] / factor[kind[channel == c]], rank, method="higher")
        return cls(width, factor)

    def half_width(self, channel, distance):
        """Return half the width at entries of `channel` (entries,) or one, at `distance` (entries,)."""
        return self.by_channel[channel] * self.by_distance[_classes(distance)]
