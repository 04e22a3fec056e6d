"""The panel without a browser: what its controls stand for, what its figure shows, what is left in
a record.
"""

import itertools
import time

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

import gru_lab as lab
from gru_lab.runs.compute import Compute
from gru_lab.runs.exchange import adopt, as_block, pack
from gru_lab.runs.sweep import train_missing
from gru_lab.tuning_log.stages import STAGES
from gru_lab.widgets.canvas import thinned
from gru_lab.widgets.controls import Controls
from gru_lab.widgets.panel import Panel
from tests.conftest import wait_until


@pytest.fixture
def stage():
    return lab.stage("dropout", "tiny")


@pytest.fixture
def panel(stage, store):
    made = Panel(stage, store)
    yield made
    made.live.stop()


def train(panel):
    panel.buttons["Train"].click()
    wait_until(lambda: not panel.live.snapshot().running)
    panel._draw()


def test_the_panel_begins_at_the_setting_that_the_log_adopted_with_the_stages_own_knob_first(
    panel, stage
):
    assert panel.controls.config == stage.config(stage.adopted).replace(data="", data_digest="").on(
        stage.series
    )
    assert panel.controls.setting.value == stage.adopted
    first_slider = panel.controls.knobs().children[1]
    assert first_slider.description == "dropout"


@pytest.mark.parametrize("name", STAGES)
def test_every_run_of_the_log_can_be_set_exactly_by_the_sliders(name):
    stage = lab.stage(name, "tiny")
    controls = Controls(stage)
    for setting in stage.settings:
        controls.show(stage.config(setting))
        assert controls.config == stage.config(setting)


def test_every_control_has_a_label_and_only_values_that_keep_a_run_valid(panel):
    for name, field in panel.controls.fields.items():
        assert field.description and field.tooltip
        for value in [value for _, value in getattr(field, "options", [])] or [
            getattr(field, "min", True)
        ]:
            panel.controls.config.replace(**{name: value})
    epochs = panel.controls.fields["epochs"]
    epochs.value = -5
    assert epochs.value == 1
    with pytest.raises(TraitError):
        panel.controls.fields["dropout"].value = 1.0


def test_train_draws_the_curve_and_keeps_the_run(panel, store, stage):
    train(panel)
    drawn = panel.canvas.trace["hidden entries"].y
    assert list(drawn) == list(store.curve(stage.config(stage.adopted))["val_missing"])
    assert "error on hidden entries" in panel.status.value and panel.progress.value == 1
    assert len(panel.canvas.trace["network"].y) == len(panel.canvas.trace["hidden"].y) > 0


def test_a_kept_setting_appears_when_its_slider_is_moved_there(panel):
    train(panel)
    repaired = panel.canvas.trace["network"].y
    panel.controls.fields["dropout"].value = 0.35
    panel._draw()
    assert len(panel.canvas.trace["hidden entries"].y) == 0 and "press Train" in panel.status.value
    assert panel.controls.setting.value == "your own"
    panel.controls.fields["dropout"].value = 0.2
    assert panel.controls.setting.value == "dropout=0.2"
    panel.controls.setting.value = "dropout=0"
    panel._draw()
    assert (
        len(panel.canvas.trace["hidden entries"].y) > 0 and "from the store" in panel.status.value
    )
    kept = panel.canvas.trace["network"].y  # the sample kept with the run
    np.testing.assert_allclose(kept, repaired, atol=1e-4)


def test_train_on_a_run_from_the_store_trains_it_again_so_that_every_place_and_channel_can_be_seen(
    panel,
):
    train(panel)
    panel.controls.fields["dropout"].value = 0.35
    panel.controls.fields["dropout"].value = 0.0
    panel.place.value = 7
    panel._draw()
    assert "from the store" in panel.status.value and len(panel.canvas.trace["network"].y) == 0
    train(panel)
    assert (
        np.isfinite(panel.canvas.trace["network"].y).all()
        and len(panel.canvas.trace["network"].y) > 0
    )


def test_the_logs_figures_stand_beside_a_run_that_is_one_of_its_rows_on_its_ruler(panel, stage):
    train(panel)
    assert len(panel.canvas.trace["the log"].y) == 0
    panel.controls.ruler.value = "recorded"
    panel._draw()
    lines = stage[stage.adopted].lines
    assert list(panel.canvas.trace["the log"].y) == [line.validation for line in lines]
    assert list(panel.canvas.trace["the log, training"].y) == [line.train for line in lines]
    panel.controls.fields["dropout"].value = 0.35
    panel._draw()
    assert len(panel.canvas.trace["the log"].y) == 0


