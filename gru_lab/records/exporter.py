"""One executed notebook as one HTML file that opens anywhere, offline.

`RecordExporter` is an nbconvert exporter with its own template (`templates/gru_record`): figures
carry their data and share one copy of plotly.js, formulas become MathML, code is folded, nothing is
fetched.
"""

import html
import json
import re
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool, default

from gru_lab.records.html import PLOTLY, POLICY, TRAINING_POLICY, figure_html, packed_plotly
from gru_lab.records.notebooks import WIDGET, is_bar
from gru_lab.records.provenance import foot_of, page_of
from gru_lab.runs.recording import RUNS
from gru_lab.words import OURS, TAGS, from_english, translated, words

GONE = (
    "A control that needs a running kernel stood here. To see it work, open the notebook and run "
    "this cell; <code>gru-lab record</code> with the notebook's path puts sliders over the stored "
    "runs in its place."
)
# the id of a table that pandas styled
STYLED = re.compile(r"\bT_[0-9a-f]{5}\b|\bT_[0-9a-f]{5}(?=_)")
FILE_LINK = re.compile(r"<a href='([^'<>]*)' target='_blank'>")  # as IPython's FileLink shows it
EXPLORER = re.compile(r'id="explorer-[0-9a-f]+-data">{')  # where its data begins
# elements of raw HTML in a foreign notebook's text that may run something
RUNNING = "script iframe frame object embed svg base meta link template".split()
ADDRESSES = {"href", "xlink:href", "src", "action", "formaction", "data", "from", "to", "values"}
PICTURES = {"img", "image", "source"}  # run nothing, wherever they come from
MAY_RUN = re.compile(
    rf"<({'|'.join(RUNNING)})\b|[\s/\"'](on[a-z]+|{'|'.join(ADDRESSES)})\s*=", re.I
)
NEEDS_KERNEL = {WIDGET, "application/javascript", RUNS}


def formula_html(tex: str, display: str) -> str:
    """Return a LaTeX formula as MathML, or as its source when it cannot be read."""
    try:
        # latex2mathml knows `split`, which means the same, but not `aligned`.
        return convert(tex.strip().replace("{aligned}", "{split}"), display=display)
    except Exception:  # its errors share no base class, and odd input raises others still
        return f'<code class="tex">{html.escape(tex.strip())}</code>'


def is_harmful(url: str) -> bool:
    """Tell whether a link would run a script instead of leading somewhere."""
    plain = re.sub(r"[\x00-\x20\x7f-\xa0\u2028\u2029]", "", html.unescape(url)).lower()
    return plain.startswith(("javascript:", "vbscript:", "data:text/html", "data:image/svg"))


def without_scripts(page: str, output: bool = False) -> str:
    """Return HTML whose links run no script. A text's runs nothing at all: it has no scripts,
    frames and handlers of events, which an `output` keeps, as widgets need them.
    """
    if not MAY_RUN.search(page):
        return page
    soup, changed = BeautifulSoup(page, "html.parser"), False
    for tag in [] if output else soup.find_all(RUNNING):
        tag.decompose()
        changed = True
    for tag in soup.find_all(True):
        for name, value in list(tag.attrs.items()):
            if name.lower().startswith("on") and not output:
                del tag[name]
            elif name.lower() in ADDRESSES and tag.name not in PICTURES and is_harmful(str(value)):
                tag[name] = "#"
            else:
                continue
            changed = True
    return str(soup) if changed else page


def texts_in(page: str, language: str) -> str:
    """Return HTML in which the texts of our own verdicts and questions are in a language."""
    if language == "en" or OURS not in page:
        return page
    soup = BeautifulSoup(page, "html.parser")
    for part in soup.select(f".{OURS}"):
        part["lang"] = TAGS[language]
        for text in part.find_all(string=True):
            text.replace_with(text.replace(text.strip(), translated(text.strip(), language)))
    return str(soup)


class MathMLRenderer(IPythonRenderer):
    """nbconvert's markdown renderer with finished formulas; links that run a script stay text."""

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if is_harmful(url):
            return f"{text} ({html.escape(url)})"
        return super().link(text, url, title)

    def inline_math(self, body: str) -> str:
        return formula_html(body, "inline")

    def block_math(self, body: str) -> str:
        return f'<span class="formula">{formula_html(body, "block")}</span>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


