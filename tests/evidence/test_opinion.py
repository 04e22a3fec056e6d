"""The second opinion: every figure of its table and of its ratios against the log's lines and
made-up runs.
"""

import re

import numpy as np
import pytest

from gru_lab.evidence.opinion import second_opinion
from gru_lab.tuning_log.stages import STAGES
from tests.evidence.test_verdict import DROPOUT, LAYERS, RATIOS, READ, WEIGHTS, made_up


def runs(stage, errors, **more):
    """Made-up Results of every setting of a stage; those not in `errors` have the error 1."""
    everything = {setting.name: errors.get(setting.label, 1.0) for setting in stage.settings}
    if "recorded" in more:
        more["recorded"] = {
            setting.name: more["recorded"].get(setting.label, 1.0) for setting in stage.settings
        }
    return made_up(stage, everything, **more)


@pytest.fixture(scope="module")
def opinion():
    return second_opinion(
        [
            runs(STAGES["mask_input"], {"included": 1.0}, own=0.05),
            runs(STAGES["missing_weight"], WEIGHTS, own=0.0005, recorded=READ),
            runs(STAGES["num_layers"], LAYERS),
            runs(STAGES["dropout"], DROPOUT),
            runs(STAGES["loss_ratio"], RATIOS, own=0.002),
        ]
    )


def test_each_stage_has_its_word_and_the_seeds_that_it_takes(opinion):
    assert [number for number, _ in opinion.table.index] == [1, 2, 3, 4, 5]
    words = ["cannot tell", "artefact of the ruler", "not supported", "supported", "not supported"]
    assert list(opinion.table["verdict"]) == words
    first, *rest = opinion.table["seeds to tell"]
    assert rest == ["5 were enough"] * 4
    assert re.fullmatch(r"more than 1000|about \d+", first)


def test_what_the_log_says_stands_beside_what_its_own_figures_say(opinion):
    table = opinion.table.droplevel("question")
    assert table.loc[3, "the log says"] == "Keep 2 layers."
    lowest, highest = (
        np.mean(figures) / 0.001753333 - 1
        for figures in ([18e-5, 18e-5, 17e-5], [40e-4, 42e-4, 408e-5])
    )
    assert table.loc[3, "its own figures"] == (
        f"{100 * lowest:+.1f} % (1 layer) to {100 * highest:+.1f} % (4 layers); "
        "two things at once; against its own figures"
    )
    assert table.loc[1, "its own figures"] == "+10.7 % (included)"  # nothing to object


def figures(text):
    """The differences in a cell of the table."""
    return [float(share) / 100 for share in re.findall(r"([+-]?\d+\.\d+) %", text)]


def test_our_runs_are_told_by_either_ruler(opinion):
    recorded, corrected = (
        opinion.table.droplevel("question")[f"our runs, {r} ruler"]
        for r in ("recorded", "corrected")
    )
    half, none = (READ[name] / READ["weight=1"] - 1 for name in ("weight=0.5", "weight=0"))
    assert figures(recorded[2]) == pytest.approx([half, none], abs=0.01)
    assert figures(corrected[2]) == pytest.approx([0, 0], abs=0.001)
    assert figures(corrected[3]) == pytest.approx([-0.3, 1.0], abs=0.01)
    assert corrected[3].endswith("(4 layers)") and "(1 layer) to " in corrected[3]


def test_every_setting_of_every_stage_has_its_ratios_and_their_range_over_the_seeds(opinion):
    assert len(opinion.ratios) == sum(len(stage.settings) for stage in STAGES.values())
    for number, stage in enumerate(STAGES.values(), start=1):
        adopted = opinion.ratios.loc[(number, stage.adopted)]
        assert (adopted == 1).all()
    weight = opinion.ratios.loc[(2, "weight=0")]
    assert weight["the log", "ratio"] == pytest.approx((460 + 442 + 450) / (250 + 246 + 242))
    assert weight["recorded ruler", "ratio"] == pytest.approx(
        READ["weight=0"] / READ["weight=1"], rel=0.01
    )
    for ruler in ("recorded ruler", "corrected ruler"):
        parts = opinion.ratios[ruler]
        assert ((parts["low"] <= parts["ratio"]) & (parts["ratio"] <= parts["high"])).all()
    assert opinion.ratios.loc[(3, "1 layer, no dropout (control)")]["the log"].isna().all()


def test_a_part_of_the_stages_is_an_opinion_too_and_text_is_escaped():
    opinion = second_opinion([runs(STAGES["dropout"], DROPOUT)])
    assert list(opinion.table["verdict"]) == ["supported"]
    opinion.table["the log says"] = "<script>"
    assert "&lt;script&gt;" in opinion._repr_html_() and "<script>" not in opinion._repr_html_()
