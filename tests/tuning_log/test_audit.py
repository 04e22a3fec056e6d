"""The audit: everything the recorded log gives away, each finding on a made-up log, and none on a
clean one.
"""

import itertools

import numpy as np
import pytest

from gru_lab.tuning_log.audit import Findings, audit
from gru_lab.tuning_log.lines import Line
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.rows import Row

MODEL = "  RNN(\n    (rnn): GRU(6, 8, num_layers=2, batch_first=True, dropout={dropout})\n  )\n"


def lines(*losses, train=0.00123, decimals=5):
    """Write losses as the lines of a log; training falls a little, as it does."""
    return "\n".join(
        f"> {train - place / 1e5:.{decimals}f} {loss:.{decimals}f}"
        for place, loss in enumerate(losses)
    )


def near(loss, step=0.00002):
    """The last three losses of a run that has come to rest."""
    return lines(loss + step, loss - step, loss, train=loss / 2)


def stage(number, runs, conclusion="", remark=""):
    """Write a stage of a log: `runs` are labels and their lines."""
    blocks = "\n\n".join(f"- {label}\n\n{text}" for label, text in runs.items())
    return f"## {number}. A question\n\n{remark}\n\n{blocks}\n\nConclusion: {conclusion}\n"


def log(*stages, dropout=0.5):
    return "# A log\n\nEpochs: 40\n\n" + MODEL.format(dropout=dropout) + "\n" + "\n".join(stages)


def kinds(text):
    return [(found.stage, found.kind) for found in audit(text)]


FOUND = [
    (2, "same errors, other rulers"),
    (2, "copied run"),
    (2, "edge of the grid"),
    (3, "two things at once"),
    (3, "against its own figures"),
    (4, "copied run"),
    (4, "epochs disagree"),
    (5, "within the spread"),
]


def test_what_the_recorded_log_gives_away_is_found_with_its_figures(seed_log):
    found = audit(seed_log)
    assert [(one.stage, one.kind) for one in found] == FOUND
    same, copy, _, two, against, other_copy, epochs, spread = found
    assert same.figures["A"] == pytest.approx(0.00450) and same.figures["r²M"] == pytest.approx(
        0.00034
    )
    assert same.figures["weight=0.5"] == pytest.approx(((0.00450 + 0.5 * 0.00034) / 1.5, 0.00312))
    assert "0.00311 for 'weight=0.5', and the log has 0.00312" in same.sentence
    assert "'weight=0' is '包括' of stage 1" in copy.sentence
    assert "Its 0.00018 stands beside 0.00022 of 'dropout=0' in stage 4" in two.sentence
    assert "for '2层' at 0.00175, while '1层' stands at 0.00018" in against.sentence
    assert "'dropout=0.5' is '2层' of stage 3" in other_copy.sentence
    assert epochs.figures == {"there": 20, "here": 25}
    assert spread.figures["difference"] < spread.figures["spread"] == pytest.approx(5e-7)
    assert "'1:3'" in spread.sentence and "'1:4'" not in spread.sentence


def test_the_stages_own_data_give_away_the_same():
    found = audit()
    assert [(one.stage, one.kind) for one in found] == FOUND
    assert "0.00311 for 'weight=0.5', and the log has 0.00312" in found[0].sentence


CLEAN = [
    stage(1, {"included": near(0.004), "not included": near(0.005)}, "Include it."),
    stage(
        2,
        {"weight=0": near(0.0042), "weight=0.5": near(0.0030), "weight=1": near(0.0035)},
        "Set it to 0.5.",
    ),
    stage(
        3,
        {"1 layer": near(0.0041), "2 layers": near(0.0022), "3 layers": near(0.0029)},
        "Keep 2 layers.",
    ),
    stage(
        4,
        {"dropout=0.2": near(0.0021), "dropout=0": near(0.0012)},
        "Use 3 seeds next time.",
        "Epochs: 60",
    ),
    stage(
        5,
        {"一层": near(0.0051), "两层": near(0.0023), "三层": near(0.0039)},
        "取两层。",
        "迭代次数为 30",
    ),
]


