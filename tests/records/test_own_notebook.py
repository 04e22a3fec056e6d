"""A notebook for a question of one's own: written, read back, never over a file; the commands."""

import ast
import re

import nbformat
import pytest

import gru_lab as lab
from gru_lab.cli import main
from gru_lab.demo import demo_series
from gru_lab.records.own_notebook import new_notebook, parse_settings, question_of
from gru_lab.tuning_log.read import read_log

HEADINGS = ["Question", "Prediction", "Experiment", "Picture", "Verdict", "What I take from it"]


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A small table in this folder."""
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRU_LAB_STORE", f"sqlite:///{tmp_path / 'runs.sqlite'}")
    pd.DataFrame(demo_series(700).values[:, :3], columns=list("abc")).to_csv("my.csv", index=False)
    return tmp_path / "my.csv"


ASK = ['How wide? It\'s "mine"', "hidden_size=2,4", "--data", "my.csv", "--adopted", "4"]
ASK += ["--seeds", "2", "epochs=2", "batch_size=20"]


def test_new_writes_a_notebook_with_the_headings_of_the_lesson(table, capsys):
    assert main(["new", *ASK]) == 0
    (path,) = table.parent.glob("*.ipynb")
    assert path.name == "how_wide_it_s_mine.ipynb" and path.name in capsys.readouterr().out
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    markdown = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert markdown[0].startswith("# How wide?")
    assert [text[3:].splitlines()[0] for text in markdown if text.startswith("## ")] == HEADINGS
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or ast.parse(cell.source)
    asked = question_of(path)
    assert (asked.question, asked.adopted) == ('How wide? It\'s "mine"', "hidden_size=4")
    assert (asked.profile.seeds, asked.start.epochs, asked.series.name) == (2, 2, "my.csv")


def test_its_cells_run_from_top_to_bottom(table):
    main(["new", *ASK, "--out", "q.ipynb"])
    space = {}
    for cell in nbformat.read("q.ipynb", as_version=4).cells:
        if cell.cell_type == "code" and "panel" not in cell.source:
            exec(cell.source.replace("sweep(question)", "sweep(question, workers=1)"), space)
    assert space["results"].stage.question.startswith("How wide?")
    exec(cell.source.replace('CONCLUSION = ""', 'CONCLUSION = "Four."'), space)
    (stage,) = read_log("my_tuning_log.md").stages
    assert stage.conclusion == "Four." and len(stage.runs) == 4


def test_an_existing_file_is_never_written_over(table, capsys):
    (table.parent / "q.ipynb").write_text("mine")
    assert main(["new", *ASK, "--out", "q.ipynb"]) == 2
    assert "exists, and is not written over" in capsys.readouterr().err
    assert (table.parent / "q.ipynb").read_text() == "mine"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["hidden_sise=4,8"], "Did you mean 'hidden_size'"),
        (["hidden_size=4"], "hidden_size=16,32,64"),
        (["hidden_size=4,8", "dropout=0,0.1"], "lab.grid"),
        (["hidden_size"], "NAME=VALUE"),
        (["dropout=0,2"], "dropout must be at least 0 and below 1"),
        (["hidden_size=4,8", "hidden_size=2"], "must be given once"),
        (["hidden_size=4,8", "--adopted", "5"], "adopted must be one of 4, 8"),
        (["hidden_size=4,8", "--data", "none.csv"], "none.csv"),
        (["hidden_size=4,8", "--out", "q.txt"], "must be a notebook"),
    ],
)
def test_a_wrong_question_writes_nothing(table, capsys, settings, said):
    assert main(["new", "Q", *settings]) == 2
    assert said in capsys.readouterr().err and not list(table.parent.glob("*.ipynb"))


def test_log_appends_a_question_of_words_or_of_a_notebook_and_reads_it_back(table, capsys):
    assert main(["log"]) == 2  # no log yet
    assert "--out must be a log to read back, and there is no" in capsys.readouterr().err
    assert main(["log", *ASK]) == 2  # no runs yet
    assert "sweep the stage first" in capsys.readouterr().err
    main(["new", *ASK, "--out", "q.ipynb"])
    lab.sweep(question_of("q.ipynb"), workers=1)
    assert main(["log", "q.ipynb", "--conclusion", "Four is enough."]) == 0
    before = (table.parent / "my_tuning_log.md").read_bytes()
    assert main(["log", *ASK, "--conclusion", "Four is enough."]) == 0
    assert (table.parent / "my_tuning_log.md").read_bytes() == before
    capsys.readouterr()
    assert main(["log"]) == 0
    told = capsys.readouterr().out
    assert "1. How wide?" in told and "Four is enough." in told and "no objections" in told
    assert main(["log", *ASK, "--number", "1"]) == 2
    assert (table.parent / "my_tuning_log.md").read_bytes() == before


def test_a_question_that_is_computed_or_missing_is_an_error(tmp_path):
    for code, said in [
        ("import gru_lab as lab", "must ask a question"),
        ("q = lab.question('Q', hidden_size=sizes())", "not computed"),
        ("this is no code", "must be a notebook that can be read"),
    ]:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        nbformat.write(notebook, tmp_path / "q.ipynb")
        with pytest.raises(ValueError, match=said):
            question_of(tmp_path / "q.ipynb")
    code = """
PROFILE = "tiny"
SIZES, N = {"tiny": ([2, 4], 2), "full": ([64, 128], 5)}[PROFILE]
q = lab.question('Q', hidden_size=SIZES, seeds=N).control('long', epochs=40)
try:  # what is tried is no question of the notebook
    lab.question("Two knobs", hidden_size=[2, 4], num_layers=[1, 2])
except ValueError as error:
    print(error)
longer = q.control("twice as long", epochs=2 * N)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(notebook, tmp_path / "q.ipynb")
    asked = question_of(tmp_path / "q.ipynb")
    assert asked.profile.seeds == 2 and len(asked.settings) == 4


def test_settings_are_parsed_as_their_fields_take_them():
    told = parse_settings(["dropout=0, .1", "residual=true,no", "epochs=3"])
    assert told == {"dropout": [0.0, 0.1], "residual": [True, False], "epochs": 3}


def test_a_series_without_a_file_gives_a_notebook_too(series, tmp_path):
    asked = lab.question("Q", hidden_size=[2, 4], data=series)
    assert question_of(new_notebook(asked, tmp_path / "q.ipynb")).series.name.startswith("demo")


def test_its_record_has_the_explorer_the_verdict_and_what_it_rests_on(table):
    from gru_lab.runs.exchange import read_block

    main(["new", *ASK, "--out", "q.ipynb"])
    (index, page), failed = lab.record(["q.ipynb"], workers=1)
    block, text = read_block(page), page.read_text("utf-8")
    assert not failed and page.parent.name.endswith("_q") and len(block["runs"]) == 4
    assert block["line"].startswith("Cannot tell.") and "hidden_size=4" in block["line"]
    series = question_of("q.ipynb").series
    assert series.digest in block["facts"]["data"] and "3 channels" in block["facts"]["data"]
    assert "How wide?" in block["facts"]["profile"] and block["facts"]["seeds"] == "0, 1"
    assert 'class="explorer"' in text and '"hidden_size": "hidden size"' in text
    assert (
        text.count('class="train-here"') == 1 and series.digest in text.partition("train-here")[2]
    )
    assert "Cannot tell." in index.read_text("utf-8")
    assert re.search(r'aria-label="How wide\?[^>]* Cannot tell\.', text)
