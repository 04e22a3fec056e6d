"""The playground in a real browser: first point, epochs a second, a step beside torch, memory.

python benchmarks/playground.py              # first, epochs and step: about a minute
python benchmarks/playground.py memory       # ten minutes of training without a pause
"""

import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rows import figure, main

from gru_lab.demo import demo_series
from gru_lab.loss import errors, weighted_loss
from gru_lab.model import RNN
from gru_lab.records import playground
from gru_lab.series import Series

CHROMIUM = "/usr/bin/chromium"
MODULE = Path(playground.__file__).with_name("train.mjs")
CHANNELS, ROWS, WINDOW = 12, 2_000, 10
ROUNDS, STEPS = 12, 20  # of the browser and of torch in turn, so that both meet the same machine
MINUTES = 10

WATCH = """() => {
    const train = document.querySelector(".train-here button.main");
    const drawn = () => document.querySelectorAll(".train-here .triangle").length > 1;
    return new Promise((done) => {
        const seen = new MutationObserver(() => {
            if (!drawn()) return;
            seen.disconnect();
            done(performance.now() - began);
        });
        seen.observe(document.querySelector(".train-here"), { childList: true, subtree: true });
        const began = performance.now();
        train.click();
    });
}"""

# makes window.longest, the longest pause of the page in milliseconds
BEAT = """() => {
    window.longest = 0;
    let last = performance.now();
    const beat = () => {
        window.longest = Math.max(window.longest, performance.now() - last);
        last = performance.now();
        setTimeout(beat, 5);
    };
    beat();
}"""

# makes window.step(count), which takes steps and returns milliseconds each
PREPARE = """async ([text, settings, rows, channels, windows]) => {
    const blob = new Blob([text], { type: "text/javascript" });
    const { Run, random } = await import(URL.createObjectURL(blob));
    const next = random(1);
    const values = Float64Array.from({ length: rows * channels }, next);
    const run = new Run({ values, channels, parts: [[0, rows]] }, settings);
    const batch = Array.from({ length: windows }, (_, index) => index);
    window.step = (count) => {
        const began = performance.now();
        for (let at = 0; at < count; at++) run.step(batch, settings.dropout, next);
        return (performance.now() - began) / count;
    };
}"""


@contextlib.contextmanager
def page():
    """Yield an empty page of headless Chromium without a network."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_context(offline=True).new_page()
        browser.close()


@contextlib.contextmanager
def opened():
    """Yield the page of the playground, 12 channels and 2,000 rows."""
    with tempfile.TemporaryDirectory() as folder, page() as tab:
        values = demo_series(ROWS).values[:, :CHANNELS]
        series = Series(values, tuple(f"s{number}" for number in range(CHANNELS)))
        tab.goto(playground.playground(series, Path(folder) / "page.html").as_uri())
        yield tab


def first():
    """From the click on Train to the first point of both figures."""
    seconds = []
    for _ in range(3):
        with opened() as tab:
            seconds.append(tab.evaluate(WATCH) / 1000)
    figure("first point after Train", np.median(seconds), "<= 1.5", " s")


def epochs():
    """Epochs a second of one training at 16 units, drawing included, and the page's longest
    pause from the click on Train.
    """
    with opened() as tab:
        tab.get_by_role("slider", name="epochs").fill("7")
        tab.evaluate(BEAT)
        tab.evaluate(WATCH)
        began, text = time.perf_counter(), tab.locator(".train-here .status").nth(1)
        before = int(text.inner_text().split()[2])
        tab.wait_for_timeout(4_000)
        count = int(text.inner_text().split()[2]) - before
        figure("epochs a second, 16 units", count / (time.perf_counter() - began), ">= 2")
        figure("longest pause of the page", tab.evaluate("longest") / 1000, "<= 1", " s")


def torch_steps(settings, windows):
    """Return a function that takes steps as our trainer does and returns milliseconds each."""
    generator = torch.Generator().manual_seed(0)
    layers, dropout = settings["num_layers"], settings["dropout"]
    network = RNN(CHANNELS, settings["hidden_size"], layers, dropout, CHANNELS)
    adam = torch.optim.Adam(network.parameters(), lr=settings["learning_rate"])
    truth = torch.rand(windows, WINDOW, CHANNELS)
    hidden = torch.rand(truth.shape) < settings["missing_rate"]

    def steps(count):
        began = time.perf_counter()
        for _ in range(count):
            both = errors(network(truth, generator), truth, hidden)
            torch.stack(both).tolist()
            adam.zero_grad()
            weighted_loss(*both, settings["missing_weight"]).backward()
            adam.step()
        return 1000 * (time.perf_counter() - began) / count

    return steps


def step():
    """A step in the browser (double precision) beside one of torch (single), one thread each."""
    torch.set_num_threads(1)
    settings = {"mask_input": False, "hidden_size": 32, "missing_weight": 1.0, "seed": 0}
    settings |= {"learning_rate": 1e-3, "window": WINDOW, "missing_rate": 0.2}
    for layers, windows in ((1, 20), (2, 20), (1, 100), (2, 100)):
        settings |= {"num_layers": layers, "dropout": 0.2, "batch_size": windows}
        rows = round(1.4 * windows * WINDOW) + 2 * WINDOW
        with page() as tab:
            text = MODULE.read_text(encoding="utf-8")
            tab.evaluate(PREPARE, [text, settings, rows, CHANNELS, windows])
            ways = [lambda count: tab.evaluate("(n) => step(n)", count)]  # noqa: B023
            ways.append(torch_steps(settings, windows))
            times = [[way(STEPS) for way in ways] for _ in range(ROUNDS)][2:]
        ours, theirs = np.median(times, axis=0)
        name = f"a step, 32 units, {layers} layers, {windows} windows: {ours:.2g} ms; of torch's"
        figure(name, ours / theirs, "<= 3", " x")


def memory():
    """Growth of the page's memory over minutes of training, after the first of them."""
    with opened() as tab:
        session = tab.context.new_cdp_session(tab)
        session.send("Performance.enable")
        tab.get_by_role("slider", name="epochs").fill("7")
        used = []
        for _ in range(MINUTES * 2):
            until = time.monotonic() + 30
            while time.monotonic() < until:
                tab.get_by_role("button", name="Train", exact=True).click()
                tab.wait_for_timeout(10_000)
            session.send("HeapProfiler.collectGarbage")
            metrics = session.send("Performance.getMetrics")["metrics"]
            values = {metric["name"]: metric["value"] for metric in metrics}
            used.append((values["JSHeapUsedSize"] / 2**20, values["Nodes"]))
        figure(f"growth in {MINUTES - 1} minutes", used[-1][0] - used[1][0], "<= 1", " MiB")
        figure("elements of the page, last against first", used[-1][1] / used[1][1], "<= 1.1", " x")


if __name__ == "__main__":
    import sys

    sys.argv[1:] = sys.argv[1:] or ["first", "epochs", "step"]
    main(first, epochs, step, memory)
