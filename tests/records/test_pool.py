"""A class's records become one page: seeds pooled, each run once, guesses beside the outcome."""

import re
from html import escape, unescape

import pytest

import gru_lab as lab
from gru_lab.digits import column
from gru_lab.evidence.guess import question
from gru_lab.runs.exchange import as_block, pack

STAGE = "missing_weight"


@pytest.fixture(scope="module")
def kept(tiny_runs, tmp_path_factory):
    store = tiny_runs(tmp_path_factory.mktemp("store"))
    return store, lab.sweep(lab.stage(STAGE, "tiny"), seeds=3, store=store, workers=1)


def hand_in(folder, name, kept, seeds, guess=None):
    store, results = kept
    configs = [config for _, config in results.stage.configs(3) if config.seed in seeds]
    asked = f"<p><b>{escape(question(results.stage))}</b></p><ul><li>the same</li>"
    asked += f"<li><b>{guess} (the guess made)</b></li></ul>" if guess else "</ul>"
    block = {"title": "t", "facts": {"name": name}, "line": "", "runs": pack(configs, store)}
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.html").write_text(asked + as_block(block), encoding="utf-8")


def words(path):
    return " ".join(unescape(re.sub("<[^>]+>", " ", path.read_text(encoding="utf-8"))).split())


def test_seeds_are_pooled_and_a_run_that_two_hold_counts_once(kept, tmp_path):
    hand_in(tmp_path / "in", "Ada", kept, (0, 1), "half of it")
    hand_in(tmp_path / "in", "Bo", kept, (1, 2))
    (tmp_path / "in" / "index.html").write_text("<p>not a record")
    page = words(lab.pool(tmp_path / "in", tmp_path / "class.html"))
    assert "Records: 2. Ada, Ada.html; Bo, Bo.html" in page
    assert "3 seeds out of 2 records" in page and "3 seeds are too few to tell" in page
    means = kept[1].errors().loc[["weight=1", "weight=0.5", "weight=0"]].mean(axis=1)
    for name, mean in zip(means.index, column(means), strict=True):
        assert f"{name} {mean} " in page
    assert "Ada, Ada.html half of it 0.5" in page and "It came out as 1 times" in page
    assert "index.html: record" in page  # what was not read is named
    page = words(lab.pool(tmp_path / "in", tmp_path / "class.html", "zh"))
    assert "全班的结果 记录数：2" in page and "第 2 阶段：在loss中，是否应为缺失部分" in page
    assert "无法判断" in page and "What the class found" not in page


def test_records_without_runs_of_a_stage_are_refused_and_nothing_is_written(kept, tmp_path):
    hand_in(tmp_path / "in", "Ada", kept, ())
    with pytest.raises(ValueError, match="records must hold at least one record with runs"):
        lab.pool(tmp_path / "in", tmp_path / "class.html")
    assert not (tmp_path / "class.html").exists()


def test_a_students_record_is_never_the_page_of_the_class(kept, tmp_path):
    folder = tmp_path / "in"
    hand_in(folder, "Ada", kept, [0, 1])
    (record,) = folder.rglob("*.html")
    before = record.read_bytes()
    with pytest.raises(ValueError, match="out must be another file than"):
        lab.pool(folder, record)
    assert record.read_bytes() == before
    for _ in range(2):  # and the page itself may be written again, among the records
        lab.pool(folder, folder / "class.html")
