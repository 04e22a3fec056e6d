"""The search: the same trials for the same seed, none trained twice, the best one the best of its
own table.
"""

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.errors import SchedulerGone, SweepFailed
from gru_lab.evidence import search as module
from gru_lab.evidence.search import ROUND, SPACE
from gru_lab.runs import sweep
from gru_lab.runs.one_run import train_one


@pytest.fixture(scope="module")
def searched(tmp_path_factory, series):
    """A search of eight trials with two seeds, and its store."""
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('search') / 'runs.sqlite'}")
    start = lab.RunConfig(hidden_size=8, epochs=4, batch_size=20)
    return lab.search(start, series=series, trials=8, seeds=2, store=store), store


@pytest.fixture
def no_training(monkeypatch):
    def refuse(configs, series, store, *_):
        assert all(store.curve(config) is not None for config in configs), (
            "nothing should be trained"
        )

    monkeypatch.setattr("gru_lab.runs.sweep.train_missing", refuse)


def error_by_hand(config, series, seeds):
    """The mean of the last three epochs' errors on hidden validation entries, and then over the
    seeds.
    """
    curves = [train_one(config.replace(seed=seed), series)[0] for seed in range(seeds)]
    return np.mean([curve["val_missing"].to_numpy()[-3:].sum() / 3 for curve in curves])


def test_a_trial_is_scored_by_its_last_three_epochs_and_all_seeds(searched, series):
    found, _ = searched
    for trial in (0, 5):
        assert found.trials["error"][trial] == pytest.approx(
            error_by_hand(found.configs[trial], series, 2), rel=1e-12
        )


def test_the_best_is_the_best_of_the_table_recomputed_by_hand(searched, series):
    found, _ = searched
    by_hand = [error_by_hand(config, series, 2) for config in found.configs]
    assert found.best == found.configs[int(np.argmin(by_hand))]
    assert min(by_hand) < by_hand[0]


def test_trials_keep_the_epochs_and_the_width_and_stay_in_the_space(searched):
    found, _ = searched
    assert {config.epochs for config in found.configs} == {4} and {
        one.hidden_size for one in found.configs
    } == {8}
    for config, (_, row) in zip(found.configs, found.trials.iterrows(), strict=True):
        assert {knob: getattr(config, knob) for knob in SPACE} == {
            knob: row[knob] for knob in SPACE
        }
        assert (
            0 <= config.dropout <= 0.5
            and 1 <= config.num_layers <= 2
            and 0 <= config.missing_weight <= 10
        )
        assert 3e-4 <= config.learning_rate <= 2e-2
    assert len(set(found.configs)) == len(found.configs)


def test_the_first_trial_is_the_start_and_the_drawn_ones_have_two_digits(searched):
    found, _ = searched
    assert found.start.replace(data="", data_digest="") == lab.RunConfig(
        hidden_size=8, epochs=4, batch_size=20
    )
    drawn = found.trials[found.trials["kind"] == "drawn"]
    assert len(drawn) == 7
    assert all(f"{value:.2g}" == f"{value:.12g}" for value in drawn["missing_weight"])


def test_each_knob_of_the_best_drawn_one_is_turned_back_by_itself(searched):
    found, _ = searched
    kinds = found.trials["kind"]
    tried = found.trials[kinds != "back"]
    peak = found.configs[tried["error"].idxmin()]
    turned = [knob for knob in SPACE if getattr(peak, knob) != getattr(found.start, knob)]
    assert list(found.trials["back"][kinds == "back"]) == turned
    for trial in found.trials.index[kinds == "back"]:
        knob = found.trials["back"][trial]
        assert found.configs[trial] == peak.replace(**{knob: getattr(found.start, knob)})
    assert set(found.knobs.index) == set(turned)
    for knob, row in found.knobs.iterrows():
        (error,) = found.trials["error"][found.trials["back"] == knob]
        assert row["factor"] == pytest.approx(error / tried["error"].min())


def test_the_same_search_asked_for_again_trains_nothing_and_finds_the_same(
    searched, series, no_training
):
    found, store = searched
    again = lab.search(found.start, series=series, trials=8, seeds=2, store=store)
    pd.testing.assert_frame_equal(again.trials, found.trials)
    assert again.configs == found.configs


def test_in_an_empty_store_the_same_seed_finds_the_same_and_another_seed_does_not(
    searched, series, store
):
    found, _ = searched
    again = lab.search(found.start, series=series, trials=8, seeds=2, store=store)
    pd.testing.assert_frame_equal(
        again.trials.drop(columns="seconds"), found.trials.drop(columns="seconds")
    )
    other = lab.search(found.start, series=series, trials=3, seeds=2, store=store, seed=1)
    assert other.configs[0] == found.configs[0] and other.configs[1:3] != found.configs[1:3]


