"""The package as a whole: quick to import, and each room imports only rooms before it."""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import gru_lab as lab

PACKAGE = Path(lab.__file__).parent
HEAVY = (
    "torch",
    "plotly",
    "ipywidgets",
    "dask",
    "distributed",
    "pandas",
    "numpy",
    "sqlalchemy",
    "nbconvert",
)
SHOWING = {
    "plotly",
    "ipywidgets",
    "anywidget",
    "IPython",
    "nbconvert",
    "nbclient",
    "nbformat",
    "latex2mathml",
}
STUDYING = {"dask", "distributed", "optuna", "sqlalchemy", "tqdm"}

# the order of the rooms: a module imports only from rooms before its own, and from its own
ROOMS = [
    {"errors", "output", "digits"},
    {  # the ground
        *("config", "series", "gaps", "demo", "model", "loss", "adam", "device", "checkpoint"),
        *("trainer", "words"),
    },
    {"tables"},
    {"repairs", "tuning_log"},  # side by side: neither sees the other
    {"runs"},
    {"evidence"},
    {"plots"},
    {"widgets"},
    {"records"},
    {"commands"},
    {"table_options"},
    {"study_commands", "run_commands", "table_commands"},
    {"cli"},
]
PLACE = {room: place for place, rooms in enumerate(ROOMS) for room in rooms}


def room_of(name):
    """The room of a module's full name, such as 'runs' of gru_lab.runs.store."""
    return name.split(".")[1]


def is_beside(name, other):
    """Whether two modules are in one room; the modules of the ground share one."""
    ground = {room for rooms in ROOMS if "trainer" in rooms for room in rooms}
    return room_of(name) == room_of(other) or {room_of(name), room_of(other)} <= ground


def name_of(path):
    return ".".join(["gru_lab", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(
        ".__init__"
    )


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
del MODULES["gru_lab"]  # the face: it names modules of all rooms and imports none


def imported(path):
    """Every module a file imports, wherever in it, by its full name."""
    package = ".".join(["gru_lab", *path.relative_to(PACKAGE).parts[:-1]])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = (
                package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            )
            source = ".".join([*above, *filter(None, [node.module])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def test_every_module_is_in_a_room_of_the_list():
    assert {room_of(name) for name in MODULES} == set(PLACE)


@pytest.mark.parametrize("name", MODULES)
def test_a_room_imports_only_rooms_before_it(name):
    room = room_of(name)
    ours = {
        module
        for module in imported(MODULES[name])
        if module in MODULES and not is_beside(name, module)
    }
    assert {module for module in ours if PLACE[room_of(module)] >= PLACE[room]} == set()
    above = (SHOWING if PLACE[room] < PLACE["plots"] else set()) | (
        STUDYING if PLACE[room] < PLACE["repairs"] else set()
    )
    assert {module.partition(".")[0] for module in imported(MODULES[name])} & above == set()


def test_no_modules_import_each_other_in_a_circle():
    """Each module once in an order in which all that it imports comes before it; function-level
    imports count too.
    """
    graph = {
        name: {module for module in imported(path) if module in MODULES}
        for name, path in MODULES.items()
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


SELF = {"self", "cls"}
VAGUE = {"one", "found", "said", "own", "every", "told"}  # a variable is called what it holds
MODULE_LINES, FUNCTION_LINES = 250, 40
LONGER = {  # may shrink, not grow
    "gru_lab.tables.layout.Layout._laid_out": 43,
}


def functions(tree, name=""):
    """Every function of a module as (its name, whether it is public, its node)."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, f"{name}.{node.name}")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name}.{node.name}", not re.search(r"\._", f"{name}.{node.name}"), node


@pytest.mark.parametrize("name", MODULES)
def test_a_public_function_has_types_and_no_variable_is_vague(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    untyped, vague = [], []
    for function, public, node in functions(tree):
        arguments = [part for part in ast.walk(node.args) if isinstance(part, ast.arg)]
        bare = [arg.arg for arg in arguments if not arg.annotation and arg.arg not in SELF]
        if public and (bare or not node.returns):
            untyped.append((function, bare))
        vague += [arg.arg for arg in ast.walk(node) if isinstance(arg, ast.arg)]
        names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
        vague += [part.id for part in names if isinstance(part.ctx, ast.Store)]
    assert untyped == [] and VAGUE.isdisjoint(vague)


@pytest.mark.parametrize("name", MODULES)
def test_modules_and_functions_stay_short(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGER.get(name, MODULE_LINES)
    for function, _, node in functions(ast.parse(text)):
        code = node.body[ast.get_docstring(node) is not None :] or node.body
        lines = node.end_lineno - code[0].lineno + 1
        assert lines <= LONGER.get(f"{name}{function}", FUNCTION_LINES), function


def test_the_check_of_imports_sees_them_where_they_hide():
    found = set(imported(PACKAGE / "runs" / "sweep.py"))
    assert {"gru_lab.runs.cluster", "gru_lab.runs.cluster.Jobs", "gru_lab.config"} <= found


def loaded_after(statement):
    """Which of the heavy packages a fresh interpreter has loaded after running `statement`."""
    script = f"import sys\n{statement}\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
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


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in lab.__all__
        if not lab._HOMES[name].startswith(("plots", "widgets", "records"))
    ],
)
def test_every_name_that_is_given_is_there_and_documented(name):
    assert getattr(lab, name).__doc__


def test_the_package_gives_few_names_and_lists_them():
    assert set(lab.__all__) <= set(dir(lab))
    assert 10 <= len(lab.__all__) <= 33


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(
        AttributeError,
        match="module 'gru_lab' has no attribute 'Trainr'; it has RunConfig, .*Trainer",
    ):
        _ = lab.Trainr
