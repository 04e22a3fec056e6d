"""Paired statistics against independent ones: coverage by simulation, Student's t, the noncentral
t, the textbooks.
"""

import numpy as np
import pytest
from scipy import stats

from gru_lab.digits import signed
from gru_lab.evidence.paired import interval, judge, seeds_needed

JUDGED = {
    "one better": ([-0.3, 0.1], [-0.2, 0.2], "against"),
    "one perhaps better": ([-0.3, 0.1], [0.1, 0.2], "open"),
    "one better, one perhaps": ([-0.3, -0.1], [-0.2, 0.2], "against"),
    "none better, one worse": ([-0.005, 0.1], [0.005, 0.2], "for"),
    "none better, one perhaps worse": ([-0.005, 0.0], [0.005, 0.2], "open"),
    "better and worse by less than matters": ([-0.009, 0.001], [-0.002, 0.009], "same"),
}


@pytest.mark.parametrize("case", JUDGED)
def test_intervals_are_judged_by_where_they_lie(case):
    low, high, expected = JUDGED[case]
    assert judge(np.array(low), np.array(high), 0.01) == expected


def test_an_interval_of_five_seeds_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        baseline = 1 + 0.05 * rng.standard_normal(5)
        low, high = interval(baseline + 0.05 + 0.03 * rng.standard_normal(5), baseline)
        held += low <= 0.05 <= high
    assert held / 300 > 0.88  # a plain bootstrap of five values holds it in 84 of 100 cases


def test_an_interval_of_a_few_seeds_is_on_average_as_wide_as_students_t(rng):
    ratios = []
    for _ in range(150):
        differences = 0.03 * rng.standard_normal(8)
        low, high = interval(1 + differences, np.ones(8))
        t = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
        ratios.append((high - low) / (t.high - t.low))
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)  # a plain bootstrap: about 0.8


def test_an_interval_of_many_seeds_is_that_of_students_t(rng):
    baseline = np.ones(60)
    differences = 0.02 + 0.03 * rng.standard_normal(60)
    t = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert interval(1 + differences, baseline) == pytest.approx((t.low, t.high), abs=0.001)


def test_an_interval_is_the_same_each_time_and_a_point_where_all_differences_are_alike(rng):
    errors, baseline = 1 + rng.random(5), 1 + rng.random(5)
    assert interval(errors, baseline) == interval(errors, baseline)
    assert interval(baseline, baseline) == (0, 0)
    assert np.isnan(interval(errors[:1], baseline[:1])).all()


@pytest.mark.parametrize(("size", "needed"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_the_seeds_needed_are_those_of_the_textbooks_for_a_paired_t_test(size, needed):
    assert seeds_needed(size + np.array([-1.0, 0.0, 1.0])) == needed  # a spread of one
    assert seeds_needed(-size + np.array([-1.0, 0.0, 1.0])) == needed


@pytest.mark.parametrize("size", [0.12, 0.3, 0.7, 1.5, 3.0])
def test_so_many_seeds_have_the_power_that_the_noncentral_t_gives(size):
    needed = seeds_needed(size + np.array([-1.0, 0.0, 1.0]))

    def power(n):
        return stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, size * np.sqrt(n))

    assert power(needed + 1) >= 0.8 > power(needed - 2)


def test_hopeless_differences_have_no_number_of_seeds():
    assert seeds_needed(0.05 + np.array([-1.0, 0.0, 1.0])) is None
    assert seeds_needed(np.array([-1.0, 0.0, 1.0])) is None


def test_telling_a_difference_from_what_matters_takes_more_seeds_than_telling_it_from_nothing():
    differences = 0.02 + 0.01 * np.array([-1.0, 0.0, 1.0])
    assert (
        seeds_needed(differences)
        < seeds_needed(differences, smallest_difference=0.01)
        < seeds_needed(differences, smallest_difference=0.015)
    )
    beside_a_worse_one = seeds_needed(
        [differences, 1 + differences], smallest_difference=0.01
    )  # it need only be no better
    assert beside_a_worse_one < seeds_needed(differences, smallest_difference=0.01)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.067, "+6.7 %"),
        (-0.0004, "-0.04 %"),
        (1.5, "+150.0 %"),
        (0, "0.00 %"),
        (-0.00001, "0.00 %"),
    ],
)
def test_small_shares_keep_their_digits(share, text):
    assert signed(share) == text
