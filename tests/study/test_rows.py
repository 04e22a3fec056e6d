"""The rows of a log: what a label says of its setting."""

import pytest

from gru_lab.study.log import Line
from gru_lab.study.rows import Row


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
    row = Row(1, label, [Line(0.1, 0.2)], None)
    assert (row.layers, row.value, row.weight) == (layers, value, weight)
