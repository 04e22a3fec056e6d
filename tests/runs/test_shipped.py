"""Runs that come with the kit lie under every store, read-only."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.cli import main
from gru_lab.runs import shipped
from gru_lab.runs.compute import Compute
from gru_lab.runs.select import runs
from gru_lab.runs.store import config_of
from gru_lab.runs.sweep import not_stored, train_missing

SOURCE = Path(lab.__file__).parent.parent / "benchmarks" / "full_size.py"


@pytest.fixture
def comes_with_the_kit(store, tmp_path, monkeypatch):
    """A file of shipped runs made of two short ones; returns an empty store and their configs."""
    if not SOURCE.exists():
        pytest.skip("installed without its benchmarks")
    stage = lab.stage("dropout", "tiny")
    configs = [stage.config(name) for name in ("dropout=0.5", "dropout=0.1")]
    train_missing(configs, stage.series, Compute(store, workers=1))
    path = tmp_path / "shipped.parquet"
    write = runpy.run_path(str(SOURCE))["write"]
    assert write(store, configs, path, {"references": {"forward fill": 1.0}}) == 2
    monkeypatch.setattr(shipped, "FILE", path)
    shipped._table.cache_clear()
    shipped.facts.cache_clear()
    yield lab.Store(f"sqlite:///{tmp_path / 'empty.sqlite'}"), store, configs
    monkeypatch.undo()
    shipped._table.cache_clear()
    shipped.facts.cache_clear()


def test_a_shipped_run_is_known_without_training_and_to_the_last_digit(comes_with_the_kit):
    empty, trained, configs = comes_with_the_kit
    assert not_stored(configs, empty) == [] and empty.runs().empty
    for config in configs:
        pd.testing.assert_frame_equal(empty.curve(config), trained.curve(config))
        np.testing.assert_array_equal(empty.sample(config.key), trained.sample(config.key))
        assert empty.curve(config.replace(epochs=1)) is not None
        assert empty.curve(config.replace(epochs=config.epochs + 1)) is None
    assert shipped.facts() == {"references": {"forward fill": 1.0}}


def test_a_persons_own_run_of_the_same_key_comes_first(comes_with_the_kit):
    empty, trained, configs = comes_with_the_kit
    longer = trained.curve(configs[0])
    longer = pd.concat([longer, longer.tail(1).assign(epoch=len(longer) + 1)])
    empty.put(configs[0], longer * 2)
    assert empty.lengths([configs[0].key]) == {configs[0].key: len(longer)}
    read = empty.curve(configs[0])["val_missing"]
    np.testing.assert_array_equal(read, 2 * trained.curve(configs[0])["val_missing"])
    table = empty.runs(with_shipped=True)
    assert table.set_index("key")["shipped"].to_dict() == {
        configs[0].key: False,
        configs[1].key: True,
    }


def test_shipped_runs_are_marked_and_cannot_be_deleted(comes_with_the_kit, capsys):
    empty, _, configs = comes_with_the_kit
    assert runs(empty).empty and runs(empty, with_shipped=True)["shipped"].all()
    assert main(["runs", "--store", empty.url]) == 0
    assert "comes with the kit" in capsys.readouterr().out
    assert main(["runs", "--store", empty.url, "--delete", "--yes"]) == 2
    assert "cannot be deleted" in capsys.readouterr().err
    with pytest.raises(ValueError, match="come with the kit cannot be deleted"):
        empty.delete([configs[0].key])
    assert not_stored(configs, empty) == []


def test_a_sweep_of_shipped_runs_trains_nothing(comes_with_the_kit, monkeypatch):
    empty, _, configs = comes_with_the_kit

    def refuse(*_, **__):
        raise AssertionError("a run that came with the kit was trained")

    monkeypatch.setattr("gru_lab.runs.sweep.train_one", refuse)
    series = lab.stage("dropout", "tiny").series
    assert len(lab.sweep(configs, series=series, store=empty, workers=1)) == sum(
        config.epochs for config in configs
    )


def test_what_the_package_holds_is_the_log_at_its_own_size():
    table = shipped.runs()
    assert len(table) >= 6 and (table["hidden_size"] == 256).all()
    assert set(table["data"]) == {"demo-420000-0"} == {shipped.facts()["data"]}
    assert shipped.FILE.stat().st_size < 3_000_000
    for key, row in zip(table["key"], table.to_dict("records"), strict=True):
        config = config_of(row)
        assert config.key == key
        assert len(shipped.curve(config)) == config.epochs
        assert np.isfinite(shipped.curve(config)).all(axis=None)
        assert shipped.sample(key).shape == (6, 10, 3)
