"""The store: a run is written whole or not at all, and a longer one is never lost for a shorter
one.
"""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

import gru_lab as lab
from gru_lab.loss import METRICS
from gru_lab.runs import database as module
from tests.conftest import LONG


def make_curve(epochs, scale=1.0):
    """A curve in which every figure differs from every other."""
    values = scale * (1 + np.arange(epochs * len(METRICS)).reshape(epochs, -1)) / 7
    return pd.DataFrame(values, columns=list(METRICS)).assign(
        epoch=range(1, epochs + 1), seconds=0.25
    )


def same(read, written):
    pd.testing.assert_frame_equal(read[sorted(written)], written[sorted(written)], check_exact=True)


CONFIG = lab.RunConfig(epochs=5)


def test_what_is_put_is_got_back_exactly(store):
    assert store.curve(CONFIG) is None
    store.put(CONFIG, make_curve(5))
    same(store.curve(CONFIG), make_curve(5))
    assert store.curve(CONFIG) is not None


def test_a_store_opened_again_has_what_was_put(store):
    store.put(CONFIG, make_curve(5))
    same(lab.Store(store.url).curve(CONFIG), make_curve(5))


def test_a_longer_run_serves_for_a_shorter_one(store):
    store.put(CONFIG, make_curve(5))
    short = CONFIG.replace(epochs=2)
    assert store.curve(short) is not None
    same(store.curve(short), make_curve(5).head(2))


def test_a_shorter_run_does_not_serve_for_a_longer_one(store):
    store.put(CONFIG, make_curve(5))
    assert store.curve(CONFIG.replace(epochs=6)) is None


def test_a_longer_run_takes_the_place_of_a_shorter_one_and_never_the_other_way(store):
    store.put(CONFIG, make_curve(5))
    store.put(CONFIG.replace(epochs=8), make_curve(8, scale=2))
    same(store.curve(CONFIG.replace(epochs=8)), make_curve(8, scale=2))
    for epochs in (5, 8):
        store.put(CONFIG.replace(epochs=epochs), make_curve(epochs, scale=3))
        same(store.curve(CONFIG.replace(epochs=8)), make_curve(8, scale=2))
    assert len(store.runs()) == 1


def test_other_runs_are_other_runs(store):
    store.put(CONFIG, make_curve(5))
    store.put(CONFIG.replace(seed=1), make_curve(5, scale=2))
    assert store.curve(CONFIG.replace(seed=2)) is None
    same(store.curve(CONFIG), make_curve(5))
    same(store.curve(CONFIG.replace(seed=1)), make_curve(5, scale=2))


def test_the_runs_are_a_tidy_table_of_their_settings(store):
    config = CONFIG.replace(mask_input=True, dropout=0.1, data="mine", data_digest="abc")
    store.put(config, make_curve(4), device="cuda")
    store.put(CONFIG, make_curve(5))
    runs = store.runs()
    assert len(runs) == 2 and runs["key"].is_unique
    (row,) = runs[runs["key"] == config.key].to_dict("records")
    for name in (
        "mask_input",
        "hidden_size",
        "dropout",
        "learning_rate",
        "pattern",
        "data",
        "data_digest",
    ):
        assert row[name] == getattr(config, name)
    assert (row["epochs"], row["seconds"], row["device"]) == (4, 1.0, "cuda")
    assert row["torch"].startswith("2.") and "cores" in row["machine"]
    assert pd.Timestamp(row["trained"]).tzinfo is not None
    assert store.runs([CONFIG.key])["key"].tolist() == [CONFIG.key] and store.runs([]).empty


def test_the_curves_are_a_tidy_table_anyone_can_read(store):
    store.put(CONFIG, make_curve(5))
    curves = pd.read_sql("select * from curves", sa.create_engine(store.url))
    assert list(curves["epoch"]) == [1, 2, 3, 4, 5] and set(curves["key"]) == {CONFIG.key}
    assert set(curves.columns) == {"key", "epoch", "seconds", *METRICS}


def test_a_run_that_cannot_be_written_whole_is_not_written_at_all(store):
    broken = make_curve(5)
    broken.loc[3, "val_missing"] = (
        np.nan
    )  # a figure that the table does not take, in the fourth row
    with pytest.raises(sa.exc.IntegrityError):
        store.put(CONFIG, broken)
    assert store.runs().empty and store.curve(CONFIG) is None
    assert pd.read_sql("select * from curves", store.engine).empty


def test_the_run_that_a_broken_one_was_to_replace_is_still_there(store):
    store.put(CONFIG, make_curve(5))
    broken = make_curve(8)
    broken.loc[7, "val_missing"] = np.nan
    with pytest.raises(sa.exc.IntegrityError):
        store.put(CONFIG.replace(epochs=8), broken)
    same(store.curve(CONFIG), make_curve(5))


