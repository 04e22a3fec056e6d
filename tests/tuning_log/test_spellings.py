"""Logs in other people's manners: each spelling gives the same log, and what is lost is named."""

import re

import pytest

from gru_lab.tuning_log.audit import audit
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.write import write_log
from tests.conftest import SHARED, growth

LOG = """## 1. layers
- layers=1
0.01200 0.01300
- layers=2
0.01100 0.01200
Conclusion: keep it.
## 2. dropout
- dropout=0.1
0.01500 0.01600
- dropout=0.5
0.02500 0.02600
"""


def told(log):
    return [
        (stage.number, [(run.label, [str(line) for line in run.lines]) for run in stage.runs])
        for stage in log.stages
    ]


TABLES = LOG
for value, figures in {"layers=1": "0.01200 0.01300", "dropout=0.1": "0.01500 0.01600"}.items():
    name, _, first = value.partition("=")
    head = (
        f"| {name} | train | valid |\n|:--|---:|---|\n| {first} | {' | '.join(figures.split())} |"
    )
    TABLES = TABLES.replace(f"- {value}\n{figures}", head)
TABLES = TABLES.replace("- layers=2\n0.01100 0.01200", "| 2 | 0.01100 | **0.01200** |")
TABLES = TABLES.replace("- dropout=0.5\n0.02500 0.02600", "| 0.5 | 0.02500 | 0.02600 |")

COLUMNS = TABLES.replace("|:--|---:|---|\n", "").replace(" | ", ",")
COLUMNS = COLUMNS.replace("| ", "").replace(" |", "")

SAME = {
    "Windows line ends": LOG.replace("\n", "\r\n"),
    "old Macintosh line ends": LOG.replace("\n", "\r"),
    "a byte order mark": "\ufeff" + LOG,
    "no conclusion mark": LOG.replace("Conclusion:", "**Conclusion**"),
    "German": LOG.replace("Conclusion:", "Fazit:"),
    "French": LOG.replace("Conclusion:", "En conclusion,"),
    "French, a result": LOG.replace("Conclusion:", "Résultat :"),
    "Spanish": LOG.replace("Conclusion:", "Conclusión:"),
    "comma separated": COLUMNS,
    "tab separated": COLUMNS.replace(",", "\t"),
    "padded columns": COLUMNS.replace(",", "   "),
    "two lines": re.sub(r"\n(0\S+) (0\S+)", r"\ntrain loss: \1\nval loss: \2", LOG),
    "lists in lists": re.sub(r"\n(0\S+) (0\S+)", r"\n  - train: \1\n  - valid: \2", LOG),
    "a console": re.sub(r"\n(0\S+) (0\S+)", r"\n9/9 [==] - 1s - loss: \1 - val_loss: \2", LOG),
    "JSON": re.sub(r"\n(0\S+) (0\S+)", r"\n{'loss': \1, 'eval_loss': \2}", LOG),
    "bullets": LOG.replace("- ", "* ").replace("* dropout=0.5", "• dropout=0.5"),
    "an ordered list": LOG.replace("- ", "3. "),
    "bold": LOG.replace("- layers=1", "- **layers=1**").replace(
        "0.01200 0.01300", "`0.01200 0.01300`"
    ),
    "fences": LOG.replace("\n0.", "\n```text\n0.").replace("00\n-", "00\n```\n-"),
    "other fences": LOG.replace("\n0.", "\n~~~\n0.").replace("00\n-", "00\n~~~\n-"),
    "all in one fence": f"```\n{LOG}```\n",
    "labels and figures in one line": LOG.replace("\n0.", ": 0."),
    "an arrow": LOG.replace("\n0.", " -> 0."),
    "labels with a colon": LOG.replace("\n0.", ":\n0."),
    "labels as headings": LOG.replace("- ", "### "),
    "prose below a label": LOG.replace("\n0.", "\nThis one was slow.\n0."),
    "tables": TABLES,
    "a comment": LOG + "<!-- 0.1 0.2 -->\n",
    "a date": LOG.replace("- layers=1", "2024-03-05\n- layers=1"),
    "rules": LOG.replace("## 2", "---\n\n## 2").replace("- dropout=0.5", "***\n- dropout=0.5"),
    "underlined headings": LOG.replace("## ", "")
    .replace("layers\n-", "layers\n===\n-", 1)
    .replace("dropout\n-", "dropout\n------\n-", 1),
}
HEADINGS = [
    "## {n}) {t}",
    "## {n}: {t}",
    "## {n} - {t}",
    "##{n}.{t}",
    "## ({n}) {t}",
    "## {n}、{t}",
]
HEADINGS += ["## Stage {n}: {t}", "## Step {n} - {t}", "# Stage {n}", "### **Stage {n}: {t}**"]
HEADINGS += ["Stage {n}: {t}", "**Stage {n}: {t}**", "## Schritt {n}: {t}", "## Étape {n} : {t}"]
HEADINGS += [
    "第{z}步：{t}",
    "## 第{z}步",
    "## 第{n}步 {t}",
    "## 阶段{n}：{t}",
    "{z}、{t}",
    "## {r}. {t}",
]
HEADINGS += ["{n}. {t}", "## {n} {t}", "## Stage {w}: {t}", "## {n}. {t} ##", "> ## {n}. {t}"]
HEADINGS += [
    "## Stage-{n}: {t}",
    "## [{n}] {t}",
    "## #{n}. {t}",
    "## {o} stage: {t}",
    "## Exp. {n}: {t}",
    "### Phase {a}: {t}",
    "## {a}. {t}",
    "{n}、{t}",
    "## Etapa {n}: {t}",
]


