"""What stands above, under and below a table: it is read past, said, and every byte of it stays."""

import numpy as np
import openpyxl
import pandas as pd
import pytest

from gru_lab.repairs.sheet import Sheet
from gru_lab.tables.layout import Layout
from gru_lab.tables.missing_rows import with_rows
from gru_lab.tables.names import is_unit

DATA = [f"2024-03-01 {h:02d}:00:00,{10 + h / 4:.2f},{60 - h / 8:.3f}" for h in range(24)]
HOLED = [*DATA[:5], "2024-03-01 05:00:00,,59.375", *DATA[6:]]


def table(*above, below=(), separator=",", rows=HOLED):
    lines = [*above, *rows]
    return "\n".join([*(line.replace(",", separator) for line in lines), *below]) + "\n"


HEADS = {  # the file, and what `read as` says of it
    "plain": (table("time,T,RH"), "text, utf-8, comma"),
    "units": (table("time,T,RH", "yyyy-mm-dd hh:mm:ss,degC,%"), "a row of units"),
    "units above the names": (table(",°C,%", "time,T,RH"), "1 line above the names"),
    "units above, with a word": (table("unit,degC,%", "time,T,RH"), "1 line above the names"),
    "carets": (table("time,T,RH", separator="^"), "caret"),
    "tildes": (table("time,T,RH", separator="~"), "tilde"),
    "types of columns": (table("# of the USGS", "time,T,RH", "20d,14n,5s"), "a row of units"),
    "TOA5": (
        table(
            '"TOA5","st1","CR1000","123","CR1000.Std.26","CPU:p.CR1","50269","Hour"',
            '"time","T","RH"',
            '"TS","degC","%"',
            '"","Avg","Smp"',
        ),
        "2 rows of units",
    ),
    "TOA5 as wide as the table": (
        table('"TOA5","st1","CR1000"', '"time","T","RH"', '"TS","degC","%"', '"","Avg","Smp"'),
        "2 rows of units",
    ),
    "sep=": (table("time,T,RH", separator=";").join(["sep=;\n", ""]), "semicolon"),
    "a title": (table("Logger 7 in hall 3", "time,T,RH"), "1 line above the names"),
    "several lines above": (
        table("Station: A", "Serial: 12345", "", "time,T,RH"),
        "2 lines above the names",
    ),
    "key and value above": (
        table("Station,Aasee", "Serial,12345", "time,T,RH"),
        "2 lines above the names",
    ),
    "a table on the station above": (
        table("Name,Long,Lat", '"Home",11.5,48.1', "time,T,RH"),
        "2 lines above the names",
    ),
    "a title from a spreadsheet": (table("Logger 7,,", "time,T,RH"), "1 line above the names"),
    "comments": (table("# made by a logger", "# v 1.2, 2024", "time,T,RH"), "comma"),
    "names in a comment": (table("# made by a logger", "# time,T,RH"), "comma"),
    "names and units in comments": (table("#time,T,RH", "#yr,degC,%"), "a row of units"),
    "lines of a report": (table("-" * 40, "time,T,RH", "-" * 40, below=["-" * 40]), "comments"),
    "InfluxDB": (
        table("#group,false,false", "#datatype,dateTime,double", "#default,,", "time,T,RH"),
        "comma",
    ),
    "a sum": (table("time,T,RH", below=["Mean,12.87,58.563"]), "1 line at the end"),
    "a sum in a language that is on no list": (
        table("time,T,RH", below=["Итого,12.87,58.563", "Średnia,12.87,58.563"]),
        "2 lines at the end",
    ),
    "a note between the rows": (
        table("time,T,RH", rows=[*HOLED[:9], "sensor cleaned", *HOLED[9:]]),
        "words in line 11",
    ),
    "notes with a time": (
        table(
            "time,T,RH",
            rows=[
                *HOLED[:9],
                "2024-03-01 08:17:00,sensor cleaned",
                *HOLED[9:20],
                "Pause",
                *HOLED[20:],
            ],
        ),
        "2 lines of words, the first is line 11",
    ),
    "an empty row above a sum": (
        table("time,T,RH", below=[",,", "Mean,12.87,58.563", "Max:,15.75,60"]),
        "3 lines at the end",
    ),
    "an end": (table("time,T,RH", below=["", "End of file"]), "1 line at the end"),
    "a comment at the end": (table("time,T,RH", below=["# end"]), "comma"),
    "names again": (
        table("time,T,RH", rows=[*HOLED[:12], "time,T,RH", *HOLED[12:]]),
        "the names again in line 14",
    ),
    "names again behind a mark of the byte order": (
        table("time,T,RH", rows=[*HOLED[:12], "\ufefftime,T,RH", *HOLED[12:]]),
        "the names again in line 14",
    ),
    "names and units again, where a log begins again": (
        table(
            *("Logger 7", "time,T,RH", "h,degC,%"),
            rows=[*HOLED[:9], "Logger 7", "time, T, RH", "h,degC,%", *HOLED[9:]],
        ),
        "the names again in line 14",
    ),
    "a mark under a head of key and value": (
        table("Writer_Version,2,", "Separator,Tab,", "***End_of_Header***,,", "time,T,RH"),
        "3 lines above the names",
    ),
    "a row of another kind above, and a count at the end": (
        table("C,PUBLIC,2024/03/05", "time,T,RH", below=["C,END OF REPORT"]),
        "1 line at the end",
    ),
    "a line of a report between bars": (table("time,T,RH", "---,:---,---:"), "comments"),
}


