"""One regression per channel: what it sees of an entry in a hole, and how it is solved.

Between the observed rows b and a around a hole, at share s of the way, any series g gives
across(g) = g[t] - (1 - s) g[b] - s g[a]: what it does, less its own straight line. The inputs are
across() of other channels, of earlier and later periods and of the usual day, how the channel comes
into a hole and leaves it, how far the straight line is from what is filled so far, and its level.
Arrays are (channels, rows), in units of each channel's spread.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_lab.repairs.holes import CLASSES, Gaps, Stretch, wrapped

UNSEEN = 0.1  # weight of a period whose own values were filled
RIDGE, OWN_RIDGE, HUBER, TIMES, EXTREME = 30.0, 100.0, 2.5, 4, 12.0


@dataclass(frozen=True, eq=False)
class Scene:
    """A Stretch whose holes are being filled: `filled` and `observed` (channels, rows), `turn`
    (channels,), 360 for an angle, else 0, and for each group of lags a list of pairs, (rows,):
    which row lies a period away, and whether there is one. `deviation` (channels, rows) is what a
    filled value may be off by.
    """

    stretch: Stretch
    filled: np.ndarray
    observed: np.ndarray
    turn: np.ndarray
    lagged: list
    deviation: np.ndarray | None = None

    def line(self, channel: int, gaps: Gaps) -> np.ndarray:
        """Return the straight line across Gaps, (entries,)."""
        return gaps.line(self.filled[channel], self.turn[channel])

    def across(self, channel: int, gaps: Gaps) -> np.ndarray:
        """Return what a channel does across Gaps, (entries,)."""
        return gaps.across(self.filled[channel], self.turn[channel])

    def lag(self, channel: int, gaps: Gaps, group: int) -> np.ndarray:
        """Return what the channel did across Gaps some periods earlier and later, (entries,)."""
        total = np.zeros(len(gaps.row), np.float32)
        weight = np.full(len(gaps.row), 0.05, np.float32)
        for at, there in self.lagged[group]:
            away = gaps.moved(at)
            seen = np.where(away.within(self.observed[channel]), 1, UNSEEN)
            weigh = gaps.within(there) * seen
            total += weigh * self.across(channel, away)
            weight = weight + weigh
        return total / weight

    def inputs(self, channel: int, gaps: Gaps, partners: Any, usual: Any) -> np.ndarray:
        """Return what the regression sees of each entry of Gaps, (entries, inputs).

        `partners` are other channels, `usual` for each cycle of the clock the bin of each
        row, (rows,), and the usual values (bins,).
        """
        line = self.line(channel, gaps)
        columns = [line - self.filled[channel, gaps.row]]
        columns += [self.across(partner, gaps) for partner in partners]
        columns += [self.lag(channel, gaps, group) for group in range(len(self.lagged))]
        columns += [gaps.moved(place).across(values) for place, values in usual]
        steady = gaps.steady * (self.turn[channel] == 0)  # an angle has no level
        columns += [self.leaning(channel, gaps), -line * steady, steady]
        return np.stack(columns, axis=1, dtype=np.float32, casting="same_kind")

    def leaning(self, channel: int, gaps: Gaps) -> np.ndarray:
        """Return how the series comes into a hole at an end of its part, (entries,), less and less
        the farther away; 0 between two values.
        """
        series, stretch, row = self.filled[channel], self.stretch, gaps.before
        other = np.where(gaps.row < row, 1, -1)
        beyond = np.clip(row + other, stretch.begin[row], stretch.end[row] - 1)
        moved = stretch.position[row] - stretch.position[beyond]
        slope = wrapped(series[row] - series[beyond], self.turn[channel])
        slope = slope / np.where(moved == 0, np.inf, moved)
        far = gaps.reach / 2
        return np.where(gaps.open, -other * slope * far / (1 + far), 0)


def solve(inputs: np.ndarray, goal: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Return weights (classes, inputs) by ridge regression of `goal` (entries,), in each class of
    length `kind` (entries,) drawn towards those of all.

    Large errors count as Huber's loss has them, in units of what is usual in their class; inputs
    beyond 12 times their root mean square as less.
    """
    if not len(goal):
        return np.zeros((CLASSES, inputs.shape[1]), dtype=np.float32)
    size = np.sqrt(np.square(inputs).mean(axis=0)) + 1e-9
    scaled = np.clip(inputs / size, -EXTREME, EXTREME).astype(np.float64)
    weights, count = np.zeros(inputs.shape[1]), np.bincount(kind, minlength=CLASSES)
    for _ in range(TIMES):
        error = goal - scaled @ weights
        usual = np.ones(CLASSES)
        for k in np.flatnonzero(count):
            usual[k] = 1.4826 * np.median(np.abs(error[kind == k])) + 1e-6
        relative = np.abs(error) / usual[kind]
        trust = np.minimum(1, HUBER / np.maximum(relative, HUBER))
        weigh = trust / np.square(usual[kind])
        weigh /= weigh.mean()
        weights = _ridge(scaled, goal, weigh, RIDGE)
    by_kind = np.tile(weights, (CLASSES, 1))
    for k in np.flatnonzero(count):
        here = kind == k
        by_kind[k] += _ridge(scaled[here], error[here], trust[here], OWN_RIDGE)
    return (by_kind / size).astype(np.float32)


def _ridge(inputs, goal, weigh, ridge):
    weighed = inputs * weigh[:, None]
    square = weighed.T @ inputs + ridge * np.eye(inputs.shape[1])
    return np.linalg.solve(square, weighed.T @ goal)
