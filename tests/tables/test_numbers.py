"""Numbers as people write them: each manner is read to the value a person sees, written back alike,
and refused where it fits two readings.
"""

import re

import numpy as np
import pandas as pd
import pytest

from gru_lab.repairs.sheet import Sheet
from gru_lab.tables.manner import Manner, parted
from gru_lab.tables.numbers import option, read_numbers
from gru_lab.tables.signs import hint

VALUES = [898.5, 1051.25, 998.0, 1112.75, 1153.5, 12345.25, 1_234_567.5, 21.75] * 5
PLAIN, FULL, PERSIAN = "0123456789.", "０１２３４５６７８９．", "۰۱۲۳۴۵۶۷۸۹٫"
MANNERS = {  # what a person's cell looks like for a value
    "US": lambda v: f"{v:,.2f}",
    "German": lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,")),
    "French, no-break space": lambda v: f"{v:,.2f}".replace(",", "\u202f").replace(".", ","),
    "plain space": lambda v: f"{v:,.2f}".replace(",", " "),
    "thin space": lambda v: f"{v:,.2f}".replace(",", "\u2009"),
    "no-break space": lambda v: f"{v:,.2f}".replace(",", "\u00a0"),
    "Swiss": lambda v: f"{v:,.2f}".replace(",", "'"),
    "Swiss, curly": lambda v: f"{v:,.2f}".replace(",", "’"),
    "unit": lambda v: f"{v:.2f} °C",
    "unit without space": lambda v: f"{v:.2f}W/m2",
    "percent": lambda v: f"{v:.2f}%",
    "percent in front, as in Turkey": lambda v: f"%{v:.2f}".replace(".", ","),
    "euro": lambda v: f"€ {v:,.2f}",
    "rupees": lambda v: f"Rs. {v:.2f}",
    "lira": lambda v: f"{v:.2f} ₺",
    "a space behind the minus": lambda v: f"{v:.2f}".replace("-", "- "),
    "dollar": lambda v: f"${v:,.2f}",
    "currency behind": lambda v: f"{v:.2f} CHF".replace(".", ","),
    "exponent": lambda v: f"{v:.8E}",
    "exponent of Fortran": lambda v: f"{v:.8E}".replace("E", "D"),
    "an apostrophe of Excel": lambda v: f"'{v:.2f}",
    "single quotes": lambda v: f"'{v:.2f}'",
    "curly quotes": lambda v: f"“{v:.2f}”",
    "times ten": lambda v: "{}×10^{}".format(*f"{v:.8e}".split("e+0")),
    "plus": lambda v: f"{v:+.2f}",
    "full width": lambda v: f"{v:.2f}".translate(dict(zip(map(ord, PLAIN), FULL, strict=True))),
    "Persian": lambda v: f"{v:.2f}".translate(dict(zip(map(ord, PLAIN), PERSIAN, strict=True))),
    "Indian": lambda v: re.sub(r"(?<=\d)(?=(\d\d)*\d{3}\.)", ",", f"{v:.2f}"),
}


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_manner_is_read_and_holes_are_written_in_it(manner, sign, tmp_path):
    values = [sign * value for value in VALUES]
    cells = [f'"{manner(value)}"' for value in values]
    holed = [cell if n % 7 else '""' for n, cell in enumerate(cells)]
    path, out = tmp_path / "table.csv", tmp_path / "out.csv"
    path.write_text("\n".join(["x,y", *(f"{cell},{n}" for n, cell in enumerate(holed))]) + "\n")
    sheet = Sheet.open(path)
    assert sheet.notes == [] and sheet.doubts == [] and sheet.unread == {}
    kept = np.arange(len(values)) % 7 > 0
    np.testing.assert_allclose(sheet.table["x"][kept], np.array(values)[kept], rtol=1e-12)
    assert sheet.holes["x"].tolist() == list(~kept)
    sheet.write(out, sheet.table.assign(x=values), sheet.holes)
    written = out.read_text().splitlines()[1:]
    expected = [f"{cell},{n}" for n, cell in enumerate(cells)]
    if manner is MANNERS["times ten"]:  # nobody asks for that one back
        expected, written = [list(np.array(v)[kept]) for v in (expected, written)]
    assert written == expected


@pytest.mark.parametrize("minus", ["−", "–", "-", "－"])
def test_every_minus_sign_is_one_and_is_written_back(minus):
    texts = [f"{minus}3.25", "1.50", f"{minus}0.75"]
    done = read_numbers(pd.DataFrame({"a": texts}))
    assert done.table["a"].tolist() == [-3.25, 1.5, -0.75]
    assert Manner.of(texts).write(-2) == f"{minus}2.00"


