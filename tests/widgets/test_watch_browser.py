"""A sweep watched in JupyterLab, in a browser: its curves grow, other cells run meanwhile, Stop
ends it.
"""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.widgets.test_panel_browser import Notebook, shut_down_kernels

SETUP = """\
import gru_lab as lab
from gru_lab.widgets.watch import watch
from gru_lab.tuning_log.stage import Profile
stage = lab.stage("dropout", Profile("small", 2800, 16, 20.0, 1, "long enough to watch"))
going = lab.sweep(stage, workers=1, background=True)
watch(going)"""
POINTS = """document.querySelector('.js-plotly-plot')._fullData
    .map(trace => Array.from(trace.x ?? []).filter(Number.isFinite).length)
    .reduce((a, b) => a + b)"""


@pytest.fixture
def notebook(browser, jupyterlab):
    folder, address = jupyterlab
    cells = [new_code_cell(SETUP), new_code_cell('print("other cells", "run meanwhile:", going)')]
    spec = {"kernelspec": {"display_name": "python3", "language": "python", "name": "python3"}}
    nbformat.write(new_notebook(cells=cells, metadata=spec), folder / "watch.ipynb")
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    yield Notebook(page, address("watch.ipynb"))
    page.close()
    shut_down_kernels(address(""))


def test_curves_grow_while_other_cells_run_and_stop_ends_the_sweep(notebook):
    notebook.run_all()
    page = notebook.page
    page.locator(
        ".jp-OutputArea-output", has_text="other cells run meanwhile: Sweep, running"
    ).wait_for()
    page.wait_for_function(f"{POINTS} > 8")
    page.wait_for_function(f"{POINTS} > {page.evaluate(POINTS)}")
    notebook.wait_for_status("epochs a second")
    notebook.button("Stop").click()
    notebook.wait_for_status("stopped")
    page.get_by_role("button", name="Stop", exact=True, disabled=True).wait_for()
