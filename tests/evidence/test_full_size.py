"""The small experiment beside the log's own size, on made-up runs whose answer is known."""

from pathlib import Path

import pytest

import gru_lab as lab
from gru_lab.evidence import full_size
from gru_lab.evidence.full_size import compare_sizes, full_results
from gru_lab.runs import shipped
from gru_lab.tuning_log.stages import STAGES
from tests.evidence.test_verdict import DROPOUT, LAYERS, made_up


@pytest.fixture
def at_full_size(monkeypatch):
    """A function that puts made-up Results in the place of the shipped runs."""

    def put(errors, seeds=5):
        def made(name):
            full = full_results_of(name)
            return made_up(full.stage, errors, seeds, own=0.001)

        monkeypatch.setattr(full_size, "full_results", made)

    full_results_of = full_size.full_results
    return put


def small(name, errors):
    return made_up(STAGES[name], errors, 5, own=0.001)


def test_a_lesson_with_the_same_signs_carries_over(at_full_size):
    at_full_size({name: 1 + 2 * (error - 1) for name, error in DROPOUT.items()})
    sizes = compare_sizes([small("dropout", DROPOUT)])
    row = sizes.table.iloc[0]
    assert row["carries over"] == "yes" and row["at full size"] == "supported"
    assert row["its largest difference"].startswith("dropout=0.5: +30.")
    assert row["the same at full size"].startswith("dropout=0.5: +6")
    assert sizes.sentence == "At the log's own size the same holds for 4 (How much dropout?)."


def test_a_lesson_with_another_sign_does_not(at_full_size):
    at_full_size(LAYERS | {"1 layer": 1.4})
    sizes = compare_sizes([small("num_layers", LAYERS)])
    assert sizes.table.iloc[0]["carries over"] == "no"
    assert "does not carry over for 3 (How many layers?)" in sizes.sentence


def test_one_seed_is_called_a_first_look_and_has_no_verdict(at_full_size):
    at_full_size(DROPOUT, seeds=1)
    sizes = compare_sizes([small("dropout", DROPOUT)])
    row = sizes.table.iloc[0]
    assert row["at full size"] == "cannot tell"
    assert row["seeds at full size"] == "1, 4 more needed for a verdict"
    assert row["carries over"] == "yes, at first look"
    assert sizes.sentence.startswith("A first look, 1 of 5 seeds at full size.")


def test_a_stage_that_was_not_run_at_full_size_is_said_so(at_full_size):
    at_full_size({"dropout=0.5": 1.0})
    sizes = compare_sizes([small("dropout", DROPOUT)])
    assert sizes.table.iloc[0]["at full size"] == "not run yet" and sizes.ratios.empty
    assert lab.plot(sizes).layout.title.text


def test_the_shipped_runs_are_read_as_the_log_read_its_own():
    results = full_results("mask_input")
    assert {"included", "not included"} <= set(results.curves["setting"])
    assert results.stage.config("included").key in set(shipped.runs()["key"])
    assert set(results.references) == {"forward fill", "linear interpolation"}


def test_the_picture_has_a_mark_for_each_setting_that_both_have(at_full_size):
    at_full_size(DROPOUT)
    figure = lab.plot(compare_sizes([small("dropout", DROPOUT)]))
    marks, line = figure.data
    assert list(marks.text) == list(DROPOUT) and marks.name == "stage 4"
    assert list(line.x) == list(line.y)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_readme_says_of_the_full_size_what_its_runs_show(name):
    text = (Path(lab.__file__).parent.parent / name).read_text(encoding="utf-8")
    for stage, setting in (
        ("mask_input", "included"),
        ("dropout", "dropout=0.5"),
        ("loss_ratio", "1:10"),
    ):
        errors = full_results(stage).errors().mean(axis=1)
        lower = 100 * (1 - errors[setting] / errors[STAGES[stage].adopted])
        assert f" {lower:.0f} %" in text
    trained = full_results("num_layers").errors().mean(axis=1).filter(regex="layers?$")
    assert trained.idxmin() == "2 layers"
    weights = full_results("missing_weight").errors().mean(axis=1)
    assert weights.max() < 1.01 * weights.min()
    long_run = full_results("dropout").errors().mean(axis=1)["dropout=0, 250 epochs"]
    line = shipped.facts()["references"]["linear interpolation"]
    assert f" {long_run / line:.2f} " in text and set(shipped.runs()["seed"]) == {0}
