"""The file of a store: what it may be called, who may read it, whose it is, and that nothing is
lost when it is taken away.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

import gru_lab as lab
from gru_lab.errors import StoreFailed
from gru_lab.runs import database, schema
from gru_lab.runs.store_errors import shown, without_secrets
from tests.runs.test_store import CONFIG, make_curve, same

FOLDERS = ("what?", "a?b=c", "#1", "50%", "%41", "a b", "größe, 温度", "a@b", "a;b", "a&b=c")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_may_have_any_name(name, tmp_path, monkeypatch):
    monkeypatch.delenv("GRU_LAB_STORE", raising=False)
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    store = lab.Store()
    store.put(CONFIG, make_curve(5))
    assert store.file == folder / "runs.sqlite" and store.file.exists()
    same(lab.Store(store.url).curve(CONFIG), make_curve(5))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_options_of_a_sqlite_url_are_no_part_of_its_file(tmp_path):
    store = lab.Store(f"sqlite:///{tmp_path / 'runs.sqlite'}?timeout=5")
    assert store.file == tmp_path / "runs.sqlite" and store.file.exists()


@pytest.fixture
def write_protected(store, monkeypatch):
    """A store with one run, in a folder that may only be read, as far as we can tell (root may
    write anywhere).
    """
    store.put(CONFIG, make_curve(5), sample=[[[0.5]]])
    store.engine.dispose()
    store._watched._open.close()
    del store._watched
    monkeypatch.setattr(database, "is_writable", lambda _: False)
    store.file.chmod(0o444)
    store.file.parent.chmod(0o555)
    yield store
    store.file.parent.chmod(0o755)


def test_a_store_that_may_only_be_read_is_read_and_left_as_it_is(write_protected):
    before = write_protected.file.read_bytes()
    store = lab.Store(write_protected.url)
    same(store.curve(CONFIG), make_curve(5))
    assert store.runs()["key"].tolist() == [CONFIG.key]
    assert store.sample(CONFIG.key).tolist() == [[[0.5]]]
    with pytest.raises(StoreFailed, match="may only be read: .*runs.sqlite .* Copy it to a place"):
        store.put(CONFIG.replace(seed=1), make_curve(5))
    with pytest.raises(StoreFailed, match="may only be read"):
        store.delete([CONFIG.key])
    assert [path.name for path in store.file.parent.iterdir()] == ["runs.sqlite"]
    assert store.file.read_bytes() == before


def test_another_users_store_is_read_by_a_command(request):
    """By a real user who may not write: nobody."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = Path(tempfile.mkdtemp(prefix="gru_lab_teacher_"))  # others cannot enter tmp_path
    request.addfinalizer(lambda: shutil.rmtree(folder))
    folder.chmod(0o755)
    script = f"""
import os, sys
import gru_lab as lab
from gru_lab import cli
from gru_lab.runs import select, shipped
shipped._table()
import pandas as pd
pd.Series([1.0], name="a").to_frame().to_string()  # all is loaded while packages can be read
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(cli.main(["runs", "--store", "sqlite:///{folder}/runs.sqlite"]))
"""
    store = lab.Store(f"sqlite:///{folder}/runs.sqlite")
    store.put(CONFIG, make_curve(5))  # and it stays open, as in a teacher's JupyterLab
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0 and CONFIG.key in done.stdout, done.stderr


def test_a_store_that_may_only_be_read_and_is_not_there_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "is_writable", lambda _: False)
    with pytest.raises(ValueError, match="no such file, and .* may not be written to"):
        lab.Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    assert list(tmp_path.iterdir()) == []


OTHERS = {
    "another program's": "CREATE TABLE experiments (id INTEGER)",
    "one with a table of the same name": "CREATE TABLE runs (run_uuid TEXT, status TEXT)",
    "one with some of our names": "CREATE TABLE curves (x REAL); CREATE TABLE other (y REAL)",
}