def test_a_clean_log_has_no_findings():
    assert audit(log(*CLEAN, dropout=0.0)) == []


@pytest.mark.parametrize("seed", range(20))
def test_clean_logs_of_any_figures_have_no_findings(seed):
    rng = np.random.default_rng(seed)
    stages = []
    for number, knob in enumerate(
        ["weight={}", "1:{}", "{} layers", "dropout=0.{}", "{} wide"], start=1
    ):
        losses = (
            0.002 + 0.0005 * np.arange(5) + rng.uniform(0, 0.0003, 5)
        )  # apart, and no straight line
        first, *rest = (losses[place] for place in (0, *(1 + rng.permutation(4))))
        values = [rest[0], rest[1], first, rest[2], rest[3]]  # the best in the middle
        moves = rng.uniform(-0.00005, 0.00005, (5, 3))
        runs = {
            knob.format(value): lines(*(loss + moves[value - 1]), train=rng.uniform(0.001, 0.002))
            for value, loss in enumerate(values, start=1)
        }
        stages.append(stage(number, runs, f"Take {knob.format(3)}."))
    assert audit(log(*stages, dropout=0.0)) == []


def weighed(errors, weights, label, scale=1.0):
    """Runs of one pair of errors A and M read with several weights; `scale` makes the second one's
    errors others.
    """
    runs = {}
    for place, w in enumerate(weights):
        losses = [(a + w * m) / (1 + w) * (scale if place == 1 else 1) for a, m in errors]
        runs[label.format(w)] = lines(*losses)
    return runs


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("label", "weights"),
    [("weight={}", [1, 0.5, 0]), ("1:{}", [1, 2, 5, 10]), ("权重={}", [0, 2, 1])],
)
def test_rows_that_one_pair_of_errors_explains_are_found(seed, label, weights):
    rng = np.random.default_rng(seed)
    all_error, missing = rng.uniform(0.004, 0.006), rng.uniform(0.0002, 0.0008)
    errors = [(all_error * factor, missing * factor) for factor in (1.03, 0.99, 1.0)]
    (found,) = (
        one
        for one in audit(log(stage(1, weighed(errors, weights, label))))
        if "same errors" in one.kind
    )
    assert found.figures["A"] == pytest.approx(all_error, abs=1e-4)
    assert found.figures["r²M"] == pytest.approx(missing, abs=1e-4)
    for w in weights:
        predicted, logged = found.figures[label.format(w)]
        assert predicted == pytest.approx(logged, abs=1.01e-5)
        assert logged == pytest.approx((all_error + w * missing) / (1 + w), abs=0.51e-5)
    other = audit(
        log(stage(1, weighed(errors, weights, label, scale=0.98)))
    )  # a network that is better by a fiftieth
    assert not [one for one in other if "same errors" in one.kind]


def test_rows_on_a_line_that_needs_an_error_below_zero_are_a_chance():
    errors = [(0.003, -0.0005)] * 3
    assert not [
        one
        for one in kinds(log(stage(1, weighed(errors, [1, 0.5, 0], "weight={}"))))
        if "same" in one[1]
    ]


def test_two_weights_or_figures_all_alike_prove_nothing():
    errors = [(0.005, 0.0004)] * 3
    assert not [
        one
        for one in kinds(log(stage(1, weighed(errors, [1, 0], "weight={}"))))
        if "same errors" in one[1]
    ]
    alike = {f"weight={w}": lines(0.00012, 0.00011, 0.00012) for w in (0, 1, 2)}
    assert kinds(log(stage(1, alike))) == [(1, "within the spread")]


COPIED = lines(0.00431, 0.00421, 0.00425)


