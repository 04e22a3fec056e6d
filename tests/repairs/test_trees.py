"""Boosted trees that correct the regression: what they say, what they gain, when they are late."""

from time import perf_counter

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from gru_lab.repairs.hiding import Pattern
from gru_lab.repairs.holes import Stretch, part_ends
from gru_lab.repairs.rivals import Rivals
from gru_lab.repairs.trees import DEPTH, DRAWS, LEAVES, SETTINGS, Trees, mean_of, nodes_of

ROWS = 3_000


@pytest.fixture(scope="module")
def learned():
    """A channel that jumps when another one passes a threshold, which no line across a hole tells;
    its truth, what is hidden of it, and the Rivals and Trees that learned from the rest.
    """
    rng = np.random.default_rng(0)
    cause = np.convolve(rng.normal(size=ROWS + 4), np.ones(5) / 5, "valid") * 2
    values = np.stack(
        [cause, np.where(cause > 0.3, 5.0, 1.0) + 0.1 * rng.normal(size=ROWS)], axis=1
    )
    hidden_mask = np.zeros(values.shape, dtype=bool)
    for first in range(20, ROWS - 20, 25):
        hidden_mask[first : first + rng.integers(1, 8), 1] = True
    stretch = Stretch(
        np.where(hidden_mask, np.nan, values), np.arange(ROWS, dtype=float), *part_ends([0], ROWS)
    )
    pattern = Pattern(np.isnan(stretch.values), stretch.begin)
    rivals = Rivals([True, True], np.zeros(2)).fit(stretch, pattern, np.random.default_rng(1))
    return values, stretch, pattern, rivals, Trees(rivals).fit(stretch, pattern, seed=0, rounds=2)


def test_a_jump_that_another_channel_tells_is_learned_by_trees_and_not_by_the_regression(learned):
    values, stretch, _, rivals, trees = learned
    scene, gaps = rivals.fill(stretch), stretch.gaps(1)
    truth = (values[gaps.row, 1] - rivals.mean[1]) / rivals.std[1]
    lacking = truth - scene.filled[1, gaps.row]
    left = lacking - trees.correct(1, gaps, scene)
    assert np.square(left).mean() < 0.5 * np.square(lacking).mean()
    assert np.abs(left).mean() < 0.7 * np.abs(lacking).mean()


def test_the_kept_trees_say_what_scikit_learn_predicts(rng):
    inputs = rng.normal(size=(800, 5)).astype(np.float32)
    goal = np.sin(3 * inputs[:, 0]) + (inputs[:, 1] > 0) * inputs[:, 2]
    model = HistGradientBoostingRegressor(
        max_iter=30, max_leaf_nodes=LEAVES, max_depth=DEPTH, early_stopping=False
    ).fit(inputs, goal)
    trees = Trees(Rivals([True, True], np.zeros(2)))
    trees.take({1: nodes_of(model)})
    new = rng.normal(size=(300, 5)).astype(np.float32)
    assert np.allclose(trees._told(new, trees.roots[1]), model.predict(new), atol=1e-6)  # float32
    assert (trees.roots[0] == -1).all()


def test_several_models_say_their_mean(rng):
    inputs = rng.normal(size=(400, 5)).astype(np.float32)
    models = [
        HistGradientBoostingRegressor(max_iter=iterations, max_depth=DEPTH).fit(
            inputs, inputs[:, 0] * inputs[:, 1]
        )
        for iterations in (5, 20)  # of different size, as a channel may have fewer trees
    ]
    trees = Trees(Rivals([True, True], np.zeros(2)))
    trees.take({0: mean_of([nodes_of(model) for model in models]), 1: nodes_of(models[0])})
    new = rng.normal(size=(300, 5)).astype(np.float32)
    both, first = np.mean([m.predict(new) for m in models], axis=0), models[0].predict(new)
    assert np.allclose(trees._told(new, trees.roots[0]), both, atol=1e-6)
    assert np.allclose(trees._told(new, trees.roots[1][trees.roots[1] >= 0]), first, atol=1e-6)


def test_no_round_begins_whose_filling_would_come_too_late(learned):
    _, stretch, pattern, rivals, _ = learned
    soon = perf_counter() + 1_000
    trees = Trees(rivals).fit(stretch, pattern, 0, ends=soon, rounds=2, entries=10**12)
    assert trees.roots.shape[1] == SETTINGS["max_iter"] + 1


def test_the_same_seed_gives_the_same_trees(learned):
    _, stretch, pattern, rivals, trees = learned
    again = Trees(rivals).fit(stretch, pattern, seed=0, rounds=2)
    for name in Trees.LEARNED:
        assert np.array_equal(getattr(again, name), getattr(trees, name))


def test_what_no_time_is_left_for_is_not_corrected(learned):
    _, stretch, pattern, rivals, _ = learned
    late = Trees(rivals).fit(stretch, pattern, seed=0, ends=perf_counter())
    assert not late.correct(1, stretch.gaps(1), rivals.fill(stretch)).any() and DRAWS > 1


def test_few_entries_teach_nothing(learned):
    _, stretch, _, rivals, _ = learned
    few = stretch.where(np.arange(ROWS) < 60)
    trees = Trees(rivals).fit(few, Pattern(np.isnan(few.values), few.begin), seed=0)
    assert not trees.correct(1, few.gaps(1), rivals.fill(few)).any()
