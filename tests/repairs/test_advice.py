"""Whoever follows the advice of `check` loses nothing: each piece of it is followed, and every cell
that held a measurement is compared, byte for byte in text files.

The tables in this file are made up; each stands for a trouble that people reported of loggers,
exports or tools like ours.
"""

import csv
import re
import shlex

import numpy as np
import pandas as pd
import pytest

from gru_lab.cli import main
from gru_lab.tables.numbers import option
from tests.conftest import SHARED

CASES = sorted((SHARED / "cases" / "tables").glob("*")) if SHARED.exists() else []
SEPARATORS = {".tsv": "\t"}
EMPTY = {"", "nan", "na", "n/a", "null", "none", "-", "--", "---"}
FLAGS = {"--yes", "--dayfirst", "--monthfirst", "--fill-rows"}  # have no word behind them
QUICK = ["--fast"]
COMMAS = {"sep": ";", "decimal": ","}
ROWS = 240
T = np.arange(ROWS)
AIR = 15 + 5 * np.sin(2 * np.pi * T / 24) + np.random.default_rng(0).normal(0, 0.3, ROWS)
HUMID = 60 - 2 * AIR + np.random.default_rng(1).normal(0, 0.5, ROWS)


def advised(problems):
    """Return each piece of advice in the sentences as arguments, each alternative by itself."""
    pieces = []
    for sentence in problems:
        rest = sentence
        while found := re.search(r"--[a-z]+(-[a-z]+)*\b", rest):
            piece = re.split(r";|: |,? (?:or|and|if|to|for|as|of)\b|, | \(", rest[found.start() :])[
                0
            ]
            rest = rest[found.start() + len(piece) :]
            words = shlex.split(piece.strip().rstrip("."))
            while words and words[-1] in ("?", "with"):
                words.pop()
            if len(words) > (words[0] not in FLAGS) and "COLUMN" not in piece:
                pieces.append(words)
    return [list(piece) for piece in dict.fromkeys(map(tuple, pieces))]


def codes_of(arguments):
    """Return {column: [codes]} of what the arguments say means missing; None is any column."""
    codes = {}
    for place, word in enumerate(arguments):
        if word == "--missing-value":
            column, _, code = arguments[place + 1].rpartition("=")
            codes.setdefault(column or None, []).append(code)
    return codes


def same(cell, code):
    try:
        number = float(cell.replace(",", "."))
        return np.isclose(number, float(code.replace(",", ".")), rtol=1e-6, atol=0) or (
            np.isinf(number) and code == "inf"
        )
    except ValueError:
        return cell.strip() == code.strip()


def cells_of(path):
    """Return a file's cells as text, the header first, by other means than the kit's."""
    if path.suffix == ".xlsx":
        return pd.read_excel(path, header=None, dtype=str, na_filter=False).to_numpy().tolist()
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return [list(frame), *frame.astype(object).map(repr).to_numpy().tolist()]
    text = path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    separator = max(",;\t", key=text[:400].count)
    return list(csv.reader(text.splitlines(), delimiter=separator))


def assert_nothing_lost(before, after, codes):
    """Assert that cells differ only where they were empty or held a code that was named."""
    old, new = cells_of(before), cells_of(after)
    kept = iter(new)
    names = max(old[:3], key=len)
    for row in old:  # further rows may have been put in between
        line = next((line for line in kept if line[:1] == row[:1]), None)
        assert line is not None and len(line) == len(row)
        for name, cell, now in zip(names, row, line, strict=False):
            if cell != now:
                known = [*codes.get(name, ()), *codes.get(None, ())]
                assert cell.strip().lower() in EMPTY or any(same(cell, code) for code in known), (
                    f"{cell!r} of {name!r} became {now!r}"
                )


def follow(path, arguments, tmp_path, capsys):
    """Repair as advised; a refusal is allowed if it says so in a line and writes nothing."""
    out = tmp_path / f"out{path.suffix}"
    code = main(["repair", str(path), str(out), *arguments, *QUICK])
    said = capsys.readouterr().err
    if code == 0:
        assert_nothing_lost(path, out, codes_of(arguments))
        out.unlink()
    else:
        assert code == 2 and "gru-lab: " in said and not out.exists()
    return code


def problems_of(path):
    from gru_lab.repairs.check import check

    try:
        return check(path).problems
    except ValueError as error:
        return [str(error)]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_on_every_case_the_advice_loses_nothing(path, tmp_path, capsys):
    for arguments in [[], *advised(problems_of(path))]:
        follow(path, arguments, tmp_path, capsys)


def holed(values, rows=(5, 6, 40, 100, 101, 102)):
    values = np.array(values, dtype=float)
    values[list(rows)] = np.nan
    return values


def some(values, value, rows=(20, 21, 60, 150, 199)):
    values = np.array(values, dtype=float)
    values[list(rows)] = value
    return values


