"""A record is one file, complete without the network, and says what the notebook said."""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import plotly.graph_objects as go
import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from gru_lab.records.exporter import RecordExporter, is_harmful
from gru_lab.records.html import PLOTLY, figure_html, figure_sentence, figure_title

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9aw"
DOT += "AAAABJRU5ErkJggg=="


def shown(**data):
    """One displayed output; the keyword `plotly` stands for plotly's MIME type, `html` for
    text/html, ...
    """
    short = {"plotly": PLOTLY, "html": "text/html", "text": "text/plain", "widget": WIDGET_VIEW}
    short["svg"] = "image/svg+xml"
    return v4.new_output("display_data", {short[name]: content for name, content in data.items()})


def as_json(figure):
    return json.loads(figure.to_json())


def curve(title="Loss by epoch"):
    return as_json(go.Figure(go.Scatter(y=[3, 2, 1]), layout={"title": title, "width": 1400}))


def code(source, *outputs):
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1)


def export(*cells, resources=None, **metadata):
    notebook = v4.new_notebook(cells=list(cells), metadata=metadata)
    return RecordExporter().from_notebook_node(notebook, resources)[0]


class Page(HTMLParser):
    """An independent reading of the page: its tags, the text in each, everything it would load."""

    LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "object": "data"}

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.texts, self.loads = [], [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)
        address = dict(attrs).get(self.LOADS.get(tag), "") or ""
        if address and not address.startswith("data:"):
            self.loads.append(address)

    def handle_endtag(self, tag):
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


@pytest.fixture(scope="module")
def example():
    """A notebook with something of everything, as a record."""
    heat = go.Figure(go.Heatmap(z=[[1, 2], [3, 4]]), layout={"title": "Second"})
    wide = pd.DataFrame({f"channel_{number:02d}": [0.1, 0.2] for number in range(40)})
    return export(
        v4.new_markdown_cell(
            "# Layers\n\nThe loss $\\frac{A + wM}{1 + w}$ and\n\n$$M = \\sum_t m_t e_t^2$$"
        ),
        code(
            "print('hello')", v4.new_output("stream", name="stdout", text="hello\n" + "long " * 400)
        ),
        code("curve()", shown(plotly=curve("First"), html="<p>not this</p>", text="Figure()")),
        code("heat", shown(plotly=as_json(heat))),
        code("wide", shown(html=wide.to_html(), text="wide")),
        v4.new_markdown_cell(
            "![dot](attachment:dot.png)", attachments={"dot.png": {"image/png": DOT}}
        ),
        code("dot", v4.new_output("display_data", {"image/png": DOT, "image/svg+xml": "<svg/>"})),
        v4.new_raw_cell("raw <b>text</b>"),
        code(
            "1 / 0",
            v4.new_output("error", ename="E", evalue="no", traceback=["\x1b[31mE\x1b[0m: <no>"]),
        ),
        title="Layers",
    )


def test_a_record_loads_nothing_and_forbids_the_network(example):
    page = Page(example)
    assert page.loads == []
    (policy,) = (meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy and "eval" not in policy


def test_plotly_js_is_there_once_and_only_when_a_figure_needs_it(example):
    assert [script.get("id") for script in Page(example).all("script")].count("plotly-js") == 1
    assert len(export(code("1 + 1", shown(text="2")))) < 50_000


def test_eight_figures_fit_in_three_megabytes():
    assert len(export(code("many", *[shown(plotly=curve()) for _ in range(8)]))) < 3_000_000


def test_a_figure_replaces_the_other_forms_of_its_output(example):
    assert "not this" not in example
    assert [figure["data-title"] for figure in Page(example).all("figure")] == ["First", "Second"]
    assert len(Page(example).all("noscript")) == 2


def test_a_figure_cannot_break_out_of_its_data_block():
    nasty = curve("</script><!--<script>")
    nasty["data"][0]["name"] = "</script><!-- <b>"
    page = Page(figure_html(nasty))
    (payload,) = page.texts["script"]
    assert json.loads(payload)["data"] == nasty["data"]
    assert json.loads(payload)["layout"]["title"] == nasty["layout"]["title"]


def test_a_figure_is_as_wide_as_the_page_whatever_its_author_said():
    layout = json.loads(Page(figure_html(curve())).texts["script"][0])["layout"]
    assert "width" not in layout and layout["autosize"]


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ({"title": {"text": "Loss by <b>layers</b><br>two seeds"}}, "Loss by layers two seeds"),
        ({"title": "Old style"}, "Old style"),
        ({"title": {"text": "p < 0.1, q > 0.2"}}, "p < 0.1, q > 0.2"),
        ({"title": {}}, "Figure"),
        ({}, "Figure"),
    ],
)
def test_the_title_is_plain_text(layout, expected):
    assert figure_title({"data": [], "layout": layout}) == expected