def test_names_in_three_rows_are_joined_where_two_are_not_enough(tmp_path):
    """As Japan's weather service writes them: place, quantity, what is said of it."""
    above = [",東京,東京,東京,東京", "年月日時,気温,気温,湿度,湿度", ",,品質情報,,品質情報"]
    rows = [f"2024/3/1 {h}:00:00,{h / 4},8,{60 - h},8" for h in range(24)]
    (tmp_path / "t.csv").write_bytes("\n".join([*above, *rows]).encode("cp932"))
    file = Sheet.open(tmp_path / "t.csv").file
    last = ["東京 湿度", "東京 湿度 品質情報"]
    assert list(file.cells) == ["年月日時", "東京 気温", "東京 気温 品質情報", *last]
    assert "names in three rows" in file.about


def test_lines_of_prose_stand_above_a_table_that_spaces_separate(tmp_path):
    prose = ["Oxford", "Missing data is marked by  ---.", "  yyyy  mm   tmax    rain"]
    rows = [f"  {2000 + n // 12}  {n % 12 + 1:2}   {n / 4:5.1f}   {n:5.1f}" for n in range(60)]
    (tmp_path / "t.txt").write_text("\n".join([*prose, *rows]))
    assert list(Sheet.open(tmp_path / "t.txt").table) == ["yyyy", "mm", "tmax", "rain"]


def test_decimal_commas_between_spaces_are_no_separators(tmp_path):
    rows = [f"2024-03-01T{h:02}:00 {h / 4:.2f} {60 - h:.1f}".replace(".", ",") for h in range(24)]
    (tmp_path / "t.txt").write_text("\n".join(["t A B", *rows]))
    sheet = Sheet.open(tmp_path / "t.txt")
    assert list(sheet.table) == ["t", "A", "B"] and sheet.table["A"][5] == 1.25


