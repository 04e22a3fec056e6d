"""A question of one's own goes wherever a stage goes."""

import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.evidence.as_log import trusted_log
from gru_lab.evidence.guess import answers, keep_guess, kept_guess, outcome
from gru_lab.loss import weighted_loss
from gru_lab.widgets.as_cell import as_cell
from gru_lab.widgets.controls import Controls
from gru_lab.widgets.explorer import explorer_data


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """(store, Results) of a question about the loss weight."""
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('own') / 'runs.sqlite'}")
    asked = lab.question(
        "What weight?",
        missing_weight=[0, 1, 2],
        adopted=1,
        hidden_size=2,
        epochs=2,
        seeds=2,
        batch_size=20,
        data=demo_series(700),
    )
    return store, lab.sweep(asked, store=store, workers=1)


def test_a_sweep_keeps_its_runs_here_and_in_the_background(kept):
    store, results = kept
    assert len(results.curves) == 3 * 2 * 2
    assert lab.sweep(results.stage, store=store, background=True).results.stage == results.stage


def test_its_loss_is_the_one_that_was_trained_without_the_r_of_the_log(kept):
    _, results = kept
    rows = results.curves[results.curves["setting"] == "missing_weight=2"]
    wanted = weighted_loss(rows["val_all_dropout"], rows["val_missing_dropout"], 2)
    assert rows["validation"].to_numpy() == pytest.approx(wanted.to_numpy())


def test_a_question_that_was_not_run_has_no_verdict(kept):
    with pytest.raises(ValueError, match="what lab.sweep returns, not Question; sweep it first"):
        lab.verdict(kept[1].stage)


def test_the_verdict_speaks_of_the_claim_and_says_what_the_loss_cannot_judge(kept):
    found = lab.verdict(kept[1])
    assert "cannot judge it" in found.sentence and "the log" not in found.sentence.lower()
    assert found.label == "cannot tell" and set(found.table.index) == {
        f"missing_weight={weight}" for weight in (0, 1, 2)
    }


def test_the_epochs_themselves_are_compared(kept):
    store, results = kept
    asked = lab.question(
        "How long?", epochs=[1, 2], hidden_size=2, seeds=2, batch_size=20, data=results.stage.series
    )
    found = lab.verdict(lab.sweep(asked, store=store, workers=1))
    assert list(found.table.index) == ["epochs=1", "epochs=2"]


def test_pictures_pages_and_logs_call_it_by_its_words(kept):
    store, results = kept
    assert lab.plot(results).layout.title.text == "What weight?"
    assert "Your question" in lab.plot(results, by="epoch").layout.title.text
    data = explorer_data(results.stage, store)
    assert data["title"] == "What weight?" and list(data["knobs"]) == ["missing_weight"]
    assert {run["name"] for run in data["runs"]} >= {"missing_weight=1"}
    assert trusted_log(results).startswith("## What weight?")
    with pytest.raises(ValueError, match="has no log to compare with"):
        lab.second_opinion([results])


@pytest.mark.parametrize("knob", ["hidden_size", "batch_size", "train_share", "residual", "window"])
def test_its_own_knob_comes_first_in_the_panel(knob, series):
    values = {"hidden_size": [4, 24], "batch_size": [10, 25], "train_share": [0.3, 1.0]}
    values |= {"residual": [False, True], "window": [10, 12]}
    controls = Controls(lab.question("Q", data=series, **{knob: values[knob]}))
    first = controls.knobs().children[1]
    assert first is controls.fields[knob] and first.tooltip
    for value in values[knob]:
        first.value = value
        assert getattr(controls.config, knob) == value


def test_a_guess_a_cell_and_the_test_part_take_it(kept, tmp_path, monkeypatch):
    store, results = kept
    monkeypatch.chdir(tmp_path)
    asked = results.stage
    keep_guess(asked, "the same")
    assert kept_guess(asked) == "the same" and "the same" in answers(asked)
    assert outcome(results) > 0 and lab.predict(asked).guess == "the same"
    cell = as_cell(asked, asked.config("missing_weight=2"))
    assert "lab.question('What weight?'" in cell and "data=data" in cell
    space = {"lab": lab, "data": asked.series}
    exec(cell.rsplit("trainer =", 1)[0], space)
    assert space["config"].on(asked.series) == asked.config("missing_weight=2")
    table = lab.test_once(asked, seeds=2, store=store, workers=1)
    assert list(table.index)[:3] == ["missing_weight=1", "missing_weight=0", "missing_weight=2"]


def test_a_file_that_changed_is_named_with_the_runs_that_belong_to_it(tmp_path, store):
    path = tmp_path / "my.csv"

    def ask(rows, **more):
        pd.DataFrame(demo_series(rows).values[:, :3]).to_csv(path, index=False)
        given = dict(hidden_size=[2, 3], epochs=1, seeds=1, batch_size=20, data=str(path))
        return lab.question("How wide?", **given | more)

    old = ask(700)
    lab.sweep(old, store=store, workers=1)
    new = ask(840)
    said = (
        f"has changed .*digest {old.series.digest}: 2 runs, .* has digest {new.series.digest} now"
    )
    pair = dict(hidden_size=[2, 3], num_layers=[2, 3], epochs=1, seeds=1, batch_size=20, train=True)
    for act in (
        lambda: lab.sweep(new, store=store, workers=1),
        lambda: lab.search(new, trials=2, store=store, workers=1),
        lambda: lab.grid(**pair, data=str(path), store=store, workers=1),
    ):
        with pytest.raises(ValueError, match=said):
            act()
    assert len(store.runs()) == 2
    lab.sweep(ask(840, data_changed=True), store=store, workers=1)
    assert len(store.runs()) == 4
