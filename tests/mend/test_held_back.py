"""What held-back entries decide: the network only where it is surely better, intervals that hold nine tenths."""

import numpy as np
import pytest

from gru_lab.mend.held_back import Intervals, choose, errors_of


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


def test_a_channel_without_errors_gets_intervals_of_no_width():
    intervals = Intervals.fit(np.zeros(50, int), np.ones(50), np.zeros(50), 1)
    assert intervals.half_width(0, np.array([1, 100.0])).tolist() == [0, 0]
