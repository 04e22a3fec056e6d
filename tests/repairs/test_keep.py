"""Holes that stay holes, by the file that a report writes."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.cli import main
from gru_lab.repairs.keep import hole_lines, holes_to_keep


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


def test_the_command_leaves_them_empty_byte_for_byte(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = np.arange(200)
    table = pd.DataFrame(
        {"t": rows, "a": np.sin(rows / 9).round(3), "b": np.cos(rows / 9).round(3)}
    )
    table.loc[[20, 21, 22, 90], "a"] = np.nan
    table.to_csv("in.csv", index=False)
    hole_file = f"channel,first,last\n{hole_lines('a', np.array([22, 20, 21]))}\n"
    (tmp_path / "keep.csv").write_text(hole_file, encoding="utf-8")
    assert main(["repair", "in.csv", "out.csv", "--fast", "--keep-holes", "keep.csv"]) == 0
    before = (tmp_path / "in.csv").read_text().splitlines()
    after = (tmp_path / "out.csv").read_text().splitlines()
    changed = [row for row, pair in enumerate(zip(before, after, strict=True)) if len({*pair}) > 1]
    assert changed == [91]


def test_a_hole_in_several_pieces_has_a_line_for_each():
    assert hole_lines("a,b", np.array([9, 3, 4, 1])) == '"a,b",1,1\n"a,b",3,4\n"a,b",9,9'
