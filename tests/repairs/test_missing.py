"""What means 'missing': a code belongs to its column, and no measurement is emptied unasked."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.cli import main
from gru_lab.repairs.missing import by_column, stands_out
from gru_lab.repairs.sheet import Sheet


@pytest.fixture
def rain(tmp_path, rng):
    """A file in which 0 is a code in one column and a measurement in two others."""
    hours = np.arange(400)
    kelvin = np.where(hours % 19 == 5, 0, (290 + 5 * np.sin(hours / 4)).round(2))
    frame = {"time": pd.date_range("2024-03-05", periods=400, freq="h"), "T_kelvin": kelvin}
    frame["rain_mm"] = np.where(rng.random(400) < 0.8, 0, rng.exponential(5, 400)).round(1)
    frame["door"] = rng.integers(0, 2, 400)
    pd.DataFrame(frame).to_csv(tmp_path / "rain.csv", index=False)
    return tmp_path / "rain.csv"


@pytest.mark.parametrize(
    "missing", [["T_kelvin=0"], {"T_kelvin": [0]}, {"T_kelvin": 0}, "T_kelvin=0,0"]
)
def test_a_code_holds_in_the_column_that_is_named_and_nowhere_else(missing, rain):
    sheet = Sheet.open(rain, missing)
    assert sheet.table.isna().sum().to_dict() == {
        "time": 0,
        "T_kelvin": 21,
        "rain_mm": 0,
        "door": 0,
    }
    assert sheet.doubts == [] and "in 'T_kelvin' (21 cells)" in sheet.facts[0]


def test_a_bare_value_that_looks_like_a_measurement_is_refused_and_named(rain):
    sheet = Sheet.open(rain, ["0"])
    (doubt,) = sheet.doubts
    assert "would also empty 'rain_mm' (" in doubt and "'door' (" in doubt and "--yes" in doubt
    assert sheet.table[["rain_mm", "door"]].notna().all(axis=None)
    with pytest.raises(ValueError, match="rain.csv: --missing-value 0 would also empty 'rain_mm'"):
        sheet.require_sure()
    sure = Sheet.open(rain, ["0"], yes=True).require_sure()
    assert (sure.table != 0).all(axis=None) and sure.table["time"].notna().all()


def test_a_bare_value_holds_wherever_it_stands_out(tmp_path):
    rows = [
        f"{n},{n % 7 / 2 if n % 9 else -999.9},{-999.9 if n % 8 == 3 else n}" for n in range(60)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["part,a,b", *rows]))
    sheet = Sheet.open(tmp_path / "t.csv", ["-999.9"])
    assert sheet.table["a"].isna().sum() == 7 and sheet.table["b"].isna().sum() == 8
    assert sheet.doubts == []


@pytest.mark.parametrize("yes", [False, True])
def test_time_and_parts_are_never_touched(yes, tmp_path):
    rows = [f"{n},{n // 20},{0 if n % 9 == 4 else 280 + n % 13 / 2}" for n in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["time,part,T", *rows]))
    sheet = Sheet.open(tmp_path / "t.csv", ["0"], yes=yes, protect=["time", "part"])
    assert sheet.table[["time", "part"]].notna().all(axis=None) and sheet.doubts == []
    assert sheet.table["T"].isna().sum() == 7


def test_a_column_that_is_not_there_is_an_error_with_the_nearest(rain):
    with pytest.raises(ValueError, match="--missing-value must be one of .*T_kelvin.*Did you mean"):
        Sheet.open(rain, ["T_kelvim=0"])


def test_names_and_codes_may_hold_the_sign_between_them():
    assert by_column(["a=b=-1", "c=x=y"], ["a=b", "c"]) == ({"a=b": ["-1"], "c": ["x=y"]}, [])
    assert by_column([-999, "ERR"], ["a"]) == ({}, [-999, "ERR"])


def test_the_fill_value_of_netcdf_is_found_as_check_writes_it():
    column = np.where(np.arange(50) % 9, 12.5, 9.969209968386869e36)
    sheet = Sheet.of(pd.DataFrame({"a": column}), {"a": ["9.96921e+36"]})
    assert sheet.table["a"].isna().sum() == 6


@pytest.mark.parametrize(
    "others, code, answer",
    [
        (np.linspace(280, 300, 100), 0, True),
        (np.r_[np.zeros(50), np.linspace(0.2, 20, 50)], 0, False),
        (np.tile([0, 1], 50), 0, False),
        (np.tile([0, 1], 50), -999, True),
        (np.linspace(-40, 60, 100), -9999, True),
        (np.linspace(-40, 90, 100), 85, False),
        (np.linspace(0, 5, 100), np.inf, True),
    ],
)
def test_a_code_stands_out_from_the_others_or_not(others, code, answer):
    assert stands_out(np.r_[others, code, code], code) == answer


def test_the_command_refuses_and_then_does_as_it_advises(rain, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["repair", "rain.csv", "out.csv", "--missing-value", "0"]) == 2
    assert "COLUMN=0" in capsys.readouterr().err and not (tmp_path / "out.csv").exists()
    quick = ["--minutes", "0.004"]
    assert main(["repair", "rain.csv", "out.csv", "--missing-value", "T_kelvin=0", *quick]) == 0
    before, after = (pd.read_csv(name, dtype=str) for name in ("rain.csv", "out.csv"))
    same = [name for name in before if name != "T_kelvin"]
    pd.testing.assert_frame_equal(before[same], after[same])
    changed = before["T_kelvin"] != after["T_kelvin"]
    assert (before["T_kelvin"][changed].astype(float) == 0).all() and changed.sum() == 21


def test_there_are_no_holes_is_said_only_where_all_numbers_were_read(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [f"{n},{n % 5},{'1.2 kW' if n % 2 else '900 W'}" for n in range(250)]
    (tmp_path / "t.csv").write_text("\n".join(["t,a,P", *rows[:9], "9,4,", *rows[10:]]) + "\n")
    assert main(["repair", "t.csv", "out.csv"]) == 0
    shown = capsys.readouterr()
    assert "no holes in the columns of t.csv that could be read" in shown.out
    assert "column 'P' looks like numbers and could not be read: line" in shown.err
