"""Holes: the line as pandas draws it, within each part; more of the same kind hidden elsewhere."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.repairs.holes import (
    LABELS,
    Pattern,
    Stretch,
    gaps_of,
    kind_of,
    part_ends,
    wrapped,
)


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


def fill(values, position, begin, end, way="linear"):
    """Return values with their holes filled, and their Gaps."""
    gaps, filled = gaps_of(~np.isnan(values), position, begin, end), values.copy()
    filled[gaps.row] = gaps.line(values) if way == "linear" else gaps.nearest(values)
    return filled, gaps


@pytest.mark.parametrize("way", ["linear", "nearest"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.95, 1.0])
def test_each_part_is_filled_as_pandas_does(way, share, rng):
    for _ in range(20):
        rows, starts = 60, np.r_[0, np.sort(rng.choice(np.arange(5, 55), 2, replace=False))]
        values, position = holed(rows, rng, share), np.cumsum(rng.random(rows) + 0.1)
        filled, _ = fill(values, position, *part_ends(starts, rows), way)
        np.testing.assert_allclose(filled, by_pandas(values, position, starts, way), rtol=1e-9)
        np.testing.assert_array_equal(filled[~np.isnan(values)], values[~np.isnan(values)])


def test_the_reach_is_the_harmonic_mean_of_the_distances_to_both_sides(rng):
    values, position = holed(40, rng, 0.7), np.cumsum(rng.random(40))
    _, gaps = fill(values, position, *part_ends([0, 15], 40))
    for row, reach, is_open in zip(gaps.row, gaps.reach, gaps.open, strict=True):
        part = np.arange(0, 15) if row < 15 else np.arange(15, 40)
        seen = part[~np.isnan(values[part])]
        sides = [
            np.abs(position[row] - position[s]).min()
            for s in (seen[seen < row], seen[seen > row])
            if len(s)
        ]
        assert is_open == (len(sides) == 1)
        wanted = 2 / sum(1 / d for d in sides)
        assert reach == pytest.approx(wanted)


def test_a_part_without_a_value_has_no_gaps_and_stays_empty():
    values = np.array([1.0, 2, np.nan, np.nan])
    filled, gaps = fill(values, np.arange(4.0), *part_ends([0, 2], 4))
    np.testing.assert_array_equal(filled, values)
    assert not len(gaps.row) and not len(gaps.hole)


def test_rows_of_the_same_moment_divide_by_nothing():
    filled, gaps = fill(np.array([1, np.nan, 3]), np.zeros(3), *part_ends([0], 3))
    assert filled[1] == 1 and gaps.reach[0] == 0


def test_holes_are_numbered_and_classed_by_their_length_in_steps():
    values = np.array([np.nan, 1, np.nan, 2, *[np.nan] * 5, 3, *[np.nan] * 20, 4, np.nan])
    _, gaps = fill(values, np.arange(len(values)) * 1.0, *part_ends([0], len(values)))
    labels = [LABELS[k] for k in gaps.kind]
    expected = {"end, 1-12": 2, "1": 1, "4-12": 5, "13-48": 20}
    assert {label: labels.count(label) for label in expected} == expected
    assert len(np.unique(gaps.hole)) == 5 and (np.diff(gaps.hole) >= 0).all()
    slow = gaps_of(~np.isnan(values), np.arange(len(values)) * 10.0, *part_ends([0], len(values)))
    assert LABELS[slow.kind[1]] == "13-48"  # one row that ten steps are left out around


def test_what_a_series_does_across_a_hole_is_free_of_its_own_line(rng):
    observed = rng.random(60) < 0.4
    gaps = gaps_of(observed, np.arange(60.0), *part_ends([0], 60))
    inner = ~gaps.open
    straight, bent = 3 + 2 * np.arange(60.0), np.sin(np.arange(60.0))
    np.testing.assert_allclose(gaps.across(straight)[inner], 0, atol=1e-12)
    line = np.interp(np.arange(60), np.flatnonzero(observed), bent[observed])
    np.testing.assert_allclose((gaps.line(bent) + gaps.across(bent))[inner], bent[gaps.row[inner]])
    np.testing.assert_allclose(gaps.line(bent), line[gaps.row])


def test_an_angle_goes_the_short_way_over_north():
    values = np.array([[350.0], [np.nan], [10.0], [np.nan], [350.0]])
    gaps = Stretch(values, np.arange(5.0), *part_ends([0], 5)).gaps(0)
    np.testing.assert_allclose(gaps.line(values[:, 0], 360) % 360, [0, 0])
    np.testing.assert_allclose(gaps.line(values[:, 0]), [180, 180])
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


def alike(missing, rows, rng):
    """What is hidden in a series of so many rows like the holes of another."""
    first = np.zeros(rows, dtype=int)
    pattern = Pattern(missing, np.zeros(len(missing), dtype=int))
    return pattern.alike(Stretch(np.zeros((rows, missing.shape[1])), None, first, first), rng)


def lengths(column):
    """The lengths of the runs of True."""
    edges = np.flatnonzero(np.diff(np.r_[0, column.astype(int), 0]))
    return edges[1::2] - edges[::2]


def test_points_come_as_points_and_blocks_as_blocks(rng):
    missing = np.zeros((5_000, 2), dtype=bool)
    missing[:, 0] = rng.random(5_000) < 0.1
    for start in range(100, 5_000, 400):
        missing[start : start + 50, 1] = True
    hidden = alike(missing, 5_000, rng)
    np.testing.assert_allclose(hidden.mean(axis=0), missing.mean(axis=0), atol=0.02)
    assert np.median(lengths(hidden[:, 0])) == 1
    assert np.median(lengths(hidden[:, 1])) == 50


def test_the_blocks_of_one_channel_among_many_complete_ones_stay_blocks(rng):
    missing = np.zeros((9_000, 11), dtype=bool)
    for start in range(100, 9_000, 900):
        missing[start : start + 50, 3] = True
    hidden = alike(missing, 9_000, rng)
    assert hidden[:, 3].mean() == pytest.approx(0.1, abs=0.04)
    assert np.median(lengths(hidden[:, 3])) == 50
    assert (np.median([lengths(column).max() for column in np.delete(hidden, 3, axis=1).T])) < 8


def test_channels_that_fail_together_are_hidden_together(rng):
    missing = np.zeros((4_000, 4), dtype=bool)
    missing[rng.random(4_000) < 0.05, :3] = True
    hidden = alike(missing, 4_000, rng)
    assert (hidden[:, 0] == hidden[:, 1]).all() and (hidden[:, 0] == hidden[:, 2]).all()
    assert hidden[:, 0].mean() >= 0.05
    assert 0.08 < hidden[:, 3].mean() < 0.12  # it shows no holes, so points
    assert 0.05 < (hidden[:, 0] & hidden[:, 3]).mean() / hidden[:, 0].mean() < 0.2


@pytest.mark.parametrize("share", [0.0, 0.0002, 0.05, 0.1, 0.3, 0.6, 0.9])
def test_never_is_so_much_hidden_that_nothing_is_left_to_learn_from(share, rng):
    missing = rng.random((5_000, 3)) < share
    hidden = alike(missing, 3_000, rng)
    assert hidden.shape == (3_000, 3)
    most = max(0.3 * (1 - share), 0.25 * share**2)
    assert hidden.mean() == pytest.approx(min(max(share, 0.1), most), abs=0.035)


def test_the_tables_own_pattern_is_kept_above_half_missing(rng):
    missing = np.zeros((6_000, 4), dtype=bool)
    for first in range(0, 6_000, 60):
        missing[first : first + 40] = True  # all channels, 40 of 60 rows
    hidden = alike(missing, 6_000, rng)
    assert np.median(lengths(hidden[:, 0])) == 40
    assert (hidden == hidden[:, :1]).all()  # together, as in the table
    assert 0.04 < hidden.mean() < 0.16


def test_many_kinds_of_holes_are_made(rng):
    missing, begin = np.zeros((40_000, 6), dtype=bool), np.zeros(40_000, dtype=int)
    stretch = Stretch(missing * 1.0, np.arange(40_000.0), begin, begin + 40_000)
    hidden, starts = Pattern(missing, begin).mixed(stretch, rng)
    runs = np.concatenate([lengths(column) for column in hidden.T])
    assert 0.05 < hidden.mean() < 0.35
    assert (runs == 1).sum() > 100 and (runs > 48).sum() > 20 and runs.max() < 340
    assert (hidden.sum(axis=1) >= 3).mean() > 0.02  # several channels together
    ends = hidden[starts] | hidden[starts - 1]
    assert 10 < len(starts) < 80 and ends.mean() > 0.1
    assert len(np.unique(stretch.cut(starts).begin)) == len({0, *starts})


def test_with_many_parts_holes_move_from_part_to_part(rng):
    begin = np.repeat(np.arange(0, 4_800, 48), 48)
    missing = np.zeros((4_800, 2), dtype=bool)
    for first in begin[::96]:
        missing[first + 6 : first + 42] = True  # 36 of 48 rows in the middle of every second part
    hidden = Pattern(missing, begin).alike(Stretch(missing * 1.0, None, begin, begin + 48), rng)
    assert set(lengths(hidden[:, 0])) == {36} and set(np.flatnonzero(hidden[:, 0]) % 48) == {
        *range(6, 42)
    }


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
