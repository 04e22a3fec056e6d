"""A store in trouble: locked by another process, or on a full disk. The error says what to do, and
nothing is lost.
"""

import sqlite3
import subprocess
import sys
import threading

import psutil
import pytest
import sqlalchemy as sa

import gru_lab as lab
from gru_lab.errors import StoreFailed
from gru_lab.runs import database as module
from tests.conftest import LONG
from tests.runs.test_store import CONFIG, make_curve, same

HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
database.execute("COMMIT")
sys.stdin.readline()
"""


@pytest.fixture
def held(start):
    """A function from a store to another process that holds its lock, until that is told to let go
    by a line, or the test ends.
    """

    def hold(store):
        pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        command = [sys.executable, "-c", HOLDER, str(store.file)]
        process = start(command, text=True, bufsize=1, **pipes)
        assert process.stdout.readline() == "held\n"
        return process

    return hold


@pytest.fixture
def impatient(tmp_path, monkeypatch):
    """A store that waits a moment only."""
    monkeypatch.setattr(module, "SECONDS_TO_WAIT", 0.2)
    return lab.Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")


def test_a_store_locked_for_a_while_is_waited_for(store, held):
    process = held(store)
    writing = threading.Thread(target=store.put, args=(CONFIG, make_curve(5)))
    writing.start()
    writing.join(0.3)
    assert writing.is_alive() and store.curve(CONFIG) is None
    process.stdin.write("\n")
    writing.join(LONG)
    same(store.curve(CONFIG), make_curve(5))


def test_a_store_locked_for_long_is_an_error_that_says_who_holds_it(impatient, held):
    process = held(impatient)
    with pytest.raises(StoreFailed) as caught:
        impatient.put(CONFIG, make_curve(5))
    told = str(caught.value)
    assert f"locked for 0.2 seconds; it is open in process {process.pid} (" in told
    assert "-c import sqlite3" in told
    assert "End that one, or wait" in told and "\n" not in told
    assert impatient.curve(CONFIG) is None


def test_where_it_cannot_be_seen_who_holds_it_the_error_says_so(impatient, held, monkeypatch):
    monkeypatch.setattr(psutil, "process_iter", lambda _: [])
    held(impatient)
    with pytest.raises(StoreFailed, match="; which one cannot be seen from here: perhaps"):
        impatient.put(CONFIG, make_curve(5))


def test_a_file_of_another_kind_of_journal_that_is_locked_is_not_taken_for_a_wrong_url(
    impatient, held
):
    impatient.engine.dispose()
    impatient._watched._open.close()
    with sqlite3.connect(impatient.file) as alone:
        alone.execute("PRAGMA journal_mode=DELETE")
    alone.close()
    process = held(impatient)
    with pytest.raises(StoreFailed, match=f"cannot be opened: .* process {process.pid} "):
        lab.Store(impatient.url)


FILLING = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from tests.runs.test_store import CONFIG, make_curve
import gru_lab as lab
from gru_lab.errors import StoreFailed
store = lab.Store(sys.argv[1])
store.put(CONFIG, make_curve(5))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # of any file this process writes
try:
    for seed in range(1, 1000):
        store.put(CONFIG.replace(seed=seed, epochs=50), make_curve(50))
except StoreFailed as error:
    print(seed, error)
"""


def test_a_full_disk_is_a_clear_error_and_leaves_a_store_that_is_whole(tmp_path, request):
    pytest.importorskip("resource", reason="this system cannot limit the size of a file")
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    command = [sys.executable, "-c", FILLING, url, str(request.config.rootpath)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONG).stdout
    seed, _, error = told.partition(" ")
    assert (
        "cannot be written: the disk, or what you may use of it, is full" in error
        and "Free some space" in error
    )
    store = lab.Store(url)
    with store.engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    kept = store.runs().set_index("seed")["epochs"]
    assert len(kept) == int(seed) >= 2 and kept[0] == 5
    for number in range(1, int(seed)):
        same(store.curve(CONFIG.replace(seed=number, epochs=50)), make_curve(50))
    store.put(CONFIG.replace(seed=int(seed), epochs=50), make_curve(50))  # there is space again
    same(store.curve(CONFIG.replace(seed=int(seed), epochs=50)), make_curve(50))
