"""A recording that is interrupted, or whose kernels die: good order, nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gru_lab.cli import main
from gru_lab.runs.exchange import read_block
from tests.conftest import LONG, wait_until

GOOD = ["print(6 * 7)"]
SLOW = [
    "import os, pathlib, time",
    "pathlib.Path('begun').write_text(str(os.getpid())); time.sleep(600)",
]
DYING = [
    "print('before')",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "print('no')",
]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name, cells):
    cells = [new_markdown_cell(f"# {name}"), *map(new_code_cell, cells)]
    nbformat.write(new_notebook(cells=cells), f"{name}.ipynb")


@pytest.mark.parametrize("numbers, code", (([signal.SIGINT] * 3, 130), ([signal.SIGTERM], 143)))
def test_a_recording_that_is_stopped_while_a_notebook_runs_ends_in_good_order(
    numbers, code, start, tmp_path
):
    write("slow", SLOW)
    command = [sys.executable, "-m", "gru_lab.cli", "record", "slow.ipynb", "--profile", "tiny"]
    process = start(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    begun = Path("begun")
    wait_until(lambda: begun.exists() and begun.read_text(), "the slow cell")
    kernel = psutil.Process(int(begun.read_text()))
    for number in numbers:  # whoever is in a hurry presses Ctrl-C again
        process.send_signal(number)
        time.sleep(0.1)
    told, errors = process.communicate(timeout=LONG)
    assert process.returncode == code, errors
    assert "Traceback" not in errors and "Task" not in errors
    assert "Stopped. Finished runs are kept; the same command" in errors
    assert not (tmp_path / "records").exists()
    wait_until(lambda: not kernel.is_running(), "the end of the kernel")


def test_a_kernel_that_dies_ends_its_own_notebook_alone_and_the_record_shows_where(capsys):
    write("dying", DYING)
    write("good", GOOD)
    out = ["--profile", "tiny", "--name", "try"]
    assert main(["record", "dying.ipynb", "good.ipynb", *out]) == 1
    shown = capsys.readouterr()
    assert "A cell failed in dying.html: the record shows where." in shown.err
    assert "Traceback" not in shown.err
    (folder,) = [path for path in Path("records").iterdir() if path.is_dir()]
    dying, good = ((folder / f"{name}.html").read_text() for name in ("dying", "good"))
    assert "the kernel died in this cell" in dying and "before" in dying and "42" in good
    assert read_block(folder / "good.html")["whole"]
    assert not read_block(folder / "dying.html")["whole"]
    assert "GRU_LAB_USED" not in os.environ