class OfflineOutputs(Preprocessor):
    """Keep of each output what needs no kernel, and turn plotly figures into HTML."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple:
        nb.metadata.pop("widgets", None)
        language = resources.get("record", {}).get("language", "en")
        other = language != "en"  # than that of the notebooks
        resources |= {"policy": POLICY, "language": language, "words": words(language)}
        resources["lang"] = f' lang="{TAGS[language]}"' * other
        facts = json.dumps({"words": from_english(language)})[1:-1] + ", "
        self._ids, self._facts = {}, facts.replace("<", r"\u003c") * other
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple:
        for output in cell.get("outputs", []):
            data, language = output.get("data", {}), resources["language"]
            if PLOTLY in data:
                resources["plotly_js"] = packed_plotly()
            if data:
                output["data"] = self.offline_bundle(data, language)
                data = output["data"]  # nbformat's copy
            if page := data.get("text/html"):
                page = EXPLORER.sub(lambda start: start[0] + self._facts, page)
                # the same tables give the same page
                data["text/html"] = STYLED.sub(self._counted, texts_in(page, language))
                if 'class="train-here"' in page:
                    resources["policy"] = TRAINING_POLICY
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("data", True)]
        return cell, resources

    def _counted(self, match):
        """Return the id of a styled table as a number: pandas draws a new one each time."""
        return self._ids.setdefault(match[0], f"T_{len(self._ids) + 1:04}")

    @staticmethod
    def offline_bundle(data: dict, language: str = "en") -> dict:
        """Return the offline part of a MIME bundle: a note for a widget, {} for a bar or a lone
        script.
        """
        if PLOTLY in data:
            return {"text/html": figure_html(data[PLOTLY], language)}
        if link := FILE_LINK.match(str(data.get("text/html", ""))):  # nobody has the file beside it
            written = words(language)["Written to <code>{file}</code>."].format(file=link[1])
            return {"text/html": f"<p>{written}</p>"}
        rest = {mime: content for mime, content in data.items() if mime not in NEEDS_KERNEL}
        for mime in {"text/html", "image/svg+xml"} & rest.keys():
            rest[mime] = without_scripts(rest[mime], output=True)
        only_its_name = len(rest) < len(data) and set(rest) <= {"text/plain"}
        if not only_its_name:
            return rest
        gone = {"text/html": f'<p class="gone">{words(language)[GONE]}</p>'}
        return gone if WIDGET in data and not is_bar(data) else {}


class RecordExporter(HTMLExporter):
    """Write a record. The title is `nb.metadata.title`, else `resources["metadata"]["name"]`.

    `resources["record"]` may hold `nav_html` (shown first) and `provenance_html` (shown last): both
    are trusted and inserted as they are.
    """

    export_from_notebook = "GRU Lab record"
    embed_images = Bool(True).tag(config=True)
    exclude_input_prompt = Bool(True).tag(config=True)
    exclude_output_prompt = Bool(True).tag(config=True)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict | None = None, **options: Any
    ) -> tuple:
        """Return (page, resources). A notebook exported as it stands, from JupyterLab's menu, gets
        its runs and its foot here; `gru-lab record` gives them in `resources["record"]`.
        """
        resources = dict(resources or {})
        if "record" not in resources:
            about = resources.get("metadata", {})
            page = page_of(nb, about.get("name") or "Notebook", about.get("path"))
            resources["record"] = {"provenance_html": foot_of(page)}
        return super().from_notebook_node(nb, resources, **options)

    @default("template_name")
    def _template_name_default(self):
        return "gru_record"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self):
        return [str(Path(__file__).with_name("templates"))]

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Render markdown as nbconvert does, with formulas as MathML."""
        renderer = MathMLRenderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=self.embed_images,
            exclude_anchor_links=True,  # each would be a stop on the Tab key's way to the sliders
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
        )
        return without_scripts(MarkdownWithMath(renderer=renderer).render(source))
