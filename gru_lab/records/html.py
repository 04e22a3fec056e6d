"""What every page of ours shares: the templates, one packed copy of plotly.js, and a figure as
HTML.
"""

import base64
import functools
import gzip
import html
import json
import re
from pathlib import Path

import jinja2
from plotly.offline import get_plotlyjs

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
PLOTLY = "application/vnd.plotly.v1+json"
FIGURE = """\
<figure class="plot" aria-label="{label}" style="min-height: {height}px">
<script type="application/json">{payload}</script>
<noscript>The figure &ldquo;{label}&rdquo; is drawn by JavaScript, which is switched off here.
The script is part of this file and asks the network for nothing.</noscript>
</figure>"""


@functools.cache
def packed_plotly() -> str:
    """Return plotly.js from the plotly wheel, gzipped and in base64: 2 MB instead of 5."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()


def figure_title(figure: dict) -> str:
    """Return the title of a plotly figure as plain text, or 'Figure' when it has none."""
    title = figure.get("layout", {}).get("title") or ""
    text = title if isinstance(title, str) else title.get("text") or ""
    one_line = re.sub(r"<br\s*/?>", " ", text)
    return html.unescape(re.sub(r"</?\w[^>]*>", "", one_line)).strip() or "Figure"


def figure_html(figure: dict) -> str:
    """Return a plotly figure as HTML that waits for the page's script to draw it."""
    layout = {key: value for key, value in figure.get("layout", {}).items() if key != "width"}
    figure = {**figure, "layout": {**layout, "autosize": True}}
    # Escaping every '<' keeps '</script>' and '<!--' in the data from ending the block early.
    payload = json.dumps(figure, separators=(",", ":")).replace("<", r"\u003c")
    label = html.escape(figure_title(figure))
    return FIGURE.format(label=label, height=int(layout.get("height") or 450), payload=payload)
