"""The notebooks as they are committed: their order, their length, their prose, and nothing left in
them.

Their solutions are executed here, on the tiny profile; the notebooks themselves by the tests of
records.
"""

import ast
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from gru_lab.records.notebooks import set_parameters
from gru_lab.runs.recording import recording
from gru_lab.tuning_log.stages import STAGES as DATA

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
SOLUTIONS = sorted((FOLDER / "solutions").glob("*.ipynb"))
STAGES = [path for path in NOTEBOOKS if "01" <= path.name[:2] <= "05"]
HEADINGS = [
    "Question",
    "What the log says",
    "Prediction",
    "Experiment",
    "Picture",
    "Verdict",
    "Exercises",
]

each_stage = pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
each_file = pytest.mark.parametrize(
    "path", NOTEBOOKS + SOLUTIONS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_the_notebooks_are_there_in_order():
    names = [path.stem for path in NOTEBOOKS]
    stages = [f"{stage.number:02d}_{name}" for name, stage in DATA.items()]
    assert names[:7] == ["00_start_here", *stages, "06_second_opinion"]
    assert [path.stem for path in SOLUTIONS][:6] == [f"{name}_solutions" for name in names[1:7]]


@each_file
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


@each_file
def test_the_first_code_cell_holds_the_parameters_that_a_record_replaces(path):
    first = cells(path, "code")[0]
    assert first.metadata.tags == ["parameters"]
    names = {name.id for name in ast.walk(ast.parse(first.source)) if isinstance(name, ast.Name)}
    assert names == {"PROFILE", "SEEDS", "DATA", "SPLIT_BY"}


@each_file
def test_a_notebook_defines_no_function_of_its_own(path):
    for cell in cells(path, "code"):
        assert not any(
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            for node in ast.walk(ast.parse(cell.source))
        )


@each_stage
def test_a_stage_notebook_asks_predicts_runs_shows_and_judges_in_that_order(path):
    prose = "\n".join(cell.source for cell in cells(path, "markdown"))
    found = [
        heading for heading in re.findall(r"^## (.+)$", prose, flags=re.M) if heading in HEADINGS
    ]
    assert found == HEADINGS
    exercises = prose.partition("## Exercises")[2]
    assert 3 <= len(re.findall(r"^\d\. ", exercises, flags=re.M)) <= 4
    code = "\n".join(cell.source for cell in cells(path, "code"))
    steps = [
        "lab.predict(stage)",
        "lab.sweep(stage, SEEDS)",
        "lab.plot(results, guess=prediction.guess)",
    ]
    places = [code.index(step) for step in [*steps, "lab.panel(stage)", "lab.verdict(results)"]]
    assert places == sorted(places)


@each_notebook
def test_every_picture_is_followed_by_a_box_on_how_to_read_it(path):
    every = nbformat.read(path, as_version=4).cells
    for place, cell in enumerate(every):
        if "lab.plot(" in cell.source and cell.cell_type == "code":
            after = next(one for one in every[place:] if "lab.plot(" not in one.source)
            assert re.match(r"> \*\*How to read th(is|ese) pictures?\.\*\*", after.source), (
                cell.source
            )


def settings_values():
    """Numbers that prose may name: the values that are turned, and those that a profile or the log
    fixes.
    """
    values = {"0.5", "0.2", "0.1", "0.05"} | {f"{number:02d}" for number in range(10)}
    for stage in DATA.values():
        values |= {str(number) for number in range(11)} | {
            f"{one.weight:g}" for one in stage.settings
        }
    return values


@each_file
def test_no_figure_is_typed_into_the_prose(path):
    for cell in cells(path, "markdown"):
        prose = re.sub(
            r"`[^`]*`|\$[^$]+\$|^(\d\.|## \d\.)|\d+ % interval|\(\d{4}\)",
            "",
            cell.source,
            flags=re.M,
        )
        numbers = re.findall(r"\d+(?:[.,]\d+)*(?:e-?\d+)?", prose)
        assert set(numbers) <= settings_values(), (numbers, cell.source)
        assert not re.search(r"\d\s*%", prose), cell.source


@pytest.mark.parametrize("path", STAGES + NOTEBOOKS[6:8], ids=lambda path: path.stem)
def test_every_exercise_has_its_solution(path):
    exercises = "\n".join(cell.source for cell in cells(path, "markdown")).partition(
        "## Exercises"
    )[2]
    solutions = (
        FOLDER / "solutions" / f"{path.stem}_solutions.ipynb"
    )  # a name of its own, so that both can be recorded
    assert f"`solutions/{solutions.name}`" in exercises
    numbers = re.findall(r"^(\d)\. ", exercises, flags=re.M)
    prose = "\n".join(cell.source for cell in cells(solutions, "markdown"))
    assert re.findall(r"^## (\d)\. ", prose, flags=re.M) == numbers and 3 <= len(numbers) <= 4


@each_solution
def test_a_solution_is_short_too(path):
    assert max(len(cell.source.splitlines()) for cell in cells(path, "code")) <= 15


@pytest.fixture(scope="module")
def kernel(tiny_runs, tmp_path_factory):
    """A kernel for all solutions, since one takes longer to start than most of them to run."""
    folder = tmp_path_factory.mktemp("solutions")
    with recording(tiny_runs(folder)) as (environment, _):
        manager, client = start_new_kernel(env=environment, cwd=folder)
        client.stop_channels()
        yield manager
        manager.shutdown_kernel(now=True)


@each_solution
def test_a_solution_runs(path, kernel):
    notebook = nbformat.read(path, as_version=4)
    set_parameters(notebook, PROFILE="tiny", SEEDS=2, DATA=None, SPLIT_BY=None)
    notebook.cells.insert(0, new_code_cell("%reset -f"))  # nothing of the one before it
    NotebookClient(notebook, km=kernel, timeout=600).execute()


def test_the_teachers_page_knows_every_notebook_and_no_other():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\d\d_\w+)`", page)) == {path.stem for path in NOTEBOOKS}
