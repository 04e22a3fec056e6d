"""The panel as a person has it: in JupyterLab, in a browser, by mouse and by keyboard."""

import json
import subprocess
import sys
import urllib.request

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.conftest import LONG

# a store of the notebook's own: no test finds the pins of another
SETUP = """\
import gru_lab as lab
from gru_lab.tuning_log.stage import Profile
stage = lab.stage("dropout", Profile("small", 2800, 16, 200.0, 1, "long enough to watch"))
store = "sqlite:///{name}.sqlite"
lab.panel(stage, store)"""

STILL_TRAINING = """\
import gc
from gru_lab.runs.live import Live
# by type, since asking a proxy of something that is gone for its class is an error
lives = [thing for thing in gc.get_objects() if type(thing) is Live]
print("panels made", len(lives), "and training", sum(live.snapshot().running for live in lives))"""


def end_of(trace, panel):
    """Return JavaScript for the last epoch that a trace of a panel's figure has now: 0 where it is
    empty, undefined while there is no figure. (In its `data` older plotly keeps numbers as base64.)
    """
    figure = f"document.querySelectorAll('.js-plotly-plot')[{panel}]"
    found = f"{figure}?._fullData?.find(trace => trace.name === '{trace}')"
    return f"(trace => trace && (Array.from(trace.x ?? []).at(-1) ?? 0))({found})"


class Notebook:
    """A notebook open in JupyterLab, and what a test does with it."""

    def __init__(self, page, address):
        self.page = page
        page.goto(address)
        page.wait_for_selector(".jp-Notebook")
        # the notebook's own indicator says 'idle' before there is a kernel, and Run then asks which
        # one to take
        page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()

    def menu(self, *names):
        for name in names:
            self.page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel").get_by_text(
                name, exact=True
            ).click()

    def run_all(self, panels=1):
        self.menu("Run", "Run All Cells")
        self.page.locator(".js-plotly-plot:has(.main-svg)").nth(panels - 1).wait_for()

    def epochs(self, trace="hidden entries", panel=0):
        return self.page.evaluate(end_of(trace, panel))

    def wait_for_epochs(self, condition="> 0", trace="hidden entries", panel=0):
        self.page.wait_for_function(f"{end_of(trace, panel)} {condition}")

    def wait_until_still(self):
        """Wait until no more epochs are drawn; on a busy machine the last drawing comes late."""
        before = None
        for _ in range(LONG):
            if before == (before := self.epochs()):
                return
            self.page.wait_for_timeout(1000)
        raise AssertionError("it goes on")

    def button(self, name, panel=0):
        return self.page.get_by_role("button", name=name, exact=True).nth(panel)

    def slide(self, label, key="ArrowRight", times=1):
        slider = self.page.locator(
            ".widget-slider", has=self.page.get_by_text(label, exact=True)
        ).first
        slider.locator(".noUi-handle").focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def drag(self, label, pixels):
        slider = self.page.locator(
            ".widget-slider", has=self.page.get_by_text(label, exact=True)
        ).first
        box = slider.locator(".noUi-handle").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels, y, steps=5)
        self.page.mouse.up()

    def places(self):
        """Return where buttons and figure are on the page, in pixels from its top."""
        things = [self.button("Train"), self.button("Clear"), self.page.locator(".js-plotly-plot")]
        return [round(thing.first.bounding_box()["y"]) for thing in things]

    def train_a_while(self):
        self.button("Train").click()
        self.wait_for_epochs("> 2")
        self.button("Stop").click()
        self.wait_for_status("stopped")

    def wait_for_output(self, text):
        try:
            self.page.get_by_text(text).wait_for()
        except Exception as error:  # it says what it waited for, and not what there was instead
            outputs = self.page.locator(".jp-OutputArea-output").all_inner_texts()
            raise AssertionError(f"no {text!r} in {outputs}") from error

    def wait_for_status(self, text):
        self.page.locator(".widget-html-content", has_text=text).first.wait_for()


@pytest.fixture(scope="session")
def older_kernel(jupyterlab):
    """A kernel on ipykernel 7.3.0, which hands widget messages over in another way than 7.4; skips
    if not to be had.
    """
    folder, _ = jupyterlab
    place = folder / "older"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(place),
        "ipykernel==7.3.0",
    ]
    if subprocess.run(pip, capture_output=True).returncode:
        pytest.skip("ipykernel 7.3.0 is not to be had here")
    program = f"import sys; sys.path.insert(0, {str(place)!r})\n"
    program += "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    kernel = folder / "data" / "kernels" / "older"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-c", program, "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "older", "language": "python"})
    )
    return "older"


def shut_down_kernels(server):
    """End what a test has left training, or the next ones wait for it."""
    with urllib.request.urlopen(f"{server}/api/kernels?token=test") as answer:
        kernels = json.load(answer)
    for kernel in kernels:
        address = f"{server}/api/kernels/{kernel['id']}?token=test"
        urllib.request.urlopen(urllib.request.Request(address, method="DELETE")).close()


@pytest.fixture(params=["python3"])
def notebook(browser, jupyterlab, request):
    kernel = request.getfixturevalue("older_kernel") if request.param == "older" else request.param
    folder, address = jupyterlab
    path = folder / f"{request.node.originalname}-{kernel}.ipynb"
    further = {"two_panels": "lab.panel(stage, store)", "run_again": STILL_TRAINING}
    cells = [new_code_cell(SETUP.format(name=path.stem))] + [
        new_code_cell(text) for name, text in further.items() if name in path.name
    ]
    spec = {"kernelspec": {"display_name": kernel, "language": "python", "name": kernel}}
    nbformat.write(new_notebook(cells=cells, metadata=spec), path)
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    yield Notebook(page, address(path.name))
    page.close()
    shut_down_kernels(address(""))


