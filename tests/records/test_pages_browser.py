"""Every page of ours in a browser: for everyone, safe, and on paper; and a record that trains."""

import json
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.records.exporter import RecordExporter
from gru_lab.records.html import PLOTLY, POLICY
from gru_lab.records.index import write_index
from gru_lab.records.playground import beside_explorer, playground, stage_start
from gru_lab.runs.exchange import as_block
from gru_lab.series import Series
from gru_lab.widgets.explorer import explorer_data, explorer_page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def shown(**data):
    return new_output("display_data", data=data)


@pytest.fixture(scope="module")
def stage():
    return lab.stage("loss_ratio", "tiny", demo_series(1_400))


@pytest.fixture(scope="module")
def notebook(stage, tmp_path_factory):
    """A notebook as a stage's: text, code, a wide table, a figure, an error and the explorer."""
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'runs.sqlite'}")
    config = stage.config(stage.adopted).replace(epochs=2)
    trainer = lab.Trainer(config, stage.series)
    list(trainer)
    store.put(trainer.config, trainer.curve, sample=trainer.sample())
    table = pd.DataFrame([range(40)], columns=[f"a long name {n}" for n in range(40)])
    figure = go.Figure(go.Scatter(y=[3, 2, 1], name="loss"), layout={"title": "Loss by epoch"})
    wide = shown(**{"text/html": table.to_html(classes="dataframe")})
    explorer = shown(**{"text/html": explorer_page(explorer_data(stage, store))})
    failed = new_output("error", ename="E", evalue="v", traceback=["\x1b[31mE\x1b[0m: v"])
    plot = shown(**{PLOTLY: json.loads(figure.to_json()), "text/plain": "Figure"})
    cells = [new_markdown_cell("# A stage\n\nText with `code`, a [link](#x) and $x^2$.\n\n## Part")]
    cells += [new_code_cell("import gru_lab as lab  # note\nx = 'text' + str(1)", outputs=[wide])]
    cells += [new_code_cell("plot()", outputs=[plot]), new_code_cell("1/0", outputs=[failed])]
    cells += [new_code_cell("panel()", outputs=[explorer])]
    return new_notebook(cells=cells, metadata={"title": "A stage"})


def export(notebook, language="en"):
    resources = {"metadata": {"name": "x"}, "record": {"language": language}}
    return RecordExporter().from_notebook_node(notebook, resources)[0]


@pytest.fixture(scope="module")
def pages(notebook, stage, tmp_path_factory):
    """The four kinds of pages by name, in a folder."""
    out = tmp_path_factory.mktemp("records")
    (out / "day").mkdir()
    run = {"curve": {"val_missing": [0.3, 0.2]}}
    data = {"title": "A stage", "whole": True, "facts": {"date": "today"}, "runs": [run]}
    block = as_block(data | {"line": "Not supported: the spread is wider."})
    record = out / "day" / "record.html"
    record.write_text(
        export(beside_explorer(notebook, stage)).replace("</main>", f"{block}</main>")
    )
    places = {"record": record, "playground": playground(out=out / "day" / "playground.html")}
    table = pd.DataFrame({name: np.sin(np.arange(300) / k) for name, k in (("a", 5), ("b", 9))})
    table[np.random.default_rng(0).random(table.shape) < 0.1] = np.nan
    places["report"] = lab.report(lab.repair(table, epochs=1), out / "report.html")
    return places | {"index": write_index(out)}


@pytest.fixture
def open_page(browser, pages):
    """A function that opens one of the pages offline, and waits until its figures are drawn."""
    contexts = []

    def open_one(name, **options):
        contexts.append(browser.new_context(offline=True, **options))
        page = contexts[-1].new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(pages[name].as_uri())
        if name in ("record", "report"):
            page.locator("figure.plot .main-svg").first.wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [1000, 390])
@pytest.mark.parametrize("name", ["record", "playground", "report", "index"])
def test_no_page_violates_level_a_or_aa(open_page, name, width):
    page = open_page(name, viewport={"width": width, "height": 900})
    if page.locator(".train-here").count():
        page.get_by_role("slider", name="epochs").fill("0")
        page.get_by_role("button", name="Train", exact=True).click()
        page.get_by_text("Done after 5 epochs.").wait_for()
        page.get_by_role("button", name="Pin", exact=True).click()
    for fold in page.locator("details > summary").all():
        fold.click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"runOnly": LEVELS}).response["violations"]
        places = [
            (one["id"], node["target"], node["html"]) for one in found for node in one["nodes"]
        ]
        assert (scheme, places) == (scheme, [])
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    if (name, width) == ("report", 390):  # a wide table says that it scrolls
        assert page.locator(".scores.scrolls").count()
    assert page.problems == []


