"""Sweeps: each run trained once, whatever asks for it, wherever it is trained, and whatever becomes
of the others.
"""

import contextlib
import socket
import warnings

import numpy as np
import pytest

import gru_lab as lab
from gru_lab.errors import SweepFailed
from gru_lab.runs import one_run as job
from gru_lab.runs import sweep as many
from gru_lab.runs.compute import Compute
from gru_lab.runs.one_run import train_one
from gru_lab.runs.sweep import not_stored, run_names, train_missing
from gru_lab.trainer import Trainer
from gru_lab.tuning_log.stages import STAGES


@pytest.fixture
def configs(config, series):
    """Three short runs on `series`."""
    return [config.on(series).replace(seed=seed, epochs=2) for seed in range(3)]


def curves(configs, store):
    return [store.curve(config).drop(columns="seconds").to_dict("list") for config in configs]


def trained_here(configs, series):
    return [
        train_one(config, series)[0].drop(columns="seconds").to_dict("list") for config in configs
    ]


@pytest.fixture
def no_training(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("nothing should be trained")

    monkeypatch.setattr(job, "Trainer", refuse)


@pytest.fixture
def trainings(monkeypatch):
    """The runs that were trained in this process, as (key, epochs)."""
    seen = []

    class Watched(Trainer):
        def __init__(self, config, *others):
            seen.append((config.key, config.epochs))
            super().__init__(config, *others)

    monkeypatch.setattr(job, "Trainer", Watched)
    return seen


def test_what_is_lacking_is_each_run_once_at_its_longest_and_the_costliest_first(config, store):
    long, one_layer = config.replace(epochs=10), config.replace(num_layers=1, epochs=4)
    same = one_layer.replace(dropout=0)
    assert not_stored([config, one_layer, long, same], store) == [long, one_layer]


def test_the_runs_of_a_sweep_are_kept_as_they_were_trained(configs, series, store):
    assert train_missing(configs, series, Compute(store, workers=1)) == 3
    assert curves(configs, store) == trained_here(configs, series)


def test_only_what_the_store_lacks_is_trained(configs, series, store, trainings):
    train_missing(configs[:2], series, Compute(store, workers=1))
    del trainings[:]
    assert train_missing(configs, series, Compute(store, workers=1)) == 1
    assert trainings == [(configs[2].key, 2)]


def test_what_takes_seconds_starts_no_process_unless_it_is_asked_to(
    configs, series, store, trainings, monkeypatch
):
    monkeypatch.setattr("gru_lab.runs.cluster.local_client", lambda *shape: pytest.fail("started"))
    assert train_missing(configs, series, Compute(store)) == len(trainings) == 3
    longer = configs[0].replace(epochs=3, seed=9)
    for work, compute in ((many.SMALL, Compute(store, workers=2)), (0, Compute(store))):
        monkeypatch.setattr(many, "SMALL", work)
        with pytest.raises(pytest.fail.Exception, match="started"):
            train_missing([longer], series, compute)


def test_a_shorter_run_is_read_from_a_longer_one(configs, series, store, no_training, monkeypatch):
    with monkeypatch.context() as allowed:
        allowed.setattr(job, "Trainer", Trainer)
        train_missing(configs, series, Compute(store, workers=1))
    assert (
        train_missing(
            [config.replace(epochs=1) for config in configs], series, Compute(store, workers=1)
        )
        == 0
    )
    assert len(store.curve(configs[0].replace(epochs=1))) == 1


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A store in which all five stages have been swept on the tiny profile with one seed, and what
    was trained.
    """
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('swept') / 'runs.sqlite'}")
    counted = [
        train_missing([c for _, c in stage.configs(1)], stage.series, Compute(store, workers=1))
        for stage in tiny()
    ]
    return store, counted


def tiny():
    return [lab.stage(name, "tiny") for name in STAGES]


def test_runs_that_stages_share_are_trained_once(swept):
    store, counted = swept
    keys = [{config.key for _, config in stage.configs(1)} for stage in tiny()]
    assert (
        len(store.runs()) == len(set().union(*keys)) < sum(len(stage.settings) for stage in tiny())
    )
    seen = set()
    for stage_keys, trained in zip(keys, counted, strict=True):
        assert trained >= len(
            stage_keys - seen
        )  # more only where an earlier stage's run was too short
        seen |= stage_keys
    assert sum(counted) < sum(len(stage_keys) for stage_keys in keys)


def test_a_stage_asked_for_again_trains_nothing(swept, no_training):
    store, _ = swept
    for stage in tiny():
        results = lab.sweep(stage, seeds=1, store=store)
        assert set(results.curves["setting"]) == {setting.name for setting in stage.settings}


def test_a_store_may_be_given_by_its_url(swept, no_training):
    store, _ = swept
    assert len(lab.sweep(tiny()[0], seeds=1, store=store.url).finals) == len(tiny()[0].settings)


@pytest.fixture(scope="module")
def in_two_processes(tmp_path_factory, series):
    """Three good runs and one that diverges, trained by two worker processes."""
    config = lab.RunConfig(hidden_size=8, epochs=2, batch_size=20).on(series)
    good = [config.replace(seed=seed) for seed in range(3)]
    bad = config.replace(learning_rate=1e25, epochs=5)
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('two') / 'runs.sqlite'}")
    with socket.socket() as other, warnings.catch_warnings(), pytest.raises(SweepFailed) as failed:
        with contextlib.suppress(OSError):
            other.bind(("127.0.0.1", 8787))  # where another Dask cluster would be
            other.listen()
        warnings.simplefilter("error", UserWarning)
        train_missing(
            [bad, *good], series, Compute(store, workers=2), names={bad.key: "the wild one"}
        )
    return good, bad, store, str(failed.value)


def test_two_processes_give_the_same_curves_as_this_one(in_two_processes, series):
    good, _, store, _ = in_two_processes
    assert curves(good, store) == trained_here(good, series)


def test_a_run_that_diverges_in_a_worker_is_reported_by_name_and_the_rest_is_kept(in_two_processes):
    good, bad, store, message = in_two_processes
    assert message.startswith(
        "1 of 4 runs failed; the others are kept.\nthe wild one: the loss is no longer finite"
    )
    assert "learning_rate 1e+25" in message and store.curve(bad) is None
    assert len(store.runs()) == 3


def test_a_run_that_diverges_here_is_reported_by_name_and_the_rest_is_kept(configs, series, store):
    bad = configs[0].replace(learning_rate=1e25, epochs=5)
    with pytest.raises(
        SweepFailed,
        match="1 of 4 runs failed; the others are kept.\nwild: the loss is no longer fin",
    ):
        train_missing([bad, *configs], series, Compute(store, workers=1), names={bad.key: "wild"})
    assert curves(configs, store) == trained_here(configs, series)
    assert store.curve(bad) is None


def test_an_interrupted_sweep_keeps_what_is_finished(configs, series, store, monkeypatch):
    train, begun = many.train_one, []

    def interrupted_at_the_third(config, *others):
        begun.append(config)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return train(config, *others)

    monkeypatch.setattr(many, "train_one", interrupted_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        train_missing(configs, series, Compute(store, workers=1))
    assert [store.curve(config) is not None for config in configs] == [True, True, False]
    monkeypatch.undo()
    assert train_missing(configs, series, Compute(store, workers=1)) == 1


def test_a_run_interrupted_on_the_way_goes_on_from_its_checkpoint(
    configs, series, store, monkeypatch
):
    config = configs[0].replace(epochs=6)
    monkeypatch.setattr("gru_lab.trainer.CHECKPOINT_SECONDS", 0)

    class Interrupting(Trainer):
        def __iter__(self):
            for row in super().__iter__():
                if row["epoch"] == 4:
                    raise KeyboardInterrupt
                yield row

    with monkeypatch.context() as patched:
        patched.setattr(job, "Trainer", Interrupting)
        with pytest.raises(KeyboardInterrupt):
            train_missing([config], series, Compute(store, workers=1))
    told = []
    monkeypatch.setattr(
        many,
        "train_one",
        lambda *given: train_one(
            *given[:4], lambda _, epochs: told.append([epoch for epoch, _ in epochs])
        ),
    )
    train_missing([config], series, Compute(store, workers=1))
    assert told == [[1, 2, 3, 4], [5], [6]]
    assert curves([config], store) == trained_here([config], series)
    assert list(store.checkpoints.iterdir()) == []


def test_a_wrong_number_of_workers_or_device_is_one_error_before_anything_is_trained(
    configs, series, store, no_training
):
    with pytest.raises(ValueError, match="workers must be a whole number of at least 1, not 0"):
        train_missing(configs, series, Compute(store, workers=0))
    with pytest.raises(
        ValueError, match="device must be one of auto, cpu, cuda, not 'gpu'. Did you mean 'cpu'"
    ):
        train_missing(configs, series, Compute(store, workers=1, device="gpu"))


def test_each_epoch_is_told_as_it_is_done(config, series):
    told = []
    trained = train_one(config, series, on_epochs=lambda key, epochs: told.append((key, epochs)))
    errors = trained.curve[["epoch", "val_missing"]].itertuples(index=False, name=None)
    assert told == [(config.key, []), *((config.key, [pair]) for pair in errors)]


def test_the_names_of_the_runs_say_stage_setting_and_seed():
    stage = lab.stage("loss_ratio", "tiny")
    names = run_names(stage, 2)
    assert names[stage.config("1:2 (meant)", 1).key] == "stage 5, 1:2 (meant), seed 1"


def test_the_tiny_profile_reads_as_the_log_does_where_the_ruler_alone_decides(swept):
    store, _ = swept
    finals = lab.sweep(lab.stage("missing_weight", "tiny"), seeds=1, store=store).finals.set_index(
        "setting"
    )
    read = finals["validation"]
    assert read["weight=1"] < read["weight=0.5"] < read["weight=0"]
    trained = finals.loc[["weight=1", "weight=0.5", "weight=0"], "val_missing"]
    assert np.ptp(trained) < 0.05 * trained.mean()
