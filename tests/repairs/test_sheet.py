"""Files with holes: every byte, type and cell comes back but the holes; odd files are one error or
a named note.
"""

import csv
import gzip
import io
import os
import random
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import openpyxl.chart
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gru_lab.output import require_place
from gru_lab.repairs.sheet import Sheet


def filled(sheet, value=7.25, names=None):
    """The sheet's table with `value` in every hole of its channels (or those so named), and where
    that is.
    """
    numeric = [
        name
        for name, column in sheet.table.items()
        if pd.api.types.is_numeric_dtype(column) and column.count()
    ]
    where = sheet.holes & [name in (names or numeric) for name in sheet.table]
    table = sheet.table.copy()
    for name in numeric:
        table[name] = table[name].astype("Float64").mask(where[name], value)
    return table, where


def rewritten(path, out, missing=(), value=7.25, keep_flags=False, names=None):
    sheet = Sheet.open(path, missing)
    sheet.write(out, *filled(sheet, value, names), keep_flags)
    return sheet


MANNERS = {
    "plain": dict(),
    "semicolons": dict(sep=";"),
    "decimal comma": dict(sep=";", point=","),
    "TAB, Windows lines": dict(sep="\t", end="\r\n"),
    "bars, old Mac lines": dict(sep="|", end="\r"),
    "quoted numbers": dict(quote='"'),
    "quoted decimal comma": dict(quote='"', point=","),
    "latin-1": dict(encoding="latin-1"),
    "byte order mark": dict(encoding="utf-8-sig"),
    "UTF-16": dict(encoding="utf-16"),
    "UTF-16, big end first": dict(encoding="utf-16-be", mark="\ufeff"),
    "no end of the last line": dict(last=""),
    "a separator at each end": dict(sep=";", trail=";"),
    "a separator at each end but the header's": dict(sep=";", trail=";", head_trail=""),
    "empty lines": dict(between="\n"),
    "NaN": dict(hole="NaN"),
    "padded": dict(hole="   NA", shown="  7.2500"[-5:]),
    "gzipped": dict(name="table.csv.gz"),
}


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS)
@pytest.mark.parametrize("full", [False, True], ids=["some holes", "no holes"])
def test_a_text_file_comes_back_byte_for_byte_but_for_its_holes(manner, full, tmp_path, rng):
    get = manner.get
    sep, end, quote, point = get("sep", ","), get("end", "\n"), get("quote", ""), get("point", ".")
    hole = quote + get("hole", "") + quote

    def number(text):
        return quote + text.replace(".", point) + quote

    rows, expected = [], []
    for row in range(30):
        # a cell over two lines, with separator and quotes in it
        note = f'"a {sep} ""b""{end} ü {row}"'
        cells = [
            note,
            number(f"{rng.normal():.2f}"),
            number(f"{row * 100}"),
            number(f"{rng.normal():.2f}"),
        ]
        after = cells.copy()
        for column, text in ((1, "7.25"), (2, "7"), (3, "7.25")):
            if not full and rng.random() < 0.3 and row != 4:
                cells[column] = hole
                after[column] = number(text).rjust(len(hole)) if hole[:1] == " " else number(text)
        rows.append(sep.join(cells) + get("trail", ""))
        expected.append(sep.join(after) + get("trail", ""))
    header = sep.join(['"nöte"', "a", '"b c"', "d"])
    header += get("head_trail", get("trail", ""))

    def as_bytes(lines):
        text = (
            get("mark", "")
            + header
            + end
            + (end + get("between", "")).join(lines)
            + get("last", end)
        )
        return text.encode(get("encoding", "utf-8"))

    path, out = tmp_path / get("name", "table.csv"), tmp_path / ("out_" + get("name", "table.csv"))
    packed = path.suffix == ".gz"
    path.write_bytes(gzip.compress(as_bytes(rows)) if packed else as_bytes(rows))
    before = path.read_bytes()
    rewritten(path, out)
    after = gzip.decompress(out.read_bytes()) if packed else out.read_bytes()
    assert after == as_bytes(expected)
    assert path.read_bytes() == before


