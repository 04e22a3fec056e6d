"""An executed notebook as Markdown: its figures and sliders are told in words."""

import re

from nbconvert.exporters import MarkdownExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from gru_lab.records.html import PLOTLY, figure_title, trace_words

SCRIPTED = re.compile(r"<script\b", re.I)
STYLE = re.compile(r"<style\b[^<]{0,100000}</style>\s{0,100}", re.I)  # its text has no tags
SLIDERS = "*Sliders over the stored runs stand here in the HTML record.*"
MARKS = re.compile(r"([\\`*_\[\]<>|#])")


def _plain(text):
    """Return text in which Markdown and HTML find nothing to do."""
    return MARKS.sub(r"\\\1", " ".join(str(text).split()))


def figure_words(figure: dict) -> str:
    """Return a plotly figure as Markdown: its title, each trace's first, lowest and last value."""
    title = f"**Figure: {_plain(figure_title(figure))}** (drawn in the HTML record)"
    traces = [f"- {_plain(name)}: {values}" for name, values in trace_words(figure)]
    return "\n".join([title, "", *traces])


class InWords(Preprocessor):
    """Replace what only a browser shows by words."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if PLOTLY in data:
                output["data"] = {"text/markdown": figure_words(data[PLOTLY])}
            elif SCRIPTED.search(data.get("text/html", "")):
                output["data"] = {"text/markdown": SLIDERS}
            elif "text/html" in data:
                data["text/html"] = STYLE.sub("", data["text/html"])
        return cell, resources


def as_markdown(notebook: NotebookNode) -> str:
    """Return an executed notebook as Markdown text; the notebook stays as it is."""
    exporter = MarkdownExporter()
    exporter.register_preprocessor(InWords, enabled=True)
    return exporter.from_notebook_node(notebook)[0]
