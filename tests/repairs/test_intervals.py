"""What held-back entries decide: the network only where it is surely better, intervals that hold
nine tenths.
"""

import numpy as np
import pytest

from gru_lab.repairs.intervals import (
    CLASSES,
    FEW,
    MIDDLE,
    Intervals,
    choose,
    classes,
    errors_of,
    growth,
    usual_errors,
)


def test_errors_are_the_two_means(rng):
    error = rng.normal(size=50)
    assert errors_of(error) == pytest.approx((np.mean(np.abs(error)), np.mean(error**2) ** 0.5))
    assert np.isnan(errors_of(error[:0])).all()


def test_a_network_is_kept_only_if_it_is_better_by_both_measures(rng):
    line = rng.normal(size=1_000)
    bursts = 0.5 * line + 30 * (np.arange(1_000) % 100 == 0)  # a smaller MAE and a larger MSE
    flat = np.full(1_000, 0.9)  # a smaller MSE and a larger MAE
    for network in (bursts, flat, 1.1 * line):
        assert choose([network, network], line) == (0, False)
    assert choose([0.5 * line, 0.4 * line], line) == (1, True)
    assert choose([bursts, 0.9 * line], line) == (1, True)


def test_a_network_as_good_as_the_line_is_no_reason_to_leave_it(rng):
    kept = sum(choose([rng.normal(size=200)], rng.normal(size=200))[1] for _ in range(300))
    assert kept < 300 * 0.2
    assert choose([np.zeros(9)], np.zeros(9)) == (0, False) == choose([np.zeros(0)], np.zeros(0))


def test_the_usual_error_is_told_by_channel_and_by_distance_even_if_holes_differ_between_channels(
    rng,
):
    channel, size = rng.integers(0, 3, 90_000), np.array([1, 10, 0.01])
    distance = np.where(channel == 0, 1, rng.integers(1, 60, 90_000))  # channel 0 has points only
    error = rng.normal(size=90_000) * size[channel] * np.sqrt(2.0 ** classes(distance))
    usual, factor = usual_errors(channel, classes(distance), error, 4)
    np.testing.assert_allclose(usual[:3] * factor[0], size, rtol=0.03)
    np.testing.assert_allclose(factor[:6] / factor[0], np.sqrt(2.0 ** np.arange(6)), rtol=0.04)
    assert usual[3] == 0
    assert (factor[6:] == factor[5]).all()  # farther than anything that was seen


def test_too_few_entries_of_a_distance_tell_nothing_of_it(rng):
    kind = np.repeat([0, 2], [500, FEW - 1])
    _, factor = usual_errors(
        np.zeros(len(kind), int), kind, np.repeat([1.0, 50.0], [500, FEW - 1]), 1
    )
    assert (factor == factor[0]).all()


def test_intervals_hold_nine_tenths_at_every_distance_and_in_every_channel(rng):
    channel, distance = rng.integers(0, 3, 60_000), rng.integers(1, 60, 60_000)
    error = rng.normal(size=60_000) * np.array([1, 10, 0.01])[channel] * np.sqrt(distance)
    half = slice(0, 30_000), slice(30_000, None)
    intervals = Intervals.fit(channel[half[0]], distance[half[0]], error[half[0]], 4)
    inside = np.abs(error) <= intervals.half_width(channel, distance)
    for c in range(3):
        assert inside[half[1]][channel[half[1]] == c].mean() == pytest.approx(0.9, abs=0.015)
    for low, high in ((1, 2), (15, 31), (31, 60)):
        some = (distance[half[1]] >= low) & (distance[half[1]] < high)
        assert inside[half[1]][some].mean() == pytest.approx(0.9, abs=0.06)
    assert np.isnan(intervals.half_width(3, np.array([1.0]))).all()


def test_what_grows_with_the_distance_grows_without_steps(rng):
    factors = np.cumsum(rng.random((2, CLASSES)), axis=1)
    middles = 2.0 ** (np.arange(CLASSES) + MIDDLE)
    np.testing.assert_allclose(growth(factors[0], middles), factors[0])
    np.testing.assert_allclose(
        growth(factors, middles[3:5], ([1, 0],)), [factors[1, 3], factors[0, 4]]
    )
    everywhere = growth(factors[0], np.arange(1, 10_000))
    assert (np.diff(everywhere) >= 0).all() and np.diff(everywhere).max() < np.diff(
        factors[0]
    ).max()
    assert everywhere[[0, -1]] == pytest.approx(factors[0, [0, -1]])
    assert (
        growth(factors[0], np.zeros(1)) == factors[0, 0]
    )  # an observed entry is as near as one beside it


def test_some_channels_can_take_the_intervals_of_others():
    wide, narrow = (Intervals(np.full(2, size), np.full((2, 12), 1.0)) for size in (5.0, 1.0))
    mixed = wide.instead(narrow, np.array([False, True]))
    assert [mixed.half_width(c, np.array([1]))[0] for c in (0, 1)] == [5, 1]


def test_a_channel_without_errors_gets_intervals_of_no_width():
    intervals = Intervals.fit(np.zeros(50, int), np.ones(50), np.zeros(50), 1)
    assert intervals.half_width(0, np.array([1, 100.0])).tolist() == [0, 0]
