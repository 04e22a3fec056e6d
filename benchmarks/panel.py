"""How quickly the live panel answers, measured in JupyterLab in a real browser; prints a table with
the targets.

    python benchmarks/panel.py [--minutes 3]

Needs Chromium. The lesson profile, except for the long watch, which trains a tiny network as fast
as it goes.
"""

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking".split()
FLAGS += ["--enable-precise-memory-info"]
FLAGS += ["--js-flags=--expose-gc"]
SETUP = """\
import gru_lab as lab
from gru_lab.tuning_log.stage import PROFILES, Profile
{name} = lab.stage("dropout", {profile})
lab.panel({name})"""
LESSON = SETUP.format(name="lesson", profile='"lesson"')
LONG = SETUP.format(name="long", profile='Profile("long", 2800, 8, 400.0, 1, "as fast as it goes")')
TRACE = "document.querySelector('.js-plotly-plot').data.find(trace => trace.name === '{}')"


class Lab:
    """JupyterLab with one notebook open in a browser."""

    def __init__(self, browser, folder, source):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        kernel = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        }
        nbformat.write(
            new_notebook(cells=[new_code_cell(source)], metadata=kernel),
            Path(folder) / "panel.ipynb",
        )
        options = [
            f"--port={port}",
            f"--ServerApp.root_dir={folder}",
            "--IdentityProvider.token=t",
            "--log-level=ERROR",
        ]
        options += ["--ip=127.0.0.1", "--no-browser", "--allow-root"]
        environment = os.environ | {"GRU_LAB_STORE": f"sqlite:///{folder}/runs.sqlite"}
        self.server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=environment
        )
        self.page, self.address = (
            browser.new_page(viewport={"width": 1400, "height": 1200}),
            f"http://127.0.0.1:{port}",
        )

    def open(self):
        for _ in range(150):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.address}/api?token=t", timeout=1).close()
                break
            time.sleep(0.2)
        self.page.goto(f"{self.address}/lab/tree/panel.ipynb?token=t&reset")
        self.page.wait_for_selector(".jp-Notebook", timeout=60_000)
        self.page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=60_000)
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()
        self.page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
        self.page.wait_for_timeout(5000)

    def close(self):
        self.page.close()
        self.server.terminate()
        self.server.wait()

    def click(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def press(self, label, key):
        slider = self.page.locator(
            ".widget-slider", has=self.page.get_by_text(label, exact=True)
        ).first
        slider.locator(".noUi-handle").focus()
        self.page.keyboard.press(key)

    def until(self, trace, condition):
        """Wait until a trace's number of points fulfils a condition."""
        self.page.wait_for_function(
            f"({TRACE.format(trace)}.x ?? []).length {condition}", polling=10
        )

    def status(self, text):
        self.page.wait_for_function(f"document.body.innerText.includes('{text}')", polling=10)

    def choose(self, setting):
        self.page.locator(".widget-dropdown select").first.select_option(setting)

    def memory(self):
        """Return the megabytes of the page's JavaScript heap and of the kernel."""
        heap = self.page.evaluate("window.gc?.(), performance.memory.usedJSHeapSize") / 1e6
        kernels = psutil.Process(self.server.pid).children(recursive=True)
        return heap, max(kernel.memory_info().rss for kernel in kernels) / 1e6


def clocked(act, then):
    """Return the seconds from `act` until `then` returns."""
    began = time.perf_counter()
    act()
    then()
    return time.perf_counter() - began


def answers(lab):
    """Yield (what, seconds or updates, target) on the lesson profile."""
    yield (
        "first point after Train, s",
        clocked(lambda: lab.click("Train"), lambda: lab.until("hidden entries", "> 0")),
        1.5,
    )
    lab.status("done, saved")
    lab.choose("dropout=0.5")
    lab.status("press Train")
    back = clocked(lambda: lab.choose("dropout=0"), lambda: lab.status("from the store"))
    yield "a stored run drawn, s", back, 0.3
    lab.choose("dropout=0, 100 epochs")
    lab.click("Train")
    lab.until("hidden entries", "> 2")
    yield (
        "loss weight moved, in the training, s",
        clocked(
            lambda: lab.press("loss weight", "PageUp"), lambda: lab.status("loss weight moved to")
        ),
        0.5,
    )
    lab.until("weight moved", "> 0")
    yield (
        "layers moved, begun again, s",
        clocked(
            lambda: lab.press("layers", "ArrowRight"), lambda: lab.until("weight moved", "=== 0")
        ),
        0.5,
    )
    lab.until("hidden entries", "> 1")
    yield "Stop, s", clocked(lambda: lab.click("Stop"), lambda: lab.status("stopped")), 0.5


def watch(lab, minutes):
    """Yield updates a second and the growth of memory while a tiny network trains for so long."""
    lab.click("Train")
    lab.until("hidden entries", "> 5")
    lab.page.evaluate(
        "window.drawn = 0; document.querySelector('.js-plotly-plot').on('plotly_afterplot', () "
        "=> window.drawn++)"
    )
    lab.page.wait_for_timeout(20_000)
    yield "figure updates a second", lab.page.evaluate("window.drawn") / 20, 5
    seen = []
    for _ in range(max(4, int(minutes * 6))):
        lab.page.wait_for_timeout(10_000)
        seen.append(lab.memory())
    quarter = len(seen) // 4
    for name, column in (("browser", 0), ("kernel", 1)):
        first, last = (
            statistics.median(row[column] for row in part)
            for part in (seen[:quarter], seen[-quarter:])
        )
        yield f"{name} memory, first quarter of {minutes:g} min, MB", first, None
        yield f"{name} memory, last quarter, MB", last, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3)
    minutes = parser.parse_args().minutes
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for source, measure in ((LESSON, answers), (LONG, lambda lab: watch(lab, minutes))):
            with tempfile.TemporaryDirectory() as folder:
                lab = Lab(browser, folder, source)
                try:
                    lab.open()
                    for what, value, target in measure(lab):
                        print(
                            f"{what:50} {value:8.2f}   {f'<= {target}' if target else ''}",
                            flush=True,
                        )
                finally:
                    lab.close()


if __name__ == "__main__":
    main()
