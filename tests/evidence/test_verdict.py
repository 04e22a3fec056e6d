"""The label on made-up runs whose right label is known, and the statistics behind it against
independent ones.
"""

import itertools
import re
from dataclasses import replace
from html import escape

import numpy as np
import pandas as pd
import pytest

from gru_lab.digits import signed
from gru_lab.evidence.paired import seeds_needed
from gru_lab.evidence.verdict import choose_label, verdict
from gru_lab.runs.results import Results
from gru_lab.tuning_log.stages import STAGES

EPOCHS = 10
R_SQUARED = 0.18**2
MANY = range(4)  # made-up stages of each sort


def made_up(stage, errors, seeds=5, shared=0.03, own=0.003, seed=0, recorded=None, early=None):
    """Return Results whose runs end at these errors on hidden values, with luck shared by a seed's
    runs and own luck.

    The log's figure is taken from `recorded`, or is that error; the first half of the epochs has
    the errors `early`.
    """
    rng = np.random.default_rng(seed)
    luck = 1 + shared * rng.standard_normal(seeds)
    frames = []
    for name, error in errors.items():
        setting = stage[name]
        for number in range(seeds):
            factor = luck[number] * (1 + own * rng.standard_normal())
            ends = np.full(EPOCHS, error)
            ends[: EPOCHS // 2] = (early or errors)[name]
            reads = ends if recorded is None else np.full(EPOCHS, recorded[name])
            epochs = {
                "epoch": range(1, EPOCHS + 1),
                "val_missing": ends * factor,
                "validation": reads * factor,
            }
            rest = {"setting": name, "kind": setting.kind, "seed": number}
            frames.append(pd.DataFrame(epochs | rest | dict.fromkeys(REST, 0.0)))
    return Results(stage, pd.concat(frames, ignore_index=True), {})


REST = ["train", "train_missing", "val_missing_dropout"]
DROPOUT = {"dropout=0.5": 1.3, "dropout=0.2": 1.1, "dropout=0.1": 1.05, "dropout=0": 1.0}
LAYERS = {"1 layer": 0.7, "2 layers": 1.0, "3 layers": 1.5, "4 layers": 2.0}
WEIGHTS = dict.fromkeys(["weight=1", "weight=0.5", "weight=0"], 1.0)
RATIOS = dict.fromkeys(["1:1", "1:2", "1:3", "1:4", "1:5", "1:10"], 1.0)
READ = {
    "weight=1": (1.8 + R_SQUARED) / 2,
    "weight=0.5": (1.8 + R_SQUARED / 2) / 1.5,
    "weight=0": 1.8,
}


@pytest.mark.parametrize("seed", MANY)
def test_a_real_difference_in_favour_of_the_adopted_setting_is_supported(seed):
    found = verdict(made_up(STAGES["dropout"], DROPOUT, seed=seed))
    assert found.label == "supported"
    share, low, high = found.table.loc["dropout=0.5", "corrected ruler"].iloc[2:5]
    assert found.sentence == (
        f"The log says: train without dropout. The error of 'dropout=0.5' is {100 * share:.1f} % "
        f"higher than that of 'dropout=0' (95 % interval {100 * low:.1f} to {100 * high:.1f} %, "
        "5 seeds), and no setting is better by 1 % or more."
    )


@pytest.mark.parametrize("seed", MANY)
def test_a_real_difference_against_the_adopted_setting_is_not_supported(seed):
    found = verdict(made_up(STAGES["num_layers"], LAYERS, seed=seed))
    assert found.label == "not supported"
    share = found.table.loc["1 layer", ("corrected ruler", "difference")]
    assert share == pytest.approx(-0.3, abs=0.01)
    start = (
        "The log says: keep 2 layers. But on hidden values the error of '1 layer' is "
        f"{-100 * share:.1f} % lower than that of '2 layers' (95 % interval 2"
    )
    assert found.sentence.startswith(start)


@pytest.mark.parametrize("seed", MANY)
def test_a_knob_that_does_nothing_is_not_supported(seed):
    found = verdict(made_up(STAGES["loss_ratio"], RATIOS, own=0.002, seed=seed))
    assert found.label == "not supported"
    assert found.sentence.startswith(
        "The log says: take 1:3. But on hidden values no setting differs from '1:3' by 1 % or more "
    )


@pytest.mark.parametrize("seed", MANY)
def test_a_difference_that_only_the_ruler_makes_is_its_artefact(seed):
    found = verdict(made_up(STAGES["missing_weight"], WEIGHTS, own=0.001, seed=seed, recorded=READ))
    assert found.label == "artefact of the ruler"
    factor = READ["weight=0"] / READ["weight=1"] - 1  # 0.96
    assert found.sentence.startswith(
        "The log says: set the weight to 1. Measured as the log did, the error of 'weight=0' is "
        f"{100 * factor:.0f}"
    )
    assert (
        "But on hidden values no setting differs from 'weight=1' by 1 % or more" in found.sentence
    )
    assert found.sentence.endswith("The gain comes only from how the error was measured.")


@pytest.mark.parametrize("seed", MANY)
def test_a_gain_on_the_ruler_that_hides_a_loss_is_its_artefact_too(seed):
    worse = {"weight=1": 1.0, "weight=0.5": 0.9, "weight=0": 0.8}
    found = verdict(made_up(STAGES["missing_weight"], worse, seed=seed, recorded=READ))
    assert found.label == "artefact of the ruler"
    assert "But on hidden values the error of 'weight=0' is " in found.sentence
    assert " % lower than that of 'weight=1'" in found.sentence


@pytest.mark.parametrize("seed", MANY)
def test_runs_that_overlap_cannot_tell(seed):
    equal = dict.fromkeys(["included", "not included"], 1.0)
    found = verdict(made_up(STAGES["mask_input"], equal, own=0.05, seed=seed))
    assert found.label == "cannot tell"
    assert found.seeds_needed is None or found.seeds_needed > 5
    assert "5 seeds leave it open" in found.sentence and "To tell, " in found.sentence


@pytest.mark.parametrize("seed", MANY)
def test_no_difference_that_the_recorded_ruler_shows_helps_where_the_corrected_one_cannot_tell(
    seed,
):
    found = verdict(made_up(STAGES["missing_weight"], WEIGHTS, own=0.05, seed=seed, recorded=READ))
    assert found.label == "cannot tell"


def test_what_the_recorded_ruler_hides_is_supported_all_the_same():
    found = verdict(made_up(STAGES["dropout"], DROPOUT, recorded=dict.fromkeys(DROPOUT, 1.0)))
    assert found.label == "supported"


@pytest.mark.parametrize("seeds", [1, 2, 3, 4])
def test_fewer_than_five_seeds_cannot_tell_however_large_the_difference(seeds):
    found = verdict(made_up(STAGES["dropout"], DROPOUT, seeds=seeds))
    assert (found.label, found.seeds, found.seeds_needed) == ("cannot tell", seeds, 5)
    count = "1 seed is" if seeds == 1 else f"{seeds} seeds are"
    assert f"{count} too few to tell, 5 are needed. So far, the error of 'dropout=0.1' is" in (
        found.sentence
    )
    assert ("interval" in found.sentence) == (seeds > 1) and "nan" not in found.sentence


def test_a_wrong_word_on_equal_settings_is_rare_however_much_luck_there_is():
    equal = dict.fromkeys(DROPOUT, 1.0)
    words = [
        verdict(made_up(STAGES["dropout"], equal, own=own, seed=seed)).label
        for seed in range(20)
        for own in (0.02, 0.1)
    ]
    assert sum(label in ("supported", "artefact of the ruler") for label in words) <= 1
    assert words.count("not supported") <= 4  # one setting or another seems better by luck


def test_the_luck_of_a_seed_cancels_where_runs_are_paired():
    errors = {"included": 1.03, "not included": 1.0}
    results = made_up(STAGES["mask_input"], errors, shared=0.1)
    assert verdict(results).label == "supported"
    other = results.curves["seed"].where(
        results.curves["setting"] == "included", 4 - results.curves["seed"]
    )
    unpaired = Results(results.stage, results.curves.assign(seed=other), {})
    assert verdict(unpaired).label == "cannot tell"


def test_what_matters_is_the_readers_to_say():
    results = made_up(STAGES["mask_input"], {"included": 1.03, "not included": 1.0})
    assert verdict(results).label == "supported"
    assert verdict(results, smallest_difference=0.1).label == "not supported"
    assert "by 10 % or more" in verdict(results, smallest_difference=0.1).sentence


def test_the_word_follows_its_rule_in_every_case():
    for recorded, corrected in itertools.product(["for", "against", "same", "open"], repeat=2):
        assert choose_label(recorded, corrected, 4) == "cannot tell"
        label = choose_label(recorded, corrected, 5)
        if corrected in ("for", "open"):
            assert label == {"for": "supported", "open": "cannot tell"}[corrected]
        else:
            assert label == ("artefact of the ruler" if recorded == "for" else "not supported")


def test_the_table_has_the_figures_of_either_ruler():
    results = made_up(
        STAGES["missing_weight"], {"weight=1": 1, "weight=0.5": 1.2, "weight=0": 1.4}, recorded=READ
    )
    found = verdict(results)
    assert list(found.table.index) == list(WEIGHTS)
    for ruler, column in (("recorded ruler", "validation"), ("corrected ruler", "val_missing")):
        last = results.curves[results.curves["epoch"] == EPOCHS]
        ends = {name: last.loc[last["setting"] == name, column].to_numpy() for name in WEIGHTS}
        for name, values in ends.items():
            row = found.table.loc[name, ruler]
            assert row["mean"] == pytest.approx(values.mean())
            assert row["spread"] == pytest.approx(np.std(values, ddof=1))
            if name != "weight=1":
                share = np.mean(values - ends["weight=1"]) / ends["weight=1"].mean()
                assert row["difference"] == pytest.approx(share)
                assert row["low"] < share < row["high"]
                assert row["seeds needed"] == seeds_needed(values - ends["weight=1"])
    assert (
        found.table.loc["weight=1", "corrected ruler"][["difference", "low", "high"]].isna().all()
    )


def test_the_seeds_a_verdict_needs_are_those_that_tell_a_difference_from_what_matters():
    results = made_up(
        STAGES["mask_input"], {"included": 1.013, "not included": 1.0}, shared=0, own=0.01, seed=1
    )
    found = verdict(results)
    one, baseline = (
        results.finals.query("setting == @name")["val_missing"].to_numpy()
        for name in ("included", "not included")
    )
    assert (
        found.table.loc["included", ("corrected ruler", "seeds needed")]
        == seeds_needed(one - baseline)
        > 2
    )
    assert (
        found.seeds_needed
        == seeds_needed((one - baseline) / baseline.mean(), smallest_difference=0.01)
        != seeds_needed(one)
    )


def test_five_seeds_that_cannot_tell_are_not_said_to_be_enough():
    results = made_up(STAGES["mask_input"], {"included": 1.0, "not included": 1.0}, shared=0, own=0)
    included = results.curves["setting"] == "included"
    off = np.repeat(
        [0.046, 0.047, 0.045, 0.008, 0.046], EPOCHS
    )  # the fourth one's luck is far from the others'
    results.curves.loc[included, ["val_missing", "validation"]] += off[:, None]
    assert (verdict(results).label, verdict(results).seeds_needed) == ("cannot tell", 6)


def test_the_seeds_needed_do_tell():
    own = 0.012  # of each run, so that a difference of two has a spread of 0.017
    needed = seeds_needed(
        0.03 + own * np.sqrt(2) * np.array([-1.0, 0.0, 1.0]), smallest_difference=0.01
    )
    errors = {"included": 1.03, "not included": 1.0}
    words = [
        verdict(made_up(STAGES["mask_input"], errors, needed, own=own, seed=seed)).label
        for seed in range(20)
    ]
    assert words.count("supported") >= 14


def best_of(stage, errors):
    """What the checks say of the best setting."""
    return verdict(made_up(STAGES[stage], errors)).checks[0]


@pytest.mark.parametrize(
    ("best", "edge"), [("weight=1", True), ("weight=0.5", False), ("weight=0", False)]
)  # a weight below 0 cannot be
def test_the_best_value_is_at_the_edge_where_the_knob_goes_further(best, edge):
    told = best_of("missing_weight", WEIGHTS | {best: 0.5})
    assert best in told and ("may lie beyond" in told) is edge


def test_one_layer_and_a_switch_have_nothing_beyond_them():
    assert best_of("num_layers", LAYERS) == "The best setting is '1 layer'."
    assert "the largest one tried ('4 layers')" in best_of("num_layers", LAYERS | {"4 layers": 0.1})
    assert "beyond" not in best_of("mask_input", {"included": 2, "not included": 1})


def test_a_ranking_that_changes_is_told_by_what_changes_it():
    def changes(results):
        """What the ranking differs by, and what it does not."""
        sentences = " ".join(verdict(results).checks[1:])
        differs, _, same = sentences.rpartition("rank the same")
        return [
            cause in differs for cause in ("recorded ruler", "half of the epochs", "single seed")
        ]

    stage, turned = STAGES["dropout"], dict(zip(DROPOUT, reversed(DROPOUT.values()), strict=True))
    assert changes(made_up(stage, DROPOUT)) == [False, False, False]
    assert changes(made_up(stage, DROPOUT, recorded=turned)) == [True, False, False]
    assert changes(made_up(stage, DROPOUT, early=turned)) == [False, True, False]
    results = made_up(stage, DROPOUT, own=0)
    first = (results.curves["seed"] == 0) & (results.curves["setting"] == "dropout=0.5")
    results.curves.loc[first, ["val_missing", "validation"]] *= 0.5
    assert changes(results) == [False, False, True]


def test_only_equal_epochs_are_compared_unless_asked_for_by_name():
    stage = STAGES["dropout"]
    results = made_up(stage, DROPOUT | {"dropout=0, 250 epochs": 0.1})
    assert verdict(results).label == "supported" and len(verdict(results).table) == 4
    longer = verdict(results, "trained", "dropout=0, 250 epochs")
    assert longer.label == "not supported" and len(longer.table) == 5


def test_settings_as_meant_and_controls_are_compared_among_themselves():
    stage = STAGES["missing_weight"]
    results = made_up(stage, WEIGHTS | {"weight=1 (meant)": 1.0, "weight=0.5 (meant)": 1.1})
    found = verdict(results, "meant", "weight=0")
    assert list(found.table.index) == ["weight=0", "weight=1 (meant)", "weight=0.5 (meant)"]
    assert (
        found.table.loc["weight=1 (meant)"].isna().sum() == 8
    )  # the adopted one has no difference to itself
    assert found.label == "supported"

    names = [one.name for one in STAGES["num_layers"].choose("control")]
    results = made_up(
        STAGES["num_layers"], dict(zip(names, [0.5, 1, 1, 1, 2, 1, 1.5, 1.5], strict=True))
    )
    short = verdict(results, "control", adopted="2 layers, no dropout (control)")
    long = verdict(results, "control", adopted="2 layers, no dropout, 5 times as long (control)")
    assert (short.label, long.label) == ("not supported", "supported")
    assert list(short.table.index) == names[:4] and list(long.table.index) == names[4:]


def test_what_cannot_be_compared_is_an_error_that_says_so():
    results = made_up(STAGES["num_layers"], LAYERS)
    with pytest.raises(
        ValueError, match="adopted must be one of 1 layer, no dropout .*, not '2 layers'"
    ):
        verdict(results, "control")
    with pytest.raises(
        ValueError, match="chosen must hold another setting beside '2 layers' .* 20 epochs"
    ):
        verdict(results, "2 layers")
    with pytest.raises(ValueError, match="setting must be one of .* Did you mean '2 layers'"):
        verdict(results, "2 layer")
    with pytest.raises(ValueError, match="setting must be one of trained, control, .*not 'meant'"):
        verdict(results, "meant")
    few = replace(results, curves=results.curves[results.curves["kind"] == "trained"])
    with pytest.raises(ValueError, match="results must hold runs of .* with a seed in common"):
        verdict(few, "control", adopted="2 layers, no dropout (control)")


def test_an_interval_on_both_sides_of_zero_and_a_large_ratio_are_told_in_words():
    equal = dict.fromkeys(["included", "not included"], 1.0)
    sentence = verdict(made_up(STAGES["mask_input"], equal, own=0.05)).sentence
    assert re.search(r"\(95 % interval from [\d.]+ % lower to [\d.]+ % higher, 5 seeds\)", sentence)
    large = verdict(made_up(STAGES["dropout"], DROPOUT | {"dropout=0.5": 8.0})).sentence
    assert "is 8.0 times that of 'dropout=0' (95 % interval 8.0 to 8.0 times, 5 seeds)" in large


def test_a_claim_that_is_not_the_logs_is_not_said_to_be():
    found = verdict(made_up(STAGES["dropout"], DROPOUT), adopted="dropout=0.1")
    assert found.sentence.startswith("The claim: no other setting is better than 'dropout=0.1'.")


def test_the_checks_are_said_in_words():
    best = verdict(made_up(STAGES["num_layers"], LAYERS | {"4 layers": 0.1})).checks
    assert (
        best[0] == "The best value is the largest one tried ('4 layers'), so a better one may "
        "lie beyond."
    )
    turned = dict(zip(DROPOUT, reversed(DROPOUT.values()), strict=True))
    assert verdict(made_up(STAGES["dropout"], DROPOUT, recorded=turned)).checks == (
        "The best setting is 'dropout=0'.",
        "The settings rank differently by the recorded ruler.",
        "They rank the same after half of the epochs and with a single seed.",
    )


def test_a_verdict_shows_itself_in_a_notebook():
    found = verdict(made_up(STAGES["missing_weight"], WEIGHTS, own=0.001, recorded=READ))
    html = found._repr_html_().replace("\u00a0", " ")
    says = "<b>Artefact of the ruler.</b> The log says: set the weight to 1."
    assert html.startswith(f'<p class="fixed-words">{says}')
    for name in WEIGHTS:
        assert html.count(f'<td class="word">{name}</td>') == 2  # by either ruler
    share = found.table.loc["weight=0", ("recorded ruler", "difference")]
    assert f"<td>{signed(share, 2)}</td>" in html
    assert all(f"<li>{escape(check)}</li>" in html for check in found.checks)
    assert html.count("<tr>") == 1 + 2 * 3 and "e-0" not in html
    assert repr(found) == f"Artefact of the ruler. {found.sentence}"