ODD_CELLS = [
    "",
    "NaN",
    '""',
    "  ",
    "ERR",
    'a"b',
    '"x y"',
    '"q""r"',
    "ü",
    "-999.9",
    "1_000",
    "TRUE",
    "\u2028",
    "'",
    "7",
]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_stands_in_the_cells_only_holes_change(seed, tmp_path):
    chance = random.Random(seed)
    separator, end = chance.choice(",;\t|"), chance.choice(["\n", "\r\n", "\r"])
    odd = [*ODD_CELLS, f'"a{separator}b"', f'"one{end}two"']

    def cell():
        return (
            f"{chance.uniform(-99, 99):.{chance.randint(0, 4)}f}"
            if chance.random() < 0.7
            else chance.choice(odd)
        )

    columns = chance.randint(2, 5)
    rows = [[f"c{column}" for column in range(columns)]]
    rows += [[cell() for _ in range(columns)] for _ in range(chance.randint(1, 25))]
    path = tmp_path / "table.csv"
    path.write_bytes(end.join(map(separator.join, rows)).encode())
    sheet = rewritten(path, tmp_path / "out.csv")
    changed = filled(sheet)[1].to_numpy()
    before, after = (
        list(csv.reader(io.StringIO(name.read_bytes().decode(), newline=""), delimiter=separator))
        for name in (path, tmp_path / "out.csv")
    )
    assert before[0] == after[0] and len(before) == len(after) == len(changed) + 1
    for old, new, holes in zip(before[1:], after[1:], changed, strict=True):
        for a, b, hole in zip(old, new, holes, strict=True):
            assert (a.strip() in ("", "NaN") and float(b)) if hole else a == b


