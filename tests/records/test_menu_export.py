"""What JupyterLab's File > Save and Export Notebook As writes: a record, runs and foot too."""

import contextlib
import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import gru_lab as lab
from gru_lab.cli import main
from gru_lab.records.exporter import RecordExporter
from gru_lab.records.notebooks import execute, wait_for
from gru_lab.runs.exchange import read_block

CELLS = [
    "import gru_lab as lab; from gru_lab.demo import demo_series",
    "configs = [lab.RunConfig(hidden_size=8, epochs=2, dropout=d, batch_size=20) for d in (0, "
    "0.5)]",
    "table = lab.sweep(configs, series=demo_series(1_400), workers=1); len(table)",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mine")


@pytest.fixture(scope="module")
def notebook(folder):
    """A notebook that was run in a folder of its own, as a person runs it: no record is made."""
    environment = {name: text for name, text in os.environ.items() if name != "GRU_LAB_STORE"}
    cells = [new_markdown_cell("# How much dropout?"), *map(new_code_cell, CELLS)]
    notebook = new_notebook(cells=cells)
    with contextlib.chdir(folder):
        assert wait_for(execute(notebook, environment))
    return nbformat.reads(nbformat.writes(notebook), as_version=4)  # as it is saved


def test_what_a_cell_prints_in_pieces_is_one_output():
    code = "import time\nprint('problems:', end='', flush=True)\ntime.sleep(1)\nprint(' none')"
    notebook = new_notebook(cells=[new_code_cell(code)])
    assert wait_for(execute(notebook))
    assert [output.text for output in notebook.cells[0].outputs] == ["problems: none\n"]


def export(notebook, folder):
    resources = {"metadata": {"name": "mine", "path": str(folder)}}
    return RecordExporter().from_notebook_node(notebook, resources)[0]


def test_an_exported_notebook_has_its_runs_and_its_foot(
    notebook, folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir("/")  # the server runs elsewhere
    monkeypatch.delenv("GRU_LAB_STORE", raising=False)
    (tmp_path / "mine.html").write_text(export(notebook, folder))
    page = read_block(tmp_path / "mine.html")
    assert page["title"] == "How much dropout?" and page["whole"] and len(page["runs"]) == 2
    assert "demo-1400-0" in page["facts"]["data"] and "GRU Lab" in page["facts"]["versions"]
    text = (tmp_path / "mine.html").read_text()
    assert "What this record rests on" in text and "vnd.gru-lab.runs" not in text
    url = f"sqlite:///{tmp_path / 'teacher.sqlite'}"
    taken = ["runs", "--store", url, "--from-record", str(tmp_path / "mine.html")]
    assert main(taken) == 0 and "2 runs taken in" in capsys.readouterr().out
    assert set(lab.Store(url).runs()["record"]) == {"mine.html"}


def test_without_its_store_it_has_a_foot_and_no_runs_and_makes_none(notebook, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.html").write_text(export(notebook, elsewhere))
    assert read_block(elsewhere / "mine.html")["runs"] == []
    assert [path.name for path in elsewhere.iterdir()] == ["mine.html"]


def test_what_a_foreign_notebook_notes_is_not_trusted(tmp_path):
    odd = [{"dropout": 7}, {"nosuch": 1}, 3, {"data": {"a": 1}}]
    outputs = [
        nbformat.v4.new_output("display_data", {"application/vnd.gru-lab.runs+json": noted})
        for noted in (odd, 3, {"a": 1})
    ]
    notebook = new_notebook(cells=[new_code_cell("1", outputs=outputs)])
    (tmp_path / "odd.html").write_text(export(notebook, tmp_path))
    assert read_block(tmp_path / "odd.html")["runs"] == []
