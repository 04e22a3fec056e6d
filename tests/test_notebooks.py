"""The notebooks as they are committed: their order, their length, their prose, and nothing left in them."""

import ast
import re
import statistics
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9][0-9]_*.ipynb"))
STAGES = [path for path in NOTEBOOKS if "01" <= path.name[:2] <= "05"]
HEADINGS = ["Question", "What the log says", "Prediction", "Experiment", "Picture", "Verdict", "Exercises"]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_the_notebooks_are_there_in_order():
    names = [path.stem for path in NOTEBOOKS]
    assert names[:6] == ("00_start_here 01_mask_input 02_missing_weight 03_num_layers 04_dropout 05_loss_ratio".split())


@each_notebook
def test_a_notebook_is_committed_without_outputs_or_widget_state(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    assert all(not cell.outputs and cell.execution_count is None for cell in cells(path, "code"))


@each_notebook
def test_a_notebook_is_short_and_has_more_prose_than_code(path):
    code = [cell.source for cell in cells(path, "code")]
    lengths = [len(source.splitlines()) for source in code]
    words = sum(len(cell.source.split()) for cell in cells(path, "markdown"))
    assert 20 <= len(nbformat.read(path, as_version=4).cells) <= 30
    assert statistics.median(lengths) <= 3 and max(lengths) <= 15
    assert words >= 5 * sum(lengths)


@each_notebook
def test_the_first_code_cell_holds_the_parameters_that_a_record_replaces(path):
    first = cells(path, "code")[0]
    assert first.metadata.tags == ["parameters"]
    names = {name.id for name in ast.walk(ast.parse(first.source)) if isinstance(name, ast.Name)}
    assert names == {"PROFILE", "SEEDS", "DATA", "SPLIT_BY"}


@each_notebook
def test_a_notebook_defines_no_function_of_its_own(path):
    for cell in cells(path, "code"):
        assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(ast.parse(cell.source)))


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_notebook_asks_predicts_runs_shows_and_judges_in_that_order(path):
    prose = "\n".join(cell.source for cell in cells(path, "markdown"))
    found = [heading for heading in re.findall(r"^## (.+)$", prose, flags=re.M) if heading in HEADINGS]
    assert found == HEADINGS
    exercises = prose.partition("## Exercises")[2]
    assert 3 <= len(re.findall(r"^\d\. ", exercises, flags=re.M)) <= 4
    code = "\n".join(cell.source for cell in cells(path, "code"))
    assert "lab.sweep(stage, SEEDS)" in code and "lab.panel(stage)" in code and "lab.plot_stage(results)" in code
