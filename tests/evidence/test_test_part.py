"""The test part: the same training, other rows to be scored on, and a warning for whoever comes
back to choose.
"""

import warnings

import numpy as np
import pytest

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.evidence.test_part import with_test_open
from gru_lab.gaps import VALIDATION_GAPS, linear_interpolation, make_gaps
from gru_lab.runs.one_run import train_one
from gru_lab.series import Series
from gru_lab.trainer import Trainer


@pytest.mark.parametrize("rows", [1_400, 1_401, 1_402, 1_403, 1_404, 1_405, 1_406])
def test_an_opened_series_has_the_same_training_part_and_test_rows_to_score(rows):
    series = demo_series(rows)
    train, validation, test = series.split()
    opened_train, scored, _ = with_test_open(series).split()
    np.testing.assert_array_equal(opened_train.values, train.values)
    # where the test part is a row shorter, a row of context comes before it; a window's first step
    # is never scored
    np.testing.assert_array_equal(scored.values, series.values[-len(validation) :])
    assert len(scored) - len(test) <= 1


def test_each_run_of_the_sensors_is_opened_by_itself():
    values = np.arange(300, dtype=float)[:, None]
    series = Series(values, ("a",), starts=(0, 70))
    train, scored, _ = with_test_open(series).split()
    np.testing.assert_array_equal(train.values, series.split()[0].values)
    np.testing.assert_array_equal(scored.values[:10, 0], np.arange(60, 70))
    np.testing.assert_array_equal(scored.values[10:, 0], np.arange(300 - (len(scored) - 10), 300))


@pytest.fixture
def tested(config, series, store):
    configs = {"as it was": config, "corrected": config.replace(residual=True)}
    return configs, lab.test_once(configs, series, seeds=2, store=store)


def test_the_error_is_that_of_the_network_itself_on_the_test_part(tested, series):
    configs, table = tested
    errors = []
    for seed in (100, 101):
        # train on the series as it is, and let the finished network repair the test part by hand
        trainer = Trainer(configs["corrected"].replace(seed=seed), series)
        each = []
        for _ in trainer:
            test = trainer.scaler.transform(series.split()[2].windows(10))
            gapped = make_gaps(test, 0.2, VALIDATION_GAPS)
            trainer._val = trainer._tensors(gapped)
            each.append(np.square(trainer.repair() - gapped.truth)[gapped.hidden_mask].mean())
        errors.append(np.mean(each[-3:]))
    assert table.loc["corrected", "mean"] == pytest.approx(np.mean(errors), rel=1e-5)
    assert table.loc["corrected", "spread"] == pytest.approx(np.std(errors, ddof=1), rel=1e-3)


def test_the_two_simple_ways_stand_beside_it_on_the_same_hidden_entries(tested, series):
    _, table = tested
    train, _, test = series.split()
    low, high = train.values.min(axis=0), train.values.max(axis=0)
    gapped = make_gaps(
        ((test.windows(10) - low) / (high - low)).astype(np.float32), 0.2, VALIDATION_GAPS
    )
    straight = linear_interpolation(gapped.truth, gapped.hidden_mask)
    for way, filled in (("forward fill", gapped.filled), ("linear interpolation", straight)):
        expected = np.square(filled - gapped.truth)[gapped.hidden_mask].mean()
        assert table.loc[way, "mean"] == pytest.approx(expected, rel=1e-4)


def test_settings_are_compared_with_the_first_one(tested):
    _, table = tested
    assert table.loc["corrected", "difference"] == pytest.approx(
        table["mean"].iloc[1] / table["mean"].iloc[0] - 1
    )
    assert np.isnan(table.loc["as it was", "difference"])


def test_the_same_look_again_trains_nothing_and_another_one_warns(
    tested, config, series, store, monkeypatch
):
    configs, table = tested
    with warnings.catch_warnings(action="error"):
        again = lab.test_once(configs, series, seeds=2, store=store)
    assert again.equals(table)
    with pytest.warns(
        UserWarning,
        match="the test part of demo-1400-0 has been opened before, for 2 other settings",
    ):
        lab.test_once({"another": config.replace(dropout=0)}, series, seeds=1, store=store)


def test_a_search_never_sees_the_test_part(config, series, store):
    changed = series.values.copy()
    changed[-len(series.split()[2]) :] = 0.5
    other = Series(changed, series.channels)
    one, two = (lab.search(config, series=data, trials=3, store=store) for data in (series, other))
    assert list(one.trials["error"]) == list(two.trials["error"])


def test_no_settings_and_no_seeds_are_refused(config, series, store):
    with pytest.raises(
        ValueError, match="configs must map names to RunConfigs, at least one, not {}"
    ):
        lab.test_once({}, series, store=store)
    with pytest.raises(ValueError, match="configs must map names to RunConfigs"):
        lab.test_once([config], series, store=store)
    with pytest.raises(ValueError, match="seeds must be a whole number of at least 1, not 0"):
        lab.test_once({"one": config}, series, seeds=0, store=store)
    assert store.runs().empty


def test_training_on_the_opened_series_learns_the_same(config, series):
    plain, opened = (train_one(config, one)[0] for one in (series, with_test_open(series)))
    assert list(plain["train_missing"]) == list(opened["train_missing"])
    assert list(plain["val_missing"]) != list(opened["val_missing"])
