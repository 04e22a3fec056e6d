"""The figure of a search holds its trials and its reference lines."""

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.evidence.search import SPACE, Search
from gru_lab.plots.search import plot_search


@pytest.fixture
def found():
    """A search with known errors, of which one trial could not be trained."""
    errors, kinds = [0.5, np.nan, 0.2, 0.3, 0.1], ["start", "drawn", "drawn", "drawn", "back"]
    configs = tuple(lab.RunConfig(dropout=0.1 * number) for number in range(5))
    trials = pd.DataFrame({"kind": kinds, "back": ["", "", "", "", "residual"], "error": errors})
    for knob in SPACE:
        trials[knob] = [getattr(config, knob) for config in configs]
    return Search(configs, trials, {"forward fill": 0.05, "linear interpolation": 0.01}, seeds=1)


def test_every_trial_stands_at_its_error_by_its_kind(found):
    traces = {trace.name: trace for trace in plot_search(found).data}
    assert list(traces["the start"].y) == [0.5]
    np.testing.assert_array_equal(traces["drawn"].y, [np.nan, 0.2, 0.3])
    assert list(traces["drawn"].x) == [1, 2, 3]
    assert "dropout 0.2" in traces["drawn"].text[1]
    assert (
        len(
            {
                (trace.marker.symbol, trace.marker.color)
                for trace in traces.values()
                if trace.mode == "markers"
            }
        )
        == 3
    )


def test_the_best_so_far_only_falls(found):
    (best,) = [trace for trace in plot_search(found).data if trace.mode == "lines"]
    np.testing.assert_array_equal(np.asarray(best.y)[[0, 2, 3, 4]], [0.5, 0.2, 0.2, 0.1])


def test_start_and_simple_ways_are_lines(found):
    figure = plot_search(found)
    assert {shape.y0 for shape in figure.layout.shapes} == {0.5, 0.05, 0.01}
    assert {note.text for note in figure.layout.annotations} == {
        "forward fill 0.05",
        "linear interpolation 0.01",
    }
    low, high = figure.layout.yaxis.range
    assert low < np.log10(0.01) and high > np.log10(0.5)
