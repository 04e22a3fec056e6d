"""Holes: the line as pandas draws it, within each part."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.repairs.holes import LABELS, Stretch, gaps_of, part_ends, runs_of, wrapped


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
    assert chosen.sum() == pytest.approx(5_000, abs=20) and len(runs_of(chosen[:, None])) == 20
    assert short.spread(5_000).all()
