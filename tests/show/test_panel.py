"""The panel without a browser: what its controls stand for, what its figure shows, what is left in a record."""

import time

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.show.canvas import thinned
from gru_lab.show.panel import Panel


@pytest.fixture
def stage():
    return lab.stage("dropout", "tiny")


@pytest.fixture
def panel(stage, store):
    made = Panel(stage, store)
    yield made
    made.live.stop()


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def train(panel):
    panel.buttons["Train"].click()
    wait_until(lambda: not panel.live.snapshot().running)
    panel._draw()


def test_the_panel_begins_at_the_setting_that_the_log_adopted_with_the_stages_own_knob_first(panel, stage):
    assert panel.controls.config == stage.config(stage.adopted).replace(data="", data_digest="").on(stage.series)
    assert panel.controls.setting.value == stage.adopted
    first_slider = panel.controls.box.children[0].children[1]
    assert first_slider.description == "dropout"


def test_every_control_has_a_label_and_bounds_that_keep_a_run_valid(panel):
    for name, field in panel.controls.fields.items():
        assert field.description
        for bound in (getattr(field, "min", None), getattr(field, "max", None)):
            if bound is not None and not isinstance(field, widgets.FloatLogSlider):
                panel.controls.config.replace(**{name: bound})


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
    panel.controls.setting.value = "dropout=0"
    panel._draw()
    assert len(panel.canvas.trace["hidden entries"].y) > 0 and "from the store" in panel.status.value
    kept = panel.canvas.trace["network"].y  # the sample kept with the run
    np.testing.assert_allclose(kept, repaired, atol=1e-4)


def test_the_logs_figures_stand_beside_a_run_that_is_one_of_its_rows_on_its_ruler(panel, stage):
    train(panel)
    assert len(panel.canvas.trace["the log"].y) == 0
    panel.controls.ruler.value = "recorded"
    assert list(panel.canvas.trace["the log"].y) == [line.validation for line in stage[stage.adopted].lines]
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
    assert seen.config.num_layers == 1 and seen.schedule == () and seen.running
    wait_until(lambda: not panel.buttons["Stop"].disabled)
    panel.buttons["Stop"].click()
    assert not panel.live.snapshot().running


def test_pinned_runs_are_listed_drawn_and_back_in_a_new_panel(panel, stage, store):
    train(panel)
    panel.buttons["Pin"].click()
    again = Panel(stage, store)
    for one in (panel, again):
        (row,) = one.pinned.children
        assert "error on hidden entries" in row.children[1].value and "<code>0." in row.children[2].value
        assert len(one.canvas.trace["pin 1"].y) == stage.config(stage.adopted).epochs
    again.pinned.children[0].children[0].click()
    assert again.pinned.children == () and len(again.canvas.trace["pin 1"].y) == 0


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


def test_in_a_record_the_explorer_of_the_stored_runs_takes_the_panels_place(stage, store, monkeypatch):
    monkeypatch.setenv("GRU_LAB_RECORD", "1")
    shown = lab.panel(stage, store)
    assert not isinstance(shown, widgets.Widget) and 'class="explorer"' in shown._repr_html_()
    assert store.has(stage.config(stage.adopted))


def test_a_very_long_curve_is_thinned_and_keeps_both_ends():
    curve = pd.DataFrame({"epoch": range(1, 20_001)})
    kept = thinned(curve)["epoch"].tolist()
    assert len(kept) <= 1500 and kept[0] == 1 and kept[-1] == 20_000
    assert thinned(curve.head(7)) is not None and len(thinned(curve.head(7))) == 7


def test_an_unknown_stage_is_refused():
    with pytest.raises(ValueError, match="stage must be one of"):
        lab.panel("depth")
