"""Find gaps, hide values we know, and fill them in the two simple ways every network has to beat.

Arrays are (windows, time, channels). `hidden_mask` is True where we hid an entry, to be scored.
"""

from dataclasses import dataclass

import numpy as np

from gru_lab.config import RunConfig
from gru_lab.series import Scaler, Series


def hide_points(
    shape: tuple[int, ...], missing_rate: float, rng: np.random.Generator
) -> np.ndarray:
    """Return a hidden_mask (windows, time, channels): each entry hidden independently (MCAR).

    A window's first step is never hidden, so that there is always a value to carry forward.
    """
    hidden_mask = rng.random(shape, dtype=np.float32) < missing_rate
    hidden_mask[:, 0] = False
    return hidden_mask


VALIDATION_GAPS = (0, 1)  # seed of the gaps every run is scored on; training gaps use (seed, 0)
KEPT = 2  # series of which validation windows are kept: they are large


def forward_fill(values: np.ndarray, hidden_mask: np.ndarray) -> np.ndarray:
    """Return `values` with each hidden entry replaced by its channel's last seen one."""
    filled = values.copy()
    for step in range(1, values.shape[1]):
        np.copyto(filled[:, step], filled[:, step - 1], where=hidden_mask[:, step])
    return filled  # (windows, time, channels)


def linear_interpolation(values: np.ndarray, hidden_mask: np.ndarray) -> np.ndarray:
    """Return `values`, hidden entries on the straight line between their seen neighbours.

    After a channel's last seen entry the line goes on level.
    """
    filled = forward_fill(values, hidden_mask)
    steps = values.shape[1]
    right = values[:, -1].copy()  # the nearest seen value to the right, (windows, channels)
    # and how many steps away it is
    ahead = np.where(hidden_mask[:, -1], np.inf, 0).astype(np.float32)
    # `behind` counts the steps back to the last seen entry, which forward_fill has carried here
    behind = np.zeros(hidden_mask.shape, dtype=np.int16)
    for step in range(1, steps):
        np.copyto(behind[:, step], behind[:, step - 1] + 1, where=hidden_mask[:, step])
    for step in range(steps - 2, 0, -1):
        hidden = hidden_mask[:, step]
        right = np.where(hidden, right, values[:, step])
        ahead = np.where(hidden, ahead + 1, np.float32(0))
        # 0 where nothing is seen ahead
        weight = behind[:, step] / (behind[:, step] + ahead + (~hidden))
        filled[:, step] += np.where(hidden, weight * (right - filled[:, step]), 0)
    return filled  # (windows, time, channels)


@dataclass(frozen=True)
class Gapped:
    """Windows with gaps made by us, all (windows, time, channels)."""

    truth: np.ndarray
    hidden_mask: np.ndarray
    filled: np.ndarray  # the truth with its gaps filled forward, the network's input

    def liveliest(self, windows: int, count: int = 1) -> np.ndarray:
        """Return the numbers of the `count` channels that move most in the first windows."""
        return np.argsort(-self.truth[:windows].std(axis=(0, 1)), kind="stable")[:count]

    def error(self, filled: np.ndarray) -> float:
        """Return the mean squared error of `filled` windows on the hidden entries."""
        error = np.square(filled - self.truth, dtype=np.float32)[self.hidden_mask]
        return float(error.mean(dtype=np.float64))

    def mean_squared_errors(self) -> dict[str, float]:
        """Return the mean squared error on hidden entries of both simple ways, as a dict."""
        straight = linear_interpolation(self.truth, self.hidden_mask)
        ways = {"forward fill": self.filled, "linear interpolation": straight}
        return {way: self.error(filled) for way, filled in ways.items()}


def make_gaps(truth: np.ndarray, missing_rate: float, seed: int | tuple[int, ...]) -> Gapped:
    """Return `truth` (windows, time, channels) with gaps; the same seed gives the same gaps.

    Raises ValueError if nothing came out hidden, since there would be nothing to score.
    """
    hidden_mask = hide_points(truth.shape, missing_rate, np.random.default_rng(seed))
    if not hidden_mask.any():
        raise ValueError(
            f"missing_rate must hide at least one of {truth.size:,} entries; {missing_rate} hid "
            "none: raise it or give more rows"
        )
    return Gapped(truth, hidden_mask, forward_fill(truth, hidden_mask))


def prepare(series: Series, config: RunConfig) -> tuple[Gapped, Gapped, Scaler]:
    """Return (training, validation) as `Gapped` windows, scaled by training, and the `Scaler`.

    Raises ValueError for a series with NaN or with a part too short for one window.
    """
    train, _, _ = series.require_complete().split()
    scaler = Scaler.fit(train.values)
    train = train.head(round(len(train) * config.train_share))
    training = _gapped(train, scaler, config, (config.seed, 0))
    return training, validation_gaps(series, config), scaler


def _gapped(part, scaler, config, seed):
    windows = scaler.transform(part.windows(config.window))
    return make_gaps(windows, config.missing_rate, seed)


_kept = {}  # (windows, errors of both simple ways) by the series and what shapes its gaps


def _validation(series, config):
    key = (series.digest, config.window, config.missing_rate)
    if (kept := _kept.get(key)) is None:
        train, validation, _ = series.require_complete().split()
        gapped = _gapped(validation, Scaler.fit(train.values), config, VALIDATION_GAPS)
        kept = _kept[key] = gapped, gapped.mean_squared_errors()
        for oldest in list(_kept)[:-KEPT]:
            _kept.pop(oldest, None)
    return kept


def validation_gaps(series: Series, config: RunConfig) -> Gapped:
    """Return the validation windows that all runs of this window and rate are scored on: `Gapped`.

    They are made once a series: neither seed nor training share changes them.
    """
    return _validation(series, config)[0]


def references(series: Series, config: RunConfig) -> dict[str, float]:
    """Return the errors of forward fill and linear interpolation on `validation_gaps`, by name."""
    return _validation(series, config)[1]
