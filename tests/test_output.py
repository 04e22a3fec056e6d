"""A place to write is refused before the work; a file is written whole or not at all."""

import pytest

from gru_lab.output import require_place, write_whole


def test_a_place_to_write_is_checked_before_anything_is_computed(tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "in.csv")
    for out, message in (
        ("in.csv", "another file than"),
        ("link.csv", "another file than"),
        (".", "a folder"),
        ("nowhere/out.csv", "folder that exists, not .*nowhere.*; make that folder first"),
    ):
        with pytest.raises(ValueError, match=f"OUT must be .*{message}"):
            require_place("OUT", tmp_path / out, tmp_path / "in.csv")
    assert require_place("OUT", tmp_path / "out.csv", tmp_path / "in.csv") == tmp_path / "out.csv"


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "out.csv", b"first")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "out.csv", 7)
    assert (tmp_path / "out.csv").read_bytes() == b"first" and len(list(tmp_path.iterdir())) == 1