def test_layers_restart_a_running_training_and_the_weight_steers_it(panel):
    panel.controls.fields["epochs"].value = 5000
    panel.buttons["Train"].click()
    wait_until(lambda: panel.live.snapshot().rows)
    panel.controls.fields["missing_weight"].value = 4.0
    wait_until(lambda: panel.live.snapshot().schedule)
    first = panel.live.snapshot().run
    panel.controls.fields["num_layers"].value = 1
    wait_until(lambda: panel.live.snapshot().rows and panel.live.snapshot().run != first)
    seen = panel.live.snapshot()
    assert (
        seen.config.num_layers == 1
        and seen.config.missing_weight == 4.0
        and seen.schedule == ()
        and seen.running
    )
    wait_until(lambda: not panel.buttons["Stop"].disabled)
    panel.buttons["Stop"].click()
    assert not panel.live.snapshot().running


def test_pinned_runs_are_listed_drawn_and_back_in_a_new_panel(panel, stage, store):
    train(panel)
    panel.buttons["Pin"].click()
    again = Panel(stage, store)
    for one in (panel, again):
        header, row = one.pinned.rows.children
        assert (
            "error on hidden entries" in header.children[3].value
            and "<code>0." in row.children[2].value
        )
        assert len(one.canvas.trace["pin 1"].y) == stage.config(stage.adopted).epochs
    again.pinned.rows.children[1].children[-1].click()
    assert again.pinned.rows.children == () and len(again.canvas.trace["pin 1"].y) == 0


def test_a_run_whose_weight_was_moved_is_marked_told_copied_and_pinned_with_all_its_moves(
    panel, store
):
    panel.controls.fields["epochs"].value = 5000
    panel.buttons["Train"].click()
    wait_until(lambda: panel.live.snapshot().rows)
    panel.controls.fields["missing_weight"].value = 4.0
    wait_until(lambda: panel.live.snapshot().schedule)
    panel.controls.fields["epochs"].value = len(panel.live.snapshot().rows) + 20
    wait_until(lambda: not panel.live.snapshot().running)
    panel._draw()
    seen = panel.live.snapshot()
    ((epoch, batch, weight),) = seen.schedule
    assert (
        list(panel.canvas.trace["weight moved"].x) == [epoch]
        and "weight 4" in panel.canvas.trace["weight moved"].text
    )
    assert "not saved unless pinned" in panel.status.value and store.runs().empty
    assert f"schedule=[({epoch}, {batch}, 4.0)]" in panel.copies[0].text
    panel.buttons["Pin"].click()
    panel.buttons["Pin"].click()  # once is enough
    _, row = panel.pinned.rows.children
    assert f"loss weight moved to 4 in epoch {epoch}" in row.children[1].value
    assert (
        row.children[4].text == panel.copies[0].text
        and row.children[5].text == panel.copies[1].text
    )


def test_a_stopped_run_is_copied_as_long_as_it_became(panel):
    panel.controls.fields["epochs"].value = 5000
    panel.buttons["Train"].click()
    wait_until(lambda: panel.live.snapshot().rows)
    panel.buttons["Stop"].click()

    def copied():
        panel._draw()
        return f"epochs={len(panel.live.snapshot().rows)})" in panel.copies[0].text

    wait_until(copied)  # a last epoch may still come in


def test_the_figure_is_sent_five_times_a_second_at_most_and_only_when_it_differs(
    panel, monkeypatch
):
    drawn = []
    draw = panel.canvas.draw_losses
    monkeypatch.setattr(
        panel.canvas, "draw_losses", lambda *args: (drawn.append(time.monotonic()), draw(*args))
    )
    panel.controls.fields["epochs"].value = 5000
    panel.buttons["Train"].click()
    places = itertools.cycle(range(20))

    def drawn_often():
        panel.place.value = next(places)
        return len(drawn) > 8

    wait_until(drawn_often)
    assert min(np.diff(drawn)) > 0.2
    panel.buttons["Stop"].click()

    def the_same():
        before = len(drawn)
        panel._draw()
        return len(drawn) == before

    wait_until(the_same)  # a last epoch may still come in


def test_a_cell_that_is_run_again_stops_what_its_old_panel_trains(stage, store, monkeypatch):
    made, cells = [], iter(["one", "two", "one", None])
    monkeypatch.setattr("gru_lab.widgets.panel._cell", lambda: next(cells))
    monkeypatch.setattr(
        "gru_lab.widgets.panel.Panel", lambda *given: made.append(Panel(*given)) or made[-1]
    )
    for _ in range(2):
        lab.panel(stage, store)
        made[-1].live.start(made[-1].controls.config.replace(epochs=500))
    lab.panel(stage, store)
    assert [one.live.snapshot().running for one in made] == [False, True, False]
    lab.panel(stage, store)  # outside a notebook nothing is known of cells
    assert made[1].live.snapshot().running
    made[1].live.stop()


