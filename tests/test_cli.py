"""The command line: wrong input ends in one clear line and exit code 2; help comes at once."""

import contextlib
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gru_lab.cli import main
from gru_lab.runs.select import runs
from tests.conftest import LONG


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRU_LAB_STORE", raising=False)


WRONG = {
    "an unknown stage": (["sweep", "drpout"], "Did you mean 'dropout'"),
    "an unknown profile": (
        ["sweep", "1", "--profile", "huge"],
        "profile must be one of tiny, lesson, full",
    ),
    "a port that is none": (["lab", "--port", "99999999"], "port must be a whole number from 1 to"),
    "a file for a question": (["log", "good.csv"], "not the file 'good.csv'; to read a log"),
    "a file for a new question": (["new", "good.csv", "dropout=0,1"], "not the file 'good.csv'"),
    "a long question without a knob": (["log", 300 * "Why? "], "one setting must have several"),
    "an unknown notebook": (["record", "09_nothing"], "notebook must be one of"),
    "no seeds": (
        ["sweep", "1", "--profile", "tiny", "--seeds", "0"],
        "seeds must be a whole number of at least 1",
    ),
    "no seeds in a record": (["record", "--profile", "tiny", "--seeds", "0"], "seeds must be"),
    "no workers": (["sweep", "1", "--profile", "tiny", "--workers", "0"], "workers must be"),
    "no workers for a record": (
        ["record", "1", "--profile", "tiny", "--workers", "-2"],
        "workers must be",
    ),
    "no store for a record": (
        ["record", "1", "--profile", "tiny", "--store", "runs.sqlite"],
        "store must be a database URL",
    ),
    "an unknown device": (
        ["sweep", "1", "--profile", "tiny", "--device", "gpu"],
        "device must be one of",
    ),
    "an unknown device in a record": (
        ["record", "1", "--profile", "tiny", "--device", "gpu"],
        "device must be one of",
    ),
    "a file as place for records": (
        ["record", "1", "--profile", "tiny", "--out", "good.csv"],
        "out must be a folder",
    ),
    "no folder for runs": (
        ["runs", "--csv", "nowhere/runs.csv"],
        "--csv must be in a folder that exists, not 'nowhere'",
    ),
    "a missing file": (
        ["record", "--data", "nothing.csv"],
        "data must be a file that exists, not 'nothing.csv'",
    ),
    "a folder as data": (["sweep", "1", "--data", "."], "a folder"),
    "a store that is none": (["runs", "--store", "runs.sqlite"], "store must be a database URL"),
    "a filter that is none": (
        ["runs", "--where", "dropout"],
        "where must be NAME=VALUE, such as dropout=0.5",
    ),
    "a filter of an unknown column": (["runs", "--where", "drpout=1"], "Did you mean 'dropout'"),
    "a filter of a value out of range": (
        ["runs", "--where", "dropout=2"],
        "dropout must be at least 0 and below 1",
    ),
    "a filter of a value of another kind": (
        ["runs", "--where", "num_layers=two"],
        "num_layers must be a whole number",
    ),
    "an unknown stage of runs": (["runs", "--stage", "drpout"], "Did you mean 'dropout'"),
    "a scheduler and workers": (
        ["sweep", "1", "--profile", "tiny", "--scheduler", "tcp://127.0.0.1:9", "--workers", "2"],
        "workers must be left out with a scheduler",
    ),
    "a missing column": (
        ["sweep", "1", "--data", "good.csv", "--split-by", "run"],
        "split_by must be one of",
    ),
    "a series with a gap": (["sweep", "1", "--data", "gap.csv"], "needs a complete series"),
    "a series that is too short": (["sweep", "1", "--data", "short.csv"], "window must fit"),
    "only text": (["sweep", "1", "--data", "text.csv"], "at least one numeric channel"),
    "an infinite value": (["sweep", "1", "--data", "infinite.csv"], "must be finite"),
}


