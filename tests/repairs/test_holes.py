"""Holes: the line as pandas draws it, within each part; and more of the same kind hidden elsewhere."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.repairs.holes import Stretch, fill, hide_alike, kind_of, part_ends, wrapped


def holed(rows, rng, share=0.4):
    values = rng.normal(size=rows)
    values[rng.random(rows) < share] = np.nan
    return values


def by_pandas(values, position, starts, way):
    """Fill each part by itself with pandas."""
    pieces = []
    for first, last in zip(starts, [*starts[1:], len(values)], strict=True):
        part = pd.Series(values[first:last], index=position[first:last])
        if way == "linear":
            part = part.interpolate("index", limit_direction="both")
        elif way == "nearest" and part.notna().sum() > 1:
            part = part.interpolate("nearest")
        pieces.append(part.ffill().bfill())
    return pd.concat(pieces).to_numpy()


@pytest.mark.parametrize("way", ["linear", "previous", "nearest"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.95, 1.0])
def test_each_part_is_filled_as_pandas_does(way, share, rng):
    for _ in range(20):
        rows, starts = 60, np.r_[0, np.sort(rng.choice(np.arange(5, 55), 2, replace=False))]
        values, position = holed(rows, rng, share), np.cumsum(rng.random(rows) + 0.1)
        filled, _ = fill(values, position, *part_ends(starts, rows), way)
        np.testing.assert_allclose(filled, by_pandas(values, position, starts, way), rtol=1e-9)
        np.testing.assert_array_equal(filled[~np.isnan(values)], values[~np.isnan(values)])


def test_the_distance_is_that_to_the_nearest_observed_entry_of_the_part(rng):
    values, position = holed(40, rng, 0.7), np.cumsum(rng.random(40))
    _, distance = fill(values, position, *part_ends([0, 15], 40))
    for part in (slice(0, 15), slice(15, 40)):
        seen = position[part][~np.isnan(values[part])]
        np.testing.assert_allclose(
            distance[part], np.abs(position[part][:, None] - seen).min(axis=1), atol=1e-12
        )


def test_a_part_without_a_value_stays_empty_and_infinitely_far():
    values = np.array([1.0, 2, np.nan, np.nan])
    filled, distance = fill(values, np.arange(4.0), *part_ends([0, 2], 4))
    np.testing.assert_array_equal(filled, values)
    np.testing.assert_array_equal(distance, [0, 0, np.inf, np.inf])


def test_rows_of_the_same_moment_divide_by_nothing():
    filled, distance = fill(np.array([1, np.nan, 3]), np.zeros(3), *part_ends([0], 3))
    assert filled[1] == 1 and distance[1] == 0


def test_an_angle_goes_the_short_way_over_north():
    values = np.array([[350.0], [np.nan], [10.0], [np.nan], [350.0]])
    stretch = Stretch(values, np.arange(5.0), *part_ends([0], 5))
    filled, _ = stretch.fill_one(0, period=360)
    np.testing.assert_allclose(filled[[1, 3]] % 360, [0, 0])
    np.testing.assert_allclose(stretch.fill_one(0)[0][[1, 3]], [180, 180])
    short = wrapped(np.array([[350.0, 350], [-190, -190]]), np.array([360, 0]))
    np.testing.assert_allclose(short, [[-10, 350], [170, -190]])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([np.nan] * 3, "none"),
        ([2.5, np.nan, 2.5], "constant"),
        ([1e6, 1e6 + 1e-6, 1e6], "constant"),  # it moves by rounding alone
        ([0, 1, np.nan, 0, 0], "flag"),
        ([-999.9, 3.0] * 10, "flag"),
        ([-999.9, 3.0, 3.0], "measured"),
        ([0, 1, 2, 5] * 10, "code"),
        ([0, 1, 2, 5], "measured"),  # too few to tell
        ([0, 1, 2.5, 5] * 10, "measured"),
        (list(range(100)), "measured"),
    ],
)
def test_a_channel_is_told_by_its_values(values, kind):
    assert kind_of(np.array(values, dtype=float)) == kind


def lengths(column):
    """The lengths of the runs of True."""
    edges = np.flatnonzero(np.diff(np.r_[0, column.astype(int), 0]))
    return edges[1::2] - edges[::2]


def test_points_come_as_points_and_blocks_as_blocks(rng):
    missing = np.zeros((5_000, 2), dtype=bool)
    missing[:, 0] = rng.random(5_000) < 0.1
    for start in range(100, 5_000, 400):
        missing[start : start + 50, 1] = True
    hidden = hide_alike(missing, 5_000, rng)
    np.testing.assert_allclose(hidden.mean(axis=0), missing.mean(axis=0), atol=0.02)
    assert np.median(lengths(hidden[:, 0])) == 1
    assert np.median(lengths(hidden[:, 1])) == 50


def test_the_blocks_of_one_channel_among_many_complete_ones_stay_blocks(rng):
    missing = np.zeros((9_000, 11), dtype=bool)
    for start in range(100, 9_000, 900):
        missing[start : start + 50, 3] = True
    hidden = hide_alike(missing, 9_000, rng)
    assert hidden[:, 3].mean() == pytest.approx(0.1, abs=0.04)
    assert np.median(lengths(hidden[:, 3])) == 50
    assert (np.median([lengths(column).max() for column in np.delete(hidden, 3, axis=1).T])) < 8


def test_channels_that_fail_together_are_hidden_together(rng):
    missing = np.zeros((4_000, 4), dtype=bool)
    missing[rng.random(4_000) < 0.05, :3] = True
    hidden = hide_alike(missing, 4_000, rng)
    assert (hidden[:, 0] == hidden[:, 1]).all() and (hidden[:, 0] == hidden[:, 2]).all()
    assert hidden[:, 0].mean() >= 0.05
    assert 0.08 < hidden[:, 3].mean() < 0.12  # it shows no holes, so points
    assert 0.05 < (hidden[:, 0] & hidden[:, 3]).mean() / hidden[:, 0].mean() < 0.2


@pytest.mark.parametrize("share", [0.0, 0.0002, 0.05, 0.3, 0.99])
def test_about_a_tenth_or_what_the_table_shows_is_hidden(share, rng):
    missing = rng.random((5_000, 3)) < share
    hidden = hide_alike(missing, 3_000, rng)
    assert hidden.shape == (3_000, 3)
    assert hidden.mean() == pytest.approx(share if 0.1 < share < 0.5 else 0.1, abs=0.03)


def test_a_stretch_cut_from_a_table_keeps_its_parts_apart(rng):
    values = rng.normal(size=(30, 2))
    stretch = Stretch(values, np.arange(30.0), *part_ends([0, 10, 20], 30))
    cut = stretch.where((stretch.position >= 5) & (stretch.position < 25))
    np.testing.assert_array_equal(cut.values, values[5:25])
    assert (np.unique(cut.begin) == [0, 5, 15]).all() and (np.unique(cut.end) == [5, 15, 20]).all()
    chosen = np.isin(np.arange(30), [3, 4, 8, 9, 10, 11])
    assert (stretch.where(chosen).begin == [0, 0, 2, 2, 4, 4]).all()


def test_the_pieces_that_are_checked_are_spread_over_a_long_table():
    long, short = (Stretch(np.zeros((rows, 1)), None, None, None) for rows in (100_000, 500))
    chosen = long.spread(5_000)
    assert chosen.sum() == pytest.approx(5_000, abs=20) and len(lengths(chosen)) == 20
    assert short.spread(5_000).all()