@pytest.mark.parametrize("notebook", ["python3", "older"], indirect=True)
def test_train_steer_restart_stop_and_train_again(notebook):
    notebook.run_all()
    assert notebook.button("Stop").is_disabled()
    notebook.button("Train").click()
    notebook.wait_for_epochs()
    notebook.wait_for_epochs(f"> {notebook.epochs()}")  # it grows

    notebook.drag("loss weight", pixels=60)
    notebook.wait_for_epochs(trace="weight moved")
    notebook.wait_for_epochs(f"> {notebook.epochs()}")  # and goes on

    notebook.slide("layers")
    notebook.wait_for_epochs("=== 0", trace="weight moved")  # it began again
    notebook.wait_for_epochs("> 2")

    notebook.button("Stop").click()
    notebook.wait_for_status("stopped")
    notebook.wait_until_still()

    notebook.button("Train").click()
    notebook.button("Stop").click()
    notebook.wait_for_status("stopped")
    notebook.button("Train").click()
    notebook.wait_for_status("epoch ")  # no words of the run before
    notebook.wait_for_epochs("> 2")


def test_pins_are_back_after_a_restart_of_the_kernel(notebook):
    notebook.run_all()
    notebook.train_a_while()
    notebook.button("Pin").click()
    notebook.button("Unpin").wait_for()
    notebook.menu("Kernel", "Restart Kernel and Run All Cells…")
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.button("Unpin").wait_for(state="detached")
    notebook.button("Unpin").wait_for()
    notebook.button("Unpin").click()
    notebook.button("Unpin").wait_for(state="detached")


def test_two_panels_do_not_disturb_each_other(notebook):
    notebook.run_all(panels=2)
    notebook.button("Train", panel=0).click()
    notebook.wait_for_epochs("> 1", panel=0)
    assert notebook.epochs(panel=1) == 0 and notebook.button("Stop", panel=1).is_disabled()
    notebook.button("Train", panel=1).click()
    notebook.wait_for_epochs("> 1", panel=1)
    notebook.button("Stop", panel=0).click()
    notebook.wait_for_epochs(f"> {notebook.epochs(panel=1)}", panel=1)
    assert notebook.button("Stop", panel=1).is_enabled()


def test_a_cell_that_is_run_again_ends_what_its_old_panel_trains(notebook):
    notebook.run_all()
    notebook.wait_for_output("panels made 1 and training 0")
    notebook.button("Train").click()
    notebook.wait_for_epochs("> 1")
    notebook.run_all()
    notebook.wait_for_output("panels made 2 and training 0")
    notebook.button("Train").click()
    notebook.wait_for_epochs("> 1")  # the new one works


def test_the_whole_panel_works_by_keyboard_and_takes_no_value_out_of_range(notebook):
    notebook.run_all()
    keyboard = notebook.page.keyboard
    openers = notebook.page.locator(".widget-toggle-button")
    openers.filter(has_text="more").focus()
    keyboard.press("Enter")
    notebook.slide("dropout", times=2)
    epochs = notebook.page.get_by_label("epochs", exact=True)
    for typed, taken in (("-5", "1"), ("99999999", "10000"), ("3", "3")):
        epochs.fill(typed)
        keyboard.press("Tab")
        notebook.page.wait_for_function(
            "([box, value]) => box.value === value", arg=[epochs.element_handle(), taken]
        )
        # a click on Train may overtake a value that waits in the browser for a busy kernel: wait
        # until the kernel has drawn the references as far as the run is to last
        notebook.wait_for_epochs(f"=== {taken}", trace="forward fill")
    notebook.button("Train").focus()
    keyboard.press("Enter")
    notebook.wait_for_epochs("=== 3")
    notebook.wait_for_status("done, saved")
    notebook.button("Pin").focus()
    keyboard.press("Space")
    notebook.button("Unpin").wait_for()
    notebook.button("Unpin").focus()
    keyboard.press("Enter")
    notebook.button("Unpin").wait_for(state="detached")
    openers.filter(has_text="pin a stored run").focus()
    keyboard.press("Enter")
    notebook.page.locator(".widget-dropdown select").last.wait_for()
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    notebook.button("Unpin").wait_for()


def test_clear_and_more_move_nothing_and_references_reach_as_far_as_pins(notebook):
    notebook.run_all()
    notebook.train_a_while()
    before = notebook.places()
    notebook.button("Pin").click()
    notebook.button("Unpin").wait_for()
    assert notebook.places() == before
    notebook.button("Clear").click()
    notebook.wait_for_epochs("=== 0")
    assert notebook.places() == before
    pinned, reference = (
        notebook.page.evaluate(
            "wanted => Math.max(...document.querySelector('.js-plotly-plot')._fullData"
            ".filter(trace => wanted.includes(trace.name)).flatMap(trace => [...trace.x]))",
            [name],
        )
        for name in ("pin 1", "forward fill")
    )
    assert 2 < pinned <= reference
    notebook.page.locator("button", has_text="more").first.click()
    notebook.page.get_by_text("learning rate", exact=True).first.wait_for()
    assert notebook.places() == before
