"""The log's line formats, read and written; and the recorded log itself, every number of it."""

import re
from collections import Counter
from decimal import Decimal

import pandas as pd
import pytest

from gru_lab.model import RNN
from gru_lab.tuning_log.lines import Line, parse_line
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.rulers import write_lines
from tests.tuning_log.test_lines import READ

CHINESE = """# 一个记录

##基本设置

- 迭代次数：40

  RNN(
    (rnn): GRU(3, 4, batch_first=True)
    (out): Linear(in_features=4, out_features=3, bias=True)
  )

指标是loss。

## 1. 深度

层数？

- > 0.00101 0.00202 [一层]
  >

  0.00103 0.00204

- 0.00111 0.00212 [两层]
  0.00113 0.00214

结论：一层。

保持不变。

### 2. dropout

迭代次数为 25

- dropout=0.5

> 12.5s
>
> 0.00121  0.00222<br/>0.00123  0.00224

- dropout=0

> 0.00131 0.00232

结论，取0.5。

dropout = 0 ，迭代次数60

> 59 30 0.000141 0.000242
> 60 30 0.000143 0.000244

## 3. 学习率

LR = 2e-4

1:2 0:1

>  39 0.0000151 0.0000252
>  40 0.0000153 0.0000254

> 结论：不变。
"""


def lines_of(run):
    return [(line.epoch, line.steps, line.train, line.validation) for line in run.lines]


def test_a_log_in_the_manner_of_the_recorded_one_is_read_whole():
    log = read_log(CHINESE)
    assert (log.title, log.epochs) == ("一个记录", 40)
    assert log.model == str(RNN(3, 4))
    depth, dropout, rate = log.stages
    assert [(stage.number, stage.title) for stage in log.stages] == [
        (1, "深度"),
        (2, "dropout"),
        (3, "学习率"),
    ]
    assert [stage.epochs for stage in log.stages] == [None, 25, None]
    assert [stage.learning_rate for stage in log.stages] == [None, None, 2e-4]
    assert [stage.conclusion for stage in log.stages] == ["一层。 保持不变。", "取0.5。", "不变。"]
    assert [run.label for run in depth.runs] == ["一层", "两层"]
    assert lines_of(depth.runs[0]) == [
        (None, None, 0.00101, 0.00202),
        (None, None, 0.00103, 0.00204),
    ]
    assert [run.label for run in dropout.runs] == ["dropout=0.5", "dropout=0", "dropout = 0"]
    assert [run.seconds for run in dropout.runs] == [12.5, None, None]
    assert [run.epochs for run in dropout.runs] == [None, None, 60]
    assert lines_of(dropout.runs[0]) == [
        (None, None, 0.00121, 0.00222),
        (None, None, 0.00123, 0.00224),
    ]
    assert lines_of(dropout.runs[2]) == [(59, 30, 0.000141, 0.000242), (60, 30, 0.000143, 0.000244)]
    assert [run.label for run in rate.runs] == ["1:2 0:1"]
    assert lines_of(rate.runs[0]) == [
        (39, None, 0.0000151, 0.0000252),
        (40, None, 0.0000153, 0.0000254),
    ]


ENGLISH = """# Depth

Epochs: 12

## 1. How deep?

Learning rate: 5e-4

- 1 layer

> 3.2 s
> 0.00100 0.00200
> 0.00090 0.00190

- 2 layers

> 0.00080 0.00180

Conclusion: two layers.

## 2. How wide?

Epochs = 20

- 64 wide

> 20 15 0.000400 0.000500
"""


def test_an_english_log_is_read_too():
    log = read_log(ENGLISH)
    assert (log.title, log.epochs, log.model) == ("Depth", 12, "")
    deep, wide = log.stages
    assert (deep.title, deep.learning_rate, deep.epochs, deep.conclusion) == (
        "How deep?",
        5e-4,
        None,
        "two layers.",
    )
    assert [(run.label, run.seconds, len(run.lines)) for run in deep.runs] == [
        ("1 layer", 3.2, 2),
        ("2 layers", None, 1),
    ]
    assert (wide.epochs, wide.conclusion) == (20, "")
    assert lines_of(wide.runs[0]) == [(20, 15, 0.0004, 0.0005)]


def test_a_log_is_read_from_a_file_as_from_its_text(tmp_path):
    (tmp_path / "log.md").write_text(CHINESE, encoding="utf-8")
    assert read_log(tmp_path / "log.md") == read_log(str(tmp_path / "log.md")) == read_log(CHINESE)


@pytest.mark.parametrize("between", ["", "\r", "\r\n", "\x08\x08\x08", "\x1b[0m\n\x1b[32m", "<br>"])
def test_lines_of_a_console_are_apart_however_they_were_drawn(between):
    first, second = (f"Epoch {n}/2 - loss: 0.1{n} - val_loss: 0.2{n}" for n in (1, 2))
    log = read_log(f"## 1. Layers\n- layers=1\n{first}{between}{second}\n- layers=2\n0.1 0.2\n")
    assert list(map(lines_of, log.stages[0].runs)) == [
        [(1, None, 0.11, 0.21), (2, None, 0.12, 0.22)],
        [(None, None, 0.1, 0.2)],
    ]
    assert log.not_understood == []


@pytest.mark.parametrize("between", ["", " ", ", ", "\t", "\r", "\x08\x08", "\x1b[2K\r"])
@pytest.mark.parametrize("line", READ)
def test_of_two_lines_that_run_into_each_other_none_is_read_by_half(line, between):
    log = read_log(f"## 1. Layers\n- layers=1\n{line}{between}{line}\n- layers=2\n0.5 0.6\n")
    read = READ[line][2:]
    figures = [figure[2:] for run in log.stages[0].runs for figure in lines_of(run)]
    assert log.not_understood or figures == [read, read, (0.5, 0.6)]