@pytest.mark.parametrize("tables", OTHERS.values(), ids=OTHERS)
def test_another_programs_database_is_refused_and_not_touched(tables, tmp_path):
    path = tmp_path / "mlruns.db"
    with sqlite3.connect(path) as other:
        other.executescript(tables)
    other.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match="mlruns.db.* another program's database, with the tables"):
        lab.Store(f"sqlite:///{path}")
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["mlruns.db"]


def test_a_store_whose_names_are_damaged_is_one_clear_error(store):
    store.put(CONFIG, make_curve(5))
    store.engine.dispose()
    copy = store.file.with_name("damaged.sqlite")
    with sqlite3.connect(store.file) as whole, sqlite3.connect(copy) as other:
        whole.backup(other)
        other.execute("PRAGMA journal_mode=DELETE")
    copy.write_bytes(copy.read_bytes().replace(b"samples", b"s\xffmples"))
    with pytest.raises(ValueError, match="damaged.sqlite is damaged, or no SQLite database"):
        lab.Store(f"sqlite:///{copy}")


def test_a_damaged_store_is_one_clear_error_wherever_it_is_damaged(store):
    for seed in range(30):
        store.put(CONFIG.replace(seed=seed), make_curve(5), sample=np.ones((6, 10, 3)))
    store.engine.dispose()
    store._watched._open.close()
    whole = store.file.read_bytes()
    for begin in range(0, len(whole), 8192):
        store.file.write_bytes(whole[:begin] + b"\xff" * 4096 + whole[begin + 4096 :])
        try:
            opened = lab.Store(store.url)
            table = opened.runs()
            opened.curves([CONFIG.replace(seed=seed) for seed in range(30)])
            for key in table["key"]:
                opened.sample(key)
            opened.put(CONFIG.replace(seed=99), make_curve(5))
        except (ValueError, StoreFailed) as error:
            assert "runs.sqlite" in str(error) and "\n" not in str(error)
        finally:
            for journal in ("-wal", "-shm"):
                store.file.with_name(store.file.name + journal).unlink(missing_ok=True)


def test_a_newer_store_is_refused_by_name_and_stays_as_it_is(store):
    store.put(CONFIG, make_curve(5))
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE gru_lab SET value = '7' WHERE name = 'version'"))
        connection.execute(sa.text("UPDATE gru_lab SET value = 'GRU Lab 3' WHERE name = 'made by'"))
    with pytest.raises(ValueError, match="newer version, GRU Lab 3: .* 7, .* Update GRU Lab"):
        lab.Store(store.url)


@pytest.mark.parametrize("lacking", (["samples", "pins", "origins", "gru_lab"], ["gru_lab"]))
def test_an_older_store_opens_and_is_brought_up_to_date(lacking, store):
    store.put(CONFIG, make_curve(5))
    with store.engine.begin() as connection:
        for table in lacking:
            connection.execute(sa.text(f"DROP TABLE {table}"))
    older = lab.Store(store.url)
    same(older.curve(CONFIG), make_curve(5))
    assert older.sample(CONFIG.key) is None and older.runs()["record"].tolist() == [""]
    older.put(CONFIG.replace(seed=1), make_curve(5), sample=[[[1.0]]])
    with older.engine.connect() as connection:
        facts = dict(connection.execute(sa.select(schema.about)).all())
    assert facts["version"] == str(schema.VERSION)


def test_runs_of_an_older_version_that_knew_fewer_settings_stay_and_are_named(store):
    store.put(CONFIG, make_curve(5))
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE runs DROP COLUMN residual"))
    older = lab.Store(store.url)
    with pytest.warns(UserWarning, match="1 runs of .* did not know residual: they stay"):
        assert older.runs().empty
    older.put(CONFIG.replace(seed=1), make_curve(5))
    with pytest.warns(UserWarning, match="1 runs"):
        assert older.runs()["residual"].tolist() == [False]


