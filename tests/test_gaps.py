"""Gaps: hidden at the rate asked for, never in a window's first step, filled as pandas does."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.gaps import forward_fill, hide_points, linear_interpolation, make_gaps


@pytest.fixture
def truth(rng):
    return rng.random((30, 10, 7), dtype=np.float32)


def filled_by_pandas(truth, hidden_mask, way):
    """Fill each window by itself with pandas: `way` takes a DataFrame (time, channels) with NaN."""
    return np.stack(
        [
            way(pd.DataFrame(window).mask(hidden))
            for window, hidden in zip(truth, hidden_mask, strict=True)
        ]
    )


@pytest.mark.parametrize("missing_rate", [0.05, 0.2, 0.6, 0.95])
def test_entries_are_hidden_at_the_rate_and_never_in_the_first_step(missing_rate, rng):
    hidden_mask = hide_points((500, 10, 20), missing_rate, rng)
    assert hidden_mask.dtype == bool and not hidden_mask[:, 0].any()
    assert hidden_mask[:, 1:].mean() == pytest.approx(missing_rate, abs=0.005)
    by_step, by_channel = hidden_mask[:, 1:].mean(axis=(0, 2)), hidden_mask[:, 1:].mean(axis=(0, 1))
    np.testing.assert_allclose([*by_step, *by_channel], missing_rate, atol=0.03)


def test_neighbours_are_hidden_independently(rng):
    hidden_mask = hide_points((2_000, 10, 5), 0.2, rng)[:, 1:]
    both = (hidden_mask[:, 1:] & hidden_mask[:, :-1]).mean()
    assert both == pytest.approx(0.2**2, abs=0.003)


def test_the_same_seed_hides_the_same_entries(truth):
    one, again, other = (make_gaps(truth, 0.2, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.hidden_mask, again.hidden_mask)
    assert (one.hidden_mask != other.hidden_mask).any()


def test_hiding_nothing_is_an_error_that_says_what_to_do(truth):
    with pytest.raises(
        ValueError,
        match="missing_rate must hide at least one of 2,100 entries; 1e-09 hid none: raise",
    ):
        make_gaps(truth, 1e-9, 0)


@pytest.mark.parametrize("missing_rate", [0.2, 0.5, 0.9, 1.0])
def test_forward_fill_fills_as_pandas_does(truth, missing_rate, rng):
    hidden_mask = hide_points(truth.shape, missing_rate, rng)
    expected = filled_by_pandas(truth, hidden_mask, lambda window: window.ffill())
    np.testing.assert_array_equal(forward_fill(truth, hidden_mask), expected)


@pytest.mark.parametrize("missing_rate", [0.2, 0.5, 0.9, 1.0])
def test_linear_interpolation_interpolates_as_pandas_does(truth, missing_rate, rng):
    hidden_mask = hide_points(truth.shape, missing_rate, rng)
    expected = filled_by_pandas(
        truth,
        hidden_mask,
        lambda window: window.interpolate(method="linear", limit_direction="forward"),
    )
    np.testing.assert_allclose(linear_interpolation(truth, hidden_mask), expected, atol=1e-6)


def test_what_was_seen_stays_and_what_was_given_is_not_written_to(truth):
    given = truth.copy()
    gapped = make_gaps(truth, 0.4, 0)
    for filled in (gapped.filled, linear_interpolation(truth, gapped.hidden_mask)):
        np.testing.assert_array_equal(filled[~gapped.hidden_mask], truth[~gapped.hidden_mask])
        assert filled.dtype == np.float32
    np.testing.assert_array_equal(truth, given)


def test_what_is_hidden_cannot_leak_into_what_is_filled(truth):
    hidden_mask = hide_points(truth.shape, 0.5, np.random.default_rng(1))
    other = np.where(hidden_mask, np.float32(99), truth)
    for fill in (forward_fill, linear_interpolation):
        np.testing.assert_array_equal(fill(truth, hidden_mask), fill(other, hidden_mask))


def test_the_errors_of_both_ways_are_means_over_the_hidden_entries(truth):
    gapped = make_gaps(truth, 0.3, 0)
    ways = {
        "forward fill": lambda window: window.ffill(),
        "linear interpolation": lambda window: window.interpolate(),
    }
    for way, error in gapped.mean_squared_errors().items():
        filled = filled_by_pandas(truth, gapped.hidden_mask, ways[way])
        squares = [
            (float(filled[at]) - float(truth[at])) ** 2
            for at in np.ndindex(truth.shape)
            if gapped.hidden_mask[at]
        ]
        assert error == pytest.approx(sum(squares) / len(squares), rel=1e-5)