def test_a_trailing_minus_and_brackets_are_negative_numbers():
    done = read_numbers(pd.DataFrame({"a": ["12.5-", "3.0"], "b": ["(12.50)", "3.00"]}))
    assert done.table["a"].tolist() == [-12.5, 3] and done.table["b"].tolist() == [-12.5, 3]
    assert Manner.of(["12.5-", "3.0"]).write(-4) == "4.0-"
    assert Manner.of(["(12.50)", "3.00"]).write(-4) == "(4.00)"


NO_NUMBERS = (
    "2024-03-05 12:30 01.03.2024 05/03/2024 1.2.3 192.168.0.1 A12 2024年3月5日 10h30 12-05 3-4 "
    "20240305T10 0x1F 1/2 2024-065 12:30:01.5 Jul-05 5-Mar 24:00 1_000"
).split()


@pytest.mark.parametrize("text", [*NO_NUMBERS, "10 AM", "5 Mar", "12 34", "3 - 4", "5 März 2024"])
def test_dates_times_and_names_are_no_numbers(text):
    assert parted(text) is None


UNITS = "hPa|t|hl|h|m s-1|mg L-1|W m^-2|µg m⁻³|m3/h|kWh|decibel|mol m−2 s−1"


@pytest.mark.parametrize("unit", UNITS.split("|"))
def test_units_with_powers_and_letters_of_a_calendar_are_units(unit):
    cell = parted(f"1013.5 {unit}")
    assert (cell.core, cell.tail.strip()) == ("1013.5", unit)


def test_a_mantissa_has_a_decimal_sign_and_no_thousands():
    done = read_numbers(pd.DataFrame({"a": ["1,192E+01", "6,412E+01", "1,013E+03"] * 20}))
    assert done.table["a"].tolist()[:3] == [11.92, 64.12, 1013] and done.doubts == []


def test_a_decimal_sign_is_told_by_the_other_columns_of_the_file():
    grouped = ["1,234", "2,345", "3,456"] * 20
    decimal = read_numbers(pd.DataFrame({"a": grouped, "b": ["10,07", "3,5", "0,125"] * 20}))
    assert decimal.table["a"][0] == 1.234 and decimal.doubts == []
    thousands = read_numbers(pd.DataFrame({"a": grouped, "b": ["10.07", "3.5", "0.125"] * 20}))
    assert thousands.table["a"][0] == 1234 and thousands.doubts == []


