"""Tables of every make are repaired: a Series, masked arrays, objects, levels, other libraries."""

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.plots.repaired import plot_holes
from gru_lab.repairs.summary import summary

HOURS = pd.date_range("2024-03-01", periods=300, freq="h")
WAVE = np.sin(np.arange(300) / 24 * 6.28) + 2


@pytest.fixture
def frame():
    table = pd.DataFrame({"T": WAVE, "RH": np.cos(np.arange(300) / 24 * 6.28)}, index=HOURS)
    table.iloc[5::9, 0] = np.nan
    return table


def test_a_series_comes_back_as_one(frame):
    done = lab.repair(frame["T"], minutes=0)
    assert isinstance(done.table, pd.Series) and done.table.name == "T"
    assert done.table.notna().all() and done.table.index.equals(HOURS)
    pd.testing.assert_series_equal(done.table[frame["T"].notna()], frame["T"].dropna())
    assert summary(done).loc["T", "filled"] == 33 and plot_holes(done).data
    assert isinstance(lab.Repairer(minutes=0).fit(frame["T"]).transform(frame["T"]), pd.Series)
    assert lab.check(frame["T"]).channels.loc["T", "holes"] == 33


def test_stations_in_the_index_are_not_mixed(frame):
    two = pd.concat({"A": frame, "B": frame + 100}, names=["station"]).swaplevel().sort_index()
    table = lab.repair(two, minutes=0).table
    assert table.index.equals(two.index) and table.notna().all(axis=None)
    far = table["T"].groupby(level="station").agg(["min", "max"])
    assert far.loc["A", "max"] < 50 < far.loc["B", "min"]
    assert "in 2 parts" in lab.check(two).facts["rows"]


def test_two_levels_of_columns_are_joined(frame):
    frame.columns = pd.MultiIndex.from_tuples([("s1", "T"), ("s1", "RH")])
    assert list(lab.repair(frame, minutes=0).table.columns) == ["s1_T", "s1_RH"]
    assert list(lab.check(frame).channels.index) == ["s1_T", "s1_RH"]


def test_sparse_columns_are_filled_and_come_back_dense(frame):
    sparse = frame.assign(**{name: pd.arrays.SparseArray(frame[name]) for name in frame})
    pd.testing.assert_frame_equal(
        lab.repair(sparse, minutes=0).table, lab.repair(frame, minutes=0).table
    )


@pytest.mark.parametrize("source", ["my.csv", {"a": [1.0, None]}, None, 5])
def test_what_is_no_table_is_refused_with_the_way_to_one(source):
    with pytest.raises(
        ValueError, match="a DataFrame, a Series or an array .*gru-lab repair FILE OUT"
    ):
        lab.repair(source, minutes=0)


def test_masked_entries_are_filled(frame):
    masked = np.ma.masked_invalid(frame.to_numpy())
    done = lab.repair(masked, minutes=0)
    assert done.filled.to_numpy().sum() == 33
    np.testing.assert_allclose(done.table.to_numpy()[~masked.mask], masked.compressed())


@pytest.mark.parametrize("kind", [object, "Float64", "float64[pyarrow]"])
def test_other_types_of_numbers_are_filled_and_keep_their_type(kind, frame):
    frame["T"] = frame["T"].astype(kind)
    table = lab.repair(frame, minutes=0).table
    assert table["T"].dtype == frame["T"].dtype and table["T"].notna().all()


def test_tables_of_other_libraries_are_read_by_their_way_into_pandas(frame):
    class Polars:
        def to_pandas(self):
            return frame.reset_index(names="when")

    done = lab.repair(Polars(), minutes=0)
    assert done.repairer.time_ == "when" and done.table["T"].notna().all()
    assert lab.check(Polars()).time == "when"


def test_what_is_no_table_is_one_error():
    for nothing in (3, {"T": object()}):
        with pytest.raises(ValueError, match="table must be"):
            lab.repair(nothing, minutes=0)