@pytest.mark.parametrize("spelling", SAME)
def test_the_same_log_in_another_manner_is_read_as_the_same(spelling):
    log = read_log(SAME[spelling])
    assert log.not_understood == [] and told(log) == told(read_log(LOG))
    assert [stage.conclusion for stage in log.stages] == ["keep it.", ""]


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_stage_begins_with_a_heading_in_any_of_the_usual_manners(heading):
    text = LOG
    for n, z, r, w, o, a, title in [
        (1, "一", "I", "one", "First", "A", "layers"),
        (2, "二", "II", "two", "2nd", "B", "dropout"),
    ]:
        spelled = heading.format(n=n, z=z, r=r, w=w, t=title, o=o, a=a)
        text = text.replace(f"## {n}. {title}", spelled)
    log = read_log(text)
    assert told(log) == told(read_log(LOG)) and log.not_understood == []
    assert {stage.title for stage in log.stages} in ({"layers", "dropout"}, {""})


def test_headings_of_unlike_manners_and_beyond_ten_go_on_counting():
    log = read_log(LOG.replace("## 1.", "## 一、").replace("## 2. ", "二、"))
    assert told(log) == told(read_log(LOG))
    numerals = "一 二 三 四 五 六 七 八 九 十 十一 十二".split()
    log = read_log("".join(f"{numeral}、a\n- x\n0.1 0.2\n" for numeral in numerals))
    assert [stage.number for stage in log.stages] == [*range(1, 13)]


def test_headings_that_are_no_stages_are_labels_or_are_named():
    log = read_log("## 1. a\n### 1.1 x\n0.1 0.2\n### 1) y\n0.2 0.3\n### 2) z\n0.3 0.4\n")
    assert [run.label for run in log.stages[0].runs] == ["x", "y", "z"] and len(log.stages) == 1
    log = read_log(
        "## 1. seeds\n### dropout 0.5\n- seed 0\n0.1 0.2\n### dropout 0.2\n- seed 0\n0.3 0.4\n"
    )
    assert [run.label for run in log.stages[0].runs] == [
        "dropout 0.5, seed 0",
        "dropout 0.2, seed 0",
    ]
    log = read_log("## 1. layers\n- layers=1\n0.1 0.2\n## dropout\n- dropout=0.1\n0.3 0.4\n")
    assert told(log) == [(1, [("layers=1", ["0.1 0.2"])])] and log.not_understood == [
        (6, "0.3 0.4")
    ]
    with pytest.raises(ValueError, match="1 line of no stage with figures could not be read"):
        audit(log)


def test_decimal_commas_are_read_where_the_whole_log_has_them():
    text = "## 1. Anteil\nEpochen: 1.000\nLernrate: 0,001\n- dropout=0,25\n1.000 0,012 0,013\n"
    (stage,) = read_log(text).stages
    assert (stage.epochs, stage.learning_rate) == (1000, 0.001)
    assert stage.runs[0].lines[0].epoch == 1000 and stage.runs[0].lines[0].validation == 0.013
    log = read_log(text + "- dropout=0,5\n0.011 0.012\n")
    assert [number for number, _ in log.not_understood] == [5]
    table = "## 1. a\n| Schichten | Training | Validierung |\n|--|--|--|\n| 1 | 0,012 | 0,013 |\n"
    assert told(read_log(table)) == [(1, [("Schichten=1", ["0.012 0.013"])])]


