"""Records: the notebooks executed on the tiny profile, their pages opened in a browser without a
network.
"""

import asyncio
import contextlib
import html
import os
import re
import signal

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import gru_lab as lab
from gru_lab.cli import main
from gru_lab.records import record as module
from gru_lab.runs.exchange import read_block
from gru_lab.runs.store import Store
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.stage import open_profile
from gru_lab.tuning_log.stages import STAGES

SEEDS = open_profile("tiny").seeds

pytestmark = pytest.mark.usefixtures("ctrl_c")


@pytest.fixture(scope="module")
def recorded(tiny_runs, tmp_path_factory):
    """All notebooks on the tiny profile; returns the folder, the store, and the names of those that
    failed.
    """
    folder = tmp_path_factory.mktemp("recorded")
    store = tiny_runs(folder)
    with contextlib.chdir(folder):  # a notebook writes what it repairs
        written, failed = module.record(profile="tiny", out=folder / "records", store=store)
    assert written[0] == folder / "records" / "index.html"
    return written[1].parent, store, failed


@pytest.fixture
def own_notebooks(tmp_path, monkeypatch):
    """A folder of notebooks in the place of ours: one works, the second cell of one fails."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr("gru_lab.records.notebooks.notebooks_folder", lambda: folder)
    monkeypatch.chdir(tmp_path)
    good = [
        new_markdown_cell("# It <works>"),
        new_code_cell("PROFILE = 0", metadata={"tags": ["parameters"]}),
    ]
    good += [new_code_cell("print('profile', PROFILE, SEEDS, DATA)")]
    bad = [
        new_code_cell("print('before')"),
        new_code_cell("1 / 0"),
        new_code_cell("print('never')"),
    ]
    nbformat.write(new_notebook(cells=good), folder / "10_good.ipynb")
    nbformat.write(new_notebook(cells=bad), folder / "11_bad.ipynb")
    return folder


def test_every_notebook_runs_top_to_bottom_and_leaves_a_record(recorded):
    folder, _, failed = recorded
    assert failed == []
    records = {f"{path.stem}.html" for path in module.find_notebooks()}
    assert {path.name for path in folder.iterdir()} == {
        *records,
        "playground.html",
        "tuning_log.md",
    }
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, "index.html"}


def test_a_record_names_what_it_rests_on(recorded):
    folder, _, _ = recorded
    text = html.unescape(
        re.sub(r"<[^>]+>", "\n", (folder / "04_dropout.html").read_text().partition("<footer>")[2])
    )
    series = lab.stage(4, "tiny").series
    for fact in (
        "tiny (seconds",
        series.digest,
        "2,800 rows, 66 channels",
        "0, 1, 2",
        "torch 2.",
        "Python 3.",
        "cores",
        "at the log's own size",
        "came with the kit and were not trained here",
    ):
        assert fact in text
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", text)


def test_a_record_is_small_and_has_neither_widgets_nor_addresses_to_fetch_from(recorded):
    for path in recorded[0].glob("*.html"):
        page = path.read_text()
        assert path.stat().st_size < 3_200_000
        assert "application/vnd.jupyter.widget" not in page
        assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"']?(https?:)?//", page)


def test_a_record_carries_every_run_that_its_notebook_used(recorded):
    folder, store, _ = recorded
    runs = {path.name[:2]: read_block(path)["runs"] for path in folder.glob("0*.html")}
    series = lab.stage(1, "tiny").series
    every = {
        config.key
        for one in STAGES.values()
        for _, config in one.bind("tiny", series).configs(SEEDS)
    }
    assert {run["key"] for run in runs["06"]} == every
    assert {run["key"] for run in runs["04"]} == {
        config.key for _, config in lab.stage(4, "tiny").configs(SEEDS)
    }
    assert len(runs["07"]) > 5 and not {run["key"] for run in runs["07"]} <= every
    assert (
        runs["08"] == [] and "data" not in read_block(folder / "08_repair_your_data.html")["facts"]
    )
    assert "demo-2800-0: 2,800 rows" in (folder.parent / "index.html").read_text()


def test_the_tuning_log_is_read_back_with_every_run_of_every_stage(recorded):
    folder, store, _ = recorded
    log = read_log(folder / "tuning_log.md")
    assert [stage.number for stage in log.stages] == [1, 2, 3, 4, 5]
    for logged, name in zip(log.stages, STAGES, strict=True):
        stage = lab.stage(name, "tiny")
        results = lab.sweep(stage, store=store)
        assert len(logged.runs) == len(stage.settings) * 3
        for run in logged.runs:
            setting, seed = re.fullmatch(r"(.+) \[seed (\d)\]", run.label).groups()
            assert "\n".join(map(str, run.lines)) == results.lines(setting, int(seed))
        assert (
            logged.conclusion
            == f"{stage.conclusion} (Run again with seeds 0 to 2: {lab.verdict(results).label}.)"
        )
        assert logged.learning_rate == stage.start.learning_rate


def test_only_the_log_is_written_without_executing_a_notebook(recorded, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "execute", lambda *_, **__: pytest.fail("a notebook was executed"))
    out = tmp_path / "records"
    written, failed = module.record(
        ["4"], "tiny", out=out, store=recorded[1], formats=("log",), language="zh"
    )
    assert [path.name for path in written] == ["index.html", "tuning_log.md"] and not failed
    (stage,) = read_log(written[1]).stages
    assert stage.title == "dropout应取多大？" and stage.runs[0].label == "dropout=0.5 [seed 0]"
    assert "以调参日志形式列出的运行" in written[0].read_text()


def test_a_notebook_is_written_executed_and_as_markdown_too(own_notebooks):
    assert (
        main(["record", "good", "bad", "--profile", "tiny", "--format", "ipynb", "--format", "md"])
        == 1
    )
    (folder,) = (path for path in (own_notebooks.parent / "records").iterdir() if path.is_dir())
    assert {path.name for path in folder.iterdir()} == {
        f"{name}.{end}" for name in ("10_good", "11_bad") for end in ("ipynb", "md")
    }
    notebook = nbformat.read(folder / "10_good.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[-1].outputs[0].text == f"profile tiny {SEEDS} None\n"
    assert "widgets" not in notebook.metadata
    assert "profile tiny" in (folder / "10_good.md").read_text()
    assert "ZeroDivisionError" in (folder / "11_bad.md").read_text()
    assert "10_good.ipynb" in (folder.parent / "index.html").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "pdf"], "format must be one of html, log, ipynb, md, not 'pdf'"),
        (["--language", "fr"], "language must be one of en, zh, not 'fr'"),
        (["start_here", "--format", "log"], "format 'log' writes the runs of stages"),
    ],
)
def test_a_format_that_is_none_is_an_error_before_anything_is_trained(
    options, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["record", "--profile", "tiny", *options]) == 2
    assert message in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_recording_again_trains_nothing(recorded, monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise AssertionError("a run that the store has was trained again")

    monkeypatch.setattr("gru_lab.runs.sweep.train_one", refuse)

    async def executed(*_):
        return True

    monkeypatch.setattr(module, "execute", executed)
    written, failed = module.record(
        ["1", "dropout"], "tiny", out=tmp_path / "again", store=recorded[1]
    )
    names = ["index.html", "01_mask_input.html", "04_dropout.html"]
    names += ["playground.html", "tuning_log.md"]
    assert [path.name for path in written] == names and not failed


def test_records_open_without_a_network_and_draw_every_figure(recorded, browser):
    context = browser.new_context(offline=True)
    for path in [recorded[0].parent / "index.html", *sorted(recorded[0].glob("0*.html"))]:
        requests, errors = [], []
        page = context.new_page()
        page.on("request", lambda request, seen=requests: seen.append(request.url))
        page.on("pageerror", lambda error, seen=errors: seen.append(str(error)))
        page.goto(path.as_uri())
        figures = page.locator("figure.plot").count()
        if figures:
            page.wait_for_function(
                f"document.querySelectorAll('figure.plot .main-svg').length >= {figures}"
            )
        assert [url for url in requests if not url.startswith(("blob:", "data:"))] == [
            path.as_uri()
        ]
        assert not errors and (figures or path.name == "index.html")
        trains = page.locator(".train-here").count()
        assert trains == (path.name[:2] in ("01", "02", "03", "04", "05", "09"))
        if trains:  # a picture says what its verdict says
            labels = page.locator("figure.plot").evaluate_all("all => all.map((a) => a.ariaLabel)")
            assert any(read_block(path)["line"] in label for label in labels)
        explorers = page.locator(".explorer").count()
        assert explorers == (path.name[:2] in ("00", "01", "02", "03", "04", "05", "09"))
        if explorers:  # the sliders that took the panel's place move without a kernel
            lines = page.locator(".explorer pre")
            before = lines.inner_text()
            page.locator(".explorer").get_by_label("seed").select_option(index=1)
            assert len(before.splitlines()) >= 1 and (
                lines.inner_text() != before or path.name.startswith("00")
            )
        page.close()
    context.close()


def test_a_table_of_ones_own_is_recorded_with_no_change_of_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        np.cumsum(rng.normal(size=(400, 3)), axis=0),
        columns=["a", "<script>alert(1)</script>", "c"],
    )
    table["<b>run</b>"] = ["first"] * 200 + ["second"] * 200
    table.to_csv("own.csv", index=False)
    options = [
        "--profile",
        "tiny",
        "--seeds",
        "1",
        "--data",
        "own.csv",
        "--split-by",
        "<b>run</b>",
        "--workers",
        "1",
    ]
    assert main(["record", "mask_input", *options]) == 0
    (path,) = tmp_path.glob("records/*_tiny/01_mask_input.html")
    page = path.read_text()
    assert "own.csv: 400 rows, 3 channels" in page and "&lt;b&gt;run&lt;/b&gt;" in page
    assert "GRU(3, 8, num_layers=2" in page or "400 rows, 3 channels" in page
    assert "<b>run</b>" not in page and "<script>alert(1)" not in page
    index = (tmp_path / "records" / "index.html").read_text()
    assert (
        "own.csv: 400 rows" in index
        and "Cannot tell" in index
        and "1 seed" in index
        and "<polyline" in index
    )


def test_a_table_with_holes_is_recorded_where_no_stage_is_run_on_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = pd.DataFrame({"a": np.sin(np.arange(300) / 9), "<b>b</b>": np.cos(np.arange(300) / 7)})
    table.loc[50:60, "a"] = np.nan
    table.loc[100, "<b>b</b>"] = np.nan
    table.to_csv("holes.csv", index=False)
    assert main(["record", "08", "--profile", "tiny", "--data", "holes.csv"]) == 0
    (path,) = tmp_path.glob("records/*_tiny/08_repair_your_data.html")
    page = path.read_text()
    assert "holes.csv: 300 rows, 2 channels" in page and "Filled 12 of 12 holes" in page
    assert "no truth is known" in page and "<b>b</b>" not in page.partition("plotly-js")[0]
    assert main(["record", "1", "--profile", "tiny", "--data", "holes.csv"]) == 2


def test_a_failing_cell_leaves_a_record_that_shows_it_and_the_others_still_run(
    own_notebooks, capsys
):
    assert main(["record", "--profile", "tiny", "--seeds", "2"]) == 1
    assert "11_bad.html" in capsys.readouterr().err
    out = own_notebooks.parent / "records"
    good, bad = (
        next(out.glob(f"*/{name}")).read_text() for name in ("10_good.html", "11_bad.html")
    )
    assert "profile tiny 2 None" in good and "It &lt;works&gt;" in good
    assert "ZeroDivisionError" in bad and "before" in bad
    assert "a cell failed" in (out / "index.html").read_text()


def test_a_persons_own_notebook_is_recorded_by_its_path(own_notebooks, capsys):
    own = own_notebooks.parent / "my work.ipynb"
    (own_notebooks / "10_good.ipynb").rename(own)
    assert main(["record", str(own), "--profile", "tiny", "--seeds", "1"]) == 0
    assert "profile tiny 1" in next(own.parent.glob("records/*/my work.html")).read_text()
    (own_notebooks / "no.ipynb").write_text("{}")
    for wrong in ("nothing.ipynb", str(own_notebooks / "no.ipynb")):
        assert main(["record", wrong, "--profile", "tiny"]) == 2
        assert "notebook must be a Jupyter notebook that exists" in capsys.readouterr().err


def test_older_records_stay_beside_newer_ones_and_carry_the_name_they_were_given(own_notebooks):
    for name in ("first <try>", "second/../try"):
        assert main(["record", "good", "--profile", "tiny", "--name", name]) == 0
    out = own_notebooks.parent / "records"
    folders = sorted(path.name for path in out.iterdir() if path.is_dir())
    assert len(folders) == 2 and all(path.parent == out for path in out.iterdir())
    index = (out / "index.html").read_text()
    assert "first &lt;try&gt;" in index and index.count("It &lt;works&gt;") == 2


def test_an_interrupted_export_leaves_the_former_records_and_the_index_as_they_were(
    own_notebooks, monkeypatch
):
    assert main(["record", "good", "--profile", "tiny"]) == 0
    out = own_notebooks.parent / "records"
    before = {path: path.read_text() for path in out.rglob("*.html")}

    async def interrupted(*_):
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)

    monkeypatch.setattr(module, "execute", interrupted)
    assert main(["record", "good", "--profile", "tiny"]) == 130
    assert {path: path.read_text() for path in out.rglob("*") if path.is_file()} == before


def test_another_persons_record_is_taken_into_ones_own_store(recorded, tmp_path, capsys):
    folder, store, _ = recorded
    url = f"sqlite:///{tmp_path / 'mine.sqlite'}"
    assert main(["runs", "--store", url, "--from-record", str(folder / "04_dropout.html")]) == 0
    said = capsys.readouterr().out
    assert "12 runs taken in" in said.replace("18 runs", "12 runs")
    assert "comes with the kit" not in said  # only what was taken in is listed
    mine = Store(url)
    stage = lab.stage("dropout", "tiny")
    for _, config in stage.configs():
        pd.testing.assert_frame_equal(mine.curve(config), store.curve(config))
        np.testing.assert_array_equal(mine.sample(config.key), store.sample(config.key))
    ours = store.runs().set_index("key").loc[mine.runs()["key"], ["trained", "machine", "torch"]]
    assert (ours.to_numpy() == mine.runs()[["trained", "machine", "torch"]].to_numpy()).all()


def test_the_same_executed_notebook_gives_the_same_bytes(recorded):
    """Ids that pandas draws for its tables are counted instead; nothing else is drawn."""
    path = recorded[0] / "04_dropout.html"
    table = pd.DataFrame({"a": [1.0]})
    pages = []
    for _ in range(2):
        html = new_output("display_data", {"text/html": table.style.to_html()})
        notebook = new_notebook(cells=[new_code_cell("1", outputs=[html, html])])
        for cell in notebook.cells:
            cell.id = "a-cell"
        page = {"title": "t", "facts": {}, "line": "", "runs": read_block(path)["runs"]}
        pages.append(module._as_html(notebook, path, page, None, "en"))
    assert pages[0] == pages[1] and "T_0001" in pages[0]
