"""The package as a whole: quick to import, and each floor stands on those below it alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gru_lab as lab

PACKAGE = Path(lab.__file__).parent
HEAVY = ("torch", "plotly", "ipywidgets", "dask", "distributed", "pandas", "numpy", "sqlalchemy", "nbconvert")
SHOWING = {"plotly", "ipywidgets", "anywidget", "IPython", "nbconvert", "nbclient", "nbformat", "latex2mathml"}
STUDYING = {"dask", "distributed", "optuna", "sqlalchemy", "tqdm"}
UPPER = {"gru_lab.study", "gru_lab.mend", "gru_lab.show", "gru_lab.cli", "gru_lab.commands"}

# what the modules of a floor must not import, at their top or anywhere in them
FORBIDDEN = {
    "ground": UPPER | SHOWING | STUDYING,
    "study": (UPPER - {"gru_lab.study"}) | SHOWING,  # study and mend stand side by side on the first floor
    "mend": (UPPER - {"gru_lab.mend"}) | SHOWING,
    "show": {"gru_lab.cli", "gru_lab.commands"},
}


def floor_of(path):
    folder = path.relative_to(PACKAGE).parts[0]
    if folder in ("study", "mend", "show"):
        return folder
    return None if folder in ("cli.py", "commands.py") else "ground"


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if floor_of(path)]


def imported(path):
    """Every module a file imports, wherever in it, by its full name."""
    package = ".".join(["gru_lab", *path.relative_to(PACKAGE).parts[:-1]])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downward_only(path):
    forbidden = FORBIDDEN[floor_of(path)]
    above = {name for name in imported(path) for top in forbidden if f"{name}.".startswith(f"{top}.")}
    assert not above


def test_the_check_of_imports_sees_them_where_they_hide(tmp_path):
    path = PACKAGE / "study" / "many.py"
    assert {"gru_lab.study.cluster", "gru_lab.study.cluster.Jobs", "gru_lab.trainer"} <= set(imported(path))


def loaded_after(statement):
    """Which of the heavy packages a fresh interpreter has loaded after running `statement`."""
    script = f"import sys\n{statement}\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import gru_lab as lab; dir(lab)") == set()


def test_training_loads_neither_plots_nor_widgets_nor_dask():
    assert loaded_after("import gru_lab as lab; lab.Trainer, lab.stage, lab.Store, lab.sweep") <= {
        "torch",
        "pandas",
        "numpy",
        "sqlalchemy",
    }


@pytest.mark.parametrize("name", [name for name in lab.__all__ if not lab._HOMES[name].startswith("show")])
def test_every_name_that_is_given_is_there_and_documented(name):
    assert getattr(lab, name).__doc__


def test_the_package_gives_few_names_and_lists_them():
    assert set(lab.__all__) <= set(dir(lab))
    assert 10 <= len(lab.__all__) <= 33


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(AttributeError, match="module 'gru_lab' has no attribute 'Trainr'; it has RunConfig, .*Trainer"):
        _ = lab.Trainr