STATED = [
    "Epochs: 25",
    "25 epochs",
    "epochs = 25",
    "Trained for 25 epochs.",
    "迭代次数为 25",
    "25 Epochen",
]
STATED += [
    "Epochen: 25",
    "Époques : 25",
    "25 époques",
    "训练轮数：25",
    "LR = 1e-3, epochs: 25",
    "- Epochs: 25",
    "轮数：25",
    "训练轮次 = 25",
    "训练100个epoch".replace("100", "25"),
    "Epochen gesamt: 25",
    "Nombre d'époques : 25",
    "Épocas: 25",
    "max_epochs=25",
]
RATES = ["lr = 1e-4", "LR=1E-4", "learning rate: 0.0001", "learning_rate = .0001", "Lernrate 1e-4"]
RATES += [
    "taux d'apprentissage : 1e-4",
    "学习率：1e-4",
    "LR = 1e−4",
    "- lr: 1e-4",
    "lr = 1e-4, epochs: 3",
]


@pytest.mark.parametrize("line", STATED)
def test_epochs_are_stated_in_four_languages(line):
    (stage,) = read_log(f"## 1. a\n{line}\n- layers=1\n0.1 0.2\n").stages
    assert stage.epochs == 25 and [run.label for run in stage.runs] == ["layers=1"]


@pytest.mark.parametrize("line", RATES)
def test_a_learning_rate_is_stated_in_four_languages(line):
    (stage,) = read_log(f"## 1. a\n{line}\n- layers=1\n0.1 0.2\n").stages
    assert stage.learning_rate == 1e-4 and [run.label for run in stage.runs] == ["layers=1"]


def test_a_learning_rate_or_epochs_that_are_what_is_tried_name_the_runs():
    for label in ("lr={}", "- lr={}", "Epochs: {}"):
        text = "## 1. a\n" + "".join(f"{label.format(value)}\n0.1 0.2\n" for value in (10, 20))
        (stage,) = read_log(text).stages
        assert [run.label for run in stage.runs] == [
            label.removeprefix("- ").format(v) for v in (10, 20)
        ]
        assert stage.learning_rate is None
    assert (
        read_log("## 1. a\n- x\n0.1 0.2\nThe last 3 epochs.\n- y\n0.2 0.3\n").stages[0].epochs
        is None
    )


def test_runs_before_and_after_another_learning_rate_or_length_keep_their_own():
    text = (
        "# t\n## 1. a\nlr = 1e-3\nEpochs: 10\n- x\n0.1 0.2\nlr = 1e-4\nEpochs: 50\n- y\n0.1 0.3\n"
    )
    log = read_log(text)
    assert (log.stages[0].learning_rate, log.stages[0].epochs) == (1e-4, 50)
    first, second = log.stages[0].runs
    assert (first.learning_rate, first.epochs) == (1e-3, 10)
    assert (second.learning_rate, second.epochs) == (None, None)
    assert read_log(write_log(log)) == log
    log = read_log(text.replace("Epochs: 50\n", "").replace("Epochs: 10\n", ""))
    assert "'x' with 0.001, 'y' with 0.0001" in audit(log)[0].sentence


FAILED = ["N/A N/A", "None", "--", "-- --", "–", "OOM", "nan", "killed by the scheduler"]


@pytest.mark.parametrize("text", FAILED)
def test_a_run_that_failed_is_a_row_without_figures(text):
    rows = [f"- layers=3\n{text}", f"- layers=3: {text}"]
    cells = "| layers | train | valid |\n|--|--|--|\n| 2 | 0.011 | 0.012 |\n| 3 | {0} | {0} |"
    for written in (*rows, cells.format(text)):
        log = read_log(
            LOG.replace("- layers=2\n0.01100 0.01200", f"{written}\n- layers=4\n0.1 0.2")
        )
        (failed,) = [run for run in log.stages[0].runs if run.label == "layers=3"]
        assert not failed.lines[-1].finite and log.not_understood == []
        assert log.stages[0].runs[-1].label == "layers=4"
        (finding,) = [finding for finding in audit(log) if finding.kind == "diverged run"]
        assert "'layers=3'" in finding.sentence


