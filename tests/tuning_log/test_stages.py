"""The five stages as data: the recorded log's own figures, and each setting as trained and as
meant.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.tables.read import read_table
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.stages import STAGES

OURS = {  # the log's labels that are not ours as they stand
    "包括": "included",
    "不包括": "not included",
    "1层": "1 layer",
    "2层": "2 layers",
    "3层": "3 layers",
    "4层": "4 layers",
    "dropout = 0": "dropout=0, 250 epochs",
    "1:1 0:1": "1:1",
    "1:2 0:1": "1:2",
    "1:5 0:1": "1:5",
    "": "1:3, 156 epochs",
}
CONCLUSIONS = {  # what the log says, and the setting it went on with
    "mask_input": ("取消mask", "not included"),
    "missing_weight": ("设为1", "weight=1"),
    "num_layers": ("保持2层", "2 layers"),
    "dropout": (
        "dropout取较大的值，能够防止过拟合，但同时收敛的速度变慢",
        "dropout=0",
    ),  # which stage 5 uses
    "loss_ratio": ("取1:3", "1:3"),
}

each_stage = pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)


@pytest.fixture
def logged(seed_log):
    log = read_log(seed_log)
    return log, {stage.number: stage for stage in log.stages}


def of_kind(stage, kind):
    return [setting for setting in stage.settings if setting.kind == kind]


@each_stage
def test_every_run_of_the_log_is_a_setting_with_its_lines_and_its_seconds(stage, logged):
    runs = logged[1][stage.number].runs
    ours = {setting.label: setting for setting in of_kind(stage, "trained")}
    assert [OURS.get(run.label, run.label) for run in runs] == list(ours)
    for run, setting in zip(runs, ours.values(), strict=True):
        assert list(setting.lines) == run.lines and len(run.lines) == 3
        assert setting.seconds == run.seconds


@each_stage
def test_every_run_has_the_epochs_and_the_learning_rate_of_the_log(stage, logged):
    log, section = logged[0], logged[1][stage.number]
    for run, setting in zip(section.runs, of_kind(stage, "trained"), strict=True):
        assert setting.epochs == (run.epochs or run.lines[-1].epoch or section.epochs or log.epochs)
        assert stage.config(setting).epochs == setting.epochs
    assert stage.start.learning_rate == (section.learning_rate or 1e-3)
    assert stage.start.epochs == (section.epochs or log.epochs)


@each_stage
def test_every_stage_says_what_the_log_concluded(stage, logged):
    said, adopted = CONCLUSIONS[stage.name]
    assert said in logged[1][stage.number].conclusion
    assert stage.adopted == adopted and stage[adopted].kind == "trained"
    assert stage.conclusion.endswith(".") and stage.question.endswith("?")


def test_the_log_has_these_five_stages_and_no_other(logged):
    assert list(logged[1]) == [stage.number for stage in STAGES.values()] == [1, 2, 3, 4, 5]


def test_the_long_runs_are_there():
    assert STAGES["dropout"]["dropout=0, 250 epochs"].epochs == 250
    assert STAGES["loss_ratio"]["1:3, 156 epochs"].epochs == 156


def test_the_starting_points_are_those_of_the_log():
    starts = {name: stage.start for name, stage in STAGES.items()}
    assert [start.dropout for start in starts.values()] == [0.5, 0.5, 0.5, 0.5, 0]
    weights = [start.missing_weight for start in starts.values()]
    assert weights == pytest.approx([0, 0, 0.0324, 0.0324, 0])
    for start in starts.values():
        assert (start.hidden_size, start.num_layers, start.window, start.batch_size) == (
            256,
            2,
            10,
            100,
        )
        assert (start.missing_rate, start.mask_input, start.bidirectional, start.residual) == (
            0.2,
            False,
            False,
            False,
        )


@each_stage
def test_each_setting_turns_the_knob_of_its_stage_and_nothing_else(stage):
    allowed = {stage.knob, "epochs"}
    for setting in stage.settings:
        changed = {
            field.name
            for field in dataclasses.fields(lab.RunConfig)
            if getattr(stage.config(setting), field.name) != getattr(stage.start, field.name)
        }
        assert changed <= allowed | (
            {"train_share", "dropout"} if setting.kind == "control" else set()
        ), setting.name


@pytest.mark.parametrize("name", ["missing_weight", "loss_ratio"])
def test_a_weight_is_there_as_the_log_trained_it_and_as_its_author_meant_it(name):
    stage = STAGES[name]
    for setting in of_kind(stage, "trained"):
        number = setting.label.partition(",")[0].replace("weight=", "").removeprefix("1:")
        assert setting.weight == float(number)
        assert stage.config(setting).missing_weight == pytest.approx(
            float(number) * 0.18**2, rel=1e-12
        )
        if setting.weight:
            meant = stage[f"{setting.label} (meant)"]
            assert stage.config(meant).missing_weight == meant.weight == float(number)
            assert meant.epochs == setting.epochs and meant.lines == ()
    meant = [setting for setting in of_kind(stage, "meant")]
    assert len(meant) == sum(setting.weight > 0 for setting in of_kind(stage, "trained"))


def test_only_the_last_stage_validates_on_the_missing_values_alone():
    assert [stage.validate_missing_only for stage in STAGES.values()] == [False] * 4 + [True]


@each_stage
def test_names_are_unique_and_controls_have_no_figures(stage):
    names = [setting.name for setting in stage.settings]
    assert len(set(names)) == len(names)
    assert all(not setting.lines for setting in of_kind(stage, "control") + of_kind(stage, "meant"))
    assert all(stage[name].name == name for name in names)


def test_the_figures_of_the_log_are_a_table():
    logged = STAGES["missing_weight"].logged
    assert logged.loc["weight=0.5"].tolist()[-3:] == [
        "0.00014 0.00317",
        "0.00016 0.00314",
        "0.00016 0.00312",
    ]
    assert list(logged.index) == ["weight=1", "weight=0.5", "weight=0"]


def test_the_same_run_in_two_stages_has_one_key():
    mask, weight, layers, dropout = (lab.stage(number, "tiny") for number in (1, 2, 3, 4))
    assert mask.config("not included").key == weight.config("weight=0").key
    assert layers.config("2 layers").key == dropout.config("dropout=0.5").key
    assert layers.config("1 layer").key == layers.config("1 layer, no dropout (control)").key
    assert dropout.config("dropout=0").key == dropout.config("dropout=0, 15 epochs").key


@pytest.mark.parametrize("name, number", [(name, stage.number) for name, stage in STAGES.items()])
def test_a_stage_is_found_by_name_and_by_number(name, number):
    assert (
        lab.stage(name, "tiny").number
        == lab.stage(number, "tiny").number
        == lab.stage(str(number), "tiny").number
    )


def test_an_unknown_stage_profile_or_setting_is_an_error_with_what_is_near():
    with pytest.raises(
        ValueError,
        match="stage must be one of mask_input, .*, not 'drpout'. Did you mean 'dropout'",
    ):
        lab.stage("drpout")
    with pytest.raises(ValueError, match="stage must be one of .*, not '6'"):
        lab.stage(6)
    with pytest.raises(ValueError, match="profile must be one of tiny, lesson, full, not 'large'"):
        lab.stage("dropout", "large")
    with pytest.raises(
        ValueError, match="setting must be one of weight=1, .*, not 'weight=2'. Did you mean"
    ):
        lab.stage("missing_weight", "tiny").config("weight=2")
    with pytest.raises(ValueError, match="seeds must be a whole number of at least 1, not 0"):
        lab.stage("missing_weight", "tiny").configs(0)


def test_a_stage_is_bound_to_the_rows_the_width_and_the_epochs_of_its_profile():
    tiny = lab.stage("num_layers", "tiny")
    config = tiny.config("3 layers", seed=2)
    assert (len(tiny.series), config.hidden_size, config.num_layers, config.seed) == (
        2_800,
        8,
        3,
        2,
    )
    assert config.epochs == max(1, round(20 * 0.06)) and config.data_digest == tiny.series.digest
    assert len(tiny.configs()) == 3 * len(tiny.settings) and len(tiny.configs(1)) == len(
        tiny.settings
    )
    assert "3" in repr(tiny) and "2,800 rows, 66 channels" in repr(tiny)


def test_a_stage_runs_on_a_series_a_data_frame_or_a_file(tmp_path, rng):
    frame = pd.DataFrame(rng.random((500, 4)), columns=list("abcd"))
    frame.to_csv(tmp_path / "own.csv", index=False)
    for data in (frame, tmp_path / "own.csv", str(tmp_path / "own.csv"), read_table(frame)):
        stage = lab.stage("dropout", "tiny", data=data)
        np.testing.assert_allclose(stage.series.values, frame)
    with pytest.raises(ValueError, match="split_by must be one of"):
        lab.stage("dropout", "tiny", data=frame, split_by="run")


def test_of_a_long_series_a_profile_takes_the_first_rows(rng):
    series = lab.stage("dropout", "tiny", data=pd.DataFrame(rng.random((5_000, 2)))).series
    assert len(series) == 2_800


@pytest.mark.parametrize("profile", ["tiny", "lesson"])
def test_epochs_in_a_name_are_those_that_are_trained_and_in_the_logs_table_the_logs(profile):
    for number, logged in ((4, 250), (5, 156)):
        bound = lab.stage(number, profile)
        (setting,) = (one for one in bound.settings if "epochs" in one.name and one.lines)
        assert setting.name.endswith(f", {bound.config(setting).epochs} epochs")
        assert bound.logged.index[-1].endswith(f", {logged} epochs")
        assert bound.bind("full", bound.series)[
            setting.label.replace(f"{bound.config(setting).epochs} epochs", f"{logged} epochs")
        ]
