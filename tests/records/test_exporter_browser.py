"""The record as JupyterLab's own menu exports it."""

import nbformat
import plotly.graph_objects as go
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gru_lab.records.exporter import WIDGET
from gru_lab.records.html import PLOTLY


def test_the_menu_offers_the_record_and_hands_over_a_page_that_draws_offline(
    browser, jupyterlab, tmp_path
):
    folder, address = jupyterlab
    figure = new_output(
        "display_data", data={PLOTLY: go.Figure(go.Scatter(y=[1, 2])).to_plotly_json()}
    )
    widget = new_output("display_data", data={WIDGET: {"model_id": "x"}, "text/plain": "VBox()"})
    cells = [new_markdown_cell("# A title"), new_code_cell("plot()", outputs=[figure])]
    spec = {"kernelspec": {"display_name": "python3", "language": "python", "name": "python3"}}
    whole = new_notebook(cells=[*cells, new_code_cell("panel()", outputs=[widget])], metadata=spec)
    nbformat.write(whole, folder / "menu.ipynb")
    page = browser.new_page()
    page.goto(address("menu.ipynb"))
    page.wait_for_selector(".jp-Notebook")
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
    item = page.locator(".lm-Menu-itemLabel").get_by_text("Gru_record", exact=True)
    for _ in range(20):  # the menu fills when the server has listed its formats
        for name in ("File", "Save and Export Notebook As"):
            page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel").get_by_text(
                name, exact=True
            ).click()
        page.wait_for_timeout(1_000)
        if item.count():
            break
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    with page.expect_download() as download:
        item.click()
    download.value.save_as(tmp_path / "menu.html")
    page.close()

    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "menu.html").as_uri())
    page.locator("figure.plot .main-svg").first.wait_for()
    assert page.get_by_role("heading", name="A title").count() == 1
    assert "A control that needs a running kernel stood here" in page.inner_text("main")
    context.close()
