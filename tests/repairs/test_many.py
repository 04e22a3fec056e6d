"""One table a day: a repairer for all files, each written under its name with its bytes kept."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.cli import main

QUICK = ["--minutes", "0.004"]


@pytest.fixture
def days(tmp_path, monkeypatch, rng):
    """Three days of two sensors in a folder, each with holes; the working folder is above it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "days").mkdir()
    for day in range(3):
        wave = np.arange(100) / 20 + day
        time = pd.date_range(f"2024-03-0{day + 1}", periods=100, freq="10min")
        frame = {"time": time, "T": 15 + 5 * np.sin(wave), "RH": 60 - 9 * np.sin(wave)}
        frame = pd.DataFrame(frame).round(2)
        frame.loc[rng.random(100) < 0.1, "T"] = np.nan
        frame.to_csv(f"days/day-{day + 1}.csv", index=False)
    return tmp_path / "days"


def spoil(path, change):
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize(
    "sources", [["days/day-*.csv"], ["days"], ["days/day-1.csv", "days/day-2.csv"]]
)
def test_several_files_are_repaired_in_their_holes_alone(sources, days, capsys):
    assert main(["repair", *sources, "out", *QUICK]) == 0
    written = sorted(path.name for path in (days.parent / "out").iterdir())
    assert written == [f"day-{n}.csv" for n in (1, 2, 3)][: len(written)] and len(written) >= 2
    for name in written:
        before = (days / name).read_text().splitlines()
        after = (days.parent / "out" / name).read_text().splitlines()
        for old, new in zip(before, after, strict=True):
            first, _, last = old.partition(",,")
            assert new == old if not last else new.startswith(first) and new.endswith(f",{last}")
        assert not any(",," in line for line in after)


def test_what_was_learned_from_all_repairs_a_single_day_and_all_again(days, capsys):
    assert main(["repair", "days", "out", "--save-model", "days.safetensors", *QUICK]) == 0
    assert main(["repair", "days/day-2.csv", "one.csv", "--model", "days.safetensors"]) == 0
    assert main(["repair", "days", "again", "--model", "days.safetensors"]) == 0
    assert (days.parent / "again/day-2.csv").read_bytes() == (
        days.parent / "out/day-2.csv"
    ).read_bytes()


def test_check_tells_which_files_differ(days, capsys):
    assert main(["check", "days"]) == 0
    shown = capsys.readouterr().out
    assert "3 files, read as text, utf-8, comma" in shown and "too few" not in shown
    spoil(days / "day-3.csv", lambda text: text.replace(",RH", ",Feuchte"))
    spoil(days / "day-2.csv", lambda text: "\n".join(text.splitlines()[::2]) + "\n")
    assert main(["check", "days"]) == 1
    shown = capsys.readouterr().out
    assert "day-3.csv lacks 'RH' and has 'Feuchte' besides" in shown
    assert "day-2.csv: time 'time', every 20 min, the others 'time', every 10 min" in shown


def test_a_file_with_the_month_first_among_others_is_named_and_refused(days, capsys):
    for n, way in (("1", "%d/%m/%Y"), ("2", "%d/%m/%Y"), ("3", "%m/%d/%Y")):
        table = pd.read_csv(days / f"day-{n}.csv")
        begin = pd.Timestamp(f"2024-03-{3 if n == '1' else 20}")
        table["time"] = pd.date_range(begin, periods=100, freq="h").strftime(f"{way} %H:%M")
        table.to_csv(days / f"day-{n}.csv", index=False)
    assert main(["check", "days"]) == 1
    shown = capsys.readouterr().out
    assert "day-3.csv has the month first in 'time', and others the day first" in shown
    assert "ways that fit" not in shown  # the first file is read as the second one
    assert main(["repair", "days", "out", *QUICK]) == 2
    assert "day-3.csv has the month first" in capsys.readouterr().err
    (days / "day-3.csv").unlink()
    assert main(["repair", "days", "out", "--fast"]) == 0


def test_a_file_with_other_columns_is_refused_before_the_training(days, capsys):
    spoil(days / "day-3.csv", lambda text: text.replace(",RH", ",Feuchte"))
    assert main(["repair", "days", "out", *QUICK]) == 2
    assert "day-3.csv lacks 'RH' and has 'Feuchte' besides" in capsys.readouterr().err
    assert not (days.parent / "out").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["days/day-1.csv", "days/day-2.csv", "days/day-3.csv"],
            "OUT must be a folder for 2 files",
        ),
        (["days", "days"], "OUT must be another file than"),
        (["no-*.csv", "out"], "IN must be tables, and 'no-*.csv' holds none"),
        (["days/day-1.csv", "more/day-1.csv", "out"], "files of different names"),
        (["days/day-1.csv", "days/day-9.csv", "out"], "data must be a file that exists"),
    ],
)
def test_wrong_places_are_refused_and_nothing_is_changed(arguments, message, days, capsys):
    before = {path.name: path.read_bytes() for path in days.iterdir()}
    assert main(["repair", *arguments, *QUICK]) == 2
    assert message in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in days.iterdir()} == before


def test_a_column_that_tells_parts_apart_does_so_within_each_file(days, capsys):
    for n in (1, 2):
        spoil(
            days / f"day-{n}.csv",
            lambda text: "\n".join(
                f"{line},{'part' if not row else row // 51}"
                for row, line in enumerate(text.splitlines())
            ),
        )
    files = ["days/day-1.csv", "days/day-2.csv"]
    assert main(["repair", *files, "out", "--split-by", "part", *QUICK]) == 0
    assert (days.parent / "out/day-1.csv").read_text().splitlines()[60].endswith(",1")


CLASHES = [
    ["--report", "out/day-2.csv"],
    ["--save-model", "out/../out/day-1.csv"],
    ["--report", "r.html", "--save-model", "r.html"],
    ["--report", "link.html", "--save-model", "r.html"],
    ["--report", "out/day-1.1.csv", "--draws", "2"],
    ["--report", "days/day-3.csv"],
    ["--report", "nowhere/r.html"],
]


@pytest.mark.parametrize("more", CLASHES)
def test_files_of_one_command_that_clash_are_refused_before_the_work(more, days, capsys):
    (days.parent / "link.html").symlink_to("r.html")
    before = {path: path.read_bytes() for path in days.iterdir()}
    assert main(["repair", "days", "out", *more, "--minutes", "9"]) == 2
    assert "must be" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in days.iterdir()} == before
    assert sorted(path.name for path in days.parent.iterdir()) == ["days", "link.html"]


def test_a_folder_that_was_there_stays_though_nothing_came(days, capsys):
    (days.parent / "out").mkdir()
    assert main(["repair", "days", "out", "--report", "out/day-1.csv"]) == 2
    assert list((days.parent / "out").iterdir()) == []