def test_a_run_noted_in_two_stages_is_found_and_epochs_that_disagree():
    first = stage(1, {"wide": COPIED, "narrow": near(0.006)})
    again = {"deep": near(0.003), "flat": COPIED}
    assert kinds(log(first, stage(2, again))) == [(2, "copied run")]
    copy, epochs = audit(log(first, stage(2, again, remark="Epochs: 50")))
    assert "'flat' is 'wide' of stage 1" in copy.sentence and copy.figures["figures"][1] == 0.00431
    assert (epochs.kind, epochs.figures) == ("epochs disagree", {"there": 40, "here": 50})
    nearly = COPIED.replace("0.00425", "0.00426")
    assert kinds(log(first, stage(2, again | {"flat": nearly}))) == []
    assert kinds(log(stage(1, {"wide": COPIED}), stage(2, {"flat": COPIED}))) == [(2, "copied run")]


def test_a_longer_run_that_was_copied_is_found_too():
    longer = {"deep": near(0.003), "flat": near(0.004), "size=3, epochs 400": COPIED}
    found = kinds(log(stage(1, {"wide": COPIED}), stage(2, longer)))
    assert found == [(2, "copied run"), (2, "epochs disagree")]


def test_few_digits_may_agree_by_chance():
    coarse = lines(0.00002, 0.00002, 0.00002, train=0.00004)
    assert kinds(log(stage(1, {"wide": coarse}), stage(2, {"flat": coarse}))) == []


def test_epochs_that_are_not_stated_cannot_disagree():
    text = (
        "# A log\n\n" + stage(1, {"wide": COPIED}) + stage(2, {"flat": COPIED}, remark="Epochs: 50")
    )
    assert kinds(text) == [(2, "copied run")]


@pytest.mark.parametrize(
    "labels",
    [("1 layer", "2 layers"), ("1层", "2层"), ("一层", "两层"), ("num_layers=1", "num_layers=3")],
)
def test_one_layer_against_more_is_also_no_dropout_against_some(labels):
    runs = {labels[0]: near(0.002), labels[1]: near(0.004)}
    (found,) = audit(log(stage(1, runs)))
    assert found.kind == "two things at once" and found.figures["dropout"] == 0.5
    assert (
        f"does nothing with '{labels[0]}'" in found.sentence
        and "stands beside" not in found.sentence
    )
    assert audit(log(stage(1, runs), dropout=0.0)) == []
    assert audit("# A log\n\n" + stage(1, runs)) == []  # the network is not told
    assert audit(log(stage(1, {labels[1]: near(0.002), "5 layers": near(0.004)}))) == []
    assert audit(log(stage(1, {labels[0]: near(0.002), "wide": near(0.004)}))) == []
    assert (
        audit(log(stage(1, {f"{labels[0]}, no dropout": near(0.002), labels[1]: near(0.004)})))
        == []
    )


def test_the_figure_of_no_dropout_is_put_beside_one_layer_where_the_log_has_it():
    layers = stage(1, {"1 layer": near(0.002), "2 layers": near(0.004)})
    (found,) = audit(
        log(layers, stage(2, {"dropout = 0": near(0.0021), "dropout=0.3": near(0.003)}))
    )
    assert "Its 0.00200 stands beside 0.00210 of 'dropout = 0' in stage 2." in found.sentence


def test_settings_closer_than_their_own_last_lines_are_found():
    runs = {
        "red": lines(0.00411, 0.00431, 0.00421),
        "blue": lines(0.00428, 0.00418, 0.00429),
        "green": near(0.0052),
    }
    (found,) = audit(log(stage(1, runs)))
    assert (found.stage, found.kind) == (1, "within the spread")
    assert found.figures["spread"] == pytest.approx(0.0002)
    assert found.figures["difference"] == pytest.approx(
        (0.00428 + 0.00418 + 0.00429 - 0.00411 - 0.00431 - 0.00421) / 3
    )
    assert "'red', 'blue' overlap" in found.sentence and "green" not in found.sentence
    assert audit(log(stage(1, runs | {"red": near(0.0060)}))) == []  # only the best is asked about


