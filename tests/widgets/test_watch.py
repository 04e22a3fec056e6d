"""The curves of a sweep as they grow: what is drawn is what is known, in a record as a still
figure.
"""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

import gru_lab as lab
from gru_lab.runs.compute import Compute
from gru_lab.runs.select import bind, names_of
from gru_lab.runs.sweep import Sweep
from gru_lab.widgets import watch as module
from gru_lab.widgets.watch import Watch, lines_of, watch


@pytest.fixture
def waiting(series, store):
    """A sweep of two settings with two seeds that has not been started."""
    config = lab.RunConfig(hidden_size=8, epochs=2, batch_size=20)
    configs = bind([config, config.replace(dropout=0)], series, 2)
    return Sweep(configs, series, Compute(store, workers=2), names_of(configs))


@pytest.fixture(scope="module")
def swept(tmp_path_factory, series):
    """A sweep in the background that has come to its end: one of its three runs diverges."""
    config = lab.RunConfig(hidden_size=8, epochs=3, batch_size=20)
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('watched') / 'runs.sqlite'}")
    configs = [config, config.replace(dropout=0), config.replace(learning_rate=1e25)]
    lab.sweep(configs[0], series=series, store=store, workers=1)
    going = lab.sweep(configs, series=series, store=store, workers=1, background=True)
    watched = Watch(going)
    going.wait()
    watched._draw()
    return going, watched, store


def test_a_setting_is_one_line_with_a_gap_after_each_seed(waiting):
    first, second = (config.key for config in waiting.configs[:2])
    waiting.progress.add(first, [(1, 0.5), (2, 0.25)])
    waiting.progress.add(second, [(1, 0.75)])
    lines = lines_of(waiting)
    assert list(lines) == ["dropout 0.5", "dropout 0"]
    np.testing.assert_array_equal(
        lines["dropout 0.5"], [[1, 2, np.nan, 1, np.nan], [0.5, 0.25, np.nan, 0.75, np.nan]]
    )
    assert np.isnan(lines["dropout 0"]).all()


def test_settings_beyond_those_with_a_line_of_their_own_share_one(waiting, monkeypatch):
    monkeypatch.setattr(module, "LINES", 1)
    for config in waiting.configs:
        waiting.progress.add(config.key, [(1, 0.5)])
    assert {name: np.isfinite(epochs).sum() for name, (epochs, _) in lines_of(waiting).items()} == {
        "dropout 0.5": 2,
        "others": 2,
    }


def test_long_curves_are_thinned_and_end_where_they_end(waiting):
    waiting.progress.add(waiting.configs[0].key, [(epoch, 1 / epoch) for epoch in range(1, 5001)])
    epochs, errors = lines_of(waiting)["dropout 0.5"]
    assert len(epochs) == module.POINTS + 2 and epochs[0] == 1  # two gaps
    np.testing.assert_array_equal([epochs[-3], errors[-3]], [5000, 1 / 5000])


def test_the_figure_shows_the_curves_that_are_kept_and_both_simple_ways(swept):
    going, watched, store = swept
    drawn = {trace.name: trace for trace in watched.figure.data}
    kept = store.curves(going.configs)
    for config in going.configs[:2]:
        line = drawn[going.name(config).removesuffix(", seed 0")]
        np.testing.assert_array_equal(line.y[:-1], kept[config.key]["val_missing"])
        np.testing.assert_array_equal(line.x[:-1], [1, 2, 3])
    assert any(name.startswith("linear interpolation 0.") for name in drawn)


def test_words_say_how_far_it_is_and_what_failed(swept):
    _, watched, _ = swept
    assert watched.status.value.startswith(
        "1 of 2 runs trained · 1 from the store · done · dropout 0.5, learning rate 1e"
    )
    assert "failed: the loss is no longer finite" in watched.status.value and watched.stop.disabled


def test_names_are_shown_as_text(waiting):
    waiting.failures.append((waiting.configs[0], "<b>bad</b>"))
    assert "&lt;b&gt;bad" in Watch(waiting).status.value


def test_the_stop_button_stops_the_sweep(waiting):
    watched = Watch(waiting)
    assert not watched.stop.disabled
    watched.stop.click()
    assert waiting.stopped and watched.stop.disabled and "stopping" in watched.status.value


def test_a_record_waits_and_gets_a_still_figure(swept, monkeypatch):
    going, watched, _ = swept
    monkeypatch.setenv("GRU_LAB_RECORD", "1")
    figure = watch(going)
    assert type(figure) is go.Figure
    drawn = json.loads(figure.to_json())["data"], json.loads(watched.figure.to_json())["data"]
    assert [trace["y"] for trace in drawn[0]] == [trace["y"] for trace in drawn[1]]


def test_what_is_no_sweep_is_an_error_that_says_how_to_start_one():
    with pytest.raises(
        ValueError, match=r"sweep must be what lab.sweep\(..., background=True\) returns, not str"
    ):
        watch("dropout")