@pytest.mark.parametrize("name", ["record", "playground", "report", "index"])
def test_every_picture_says_in_a_sentence_what_it_shows(open_page, name):
    page = open_page(name)
    labels = page.evaluate(
        """() => [...document.querySelectorAll("figure.plot, svg[role=img]")].map(
            (one) => one.getAttribute("aria-label"))"""
    )
    assert labels and all(len(label.split()) > 5 for label in labels)
    if name == "index":
        assert "Not supported: the spread is wider." in labels[0]


@pytest.mark.parametrize("name", ["record", "playground", "report", "index"])
def test_every_page_is_dark_where_the_reader_is_and_white_on_paper(open_page, name):
    page = open_page(name, color_scheme="dark")
    paper = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) not in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"


def test_only_a_page_that_trains_may_use_a_worker(pages, notebook):
    policies = {name: place.read_text() for name, place in pages.items()}
    for name in ("report", "index"):
        assert f'content="{POLICY}"' in policies[name]
    for name in ("record", "playground"):
        assert "worker-src blob:" in policies[name] and "connect-src" not in policies[name]
    assert f'content="{POLICY}"' in export(notebook)


def test_a_record_trains_beside_its_explorer_and_begins_where_the_log_went_on(
    open_page, stage, tmp_path
):
    page = open_page("record")
    assert page.locator(".explorer svg").count() == 2
    page.get_by_role("slider", name="epochs").fill("0")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("Done after 5 epochs.").wait_for()
    said = page.locator(".train-here").inner_text()
    assert "not the stored runs above" in said and "1,400 × 12 (12 of 66 channels)" in said
    with page.expect_download() as download:
        page.get_by_role("button", name="Save curves").click()
    saved = json.loads(open(download.value.path()).read())["runs"][0]["config"]
    expected = stage_start(stage)
    for name in ("dropout", "num_layers", "missing_weight", "mask_input", "hidden_size"):
        assert saved[name] == getattr(expected, name)
    assert expected.missing_weight == stage.config(stage.adopted).missing_weight
    page.get_by_label("read the losses").select_option("as the log reads")
    assert page.problems == []


def test_the_fixed_words_of_a_record_are_also_there_in_chinese(browser, notebook, stage, tmp_path):
    (tmp_path / "zh.html").write_text(export(beside_explorer(notebook, stage, "zh"), "zh"))
    page = browser.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto((tmp_path / "zh.html").as_uri())
    page.get_by_role("button", name="显示全部代码").click()
    page.get_by_role("button", name="隐藏全部代码").wait_for()
    explorer = page.locator(".explorer")
    assert "这些滑块共" in explorer.inner_text() and "此组合运行过" in explorer.inner_text()
    explorer.get_by_role("combobox", name="通道").select_option(index=1)
    assert "These" not in explorer.inner_text() and "{" not in explorer.inner_text()
    page.get_by_role("button", name="训练", exact=True).wait_for()
    assert page.locator("[lang=zh-Hans]").count() > 3 and page.problems == []
    page.close()


def test_a_notebook_stays_as_it_is_and_gets_one_block_where_it_has_an_explorer(notebook, stage):
    before = nbformat.writes(notebook)
    blocks = export(beside_explorer(notebook, stage)).count('class="train-here"')
    assert blocks == 1 and nbformat.writes(notebook) == before
    assert 'class="train-here"' not in export(beside_explorer(new_notebook(), stage))


def test_a_table_too_small_to_train_on_leaves_a_sentence(notebook, rng, stage):
    tiny = Series(rng.random((30, 2)), ("a", "<b>"), "tiny <table>")
    names = ("config", "adopted", "title")
    small = SimpleNamespace(**{name: getattr(stage, name) for name in names})
    small.series, small.validate_missing_only = tiny, False
    page = export(beside_explorer(notebook, small))
    assert "Train here: tiny &lt;table&gt;: window must fit" in page and "<table>:" not in page


def test_records_stay_small_and_the_same_but_for_their_date(notebook, stage):
    first, second = (export(beside_explorer(notebook, stage)) for _ in range(2))
    assert first == second and len(first) < 3_200_000
