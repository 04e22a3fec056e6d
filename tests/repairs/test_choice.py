"""A way other than the line is taken only where held-back entries leave little doubt."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from gru_lab.repairs.choice import Evidence, Held
from gru_lab.repairs.holes import CLASSES, LABELS
from gru_lab.repairs.ways import WAYS


def evidence(*errors, hole=None, kind=0, channels=1):
    """The Evidence of errors of the line, and of other ways, in one channel and class."""
    error = np.stack([*errors, *[errors[0] * 9] * (len(WAYS) - len(errors))])
    zeros = np.zeros(len(errors[0]), dtype=int)
    hole = np.arange(len(zeros)) if hole is None else hole
    return Evidence.of(Held(zeros, zeros + kind, hole, None, error), channels)


def test_a_way_is_kept_only_if_it_is_better_by_both_measures(rng):
    line = rng.normal(size=1_000)
    bursts = 0.5 * line + 30 * (np.arange(1_000) % 100 == 0)  # a smaller MAE and a larger MSE
    flat = np.full(1_000, 0.9)  # a smaller MSE and a larger MAE
    for way in (bursts, flat, 1.1 * line):
        assert evidence(line, way).choose()[0, 0] == 0
    assert evidence(line, 0.5 * line, 0.4 * line).choose()[0, 0] == 2
    assert evidence(line, bursts, 0.9 * line).choose()[0, 0] == 2


def test_a_way_as_good_as_the_line_is_seldom_taken(rng):
    taken = sum(
        evidence(rng.normal(size=200), rng.normal(size=200)).choose()[0, 0] > 0 for _ in range(300)
    )
    assert taken < 300 * 0.06


def test_the_chance_to_be_worse_is_that_of_a_t_test_over_holes(rng):
    hole = np.repeat(np.arange(40), 5)
    line = rng.normal(size=200)
    way = 0.9 * line + 0.1 * rng.normal(size=40)[hole]
    chances = []
    for power in (1, 2):
        gain = (np.abs(line) ** power - np.abs(way) ** power).reshape(40, 5).mean(axis=1)
        chances.append(ttest_1samp(gain, 0, alternative="greater").pvalue)
    assert evidence(line, way, hole=hole).worse[1, 0, 0] == pytest.approx(max(chances), rel=1e-6)


def test_entries_of_one_hole_count_once(rng):
    line = rng.normal(size=(40, 1)) + 0.01 * rng.normal(size=(40, 50))
    way = rng.normal(size=(40, 1)) + 0.01 * rng.normal(size=(40, 50))
    alone = evidence(line.ravel(), way.ravel()).worse[1, 0, 0]
    together = evidence(line.ravel(), way.ravel(), hole=np.repeat(np.arange(40), 50)).worse[1, 0, 0]
    assert min(alone, 1 - alone) < min(together, 1 - together)


def test_a_class_with_few_entries_takes_the_choice_of_the_nearest_and_its_own_level_of_errors(rng):
    kind = np.repeat([0, 3, 4], [500, 500, 5])
    line = rng.normal(size=1_005) * np.where(kind > 0, 10, 1)
    ways = np.stack([line, line, line, 0.5 * line, line, line, line])
    both = np.concatenate([ways, ways], axis=1)
    channel = np.repeat([0, 1], 1_005)
    keep = (channel == 0) | (np.tile(kind, 2) == 0)  # channel 1 has points only
    kinds, hole = np.tile(kind, 2)[keep], np.arange(2_010)[keep]
    found = Evidence.of(Held(channel[keep], kinds, hole, None, both[:, keep]), 2)
    assert (found.choose() == 3).all()
    mae, rmse, _ = found.errors()
    assert mae[0, 1, 3] == pytest.approx(mae[0, 0, 3], rel=0.2)  # as long holes are in channel 0
    assert rmse[3, 1, 3] == pytest.approx(5, rel=0.2)
    assert mae.shape == (len(WAYS), 2, len(LABELS))


def test_a_choice_is_doubted_only_with_confidence(rng):
    line, way = rng.normal(size=300), rng.normal(size=300)
    kept = np.ones((1, len(LABELS)), dtype=int)
    assert not evidence(line, way).doubted(kept).any()
    assert evidence(line, 2 * line).doubted(kept).all()
    few = evidence(line[:10], line[:10] + 0.1 * way[:10])
    assert not few.doubted(kept).any()


def test_nothing_held_back_decides_nothing():
    none = evidence(np.zeros(0))
    assert (none.choose() == 0).all() and np.isnan(none.errors()[0]).all()


def test_what_is_chosen_by_some_entries_is_not_doubted_by_the_same_ones(rng):
    shape = len(WAYS), 60, CLASSES
    for _ in range(20):
        count = rng.choice([0, 5, 100], shape[1:])
        sizes, chances = rng.random((2, *shape)), rng.random((4, *shape)) ** rng.choice([1, 9])
        chances[rng.random(chances.shape) < 0.3] = 0.99
        holes = np.where(count == 100, 50, count)
        known = Evidence(count, holes, *sizes * count, chances[0], chances[1:])
        way = known.choose()
        assert way.any() and not known.doubted(way)[way > 0].any()
