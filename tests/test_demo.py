"""The built-in series: the same on every machine, smooth, in [0, 1], and worth learning from."""

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.demo import demo_series, demo_table
from gru_lab.gaps import prepare


def test_the_same_rows_and_seed_give_the_same_values():
    one, again, other = demo_series(700, 3), demo_series(700, 3), demo_series(700, 4)
    np.testing.assert_array_equal(one.values, again.values)
    assert one.digest == again.digest != other.digest
    assert one.name == "demo-700-3"


def test_it_has_66_named_channels_that_fill_the_range_from_0_to_1(series):
    assert series.values.shape == (1_400, 66) and len(set(series.channels)) == 66
    np.testing.assert_array_equal(series.values.min(axis=0), 0)
    np.testing.assert_array_equal(series.values.max(axis=0), 1)


def test_it_is_smooth_from_row_to_row(series):
    steps = np.abs(np.diff(series.values, axis=0)).mean(axis=0)
    shuffled = np.abs(np.diff(np.random.default_rng(0).permutation(series.values), axis=0)).mean(
        axis=0
    )
    assert (steps < shuffled / 4).all()


def test_channels_know_something_of_each_other(series):
    correlations = np.abs(np.corrcoef(series.values.T)) - np.eye(66)
    assert (correlations.max(axis=0) > 0.5).mean() > 0.9


def test_the_simple_ways_leave_room_for_a_network():
    _, validation, _ = prepare(demo_series(14_000), lab.RunConfig())
    errors = validation.mean_squared_errors()
    assert 6e-4 < errors["forward fill"] < 2e-3
    assert errors["linear interpolation"] < errors["forward fill"] / 3


def test_the_generator_of_the_user_is_left_alone():
    before = np.random.get_state()[1].copy()
    demo_series(70)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize(
    "rows, seed, name", [(0, 0, "rows"), (2.5, 0, "rows"), (70, -1, "seed"), (70, 0.5, "seed")]
)
def test_wrong_rows_or_seed_are_named(rows, seed, name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        demo_series(rows, seed)


def test_a_single_row_is_a_series():
    assert demo_series(1).values.shape == (1, 66)


def test_the_table_with_holes_is_the_truth_wherever_it_has_a_value():
    table, truth = demo_table(1_200)
    values = table.drop(columns="time")
    seen = values.notna() & (values != -999.9)
    pd.testing.assert_frame_equal(values.where(seen), truth.where(seen))
    assert truth.notna().all(axis=None) and 0.03 < 1 - seen.to_numpy().mean() < 0.3
    assert (values["b1"] == -999.9).sum() == 5 and not (values.drop(columns="b1") == -999.9).any(
        axis=None
    )
    pd.testing.assert_frame_equal(table, demo_table(1_200)[0])