WRITER = """
import sys
import numpy as np, pandas as pd
import gru_lab as lab
from gru_lab.loss import METRICS

url, me, open_store = sys.argv[1], int(sys.argv[2]), lab.Store
print("ready", flush=True)
sys.stdin.readline()
store = open_store(url)
for seed in range(25):
    epochs = 2 + (seed + me) % 2
    curve = pd.DataFrame({name: np.full(epochs, float(epochs)) for name in METRICS})
    store.put(lab.RunConfig(seed=seed), curve.assign(epoch=range(1, epochs + 1), seconds=0.1))
"""


def written_by_two_at_once(url, start):
    """Have two processes write the same runs into a store at the same time, and return it; of each
    the longer stays.
    """
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    writers = [start([sys.executable, "-c", WRITER, url, me], text=True, **pipes) for me in "01"]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 2
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate(timeout=LONG)
        assert writer.returncode == 0, errors
    store = lab.Store(url)
    assert store.runs()["epochs"].tolist() == [3] * 25
    return store


def test_two_processes_may_open_and_write_one_store_at_once_and_the_longer_run_stays(
    tmp_path, start
):
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    store = written_by_two_at_once(url, start)
    for seed in range(25):
        curve = store.curve(lab.RunConfig(seed=seed, epochs=3))
        assert curve["epoch"].tolist() == [1, 2, 3] and (curve["val_all"] == 3).all()


def test_a_longer_run_that_another_process_puts_at_the_worst_moment_is_not_lost(store):
    longer, other = CONFIG.replace(epochs=8), lab.Store(store.url)

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def meanwhile(connection, cursor, statement, *_):
        if statement.startswith("DELETE") and other.curve(longer) is None:
            other.put(longer, make_curve(8))

    store.put(CONFIG, make_curve(5, scale=2))
    same(store.curve(longer), make_curve(8))


@pytest.mark.parametrize(
    "url",
    [
        "runs.sqlite",
        "sqlite:/runs",
        "nosuch://host/db",
        "postgresql+nosuch://host/db",
    ],
)
def test_a_url_that_leads_to_no_database_is_an_error_that_shows_one(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match="store must be a database URL such as sqlite:///runs.sqlite, not"
    ) as caught:
        lab.Store(url)
    assert url in str(caught.value) and "\n" not in str(caught.value)


def test_a_store_in_an_impossible_folder_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="cannot be used: No such file or directory: /proc/none"):
        lab.Store("sqlite:////proc/none/x.sqlite")


def test_a_file_that_is_no_database_is_an_error_and_is_left_as_it_is(tmp_path):
    path = tmp_path / "notes.sqlite"
    path.write_text("these are my notes, not a database\n" * 50)
    with pytest.raises(ValueError, match="notes.sqlite is damaged, or no SQLite database"):
        lab.Store(f"sqlite:///{path}")
    assert path.read_text().startswith("these are my notes")


def test_the_folder_of_a_new_store_is_made(tmp_path):
    store = lab.Store(f"sqlite:///{tmp_path / 'a' / 'b' / 'runs.sqlite'}")
    assert store.file.exists() and store.checkpoints == tmp_path / "a" / "b" / "runs.checkpoints"


def test_a_store_in_memory_works_too():
    store = lab.Store("sqlite://")
    store.put(CONFIG, make_curve(5))
    same(store.curve(CONFIG), make_curve(5))


def test_a_password_is_not_shown(store):
    store.url = "postgresql://me:secret@host/runs"
    assert "secret" not in repr(store)
    with pytest.raises(ValueError, match="store must be .*me:[*]+@host/runs") as caught:
        lab.Store("nosuch://me:secret@host/runs")
    assert "secret" not in str(caught.value)


def test_the_default_store_is_one_file_beside_the_notebooks(tmp_path, monkeypatch):
    monkeypatch.delenv("GRU_LAB_STORE", raising=False)
    (tmp_path / "notebooks").mkdir()
    for folder in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(folder)
        assert module.default_url() == f"sqlite:///{tmp_path / 'runs.sqlite'}"
    monkeypatch.setenv("GRU_LAB_STORE", "sqlite:///elsewhere.sqlite")
    assert module.default_url() == "sqlite:///elsewhere.sqlite"


def test_a_sample_of_the_repair_is_kept_with_its_run_and_replaced_with_it(store):
    store.put(CONFIG, make_curve(5), sample=np.full((2, 3, 1), 0.123456))
    np.testing.assert_allclose(store.sample(CONFIG.key), np.full((2, 3, 1), 0.1235))
    store.put(CONFIG.replace(epochs=8), make_curve(8), sample=np.zeros((2, 3, 1)))
    assert store.sample(CONFIG.key).max() == 0
    assert store.sample("nothing") is None
