"""Runs out of a store and into another, and what is refused on the way in."""

import json
import os

import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.loss import METRICS
from gru_lab.runs.exchange import adopt, as_block, pack
from tests.conftest import growth

CONFIG = lab.RunConfig(epochs=3, dropout=0.2, data="table", data_digest="abc")


@pytest.fixture
def packed(store):
    """One run, packed, as a record would carry it."""
    curve = pd.DataFrame({name: [0.3, 0.2, 0.1 + 1e-15] for name in METRICS}).assign(
        epoch=[1, 2, 3], seconds=0.5
    )
    store.put(CONFIG, curve, sample=[[[0.5]] * 10])
    return pack([CONFIG, CONFIG.replace(epochs=2), CONFIG.replace(seed=9)], store)


@pytest.fixture
def record(tmp_path):
    """A function that writes a record with the given data inside and returns its path."""

    def write(**data):
        path = tmp_path / "foreign.html"
        block = as_block({"title": "theirs", "facts": {}, "line": "", "runs": [], **data})
        path.write_text(f"<html>{block}</html>")
        return path

    return write


def test_a_run_goes_from_one_store_to_another_without_loss(packed, record, store, tmp_path):
    other = lab.Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert adopt(record(runs=packed), other) == [CONFIG]
    pd.testing.assert_frame_equal(other.curve(CONFIG), store.curve(CONFIG))
    assert (other.sample(CONFIG.key) == store.sample(CONFIG.key)).all()
    columns = ["machine", "torch", "trained", "device"]
    assert other.runs()[columns].equals(store.runs()[columns])


def test_only_runs_of_the_store_are_packed_each_key_once_at_its_longest(packed):
    assert [(run["key"], run["config"]["epochs"]) for run in packed] == [(CONFIG.key, 3)]


def test_text_in_the_data_cannot_end_its_block(record):
    path = record(title="</script><script>alert(1)</script><!--")
    assert path.read_text().count("</script>") == 1 and "<!--" not in path.read_text()


def spoil(run, *keys, value):
    """Return a copy of a packed run with one place in it replaced."""
    copy = json.loads(json.dumps(run))
    place = copy
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return copy


WRONG = {
    "a setting out of range": (("config", "dropout"), 1.5, "dropout must be"),
    "a setting that is none": (("config", "__class__"), 1, "unknown settings"),
    "a key that is not that of the settings": (
        ("key",),
        "0" * 16,
        "its key does not match its settings",
    ),
    "a curve that is too short": (("curve", "val_all"), [0.1], "must have 3 epochs"),
    "a curve with text": (("curve", "val_all"), [0.1, "x", 0.1], "finite numbers"),
    "a curve with a negative error": (("curve", "val_all"), [0.1, -1, 0.1], "finite numbers"),
    "epochs out of order": (("curve", "epoch"), [1, 3, 2], "count from 1"),
    "a sample of another shape": (("sample",), [[1.0]], "sample of its repair"),
    "a data name that is no text": (("config", "data"), {"a": 1}, "must be text"),
    "a setting beyond all databases": (("config", "hidden_size"), 10**30, "must be at most"),
    "an error beyond all numbers": (("curve", "val_all"), [0.1, 10**400, 0.1], "finite numbers"),
    "a duration beyond all numbers": (("curve", "seconds"), [10**400] * 3, "finite numbers"),
    "a sample beyond all numbers": (("sample",), [[[10**400]] * 10], "not sound"),
    "a curve that is none": (("curve",), [], "not sound"),
    "settings that are none": (("config",), None, "not sound"),
}


@pytest.mark.parametrize("keys, value, message", WRONG.values(), ids=WRONG)
def test_a_run_that_is_not_sound_is_refused_before_any_is_kept(
    keys, value, message, packed, record, tmp_path
):
    other = lab.Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with pytest.raises(ValueError, match=message):
        adopt(record(runs=[packed[0], spoil(packed[0], *keys, value=value)]), other)
    assert other.runs().empty


def test_files_that_are_no_records_are_refused(store, tmp_path, record):
    (tmp_path / "page.html").write_text("<html>hello</html>")
    (tmp_path / "broken.html").write_text(
        '<script type="application/json" id="gru-lab-record">{</script>'
    )
    for name in ("page.html", "broken.html", "missing.html"):
        with pytest.raises(ValueError, match="record"):
            adopt(tmp_path / name, store)
    with pytest.raises(ValueError, match="its runs must be list"):
        adopt(record(runs="all"), store)