def test_lines_a_unit_of_the_last_decimal_apart_may_be_the_same_before_rounding():
    assert (
        kinds(log(stage(1, {"red": lines(0.00411, 0.00412), "blue": lines(0.00413, 0.00414)})))
        != []
    )
    assert (
        kinds(log(stage(1, {"red": lines(0.00411, 0.00412), "blue": lines(0.00414, 0.00415)})))
        == []
    )


def test_single_lines_have_no_spread_to_be_within():
    assert audit(log(stage(1, {"red": lines(0.00411), "blue": lines(0.00411, train=0.001)}))) == []


BEST = {
    "weight=1": "largest",
    "weight=0.1": "smallest",
    "dropout=0": None,
    "1 layer": None,
    "0.5 dropout": None,
}


@pytest.mark.parametrize("best", BEST)
def test_a_best_value_at_the_edge_of_the_grid_is_found_where_it_can_go_on(best):
    grid = next(values for values in GRIDS if best in values)
    runs = {
        label: near(0.002 if label == best else 0.004 + 0.0011 * place)
        for place, label in enumerate(grid)
    }
    found = audit(log(stage(1, runs), dropout=0.0))
    assert [one.kind for one in found] == (["edge of the grid"] if BEST[best] else [])
    if BEST[best]:
        assert f"0.00200, is that of '{best}', the {BEST[best]} value tried" in found[0].sentence


GRIDS = [
    ["weight=0.1", "weight=0.4", "weight=1"],
    ["dropout=0", "dropout=0.2", "dropout=0.5"],
    ["1 layer", "2 layers", "4 layers"],
    ["0.2 dropout", "0.5 dropout", "0.9 dropout"],
]


def test_two_values_or_values_that_are_no_numbers_have_no_edge():
    assert audit(log(stage(1, {"weight=0": near(0.004), "weight=1": near(0.002)}))) == []
    assert (
        audit(
            log(
                stage(
                    1,
                    {
                        "weight=0": near(0.004),
                        "weight=1": near(0.003),
                        "weight=2, wide": near(0.002),
                    },
                )
            )
        )
        != []
    )
    assert (
        audit(log(stage(1, {"red": near(0.004), "blue": near(0.003), "green": near(0.002)}))) == []
    )
    values = {f"weight={w}": near(0.005 - w / 1000) for w in (1, 2, 3)}
    assert (
        audit(log(stage(1, values))) != [] == audit(log(stage(1, values | {"red": near(0.0053)})))
    )


def test_a_best_value_at_the_edge_that_overlaps_with_others_is_none():
    values = {"weight=1": near(0.004), "weight=2": near(0.00301), "weight=3": near(0.003)}
    assert kinds(log(stage(1, values))) == [(1, "within the spread")]


CONCLUSIONS = [
    "Keep 2 layers.",
    "So we use 2 layers from now on",
    "保持2层。",
    "设为2。",
    "Set it to 2.",
]
OTHERS = [
    "",
    "2 layers are slow.",
    "Use 2 seeds next time.",
    "Take 3 layers.",
    "Keep 2 layers or use 4 layers.",
    "取消。",
]


@pytest.mark.parametrize("conclusion", CONCLUSIONS + OTHERS)
def test_a_decision_against_its_own_figures_is_found(conclusion):
    label = "{}层" if "层" in conclusion else "{} layers"
    losses = {2: 0.0052, 3: 0.0021, 4: 0.0042}
    runs = {label.format(layers): near(loss) for layers, loss in losses.items()}
    found = audit(log(stage(1, runs, conclusion)))
    if conclusion in CONCLUSIONS:
        assert [one.kind for one in found] == ["against its own figures"]
        assert (
            f"for '{label.format(2)}' at 0.00520, while '{label.format(3)}' stands at 0.00210"
            in found[0].sentence
        )
    else:
        assert found == []