def test_a_figures_name_is_a_sentence_of_what_it_shows():
    lines = [{"y": [3, 2.5, 1], "name": f"seed {seed}"} for seed in range(6)]
    title = {"text": "Loss <b>by</b> epoch"}
    told = [f"seed {seed} from 3 to 1, lowest 1, 3 points" for seed in range(4)]
    sentence = "; ".join([*told, "and 2 more"])
    assert figure_sentence({"data": lines, "layout": {"title": title}}) == (
        f"Loss by epoch. {sentence}"
    )
    says = {"title": title, "meta": {"says": "Dropout did <harm>."}}
    assert figure_sentence({"data": lines, "layout": says}) == "Loss by epoch. Dropout did <harm>."
    (figure,) = Page(figure_html({"data": lines, "layout": says})).all("figure")
    assert figure["aria-label"] == "Loss by epoch. Dropout did <harm>."
    assert figure_sentence({"data": [], "layout": {}}) == "A figure without a title."
    asked = {"title": "How much?", "meta": {"says": "None."}}
    assert figure_sentence({"data": [], "layout": asked}) == "How much? None."


@pytest.mark.parametrize(
    "bar",
    [
        "search:   0%|          | 0/18 [00:00<?, ?trial/s]",
        "repair: network, epoch 3:  40%|████      | 00:36 of at most 90 s, error 64%",
    ],
)
def test_of_a_progress_bar_nothing_is_left(bar):
    widget = {"version_major": 2, "version_minor": 0, "model_id": "abc123"}
    page = export(code("lab.sweep(stage)", shown(widget=widget, text=bar)))
    assert "needs a running kernel" not in page and "0/18" not in page


def test_no_widget_and_no_widget_state_is_left():
    widget = {"version_major": 2, "version_minor": 0, "model_id": "abc123"}
    state = {
        "application/vnd.jupyter.widget-state+json": {"state": {"abc123": {}}, "version_major": 2}
    }
    page = export(
        code("IntSlider()", shown(widget=widget, text="IntSlider()")),
        code("Explorer()", shown(widget=widget, html="<p>static picture</p>")),
        widgets=state,
    )
    assert "widget-" not in page and "abc123" not in page
    assert page.count("IntSlider()") == 0 and "static picture" in page


def test_exporting_leaves_the_notebook_as_it_was():
    notebook = v4.new_notebook(cells=[code("curve()", shown(plotly=curve()))])
    RecordExporter().from_notebook_node(notebook)
    assert PLOTLY in notebook.cells[0].outputs[0].data


def test_formulas_become_mathml_but_code_stays_code():
    page = Page(
        export(v4.new_markdown_cell("$a_1$ and `$b$`\n\n$$c$$\n\n```text\n$d$\n```\n\n    $e$\n"))
    )
    assert [formula["display"] for formula in page.all("math")] == ["inline", "block"]
    text = "".join("".join(parts) for parts in page.texts.values())
    assert all(source in text for source in ("$b$", "$d$", "$e$"))


def test_aligned_equations_become_a_table_of_cells():
    page = Page(
        export(v4.new_markdown_cell("$$\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$"))
    )
    assert len(page.all("mtr")) == 2 and len(page.all("mtd")) == 4


def test_a_formula_that_cannot_be_read_stays_as_its_source():
    page = Page(export(v4.new_markdown_cell("Broken: $x<y^$")))
    assert page.all("math") == [] and "x<y^" in page.texts["code"]


def test_the_title_is_escaped():
    nasty = "<script>alert(1)</script>"
    assert "".join(Page(export(title=nasty)).texts["title"]) == nasty
    assert "".join(Page(export(resources={"metadata": {"name": nasty}})).texts["title"]) == nasty


def test_text_outputs_and_errors_are_shown_and_escaped(example):
    text = "".join("".join(parts) for parts in Page(example).texts.values())
    assert "hello" in text and ": <no>" in text and "raw <b>text</b>" in text
    assert 'class="ansi-red-fg"' in example and "\x1b" not in example


def test_each_code_cell_is_folded_and_coloured(example):
    folds = Page(example).all("details")
    assert len(folds) == 6 and all("open" not in fold for fold in folds)
    assert re.search(r'<div class="highlight.*?<span class="nb">print</span>', example, re.DOTALL)


def test_navigation_appears_where_it_is_given_and_a_foot_always(example):
    record = {"nav_html": "<nav>All</nav>", "provenance_html": "<p>seed 0</p>"}
    page = export(v4.new_markdown_cell("text"), resources={"record": record})
    assert (
        page.index("<nav>All</nav>")
        < page.index("<main>")
        < page.index("<footer><p>seed 0</p></footer>")
    )
    assert "<nav>" not in example and "What this record rests on" in example


