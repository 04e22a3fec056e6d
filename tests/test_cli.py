"""The command line: wrong input ends in one clear line and exit code 2; help comes at once."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

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
