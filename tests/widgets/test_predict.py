"""Prediction: chosen by mouse or keyboard, kept, shown beside the result, and told in a record."""

import pytest

import gru_lab as lab
from gru_lab.evidence.guess import answers, keep_guess, kept_guess, outcome
from gru_lab.plots.stage import plot_stage
from gru_lab.tuning_log.stages import STAGES
from gru_lab.widgets.predict import predict


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRU_LAB_RECORD", raising=False)


@pytest.fixture(scope="module")
def results(tiny_runs, tmp_path_factory):
    store = tiny_runs(tmp_path_factory.mktemp("store"))
    return lab.sweep(lab.stage("num_layers", "tiny"), seeds=2, store=store, workers=1)


def test_nothing_is_chosen_at_first_and_a_choice_is_kept():
    question = predict("mask_input")
    assert question.guess is None and "Choose one" in question.said.value
    assert list(question.choices.options) == list(answers(STAGES["mask_input"]))
    question.choices.value = "the same"
    assert question.guess == "the same" == kept_guess(STAGES["mask_input"])
    assert "<b>the same</b>, is kept" in question.said.value


def test_a_notebook_opened_again_knows_the_choice():
    keep_guess(STAGES["dropout"], "half of it")
    assert predict(4).guess == "half of it" and "half of it" in predict(4).said.value


def test_in_a_record_it_is_plain_html_that_says_which_answer_was_chosen(monkeypatch, capsys):
    monkeypatch.setenv("GRU_LAB_RECORD", "1")
    shown = []
    monkeypatch.setattr("gru_lab.widgets.predict.display", shown.append)
    predict(4)._ipython_display_()
    keep_guess(STAGES["dropout"], "half of it")
    predict(4)._ipython_display_()
    before, after = (page.data for page in shown)
    assert "No guess was made" in before and "(the guess made)" not in before
    assert "<li><b>half of it (the guess made)</b></li>" in after and "No guess" not in after
    assert after.count("<li>") == len(answers(STAGES["dropout"]))


def test_in_a_notebook_it_is_the_widget(monkeypatch):
    shown = []
    monkeypatch.setattr("gru_lab.widgets.predict.display", shown.append)
    question = predict(4)
    question._ipython_display_()
    assert shown == [question.box]


def test_the_picture_shows_the_guess_beside_the_result(results):
    stage, finals = results.stage, results.finals.set_index("setting")["val_missing"]
    assert not [
        trace for trace in plot_stage(results, guess=None).data if trace.name == "your guess"
    ]
    figure = plot_stage(results, guess="half of it")
    (star,) = (trace for trace in figure.data if trace.name == "your guess")
    assert list(star.x) == [stage.guess[0]] and star.yaxis == "y2"
    assert star.y[0] == pytest.approx(finals["1 layer"].mean() / 2)
    assert (
        stage.guess[0] in figure.layout.xaxis2.categoryarray
    )  # a control, drawn because the guess is about it
    low, high = figure.layout.yaxis2.range
    assert 10**low < star.y[0] < 10**high
    assert (
        f"guessed 0.5 × its error, came out {outcome(results):.3g} ×"
        in figure.layout.title.subtitle.text
    )


def test_a_guess_that_is_no_answer_is_an_error(results):
    with pytest.raises(ValueError, match="guess must be one of"):
        plot_stage(results, guess="less")