@pytest.fixture
def open_page(browser, tmp_path):
    """Open a record from disk, offline; collects its requests and complaints."""
    contexts = []

    def open_it(content, width=1200):
        file = tmp_path / "record.html"
        file.write_text(content, encoding="utf-8")
        contexts.append(browser.new_context(offline=True, viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()
        page.requests, page.complaints = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda line: line.type == "error" and page.complaints.append(line.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()


def wait_for_figures(page, count):
    drawn = "document.querySelectorAll('.js-plotly-plot .main-svg:first-child').length"
    page.wait_for_function(f"{drawn} == {count}")


def test_a_browser_without_network_shows_everything(open_page, example):
    page = open_page(example)
    wait_for_figures(page, 2)
    assert page.locator("math").count() == 2
    assert page.locator("img").evaluate_all("images => images.every((image) => image.complete)")
    assert [url for url in page.requests if not url.startswith(("file:", "blob:", "data:"))] == []
    assert len([url for url in page.requests if url.startswith("file:")]) == 1
    assert page.complaints == []


def test_the_keyboard_shows_and_hides_all_code(open_page, example):
    page = open_page(example)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Show all code"
    page.keyboard.press("Enter")
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("document.activeElement.textContent") == "Hide all code"
    page.keyboard.press("Space")
    assert page.locator("details[open]").count() == 0


def test_a_phone_scrolls_tables_and_text_but_not_the_page(open_page, example):
    page = open_page(example, width=400)
    wait_for_figures(page, 2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator(".js-plotly-plot .main-svg").first.evaluate("svg => svg.clientWidth") <= 400


def test_a_figure_that_cannot_be_drawn_says_so(open_page, example):
    broken = re.sub(r'(id="plotly-js"[^>]*>).{2000}', r"\1", example)
    page = open_page(broken)
    page.wait_for_selector("figure .failed")
    assert page.locator("figure .failed").count() == 2
    assert "The figure “First” could not be drawn" in page.locator(".failed").first.inner_text()


SVG = '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>'
LINKS = (
    "[click](javascript:alert(1))",
    "[click]( JaVaScript:alert(1))",
    "[click](<java\tscript:alert(1)>)",
    "[click](vbscript:msgbox)",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](javascript&colon;alert(1))",
    "[click][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    '<a href="javascript:alert(1)">click</a>',
    "<a href='javascript:alert(1)'>click</a>",
    "<a href=javascript:alert(1)>click</a>",
    '<a href="&#106;avascript:alert(1)">click</a>',
    '<a href="java&#10;script:alert(1)">click</a>',
    '<form action="javascript:alert(1)"><button>click</button></form>',
)


RUNNING = (
    '<iframe src="javascript:parent.alert(1)"></iframe>',
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<details open ONTOGGLE=alert(1)>x</details>",
    "<script>alert(1)</script>",
    '<object data="data:text/html,x"></object><embed src=x>',
    '<base href="https://example.org/"><meta http-equiv=refresh content="0;url=x">',
    "a text <b onmouseover = 'alert(1)'>b</b>",
)


@pytest.mark.parametrize("text", RUNNING)
def test_raw_html_in_a_text_runs_nothing(text):
    page = export(v4.new_markdown_cell(f"before\n\n{text}\n\nafter $x^2$"))
    shown = BeautifulSoup(page.partition("<main>")[2].partition("</main>")[0], "html.parser")
    assert "before" in shown.text and "after" in shown.text and shown.find("math")
    assert not shown.find_all(["script", "iframe", "svg", "object", "embed", "base", "meta"])
    assert not [name for tag in shown.find_all(True) for name in tag.attrs if name[:2] == "on"]


@pytest.mark.parametrize("text", LINKS)
def test_a_link_that_would_run_a_script_stays_text(text):
    page = export(
        v4.new_markdown_cell(text), code("1", shown(html=text)), code("1", shown(svg=SVG))
    )
    links = re.findall(r"(?:href|action)\s*=\s*[\"']?([^\"'\s>]*)", page.partition("<main>")[2])
    assert not [link for link in links if is_harmful(link)]
    good = v4.new_markdown_cell("[a](https://x.org/javascript:b) [c](#d) [e](f.html)")
    good = export(good, code("1", shown(html='<a href="#" onclick="x()">widgets need it</a>')))
    assert 'onclick="x()"' in good
    assert all(f'href="{one}"' in good for one in ("https://x.org/javascript:b", "#d", "f.html"))
