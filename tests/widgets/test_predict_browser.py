"""A prediction in JupyterLab: chosen with the keyboard, kept, and shown by the picture."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.widgets.test_panel_browser import Notebook, shut_down_kernels

CELLS = [
    'import gru_lab as lab\nresults = lab.sweep(lab.stage("dropout", "tiny"), seeds=1, workers=1)',
    "prediction = lab.predict(results.stage)\nprediction",
    "lab.plot(results, guess=prediction.guess)",
]


@pytest.fixture
def notebook(browser, jupyterlab):
    folder, address = jupyterlab
    (folder / "guesses.json").unlink(missing_ok=True)
    spec = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(
        new_notebook(cells=list(map(new_code_cell, CELLS)), metadata=spec),
        folder / "prediction.ipynb",
    )
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    yield Notebook(page, address("prediction.ipynb")), folder
    page.close()
    shut_down_kernels(address(""))


def test_a_guess_is_made_with_the_keyboard_and_shown_beside_the_result(notebook):
    opened, folder = notebook
    opened.run_all()
    page = opened.page
    assert page.get_by_text("your guess", exact=True).count() == 0
    page.get_by_role("button", name="a tenth of it", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    opened.wait_for_status("Your guess, half of it")
    assert json.loads((folder / "guesses.json").read_text()) == {"dropout": "half of it"}

    opened.menu("Run", "Run All Cells")
    page.get_by_text("your guess", exact=True).first.wait_for()
    page.locator("button.mod-active", has_text="half of it").wait_for()
    opened.wait_for_status("Your guess, half of it")