@pytest.mark.parametrize("text, said", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("keep_flags", [False, True])
def test_a_head_is_read_past_said_and_kept(text, said, end, keep_flags, tmp_path):
    path, out = tmp_path / "table.csv", tmp_path / "out.csv"
    path.write_bytes(text.replace("\n", end).encode())
    sheet = Sheet.open(path)
    assert list(sheet.table) == ["time", "T", "RH"] and sheet.table.shape == (24, 3)
    assert said in sheet.file.about and sheet.notes == []
    np.testing.assert_allclose(sheet.table["RH"], 60 - np.arange(24) / 8)
    assert sheet.holes.to_numpy().sum() == 1 and sheet.holes["T"][5]
    assert f"line {text.splitlines().index(DATA[3].replace(',', sheet.file.separator)) + 1}" == (
        sheet.file.place(3)
    )
    sheet.write(out, sheet.table.fillna(11.25), sheet.holes, keep_flags)
    separator = sheet.file.separator
    hole = f"05:00:00{separator}{separator}"
    expected = text.replace(hole, hole[:-1] + "11.25" + separator).replace("\n", end)
    if not keep_flags:
        assert out.read_bytes() == expected.encode()
    else:
        again = Sheet.open(out)
        assert list(again.table)[3] == "repaired" and again.table.shape == (24, 4)
        assert again.table["repaired"][5] == "T"


SPACED = {  # lines above, a row, and what stands in its hole before and after
    "NOAA's buoys": (
        ["#YY  MM DD hh mm  WTMP", "#yr  mo dy hr mn  degC"],
        "{t:%Y %m %d %H %M} {v:>6}",
        ("    NA", "  1.75"),
    ),
    "R": (['"time" "WTMP"'], '"{n}" "{t:%Y-%m-%d %H:%M}" {v}', ("NA", "1.75")),
    "MATLAB": (
        ["% made by a logger", "% date hour WTMP"],
        "  {t:%Y-%m-%d %H:%M} {v:8}  ",
        ("NA", "1.75"),
    ),
}


@pytest.mark.parametrize("above, row, hole", SPACED.values(), ids=SPACED)
def test_cells_that_spaces_separate_are_read_and_written_in_their_width(above, row, hole, tmp_path):
    times = pd.date_range("2024-03-01 01:00", periods=60, freq="h")
    values = ["NA" if n == 7 else f"{n / 4:.2f}" for n in range(60)]
    lines = [row.format(n=n, t=t, v=v) for n, (t, v) in enumerate(zip(times, values, strict=True))]
    path, out = tmp_path / "t.txt", tmp_path / "out.txt"
    path.write_text("\n".join([*above, *lines]) + "\n")
    sheet = Sheet.open(path)
    assert "spaces" in sheet.file.about and sheet.holes["WTMP"].sum() == 1
    layout = Layout.of(sheet.table).require()
    np.testing.assert_array_equal(layout.labels, times.to_numpy("M8[ns]"))
    sheet.write(out, sheet.table.fillna(1.75), sheet.holes)
    assert out.read_text() == path.read_text().replace(*hole)
    with pytest.raises(ValueError, match="leave --keep-flags out"):
        sheet.file.require_flags()
    with pytest.raises(ValueError, match="fill_rows: where only spaces separate cells"):
        with_rows(sheet.file, layout)


def test_words_in_a_single_column_are_not_parted(tmp_path):
    (tmp_path / "t.csv").write_text("T\n" + "".join(f"{n / 4:.2f} °C\n" for n in range(30)))
    assert list(Sheet.open(tmp_path / "t.csv").table) == ["T"]


def test_units_are_given_by_column(tmp_path):
    (tmp_path / "t.csv").write_text(HEADS["TOA5"][0])
    assert Sheet.open(tmp_path / "t.csv").units == {"time": "TS", "T": "degC", "RH": "%"}


def test_the_names_of_two_rows_are_joined(tmp_path):
    rows = [f"2024-03-01 {h:02d}:00,{h},{h / 2},{h * 3},{h / 7:.3f}" for h in range(24)]
    text = "\n".join(["time,Hall,,Roof,", ",T,RH,T,RH", *rows]) + "\n"
    (tmp_path / "t.csv").write_text(text)
    sheet = Sheet.open(tmp_path / "t.csv")
    assert list(sheet.table) == ["time", "Hall T", "Hall RH", "Roof T", "Roof RH"]
    assert len(sheet.table) == 24 and "names in two rows" in sheet.file.about


def test_a_column_of_row_names_without_a_name_is_seen(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{n},{n / 2},{n % 5}\n" for n in range(30)))
    sheet = Sheet.open(tmp_path / "t.csv")
    assert list(sheet.table) == ["Unnamed: 0", "a", "b"] and sheet.table["a"][3] == 1.5
    assert "a column of row names" in sheet.file.about


@pytest.mark.parametrize(
    "header, row, names",
    [
        ('"a","b"', '"{n}",{x},5', ["Unnamed: 0", "a", "b"]),
        ("time,a", "2024-03-{n:02d},{x},ok", ["time", "a", "Unnamed: 2"]),
        ("time a", "2024-03-01 00:{n:02d} {x}", ["time", "time clock", "a"]),
    ],
    ids=["row names of some rows, by R", "marks without a name", "a date and a clock"],
)
def test_a_cell_more_than_names_is_told_by_what_stands_there(header, row, names, tmp_path):
    rows = [row.format(n=n, x=n / 7) for n in range(1, 30, 2)]
    (tmp_path / "t.csv").write_text("\n".join([header, *rows]))
    layout = Layout.of(table := Sheet.open(tmp_path / "t.csv").table)
    assert list(table) == names and table["a"].tolist() == [n / 7 for n in range(1, 30, 2)]
    assert "Unnamed: 0" not in layout.channels and "a" in layout.channels


def test_cells_that_all_lines_but_the_first_leave_out_are_no_holes(tmp_path):
    rows = [DATA[0] + ",0123,x", *HOLED[1:]]
    text = "\n".join(["time,T,RH,serial,note", *rows])
    (tmp_path / "t.csv").write_text(text)
    sheet = Sheet.open(tmp_path / "t.csv")
    assert list(sheet.table) == ["time", "T", "RH", "serial", "note"]
    assert sheet.holes.sum().to_dict() == {"time": 0, "T": 1, "RH": 0, "serial": 0, "note": 0}
    sheet.write(tmp_path / "o.csv", sheet.table.assign(T=sheet.table["T"].fillna(9)), sheet.holes)
    assert (tmp_path / "o.csv").read_text() == text.replace("05:00:00,,", "05:00:00,9.00,")


def test_lines_in_quotes_and_a_table_on_its_side_are_named(tmp_path):
    (tmp_path / "t.csv").write_text("\n".join(f'"{line}"' for line in ["time,T,RH", *DATA]))
    with pytest.raises(ValueError, match="each line stands in quotation marks as a whole"):
        Sheet.open(tmp_path / "t.csv")
    rows = [line.split(",") for line in ["time,T,RH", *DATA]]
    (tmp_path / "t.csv").write_text("\n".join(map(",".join, zip(*rows, strict=True))))
    (note,) = Sheet.open(tmp_path / "t.csv").notes
    assert "are times, such as '2024-03-01 00:00:00': one row holds many of them" in note


def test_a_line_cut_short_is_an_error_and_no_summary(tmp_path):
    (tmp_path / "t.csv").write_text(table("time,T,RH", below=["2024-03-02 00:00:00,1"]))
    with pytest.raises(ValueError, match="line 26 has 2: mend that line"):
        Sheet.open(tmp_path / "t.csv")


def test_a_quotation_that_never_ends_is_named_with_its_line(tmp_path):
    (tmp_path / "t.csv").write_text(table("time,T,RH") + '2024-03-02 00:00:00,"1,2\n')
    with pytest.raises(ValueError, match="line 26 opens a quotation mark that nothing closes"):
        Sheet.open(tmp_path / "t.csv")


def test_a_line_of_more_characters_than_python_reads_by_itself(tmp_path):
    note, path = "x" * 200_000, tmp_path / "t.csv"
    path.write_text(table("time,T,RH") + f'2024-03-02 00:00:00,1.00,"{note}"\n')
    sheet = Sheet.open(path)
    assert len(sheet.table) == 25 and sheet.holes["T"].sum() == 1
    sheet.write(tmp_path / "out.csv", sheet.table.fillna(11.25), sheet.holes)
    assert (tmp_path / "out.csv").read_text().endswith(f'1.00,"{note}"\n')


@pytest.mark.parametrize("text", ["degC", "°C", "%", "W/m2", "[hPa]", "m s-1", "µg/m³", "Avg", "-"])
def test_units_are_known(text):
    assert is_unit(text)


@pytest.mark.parametrize("text", ["ERR", "bad", "off", "", "2024", "fail"])
def test_what_may_stand_in_a_row_of_data_is_no_unit(text):
    assert not is_unit(text)


def workbook(path, *above, rows=30, more=None):
    book = openpyxl.Workbook()
    for line in above:
        book.active.append(line)
    for n in range(rows):
        book.active.append([n, None if n == 4 else n / 4, 60 - n / 8])
    if more:
        more(book)
    book.save(path)
    return path


@pytest.mark.parametrize(
    "above, names",
    [
        ([["t", "T", "RH"]], ["t", "T", "RH"]),
        ([["Logger 7"], [], ["t", "T", "RH"]], ["t", "T", "RH"]),
        ([["t", "T", "RH"], ["s", "degC", "%"]], ["t", "T", "RH"]),
        ([["t", "Hall", None], [None, "T", "RH"]], ["t", "Hall T", "Hall RH"]),
    ],
)
def test_the_head_of_a_sheet_is_found_and_kept(above, names, tmp_path):
    path = workbook(tmp_path / "t.xlsx", *above)
    sheet = Sheet.open(path)
    assert list(sheet.table) == names and sheet.table.shape == (30, 3)
    assert sheet.file.place(4) == f"row {len(above) + 5}"
    sheet.write(tmp_path / "out.xlsx", sheet.table.fillna(1.25), sheet.holes)
    before = [list(row) for row in openpyxl.load_workbook(path).active.values]
    after = [list(row) for row in openpyxl.load_workbook(tmp_path / "out.xlsx").active.values]
    before[len(above) + 4][1] = 1.25
    assert before == after


def test_a_stray_cell_at_the_end_of_a_sheet_costs_nothing_and_stays(tmp_path):
    def stray(book):
        book.active["XFD1048576"] = "x"

    sheet = Sheet.open(workbook(tmp_path / "t.xlsx", ["t", "T", "RH"], more=stray))
    assert sheet.table.shape == (30, 3) and "cells far from the table" in sheet.notes[0]
    sheet.write(tmp_path / "out.xlsx", sheet.table.fillna(1.25), sheet.holes)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["XFD1048576"].value == "x"


def test_several_sheets_are_named_and_one_can_be_chosen(tmp_path):
    def second(book):
        page = book.create_sheet("Week 2")
        for line in (["a", "b"], *([n, n / 2] for n in range(9))):
            page.append(line)
        book.create_sheet("notes")["C3"] = "keep me"

    path = workbook(tmp_path / "t.xlsx", ["t", "T", "RH"], more=second)
    (note,) = Sheet.open(path).notes
    assert "tables in 2 sheets" in note and '--sheet "Week 2"' in note and "notes" not in note
    chosen = Sheet.open(path, sheet="Week 2")
    assert list(chosen.table) == ["a", "b"] and chosen.notes == []
    with pytest.raises(ValueError, match="sheet must be one of Sheet, Week 2, notes, not 'Week2'"):
        Sheet.open(path, sheet="Week2")


def test_numbers_as_text_in_a_sheet_are_read_and_written_as_text(tmp_path):
    book = openpyxl.Workbook()
    for line in (["a", "b"], *([f"{n / 4:.2f}".replace(".", ","), n / 2] for n in range(30))):
        book.active.append(line)
    book.active["A7"] = None
    book.save(tmp_path / "t.xlsx")
    sheet = Sheet.open(tmp_path / "t.xlsx")
    assert sheet.table["a"][4] == 1.0 and sheet.holes["a"].tolist().index(True) == 5
    assert sheet.facts == ["'a': ',' is the decimal sign"]
    sheet.write(tmp_path / "out.xlsx", sheet.table.fillna(1.255), sheet.holes)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["A7"].value in ("1,25", "1,26")


def test_a_single_column_with_decimal_commas_is_one_column(tmp_path):
    (tmp_path / "t.csv").write_text(
        "T\n" + "".join(f"{n / 4:.2f}\n" for n in range(30)).replace(".", ",")
    )
    sheet = Sheet.open(tmp_path / "t.csv")
    assert list(sheet.table) == ["T"] and sheet.table["T"][5] == 1.25


def test_decimal_commas_between_commas_are_an_error_and_no_row_names(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{n % 7},5,3\n" for n in range(30)))
    with pytest.raises(ValueError, match="decimal commas need another separator"):
        Sheet.open(tmp_path / "t.csv")


def test_words_among_numbers_as_names_and_all_words_keep_the_first_row_as_names(tmp_path):
    (tmp_path / "t.csv").write_text("id,1,2,3\n" + "x,a,b,c\n" * 9 + "y,,b,c\n")
    assert list(Sheet.open(tmp_path / "t.csv").table) == ["id", "1", "2", "3"]


def test_a_workbook_whose_first_sheet_is_no_table_names_the_one_that_is(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["made by somebody"])
    page = book.create_sheet("Data")
    for line in (["t", "T"], *([n, n / 2] for n in range(9))):
        page.append(line)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(ValueError, match="sheet 'Sheet' holds no table; add --sheet Data"):
        Sheet.open(tmp_path / "t.xlsx")


def test_a_first_row_of_data_in_the_place_of_names_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("\n".join(DATA))
    assert "first row is taken as names and holds data" in Sheet.open(tmp_path / "t.csv").notes[0]
