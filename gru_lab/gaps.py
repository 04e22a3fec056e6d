"""Find gaps, hide values we know, and fill them in the two simple ways every network has to beat.

Arrays are (windows, time, channels). `hidden_mask` is True where we hid an entry, to be scored.
"""

from dataclasses import dataclass

import numpy as np


def hide_points(shape, missing_rate, rng):
    """Return a hidden_mask of `shape` (windows, time, channels): each entry hidden independently
    (MCAR).

    A window's first step is never hidden, so that there is always a value to carry forward.
    """
    hidden_mask = rng.random(shape, dtype=np.float32) < missing_rate
    hidden_mask[:, 0] = False
    return hidden_mask


PATTERNS = {"points": hide_points}


def forward_fill(values, hidden_mask):
    """Return `values` with each hidden entry replaced by the last seen one of its channel in the
    window.
    """
    filled = values.copy()
    for step in range(1, values.shape[1]):
        np.copyto(filled[:, step], filled[:, step - 1], where=hidden_mask[:, step])
    return filled  # (windows, time, channels)


def linear_interpolation(values, hidden_mask):
    """Return `values` with each hidden entry on the straight line between its seen neighbours in
    the window.

    After a channel's last seen entry the line goes on level.
    """
    filled = forward_fill(values, hidden_mask)
    steps = values.shape[1]
    right = values[:, -1].copy()  # the nearest seen value to the right, (windows, channels)
    ahead = np.where(hidden_mask[:, -1], np.inf, 0).astype(
        np.float32
    )  # and how many steps away it is
    # `behind` counts the steps back to the last seen entry, which forward_fill has carried here
    behind = np.zeros(hidden_mask.shape, dtype=np.int16)
    for step in range(1, steps):
        np.copyto(behind[:, step], behind[:, step - 1] + 1, where=hidden_mask[:, step])
    for step in range(steps - 2, 0, -1):
        hidden = hidden_mask[:, step]
        right = np.where(hidden, right, values[:, step])
        ahead = np.where(hidden, ahead + 1, np.float32(0))
        weight = behind[:, step] / (
            behind[:, step] + ahead + (~hidden)
        )  # 0 where nothing is seen ahead
        filled[:, step] += np.where(hidden, weight * (right - filled[:, step]), 0)
    return filled  # (windows, time, channels)


@dataclass(frozen=True)
class Gapped:
    """Windows with gaps made by us, all (windows, time, channels): the truth, what is hidden, what
    is left.
    """

    truth: np.ndarray
    hidden_mask: np.ndarray
    filled: np.ndarray  # the truth with its gaps filled forward, the network's input

    def liveliest(self, windows, count=1):
        """Return the numbers of the `count` channels that move most in the first `windows` windows."""
        return np.argsort(-self.truth[:windows].std(axis=(0, 1)), kind="stable")[:count]

    def mean_squared_errors(self):
        """Return the mean squared error on hidden entries of both simple ways, as a dict."""
        ways = {
            "forward fill": self.filled,
            "linear interpolation": linear_interpolation(self.truth, self.hidden_mask),
        }
        return {
            way: float(
                np.square(filled - self.truth, dtype=np.float32)[self.hidden_mask].mean(
                    dtype=np.float64
                )
            )
            for way, filled in ways.items()
        }


def make_gaps(truth, missing_rate, seed, pattern="points"):
    """Return `truth` (windows, time, channels) with gaps; the same seed gives the same gaps.

    Raises ValueError if nothing came out hidden, since there would be nothing to score.
    """
    hidden_mask = PATTERNS[pattern](truth.shape, missing_rate, np.random.default_rng(seed))
    if not hidden_mask.any():
        raise ValueError(
            f"missing_rate must hide at least one of {truth.size:,} entries; {missing_rate} hid none: "
            "raise it or give more rows"
        )
    return Gapped(truth, hidden_mask, forward_fill(truth, hidden_mask))