def test_a_longer_search_begins_with_the_shorter_one(searched, series, store):
    found, _ = searched
    longer = lab.search(found.start, series=series, trials=8, seeds=1, store=store)
    shorter = lab.search(found.start, series=series, trials=ROUND + 1, seeds=1, store=store)
    assert longer.configs[: ROUND + 1] == shorter.configs[: ROUND + 1]


def test_later_rounds_know_what_the_first_one_found(searched, series, store):
    found, _ = searched
    one_seed = lab.search(found.start, series=series, trials=ROUND + 2, seeds=1, store=store)
    assert one_seed.configs[:ROUND] == found.configs[:ROUND]  # drawn blindly
    losses = one_seed.trials["error"][:ROUND]
    assert losses.idxmin() != 0


def test_a_stage_starts_with_the_setting_that_the_log_adopted(store):
    stage = lab.stage("loss_ratio", "tiny")
    found = lab.search(stage, trials=1, store=store)
    assert found.best == found.start == stage.config("1:3") and len(found.trials) == 1
    assert found.knobs.empty


def test_settings_that_cannot_be_trained_are_left_out_and_the_search_goes_on(
    config, series, store, monkeypatch
):
    monkeypatch.setattr(
        module, "SPACE", SPACE | {"learning_rate": module.FloatDistribution(1e-3, 1e30, log=True)}
    )
    monkeypatch.setattr(module, "ROUND", 1)  # so that a whole round fails
    found = lab.search(config, series=series, trials=6, store=store)
    assert found.trials["error"].isna().any() and not found.trials["error"].isna().all()
    assert np.isfinite(found.trials["error"][found.configs.index(found.best)])


def test_a_search_of_which_nothing_can_be_trained_says_why(config, series, store):
    outside = pytest.warns(UserWarning, match="learning_rate with value 1e.25 is out of range")
    with outside, pytest.raises(SweepFailed, match="trial 0, seed 0: the loss is no longer finite"):
        lab.search(
            config.replace(learning_rate=1e25, epochs=5), series=series, trials=1, store=store
        )


def test_a_scheduler_that_ends_ends_the_search_and_no_trial_counts_as_failed(
    config, series, store, monkeypatch
):
    def end(configs, *rest):
        trained = sweep.train_missing(configs[:3], *rest)
        if len(configs) > trained:
            raise SchedulerGone

    monkeypatch.setattr("gru_lab.evidence.scores.train_missing", end)
    with pytest.raises(SweepFailed, match="the scheduler is gone; finished runs are kept"):
        lab.search(config, series=series, trials=6, store=store)
    assert len(store.runs()) == 3


def test_what_it_says_of_itself_holds_its_figures(searched):
    found, _ = searched
    error = found.trials["error"]
    assert f"lowest error on hidden entries {error.min():.2g}," in repr(
        found
    ) and f"has {error[0]:.2g}" in repr(found)
    page = found._repr_html_()
    assert f"{error.min():.3g}" in page and f"{error[0]:.3g}" in page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"trials": 0}, "trials must be a whole number of at least 1, not 0"),
        ({"seeds": 1.5}, "seeds must be a whole number of at least 1, not 1.5"),
        ({"seed": -1}, "seed must be a whole number from 0 to 2147483647, not -1"),
        ({"series": None}, "start must be a stage, or a RunConfig with its series=, not RunConfig"),
        ({"device": "gpu"}, "device must be one of auto, cpu, cuda, not 'gpu'"),
    ],
)
def test_a_wrong_order_is_one_error_before_anything_is_trained(
    config, series, store, wrong, message
):
    with pytest.raises(ValueError, match=message):
        lab.search(**{"start": config, "series": series, "store": store} | wrong)
    assert store.runs().empty


def test_a_search_from_a_question_turns_its_knob_too_and_runs_in_the_background(store):
    from gru_lab.demo import demo_series

    fixed = dict(data=demo_series(700), epochs=1, batch_size=20, num_layers=3, seeds=1)
    asked = lab.question("How wide?", hidden_size=[2, 3], adopted=3, **fixed)
    job = lab.search(asked, trials=3, store=store, workers=1, background=True)
    found = job.results
    assert job.done and job.error is None and len(found.trials) >= 3
    assert set(found.trials["hidden_size"]) <= {2, 3} and found.start.num_layers == 3
    assert "hidden_size" in found._repr_html_()
    deep = lab.question("How deep?", **fixed | {"num_layers": [1, 4]})
    assert module._space(deep)["num_layers"].high == 4
    again = lab.search(asked, trials=3, store=store, workers=1)
    assert again.trials["error"].equals(found.trials["error"])


def test_a_search_takes_a_scheduler_and_no_workers_with_it(store):
    stage = lab.stage("dropout", "tiny")
    with pytest.raises(ValueError, match="workers must be left out with a scheduler"):
        lab.search(stage, trials=1, store=store, workers=1, scheduler="tcp://127.0.0.1:1")