def test_of_very_many_runs_the_samples_stay_at_home(store, monkeypatch):
    stage = lab.stage("mask_input", "tiny")
    lab.sweep(stage, 1, store, workers=1)
    configs = [config for _, config in stage.configs(1)]
    assert all(run["sample"] for run in pack(configs, store))
    monkeypatch.setattr("gru_lab.runs.exchange.MOST_SAMPLES", 1)
    assert [run["sample"] for run in pack(configs, store)] == [None] * len(
        {config.key for config in configs}
    )


@pytest.mark.parametrize("number", ("NaN", "Infinity", "-1", "1e999", "true"))
def test_a_number_that_is_none_is_refused(number, packed, record, store):
    path = record(runs=packed)
    path.write_text(path.read_text().replace("[0.3, 0.2,", f"[0.3, {number},"))
    with pytest.raises(ValueError, match="run 1 is not sound: its curve must hold finite numbers"):
        adopt(path, store)


def test_a_run_that_lacks_something_is_named_with_what_it_lacks(packed, record, store):
    del packed[0]["curve"]["seconds"]
    with pytest.raises(ValueError, match="run 1 is not sound: it lacks 'seconds'"):
        adopt(record(runs=packed), store)


NESTED = {
    "lists": "[" * 100_000 + "]" * 100_000,
    "objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "never closed": "[" * 100_000,
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_data_that_is_nested_deeply_is_one_clear_error(text, store, tmp_path):
    path = tmp_path / "deep.html"
    path.write_text(f'<script type="application/json" id="gru-lab-record">{text}</script>')
    with pytest.raises(ValueError, match="deep.html' could not be read: .*nested too deeply"):
        adopt(path, store)


PIECES = {
    "tags": "<script ",
    "ids": 'id="gru-lab-record" ',
    "tags with the id": '<script id="gru-lab-record" ',
    "whole tags": '<script id="gru-lab-record">',
    "ends of tags": "></script>",
    "spaces": " ",
}


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_a_page_twice_as_long_takes_about_twice_as_long(piece, store, tmp_path):
    path = tmp_path / "long.html"

    def refused(length):
        path.write_text(piece * (length // len(piece)))
        with pytest.raises(ValueError, match="record .*long.html"):
            adopt(path, store)

    assert growth(refused, 1_000_000) < 8


@pytest.mark.parametrize("kind", ("folder", "pipe", "device"))
def test_what_is_no_file_is_no_record(kind, store, tmp_path):
    path = tmp_path / "record.html"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(ValueError, match="could not be read: it is a folder or a device"):
        adopt(path, store)


def test_the_block_at_the_end_counts_and_not_one_that_a_cell_shows(packed, record, store):
    path = record(runs=packed)
    fake = '<script type="application/json" id="gru-lab-record">{"schema": "mine"}</script>'
    path.write_text(fake + path.read_text())
    assert adopt(path, store) == [CONFIG]


def test_whose_record_a_run_came_from_is_kept_with_it(packed, record, tmp_path):
    other = lab.Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    adopt(record(runs=packed, facts={"name": "Lab course, Ada\x1b[2J"}), other)
    assert other.runs()["record"].tolist() == [r"Lab course, Ada\x1b[2J, foreign.html"]
    adopt(record(runs=packed, facts={"name": "Ben"}), other)  # there already
    assert "Ada" in other.runs()["record"][0] and len(other.runs()) == 1
    own = pd.DataFrame({name: [0.1] * 4 for name in METRICS}).assign(
        epoch=[1, 2, 3, 4], seconds=0.5
    )
    other.put(CONFIG.replace(epochs=4), own)  # a longer run of one's own takes its place
    assert other.runs()["record"].tolist() == [""]


def test_escape_codes_in_a_foreign_record_do_not_reach_the_store(packed, record, tmp_path):
    other = lab.Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    adopt(record(runs=[spoil(packed[0], "machine", value="\x1b]0;owned\x07 \ud800")]), other)
    assert other.runs()["machine"].tolist() == [r"\x1b]0;owned\x07 \ud800"]
