"""Ctrl-C, SIGTERM and SIGHUP end a command in good order, and it says what it leaves behind."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from gru_lab import cli, table_commands
from tests.conftest import LONG, wait_until

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}

pytestmark = pytest.mark.usefixtures("ctrl_c")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = np.arange(300)
    table = pd.DataFrame({"a": np.sin(rows / 9), "b": np.cos(rows / 14)})
    table[rows % 11 == 5] = np.nan
    table.to_csv("in.csv", index=False)


def let_check(monkeypatch, run):
    """Let the command check do something else."""
    monkeypatch.setitem(cli.COMMANDS, "check", cli.COMMANDS["check"]._replace(run=run))


@pytest.mark.parametrize("number, code", CODES.items())
def test_each_signal_has_its_exit_code_and_handlers_are_put_back(number, code, monkeypatch, capsys):
    before = [signal.getsignal(one) for one in CODES]
    let_check(monkeypatch, lambda _: signal.raise_signal(number))
    assert cli.main(["check", "in.csv"]) == code
    assert capsys.readouterr().err == "\nStopped. Nothing was written.\n"
    assert [signal.getsignal(one) for one in CODES] == before


def test_a_signal_that_is_ignored_stays_ignored(monkeypatch, capsys):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    try:
        let_check(monkeypatch, lambda _: signal.raise_signal(signal.SIGHUP))
        assert cli.main(["check", "in.csv"]) is None
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_whoever_stops_a_command_after_its_files_are_written_is_told_which(monkeypatch, capsys):
    monkeypatch.setattr(table_commands, "say", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    quick = ["--minutes", "0.004", "--report", "r.html"]
    assert cli.main(["repair", "in.csv", "out.csv", *quick]) == 130
    assert capsys.readouterr().err.endswith("\nStopped. Written: out.csv, r.html.\n")
    assert sorted(os.listdir()) == ["in.csv", "out.csv", "r.html"]


def test_a_report_that_cannot_be_made_leaves_no_half_of_the_files(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("gru_lab.records.report.report_page", stop)
    quick = ["--minutes", "0.004", "--report", "r.html", "--save-model", "m"]
    assert cli.main(["repair", "in.csv", "out.csv", *quick]) == 130
    assert capsys.readouterr().err.endswith("\nStopped. Nothing was written.\n")
    assert os.listdir() == ["in.csv"]


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGHUP))
def test_a_repair_that_is_ended_while_it_trains_leaves_nothing(
    number, start, tmp_path, monkeypatch
):
    monkeypatch.setenv("TQDM_MININTERVAL", "0.1")  # in a log file else 10 s
    command = ["repair", "in.csv", "out.csv", "--report", "r.html", "--minutes", "9"]
    with (tmp_path / "log").open("w+") as log:
        process = start([sys.executable, "-m", "gru_lab.cli", *command], stderr=log)
        wait_until(lambda: "error" in (tmp_path / "log").read_text(), "the training")
        process.send_signal(number)
        assert process.wait(LONG) == CODES[number]
    told = (tmp_path / "log").read_text()
    assert told.endswith("\nStopped. Nothing was written.\n") and "Traceback" not in told
    assert sorted(os.listdir()) == ["in.csv", "log"]


def test_whoever_started_the_tests_in_the_background_has_ctrl_c_tested_all_the_same(start):
    """A shell lets background jobs ignore Ctrl-C, and what they start inherits that."""
    asked = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    process = start([sys.executable, "-c", asked], stdout=subprocess.PIPE, text=True)
    assert process.communicate(timeout=LONG)[0] == "True\n"


@pytest.mark.parametrize("number", CODES)
def test_a_signal_that_comes_when_all_is_over_does_not_break_into_the_end_of_python(number, start):
    late = f"import atexit, os; atexit.register(os.kill, os.getpid(), {int(number)})"
    stop = "import signal; cli.COMMANDS['check'] = cli.COMMANDS['check']._replace(run=stop)"
    kill = "def stop(_): signal.raise_signal(signal.SIGINT)"
    code = f"{late}\nfrom gru_lab import cli\n{kill}\n{stop}\ncli.run_process()"
    process = start([sys.executable, "-c", code, "check", "in.csv"], stderr=subprocess.PIPE)
    errors = process.communicate(timeout=LONG)[1].decode()
    assert (process.returncode, errors) == (130, "\nStopped. Nothing was written.\n")
