"""Ways without training: what other channels and other days do across a hole, the promise of their
choice, and what a person may say of it.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.demo import demo_table
from gru_lab.repairs.columns import stretch_of
from gru_lab.repairs.holes import LABELS
from gru_lab.repairs.regression import solve
from gru_lab.repairs.rivals import cycles_of, period_of
from gru_lab.tables.layout import Layout


def days(rows=12_000, seed=0):
    """Hourly channels with a day in them that follow a common slow change, and a truth."""
    rng, hour = np.random.default_rng(seed), np.arange(rows)
    slow = np.cumsum(rng.normal(size=rows)) / 8
    columns = {}
    for number, name in enumerate("abcd"):
        day = np.sin(2 * np.pi * (hour / 24 + number / 9)) + 0.5 * np.cos(4 * np.pi * hour / 24)
        columns[name] = (1 + number) * (slow + 2 * day + 0.3 * rng.normal(size=rows))
    return pd.DataFrame(columns, index=pd.date_range("2025-01-06", periods=rows, freq="h"))


def holed(truth, seed=1):
    """Points in all channels, and runs of 6 to 60 rows, sometimes of two channels together."""
    rng = np.random.default_rng(seed)
    hidden = rng.random(truth.shape) < 0.04
    for first in range(100, len(truth) - 100, 120):
        length, channel = int(rng.integers(6, 60)), rng.integers(4)
        hidden[first : first + length, [channel, (channel + first % 2) % 4]] = True
    return truth.mask(hidden), hidden


@pytest.fixture(scope="module")
def done():
    truth = days()
    table, hidden = holed(truth)
    return truth, table, hidden, lab.repair(table, minutes=0, draws=20)


def by_cell(done):
    """Yield, for each channel and class of length with 200 entries, its by_length_ row, the errors
    of the repair and of the line there, and whether each truth is in its interval.
    """
    truth, table, _, repaired = done
    channels = list(truth.columns)
    stretch = stretch_of(table, channels, Layout.of(table))
    low, high = repaired.interval
    for c, name in enumerate(channels):
        gaps = stretch.gaps(c)
        true = truth[name].to_numpy()[gaps.row]
        error = repaired.table[name].to_numpy()[gaps.row] - true
        line = gaps.line(table[name].to_numpy()) - true
        inside = (low[name].to_numpy()[gaps.row] <= true) & (
            true <= high[name].to_numpy()[gaps.row]
        )
        for k in np.unique(gaps.kind):
            here = gaps.kind == k
            if here.sum() >= 200:
                row = repaired.repairer.by_length_.loc[(name, LABELS[k])]
                yield row, error[here], line[here], inside[here]


def test_without_a_network_the_error_is_far_below_the_lines(done):
    cells = list(by_cell(done))
    ours, line = (np.concatenate([cell[n] for cell in cells]) for n in (1, 2))
    assert np.square(ours).mean() < 0.5 * np.square(line).mean()
    assert not len(done[3].repairer.history_)


def test_no_class_of_a_channel_is_worse_than_the_line_beyond_noise(done):
    for row, ours, line, _ in by_cell(done):
        for power in (1, 2):
            loss = np.abs(ours) ** power - np.abs(line) ** power
            assert loss.mean() < 3 * loss.std() / np.sqrt(len(loss)) + 1e-12
        assert row["worse"] < 0.5


def test_the_error_foretold_is_about_the_true_one_in_each_class(done):
    ratios = {}
    for row, ours, *_ in by_cell(done):
        ratios.setdefault(row.name[1], []).append(row["repair MAE"] / np.abs(ours).mean())
    assert len(ratios) >= 2
    for ratio in ratios.values():
        assert 0.8 < np.median(ratio) < 1.25


def test_intervals_hold_nine_tenths_overall_and_four_fifths_everywhere(done):
    inside = [cell[3] for cell in by_cell(done)]
    assert 0.87 < np.concatenate(inside).mean() < 0.93
    assert min(cell.mean() for cell in inside) >= 0.8


def test_on_smooth_channels_of_few_days_short_holes_are_no_worse_than_the_lines():
    """A usual day told from four of them, or kriging where the line is all but right, must not be
    taken for more than the line.
    """
    table, truth = demo_table(6_000, 2)
    table = table.mask(table == -999.9)
    done = lab.repair(table, minutes=0)
    short = done.repairer.by_length_.xs("1", level="length")
    assert (short["regression MAE"] / short["linear MAE"]).median() < 1.05
    channels = done.repairer.scores_.index
    holes, line = table[channels].isna(), table[channels].interpolate(limit_direction="both")
    off, lines = ((a - truth)[channels].abs().where(holes).mean() for a in (done.table, line))
    assert (off < 0.97 * lines).sum() >= 6 and (off > 1.05 * lines).sum() == 0


def test_there_is_no_jump_at_either_end_of_a_hole(done):
    assert (done[3].jumps() < 1).all()  # a usual step


def test_a_jump_at_the_ends_of_holes_is_told_in_usual_steps():
    table = pd.DataFrame({"ramp": np.arange(300.0), "whole": np.sin(np.arange(300.0))})
    table.loc[list(range(50, 60)) + list(range(200, 210)), "ramp"] = np.nan
    done = lab.repair(table, minutes=0)
    shifted = done.table.assign(ramp=done.table["ramp"] + 3.0 * done.filled["ramp"])
    jumps = [one.jumps().to_dict() for one in (done, replace(done, table=shifted))]
    assert jumps == [{"ramp": pytest.approx(1)}, {"ramp": pytest.approx(4, abs=0.2)}]  # 1 + 3


def test_a_variance_from_draws_is_nearer_to_the_truth_than_from_one_filled_table(done):
    truth, _, hidden, repaired = done
    assert len(repaired.draws) == 20
    once = drawn = 0.0
    for c, name in enumerate(truth.columns):
        at = hidden[:, c]
        true = truth[name][at].diff().std()  # how it moves within holes and from hole to hole
        once += abs(np.log(repaired.table[name][at].diff().std() / true))
        drawn += abs(
            np.log(np.mean([table[name][at].diff().std() for table in repaired.draws]) / true)
        )
    assert drawn < once
    for table in repaired.draws:
        pd.testing.assert_frame_equal(table.mask(hidden), repaired.table.mask(hidden))


def test_means_and_variances_from_draws_come_with_a_spread_that_holds_the_truth(done):
    truth, _, _, repaired = done
    inside = []
    for statistic in ("mean", "var"):
        true, filled = (getattr(table, statistic)() for table in (truth, repaired.table))
        drawn = pd.DataFrame([getattr(table, statistic)() for table in repaired.draws])
        spread = drawn.std() * (1 + 1 / len(drawn)) ** 0.5  # what is missing adds (Rubin 1987)
        inside += list((drawn.mean() - true).abs() <= 1.645 * spread)
        if statistic == "var":
            assert np.log(drawn.mean() / true).abs().sum() < np.log(filled / true).abs().sum()
    assert np.mean(inside) >= 0.6


def test_periods_come_from_time_stamps_and_else_from_what_comes_back():
    truth = days(1_000)
    dated = stretch_of(truth, list("abcd"), Layout.of(truth))
    assert cycles_of(dated) == [86_400, 604_800]
    bare = truth.reset_index(drop=True)
    blind = stretch_of(bare, list("abcd"), Layout.of(bare))
    assert cycles_of(blind) == []
    assert period_of(blind, bare.to_numpy().T) == pytest.approx(24, abs=1)
    noise = np.random.default_rng(0).normal(size=(4, 1_000))
    assert period_of(blind, noise) == 0


def test_the_clock_knows_midnight_and_monday():
    truth = days(400).iloc[7:]
    stretch = stretch_of(truth, list("abcd"), Layout.of(truth))
    np.testing.assert_allclose(stretch.clock(86_400) * 24, truth.index.hour, atol=1e-6)
    np.testing.assert_allclose(np.floor(stretch.clock(604_800) * 7 + 1e-9), truth.index.dayofweek)


def test_the_regression_is_that_of_numpy_where_errors_are_normal_and_entries_many(rng):
    inputs, kind = rng.normal(size=(20_000, 3)), rng.integers(0, 2, 20_000)
    true = np.array([[1.0, -2.0, 0.5], [0.9, -2.0, 0.7]])
    goal = np.einsum("ij,ij->i", inputs, true[kind]) + 0.1 * rng.normal(size=20_000)
    weights = solve(inputs, goal, kind)
    plain = [np.linalg.lstsq(inputs[kind == k], goal[kind == k])[0] for k in (0, 1)]
    np.testing.assert_allclose(weights[:2], plain, atol=0.05)


def test_what_a_person_says_of_channels_is_kept():
    truth = days(1_200)
    table, _ = holed(truth)
    table.iloc[:200, 3] = np.nan
    said = {"only": ["a", "b", "d"], "inputs": [], "max_gap": "12h", "integer": ["b"]}
    done = lab.repair(table, minutes=0, low={"a": 0}, high={"a": 1}, **said)
    assert not done.filled["c"].any()
    assert done.table["a"][done.filled["a"]].between(0, 1).all()
    filled = done.table["b"][done.filled["b"]]
    assert len(filled) and (filled == filled.round()).all()
    runs = table["a"].isna().groupby(table["a"].notna().cumsum()).transform("sum")
    assert (
        not done.filled["a"][runs > 12].any() and done.filled["a"][(runs > 0) & (runs < 12)].any()
    )
    late = lab.repair(table, minutes=0)
    everything = lab.repair(table, minutes=0, extrapolation="all")
    assert everything.table["d"].notna().all()
    assert late.table["d"].iloc[:200].notna().all() or any(
        words.startswith("d: ") and "stay empty" in words for words in late.repairer.warnings_
    )


def test_angles_and_irregular_steps_and_parts_go_through_the_regression(rng):
    truth = days(1_500)
    truth["turn"] = (np.cumsum(rng.normal(size=1_500)) * 8) % 360
    truth = truth[rng.random(1_500) < 0.8]
    table, hidden = holed(truth[list("abcd")])
    table["turn"] = truth["turn"].mask(rng.random(len(truth)) < 0.1)
    table["part"] = np.arange(len(table)) // 400
    done = lab.repair(table, minutes=0, angles=["turn"], split_by="part")
    error = (done.table["turn"] - truth["turn"] + 180) % 360 - 180
    assert error.abs()[table["turn"].isna()].mean() < 15
    assert done.table["turn"].between(0, 360).all()
    assert done.filled[list("abcd")].to_numpy()[hidden].mean() > 0.9


@pytest.mark.parametrize("rows", [1, 2, 9, 30])
def test_tables_of_few_rows_go_through(rows):
    table = days(40).iloc[:rows].reset_index(drop=True)
    table.iloc[rows // 2, :2] = np.nan
    for seed in range(4):
        done = lab.repair(table, minutes=0, seed=seed)
        assert done.table[["c", "d"]].equals(table[["c", "d"]])
        assert rows == 1 or done.table.notna().all(axis=None)
