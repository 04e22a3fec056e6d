"""Figures hold the numbers they were given, and draw nothing as a side effect."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import gru_lab as lab
from gru_lab.evidence.full_size import full_results
from gru_lab.gaps import make_gaps
from gru_lab.plots import one_run as figures
from gru_lab.plots.curves import plot_curves
from gru_lab.plots.one_run import plot_gaps, plot_losses, plot_repair
from gru_lab.plots.stage import plot_stage


@pytest.fixture(scope="module")
def results(tiny_runs, tmp_path_factory):
    store = tiny_runs(tmp_path_factory.mktemp("store"))
    return lab.sweep(lab.stage("missing_weight", "tiny"), seeds=2, store=store, workers=1)


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_a_stage_shows_the_log_beside_each_seed_and_the_corrected_ruler_beside_both(results):
    figure = plot_stage(results)
    (log,) = named(figure, "the log")
    assert list(log.y) == [0.00242, 0.00312, 0.00450]
    recorded, corrected = named(figure, "ours, each seed")
    trained = results.finals[results.finals["kind"] == "trained"]
    np.testing.assert_array_equal(recorded.y, trained["validation"])
    np.testing.assert_array_equal(corrected.y, trained["val_missing"])
    assert recorded.xaxis == log.xaxis != corrected.xaxis


def test_reference_lines_stand_at_their_errors_with_their_names(results):
    figure = plot_curves(results)
    heights = {shape.y0 for shape in figure.layout.shapes}
    assert heights == set(results.references.values())
    notes = {note.text.rsplit(" ", 1)[0]: note.y for note in figure.layout.annotations}
    assert notes == {way: np.log10(error) for way, error in results.references.items()}


def test_curves_can_be_chosen_by_kind_or_by_name(results):
    named = [trace for trace in plot_curves(results, "meant", "weight=0").data if trace.name]
    names = [trace.name for trace in named if trace.visible is None]
    assert names == ["weight=0", "weight=1 (meant)", "weight=0.5 (meant)"]
    with pytest.raises(ValueError, match="setting must be one of"):
        plot_curves(results, "weight=7")


def test_every_line_of_a_figure_differs_in_more_than_colour(results):
    lines = [trace for trace in plot_curves(results, "trained", "meant").data if trace.name]
    assert len({(line.line.dash, line.line.color) for line in lines}) == len(lines)
    assert len({line.line.dash for line in lines}) == len(lines)


def test_the_runs_at_the_logs_own_size_are_a_layer_that_one_click_switches_on(results):
    layer = [trace for trace in plot_curves(results).data if trace.visible == "legendonly"]
    assert {trace.legendgroup for trace in layer} == {"full size"}
    assert [trace.name for trace in layer if trace.showlegend] == ["the same at the log's own size"]
    assert layer[0].hovertemplate.startswith("weight=1 at full size")
    full = full_results("missing_weight").curves.query("setting == 'weight=1'")
    np.testing.assert_array_equal(layer[0].y, full.groupby("epoch")["val_missing"].mean())


def test_an_empty_curve_gives_a_titled_empty_figure():
    empty = pd.DataFrame(
        {"epoch": [], "train_missing": [], "val_missing": [], "val_missing_dropout": []}
    )
    figure = plot_losses(empty, title="Nothing yet")
    assert (
        isinstance(figure, go.Figure)
        and len(figure.data) == 0
        and figure.layout.title.text == "Nothing yet"
    )


def test_the_repair_shows_seen_and_hidden_values_of_the_chosen_channel():
    gapped = make_gaps(np.random.default_rng(0).random((4, 10, 3), dtype=np.float32), 0.3, seed=0)
    figure = plot_repair(gapped, {"last value": gapped.filled}, channel=2, windows=4)
    truth, hidden = gapped.truth[..., 2].ravel(), gapped.hidden_mask[..., 2].ravel()
    assert len(named(figure, "seen")[0].y) == (~hidden).sum()
    np.testing.assert_array_equal(named(figure, "hidden")[0].y, truth[hidden])
    np.testing.assert_array_equal(
        named(figure, "last value")[0].y, gapped.filled[..., 2].ravel()[hidden]
    )


def test_what_is_missing_is_drawn_channel_by_channel():
    hidden_mask = np.zeros((2, 5, 3), dtype=bool)
    hidden_mask[1, 2, 0] = True
    (heat,) = plot_gaps(hidden_mask).data
    assert (
        np.asarray(heat.z).shape == (3, 10)
        and np.asarray(heat.z)[0, 7] == 1
        and np.sum(heat.z) == 1
    )


def test_a_logarithmic_axis_has_plain_numbers_for_ticks():
    figure = go.Figure()
    figures.log_axis(figure, "error", [0.002, 0.009])
    assert {"0.002", "0.005", "0.01"} <= set(figure.layout.yaxis.ticktext)
