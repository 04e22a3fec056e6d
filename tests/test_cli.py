"""The command line: wrong input ends in one clear line and exit code 2; help comes at once."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.cli import main


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRU_LAB_STORE", raising=False)


WRONG = {
    "an unknown stage": (["sweep", "drpout"], "Did you mean 'dropout'"),
    "an unknown profile": (["sweep", "1", "--profile", "huge"], "profile must be one of tiny, lesson, full"),
    "an unknown notebook": (["record", "09_nothing"], "notebook must be one of"),
    "no seeds": (["sweep", "1", "--profile", "tiny", "--seeds", "0"], "seeds must be a whole number of at least 1"),
    "no seeds in a record": (["record", "--profile", "tiny", "--seeds", "0"], "seeds must be"),
    "no workers": (["sweep", "1", "--profile", "tiny", "--workers", "0"], "workers must be"),
    "an unknown device": (["sweep", "1", "--profile", "tiny", "--device", "gpu"], "device must be one of"),
    "an unknown device in a record": (["record", "1", "--profile", "tiny", "--device", "gpu"], "device must be one of"),
    "a missing file": (["record", "--data", "nothing.csv"], "data must be a file that exists, not 'nothing.csv'"),
    "a folder as data": (["sweep", "1", "--data", "."], "a folder"),
    "a store that is none": (["runs", "--store", "runs.sqlite"], "store must be a database URL"),
    "a filter that is none": (["runs", "--where", "dropout"], "where must be NAME=VALUE, such as dropout=0.5"),
    "a filter of an unknown column": (["runs", "--where", "drpout=1"], "Did you mean 'dropout'"),
    "a filter of a value out of range": (["runs", "--where", "dropout=2"], "dropout must be at least 0 and below 1"),
    "a filter of a value of another kind": (["runs", "--where", "num_layers=two"], "num_layers must be a whole number"),
    "an unknown stage of runs": (["runs", "--stage", "drpout"], "Did you mean 'dropout'"),
    "a scheduler and workers": (
        ["sweep", "1", "--profile", "tiny", "--scheduler", "tcp://127.0.0.1:9", "--workers", "2"],
        "workers must be left out with a scheduler",
    ),
    "a missing column": (["sweep", "1", "--data", "good.csv", "--split-by", "run"], "split_by must be one of"),
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


def test_help_loads_nothing_heavy():
    program = "import sys; from gru_lab.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    program += "print([name for name in ('torch', 'pandas', 'plotly') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and "record" in done.stdout and done.stdout.endswith("[]\n")


def test_a_sweep_prints_its_summary_and_its_runs_are_listed(capsys, tmp_path):
    assert main(["sweep", "missing_weight", "--profile", "tiny", "--seeds", "1", "--workers", "1"]) == 0
    assert "corrected ruler" in capsys.readouterr().out
    assert (tmp_path / "runs.sqlite").exists()
    assert main(["runs", "--csv", "runs.csv"]) == 0
    runs = pd.read_csv("runs.csv")
    assert len(runs) == 5 and runs["missing_weight"].nunique() == 5
    assert main(["runs"]) == 0
    assert runs["key"][0] in capsys.readouterr().out


@pytest.fixture
def two_stages(capsys):
    """The store of a folder in which stage 2 and stage 4 were swept with one seed: 5 and 6 runs, one of both."""
    for stage in ("2", "4"):
        assert main(["sweep", stage, "--profile", "tiny", "--seeds", "1", "--workers", "1"]) == 0
    capsys.readouterr()


def test_runs_are_filtered_by_stage_and_settings_and_exported_whole(two_stages, tmp_path, capsys):
    assert main(["runs", "--stage", "dropout", "--parquet", "runs.parquet"]) == 0
    runs = pd.read_parquet("runs.parquet")
    assert len(runs) == 6 and set(runs["dropout"]) == {0, 0.1, 0.2, 0.5}
    assert main(["runs", "--where", "dropout = 0.5", "--where", "num_layers=2", "--csv", "runs.csv"]) == 0
    assert set(pd.read_csv("runs.csv")["dropout"]) == {0.5} and len(pd.read_csv("runs.csv")) == 6
    assert "6 runs in runs.csv" in capsys.readouterr().out
    assert main(["runs", "--where", "mask_input=true"]) == 0
    assert "No such runs" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.part"))


def test_runs_are_deleted_only_after_a_question_or_with_yes(two_stages, monkeypatch, capsys):
    delete, asked = ["runs", "--stage", "2", "--delete"], []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    assert main(delete) == 1 and len(lab.runs()) == 10
    assert "Delete 5 runs and their curves from Store('sqlite:///" in asked[0]
    monkeypatch.setattr("builtins.input", lambda _: "Y")
    assert main([*delete, "--where", "missing_weight=0"]) == 0 and len(lab.runs()) == 9
    assert main([*delete, "--yes"]) == 0 and len(lab.runs(stage=2)) == 0 and len(lab.runs(stage="dropout")) == 5
    assert main([*delete, "--yes"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{n} runs deleted" for n in (0, 1, 4, 0)]


def test_where_nobody_can_answer_nothing_is_deleted(two_stages, tmp_path):
    command = [sys.executable, "-m", "gru_lab.cli", "runs", "--delete"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1 and "--yes deletes without asking" in done.stderr
    assert len(lab.runs()) == 10
