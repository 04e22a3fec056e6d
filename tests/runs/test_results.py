"""Results: the figures of a stage recomputed here from its runs, on both rulers."""

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

import gru_lab as lab
from gru_lab.gaps import prepare
from gru_lab.runs.results import Results
from gru_lab.trainer import batches
from gru_lab.tuning_log.rulers import log_lines, log_setting, read_run

SEEDS = 2


@pytest.fixture(scope="module")
def store(tiny_runs, tmp_path_factory):
    return tiny_runs(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def weights(store):
    return lab.sweep(lab.stage("missing_weight", "tiny"), SEEDS, store, workers=1)


@pytest.fixture(scope="module")
def ratios(store):
    return lab.sweep(lab.stage("loss_ratio", "tiny"), 1, store, workers=1)


def last_three(results, setting, seed, store):
    """The last three epochs of a run as the store has them."""
    return store.curve(results.stage.config(setting, seed)).tail(3)


def test_the_recorded_ruler_is_the_formula_of_the_log_on_each_run(weights, store):
    for setting in weights.stage.settings:
        for seed in range(SEEDS):
            curve = store.curve(weights.stage.config(setting, seed))
            w, r = setting.weight, 0.18
            ours = weights.curves.query("setting == @setting.name and seed == @seed")
            train = [
                (a + w * r * r * m) / (1 + w)
                for a, m in zip(curve.last_all, curve.last_missing, strict=True)
            ]
            valid = [
                (a + w * r * r * m) / (1 + w)
                for a, m in zip(curve.val_all_dropout, curve.val_missing_dropout, strict=True)
            ]
            np.testing.assert_allclose(ours["train"], train, rtol=1e-12)
            np.testing.assert_allclose(ours["validation"], valid, rtol=1e-12)


def test_a_weight_meant_and_a_weight_trained_are_read_by_the_weight_of_the_log(weights):
    assert weights.stage["weight=1"].weight == weights.stage["weight=1 (meant)"].weight == 1


def test_the_last_stage_is_read_on_the_scaled_m_alone(ratios, store):
    curve = store.curve(ratios.stage.config("1:10", 0))
    ours = ratios.curves.query("setting == '1:10'")
    np.testing.assert_allclose(
        ours["validation"], 0.0324 * curve["val_missing_dropout"], rtol=1e-12
    )


def test_finals_are_the_means_of_the_last_three_epochs(weights, store):
    assert len(weights.finals) == SEEDS * len(weights.stage.settings)
    for row in weights.finals.itertuples():
        last = last_three(weights, row.setting, row.seed, store)
        assert row.val_missing == pytest.approx(last["val_missing"].mean(), rel=1e-12)
        assert row.val_missing_dropout == pytest.approx(
            last["val_missing_dropout"].mean(), rel=1e-12
        )


def test_the_summary_has_the_log_beside_both_rulers_and_the_spread(weights, store):
    summary = weights.summary()
    assert list(summary.index) == [setting.name for setting in weights.stage.settings]
    assert (
        summary["log"].tolist()[:3] == [0.00242, 0.00312, 0.00450]
        and summary["log"].isna().sum() == 2
    )
    for setting, row in summary.iterrows():
        errors = [
            last_three(weights, setting, seed, store)["val_missing"].mean() for seed in range(SEEDS)
        ]
        assert row["corrected ruler"] == pytest.approx(np.mean(errors), rel=1e-12)
        assert row["±"] == pytest.approx((max(errors) - min(errors)) / 2, rel=1e-9)
    assert list(weights.summary("meant").index) == ["weight=1 (meant)", "weight=0.5 (meant)"]


def test_references_are_the_errors_of_the_simple_ways_on_the_same_hidden_entries(weights):
    _, gapped, _ = prepare(weights.stage.series, weights.stage.start)
    squares = {"forward fill": [], "linear interpolation": []}
    for window, hidden in zip(gapped.truth, gapped.hidden_mask, strict=True):
        seen = pd.DataFrame(window).mask(hidden)
        squares["forward fill"].append((seen.ffill().to_numpy() - window)[hidden] ** 2)
        squares["linear interpolation"].append(
            (seen.interpolate().to_numpy() - window)[hidden] ** 2
        )
    for way, parts in squares.items():
        assert weights.references[way] == pytest.approx(
            np.concatenate(parts).mean(dtype=np.float64), rel=1e-4
        )


def test_what_was_not_swept_is_an_error_that_says_so(weights, store):
    with pytest.raises(
        ValueError, match="weight=1, seed 3 is not in Store.*: sweep the stage first"
    ):
        Results.collect(weights.stage, 4, store)


def test_lines_are_the_last_three_epochs_in_the_format_of_the_log(weights, ratios):
    last = weights.curves.query("setting == 'weight=0.5' and seed == 1").tail(3)
    expected = "\n".join(f"{row.train:.5f} {row.validation:.5f}" for row in last.itertuples())
    assert weights.lines("weight=0.5", 1) == expected
    last = ratios.curves.query("setting == '1:2'").tail(3)
    steps = batches(ratios.stage.series, ratios.stage.start)
    expected = "\n".join(
        f"{row.epoch} {steps} {row.train:.6f} {row.validation:.6f}" for row in last.itertuples()
    )
    assert ratios.lines("1:2") == expected
    last = ratios.curves.query("setting == '1:3'").tail(3)
    assert ratios.lines("1:3") == "\n".join(
        f"{r.epoch} {r.train:.7f} {r.validation:.7f}" for r in last.itertuples()
    )


def test_steps_are_the_batches_of_the_trainer(weights):
    config = weights.stage.start
    for share in (0.1, 0.5, 1.0):
        part = config.replace(train_share=share, batch_size=10)
        assert (
            batches(weights.stage.series, part) == lab.Trainer(part, weights.stage.series).batches
        )


def test_a_run_of_ones_own_is_found_among_the_settings_if_it_is_one(weights):
    stage = weights.stage
    assert log_setting(stage, stage.config("weight=0.5", seed=77)).name == "weight=0.5"
    assert log_setting(stage, stage.config("weight=0.5").replace(dropout=0.3)) is None


def test_a_run_of_ones_own_is_read_by_the_weight_that_the_log_would_have_written(weights, store):
    stage = weights.stage
    config = stage.config("weight=1")
    curve = store.curve(config)
    expected = weights.curves.query("setting == 'weight=1' and seed == 0")
    np.testing.assert_allclose(
        read_run(stage, config, curve)["validation"], expected["validation"], rtol=1e-12
    )
    assert log_lines(stage, config, curve) == weights.lines("weight=1")

    own = config.replace(missing_weight=2 * 0.0324, dropout=0.3)
    read = read_run(stage, own, curve)["validation"]
    by_hand = (curve["val_all_dropout"] + 2 * 0.0324 * curve["val_missing_dropout"]) / 3
    np.testing.assert_allclose(read, by_hand, rtol=1e-9)


def test_a_run_whose_weight_was_moved_is_read_by_the_weight_of_each_epoch(weights, store):
    stage = weights.stage
    config = stage.config("weight=0")
    curve = store.curve(config)
    read = read_run(stage, config, curve, schedule=[(2, 1, 0.0324), (3, 1, 3 * 0.0324)])[
        "validation"
    ]
    for row, w, value in zip(curve.itertuples(), [0, 1, 3], read, strict=False):
        assert value == pytest.approx(
            (row.val_all_dropout + w * 0.0324 * row.val_missing_dropout) / (1 + w), rel=1e-9
        )


def test_a_stages_curves_are_read_in_one_query(weights, store):
    queries = []

    def note(connection, cursor, statement, *_):
        queries.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    again = Results.collect(weights.stage, SEEDS, store)
    sa.event.remove(store.engine, "before_cursor_execute", note)
    assert len(queries) == 1
    pd.testing.assert_frame_equal(again.curves, weights.curves)
