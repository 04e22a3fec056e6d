"""What all our pages share: the templates, one packed plotly.js, and a figure as HTML."""

import base64
import functools
import gzip
import html
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from gru_lab.words import TAGS, translated, words

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
)
# what a page may do: run and show what is in it, and ask the network for nothing
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; media-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
# the same for one that trains: a worker out of its own text, and WebAssembly; text is still not run
TRAINING_POLICY = POLICY.replace("'unsafe-inline'", "'unsafe-inline' 'wasm-unsafe-eval'", 1)
TRAINING_POLICY += "; worker-src blob:"
LINES_TOLD = 4  # in its sentence
TEXTS = {"text", "name", "hovertemplate", "says"}  # of a figure
PLOTLY = "application/vnd.plotly.v1+json"


@functools.cache
def packed_plotly() -> str:
    """Return plotly.js from the plotly wheel, gzipped and in base64: 2 MB instead of 5."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()


def figure_title(figure: dict) -> str:
    """Return the title of a plotly figure as plain text, or 'Figure' when it has none."""
    title = figure.get("layout", {}).get("title") or ""
    text = title if isinstance(title, str) else title.get("text") or ""
    one_line = re.sub(r"<br\s*/?>", " ", text)
    return html.unescape(re.sub(r"</?\w[^<>]*>", "", one_line)).strip() or "Figure"


def _numbers(values):
    """Return a trace's values as an array, unpacked; empty if they are no numbers in a row."""
    if isinstance(values, dict):
        values = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    try:  # None in it becomes NaN
        numbers = np.asarray([] if values is None else values, dtype=float)
    except (TypeError, ValueError):
        return np.array([])
    return numbers[np.isfinite(numbers)] if numbers.ndim == 1 else np.array([])


def render(template: str, language: str = "en", **parts: Any) -> str:
    """Return a page or a part of one in a language, en or zh, from its template and `parts`.

    In a template `_(text)` is a fixed text, as HTML, and `say(text)` a sentence made of some.
    """
    texts, say = words(language), functools.partial(translated, language=language)
    known = {"_": lambda text: Markup(texts[text]), "say": say, "lang": TAGS[language]}
    return TEMPLATES.get_template(template).render(known | parts)


def in_language(part: Any, language: str, kept: Iterable[str] = (), key: str = "") -> Any:
    """Return a part of one of our figures with its texts in a language, but for those `kept`."""
    if isinstance(part, dict):
        return {
            name: value if name == "template" else in_language(value, language, kept, name)
            for name, value in part.items()
        }
    if isinstance(part, list):
        return [in_language(value, language, kept, key) for value in part]
    if not isinstance(part, str) or part in kept or key.rpartition(".")[2] not in TEXTS:
        return part
    plain = part.replace("<br>", " ")
    other = translated(plain, language)
    return part if other == plain else other


def trace_words(figure: dict, language: str = "en") -> list[tuple[str, str]]:
    """Return each trace's name, and its first, last and lowest value in words."""
    texts, traces = words(language), []
    sentence = texts["from {first} to {last}, lowest {lowest}, {count} points"]
    for number, trace in enumerate(figure.get("data", []), start=1):
        drawn = trace.get("name") or trace.get("showlegend") is not False  # no band, no thin line
        if drawn and len(values := _numbers(trace.get("y"))):
            shown = dict(first=values[0], last=values[-1], lowest=values.min())
            shown = {name: f"{value:.3g}" for name, value in shown.items()} | {"count": len(values)}
            name = trace.get("name") or texts["line {number}"].format(number=number)
            traces.append((name, sentence.format(**shown)))
    return traces


def figure_sentence(figure: dict, language: str = "en") -> str:
    """Return in words what a plotly figure shows: what its layout's meta `says`, or its lines."""
    texts, says = words(language), (figure.get("layout", {}).get("meta") or {}).get("says")
    lines = [" ".join(named) for named in trace_words(figure, language)]
    if len(lines) > LINES_TOLD:
        more = texts["and {count} more"].format(count=len(lines) - LINES_TOLD)
        lines = [*lines[:LINES_TOLD], more]
    title = figure_title(figure)
    title = texts["A figure without a title"] if title == "Figure" else title
    title += "" if title.endswith(("?", "!", ".")) else "."
    return " ".join([title, says or "; ".join(lines)]).strip()


def figure_html(figure: dict, language: str = "en") -> str:
    """Return a plotly figure as HTML that waits for the page's script to draw it."""
    meta = figure.get("layout", {}).get("meta") or {}
    if language != "en" and "kept" in meta:  # one of ours
        figure = in_language(figure, language, meta["kept"])
    layout = {key: value for key, value in figure.get("layout", {}).items() if key != "width"}
    figure = {**figure, "layout": {**layout, "autosize": True}}
    # Escaping every '<' keeps '</script>' and '<!--' in the data from ending the block early.
    payload = json.dumps(figure, separators=(",", ":")).replace("<", r"\u003c")
    return render(
        "figure.html.j2",
        language,
        title=figure_title(figure),
        sentence=figure_sentence(figure, language),
        height=int(layout.get("height") or 450),
        payload=Markup(payload),
    )
