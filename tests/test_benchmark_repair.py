"""The benchmark of the repair: its figures are what numpy and pandas give, its data come from files
and addresses.
"""

import functools
import importlib.util
import threading
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.repairs import training
from gru_lab.tables.read import read_table

SOURCE = Path(lab.__file__).parent.parent / "benchmarks" / "repair.py"


@pytest.fixture(scope="module")
def benchmark():
    if not SOURCE.exists():
        pytest.skip("installed without its benchmarks")
    spec = importlib.util.spec_from_file_location("benchmark_repair", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def address(tmp_path):
    """A server on this machine's loopback, and the file that it gives."""
    folder = tmp_path / "served"
    folder.mkdir()
    series = demo_series(1_400)
    table = pd.DataFrame(series.values[:, :4], columns=list("abcd"))
    table.to_csv(folder / "table.csv", index=False)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/table.csv", folder / "table.csv"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_public_set_is_fetched_by_its_address_and_hash(benchmark, address, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    url, path = address
    known = "sha256:" + sha256(path.read_bytes()).hexdigest()
    fetched = benchmark.read(url, known, None, None)
    np.testing.assert_array_equal(fetched.values, read_table(path).values)
    with pytest.raises(ValueError, match="hash"):
        benchmark.read(url, "sha256:" + "0" * 64, None, None)


def test_the_figures_are_means_over_what_was_hidden_in_the_test_part(
    benchmark, address, capsys, monkeypatch
):
    monkeypatch.setattr(training, "STEPS", 2)
    _, path = address
    methods = ["mean", "forward fill", "linear", "repair"]
    benchmark.compare(str(path), None, None, None, 0.001, 2, methods)
    said = capsys.readouterr().out
    rows = [line.strip("| ").split(" | ") for line in said.splitlines() if line.startswith("| ")][
        1:
    ]
    figures = {row[0]: [float(cell.split(" ")[0]) for cell in row[1:3]] for row in rows}
    assert list(figures) == methods
    table = pd.read_csv(path)
    train, test = table.iloc[:1_000], table.iloc[1_200:1_392]  # 5 : 1 : 1, whole windows
    test = (test - train.mean()) / train.std(ddof=0)
    assert figures["mean"][1] == pytest.approx(np.square(test).to_numpy().mean(), rel=0.2)
    expected = []
    for mask in range(20):
        hidden = np.random.default_rng(mask).random(test.shape) < 0.1
        line = test.mask(hidden).interpolate(limit_direction="both")
        expected.append(np.square(line - test).to_numpy()[hidden].mean())
    assert figures["linear"][1] == pytest.approx(np.mean(expected), rel=0.5)
    assert (
        figures["repair"][1]
        < 1.1 * figures["linear"][1]
        < figures["forward fill"][1]
        < figures["mean"][1]
    )