@pytest.mark.parametrize("arguments, message", WRONG.values(), ids=WRONG)
def test_wrong_input_is_one_clear_line_and_exit_code_2(arguments, message, capsys, tmp_path):
    values = np.random.default_rng(0).random((200, 2))
    pd.DataFrame(values, columns=["a", "b"]).to_csv("good.csv", index=False)
    pd.DataFrame(values[:20], columns=["a", "b"]).to_csv("short.csv", index=False)
    pd.DataFrame({"a": ["x", "y"] * 100}).to_csv("text.csv", index=False)
    for name, value in (("gap", np.nan), ("infinite", np.inf)):
        values[50, 0] = value
        pd.DataFrame(values, columns=["a", "b"]).to_csv(f"{name}.csv", index=False)
    assert main(arguments) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.startswith("gru-lab: ") and shown.count("\n") == 1
    assert not (tmp_path / "records").exists()


def test_an_unknown_option_is_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["record", "--speed", "fast"])
    assert stopped.value.code == 2


def test_without_a_command_it_prints_what_there_is(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 0 and "fill the holes of a table" in capsys.readouterr().out


@pytest.mark.parametrize("terminal", (True, False), ids=("in a terminal", "in a log file"))
def test_progress_is_written_often_to_a_terminal_and_rarely_to_a_log_file(
    terminal, monkeypatch, capsys
):
    monkeypatch.setenv("TQDM_MININTERVAL", "")  # is put back afterwards
    monkeypatch.delenv("TQDM_MININTERVAL")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    main(["runs"])
    assert os.environ.get("TQDM_MININTERVAL") == (None if terminal else "10")


def test_the_lab_opens_the_first_notebook_on_this_machine_only(monkeypatch, capsys):
    started = []
    monkeypatch.setattr(os, "execv", lambda program, command: started.append(command))
    assert main(["lab", "--port", "9001"]) is None and len(started) == 1
    assert {
        "--ip=127.0.0.1",
        "--port=9001",
        "--LabApp.default_url=/lab/tree/00_start_here.ipynb",
    } <= set(started[0])
    (root,) = [option.partition("=")[2] for option in started[0] if "root_dir" in option]
    assert os.path.exists(os.path.join(root, "00_start_here.ipynb"))


def test_help_loads_nothing_heavy():
    program = (
        "import sys; from gru_lab.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    )
    program += "print([name for name in ('torch', 'pandas', 'plotly') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and "record" in done.stdout and done.stdout.endswith("[]\n")


def test_a_sweep_prints_its_summary_and_its_runs_are_listed(capsys, tmp_path):
    assert (
        main(["sweep", "missing_weight", "--profile", "tiny", "--seeds", "1", "--workers", "1"])
        == 0
    )
    assert "corrected ruler" in capsys.readouterr().out
    assert (tmp_path / "runs.sqlite").exists()
    assert main(["runs", "--csv", "runs.csv"]) == 0
    runs = pd.read_csv("runs.csv")
    assert len(runs) == 5 and runs["missing_weight"].nunique() == 5
    assert main(["runs"]) == 0
    assert runs["key"][0] in capsys.readouterr().out


@pytest.fixture
def table():
    """Two smooth channels of 300 rows, a second apart, with 20 holes in each."""
    rows = np.arange(300)
    waves = {"a": np.sin(rows / 9) * 5 + 20, "b": np.cos(rows / 14) * 3 + 9}
    table = pd.DataFrame(
        {"time": pd.date_range("2024-05-01", periods=300, freq="s"), **waves}
    ).round({"a": 3, "b": 3})
    for column in ("a", "b"):
        table.loc[np.random.default_rng(ord(column)).choice(300, 20, replace=False), column] = (
            np.nan
        )
    return table


QUICK = ["--minutes", "0.004"]
TEXT = "time,a,b\n" + "".join(f"{row},{row % 7}.5,{row % 5}.25\n" for row in range(40))
BAD_FILES = {
    "missing": (None, "must be a file that exists"),
    "empty": ("", "it is empty"),
    "blank lines": ("\n\n \n", "it is empty"),
    "a header alone": ("a,b\n", "must have rows"),
    "binary": ("\x89PNG\0\1", "binary data"),
    "decimal commas between commas": (
        TEXT.replace(".", ","),
        "decimal commas need another separator",
    ),
    "a line too long": (TEXT + "1,2,3,4\n", "as the header, 3, and line 42 has 4"),
    "a line too short": (TEXT + "1,2\n", "as the header, 3, and line 42 has 2"),
    "a quote that never ends": (TEXT.replace("3.5", '"3.5', 1), "could not be read"),
    "a name twice": (TEXT.replace("time", "a"), "'a' is there twice"),
    "only text": ("a,b\nx,y\nz,w\n", "at least one numeric channel"),
    "infinite values": (TEXT.replace("3.5", "inf"), "add --missing-value inf"),
    "no gzip": (TEXT, "could not be read", "in.csv.gz"),
    "no workbook": ("PK", "could not be read", "in.xlsx"),
    "no Parquet": ("PAR1", "could not be read", "in.parquet"),
    "no array": ("x", "could not be read", "in.npy"),
    "an unknown ending": (TEXT, "data must be one of .csv", "in.sav"),
}


@pytest.mark.parametrize(
    "content, message, name", [(*bad, "in.csv")[:3] for bad in BAD_FILES.values()], ids=BAD_FILES
)
def test_a_bad_file_is_one_clear_line_and_nothing_is_written(
    content, message, name, capsys, tmp_path
):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="latin-1")
    assert main(["repair", name, f"out_{name}", *QUICK]) == 2
    shown = [
        line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning: ")
    ]
    assert len(shown) == 1 and message in shown[0] and shown[0].startswith("gru-lab: ")
    assert main(["check", name]) == (1 if content and "inf" in content else 2)
    assert [path.name for path in tmp_path.iterdir()] == [name] * (content is not None)
    if content is not None:
        assert (tmp_path / name).read_text(encoding="latin-1") == content


WRONG_ORDERS = {
    "OUT is IN": (["in.csv"], "OUT must be another file than 'in.csv'"),
    "OUT is a folder": (["."], "(a folder)"),
    "OUT in no folder": (["no/out.csv"], "make that folder first"),
    "OUT in another format": (["out.xlsx"], "OUT must end in .csv as in.csv does"),
    "a report over IN": (["out.csv", "--report", "in.csv"], "--report must be another file"),
    "a report over OUT": (["out.csv", "--report", "out.csv"], "--report must be another file"),
    "a report in no folder": (["out.csv", "--report", "no/r.html"], "make that folder first"),
    "a model over IN": (["out.csv", "--save-model", "in.csv"], "--save-model must be another file"),
    "a model over the report": (
        ["out.csv", "--report", "r", "--save-model", "./r"],
        "--save-model must be another file",
    ),
    "a report over the model": (["out.csv", "--model", "in.csv", "--report", "in.csv"], "must be"),
    "a report over a draw": (
        ["out.csv", "--draws", "2", "--report", "out.2.csv"],
        "--report must be another file",
    ),
    "a report to a device": (["out.csv", "--report", "/dev/null"], "a device or a pipe"),
    "a report that is printed": (["out.csv", "--report", "-"], "it is not printed"),
    "an unknown part": (["out.csv", "--split-by", "run"], "split_by must be one of time, a, b"),
    "an unknown time": (["out.csv", "--time", "tme"], "Did you mean 'time'"),
    "an unknown angle": (["out.csv", "--angles", "wind"], "angles must be one of a, b"),
    "no minutes": (["out.csv", "--minutes", "-1"], "minutes must be"),
    "a negative seed": (["out.csv", "--seed", "-1"], "seed must be a whole number from 0"),
    "an unknown device": (["out.csv", "--device", "gpu"], "device must be one of auto, cpu, cuda"),
    "no model": (
        ["out.csv", "--model", "none.safetensors"],
        "that Repairer.save wrote, not 'none.safetensors'",
    ),
    "a model that is none": (
        ["out.csv", "--model", "in.csv"],
        "that Repairer.save wrote, not 'in.csv'",
    ),
    "a model and minutes": (
        ["out.csv", "--model", "in.csv", "--minutes", "1"],
        "has its own minutes",
    ),
}


@pytest.mark.parametrize("arguments, message", WRONG_ORDERS.values(), ids=WRONG_ORDERS)
def test_a_wrong_order_is_one_clear_line_before_anything_is_trained(
    arguments, message, table, capsys, tmp_path
):
    table.to_csv("in.csv", index=False)
    before = (tmp_path / "in.csv").read_bytes()
    assert main(["repair", "in.csv", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("gru-lab: ") and shown.err.count("\n") == 1 and message in shown.err
    assert shown.out == "" and [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert (tmp_path / "in.csv").read_bytes() == before


ODD = {
    "as it should be": (lambda t: t, ""),
    "a sentinel": (
        lambda t: t.assign(a=t["a"].where(t.index % 60 > 0, -999.9)),
        "add --missing-value a=-999.9",
    ),
    "text among numbers": (
        lambda t: t.assign(a=t["a"].astype(object).where(t.index != 7, "ERR")),
        "in line 9: 'ERR'",
    ),
    "stamps repeated": (
        lambda t: t.assign(time=t["time"].where(t.index != 9, t["time"].shift())),
        "of the row before",
    ),
    "stamps unsorted": (lambda t: t.sample(frac=1, random_state=0), "earlier time stamp"),
    "stamps missing": (lambda t: t.assign(time=t["time"].where(t.index > 3)), "no time stamp"),
    "stamps with a zone": (lambda t: t.assign(time=t["time"].dt.tz_localize("Asia/Tokyo")), ""),
    "rows without any value": (
        lambda t: t.assign(a=t["a"].where(t.index > 5), b=t["b"].where(t.index > 5)),
        "",
    ),
    "a column without any value": (lambda t: t.assign(c=np.nan), "'c' has no values at all"),
    "one row": (lambda t: t.head(1).assign(a=np.nan, b=1.0), "1 row: too few"),
    "five rows": (
        lambda t: t.head(5).assign(a=[1.0, np.nan, 2, np.nan, 5], b=1.0),
        "5 rows: too few",
    ),
    "one channel": (lambda t: t[["a"]], ""),
    "a constant": (lambda t: t.assign(a=t["a"].where(t["a"].isna(), 3.5)), ""),
    "flags": (lambda t: t.assign(a=(t["a"] > 20).astype(object).where(t["a"].notna())), ""),
    "codes": (lambda t: t.assign(a=(t["a"] // 3).where(t["a"].notna())), ""),
    "a huge scale": (lambda t: t.assign(a=t["a"] * 1e30), ""),
    "a tiny scale": (lambda t: t.assign(a=t["a"] * 1e-30), ""),
    "text beside": (lambda t: t.assign(note=["x", None, "z"] * 100), ""),
    "angles that turn": (lambda t: t.assign(a=(t["a"] * 100 % 360).round(1)), "add --angles a"),
    "numbers as names": (lambda t: t.set_axis(["time", "1", "2"], axis="columns"), ""),
    "names in every script": (
        lambda t: t.set_axis(["time", "größe <b>", "温度, °C"], axis="columns"),
        "",
    ),
}


@pytest.mark.parametrize("spoil, message", ODD.values(), ids=ODD)
def test_an_odd_table_is_repaired_in_its_holes_alone_and_what_is_odd_is_named(
    spoil, message, table, capsys, tmp_path
):
    spoil(table).to_csv("in.csv", index=False)
    before = (tmp_path / "in.csv").read_bytes()
    assert main(["check", "in.csv"]) == (1 if message else 0)
    assert message in " ".join(capsys.readouterr().out.split())
    if "--angles" in message:  # refused until the person says
        assert main(["repair", "in.csv", "out.csv", *QUICK]) == 2
        assert "add --angles a, or --yes" in capsys.readouterr().err
    say = ["--yes"] * ("--angles" in message)
    assert main(["repair", "in.csv", "out.csv", "--report", "r.html", *QUICK, *say]) == 0
    shown = capsys.readouterr()
    assert message in shown.err and shown.out.count("\n") == 1 and shown.out.startswith("Filled ")
    assert (tmp_path / "in.csv").read_bytes() == before and (tmp_path / "r.html").exists()
    a, b = (pd.read_csv(name, dtype=str, keep_default_na=False) for name in ("in.csv", "out.csv"))
    assert list(a) == list(b) and len(a) == len(b)
    same = (a == b) | (a == "")
    assert same.all(axis=None)
    left = (b == "").sum()
    beside = [name for name in left.index if name in ("note", "c", "time")]
    assert (left.drop(beside) == 0).all() or len(a) == 1
    assert (left[beside] == (a == "").sum()[beside]).all()


def test_a_table_without_holes_comes_back_as_it_is(table, capsys, tmp_path):
    table.interpolate().bfill().to_csv("in.csv", index=False)
    assert main(["repair", "in.csv", "out.csv", "--report", "r.html"]) == 0
    assert "There are no holes in in.csv" in capsys.readouterr().out
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "in.csv").read_bytes()


def test_a_sentinel_that_is_named_is_repaired(table, capsys):
    table.fillna(-999.9).to_csv("in.csv", index=False)
    assert main(["check", "in.csv", "--missing-value", "-999.9"]) == 0
    assert main(["repair", "in.csv", "out.csv", "--missing-value", "-999.9", *QUICK]) == 0
    assert "Filled 40 of 40 holes in 2 channels" in capsys.readouterr().out
    assert pd.read_csv("out.csv")["a"].between(14, 26).all()


@pytest.mark.parametrize("value", ["-999,9", "-999.9"])
def test_a_sentinel_may_be_written_as_the_file_writes_it(value, table, capsys):
    table.fillna(-999.9).to_csv("in.csv", index=False, sep=";", decimal=",")
    assert main(["repair", "in.csv", "out.csv", "--missing-value", value, *QUICK]) == 0
    assert "Filled 40 of 40 holes" in capsys.readouterr().out


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_whoever_stops_reading_gets_no_complaint(unbuffered, table, start):
    table.to_csv("in.csv", index=False)
    command = [sys.executable, "-m", "gru_lab.cli", "check", "in.csv"]
    own = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    running = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=own)
    running.stdout.close()
    assert running.communicate()[1] == b""


def test_a_saved_model_repairs_another_file_without_training(table, capsys):
    table.to_csv("in.csv", index=False)
    assert (
        main(
            ["repair", "in.csv", "out.csv", "--save-model", "m.safetensors", "--keep-flags", *QUICK]
        )
        == 0
    )
    assert main(["repair", "in.csv", "again.csv", "--model", "m.safetensors", "--keep-flags"]) == 0
    assert open("out.csv").read() == open("again.csv").read()
    flags = pd.read_csv("out.csv", keep_default_na=False)["repaired"]
    assert (flags.str.contains("a") == table["a"].isna()).all()
    assert main(["repair", "in.csv", "drawn.csv", "--model", "m.safetensors", "--draws", "2"]) == 0
    assert "drawn.csv, beside it 2 plausible tables; add" in capsys.readouterr().out
    first, other = pd.read_csv("drawn.1.csv"), pd.read_csv("drawn.2.csv")
    differ = (first != other)[["a", "b"]]
    assert differ.any(axis=None) and not (differ & table[["a", "b"]].notna()).any(axis=None)
    table.rename(columns={"b": "c"}).to_csv("other.csv", index=False)
    assert main(["repair", "other.csv", "no.csv", "--model", "m.safetensors"]) == 2
    assert "lacks b and has c besides" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["parquet", "xlsx"])
def test_other_formats_come_back_in_theirs(suffix, table):
    path = f"in.{suffix}"
    table.to_parquet(path) if suffix == "parquet" else table.to_excel(path, index=False)
    assert main(["repair", path, f"out.{suffix}", *QUICK]) == 0
    read = pd.read_parquet if suffix == "parquet" else pd.read_excel
    a, b = read(path), read(f"out.{suffix}")
    assert b.notna().all(axis=None) and (a.dtypes == b.dtypes).all()
    pd.testing.assert_frame_equal(b.where(a.notna()), a, check_exact=True)


def test_beside_a_model_the_parts_of_a_table_are_named_again(table, capsys):
    parts = [table.assign(site=site, unit=unit) for site in "AB" for unit in "xy"]
    pd.concat(parts).to_csv("in.csv", index=False)
    by = ["--split-by", "site", "--split-by", "unit"]
    assert main(["repair", "in.csv", "out.csv", *by, *QUICK, "--save-model", "m"]) == 0
    assert main(["repair", "in.csv", "again.csv", "--model", "m"]) == 2
    assert (
        " ".join(by).replace("site", "'site'").replace("unit", "'unit'") in capsys.readouterr().err
    )
    assert main(["repair", "in.csv", "again.csv", "--model", "m", *by]) == 0
    assert pd.read_csv("again.csv").notna().all(axis=None)


def test_ctrl_c_keeps_the_best_so_far_and_says_so(table, start):
    table.to_csv("in.csv", index=False)
    command = [sys.executable, "-m", "gru_lab.cli", "repair", "in.csv", "out.csv", "--minutes", "5"]
    ours, theirs = os.openpty()  # the bar is shown in a terminal alone
    termios.tcsetwinsize(theirs, (24, 120))
    running = start(command, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen, begun = b"", False
    with contextlib.suppress(OSError):  # of Linux, where nobody writes any more
        while more := os.read(ours, 1000):
            seen += more
            if not begun and (begun := b"straight line" in seen):  # in the bar, after an epoch
                running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=LONG)
    assert running.returncode == 0 and b"Filled 40 of 40" in out
    assert begun and b"training was ended early" in seen
    assert pd.read_csv("out.csv").notna().all(axis=None)


@pytest.fixture
def two_stages(capsys):
    """The store of a folder in which stage 2 and stage 4 were swept with one seed: 5 and 6 runs,
    one of both.
    """
    for stage in ("2", "4"):
        assert main(["sweep", stage, "--profile", "tiny", "--seeds", "1", "--workers", "1"]) == 0
    capsys.readouterr()


def test_runs_are_filtered_by_stage_and_settings_and_exported_whole(two_stages, tmp_path, capsys):
    assert main(["runs", "--stage", "dropout", "--parquet", "runs.parquet"]) == 0
    runs = pd.read_parquet("runs.parquet")
    assert len(runs) == 6 and set(runs["dropout"]) == {0, 0.1, 0.2, 0.5}
    assert (
        main(["runs", "--where", "dropout = 0.5", "--where", "num_layers=2", "--csv", "runs.csv"])
        == 0
    )
    assert set(pd.read_csv("runs.csv")["dropout"]) == {0.5} and len(pd.read_csv("runs.csv")) == 6
    assert "6 runs in runs.csv" in capsys.readouterr().out
    assert main(["runs", "--where", "hidden_size=7"]) == 0
    assert "No such runs" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.part"))


def test_runs_are_deleted_only_after_a_question_or_with_yes(two_stages, monkeypatch, capsys):
    delete, asked = ["runs", "--stage", "2", "--delete"], []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    assert main(delete) == 1 and len(runs()) == 10
    assert "Delete 5 runs and their curves from Store('sqlite:///" in asked[0]
    monkeypatch.setattr("builtins.input", lambda _: "Y")
    assert main([*delete, "--where", "missing_weight=0"]) == 0 and len(runs()) == 9
    assert (
        main([*delete, "--yes"]) == 0
        and len(runs(stage=2)) == 0
        and len(runs(stage="dropout")) == 5
    )
    assert main([*delete, "--yes"]) == 2  # what is left of that stage comes with the kit
    told = capsys.readouterr()
    assert told.out.splitlines() == [f"{n} runs deleted" for n in (0, 1, 4)]
    assert "runs that come with the kit cannot be deleted" in told.err


def test_where_nobody_can_answer_nothing_is_deleted(two_stages, tmp_path):
    command = [sys.executable, "-m", "gru_lab.cli", "runs", "--delete"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1 and "use --yes to delete without confirmation" in done.stderr
    assert len(runs()) == 10


def test_a_log_is_never_written_into_the_table_that_it_asks_about(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = np.arange(300)
    pd.DataFrame({"a": np.sin(rows / 9), "b": np.cos(rows / 7)}).to_csv("full.csv", index=False)
    before = Path("full.csv").read_bytes()
    asked = ["log", "How wide?", "hidden_size=2,4", "--data", "full.csv", "--conclusion", "Four."]
    assert main([*asked, "--out", "full.csv"]) == 2
    assert "path must be another file than 'full.csv'" in capsys.readouterr().err
    assert Path("full.csv").read_bytes() == before