@pytest.mark.parametrize("way", ("deleted", "moved", "replaced"))
def test_runs_are_kept_when_the_file_is_taken_away_while_it_is_in_use(way, store, tmp_path):
    store.put(CONFIG, make_curve(5))
    if way == "deleted":
        for path in tmp_path.glob("runs.sqlite*"):
            path.unlink()
    else:
        store.file.rename(tmp_path / "elsewhere.sqlite")
    if way == "replaced":
        store.file.write_bytes(b"")
    with pytest.raises(StoreFailed, match="its file was deleted or moved while it was in use"):
        store.put(CONFIG.replace(seed=1), make_curve(5, scale=2), sample=[[[0.5]]])
    (kept,) = tmp_path.glob("runs.rescued-*.sqlite")
    assert store.kept == kept
    rescued = lab.Store(f"sqlite:///{kept}")
    same(rescued.curve(CONFIG), make_curve(5))
    same(rescued.curve(CONFIG.replace(seed=1)), make_curve(5, scale=2))
    with pytest.raises(StoreFailed, match=kept.name):  # also for whoever only reads, and once
        store.runs()
    assert len(list(tmp_path.glob("*rescued*.sqlite"))) == 1


def test_a_folder_that_is_deleted_while_it_is_in_use_costs_nothing(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    store = lab.Store(f"sqlite:///{tmp_path / 'there' / 'runs.sqlite'}")
    store.put(CONFIG, make_curve(5))
    for path in store.file.parent.iterdir():
        path.unlink()
    store.file.parent.rmdir()
    with pytest.raises(StoreFailed, match="rescued"):
        store.runs()
    same(lab.Store(f"sqlite:///{store.kept}").curve(CONFIG), make_curve(5))
    assert store.kept.parent == tmp_path / "here"


URLS = (
    "postgresql://me:hunter2@host/lab",
    "postgresql://me:hun@hunter2@host/lab",
    "postgresql://me:hun/hunter2@host/lab",
    "postgresql://me:hun?hunter2#x@host/lab",
    "postgresql://host/lab?password=hunter2",
    "postgresql://host/lab?sslpassword=hunter2&host=/tmp",
    "postgresql://host/lab?password=a@hunter2",
    "postgresql://host/lab;pwd=hunter2",
    "postgresql://me:hunter2",
    "postgresql://me:hunter2/lab",
    "postgresql:/me:hunter2@host/lab",
    "postgresql:///me:hunter2@host/lab",
    "postgresql//me:hunter2@host/lab",
    "postgresql:me:hunter2@host",
    "postgresq://me:hunter2@host/lab",
    "me:hunter2@host/lab",
    "me@host password=hunter2",
    "sqlite://me:hunter2@host/lab",
    "postgresql+nosuch://me:hunter2@host/lab",
    "postgresql+psycopg://me:hunter2@127.0.0.1:9/lab",
    "postgresql+psycopg://me@127.0.0.1:9/lab?password=hunter2&connect_timeout=1",
    "postgresql+psycopg://me@127.0.0.1:9/lab?nosuch=hunter2",
    "postgresql://me@127.0.0.1:hunter2/lab",
    "postgresql://me:x@host:hunter2/lab",
    "postgresql:///me:hunter2",
    "postgresql://host/lab?sslmode=require;password=hunter2",
    "postgresql://host/lab?password:hunter2",
    "postgresql://host/lab?host=127.0.0.1,password=hunter2",
    "postgresql//me;hunter2@host",
    "postgresql;//me;hunter2@host",
    "postgresql://me;hunter2;127.0.0.1/lab",
)


@pytest.mark.parametrize("url", URLS)
def test_a_password_is_never_printed(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "hunter2" not in shown(url)
    with pytest.raises((ValueError, StoreFailed)) as caught:
        lab.Store(url)
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_url_without_a_password_is_shown_as_it_is():
    for url in ("sqlite:///runs.sqlite", "runs.sqlite", "postgresql://ada@a:5432/lab"):
        assert shown(url) == url
    assert shown("postgresql+psycopg://lab@/db?host=/tmp") == (
        "postgresql+psycopg://lab@/db?host=/tmp"
    )


def test_passwords_in_other_processes_commands_are_blotted_out():
    told = without_secrets("python x --store postgresql://me:a@b:c@host/db password=d")
    assert told == "python x --store postgresql://me:***@host/db password=***"
