"""One line of figures in the many manners of other people."""

import math

import pytest

from gru_lab.tuning_log.figures import number
from gru_lab.tuning_log.lines import Line, parse_line, roles_of
from tests.conftest import growth

READ = {  # text: (epoch, steps, train, validation)
    "8.9e-05 9.2e-05": (None, None, 8.9e-05, 9.2e-05),
    "99 8.9E-05 9.2E-05": (99, None, 8.9e-05, 9.2e-05),
    "1e−4 2e−4": (None, None, 1e-4, 2e-4),
    "1.2×10^-4 1.3·10⁻⁴": (None, None, 1.2e-4, 1.3e-4),
    ".25 .3": (None, None, 0.25, 0.3),
    "1,000 12,800 0.1 0.2": (1000, 12800, 0.1, 0.2),
    "1'000 0.1 0.2": (1000, None, 0.1, 0.2),
    "1\u00a0000 0.1 0.2": (1000, None, 0.1, 0.2),
    "1,234.5 2,345.6": (None, None, 1234.5, 2345.6),
    "0．012 0．013": (None, None, 0.012, 0.013),
    "0.012, 0.013": (None, None, 0.012, 0.013),
    "0.012/0.013": (None, None, 0.012, 0.013),
    "48,0.012,0.013": (48, None, 0.012, 0.013),
    "[48] 0.012 0.013": (48, None, 0.012, 0.013),
    "| 48 | 0.012 | **0.013** |": (48, None, 0.012, 0.013),
    "48/50: 0.012 0.013": (48, None, 0.012, 0.013),
    "Epoch 48 of 50: 0.012 0.013": (48, None, 0.012, 0.013),
    "300/300 [====>...] - 1s 2ms/step - loss: 0.1 - val_loss: 0.2": (None, None, 0.1, 0.2),
    "32/32 [======] - loss: 0.1 - val_loss: 0.2": (None, None, 0.1, 0.2),
    "Epoch 4/5 - loss: 0.1 - mse: 0.1 - acc: 0.9 - val_loss: 0.2 - val_mse: 0": (
        4,
        None,
        0.1,
        0.2,
    ),
    "Epoch 9: 9%|█| 3/32 [00:02<00:00, v_num=0, train_loss=0.1, val_loss=0.2]": (
        9,
        None,
        0.1,
        0.2,
    ),
    "2024-03-05 12:30:01,123 - INFO - Epoch 3: loss=0.1 val_loss=0.2": (3, None, 0.1, 0.2),
    "100%|███| 50/50 [00:10<00:00, 4.9it/s, train=0.1, valid=0.2]": (None, None, 0.1, 0.2),
    "[0]\ttrain-rmse:0.1\tvalid-rmse:0.2": (0, None, 0.1, 0.2),
    "1 000 0.1 0.2": (1000, None, 0.1, 0.2),
    "Época 48 de 50: entrenamiento 0.1, validación 0.2": (48, None, 0.1, 0.2),
    "Epoch 48/50 - 12s - loss: 0.1 - val_loss: 0.2 - lr: 1e-3": (48, None, 0.1, 0.2),
    "epoch=48 steps=300 train=0.1 valid=0.2": (48, 300, 0.1, 0.2),
    "valid 0.013 train 0.012": (None, None, 0.012, 0.013),
    "0.012 (train) 0.013 (valid)": (None, None, 0.012, 0.013),
    "0.013 valid 0.012 train": (None, None, 0.012, 0.013),
    "training and validation loss 0.1 0.2": (None, None, 0.1, 0.2),
    "Epoche 48: Trainingsverlust 0.1, Validierungsverlust 0.2": (48, None, 0.1, 0.2),
    "époque 3 : perte 0.1 perte de validation 0.2": (3, None, 0.1, 0.2),
    "第48轮 训练集loss 0.1 验证集loss 0.2": (48, None, 0.1, 0.2),
}


@pytest.mark.parametrize("text", READ)
def test_figures_are_read_however_they_are_written(text):
    line, label = parse_line(text)
    assert (line.epoch, line.steps, line.train, line.validation) == READ[text] and label is None


@pytest.mark.parametrize(
    "text",
    ["0.1 0.2 0.3", "12 13", "0.012", "0.012 -0.013", "1:3 0.1 0.2", "0.1 48 0.2", "x 0.1 0.2"]
    + [
        "0,01200 0,01300",
        "0,5 1.2 0.3",
        "0.012 train, 0.013",
        "best 0.1 0.2",
        "0.1 0.2%",
        "0.1.2 3",
    ]
    + ["12:30:05 0.1 0.2", "48-0.1 0.2", "A: loss=0.1 val_loss=0.2", "lr=0.1 loss=0.1 val_loss=0.2"]
    + ["loss=0.1 loss=0.3 val_loss=0.2 x=1", "loss:0 0.0120", "epoch 3 loss: 1 0.0120"]
    + [  # two lines in one
        "train: 0.013, valid: 0.012, train: 0.011, valid: 0.0115 x=1",
        "Epoch 1/2 - loss: 0.013 - val_loss: 0.012INFO Epoch 2/2 - loss: 0.011 - val_loss: 0.0115",
        "loss: 0.0130 - val_loss: 0.012010/10 - 3s",
    ],
)
def test_what_could_be_something_else_is_not_read(text):
    assert parse_line(text) is None


def test_a_decimal_comma_is_read_where_the_log_has_it():
    assert parse_line("1.000 0,012 0,013", ",") == (Line(0.012, 0.013, 1000), None)
    assert parse_line("0,012;0,013", ",") == (Line(0.012, 0.013), None)
    assert parse_line("0.012 0.013", ",") is None


@pytest.mark.parametrize(
    "text", ["nan nan", "48 0.1 NaN", "inf inf", "diverged", "nan", "OOM", "发散"]
)
def test_a_diverged_run_has_a_line_that_is_not_finite(text):
    line, _ = parse_line(text)
    assert not line.finite and (line.epoch == 48) == text.startswith("48")
    assert parse_line(text)[0] == line  # NaN and all: a log can be compared with itself


def test_a_line_is_written_back_with_the_decimals_it_had():
    assert str(parse_line("0.00026 0.00460")[0]) == "0.00026 0.00460"
    assert str(parse_line("99 8.9e-05 9.2e-05")[0]) == "99 0.000089 0.000092"


def test_numbers_and_what_is_none():
    assert number("1,234.50") == (1234.5, 2) and number("1.234,5", ",") == (1234.5, 1)
    assert number("9e-05") == (9e-05, 5) and number("12") == (12.0, 0)
    assert number("1,23.4") is None and number("12,34") is None
    value, decimals = number("NaN")
    assert math.isnan(value) and decimals is None


def test_the_head_of_columns_says_what_their_figures_are():
    assert roles_of("epoch, valid loss, train loss") == ["epoch", "valid", "train"]
    assert roles_of("48 0.1") is None and roles_of("layers=1") is None


@pytest.mark.parametrize("text", ["1", "0.1 ", " ", "1,", "1:", "nan", "[", "- ", "loss "])
def test_a_long_line_takes_no_longer_than_it_is_long(text):
    assert parse_line(text * (2_000_000 // len(text))) is None
    assert growth(lambda length: parse_line(text * (length // len(text))), 200_000) < 8
