"""What the explorer is given: every stored run of the series, its curve read with both rulers, and
its repair.
"""

import json

import numpy as np
import pytest

import gru_lab as lab
from gru_lab.runs.compute import Compute
from gru_lab.runs.sweep import train_missing
from gru_lab.widgets.explorer import explorer_data


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('explore') / 'runs.sqlite'}")
    stage = lab.stage("dropout", "tiny")
    results = lab.sweep(stage, seeds=2, store=store, workers=1)
    return stage, store, results, explorer_data(stage, store)


def test_every_stored_run_is_there_with_its_settings_and_the_logs_name_for_it(explored):
    stage, store, _, data = explored
    assert len(data["runs"]) == len(store.runs()) == 12
    names = {run["name"] for run in data["runs"]}
    assert {"stage 4, dropout=0.5", "stage 4, dropout=0.2"} <= names and all(names)
    assert data["begin"]["dropout"] == 0 and data["begin"]["num_layers"] == 2
    assert {run["other"] for run in data["runs"]} == {
        "unchanged",
        "share of the training rows 0.1",
    }


def test_curves_are_those_of_both_rulers_and_lines_those_of_the_log(explored):
    stage, _, results, data = explored
    (run,) = [
        run for run in data["runs"] if run["name"] == "stage 4, dropout=0.2" and run["seed"] == 1
    ]
    curves = results.curves[
        (results.curves["setting"] == "dropout=0.2") & (results.curves["seed"] == 1)
    ]
    np.testing.assert_allclose(run["recorded"]["validation"], curves["validation"], rtol=1e-3)
    np.testing.assert_allclose(run["corrected"]["validation"], curves["val_missing"], rtol=1e-3)
    assert run["lines"] == results.lines("dropout=0.2", 1)


def test_the_picture_has_the_truth_what_was_hidden_and_each_runs_repair(explored):
    stage, store, _, data = explored
    size = 6 * 10 * 3
    assert {len(values) for values in data["picture"].values()} == {size}
    hidden = np.array(data["picture"]["hidden"], dtype=bool)
    assert len(data["channels"]) == 3
    for run, config in ((run, stage.config("dropout=0.2", run["seed"])) for run in data["runs"]):
        if run["name"] == "stage 4, dropout=0.2":
            np.testing.assert_allclose(
                run["sample"], store.sample(config.key).ravel()[hidden], atol=1e-4
            )
    assert all(len(run["sample"]) == hidden.sum() for run in data["runs"])
    truth, filled = (np.array(data["picture"][name]) for name in ("truth", "filled"))
    assert (truth[~hidden] == filled[~hidden]).all() and (truth[hidden] != filled[hidden]).any()


def test_a_settings_curve_is_cut_to_its_own_epochs_and_the_rest_is_told_apart(explored):
    stage, store, _, data = explored
    lengths = store.lengths([stage.config(setting).key for setting in stage.settings])
    for setting in stage.settings:
        config = stage.config(setting)
        for run in data["runs"]:
            if run["name"] != f"stage 4, {setting.name}":
                continue
            parts = run["corrected"]["validation"], run["beyond"]["corrected"]["validation"]
            assert run["epochs"] == len(parts[0]) == config.epochs
            assert run["longest"] == len(parts[0]) + len(parts[1]) == lengths[config.key]
    assert any(run["longest"] > run["epochs"] for run in data["runs"])  # dropout=0, 250 epochs


def test_runs_of_other_windows_and_gaps_are_shown_without_a_repair_of_these(tmp_path):
    store = lab.Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    stage = lab.stage("dropout", "tiny")
    begin = stage.config("dropout=0.5").replace(epochs=2)
    odd = [begin.replace(window=7), begin.replace(window=12), begin.replace(missing_rate=0.4)]
    train_missing([begin, *odd], stage.series, Compute(store, workers=1))
    kept = store.curve(begin)
    store.put(begin.replace(seed=5), kept, sample=[[[0.5]] * 10])  # as a foreign record may have it
    runs = explorer_data(stage, store)["runs"]
    with_repair = [run for run in runs if run["sample"] is not None and run["longest"] == 2]
    assert len([run for run in runs if run["longest"] == 2]) == 5 and len(with_repair) == 1


def test_of_very_many_runs_those_of_the_log_come_first_and_the_rest_is_counted(
    explored, monkeypatch
):
    stage, store, _, _ = explored
    own = stage.config("dropout=0.5").replace(dropout=0.33)
    train_missing([own, own.replace(dropout=0.44)], stage.series, Compute(store, workers=1))
    monkeypatch.setattr("gru_lab.widgets.explorer.MOST", 13)
    data = explorer_data(stage, store)
    assert len(data["runs"]) == 13 and data["left_out"] == 1
    assert [run["name"] == "" for run in data["runs"]] == [False] * 12 + [True]


def test_the_data_is_plain_json(explored):
    assert json.loads(json.dumps(explored[3], allow_nan=False)) == explored[3]


def test_a_store_without_runs_on_the_series_is_refused(store):
    with pytest.raises(ValueError, match="store must hold runs on demo-2800-0"):
        explorer_data(lab.stage("dropout", "tiny"), store)
