"""The page that trains without Python: its table, its safety, and what is refused."""

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.cli import main
from gru_lab.records import playground as module
from gru_lab.records.notebooks import notebooks_folder
from gru_lab.records.playground import ROWS, START, pack, playground, small, train_here
from gru_lab.runs.exchange import adopt
from gru_lab.series import Scaler, Series
from gru_lab.words import BOTH, words


def table_of(page):
    """The table inside a page, as its script reads it: (data, values scaled)."""
    data = json.loads(re.search(r'class="train-here-data">(.*?)</script>', page, re.S)[1])
    table = data["table"]
    levels = np.frombuffer(base64.b64decode(table["levels"]), dtype="<u2")
    levels = levels.reshape(-1, len(table["channels"]))
    return data, table["low"] + levels / 65_535 * np.array(table["span"])


def test_the_table_in_the_page_is_the_series_scaled_to_its_training_part(series):
    part, page = small(series), train_here(series)
    data, values = table_of(page)
    assert "1,400 × 12 (12 of 66 channels)" in page and len(part.channels) == 12
    scaled = Scaler.fit(part.split()[0].values).transform(part.values)
    np.testing.assert_allclose(values, scaled, atol=1e-5 * np.ptp(scaled))
    assert data["table"]["digest"] == part.digest
    config = lab.RunConfig(**data["settings"])
    assert config == START.replace(data=f"{series.name}, in a browser", data_digest=part.digest)


def test_a_large_table_is_cut_to_a_few_thousand_rows_and_says_so(rng):
    series = Series(rng.random((9_000, 30)), tuple(map(str, range(30))), "big")
    page = train_here(series)
    assert "the first 4,200 of 9,000 rows, 12 of 30 channels" in page
    assert len(table_of(page)[0]["table"]["levels"]) < 200_000


def test_parts_of_a_series_stay_apart(rng):
    series = Series(rng.random((600, 2)), ("a", "b"), "parts", (0, 250))
    assert pack(small(series))["parts"] == [[0, 250], [250, 600]]


def test_of_many_parts_the_longest_are_kept_in_their_order(rng):
    values = np.arange(5_000.0)[:, None]
    part = small(Series(values, ("a",), "parts", (0, 300, 400, 3_400, 3_410)))
    assert part.starts == (0, 3_000) and len(part) == ROWS
    assert part.values[[0, 2_999, 3_000, -1], 0].tolist() == [400, 3_399, 3_410, 4_609]


def test_a_constant_channel_does_no_harm(rng):
    values = np.c_[rng.random(300), np.full(300, 7.0)]
    page = train_here(Series(values, ("a", "b")))
    assert np.abs(table_of(page)[1][:, 1]).max() < 1e-6


def test_a_table_with_holes_or_too_short_is_refused_with_the_next_step(rng):
    values = rng.random((300, 2))
    values[4, 1] = np.nan
    with pytest.raises(ValueError, match="channel 'b' has holes.*gru-lab repair"):
        train_here(Series(values, ("a", "b"), "t"))
    with pytest.raises(ValueError, match="a window of 10 steps needs 10 rows"):
        train_here(Series(values[10:40], ("a", "b"), "t"))


def test_nothing_in_a_table_gets_out_of_its_place(rng):
    name = "</script><script>alert(1)</script><!--"
    clean = train_here(Series(rng.random((300, 1)), ("a",), "t"))
    page = train_here(Series(rng.random((300, 1)), (name,), name))
    assert page.count("<script") == clean.count("<script") and "alert(1)</script>" not in page
    assert page.count("</script>") == clean.count("</script>")


