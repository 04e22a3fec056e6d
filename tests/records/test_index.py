"""The index of a folder of records, whatever lies in it."""

import os

import pytest

from gru_lab.records.index import write_index
from gru_lab.runs.exchange import as_block

RUN = {"curve": {"val_missing": [0.3, 0.2, 0.1]}}
BAD = {
    "an error beyond all numbers": {"runs": [{"curve": {"val_missing": [0.1, 10**400]}}]},
    "a curve of curves": {"runs": [{"curve": {"val_missing": [[0.1], [0.2]]}}]},
    "a curve that is none": {"runs": [{"curve": {"val_missing": 3}}]},
    "a run that is none": {"runs": ["all"]},
    "text in a curve": {"runs": [{"curve": {"val_missing": ["a", "b"]}}]},
    "half a character": {"title": "half \ud800", "line": "\udfff"},
    "facts that are no text": {"facts": {"name": ["a"], "date": {"b": 1}, "profile": None}},
    "a line with escape codes": {"line": "\x1b[2J"},
    "very long facts": {"facts": {"name": "x" * 1_000_000}},
}
STRANGE = {
    "nested.html": '<script id="gru-lab-record">' + "[" * 100_000 + "</script>",
    "nan.html": '<script id="gru-lab-record">{"schema": "gru-lab-record/1", "title": "t", '
    '"line": "",'
    ' "facts": {}, "runs": [{"curve": {"val_missing": [NaN, Infinity]}}]}</script>',
    "latin.html": b"\xff\xfe",
    "empty.html": "",
}


def page(**data):
    return as_block({"title": "good", "facts": {}, "line": "", "whole": True, "runs": [RUN]} | data)


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_a_bad_record_does_not_keep_the_others_out_of_the_index(data, tmp_path):
    for name, text in (("a", page()), ("b", page(**data)), ("c", page())):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.html").write_text(text)
    index = write_index(tmp_path).read_text()
    assert index.count("good</a>") >= 2 and index.count("<polyline") >= 2
    assert "\x1b" not in index


def test_other_files_in_the_folder_are_left_out(tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "good.html").write_text(page())
    for name, text in STRANGE.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    os.mkfifo(folder / "pipe.html")
    (folder / "zero.html").symlink_to("/dev/zero")
    (folder / "folder.html").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    index = write_index(tmp_path).read_text()
    assert index.count("<polyline") == 1 and "nan" not in index.replace("nan.html", "")
