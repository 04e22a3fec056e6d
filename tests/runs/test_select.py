"""Runs by their settings: named, read as one table, and found again."""

import numpy as np
import pytest

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.runs.select import bind, curves_of, listed, names_of, parse_where, runs
from tests.runs.test_store import make_curve, same


@pytest.fixture
def kept(store, series):
    """Two settings with two seeds each, of four epochs, in the store."""
    configs = bind(
        [lab.RunConfig(dropout=0.0, epochs=4), lab.RunConfig(dropout=0.5, epochs=4)], series, 2
    )
    for number, config in enumerate(configs, start=1):
        store.put(config, make_curve(4, scale=number))
    return configs


def test_configurations_are_bound_to_their_series_with_as_many_seeds_as_asked_for(series):
    config = lab.RunConfig(seed=7)
    assert bind([config], series) == [config.on(series)]
    assert [one.seed for one in bind((config, config.replace(dropout=0)), series, 2)] == [
        0,
        1,
        0,
        1,
    ]


@pytest.mark.parametrize(
    "configs, message",
    [
        ([], "a stage or a list of RunConfigs, not \\[\\]"),
        ("dropout", "not 'dropout'"),
        ([lab.RunConfig(), 3], "not 3"),
    ],
)
def test_what_is_no_list_of_configurations_is_an_error(configs, message, series):
    with pytest.raises(ValueError, match=message):
        bind(configs, series)


def test_configurations_without_their_series_are_an_error_that_says_what_is_needed(store):
    with pytest.raises(
        ValueError,
        match="series must be the Series to train on, as demo_series or read_table give it",
    ):
        lab.sweep([lab.RunConfig()], store=store)
    with pytest.raises(ValueError, match="series must be left out with a stage"):
        lab.sweep(lab.stage(1, "tiny"), series=demo_series(1_400), store=store)


def test_runs_are_called_by_what_sets_them_apart(kept):
    assert list(names_of(kept).values()) == [
        f"dropout {d:g}, seed {seed}" for d in (0.0, 0.5) for seed in (0, 1)
    ]
    assert list(names_of(kept[:1]).values()) == ["seed 0"]


def test_the_curves_of_a_list_are_one_table_with_what_sets_the_runs_apart(kept, store):
    table = curves_of([kept[3], kept[0].replace(epochs=2)], store)
    assert list(table.columns[:4]) == ["key", "seed", "dropout", "epoch"]
    assert table["dropout"].tolist() == [0.5] * 4 + [0.0] * 2 and table["epoch"].tolist() == [
        1,
        2,
        3,
        4,
        1,
        2,
    ]
    same(table[make_curve(4).columns][:4], make_curve(4, scale=4))


def test_stored_runs_are_found_by_their_settings(kept, store):
    assert sorted(runs(store)["key"]) == sorted(config.key for config in kept)
    assert set(runs(store, dropout=0.5)["key"]) == {kept[2].key, kept[3].key}
    assert runs(store.url, dropout=0.5, seed=1)["key"].tolist() == [kept[3].key]
    assert runs(store, mask_input=True).empty
    assert len(runs(store, device="cpu")) == 4


def test_a_number_is_found_however_it_was_computed(store, series):
    config = lab.RunConfig(missing_weight=0.18**2, epochs=4).on(series)
    store.put(config, make_curve(4))
    assert len(runs(store, missing_weight=0.0324)) == 1


def test_the_runs_of_a_stage_are_found_at_any_size_and_on_any_series(store):
    stage = lab.stage("num_layers", "tiny")
    wanted = [config for _, config in stage.configs(1)]
    elsewhere = wanted[0].replace(hidden_size=99, data="mine", data_digest="123")
    other = wanted[0].replace(learning_rate=0.5)
    for config in [*wanted, elsewhere, other]:
        store.put(config, make_curve(config.epochs))
    assert set(runs(store, stage="num_layers")["key"]) == {one.key for one in [*wanted, elsewhere]}
    assert runs(store, stage=3).equals(runs(store, stage="num_layers"))


@pytest.mark.parametrize(
    "where, message",
    [
        ({"drpout": 1}, "Did you mean 'dropout'"),
        ({"dropout": 1}, "dropout must be"),
        ({"seed": "x"}, "seed must be"),
    ],
)
def test_a_filter_that_cannot_hold_is_an_error(where, message, store):
    with pytest.raises(ValueError, match=message):
        runs(store, **where)


def test_filters_are_read_from_text_by_the_kind_of_their_setting():
    texts = ["dropout=0.5", " num_layers = 2", "mask_input=TRUE", "residual=0", "data=a=b"]
    read = {"dropout": 0.5, "num_layers": 2, "mask_input": True, "residual": False, "data": "a=b"}
    assert parse_where(texts) == read


def test_deleted_runs_are_gone_with_their_curves_and_the_others_stay(kept, store):
    store.put(kept[0].replace(epochs=5), make_curve(5), sample=np.zeros((1, 2, 1)))
    assert store.delete([kept[0].key, kept[1].key, "nothing"]) == 2
    assert store.curve(kept[0]) is None and store.sample(kept[0].key) is None
    same(store.curve(kept[2]), make_curve(4, scale=3))


def test_a_list_of_configurations_is_swept_and_read_as_a_table(store, series):
    configs = [lab.RunConfig(hidden_size=8, epochs=epochs, batch_size=20) for epochs in (1, 2)]
    table = lab.sweep(configs, seeds=2, series=series, store=store, workers=1)
    assert table.groupby(["key", "seed"]).size().tolist() == [
        3,
        3,
    ]  # one epoch of the shorter, two of the longer
    assert len(runs(store)) == 2


def test_a_list_of_runs_shows_what_varies_what_came_out_and_whose_they_are(kept, store, series):
    narrow = kept[0].replace(hidden_size=32, learning_rate=0.01)
    store.put(narrow, make_curve(4, scale=9), record="Lab course, Ada, 04_dropout.html")
    table = listed(runs(store))
    assert {"hidden_size", "learning_rate", "dropout"} <= set(table)
    assert not {"train_share", "batch_size"} & set(table)  # the same in all of them
    assert len(table.drop_duplicates()) == 5
    assert sorted(table["record"]) == ["", "", "", "", "Lab course, Ada, 04_dropout.html"]
    one = table[table["hidden_size"] == 32].iloc[0]
    assert one["error"] == pytest.approx(make_curve(4, scale=9)["val_missing"].tail(3).mean())
