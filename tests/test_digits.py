"""Numbers are plain decimals, alike in a column, and a table is one table with one header row."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.digits import column, html_table, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6.3e-05, "0.000063"),
        (8.5e-06, "0.0000085"),
        (0.0324, "0.0324"),
        (0, "0"),
        (1, "1"),
        (1234.5, "1234"),
        (-0.00012345, "-0.000123"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_a_number_is_never_a_power_of_ten(value, text):
    assert plain(value) == text


def test_a_column_has_equal_decimals_and_nothing_in_it_becomes_zero():
    assert column([0.0147, 0.012, 6.3e-05]) == ["0.014700", "0.012000", "0.000063"]
    assert column([0.0147, 0.012]) == ["0.0147", "0.0120"]
    assert (
        column([123.4, np.nan, 5]) == ["123.0", "–", "5.0"] or column([123.4, np.nan, 5])[1] == "–"
    )
    assert column([]) == [] and column([0.0]) == ["0"]


def test_a_table_has_one_header_row_and_texts_stay_texts():
    table = pd.DataFrame(
        {"error": [0.5, 6e-05], "seeds": [5, 12], "word": ["<b>", None]},
        index=pd.Index(["a", "b"], name="setting"),
    )
    html = html_table(table)
    assert html.count("<tr>") == 3 and html.count('scope="col"') == 4
    assert (
        '<th scope="row">a</th><td>0.500000</td><td>5</td><td class="word">&lt;b&gt;</td>' in html
    )
    assert '<th scope="row">b</th><td>0.000060</td><td>12</td><td class="word">–</td>' in html