@pytest.mark.parametrize("text", ["N/A N/A", "-- --", "null", "–", "failed"])
def test_a_line_without_figures_between_those_of_a_run_is_named_and_names_no_run(text):
    log = read_log(LOG.replace("0.01100 0.01200", f"0.02 0.03\n{text}\n0.01 0.02", 1))
    assert [line for _, line in log.not_understood] == [text]
    assert text not in [run.label for run in log.stages[0].runs]
    assert [line.train for line in log.stages[0].runs[-1].lines] == [0.02, 0.01]


def test_figures_above_the_first_stage_are_named_and_odd_ones_are_no_crash():
    log = read_log(f"epochs: 9\n48;0,0119;0,0129\n{LOG}")
    assert log.epochs == 9 and log.not_understood == [(2, "48;0,0119;0,0129")]
    (stage,) = read_log("## 1. a\n| x | train | valid |\n| 1 | 0.1 | 0.2 |\n|--|--|--|\n").stages
    assert [run.label for run in stage.runs] == ["x=1"]
    text = "| a | b |\n|--|--|\n## 1. x\n- y\n1e-999 2e-999\n| 1 | 0.1 | 0.2 |\n"
    assert len(audit(read_log(text + LOG), anyway=True)) == 0


def test_epochs_with_a_point_two_kinds_of_errors_and_heads_under_rules_lose_no_run():
    epochs = re.sub(r"\n(0\S+) (0\S+)", r"\nEpoch: 20.0 Train Loss: \1 Val Loss: \2", LOG)
    labels = [run.label for stage in read_log(epochs).stages for run in stage.runs]
    assert labels == ["layers=1", "layers=2", "dropout=0.1", "dropout=0.5"]
    (line,) = read_log(epochs.replace("20.0", "1.5")).stages[0].runs[1].lines
    assert (line.epoch, line.validation) == (None, 0.012)
    errors = re.sub(r"\n(0\S+) (0\S+)", r"\ntrain rmse \1 val rmse \2 val mae 0.9", LOG)
    assert [line.validation for line in read_log(errors).stages[0].runs[1].lines] == [0.012]
    spaced = "\n====== ===== =====\n1      0.012 0.013\n2      0.011 0.012\n"
    (stage,) = read_log(f"## 1. x\nlayers train  valid{spaced}").stages
    assert [(run.label, run.lines[0].train) for run in stage.runs] == [
        ("layers=1", 0.012),
        ("layers=2", 0.011),
    ]


def test_figures_below_a_label_that_are_no_losses_are_no_failed_run():
    log = read_log(LOG.replace("- layers=2", "- layers=3\ntrain 10m, val 11m\n- layers=2"))
    assert log.not_understood == [(4, "layers=3")]


def test_what_states_nothing_known_and_a_run_without_figures_are_named():
    log = read_log(LOG.replace("- layers=2", "Durchläufe: 50\n- layers=3\n- layers=2"))
    assert log.not_understood == [(4, "Durchläufe: 50"), (5, "layers=3")]
    log = read_log(LOG.replace("- layers=1", "Batch size: 32\n- window=24\n- layers=1"))
    assert log.not_understood == [] and told(log) == told(read_log(LOG))


LOST = [
    "0.012",
    "0.1 0.2 0.3",
    "0.012 ± 0.001",
    "12 13",
    "best 0.01200 0.01300",
    "0,5 0,6",
    "~0.1 ~0.2",
]
LOST += [
    "val loss 0.0130 (best so far)",
    "0.012 train, 0.013",
    "- 0.5 0.6 0.7",
    "lowest: 8.8e-05",
    "1e-4",
]


@pytest.mark.parametrize("line", LOST)
def test_a_line_with_figures_that_is_not_understood_is_named_and_stops_the_audit(line):
    log = read_log(LOG.replace("- layers=2", f"{line}\n- layers=2"))
    assert log.not_understood == log.stages[0].not_understood == [(4, line.removeprefix("- "))]
    with pytest.raises(ValueError, match=r"1 line of stage 1 with figures .*line 4: .*anyway=True"):
        audit(log)
    first, *_ = audit(log, anyway=True)
    assert (first.stage, first.kind, first.figures) == (
        1,
        "lines not understood",
        dict(log.not_understood),
    )


