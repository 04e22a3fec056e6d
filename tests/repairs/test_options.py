"""What is said of channels before a repair, kept by the repair."""

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.repairs.options import in_steps

ROWS = 400


@pytest.fixture
def table(rng):
    """A wave, its like in whole numbers, states, an angle; each with points and one long hole."""
    row = np.arange(ROWS)
    table = pd.DataFrame(
        {
            "wave": np.sin(row / 9) * 10,
            "cars": (20 + 10 * np.sin(row / 9)).round(),
            "state": rng.choice([1.0, 7, 40], 40).repeat(10),
            "wind": row * 7 % 360.0,
        }
    )
    table = table.mask(rng.random(table.shape) < 0.05)
    table.iloc[100:130] = np.nan
    return table.set_index(pd.date_range("2024-05-01", periods=ROWS, freq="h"))


def repaired(table, **options):
    done = lab.repair(table, minutes=0, **options)
    assert done.table.mask(table.isna()).equals(table)  # what was observed is as it was
    return done.table


def test_codes_take_a_value_that_was_seen_and_whole_numbers_are_whole(table):
    done = repaired(table, codes="cars", integer=["wave"])
    assert set(done["cars"]) <= set(table["cars"])
    assert (done["wave"][table["wave"].isna()] % 1 == 0).all()
    table["cars"] -= table["cars"].min()
    assert (repaired(table)["cars"] % 1 == 0).all()  # a count, without a word


def test_an_angle_of_eight_directions_goes_the_short_way_as_check_says(table):
    table["wind"] = (table["wind"] / 45).round() % 8 * 45
    row = table.index[200:207]
    table.loc[row, "wind"] = [315.0, *[np.nan] * 5, 45]
    assert "short way round" in lab.check(table, angles=["wind"]).channels.loc["wind", "repair"]
    assert set(lab.repair(table, minutes=0).table["wind"]) <= set(range(0, 360, 45))  # as a code
    done = lab.repair(table, minutes=0, angles=["wind"])
    assert done.repairer.scores_.loc["wind", "kept"] != "flag"
    off = (done.table.loc[row, "wind"] + 180) % 360 - 180
    assert off.between(-60, 60).all() and not set(done.table["wind"]) <= set(range(0, 360, 45))


def test_what_looks_like_a_code_and_is_said_to_be_a_measurement_is_filled_as_one(table):
    holes = table["state"].isna()
    assert set(repaired(table)["state"]) == {1, 7, 40}
    between = repaired(table, integer=["state"])["state"][holes]
    assert (between % 1 == 0).all() and not set(between) <= {1, 7, 40}


def test_a_repair_keeps_to_the_limits_that_were_said(table):
    done = repaired(table, low={"wave": -5}, high={"wave": 5, "cars": 22})
    holes = table.isna()
    assert done["wave"][holes["wave"]].between(-5, 5).all()
    assert done["cars"][holes["cars"]].max() <= 22


def test_channels_that_are_only_seen_keep_their_holes(table):
    for options in ({"inputs": ["wind"]}, {"only": ["wave", "cars", "state"]}):
        done = repaired(table, **options)
        assert done["wind"].isna().equals(table["wind"].isna())
        assert done.drop(columns="wind").notna().all(axis=None)


@pytest.mark.parametrize("limit", [29, "29h", "1d"])
def test_longer_holes_than_said_stay_whole(limit, table):
    done = repaired(table, max_gap=limit)
    assert done.iloc[100:130].isna().all(axis=None)
    assert done.isna().sum().to_list() == [longest(table[name]) for name in table]
    assert repaired(table, max_gap=99).notna().all(axis=None)


def longest(column):
    missing = column.isna()
    return missing.groupby((~missing).cumsum()).sum().max()


def test_a_time_as_the_longest_hole_needs_a_time(table):
    with pytest.raises(
        ValueError, match="max_gap '6h' is a time, and the table has no time stamps"
    ):
        lab.repair(table.reset_index(drop=True), minutes=0, max_gap="6h")


def test_a_saved_repairer_keeps_what_was_said(table, tmp_path):
    fitted = lab.Repairer(minutes=0, max_gap=29, high={"wave": 5}, codes=("cars",)).fit(table)
    fitted.save(tmp_path / "r.safetensors")
    again = lab.Repairer.load(tmp_path / "r.safetensors")
    pd.testing.assert_frame_equal(again.transform(table), fitted.transform(table))


def test_gaps_are_read_as_rows_or_as_time():
    assert in_steps("max_gap", "12", 60) == 12 and in_steps("max_gap", None) == np.inf
    assert in_steps("max_gap", "90min", 60) == 90


@pytest.mark.parametrize("hole", [None, "", " "])
def test_numbers_as_text_with_holes_are_an_error_and_no_silence(hole, table):
    texts = [hole if np.isnan(value) else f"{value:.2f}" for value in table["wave"]]
    with pytest.raises(ValueError, match="column 'wave' holds numbers as text.*pandas.to_numeric"):
        lab.repair(table.assign(wave=texts), minutes=0)
    codes = pd.Categorical(table["wave"].round(1))
    with pytest.raises(ValueError, match="column 'wave' holds numbers as text or categories"):
        lab.repair(table.assign(wave=codes), minutes=0)
    for name in ("pump 7", "007"):
        names = np.where(table["wave"].isna(), None, name)
        assert lab.repair(table.assign(wave=names), minutes=0).table["cars"].notna().all()


def test_a_limit_that_is_no_number_names_its_column(table):
    with pytest.raises(ValueError, match="low of column 'wave' must be a finite number, not 'a'"):
        lab.repair(table, minutes=0, low={"wave": "a"})
