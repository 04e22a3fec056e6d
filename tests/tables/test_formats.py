"""Parquet as other tools write it: decimals, dictionaries, dates and nested columns."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gru_lab.repairs.sheet import Sheet
from gru_lab.tables.formats import open_file
from gru_lab.tables.read import read_table


def parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_types_of_other_tools_are_read_and_written_back_in_their_type(tmp_path):
    rows = 30
    values = [None if n == 4 else n / 4 for n in range(rows)]
    columns = {
        "date": pa.array(range(rows), pa.int32()).cast(pa.date32()),
        "decimal": pa.array([None if v is None else Decimal(f"{v:.2f}") for v in values]),
        "coded": pa.array(values).dictionary_encode(),
        "text": pa.array([None if v is None else f"{v:.2f} V" for v in values]),
        "half": pa.array(np.array(values, dtype=np.float16)),
        "nested": pa.array([[1.0, 2.0]] * rows),
        "struct": pa.array([{"x": 1, "y": 2}] * rows),
    }
    columns["coded text"] = columns["text"].dictionary_encode()
    path = parquet(tmp_path / "t.parquet", **columns)
    sheet = Sheet.open(path)
    assert [note.split(" is nested")[0] for note in sheet.notes] == [
        "column 'nested'",
        "column 'struct'",
    ]
    names = ["decimal", "coded", "text", "coded text"]
    for name in names:
        assert sheet.table[name][8] == 2.0 and sheet.holes[name].tolist().index(True) == 4
    assert sheet.table["date"].dtype.kind == "M"
    filled = sheet.table.copy()
    for name in names:
        filled.loc[4, name] = 1.2345
    sheet.write(tmp_path / "out.parquet", filled, sheet.holes & np.isin(sheet.table.columns, names))
    before, after = pq.read_table(path), pq.read_table(tmp_path / "out.parquet")
    assert after.schema.equals(before.schema, check_metadata=True)
    written = [after[name][4].as_py() for name in names]
    assert written == [Decimal("1.23"), pytest.approx(1.2345), "1.23 V", "1.23 V"]
    for name in before.column_names:
        old, new = before[name].to_pylist(), after[name].to_pylist()
        same = [n for n in range(rows) if n != 4]
        assert [repr(old[n]) for n in same] == [repr(new[n]) for n in same]


def test_a_value_that_its_type_cannot_hold_names_file_and_column(tmp_path):
    path = parquet(tmp_path / "t.parquet", a=pa.array([Decimal("1.50"), None], pa.decimal128(3, 2)))
    sheet = Sheet.open(path)
    with pytest.raises(ValueError, match="t.parquet: column 'a' cannot hold a repair"):
        sheet.write(tmp_path / "out.parquet", sheet.table.fillna(12345.0), sheet.holes)
    assert not (tmp_path / "out.parquet").exists()


def test_numbers_that_fit_two_readings_are_refused_by_a_study_too(tmp_path):
    (tmp_path / "t.csv").write_text("t;a\n" + "0;1,234\n" * 40)
    with pytest.raises(ValueError, match="t.csv: column 'a' can be read in two ways"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "given, message",
    [
        ({"decimal": ";"}, "decimal must be one of"),
        ({"thousands": "x"}, "thousands must be one of"),
        ({"decimal": ",", "thousands": ","}, "must be two signs"),
        ({"sheet": "A"}, "sheet must be left out for 't.csv': only a workbook has sheets"),
    ],
)
def test_a_wrong_option_is_one_error(given, message, tmp_path):
    (tmp_path / "t.csv").write_text("t,a\n0,1\n")
    with pytest.raises(ValueError, match=message):
        open_file(tmp_path / "t.csv", **given)


@pytest.mark.parametrize("name", ["t.xls", "t.ods", "t.xlsb"])
def test_other_workbooks_are_named_with_the_way_out(name, tmp_path):
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(ValueError, match=r"save it as \.xlsx"):
        open_file(tmp_path / name)