@pytest.mark.parametrize(
    "line",
    [
        *("loss:0 0", "loss=0.1 loss=0.3 val_loss=0.2", "val_loss: 0.2 best"),
        *("train 1.5% val 2.1%", "[20] training's l2: 0.35 valid_1's l2: 0.41"),
    ],
)
def test_losses_that_are_not_understood_are_named_and_are_no_run(line):
    log = read_log(f"## 1. Layers\n- layers=1\n{line}\n- layers=2\n0.1 0.2\n")
    assert [run.label for run in log.stages[0].runs] == ["layers=2"]
    assert log.not_understood == [(3, line)]


def test_what_is_no_log_is_an_error_that_says_what_one_is(tmp_path):
    with pytest.raises(ValueError, match="must be a UTF-8 text file, or the text of a log"):
        read_log(tmp_path / "absent.md")
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="must be a UTF-8 text file"):
        read_log(tmp_path / "binary.md")
    for text in (
        "\n",
        "# Title\n\n0.1 0.2\n",
        "## 1. A stage without figures\n\nConclusion: none.\n",
    ):
        with pytest.raises(
            ValueError, match="no numbered heading with lines of losses below it was found"
        ):
            read_log(text)


FORMATS = {
    "train valid": "0.00012 0.00250\n0.00011 0.00246\n0.00011 0.00242",
    "epoch steps train valid": "48 300 0.000123 0.002504\n49 300 0.000112 0.002457\n"
    "50 300 0.000105 0.002424",
    "epoch train valid": "48 0.0001234 0.0025043\n49 0.0001120 0.0024567\n50 0.0001051 0.0024242",
}


@pytest.fixture
def curve():
    train = [0.5] * 47 + [0.00012341, 0.000112, 0.00010511]
    validation = [0.5] * 47 + [0.00250432, 0.00245666, 0.0024242]
    return pd.DataFrame({"epoch": range(1, 51), "train": train, "validation": validation})


@pytest.mark.parametrize("line_format", FORMATS)
def test_the_last_three_epochs_are_written_as_the_log_writes_them(line_format, curve):
    assert write_lines(curve, line_format, steps=300) == FORMATS[line_format]


@pytest.mark.parametrize("line_format", FORMATS)
def test_what_is_written_is_read_back_as_it_was(line_format, curve):
    text = write_lines(curve, line_format, steps=300)
    parsed = [parse_line(line) for line in text.splitlines()]
    assert "\n".join(str(line) for line, _ in parsed) == text
    assert all(line.format == line_format and label is None for line, label in parsed)
    decimals = {"train valid": 5, "epoch steps train valid": 6, "epoch train valid": 7}[line_format]
    for (line, _), row in zip(parsed, curve.tail(3).itertuples(), strict=True):
        assert (line.train, line.validation) == (
            round(row.train, decimals),
            round(row.validation, decimals),
        )
        assert line.epoch in (None, row.epoch) and line.steps in (None, 300)


def test_more_or_fewer_epochs_are_written_where_they_are_asked_for_or_there_are_no_more(curve):
    assert len(write_lines(curve, last=5).splitlines()) == 5
    assert len(write_lines(curve.head(2)).splitlines()) == 2


def test_a_format_that_is_none_or_lacks_its_steps_is_an_error(curve):
    with pytest.raises(
        ValueError,
        match="line_format must be one of train valid, .*, not 'train valdi'. Did you mean",
    ):
        write_lines(curve, "train valdi")
    with pytest.raises(
        ValueError, match="steps must be given for the format 'epoch steps train valid'"
    ):
        write_lines(curve, "epoch steps train valid")


@pytest.mark.parametrize(
    "text", ["", "12", "0.1", "weight=0.5", "0.1 0.2 0.3", "x 0.1 0.2", "1 2 3 0.1 0.2"]
)
def test_what_is_no_line_of_figures_is_none(text):
    assert parse_line(text) is None


def test_a_label_behind_a_line_is_kept_apart():
    assert parse_line("0.00026 0.00460 [包括]") == (Line(0.00026, 0.0046), "包括")


NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-\d+)?")
IN_PROSE = ["3"]  # 指标是最后3次: 'the figures are those of the last 3 epochs'


def numbers(*texts):
    return Counter(Decimal(number) for text in texts for number in NUMBER.findall(str(text)))


def test_every_number_of_the_recorded_log_is_in_what_was_read(seed_log):
    log = read_log(seed_log)
    found = numbers(log.title, log.model, log.epochs, *IN_PROSE)
    for stage in log.stages:
        found += numbers(
            stage.number, stage.title, stage.epochs, stage.learning_rate, stage.conclusion
        )
        for run in stage.runs:
            found += numbers(run.label, run.epochs, run.seconds, *run.lines)
    assert found == numbers(seed_log)
    assert found.total() > 200


def test_every_line_of_the_recorded_log_is_written_back_as_it_stands(seed_log):
    written = [
        str(line) for stage in read_log(seed_log).stages for run in stage.runs for line in run.lines
    ]
    lines = re.findall(
        r"^(?:[>\s-]*)([\d. ]+?)\s*(?:\[.*\])?$", seed_log.replace("<br/>", "\n"), flags=re.M
    )
    assert written == [" ".join(line.split()) for line in lines if len(line.split()) > 1]
    assert len(written) == 21 * 3


def test_the_network_of_the_recorded_log_is_ours(seed_log):
    assert read_log(seed_log).model == str(RNN(66, 256, num_layers=2, dropout=0.5))
