"""The figure of the whole log holds every setting of every stage, at the ratios of the second
opinion.
"""

import numpy as np
import pytest

import gru_lab as lab
from gru_lab.plots.opinion import plot_opinion


@pytest.fixture(scope="module")
def opinion(tiny_runs, tmp_path_factory):
    store = tiny_runs(tmp_path_factory.mktemp("store"))
    stages = [lab.stage(number, "tiny") for number in (2, 4)]
    return lab.second_opinion(
        [lab.sweep(stage, seeds=2, store=store, workers=1) for stage in stages]
    )


def test_every_setting_of_every_stage_is_drawn_at_its_ratios(opinion):
    figure = plot_opinion(opinion)
    assert len(figure.data) == 2 * 3
    for trace, (number, source) in zip(
        figure.data,
        [
            (n, source)
            for n in (2, 4)
            for source in ("the log", "recorded ruler", "corrected ruler")
        ],
        strict=True,
    ):
        expected = opinion.ratios.loc[number]
        assert list(trace.text) == list(expected.index)
        np.testing.assert_array_equal(trace.x, expected[source, "ratio"])
        if source != "the log":
            np.testing.assert_allclose(trace.x + trace.error_x.array, expected[source, "high"])
            np.testing.assert_allclose(trace.x - trace.error_x.arrayminus, expected[source, "low"])


def test_the_axes_name_the_settings_and_the_sources_differ_in_more_than_colour(opinion):
    figure = plot_opinion(opinion)
    assert [note.text for note in figure.layout.annotations] == [
        f"{n}. {q}" for n, q in opinion.table.index
    ]
    assert list(figure.layout.yaxis.ticktext) == list(opinion.ratios.loc[2].index)
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    assert [trace.name for trace in figure.data if trace.showlegend] == [
        "the log",
        "our runs, recorded ruler",
        "our runs, corrected ruler",
    ]
