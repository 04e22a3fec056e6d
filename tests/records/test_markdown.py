"""Executed notebooks as Markdown: figures in words, no scripts, nothing from data that Markdown
would act on.
"""

import numpy as np
import plotly.graph_objects as go
from nbformat.v4 import new_code_cell, new_notebook, new_output

from gru_lab.records.html import PLOTLY
from gru_lab.records.markdown import as_markdown, figure_words


def figure(**traces):
    plot = go.Figure([go.Scatter(y=values, name=name) for name, values in traces.items()])
    return plot.update_layout(title="Losses, <b>log</b> scale").to_plotly_json()


def notebook(**data):
    output = new_output(
        "display_data", data={name.replace("__", "/"): value for name, value in data.items()}
    )
    return new_notebook(cells=[new_code_cell("x", outputs=[output])])


def test_a_figure_is_told_by_its_title_and_the_run_of_each_trace():
    words = figure_words(figure(ours=[0.5, 0.1, 0.25], packed=np.array([3.0, 2.0, np.nan, 1.0])))
    assert words.startswith("**Figure: Losses, log scale**")
    assert "- ours: from 0.5 to 0.25, lowest 0.1, 3 points" in words
    assert "- packed: from 3 to 1, lowest 1, 3 points" in words


def test_packed_values_are_read_as_plotly_packs_them():
    packed = go.Figure(go.Scatter(y=np.arange(4.0))).to_dict()
    assert "bdata" in packed["data"][0]["y"]
    assert "from 0 to 3, lowest 0, 4 points" in figure_words(packed)


def test_a_figure_without_numbers_still_has_its_title():
    assert figure_words({"data": [{"y": ["a", "b"]}, {"z": [[1]]}, {}]}).strip() == (
        "**Figure: Figure** (drawn in the HTML record)"
    )


def test_names_from_data_stay_text():
    words = figure_words(figure(**{"<script>alert(1)</script> [x](javascript:1)": [1.0]}))
    assert "<script" not in words.replace("\\<", "") and "\\[x\\](javascript" in words


def test_figures_and_sliders_are_replaced_and_tables_stay():
    text = as_markdown(notebook(**{PLOTLY: figure(ours=[1.0, 2.0])}))
    assert "from 1 to 2" in text and "plotly" not in text
    text = as_markdown(
        notebook(text__html="<div></div><SCRIPT type='module'>render()</SCRIPT>", text__plain="x")
    )
    assert "Sliders over the stored runs" in text and "render" not in text
    text = as_markdown(
        notebook(text__html="<style>td { color: red }</style><table><tr><td>7</td></tr></table>")
    )
    assert "<td>7</td>" in text and "color" not in text


def test_the_notebook_itself_is_left_as_it_was():
    one = notebook(**{PLOTLY: figure(ours=[1.0])})
    as_markdown(one)
    assert PLOTLY in one.cells[0].outputs[0].data