def test_stop_is_told_at_once_and_not_with_the_next_drawing(panel, monkeypatch):
    wait_until(lambda: panel._drawn and not panel._drawing.locked())  # none is under way
    monkeypatch.setattr(panel, "_draw", lambda: None)
    panel.controls.fields["epochs"].value = 10_000
    panel.buttons["Train"].click()
    wait_until(lambda: panel.live.snapshot().rows)
    panel.buttons["Stop"].click()
    assert (
        "stopped" in panel.status.value
        and panel.buttons["Stop"].disabled
        and not panel.buttons["Pin"].disabled
    )


def test_a_page_that_is_opened_again_gets_the_figure_as_it_is_now(panel):
    train(panel)
    traces = {trace["name"]: trace for trace in panel.canvas.figure.get_state()["_widget_data"]}
    drawn = traces["hidden entries"]["y"]
    drawn = np.frombuffer(drawn["buffer"], drawn["dtype"])
    assert list(drawn) == list(panel.canvas.trace["hidden entries"].y)


def test_what_cannot_be_drawn_is_told_and_the_panel_goes_on(panel, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(panel.canvas, "draw_losses", None)
        panel.place.value = 3
        wait_until(lambda: "cannot draw this" in panel.status.value)
    panel.place.value = 4
    wait_until(lambda: "press Train" in panel.status.value)


def test_copies_are_the_cell_and_the_lines_of_the_run(panel):
    train(panel)
    code, lines = (copy.text for copy in panel.copies)
    assert code.startswith("import gru_lab as lab") and "lab.Trainer(config, stage.series)" in code
    assert lines.count("\n") == min(3, panel.live.snapshot().config.epochs) - 1


def test_an_error_is_readable_and_escaped_in_the_status_line(panel):
    panel.controls.fields["learning_rate"].value = 0.1
    panel.live.start(panel.controls.config.replace(learning_rate=1e30, epochs=50))
    wait_until(lambda: not panel.live.snapshot().running)
    panel._draw()
    assert "lower learning_rate" in panel.status.value
    panel.controls.setting.value = "dropout=0.1"
    train(panel)
    assert "done" in panel.status.value


def test_in_a_record_the_explorer_of_the_stored_runs_takes_the_panels_place(
    stage, store, monkeypatch
):
    monkeypatch.setenv("GRU_LAB_RECORD", "1")
    shown = lab.panel(stage, store)
    assert not isinstance(shown, widgets.Widget) and 'class="explorer"' in shown._repr_html_()
    assert store.curve(stage.config(stage.adopted)) is not None


def test_a_very_long_curve_is_thinned_and_keeps_both_ends():
    curve = pd.DataFrame({"epoch": range(1, 20_001)})
    kept = thinned(curve)["epoch"].tolist()
    assert len(kept) <= 1500 and kept[0] == 1 and kept[-1] == 20_000
    assert thinned(curve.head(7)) is not None and len(thinned(curve.head(7))) == 7


def test_an_unknown_stage_is_refused():
    with pytest.raises(ValueError, match="stage must be one of"):
        lab.panel("depth")


def test_a_run_out_of_another_persons_record_is_pinned_beside_ones_own_without_training(
    panel, stage, store, tmp_path
):
    theirs = lab.Store(f"sqlite:///{tmp_path / 'theirs.sqlite'}")
    one = stage.config("dropout=0.2", 7)
    train_missing([one], stage.series, Compute(theirs, workers=1))
    block = {"title": "T", "whole": True, "facts": {}, "line": "", "runs": pack([one], theirs)}
    (tmp_path / "record.html").write_text(as_block(block))
    adopt(tmp_path / "record.html", store)

    button, choice = panel.pinned.box.children[1].children
    assert choice.layout.display == "none" and not panel.pinned.stored.options
    button.value = True
    assert choice.layout.display == ""
    ((label, config),) = panel.pinned.stored.options
    assert config == one and label.startswith("dropout 0.2, seed 7; trained 20")
    assert label.endswith(", from record.html")
    choice.children[1].click()
    (pin,) = panel.pinned.pins
    pd.testing.assert_frame_equal(pin.curve, theirs.curve(one))
    choice.children[1].click()
    assert len(panel.pinned.pins) == 1 and not panel.live.snapshot().running


def test_no_stored_run_is_offered_where_there_is_none(panel, store):
    panel.pinned.list_stored()
    assert panel.pinned.stored.options == (("none yet on this series", None),)
    panel.pinned.box.children[1].children[1].children[1].click()
    assert panel.pinned.pins == []