@pytest.mark.parametrize("unsure", ["1,234", "1.234"])
@pytest.mark.parametrize(
    "given, value",
    [
        ({"decimal": "{}"}, 1.234),
        ({"thousands": "{}"}, 1234),
        ({"thousands": "none"}, 1.234),
    ],
)
def test_what_fits_two_readings_is_refused_until_it_is_settled(unsure, given, value, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("t;a\n" + "".join(f"{n};{unsure}\n" for n in range(30)) + "30;\n")
    sheet = Sheet.open(path)
    (doubt,) = sheet.doubts
    assert f"'{unsure}' in line 2 is 1234 or 1.234" in doubt and doubt in sheet.notes
    assert f"--thousands {unsure[1]} or --decimal {unsure[1]}" in doubt
    with pytest.raises(ValueError, match="table.csv: column 'a' can be read in two ways"):
        sheet.require_sure()
    settled = Sheet.open(path, **{k: v.format(unsure[1]) for k, v in given.items()})
    assert settled.require_sure().table["a"][0] == value


def test_numbers_up_to_999_without_a_sign_beside_1_234_tell_thousands():
    numbers = [898, 984, 1051, 1112, 1153, 997, 1001] * 5
    done = read_numbers(pd.DataFrame({"a": [f"{n:,}" for n in numbers]}))
    assert done.table["a"].tolist() == numbers and done.doubts == []
    assert done.facts == ["'a': ',' parts thousands"]


def test_three_decimals_after_a_point_are_decimals_in_a_file_with_commas_between_cells(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("t,a\n" + "".join(f"{n},{20 + n / 8:.3f}\n" for n in range(30)))
    sheet = Sheet.open(path)
    assert sheet.doubts == [] and sheet.table["a"][1] == 20.125


def test_a_bound_stays_as_it_is_and_counts_as_half_of_it(tmp_path):
    path, out = tmp_path / "table.csv", tmp_path / "out.csv"
    path.write_text("t,NO2\n" + "0,0.03\n1,<0.01\n2,\n3,> 5\n" * 5)
    sheet = Sheet.open(path)
    assert sheet.table["NO2"].iloc[:4].tolist()[:2] == [0.03, 0.005] and sheet.table["NO2"][3] == 5
    assert "'NO2': 10 cells such as '<0.01' stay as they are" in sheet.facts[0]
    sheet.write(out, sheet.table.fillna(0.02), sheet.holes)
    assert out.read_text() == path.read_text().replace("2,\n", "2,0.02\n")


UNREAD = {
    "two units": ["1.2 kW", "900 W"] * 20,
    "with and without a unit": ["12 °C", "12"] * 20,
    "two decimal signs": ["10.07", "10,07"] * 20,
    "with their error": ["2088.6±0.3", "2090.1±0.3"] * 20,
    "ranges": ["3-5", "4-7"] * 20,
    "fractions": ["3 1/8", "2 5/8"] * 20,
    "two numbers": ["120/80", "118/79"] * 20,
    "shares from to": ["5% - 10%", "6% - 11%"] * 20,
    "hexadecimal": ["0x00FF", "0x1AFB"] * 20,
    "degrees, minutes, seconds": ["49°12′30.5″N", "8°1′2.25″N"] * 20,
}


@pytest.mark.parametrize("cells", UNREAD.values(), ids=UNREAD)
def test_a_column_of_numbers_that_cannot_be_read_is_a_problem_with_its_line(cells, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("t;a\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(cells)))
    sheet = Sheet.open(path)
    (note,) = sheet.notes
    assert note.startswith("column 'a' looks like numbers and could not be read: line ")
    assert list(sheet.unread) == ["a"] and sheet.table["a"].tolist() == cells


@pytest.mark.parametrize(
    "cells",
    [["5-3-24", "6-3-24"], ["192.168.0.1", "10.0.0.7"], ["1995 Q1", "1995 Q2"]],
)
def test_dates_and_addresses_are_no_numbers_that_could_not_be_read(cells):
    assert read_numbers(pd.DataFrame({"a": cells * 20})).unread == {}


def test_a_cell_of_many_characters_is_cut_and_its_length_said(tmp_path):
    done = read_numbers(pd.DataFrame({"a": ["1.5"] * 20 + ["y" * 140_000]}))
    (note,) = done.notes
    assert len(note) < 300 and "yy…' (140,000 characters)" in note and "empty that cell" in note


@pytest.mark.parametrize("usual, other", [("12 °C", "53 °F"), ("12.5", "11.9E")])
def test_a_few_cells_with_another_unit_stay_and_are_named(usual, other):
    done = read_numbers(pd.DataFrame({"a": [usual] * 20 + [other]}))
    assert done.table["a"].notna().sum() == 20 and done.kept["a"].sum() == 1
    assert f"the first in row 20: {other!r}. They stay as they are" in done.notes[0]
    assert "--missing-value" not in done.notes[0]  # it would put another number over this one


@pytest.mark.parametrize(
    "texts, value, written",
    [
        (["0.109627604", "2.024668694", "0.0423137"], 0.42313749994, "0.4231375"),
        (["0.109627604"] * 30 + ["0.0423137499"], 0.4231374999, "0.423137500"),
        (["1.50", "2.00", "3.25"], 7, "7.00"),
        (["1.5", "2.25", "3"], 7.0, "7"),
        (["007", "012"], 5, "005"),
        (["1,051", "998"], 978.4, "978"),
        (["1234", "12,345"], 4321, "4321"),
        ([".5", ".25"], 0.331, ".33"),
        (["1.25E-07", "3.00E+02"], 1e-3, "1.00E-03"),
        (["−1.25E−07", "3.00E+02"], 1e-3, "1.00E−03"),
        (["0.50", "-0.25"], -0.001, "0.00"),
    ],
)
def test_a_repair_has_the_digits_of_its_column(texts, value, written):
    assert Manner.of(texts).write(value) == written


def test_numbers_with_an_exponent_in_an_unknown_manner_are_named():
    done = read_numbers(pd.DataFrame({"a": ["1.5·10⁻³", "2.5·10⁻³"] * 9, "b": ["x1", "y2"] * 9}))
    assert "column 'a' looks like numbers and could not be read" in done.unread.pop("a")
    assert done.unread == {}


def test_hints_and_options_are_as_documented():
    assert [hint(core) for core in ("10,07", "1.234.567", "1,234", "0,125", "998")] == [
        ",", ",", "?,", ",", "",
    ]  # fmt: skip
    assert option("--missing-value", "T=-999.9") == "--missing-value T=-999.9"
    assert option("--missing-value", "T in=-") == '--missing-value "T in=-"'


def test_a_number_with_a_mark_counts_and_stays():
    cells = ["15.00*"] + ["15.62", "16.25"] * 10
    done = read_numbers(pd.DataFrame({"a": cells}))
    assert done.table["a"][0] == 15 and done.notes == []
    assert done.facts == ["'a': 1 cells such as '15.00*' stay as they are"]
    assert Manner.of(cells).write(3) == "3.00"
