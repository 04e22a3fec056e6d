"""What held-back entries say of how sure a repair is: intervals that hold nine tenths, draws whose
errors hang together.
"""

import numpy as np
import pytest

from gru_lab.repairs.choice import Held
from gru_lab.repairs.holes import LABELS, gaps_of, part_ends
from gru_lab.repairs.intervals import Intervals


def skewed(rng, holes=6_000):
    """Errors of three channels in holes of two classes, larger in long ones and skewed to above."""
    kind = rng.choice([0, 3], holes)
    size = np.where(kind == 0, 1, 20)
    channel = rng.integers(0, 3, holes)
    hole = np.repeat(np.arange(holes), size)
    channel, kind = channel[hole], kind[hole]
    error = rng.exponential(size=len(hole)) * np.array([1, 10, 0.01])[channel] * (1 + kind)
    return Held(channel, kind, hole, np.where(kind == 0, 1.0, 8.0), error)


def test_intervals_hold_nine_tenths_in_each_channel_and_class_and_are_not_wider_than_they_need_be(
    rng,
):
    found, other = skewed(rng), skewed(rng)
    intervals = Intervals.fit(found, 4)
    channel, kind, _, unit, error = other
    low, high = intervals.around(channel, kind, unit)
    for c in range(3):
        for k in (0, 3):
            here = (channel == c) & (kind == k)
            inside = ((low <= error) & (error <= high))[here].mean()
            assert inside == pytest.approx(0.9, abs=0.03)
            plain = np.quantile(np.abs(found[-1][(found[0] == c) & (found[1] == k)]), 0.9)
            assert (high - low)[here].mean() < 1.6 * plain  # twice that by split conformal alone
    assert np.isnan(intervals.low[3]).all()


def test_intervals_hold_what_those_of_crepes_hold_and_are_narrower_where_errors_are_skewed(rng):
    crepes = pytest.importorskip("crepes")  # split conformal prediction as others have written it
    found, other = skewed(rng), skewed(rng)
    ours, theirs = Intervals.fit(found, 3), crepes.ConformalRegressor()
    theirs.fit(found[-1], bins=found[0] * len(LABELS) + found[1])
    channel, kind, _, unit, error = other
    cell = channel * len(LABELS) + kind
    low, high = theirs.predict_int(np.zeros(len(error)), bins=cell, confidence=0.9).T
    lower, upper = ours.around(channel, kind, unit)
    inside = ((lower <= error) & (error <= upper)).mean()
    assert inside == pytest.approx(((low <= error) & (error <= high)).mean(), abs=0.02)
    width = upper - lower
    for c in range(3):
        assert width[channel == c].mean() < 1.05 * (high - low)[channel == c].mean()


def test_a_channel_without_errors_gets_intervals_of_no_width():
    zeros = np.zeros(50, int)
    intervals = Intervals.fit(Held(zeros, zeros, np.arange(50), np.ones(50), np.zeros(50)), 1)
    assert (intervals.low == 0).all() and (intervals.high == 0).all()


def test_some_classes_can_take_the_intervals_of_others(rng):
    found = skewed(rng, 600)
    once = Intervals.fit(found, 3)
    again = Intervals.fit(found._replace(error=2 * found.error), 3, once.usual)
    chosen = np.zeros((3, len(LABELS)), dtype=bool)
    chosen[1] = True
    mixed = once.instead(again, chosen)
    np.testing.assert_allclose(mixed.high[1], 2 * once.high[1], rtol=1e-6)
    np.testing.assert_array_equal(mixed.high[0], once.high[0])
    assert len(mixed.paths) == len(once.paths) + len(again.paths) - (once.paths[:, 0] == 1).sum()


def test_the_errors_of_a_draw_hang_together_along_a_hole_as_held_back_ones_do(rng):
    holes, size = 200, 20
    hole = np.repeat(np.arange(holes), size)
    error = rng.normal(size=holes)[hole] + 0.1 * rng.normal(size=len(hole))  # one level for each
    zeros = np.zeros(len(hole), dtype=int)
    intervals = Intervals.fit(Held(zeros, zeros + 3, hole, np.full(len(hole), 8.0), error), 1)
    observed = np.ones(3_000, dtype=bool)
    for first in range(20, 2_950, 60):
        observed[first : first + 30] = False
    gaps = gaps_of(observed, np.arange(3_000.0), *part_ends([0], 3_000))
    drawn = np.array([intervals.draw(0, gaps, np.full(len(gaps.row), 8.0), rng) for _ in range(40)])
    by_hole = drawn.reshape(40, -1, 30)
    assert by_hole.mean(axis=2).std() == pytest.approx(1, abs=0.15)
    assert by_hole.std(axis=2).mean() < 0.3
    assert drawn.std() == pytest.approx(error.std(), rel=0.15)