@pytest.mark.parametrize(
    "line",
    [
        "This took 12.5 hours.",
        "The rate went from 0.1 to 0.01.",
        "x=0.125, y=0.375",
        "Version 3",
        "12:30",
    ]
    + ["epoch train valid", "Figures of the last 3 epochs.", "| note |", "Epoch 3/50"],
)
def test_prose_is_not_taken_for_figures(line):
    log = read_log(LOG.replace("- layers=2", f"{line}\n- layers=2"))
    assert log.not_understood == [] and told(log) == told(read_log(LOG))


def test_tables_of_runs_say_their_columns():
    text = "## 1. a\n| setting | seed | epoch | val loss | train loss | time | note |\n"
    text += "|-|-|-|-|-|-|-|\n"
    text += (
        "| wide | 0 | 9 | 0.13 | 0.12 | 7.5 s | 0.5 off |\n| wide | 0 | 10 | 0.11 | 0.1 | 8 | |\n"
    )
    text += "| deep | 1 | 10 | nan | nan | | |\n| todo | 1 | | | | | |\n"
    (stage,) = read_log(text).stages
    assert [(run.label, len(run.lines), run.seconds) for run in stage.runs] == [
        ("wide [seed 0]", 2, 8.0),
        ("deep [seed 1]", 1, None),
    ]
    assert str(stage.runs[0].lines[0]) == "9 0.12 0.13" and not stage.runs[1].lines[0].finite
    text = "## 1. a\n| # | lr | train | valid |\n|-|-|-|-|\n| 1 | 0.1 | 0.2 | 0.3 |\n"
    assert read_log(text).stages[0].runs[0].label == "lr=0.1"
    log = read_log(LOG + "| layers | best |\n|--|--|\n| 1 | 0.0150 |\n")
    assert log.not_understood == [(14, "| 1 | 0.0150 |")]


def test_a_network_that_never_closes_does_not_swallow_the_log():
    for network in ("RNN(GRU(66, 256, dropout=0.5))", "RNN(\n  (rnn): GRU(66", "GRU(66, 256)"):
        assert told(read_log(f"{network}\n{LOG}")) == told(read_log(LOG))


def test_a_label_after_a_conclusion_is_no_part_of_it():
    (stage,) = read_log(
        "## 1. a\n- x\n0.1 0.2\nConclusion: keep x.\nIt is small.\n- y\n0.2 0.3\n"
    ).stages
    assert stage.conclusion == "keep x. It is small." and [run.label for run in stage.runs] == [
        "x",
        "y",
    ]


LONG = {
    "digits": "1",
    "figures": "0.1 ",
    "spaces": " ",
    "marks": "> ",
    "dashes": "- ",
    "bars": "| a ",
}
LONG |= {"breaks": "a<br>", "hashes": "#", "words": "epochs: 1 ", "stars": "*a", "colons": "1:"}


@pytest.mark.parametrize("kind", LONG)
def test_a_long_line_takes_no_longer_than_it_is_long(kind):
    def read(length):
        line = LONG[kind] * (length // len(LONG[kind]))
        for text in (line, f"Conclusion: keep {line}", f"## 3. {line}"):
            audit(read_log(f"{LOG}{text}\n"), anyway=True)

    assert growth(read, 100_000) < 8


CASES = SHARED / "cases" / "logs"


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside the repository")
def test_the_cases_of_strangers_are_read():
    logs = {path.stem: read_log(path) for path in CASES.glob("*.md")}
    logs["bom_first_stage"] = read_log((CASES / "bom_first_stage.md").read_text("utf-8"))
    assert {name for name, log in logs.items() if log.not_understood} == {"decimal_comma_partly"}
    assert logs["decimal_comma_partly"].not_understood == [(3, "0,01200 0,01300")]
    for name in ("bom_first_stage", "heading_stage_n"):
        assert [stage.number for stage in logs[name].stages] == [1, 2]
    labels = [run.label for run in logs["code_fence"].stages[0].runs]
    assert labels == ["layers=1", "layers=2"]
    assert logs["lr_spellings"].stages[0].learning_rate == 3e-05
    assert audit(logs["sci_run_vanishes"]) == [] and audit(logs["value_dot25"]) == []
    (diverged,) = audit(logs["nan_last_line"])
    assert diverged.kind == "diverged run" and "'lr=0.1'" in diverged.sentence