def test_a_decision_between_settings_that_overlap_is_not_against_the_figures():
    runs = {
        "weight=2": lines(0.00411, 0.00431, 0.00421),
        "weight=3": lines(0.00409, 0.00429, 0.00419),
    }
    assert kinds(log(stage(1, runs, "Take weight=2."))) == [(1, "within the spread")]


def test_a_label_that_begins_another_is_not_what_the_conclusion_names():
    runs = {"weight=0": near(0.003), "weight=0.5": near(0.004)}
    (found,) = audit(log(stage(1, runs, "Take weight=0.5.")))
    assert "The conclusion is for 'weight=0.5'" in found.sentence


def test_longer_runs_are_not_compared_with_the_others():
    longer = "- weight=3, epochs 400\n\n" + near(0.0001)
    runs = {"weight=1": near(0.004), "weight=2": near(0.003), "weight=5": near(0.005)}
    assert audit(log(stage(1, runs, "Take 2.") + "\n" + longer)) == []


def test_a_log_that_says_little_is_audited_as_far_as_it_goes():
    time_only = "- wide\n\n> 12.5s\n\n- narrow\n\n> 0.00212 0.00312\n"
    assert (
        audit("## 1. Bare\n\n0.00211 0.00311\n\n## 2. Empty\n\n## 3. Time only\n\n" + time_only)
        == []
    )


def test_of_several_seeds_of_a_setting_the_first_is_audited():
    runs = {
        f"weight={w} [seed {seed}]": near(0.004 + w / 1000)
        for seed, w in itertools.product(range(3), (3, 1, 2))
    }
    assert kinds(log(stage(1, runs))) == [(1, "edge of the grid")]  # not: seeds that overlap


def test_a_log_is_audited_from_its_text_its_file_or_as_read(tmp_path):
    text = log(stage(1, {"wide": COPIED}), stage(2, {"flat": COPIED}))
    (tmp_path / "log.md").write_text(text, encoding="utf-8")
    assert audit(text) == audit(tmp_path / "log.md") == audit(read_log(text)) != []
    with pytest.raises(ValueError, match="log must hold a tuning log"):
        audit("no\nlog")


def test_findings_are_a_list_a_table_and_a_list_in_a_notebook():
    found = audit(log(stage(1, {"wide": COPIED}), stage(2, {"<b>": COPIED})))
    assert isinstance(found, list) and len(found) == 1
    assert found.table[["stage", "kind"]].values.tolist() == [[2, "copied run"]]
    assert found.table["sentence"].tolist() == [found[0].sentence]
    assert "<li><b>Stage 2, copied run.</b> &#x27;&lt;b&gt;&#x27; is" in found._repr_html_()
    assert Findings()._repr_html_() == "<p>Arithmetic alone has nothing to say of this log.</p>"
    assert list(Findings().table.columns) == ["stage", "kind", "sentence", "figures"]


@pytest.mark.parametrize(
    ("label", "layers", "value", "weight"),
    [
        ("weight=0.5", None, 0.5, 0.5),
        ("1:3", None, 3, 3),
        ("2:3 0:1", None, 1.5, 1.5),
        ("1：10", None, 10, 10),
        ("0:1", None, 0, None),
        ("1:0", None, 0, 0),
        ("weight=0", None, 0, 0),
        ("2层", 2, 2, None),
        ("单层", 1, 1, None),
        ("Two layers", 2, 2, None),
        ("3-layer", 3, 3, None),
        ("num_layers=4", 4, 4, None),
        ("dropout = 0.1", None, 0.1, None),
        ("lr 1e-3", None, 0.001, None),
        ("包括", None, None, None),
    ],
)
def test_a_label_says_where_its_setting_lies(label, layers, value, weight):
    row = Row(label, [Line(0.1, 0.2)])
    assert (row.layers, row.value, row.weight) == (layers, value, weight)
