"""A notebook for a question of one's own: written from a template, and read back."""

import ast
import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from gru_lab.config import LABELS, one_of
from gru_lab.output import require_place, write_whole
from gru_lab.records.html import render
from gru_lab.runs.select import parse_value
from gru_lab.tuning_log.question import Question, question


def parse_settings(texts: Iterable[str]) -> dict[str, object]:
    """Return 'name=value' and 'name=value,value' texts as settings of a question.

    >>> parse_settings(["hidden_size=16,32", "dropout=0.1"])
    {'hidden_size': [16, 32], 'dropout': 0.1}
    """
    settings = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (equals and value):
            raise ValueError(
                f"a setting must be NAME=VALUE, or NAME=VALUE,VALUE for the knob, not {text!r}"
            )
        one_of("a setting", name, LABELS)
        if name in settings:
            raise ValueError(f"{name} must be given once; write its values as {name}=A,B")
        values = [parse_value(name, part.strip()) for part in value.split(",") if part.strip()]
        settings[name] = values if "," in value else values[0]
    return settings


def new_notebook(
    asked: Question,
    path: str | Path | None = None,
    data: str | Path | None = None,
    split_by: str | None = None,
) -> Path:
    """Write a notebook that asks a question, with the headings of the lesson, and return its path.

    `path` is by default the question's words. Raises ValueError where a file of that name exists.
    """
    words = asked.name.removeprefix("question: ")
    path = require_place("--out", Path(path or f"{'_'.join(words.split()) or 'question'}.ipynb"))
    if path.suffix != ".ipynb":
        raise ValueError(f"--out must be a notebook, such as {path.name}.ipynb, not {path.name!r}")
    if path.exists():
        raise ValueError(f"{str(path)!r} exists, and is not written over; name another with --out")
    arguments = {name: value for name, value in asked.arguments if name != "seeds"}
    cells = render(
        "question.ipynb.j2",
        question=asked,
        arguments=arguments.items(),
        data=str(data) if data is not None else None,
        split_by=split_by,
        seeds=asked.profile.seeds,
    )
    notebook = nbformat.v4.new_notebook()
    for place, cell in enumerate(f"\n{cells.strip()}".split("\n%%%% ")[1:]):
        kind, _, source = cell.partition("\n")
        make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        notebook.cells.append(make(source.strip(), id=f"question-{place:02}"))
    write_whole(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    return path


def question_of(path: str | Path, notebook: NotebookNode | None = None) -> Question:
    """Return the question that a notebook asks by literals, without running it.

    `notebook` is what was read from `path`, if it was.
    Raises ValueError where there is none, or where it rests on something that has to be computed.
    """
    try:
        cells = (notebook or nbformat.read(path, as_version=4)).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        tree = ast.parse("\n".join(line for line in code.splitlines() if line[:1] not in "%!"))
    except Exception as error:  # whatever is wrong with the file
        raise ValueError(f"{str(path)!r} must be a notebook that can be read: {error}") from error
    names, asked = {}, None
    for node in (node for node in tree.body if isinstance(node, ast.Assign | ast.Expr)):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            _remember(names, node.targets[0], node.value)
        if isinstance(node.value, ast.Call) and _called(node.value) in ("question", "control"):
            asked = _asked(node.value, names, path) or asked
    if asked is None:
        raise ValueError(
            f"{str(path)!r} must ask a question with lab.question(...); `gru-lab new` writes one "
            "that does"
        )
    return asked


def _value(names, node):
    """Return what a node is where that is written out: a literal, such a name, an entry of one.

    Raises ValueError, LookupError or TypeError where it is not.
    """
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.Subscript):
        return _value(names, node.value)[_value(names, node.slice)]
    return ast.literal_eval(node)


def _remember(names, target, value):
    """Keep what a name is, or the names of a tuple are, where it is written out."""
    pairs = [(target, value)]
    if isinstance(target, ast.Tuple):
        parts = [ast.Subscript(value, ast.Constant(place)) for place in range(len(target.elts))]
        pairs = zip(target.elts, getattr(value, "elts", parts), strict=False)
    for name, written in pairs:
        if isinstance(name, ast.Name):
            names.pop(name.id, None)
            with contextlib.suppress(ValueError, LookupError, TypeError):
                names[name.id] = _value(names, written)


def _called(call):
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _asked(call, names, path):
    inner = getattr(call.func, "value", None)
    if _called(call) == "control" and not isinstance(inner, ast.Call):
        return None  # of a question that is asked elsewhere

    def value(node):
        try:
            return _value(names, node)
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(
                f"{str(path)!r}: the question must be written out to be read, not computed: "
                f"{ast.unparse(node)}; run the notebook and use lab.write_log in it"
            ) from error

    arguments = [value(node) for node in call.args]
    keywords = {keyword.arg: value(keyword.value) for keyword in call.keywords}
    if _called(call) == "question":
        return question(*arguments, **keywords)
    if _called(inner) in ("question", "control"):
        asked = _asked(inner, names, path)
        return asked and asked.control(*arguments, **keywords)
    return None
