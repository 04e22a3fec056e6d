"""A guess: its question and answers from the stage's data, kept in a file of the person's own, and
how it came out.
"""

import json

import pytest

from gru_lab.evidence.guess import SCALE, answers, keep_guess, kept_guess, outcome, question
from gru_lab.tuning_log.stages import STAGES
from tests.evidence.test_verdict import LAYERS, made_up


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_every_stage_asks_about_two_settings_of_its_own(stage):
    one, other = stage.guess
    assert one != other and {one, other} <= {setting.name for setting in stage.settings}
    assert (
        question(stage)
        == f"Compared with '{other}', the error on hidden values of '{one}' will be …"
    )


def test_where_the_log_has_figures_of_both_the_last_answer_is_what_they_say():
    *rest, (words, factor) = answers(STAGES["dropout"]).items()
    assert dict(rest) == SCALE
    assert factor == pytest.approx(0.00022 / 0.00179) and words.endswith(": 0.12 times as much")
    assert answers(STAGES["num_layers"]) == SCALE  # the log has no run without dropout


def test_a_guess_is_kept_and_replaced_and_those_of_other_stages_stay(here):
    mask, layers = STAGES["mask_input"], STAGES["num_layers"]
    assert kept_guess(mask) is None
    keep_guess(mask, "the same")
    keep_guess(layers, "half of it")
    keep_guess(mask, "a tenth more")
    assert (kept_guess(mask), kept_guess(layers)) == ("a tenth more", "half of it")
    assert [path.name for path in here.iterdir()] == ["guesses.json"]


def test_notebooks_and_their_records_share_the_guesses(here, monkeypatch):
    for name in ("notebooks", "notebooks/solutions"):
        (here / name).mkdir()
        monkeypatch.chdir(here / name)
        keep_guess(STAGES["dropout"], "the same")
        assert not list((here / name).glob("*.json"))
    monkeypatch.chdir(here)
    assert kept_guess(STAGES["dropout"]) == "the same"


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"dropout": 3}', '{"dropout": ["x"]}', '{"dropout": "no answer"}']
)
def test_a_file_that_holds_no_guess_is_no_guess(here, text):
    (here / "guesses.json").write_text(text)
    assert kept_guess(STAGES["dropout"]) is None
    keep_guess(STAGES["dropout"], "the same")
    assert json.loads((here / "guesses.json").read_text()) == {"dropout": "the same"}


def test_an_answer_that_is_not_offered_is_an_error(here):
    with pytest.raises(
        ValueError,
        match="answer must be one of a tenth of it, .*not 'the sane'. Did you mean 'the same'",
    ):
        keep_guess(STAGES["dropout"], "the sane")
    assert not list(here.iterdir())


def test_the_outcome_is_the_ratio_of_the_two_errors():
    errors = LAYERS | {"2 layers, no dropout (control)": 1.4}
    assert outcome(made_up(STAGES["num_layers"], errors, own=0)) == pytest.approx(1.4 / 0.7)
