"""A question of one's own: what makes one, what it is, and every way to ask it wrongly."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.series import Series
from gru_lab.tuning_log.own_data import without_holes
from gru_lab.tuning_log.question import Question
from gru_lab.tuning_log.stage import Stage


def ask(series, **settings):
    given = dict(hidden_size=[4, 8], adopted=8, epochs=2, seeds=2, batch_size=20, data=series)
    return lab.question("How wide?", **given | settings)


def test_a_question_is_a_stage_whose_settings_differ_in_one_knob(series):
    asked = ask(series)
    assert isinstance(asked, Stage) and isinstance(asked, Question) and asked.own
    assert [setting.name for setting in asked.settings] == ["hidden_size=4", "hidden_size=8"]
    assert (asked.knob, asked.adopted, asked.title) == ("hidden_size", "hidden_size=8", "How wide?")
    pairs = asked.configs()
    assert len(pairs) == 4 and {config.seed for _, config in pairs} == {0, 1}
    small, large = (asked.config(name) for name in ("hidden_size=4", "hidden_size=8"))
    assert small.difference(large) == {"hidden_size": 4} and small.data_digest == series.digest
    assert (small.epochs, small.batch_size, small.dropout) == (2, 20, 0.0)
    assert asked.logged.empty


def test_all_that_is_fixed_is_printed(series):
    text = " ".join(repr(ask(series)).split())
    assert "Settings: hidden_size=4, hidden_size=8" in text and "than hidden_size=8" in text
    assert "layers 2" in text and "batch size 20" in text and series.digest in text
    assert "2 seeds" in text and "hidden size" not in text


def test_without_a_claim_the_first_value_is_claimed(series):
    assert ask(series, adopted=None).adopted == "hidden_size=4"
    assert set(ask(series, adopted=None).guess) == {"hidden_size=4", "hidden_size=8"}


VALUES = {"dropout": [0, 0.1], "num_layers": [1, 2], "missing_weight": [0, 1.5], "epochs": [1, 3]}
VALUES |= {"mask_input": [False, True], "learning_rate": [1e-3, 2e-3], "batch_size": [10, 20]}
VALUES |= {"window": [10, 12], "missing_rate": [0.1, 0.2], "train_share": [0.5, 1.0]}
VALUES |= {"bidirectional": [False, True], "residual": [True, False], "hidden_size": (4, 8)}


@pytest.mark.parametrize("knob", VALUES)
def test_any_field_of_a_run_is_a_knob(series, knob):
    asked = ask(series, **{"hidden_size": 8, "adopted": None, knob: VALUES[knob]})
    configs = [asked.config(setting) for setting in asked.settings]
    assert [getattr(config, knob) for config in configs] == list(VALUES[knob])
    assert len({(config.key, config.epochs) for config in configs}) == 2


def test_a_knob_that_is_part_of_the_loss_or_the_gaps_is_named(series):
    assert "cannot judge it" in ask(series, hidden_size=8, adopted=0, missing_weight=[0, 1]).note
    assert (
        "entries of its own"
        in ask(series, hidden_size=8, adopted=0.1, missing_rate=[0.1, 0.2]).note
    )
    layers = ask(series, hidden_size=8, adopted=2, num_layers=[1, 2], dropout=0.2)
    assert "two things change" in layers.note and ask(series).note == ""


def test_controls_change_every_value_or_are_one_run(series):
    asked = ask(series).control("twice as long", epochs=4).control("wider", hidden_size=16)
    names = [setting.name for setting in asked.settings if setting.kind == "control"]
    assert names == [
        "hidden_size=4, twice as long (control)",
        "hidden_size=8, twice as long (control)",
        "wider (control)",
    ]
    assert asked.config(names[1]).epochs == 4 and asked.config(names[2]).hidden_size == 16
    for wrong, changes in [("none", {}), ("same", {"epochs": 2}), ("x", {"hiden_size": 3})]:
        with pytest.raises(ValueError, match="change something|run of its own|Did you mean"):
            asked.control(wrong, **changes)


WRONG = [
    (dict(hidden_sise=[4, 8]), "Did you mean 'hidden_size'"),
    (dict(hidden_size=[4], adopted=None), "hidden_size must have at least two values"),
    (dict(hidden_size=4, adopted=None), "one setting must have several values"),
    (dict(hidden_size=[4, 4], adopted=4), "each setting must be a run of its own"),
    (dict(dropout=[0, 0.1]), r"lab.grid\(hidden_size=\[4, 8\], dropout=\[0, 0.1\]\).*lab.search"),
    (dict(hidden_size=8, dropout=[0, 0.1], num_layers=1, adopted=0), "the same run; one layer has"),
    (dict(hidden_size=8, dropout=[0, 1.5], adopted=0), "dropout must be at least 0 and below 1"),
    (dict(hidden_size=["a", "b"]), "hidden_size must be a whole number of at least 1, not 'a'"),
    (dict(adopted=9), "adopted must be one of 4, 8, not 9"),
    (dict(seed=[0, 1]), "seed must be left out: it is luck"),
    (dict(seeds=0), "seeds must be a whole number of at least 1"),
    (dict(holes="fill"), "holes must be one of refuse, drop"),
    (dict(window=600), "window must fit"),
    (dict(hidden_size=8, window=[10, 600], adopted=10), "window must fit"),
]


@pytest.mark.parametrize(("settings", "said"), WRONG)
def test_a_question_that_is_asked_wrongly_is_one_clear_error(series, settings, said):
    with pytest.raises(ValueError, match=said):
        ask(series, **settings)


def holed(tmp_path):
    values = np.random.default_rng(0).random((400, 3))
    values[100:103, 1] = np.nan
    path = tmp_path / "holes.csv"
    pd.DataFrame(values, columns=list("abc")).to_csv(path, index=False)
    return path


def test_a_table_with_holes_is_refused_with_both_ways_out(tmp_path):
    with pytest.raises(ValueError, match=r"'b' has 3 nan .*gru-lab repair.*holes='drop'"):
        ask(holed(tmp_path))
    asked = ask(holed(tmp_path), holes="drop")
    assert len(asked.series) == 397 and asked.series.starts == (0, 100)
    assert "complete rows" in asked.series.name


def test_rows_without_holes_keep_their_parts():
    values = np.ones((9, 1))
    values[[0, 4], 0] = np.nan
    whole = without_holes(Series(values, ("a",), starts=(0, 6)))
    assert len(whole) == 7 and whole.starts == (0, 3, 4)
    with pytest.raises(ValueError, match="no complete row"):
        without_holes(Series(values * np.nan, ("a",)))


def test_fewer_rows_are_other_data_under_a_name_of_their_own(series):
    asked = ask(series, rows=700)
    assert len(asked.series) == 700 and asked.series.name.endswith("first 700 rows")


def test_a_question_can_be_asked_of_other_data_and_written_as_code(series):
    asked = ask(series)
    other = asked.bind(data=series.head(700))
    assert len(other.series) == 700 and other.settings == asked.settings
    code = asked.as_code()
    again = eval(code, {"lab": lab, "data": series})
    assert dataclasses.astuple(again.start) == dataclasses.astuple(asked.start)
    assert [one.name for one in again.settings] == [one.name for one in asked.settings]


def test_a_column_that_tells_runs_apart_needs_a_table():
    with pytest.raises(ValueError, match="split_by 'machine' must name a column of data"):
        lab.question("Q?", hidden_size=[2, 3], split_by="machine")