WEATHER = [0, 1, 2, 3, 45, 51, 53, 61, 63, 71, 80, 81, 95]
STATES = np.repeat(np.random.default_rng(2).choice(WEATHER, 60), 4)
NORTH = np.cumsum(np.random.default_rng(3).normal(0, 12, ROWS)) % 360
EVENTS = np.where(T % 17 < 3, 2.5, 0)
TABLES = {  # name: (columns, what the advice must hold)
    "a mark of quality beside a measurement": (
        {"T": holed(AIR), "QT": holed(np.ones(ROWS)), "RH": HUMID},
        ["--inputs QT"],
    ),
    "a thermometer among rain gauges and doors": (
        {"kelvin": some(AIR + 273, 0), "rain": EVENTS, "door": T // 40 % 2},
        ["--missing-value kelvin=0"],
    ),
    "a one-wire sensor that was not asked, for hours": (
        {"fridge": some(AIR - 10, 85, range(30, 50)), "boiler": 70 + AIR},
        ["--missing-value fridge=85"],
    ),
    "an oven that is at 85 now and then": ({"oven": np.round(70 + AIR), "x": holed(AIR)}, []),
    "a bus that is offline": (
        {"soc": some(50 + AIR, 65535).round(), "volts": some(AIR, 6553.5)},
        ["--missing-value soc=65535", "--missing-value volts=6553.5"],
    ),
    "a meter in a blackout": (
        {"power": some(300 + 20 * AIR, 2147483647).round(), "energy": T * 12.0},
        ["--missing-value power=2147483647"],
    ),
    "a scale factor on a fault": (
        {"phase": some(230 + AIR, -3276.8)},
        ["--missing-value phase=-3276.8"],
    ),
    "an outdoor unit at two to the fifteenth": (
        {"out": some(AIR, 32768)},
        ["--missing-value out=32768"],
    ),
    "a total that bounces to zero and starts at zero": (
        {"total": some(T * 0.1, 0, (100, 101, 180)), "x": AIR},
        [],
    ),
    "a fill value of a format, in single precision": (
        {"sst": some(AIR, 9.969209968386869e36)},
        ["--missing-value sst=9.96921e+36"],
    ),
    "the same code written as -999 and -999.0": (
        {"a": some(AIR, -999), "b c": some(HUMID, -999.0)},
        ["--missing-value a=-999", '--missing-value "b c=-999"'],
    ),
    "many columns with one code": (
        {f"s {n}": some(AIR + n, -9999, (n, 50 + n)) for n in range(6)},
        [" ".join(option("--missing-value", f"s {n}=-9999") for n in range(6))],
    ),
    "names that a shell would take apart": (
        {"it's": some(AIR, -999.9), "$a`": some(HUMID, -999.9), "x=y": some(AIR, -999.9)},
        ["""--missing-value "it's=-999.9\"""", "--missing-value '$a`=-999.9'"]
        + ["--missing-value x=y=-999.9"],
    ),
    "a sensor at both ends of its range": (
        {"probe": some(some(AIR, -40), 125, (30, 31, 90, 91))},
        ["--missing-value probe=-40", "--missing-value probe=125"],
    ),
    "-9 among codes, 99 among flags": (
        {"state": some(T // 50 % 4, -9), "on": some(T // 30 % 2, 99), "x": AIR},
        ["--missing-value state=-9", "--missing-value on=99"],
    ),
    "infinite values": ({"gain": some(AIR, np.inf), "x": HUMID}, ["--missing-value gain=inf"]),
    "wind from the north": (
        {"wind dir": holed(NORTH.round()), "signed": holed(NORTH.round(1) - 180), "T": AIR},
        ['--angles "wind dir" signed', "--yes"],
    ),
    "weather codes": (
        {"code": holed(STATES), "T": holed(AIR)},
        ["--codes code", "--integer code"],
    ),
    "a sensor that came late and left early": (
        {"late": holed(AIR, range(90)), "left": holed(HUMID, range(150, ROWS))},
        ["--extrapolation 0", "--extrapolation all"],
    ),
    "a frozen sensor": ({"T": holed(np.r_[AIR[:100], np.full(40, AIR[100]), AIR[140:]])}, []),
    "counts, and no car at night": (
        {"cars": holed(np.where(T % 24 < 6, 0, np.round(30 + AIR))), "T": AIR},
        [],
    ),
    "speed and course of a tracker without a fix": (
        {"speed": np.where(T % 30 < 9, 0, 20 + AIR), "course": np.where(T % 30 < 9, 0, 180 + AIR)},
        [],
    ),
    "hardly a value": (
        {"rare": holed(AIR, [n for n in T if n % 9]), "T": AIR},
        ["--inputs rare"],
    ),
}


@pytest.mark.parametrize(
    "columns, advice, manner",
    [(*table, COMMAS if number % 4 == 0 else {}) for number, table in enumerate(TABLES.values())],
    ids=TABLES,
)
def test_on_made_up_tables_the_advice_is_given_and_loses_nothing(
    columns, advice, manner, tmp_path, capsys
):
    table = pd.DataFrame(columns)
    table.insert(0, "time", pd.date_range("2024-03-01", periods=ROWS, freq="h"))
    path = tmp_path / "in.csv"
    table.to_csv(path, index=False, float_format="%.10g", **manner)
    problems = problems_of(path)
    for words in advice:
        assert any(words in problem for problem in problems)
    pieces = advised(problems)
    assert {" ".join(map(shlex.quote, shlex.split(words))) for words in advice} == {
        " ".join(map(shlex.quote, piece)) for piece in pieces
    }
    for arguments in pieces:
        assert follow(path, arguments, tmp_path, capsys) == 0
    if any("--angles" in piece for piece in pieces):  # refused until the person says
        assert follow(path, [], tmp_path, capsys) == 2
        assert follow(path, ["--yes"], tmp_path, capsys) == 0
    if len(pieces) > 1 and not any("codes" in w or "extra" in w for w in pieces[0]):
        together = [word for piece in pieces for word in piece]
        assert follow(path, together, tmp_path, capsys) == 0


def test_advice_is_found_in_sentences():
    said = ['x; add --missing-value "a b=-1"; if not, add --codes c or --yes', "say --thousands ,"]
    assert advised(said)[:3] == [["--missing-value", "a b=-1"], ["--codes", "c"], ["--yes"]]