def test_a_table_of_one_column_has_holes_in_its_empty_lines(tmp_path):
    (tmp_path / "one.csv").write_bytes(b"a\n1.5\n\n2.5\n\n")
    rewritten(tmp_path / "one.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"a\n1.5\n7.2\n2.5\n\n"


def test_a_column_keeps_its_manner_of_writing_numbers_and_flags(tmp_path):
    lines = [
        "whole;fine;fixed;power;flag;shout",
        "3;0.125;1.50;1.25e-07;true;FALSE",
        ";;;;;",
        "4;0.5;2.00;-3e-08;false;TRUE",
    ]
    (tmp_path / "table.csv").write_text("\n".join(lines))
    sheet = Sheet.open(tmp_path / "table.csv")
    table, where = filled(sheet)
    table.loc[1] = [-0.2, 0.8999, 0.8999, 1.23456e-7, 1, 0]
    sheet.write(tmp_path / "out.csv", table, where)
    assert (tmp_path / "out.csv").read_text().splitlines()[2] == "0;0.9;0.90;1.23e-07;true;FALSE"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_flags_are_a_column_that_names_what_was_repaired_in_each_row(suffix, tmp_path):
    frame = pd.DataFrame(
        {"a": [1.5, np.nan, 2.5], "b": [np.nan, np.nan, 1.0], "repaired": ["x", "y", "z"]}
    )
    path, out = tmp_path / f"table.{suffix}", tmp_path / f"out.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    rewritten(path, out, keep_flags=True)
    back = pd.read_csv(out, keep_default_na=False) if suffix == "csv" else pd.read_parquet(out)
    assert list(back["repaired_"]) == ["b", "a + b", ""] and list(back["repaired"]) == [
        "x",
        "y",
        "z",
    ]


def test_a_flag_that_holds_the_separator_is_quoted_and_a_trailing_separator_moves_nothing(tmp_path):
    (tmp_path / "table.csv").write_text('"a;b";c\n1;2;\n;2;\n')
    rewritten(tmp_path / "table.csv", tmp_path / "out.csv", keep_flags=True)
    assert (tmp_path / "out.csv").read_text() == '"a;b";c;repaired\n1;2;\n7;2;"a;b"\n'


def test_a_parquet_file_keeps_types_index_metadata_and_other_columns(tmp_path, rng):
    index = pd.date_range("2024-03-31", periods=6, freq="h", tz="Europe/Berlin", name="when")
    frame = pd.DataFrame(
        {
            "narrow": pd.array([1, None, 3, 4, None, 6], "Int8"),
            "single": np.array([1, np.nan, 3, 4, 5, 6], np.float32),
            "double": pd.array([0.1, None, 0.3, None, 0.5, 0.6], "Float64"),
            "flag": pd.array([True, None, False, True, True, None], "boolean"),
            "kind": pd.Categorical(list("abcabc")),
            "list": [[1, 2], [], None, [3], [4], [5]],
        },
        index=index,
    )
    path, out = tmp_path / "table.parquet", tmp_path / "out.parquet"
    frame.to_parquet(path, compression="zstd")
    rewritten(path, out, value=1000)
    before, after = pq.read_table(path), pq.read_table(out)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert pq.ParquetFile(out).metadata.row_group(0).column(0).compression == "ZSTD"
    back = pd.read_parquet(out)
    pd.testing.assert_index_equal(back.index, pd.read_parquet(path).index)
    expected = {
        "narrow": 127,
        "single": 1000,
        "double": 1000,
        "flag": True,
    }  # an Int8 holds no more than 127
    for name in frame:
        old, new = before[name].to_pylist(), after[name].to_pylist()
        assert new == [expected.get(name) if a is None or a != a else a for a in old]


def test_null_and_nan_stay_what_they_are_where_nothing_is_repaired(tmp_path):
    pq.write_table(
        pa.table({"a": pa.array([1.0, None, float("nan"), 4.0]), "b": [1.0, None, 3.0, 4.0]}),
        tmp_path / "t.parquet",
    )
    rewritten(tmp_path / "t.parquet", tmp_path / "out.parquet", names=["b"])
    back = pq.read_table(tmp_path / "out.parquet")
    assert (
        back["a"].is_null().to_pylist() == [False, True, False, False]
        and back["a"][2].as_py() != back["a"][2].as_py()
    )
    assert back["b"].to_pylist() == [1.0, 7.25, 3.0, 4.0]


@pytest.fixture
def workbook(tmp_path):
    """A workbook with formats, formulas, a second sheet, and holes."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Messung"
    for line in (
        ["when", "a", "count", "ok", "twice"],
        [1, 1.5, 3, True, "=B2*2"],
        [2, None, None, None, "=B3*2"],
        [3, 2.5, 5, False, "=B4*2"],
    ):
        sheet.append(line)
    sheet["B2"].number_format = "0.000"
    sheet["B2"].font = openpyxl.styles.Font(bold=True)
    sheet["A1"].comment = openpyxl.comments.Comment("in hours", "Ada")
    sheet.freeze_panes = "B2"
    sheet.column_dimensions["A"].width = 33
    book.create_sheet("notes")["C3"] = "keep me"
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def test_a_workbook_keeps_its_other_cells_sheets_formulas_and_formats(workbook, tmp_path):
    sheet = rewritten(workbook, tmp_path / "out.xlsx", value=7.249, keep_flags=True)
    assert any("formulas without a stored value" in note for note in sheet.notes)
    before, after = openpyxl.load_workbook(workbook), openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert after.sheetnames == ["Messung", "notes", "repaired"]
    changed = {"B3": 7.2, "C3": 7, "D3": True}  # as many digits as the others have
    for old, new in zip(before["Messung"], after["Messung"], strict=True):
        for a, b in zip(old, new, strict=True):
            assert b.value == changed.get(a.coordinate, a.value) and type(b.value) is type(
                changed.get(a.coordinate, a.value)
            )
            assert a.number_format == b.number_format and repr((a.font, a.fill)) == repr(
                (b.font, b.fill)
            )
    one = after["Messung"]
    assert (
        one["A1"].comment.text == "in hours"
        and one.freeze_panes == "B2"
        and one.column_dimensions["A"].width == 33
    )
    assert after["notes"]["C3"].value == "keep me"
    marked = [tuple(row) for row in after["repaired"].values]
    assert marked == [("row", "column", "value"), (3, "a", 7.2), (3, "count", 7), (3, "ok", True)]


def with_macros(path, out):
    """Write a workbook again with a part for macros, as Excel does."""
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    part = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "[Content_Types].xml":
                content = content.replace(
                    kind, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
                )
                content = content.replace(b"</Types>", part)
            new.writestr(name, content)
        new.writestr("xl/vbaProject.bin", b"the macros")


def test_a_workbook_with_macros_keeps_them(workbook, tmp_path):
    with_macros(workbook, tmp_path / "macros.xlsm")
    sheet = rewritten(tmp_path / "macros.xlsm", tmp_path / "out.xlsm", keep_flags=True)
    with zipfile.ZipFile(tmp_path / "out.xlsm") as parts:
        assert parts.read("xl/vbaProject.bin") == b"the macros"
        assert b"macroEnabled" in parts.read("[Content_Types].xml")
    assert not any("macro" in note or "charts" in note for note in sheet.notes)
    assert openpyxl.load_workbook(tmp_path / "out.xlsm").sheetnames[-1] == "repaired"
    with pytest.raises(ValueError, match="OUT must end in .xlsm"):
        sheet.require_out(tmp_path / "out.xlsx")


def test_a_chart_in_a_workbook_is_warned_of(tmp_path):
    book = openpyxl.Workbook()
    for row in [("a", "b"), *((float(n), n % 3 and n / 7) for n in range(20))]:
        book.active.append(row)
    chart = openpyxl.chart.LineChart()
    chart.add_data(openpyxl.chart.Reference(book.active, min_col=1, min_row=1, max_row=20))
    book.active.add_chart(chart, "D2")
    book.save(tmp_path / "chart.xlsx")
    assert any(
        "charts of the workbook may be missing" in note
        for note in Sheet.open(tmp_path / "chart.xlsx").notes
    )


def test_text_among_the_numbers_of_a_workbook_stays(tmp_path):
    book = openpyxl.Workbook()
    for line in ([None, "a"], *([row, 2.5 if row % 2 else None] for row in range(20)), [20, "ERR"]):
        book.active.append(line)
    book.save(tmp_path / "book.xlsx")
    sheet = rewritten(tmp_path / "book.xlsx", tmp_path / "out.xlsx")
    assert "the first in row 22: 'ERR'" in sheet.notes[0]
    values = [row[1] for row in openpyxl.load_workbook(tmp_path / "out.xlsx").active.values]
    assert values == ["a", *[7.2, 2.5] * 10, "ERR"]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape, suffix", [((40,), "npy"), ((40, 3), "npy"), ((40, 3), "npz")])
def test_an_array_comes_back_bit_for_bit_in_its_type_and_order(suffix, shape, order, tmp_path, rng):
    array = np.asarray(rng.random(shape, dtype=np.float32), order=order)
    array[rng.random(shape) < 0.2] = np.nan
    path, out = tmp_path / f"a.{suffix}", tmp_path / f"out.{suffix}"
    np.save(path, array) if suffix == "npy" else np.savez(path, values=array, rate=np.float64(1.5))
    rewritten(path, out)
    back = np.load(out)
    if suffix == "npz":
        assert back["rate"] == 1.5
        back = back["values"]
    assert back.dtype == np.float32 and back.flags.f_contiguous == array.flags.f_contiguous
    np.testing.assert_array_equal(back, np.where(np.isnan(array), np.float32(7.25), array))


def test_flags_of_arrays(tmp_path):
    array = np.array([[1.0, np.nan], [2.0, 3.0]])
    np.savez_compressed(tmp_path / "a.npz", values=array)
    rewritten(tmp_path / "a.npz", tmp_path / "out.npz", keep_flags=True)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npz")["repaired"], np.isnan(array))
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match="NPY file has no room for flags"):
        rewritten(tmp_path / "a.npy", tmp_path / "out.npy", keep_flags=True)
    assert not (tmp_path / "out.npy").exists()
    with pytest.raises(ValueError, match="a.npy: an NPY file has no room for flags"):
        Sheet.open(tmp_path / "a.npy").file.require_flags()  # which `repair` asks before the work


def test_sentinels_are_holes_only_where_they_are_named(tmp_path):
    rest = "4,2.55,3.25,8\n" * 9
    before = "t,a,b,c\n0,1.5,-999.9,7\n1,-999.9,2.25,-\n2,2.5,3.25,-\n3,,4.25,9\n" + rest
    after = "t,a,b,c\n0,1.5,7.25,7\n1,7.25,2.25,7\n2,2.5,3.25,7\n3,7.25,4.25,9\n" + rest
    (tmp_path / "table.csv").write_text(before)
    assert Sheet.open(tmp_path / "table.csv").holes.to_numpy().sum() == 1
    sheet = rewritten(tmp_path / "table.csv", tmp_path / "out.csv", ["-999.9", "-"])
    assert sheet.holes.to_numpy().sum() == 5 and sheet.notes == []
    assert (tmp_path / "out.csv").read_text() == after


def test_a_sentinel_that_is_not_repaired_stays(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n1.5,-99\n-99,1.5\n")
    rewritten(tmp_path / "table.csv", tmp_path / "out.csv", [-99], names=["a"])
    assert (tmp_path / "out.csv").read_text() == "a,b\n1.5,-99\n7.2,1.5\n"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "Int64"])
def test_a_sentinel_is_found_in_every_type_of_number(dtype):
    sheet = Sheet.of(pd.DataFrame({"a": pd.Series([1, -999, 3]).astype(dtype)}), ["-999"])
    assert sheet.holes["a"].tolist() == [False, True, False] and sheet.table[
        "a"
    ].isna().tolist() == [False, True, False]


def test_infinity_can_be_named_as_missing_and_means_both_signs(tmp_path):
    (tmp_path / "table.csv").write_text("a\n1.5\ninf\n-inf\n2.5\n")
    assert Sheet.open(tmp_path / "table.csv", ["inf"]).holes["a"].tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_a_missing_value_that_is_nowhere_is_named():
    (note,) = Sheet.of(pd.DataFrame({"a": [1.0, 2.0]}), ["-999"]).notes
    assert "--missing-value '-999' stands nowhere" in note


def test_text_among_numbers_is_named_with_its_place_and_stays(tmp_path):
    text = "a,b\n" + "1.5,2\n" * 8 + "ERR,3\n" + ",4\n"
    (tmp_path / "table.csv").write_text(text)
    sheet = rewritten(tmp_path / "table.csv", tmp_path / "out.csv")
    (note,) = sheet.notes
    assert (
        note.startswith("column 'a' holds text in 1 cell, the first in line 10: 'ERR'")
        and "--missing-value a=ERR" in note
    )
    assert (tmp_path / "out.csv").read_text() == text.replace("\n,4", "\n7.2,4")


@pytest.mark.parametrize(
    "event, after",
    [
        ("2024-03-02 00:17,sensor cleaned,,", "2024-03-02 01:00,,5,"),
        ("2024-03-02 00:17,,,die Batterie gewechselt", "2024-03-02 01:00,,5,"),
        ("2024-03-02 01:00,,,开始记录", "2024-03-02 01:00,,5,"),
        ("2024-03-02 01:00,sensor cleaned,,", ""),
        ("$RT_COUNT$,,,", "2024-03-02 01:00,,5,"),
    ],
    ids=[
        "between",
        "in a note",
        "at a time that comes twice",
        "instead of numbers",
        "without a time",
    ],
)
def test_a_row_that_tells_of_an_event_stays_and_is_named(event, after, tmp_path):
    rows = [
        f"{t:%Y-%m-%d %H:%M},{t.hour},5," for t in pd.date_range("2024-03-01", periods=25, freq="h")
    ]
    lines = ["t,a,b,note", *rows, event, *filter(None, [after]), "2024-03-02 02:00,,,"]
    text = "\n".join(lines) + "\n"
    (tmp_path / "table.csv").write_text(text)
    sheet = rewritten(tmp_path / "table.csv", tmp_path / "out.csv")
    (note,) = sheet.notes
    (words,) = [cell for cell in event.split(",") if cell and not cell.startswith("2024")]
    assert note.startswith(f"1 row, the first in line 27: {words!r}, hold text and no number")
    expected = text.replace("01:00,,5", "01:00,7,5").replace("02:00,,,", "02:00,7,7,")
    assert (tmp_path / "out.csv").read_text() == expected
    empty = event.replace(words, "") if words[0] != "$" else "2024-03-02 00:30,,,"
    (tmp_path / "table.csv").write_text(text.replace(event, empty))
    rewritten(tmp_path / "table.csv", tmp_path / "out.csv")  # as the note advises
    assert empty not in (tmp_path / "out.csv").read_text()


def test_a_word_that_stands_for_missing_again_and_again_is_no_event(tmp_path):
    text = "a,b\n" + "1.5,2\n" * 20 + "No Data,\n" * 3
    (tmp_path / "table.csv").write_text(text)
    sheet = rewritten(tmp_path / "table.csv", tmp_path / "out.csv")
    assert '--missing-value "a=No Data"' in sheet.notes[0] and sheet.holes["b"].sum() == 3


def test_a_number_that_a_spreadsheet_made_a_date_is_not_advised_to_be_missing(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n" + "1.5,2\n" * 20 + "5-Mar,3\n")
    (note,) = Sheet.open(tmp_path / "table.csv").notes
    assert "'5-Mar'. They stay as they are" in note and "--missing-value" not in note


def test_a_word_like_true_among_numbers_makes_no_flags_of_them(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\nTRUE,1\n" + "1.5,2\n" * 9 + ",3\n")
    rewritten(tmp_path / "table.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().endswith("\n7.2,3\n")


def test_a_column_that_is_mostly_text_is_no_channel_and_stays(tmp_path):
    text = "name,a\nx1,1.5\n12,2.5\n,\n"
    (tmp_path / "table.csv").write_text(text)
    sheet = rewritten(tmp_path / "table.csv", tmp_path / "out.csv")
    assert sheet.notes == [] and (tmp_path / "out.csv").read_text() == text[:-1] + "7.2\n"


UNREADABLE = {
    "lines.txt": (
        '{"t":"2024-03-01","T":1.5}\n' * 9,
        "and is JSON, .*; read it with pandas.read_json",
    ),
    "page.csv": ("<table><tr><td>1</td></tr></table>", "HTML or XML; .* read_html"),
    "cells.csv": ("a,b,c\n1,2,3\n4,5,6,7\n", r"as many cells as the header, 3, and line 3 has 4"),
    "names.csv": (
        "Date, GMT+1,A,B\n" + "".join(f"03/28/24 {h:02}:00,{h},{h * h}\n" for h in range(24)),
        r"as many cells as the header, 4, and line 2 has 3",
    ),
    "short.csv": ("a,b,c\n1,2,3\n4,5\n", r"line 3 has 2: mend that line"),
    "comma.csv": ("a,b\n1,5,2,5\n1,5,2,5\n", "decimal commas need another separator"),
    "spaces.csv": (
        "a b c\n1 2 3\n4   6\n7   9\n",
        "separated by one of comma, .* spaces, colon, as many .* 'a b c' is the only name",
    ),
    "quote.csv": ('a,b\n1,"2\n3,4\n', "could not be read"),
    "twice.csv": ("a,b,a\n1,2,3\n", "'a' is there twice; rename one"),
    "empty.csv": ("", "it is empty"),
    "blank.csv": ("\n \n", "it is empty"),
    "binary.csv": (b"\x89PNG\r\n\x00\x01", "binary data"),
    "nul.csv": (b"a,b\n" + b"1,2\n" * 30 + b"1,\x00\n", "line 32 holds NUL bytes.*tr -d"),
    "workbook.csv": (b"PK\x03\x04...", "another kind of file; name it .xlsx"),
    "old.xls": (b"\xd0\xcf", "open it in Excel or LibreOffice and save it as .xlsx"),
    "header.csv": ("a,b\n", "must have rows"),
    "plain.csv.gz": ("a,b\n1,2\n", "could not be read"),
    "cut.csv.gz": (gzip.compress(b"a,b\n" + b"1.5,2.5\n" * 500)[:-9], "could not be read"),
    "sum.csv.gz": (gzip.compress(b"a,b\n1,2\n")[:-8] + b"\0" * 8, "could not be read"),
    "no.xlsx": (b"PK\x03\x04", "could not be read"),
    "no.parquet": (b"PAR1", "could not be read"),
    "no.npy": (b"\x93NUMPY", "could not be read"),
    "table.json": ("[]", "data must be one of .csv"),
    "table": ("a\n1\n", "data must be one of .csv"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_table_is_one_error_that_names_it(name, tmp_path):
    content, message = UNREADABLE[name]
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=message) as caught:
        Sheet.open(tmp_path / name)
    assert name in str(caught.value) and "\n" not in str(caught.value)


NO_TABLES = {
    "empty": [],
    "a name twice": [["a", "a"], [1, 2]],
    "no rows": [["a", "b"]],
}


@pytest.mark.parametrize("content", NO_TABLES.values(), ids=NO_TABLES)
def test_a_workbook_that_holds_no_table_is_an_error(content, tmp_path):
    book = openpyxl.Workbook()
    for line in content:
        book.active.append(line)
    book.save(tmp_path / "book.xlsx")
    with pytest.raises(ValueError, match="book.xlsx"):
        Sheet.open(tmp_path / "book.xlsx")


@pytest.fixture
def as_nobody():
    """For the length of a test, a user who may not read what is root's."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


def test_what_may_not_be_read_or_written_is_an_error(as_nobody):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own belongs to root
        path = Path(folder, "secret.csv")
        path.write_text("a\n1\n")
        path.chmod(0)
        with pytest.raises(ValueError, match="secret.csv.* could not be read: .*Permission denied"):
            Sheet.open(path)
        Path(folder).chmod(0o500)
        with pytest.raises(ValueError, match="OUT must be in a folder you may write to"):
            require_place("OUT", Path(folder, "out.csv"))
        Path(folder).chmod(0o700)