def test_the_command_writes_the_page_of_a_persons_own_table(tmp_path, rng, capsys):
    table = pd.DataFrame(rng.random((400, 3)), columns=["x", "y", "z"])
    table.assign(note=["a", "b"] * 200).to_csv(tmp_path / "t.csv")
    out = tmp_path / "page.html"
    assert main(["playground", "--data", str(tmp_path / "t.csv"), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    assert table_of(out.read_text())[0]["table"]["channels"] == ["x", "y", "z"]
    assert "note (text)" in out.read_text()


def test_no_table_is_overwritten_by_a_page(tmp_path, rng, capsys):
    table, other = tmp_path / "t.csv", tmp_path / "other.csv"
    pd.DataFrame(rng.random((400, 3)), columns=["x", "y", "z"]).to_csv(table)
    other.write_text("mine")
    before = table.read_bytes()
    for out, said in ((table, "out must be another file than"), (other, "out must end in .html")):
        assert main(["playground", "--data", str(table), "--out", str(out)]) == 2
        assert said in capsys.readouterr().err
    assert table.read_bytes() == before and other.read_text() == "mine"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--out", "nowhere/page.html"], "out must be in a folder that exists"),
        (["--data", "none.csv"], "none.csv"),
        (["--language", "xx"], "language must be one of en, zh"),
    ],
)
def test_what_cannot_be_written_or_read_is_one_clear_line(
    arguments, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["playground", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_same_table_gives_the_same_page_byte_by_byte(tmp_path):
    first, second = (playground(out=tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second and len(first) < 230_000


def test_the_page_that_comes_with_the_notebooks_is_the_one_that_is_written_now(tmp_path):
    """After a change: gru-lab playground --out notebooks/playground.html."""
    pages = [notebooks_folder() / "playground.html", playground(out=tmp_path / "page.html")]
    there, now = (page.read_text(encoding="utf-8") for page in pages)
    values = [table_of(page)[1] for page in (there, now)]
    np.testing.assert_allclose(*values, atol=1e-4)  # processors round the series differently
    packed = re.compile(r'("low|"span|"levels|"digest|_digest)": ("[^"]*"|\[[^]]*\])')
    assert packed.sub("", there) == packed.sub("", now)


def test_every_word_is_there_in_both_languages_with_the_same_places():
    for name, both in BOTH.items():
        assert len(both) == 2 and all(both), name
        assert len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in both}) == 1, name
    used = (module.Path(module.__file__).with_name("playground.mjs")).read_text()
    asked = set(re.findall(r"words\.(\w+)|words\[\"([^\"]+)\"\]", used))
    assert {one or other for one, other in asked} <= set(words("zh"))


CURVE = dict.fromkeys(
    "train_all train_missing last_all last_missing val_all val_missing val_all_dropout "
    "val_missing_dropout seconds".split(),
    [0.5, 0.25],
)


def test_curves_saved_in_a_browser_are_taken_in_and_marked(store, tmp_path, capsys):
    config = {"data": "t, in a browser", "data_digest": "abc", "epochs": 2, "dropout": 0}
    run = {"config": config, "device": "browser", "torch": "none", "curve": {"epoch": [1, 2]}}
    run["curve"] |= CURVE
    page = {"schema": module.SCHEMA, "title": "", "facts": {}, "line": "", "runs": [run]}
    path = tmp_path / "curves.json"
    path.write_text(json.dumps(page | {"moved": [run]}))
    assert main(["runs", "--from-record", str(path), "--store", store.url]) == 0
    said = capsys.readouterr()
    assert "1 runs taken in" in said.out and "1 more in it were not taken in" in said.err
    assert store.runs()["device"].tolist() == ["browser"]
    assert store.curve(lab.RunConfig(**config))["val_missing"].tolist() == [0.5, 0.25]

    run["key"] = "0" * 16
    path.write_text(json.dumps(page))
    with pytest.raises(ValueError, match="its key does not match its settings"):
        adopt(path, store)
    del run["key"], run["device"]
    path.write_text(json.dumps(page))
    with pytest.raises(ValueError, match="run 1 is not sound"):
        adopt(path, store)
    path.write_text("{}")
    with pytest.raises(ValueError, match="or the JSON file of curves saved in one"):
        adopt(path, store)
