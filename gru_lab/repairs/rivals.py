"""Ways to fill a hole that need no training: last value, straight line, seasonal line, and one
regression per channel on all that goes on across the hole.

The regression corrects kriging, and is solved in closed form on entries that are hidden for it.
Arrays are (channels, rows), in units of each channel's spread.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.random import Generator

from gru_lab.repairs.hiding import Pattern
from gru_lab.repairs.holes import CLASSES, Gaps, Stretch, wrapped
from gru_lab.repairs.kriging import Field, Kriging
from gru_lab.repairs.regression import EXTREME, Scene, solve

ROWS, DRAWS = 20_000, (False, True, False)  # to fit on; hidden anew, alike or mixed
CYCLES = (86_400, 604_800, 31_556_952)  # seconds: day, week, year
LAGS = ((1,), (2, 3), (7,))  # periods earlier and later


def cycles_of(stretch: Stretch) -> list[int]:
    """Return the cycles of the clock, in seconds, that time stamps show at least twice."""
    span = np.ptp(stretch.position) * stretch.step
    return [cycle for cycle in CYCLES if 3.5 * stretch.step <= cycle <= span / 2]


def period_of(stretch: Stretch, filled: Any) -> float:
    """Return the period in rows by autocorrelation, for tables without time stamps; 0 for none."""
    first = np.unique(stretch.begin)
    rows = stretch.end[first] - first
    part = slice(first[rows.argmax()], first[rows.argmax()] + rows.max())
    if rows.max() < 100 or not len(filled):
        return 0.0
    steps = np.diff(filled[:, part], axis=1)
    steps -= steps.mean(axis=1, keepdims=True)
    power = np.square(np.abs(np.fft.rfft(steps, 2 * steps.shape[1])))
    like = np.fft.irfft(power)[:, : steps.shape[1] // 3]
    like = np.median(like / np.maximum(like[:, :1], 1e-12), axis=0)
    peaks = np.flatnonzero((like[1:-1] > like[:-2]) & (like[1:-1] >= like[2:])) + 1
    peaks = peaks[(peaks >= 4) & (like[peaks] > 0.2)]
    return float(peaks[like[peaks] > 0.85 * like[peaks].max()].min()) if len(peaks) else 0.0


class Rivals:
    """Fills channels that have a regression where `goal` (channels,) is True, the others by the
    nearest value; `turn` (channels,) is 360 for an angle, else 0.
    """

    LEARNED = ("mean", "std", "periods", "straight", "weights")

    def __init__(self, goal: Any, turn: Any) -> None:
        self.goal, self.turn = np.asarray(goal, dtype=bool), np.asarray(turn, dtype=float)
        channels = len(self.goal)
        self.mean, self.std = np.zeros(channels), np.ones(channels)
        self.periods, self.kriging = np.zeros(0), Kriging()  # in rows
        self.straight = np.zeros((channels, CLASSES), dtype=bool)  # where the line is corrected
        self.weights = np.zeros((channels, CLASSES, 0), dtype=np.float32)

    def fit(self, stretch: Stretch, pattern: Pattern, rng: Generator) -> Self:
        """Learn from a Stretch in which holes lie as the Pattern says; return self."""
        some = stretch.where(stretch.spread(ROWS))
        for k in np.flatnonzero(self.turn == 0):
            self.mean[k], self.std[k] = np.nanmean(some.values[:, k]), np.nanstd(some.values[:, k])
        self.mean, self.std = np.nan_to_num(self.mean), np.where(self.std > 0, self.std, 1)
        scene, cycles = self.line(some), cycles_of(stretch)
        period = cycles[0] / stretch.step if cycles else period_of(some, scene.filled)
        self.periods = np.array([period] if period else [])
        self.kriging = Kriging().fit(self._scaled(some), some, cycles, period)
        seen: list = [[] for _ in self.goal]
        for alike in DRAWS:
            if alike:  # drawn for nothing, so that a seed gives the figures that it always gave
                pattern.mixed(some, rng)
            for c, scene, gaps, lacking in self.lessons(some, pattern, rng, alike, self._kriged):
                seen[c].append((self.inputs(c, scene, gaps), lacking, gaps.kind))
        weights = []
        for c, pieces in enumerate(seen):
            inputs, lacking, kind = (np.concatenate(a) for a in zip(*pieces, strict=True))
            gain = np.abs(lacking) - np.abs(lacking - inputs[:, 0])  # of the line over kriging
            self.straight[c] = np.bincount(kind, gain, CLASSES) > 0
            lacking -= inputs[:, 0] * self.straight[c, kind]
            inputs[:, 0] *= ~self.straight[c, kind]
            weights.append(solve(inputs, lacking, kind))
        self.weights = np.array(weights, dtype=np.float32)
        return self

    def lessons(
        self, stretch: Stretch, pattern: Pattern, rng: Generator, alike: bool, fill: Callable
    ) -> Iterator[tuple[int, Scene, Gaps, np.ndarray]]:
        """Hide entries of a Stretch as the Pattern says, and yield for each channel its number, the
        Scene that `fill` makes of the rest, the Gaps of what was hidden, and what the filling lacks
        there, (entries,).
        """
        hidden_mask, holed = pattern.hide(stretch, rng, alike, self.goal)
        scene = fill(holed)
        for c in range(len(self.goal)):
            gaps = scene.stretch.gaps(c)
            gaps = gaps.only(hidden_mask[gaps.row, c])
            truth = (stretch.values[gaps.row, c] - self.mean[c]) / self.std[c]
            yield c, scene, gaps, wrapped(truth - scene.filled[c, gaps.row], self.turn[c])

    def _scaled(self, stretch):
        """Return values in units of each channel's spread, (channels, rows); NaN for angles."""
        scaled = ((stretch.values - self.mean) / self.std).T.astype(np.float32)
        scaled[self.turn > 0] = np.nan
        return scaled

    def line(self, stretch: Stretch) -> Scene:
        """Return the Scene of a Stretch with its holes filled by the line."""
        observed = ~np.isnan(stretch.values.T)
        filled = np.empty(observed.shape, dtype=np.float32)
        scene = Scene(stretch, filled, observed, self.turn, self._lagged(stretch))
        for c, goal in enumerate(self.goal):
            filled[c] = (stretch.values[:, c] - self.mean[c]) / self.std[c]
            gaps = stretch.gaps(c)
            filled[c, gaps.row] = scene.line(c, gaps) if goal else gaps.nearest(filled[c])
        np.nan_to_num(filled, copy=False)  # a part without any value of a channel
        return scene

    def _lagged(self, stretch):
        """Return the groups of lags of a Scene."""
        span = np.ptp(stretch.position) + 2
        part = np.cumsum(np.r_[0, np.diff(stretch.begin) != 0])
        place = stretch.position - stretch.position.min() + part * 2 * span

        def away(shift):
            at = np.minimum(np.searchsorted(place, place + shift - 0.5), len(place) - 1)
            return at.astype(np.int32), np.abs(place[at] - (place + shift)) <= 0.5

        both = [[sign * k for k in group for sign in (1, -1)] for group in LAGS]
        shifts = [[k * period for k in group] for period in self.periods for group in both]
        return [[away(shift) for shift in group if abs(shift) < span] for group in shifts]

    def _kriged(self, stretch):
        """Return the Scene of a Stretch with its holes filled by kriging, or by the line where
        that is nearer and in angles; with what they may be off by.
        """
        scene = self.line(stretch)
        field, filled = Field.of(self.kriging, stretch, self._scaled(stretch)), scene.filled.copy()
        deviation = np.ones(filled.shape, dtype=np.float32)
        for c in np.flatnonzero(self.goal):
            gaps = stretch.gaps(c)
            deviation[c, gaps.row] = np.sqrt(np.maximum(gaps.reach, 1))
            if not self.turn[c]:
                mean, deviation[c, gaps.row] = field.told(c, gaps.row)
                line = filled[c, gaps.row]
                filled[c, gaps.row] = np.where(self.straight[c, gaps.kind], line, mean)
        return replace(scene, filled=filled, deviation=deviation)

    def inputs(self, channel: int, scene: Scene, gaps: Gaps) -> np.ndarray:
        """Return what the regression sees of the Gaps of a channel, (entries, inputs)."""
        usual = zip(self.kriging.places(scene.stretch), self.kriging.usual[:, channel], strict=True)
        return scene.inputs(channel, gaps, self.kriging.partners[channel, 1:], usual)

    def fill(self, stretch: Stretch) -> Scene:
        """Return the Scene of a Stretch filled by the line, by kriging and by the regression."""
        scene = self._kriged(stretch)
        filled = scene.filled.copy()
        for c in np.flatnonzero(self.goal & np.isnan(stretch.values).any(axis=0)).tolist():
            gaps = stretch.gaps(c)
            more = np.einsum("ei,ei->e", self.inputs(c, scene, gaps), self.weights[c, gaps.kind])
            values = filled[c, gaps.row] + more
            usual = values if self.turn[c] else np.clip(values, -EXTREME, EXTREME)
            filled[c, gaps.row] = usual
        return replace(scene, filled=filled)
