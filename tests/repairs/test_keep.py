"""Holes that stay holes, by the file that a report writes."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.repairs.keep import holes_to_keep


@pytest.fixture
def table():
    table = pd.DataFrame({"a,b": np.arange(10.0), "c": np.arange(10.0)})
    table.loc[2:4, "a,b"] = table.loc[[0, 9], "c"] = np.nan
    return table


def test_the_holes_of_the_file_are_kept_and_no_others(table, tmp_path):
    path = tmp_path / "keep.csv"
    path.write_text('\ufeffchannel,first,last\r\n"a,b",2,3\r\n\r\nc,9,9\r\n', encoding="utf-8")
    kept = holes_to_keep(path, table)
    assert kept.sum().to_dict() == {"a,b": 2, "c": 1}
    assert kept.loc[2:3, "a,b"].all() and kept.loc[9, "c"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "must be a file that begins with channel,first,last"),
        ("time,a\n1,2\n", "must be a file that begins with channel,first,last"),
        ("channel,first,last\nd,2,3", "line 2: channel must be a column of the table, not 'd'"),
        ("channel,first,last\nc,9,10", "first and last must be rows of the table, 0 to 9"),
        ("channel,first,last\nc,9,8", "first and last must be rows of the table"),
        ("channel,first,last\nc,0,0\nc,0,1", "line 3: rows 0 to 1 of 'c' .* row 1 has a value"),
        ("channel,first,last\nc,one,2", "line 2: must hold a channel, a first and a last row"),
        ("channel,first,last\nc,-1,2", "line 2: must hold a channel"),
    ],
)
def test_a_file_of_another_table_is_an_error_that_says_where(text, message, table, tmp_path):
    path = tmp_path / "keep.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        holes_to_keep(path, table)


def test_a_file_that_is_not_there_is_an_error(table, tmp_path):
    with pytest.raises(ValueError, match="--keep-holes must be a file that a report wrote"):
        holes_to_keep(tmp_path / "no.csv", table)
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="--keep-holes must be a file that a report wrote"):
        holes_to_keep(tmp_path / "b.csv", table)
