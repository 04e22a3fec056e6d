"""A newcomer's path in the browser: notebook by clicks, record by keyboard, on a phone, printed."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import gru_lab as lab
from gru_lab.records.exporter import RecordExporter
from gru_lab.records.html import PLOTLY
from gru_lab.widgets.explorer import explorer_data, explorer_page

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def test_the_first_notebook_runs_by_clicks_and_nothing_covers_or_cuts_it(
    browser, jupyterlab, tmp_path
):
    folder, address = jupyterlab
    notebook = nbformat.read(NOTEBOOKS / "00_start_here.ipynb", as_version=4)
    notebook.cells[1].source = notebook.cells[1].source.replace('"lesson"', '"tiny"', 1)
    nbformat.write(notebook, folder / "first.ipynb")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(address("first.ipynb"))
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
    for name in ("Run", "Run All Cells"):
        page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel").get_by_text(
            name, exact=True
        ).click()
    train = page.get_by_role("button", name="Train", exact=True)
    page.get_by_role("slider", name="dropout", exact=True).wait_for()
    page.locator(".js-plotly-plot:has(.main-svg):visible").first.wait_for()
    assert (
        page.locator(".jp-RenderedText[data-mime-type*=stderr] pre", has_text="Error").count() == 0
    )
    assert page.get_by_text("official Jupyter news").count() == 0
    panel = train.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')][1]")
    assert panel.bounding_box()["height"] < 760  # what JupyterLab leaves of 900
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("panel => panel.clientWidth < 900", arg=panel.element_handle())
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_function(
        "() => [...document.querySelectorAll('[role=slider]')].every(one => one.ariaLabel)"
    )
    assert not [text for text in said if "Failed to initialize model" in text]
    assert page.locator("[data-title*='Share chart']").count() == 0
    more = page.locator(".widget-toggle-button").filter(has_text="more")
    both = [more.element_handle(), train.element_handle()]
    apart = "([more, train]) => more.getBoundingClientRect().y - train.getBoundingClientRect().y"
    before = page.evaluate(apart, both)
    more.click()
    page.get_by_label("epochs", exact=True).wait_for()
    assert page.evaluate(apart, both) == before  # it stays where it was
    page.close()


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A record with the figures, tables and sliders of a stage, as a file."""
    folder = tmp_path_factory.mktemp("record")
    store = lab.Store(f"sqlite:///{folder / 'runs.sqlite'}")
    results = lab.sweep(lab.stage("missing_weight", "tiny"), seeds=2, store=store, workers=1)
    figures = [lab.plot(results), lab.plot(results, by="epoch"), lab.plot(results, by="seed")]
    outputs = [{PLOTLY: json.loads(figure.to_json())} for figure in figures]
    tables = [results._repr_html_(), lab.verdict(results)._repr_html_()]
    tables += [explorer_page(explorer_data(results.stage, store))]
    outputs += [{"text/html": html} for html in tables]
    cells = [new_markdown_cell("# A stage"), new_markdown_cell("## The end")]
    cells[1:1] = [
        new_code_cell("x", outputs=[new_output("display_data", data=data)]) for data in outputs
    ]
    path = folder / "record.html"
    path.write_text(RecordExporter().from_notebook_node(new_notebook(cells=cells))[0], "utf-8")
    return path


@pytest.fixture(scope="module", params=[1440, 1024, 390])
def page(request, browser, record):
    """The record, open in a window of a width; it is read, used and at last printed."""
    context = browser.new_context(
        viewport={"width": request.param, "height": 900}, offline=True, accept_downloads=False
    )
    page = context.new_page()
    page.goto(record.as_uri())
    page.locator("figure.plot:has(.main-svg)").nth(2).wait_for()
    yield page
    context.close()


def overlaps(boxes):
    """Pairs of boxes that share more than a pixel."""
    return [
        (one, other)
        for number, one in enumerate(boxes)
        for other in boxes[number + 1 :]
        if min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 1
    ]


BOXES = """all => all.map(one => one.getBoundingClientRect()).map(
  ({left, right, top, bottom}) => ({left, right, top, bottom}))"""


def test_a_record_can_be_read_at_every_width(page):
    wide = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    for number in range(3):
        figure = page.locator("figure.plot").nth(number)
        labels = figure.locator(".xtick text, .g-gtitle text, .annotation-text").evaluate_all(BOXES)
        assert labels and overlaps(labels) == []
        assert all(box["left"] >= 0 and box["right"] <= wide for box in labels)
    hints = page.locator(".scrolls").evaluate_all(
        "all => all.map(one => getComputedStyle(one, '::before').content)"
    )
    assert bool(hints) == (wide < 600) and all("scroll sideways" in hint for hint in hints)
    assert page.locator("[data-title*='Share chart']").count() == 0
    assert page.locator(".modebar-btn").count() <= 4 * 3  # stops of the Tab key before the sliders
    assert page.get_by_role("link", name="¶").count() == 0


def test_sliders_of_a_record_work_by_keyboard_and_show_whole_values(page):
    slider = page.get_by_role("slider", name="loss weight")
    slider.focus()
    told = page.locator(".explorer [aria-live]")
    before, values = told.inner_text(), []
    for key in ("Home", *["ArrowRight"] * 3):
        page.keyboard.press(key)
        values.append(slider.get_attribute("aria-valuetext"))
    assert len(set(values)) == 4 and told.inner_text() != before
    cut = page.locator(".explorer output").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
    )
    assert cut == 0


def test_a_printed_record_has_whole_tables_and_figures(page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 between its margins
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(
        """() => [...document.querySelectorAll(".dataframe, figure.plot .main-svg")]
            .every((one) => one.getBoundingClientRect().right <= 681)"""
    )
    assert page.locator("details.code").first.is_hidden()  # on paper nobody opens it
    assert page.pdf(format="A4").startswith(b"%PDF")
