"""A store that several people share: a real PostgreSQL server, and two processes that sweep the
same stage at once.
"""

import subprocess
import sys
import uuid

import pandas as pd
import pytest
import sqlalchemy as sa

import gru_lab as lab
from tests.conftest import LONG
from tests.runs.test_store import make_curve, same, written_by_two_at_once


@pytest.fixture
def url(postgresql):
    """A database of its own."""
    name = f"lab_{uuid.uuid4().hex[:8]}"
    with sa.create_engine(postgresql, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    return postgresql.replace("/postgres?", f"/{name}?")


def test_what_is_put_is_got_back_exactly(url):
    store, config = lab.Store(url), lab.RunConfig(epochs=5)
    store.put(config, make_curve(5), sample=[[[0.5]]])
    same(store.curve(config), make_curve(5))
    same(lab.Store(url).curve(config.replace(epochs=2)), make_curve(2).head(2))
    assert store.sample(config.key).tolist() == [[[0.5]]]
    assert store.runs()["dropout"].tolist() == [0.5] and store.runs()["mask_input"].tolist() == [
        False
    ]
    assert store.delete([config.key]) == 1 and store.runs().empty


def test_two_processes_may_write_the_same_runs_at_once_and_the_longer_stays(url, start):
    store = written_by_two_at_once(url, start)
    assert pd.read_sql("SELECT count(*) AS n FROM curves", store.engine)["n"].tolist() == [75]


def test_two_people_may_sweep_the_same_stage_at_the_same_time(url, tmp_path, start):
    command = [
        sys.executable,
        "-m",
        "gru_lab.cli",
        "sweep",
        "2",
        "--profile",
        "tiny",
        "--workers",
        "1",
        "--store",
        url,
    ]
    folders = [tmp_path / name for name in ("ada", "ben")]
    for folder in folders:
        folder.mkdir()
    people = [
        start(command, cwd=one, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for one in folders
    ]
    told = [one.communicate(timeout=LONG)[0].decode() for one in people]
    assert [one.returncode for one in people] == [0, 0], told
    stage, store = lab.stage("missing_weight", "tiny"), lab.Store(url)
    assert sorted(store.runs()["key"]) == sorted({config.key for _, config in stage.configs()})
    for _, config in stage.configs():
        assert store.curve(config)["epoch"].tolist() == list(range(1, config.epochs + 1))
    summaries = [text[text.index("setting") :] for text in told]
    assert summaries[0] == summaries[1]


def test_a_server_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(
        ValueError, match="store must be a database URL .* not 'postgresql.*: connection .* failed"
    ):
        lab.Store(f"postgresql+psycopg://lab@/postgres?host={tmp_path}")
