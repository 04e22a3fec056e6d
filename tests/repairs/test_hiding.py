"""What is hidden to learn from and to judge by is like the table's own holes."""

import numpy as np
import pytest

from gru_lab.repairs.hiding import Pattern
from gru_lab.repairs.holes import Stretch


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
