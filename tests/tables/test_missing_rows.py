"""Rows for time steps that have none: put into a file as if they had never been missing."""

import gzip
from functools import partial

import numpy as np
import pandas as pd
import pytest

from gru_lab.cli import main
from gru_lab.repairs.sheet import Sheet
from gru_lab.tables.layout import Layout
from gru_lab.tables.missing_rows import missing_steps

HOURS = pd.date_range("2024-02-26 22:00", periods=300, freq="h")
BERLIN = pd.date_range("2024-10-20", periods=300, freq="h", tz="Europe/Berlin")
HALVES = pd.date_range("2024-02-26 22:00", periods=300, freq="30min")
GONE = [10, 11, 12, 100, 200, 201]


def days(times):
    return np.round((times - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D"), 5)


def up_to_24(stamp):
    before = stamp - pd.Timedelta("1h")
    return f"{before:%d.%m.%Y} {before.hour + 1}:00"


COLUMNS = {
    "ISO": {"t": HOURS.strftime("%Y-%m-%d %H:%M:%S")},
    "with Z": {"t": HOURS.strftime("%Y-%m-%dT%H:%M:%SZ")},
    "no zeros in front": {"t": [f"{s.day}.{s.month}.{s.year} {s.hour}:{s:%M}" for s in HOURS]},
    "half days": {"t": [f"{s:%m/%d/%Y} {s.hour % 12 or 12}:{s:%M:%S %p}" for s in HOURS]},
    "until 24:00": {"t": [up_to_24(stamp) for stamp in HOURS]},
    "an offset": {"t": [f"{s:%Y-%m-%d %H:%M}+01:30" for s in HOURS]},
    "a comma inside": {"t": HOURS.strftime("%d %b %Y, %H:%M")},
    "Chinese": {"t": [f"{s.year}年{s.month}月{s.day}日 {s.hour}时{s:%M}分" for s in HOURS]},
    "a date and a clock": {"d": HOURS.strftime("%d/%m/%Y"), "c": HOURS.strftime("%H:%M")},
    "a date and a clock until 24:00": {
        "d": (HOURS - pd.Timedelta("1h")).strftime("%d/%m/%Y"),
        "c": [f"{hour or 24:02d}:00" for hour in HOURS.hour],
    },
    "YYMMDD and HHMMSS": {"d": HOURS.strftime("%y%m%d"), "c": HOURS.strftime("%H%M%S")},
    "years of two digits": {
        "y": HOURS.strftime("%y"),
        "m": HOURS.month,
        "d": HOURS.day,
        "h": HOURS.hour,
    },
    "numbers and a clock": {
        "y": HOURS.year,
        "m": HOURS.month,
        "d": HOURS.day,
        "c": HOURS.strftime("%H:%M"),
    },
    "year month day hour": {"y": HOURS.year, "m": HOURS.month, "d": HOURS.day, "h": HOURS.hour},
    "YYYYMMDDHH": {"t": HOURS.strftime("%Y%m%d%H")},
    "epoch": {"t": HOURS.as_unit("s").asi8},
    "Excel's days": {"t": days(HOURS)},
    "decimal years": {"t": 2000 + np.arange(300) / 8},
    ".NET ticks": {"t": HOURS.as_unit("us").asi8 * 10 + 621_355_968_000_000_000},
    "GPS": {"week": 2304 + np.arange(300) // 168, "tow": np.arange(300) % 168 * 3_600},
    "JSON of .NET": {"t": [f"/Date({s.value // 10**6})/" for s in HOURS]},
    "Taiwan": {"t": [f"{s.year - 1911}/{s:%m/%d %H:%M}" for s in HOURS]},
    "parts of the day": {
        "d": HALVES.strftime("%Y-%m-%d"),
        "n": HALVES.hour * 2 + HALVES.minute // 30 + 1,
    },
    "numbers": {"time": np.arange(300) * 0.5},
    "months": {"t": pd.date_range("2000", periods=300, freq="MS").strftime("%b-%Y")},
    "ends of months": {"t": pd.date_range("2000", periods=300, freq="ME").strftime("%Y-%m-%d")},
    "an hour twice": {"t": BERLIN.strftime("%d.%m.%Y %H:%M")},
}


@pytest.mark.parametrize("end", [1, -1])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("manner", COLUMNS)
def test_rows_come_back_written_as_they_were(manner, ending, end, tmp_path):
    whole = pd.DataFrame({**COLUMNS[manner], "x": np.sin(np.arange(300)).round(3)}).iloc[::end]
    text = whole.to_csv(index=False, lineterminator=ending).splitlines(keepends=True)
    there = [n for n in range(301) if n - 1 not in GONE]
    path = tmp_path / "in.csv"
    path.write_text("".join(text[n] for n in there), newline="")
    lines = Sheet.open(path).with_rows({}, {}).file.rebuilt({}).decode().splitlines(keepends=True)
    assert [lines[n] for n in there] == [text[n] for n in there]
    for n in GONE:
        assert lines[n + 1].rpartition(",")[0] == text[n + 1].rpartition(",")[0]
        assert lines[n + 1].endswith("," + ending)


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "csv.gz"])
@pytest.mark.parametrize("form", [None, "%d/%m/%Y %H:%M"])
def test_other_files_take_rows_too(form, suffix, tmp_path):
    times = HOURS if form is None else HOURS.strftime(form)
    whole = pd.DataFrame({"t": times, "x": np.sin(np.arange(300)), "note": "ok"})
    path, cut = tmp_path / f"in.{suffix}", whole.drop(index=GONE).reset_index(drop=True)
    if suffix == "csv.gz":
        path.write_bytes(gzip.compress(cut.to_csv(index=False).encode()))
    else:
        getattr(cut, {"parquet": "to_parquet", "xlsx": "to_excel"}[suffix])(path, index=False)
    out = tmp_path / f"out.{suffix}"
    out.write_bytes(Sheet.open(path).with_rows({}, {}).file.rebuilt({}))
    read_text = partial(pd.read_csv, float_precision="round_trip")
    read = {"parquet": pd.read_parquet, "xlsx": pd.read_excel, "csv.gz": read_text}[suffix]
    back = read(out)
    assert back["t"].astype(str).tolist() == whole["t"].astype(str).tolist()
    assert back["x"].isna().sum() == back["note"].isna().sum() == len(GONE)
    kept = back.drop(index=GONE)
    np.testing.assert_allclose(kept["x"], whole["x"].drop(index=GONE), rtol=1e-15)


def test_each_part_gets_its_own_rows(tmp_path):
    whole = pd.concat([pd.DataFrame({"s": s, "t": HOURS, "x": 1.5}) for s in "ab"])
    whole = whole.sort_values("t", kind="stable").reset_index(drop=True)
    whole.drop(index=[20, 41, 43]).to_csv(tmp_path / "in.csv", index=False)
    sheet = Sheet.open(tmp_path / "in.csv").with_rows({"split_by": "s"}, {})
    got = sheet.table.assign(t=pd.to_datetime(sheet.table["t"])).sort_values(["s", "t"])
    expected = whole.sort_values(["s", "t"])
    np.testing.assert_array_equal(got[["s", "t"]], expected[["s", "t"]])


def test_the_command_puts_rows_in_and_fills_them(tmp_path, capsys):
    wave = np.sin(np.arange(300) / 9).round(3)
    whole = pd.DataFrame({"time": HOURS, "a": wave, "b": wave * 2 + 5})
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    whole.drop(index=GONE).to_csv(path, index=False)
    assert main(["check", str(path)]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "6 time steps without a row: add --fill-rows to put them in" in shown
    assert main(["repair", str(path), str(out), "--minutes", "0.01", "--fill-rows"]) == 0
    back = pd.read_csv(out, parse_dates=["time"])
    assert (back["time"] == HOURS).all() and back.notna().to_numpy().all()
    assert np.abs(back["a"] - wave).max() < 0.3
    assert main(["repair", str(out), str(tmp_path / "again.csv"), "--fill-rows"]) == 2
    assert "no time step lacks its row; leave --fill-rows out" in capsys.readouterr().err


def test_what_cannot_take_rows_is_refused_with_the_reason(tmp_path):
    hours = [f"{s:%d.%m.%Y %H:%M} - {s + pd.Timedelta('1h'):%d.%m.%Y %H:%M}" for s in HOURS]
    pd.DataFrame({"t": hours, "x": 1.5}).drop(index=GONE).to_csv(tmp_path / "to.csv", index=False)
    with pytest.raises(ValueError, match="hold more than one time can give"):
        Sheet.open(tmp_path / "to.csv").with_rows({}, {})
    weekdays = pd.DataFrame({"t": HOURS.strftime("%a %d %b %Y %H:%M"), "x": 1.5}).drop(index=GONE)
    weekdays.to_csv(tmp_path / "week.csv", index=False)
    with pytest.raises(ValueError, match="hold words"):
        Sheet.open(tmp_path / "week.csv").with_rows({}, {})
    iran = pd.DataFrame({"t": [f"1403/02/{day}" for day in range(1, 32)], "x": 1.5})
    iran.drop(index=GONE[:3]).to_csv(tmp_path / "iran.csv", index=False)
    with pytest.raises(ValueError, match="cannot put in rows here"):
        Sheet.open(tmp_path / "iran.csv").with_rows({}, {})
    with pd.ExcelWriter(tmp_path / "sums.xlsx") as book:
        pd.DataFrame({"t": HOURS, "x": 1.5}).drop(index=GONE).to_excel(book, index=False)
        book.book.active["E1"] = "=SUM(B2:B9)"
    with pytest.raises(ValueError, match="holds formulas"):
        Sheet.open(tmp_path / "sums.xlsx").with_rows({}, {})
    pd.DataFrame({"a": [1.5, 2, 4]}).to_csv(tmp_path / "none.csv", index=False)
    with pytest.raises(ValueError, match="there is none"):
        Sheet.open(tmp_path / "none.csv").with_rows({}, {})


def test_missing_steps_are_counted_but_not_where_time_is_irregular(rng):
    table = pd.DataFrame({"t": HOURS, "x": 1.5}).drop(index=GONE)
    assert missing_steps(Layout.of(table)).sum() == len(GONE)
    odd = pd.Timestamp("2024") + pd.to_timedelta(np.cumsum(rng.exponential(60, 300)), unit="s")
    assert missing_steps(Layout.of(pd.DataFrame({"t": odd, "x": 1.5}))).sum() == 0
