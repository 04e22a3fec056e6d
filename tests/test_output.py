"""A place to write is refused before the work; files are written together or not at all."""

import os
import signal
import socket
import stat

import pytest

from gru_lab import output
from gru_lab.output import printable, require_place, safe_cell, write_together, write_whole

pytestmark = pytest.mark.usefixtures("ctrl_c")


@pytest.fixture
def places(tmp_path):
    """A folder of all that may stand where a file is to be written."""
    (tmp_path / "in.csv").write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "in.csv")
    os.link(tmp_path / "in.csv", tmp_path / "hard.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "lost.csv").symlink_to("nowhere/out.csv")
    (tmp_path / "folder").mkdir()
    (tmp_path / "to_folder").symlink_to("folder")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))
    return tmp_path


WRONG = {
    "in.csv": "another file than",
    "link.csv": "another file than",
    "hard.csv": "another file than",
    "folder/../in.csv": "another file than",
    "to_folder/../in.csv": "another file than",
    ".": "a folder",
    "to_folder": "a folder",
    "nowhere/out.csv": "folder that exists, not .*nowhere.*; make that folder first",
    "lost.csv": "folder that exists, not .*nowhere",
    "in.csv/out.csv": "folder that exists",
    "fifo": "a device or a pipe",
    "socket": "a device or a pipe",
    "null": "a device or a pipe",
    "/dev/null": "a device or a pipe",
    "/dev/stdout": "ordinary file, not '/dev/stdout'",
    "/dev/fd/1": "ordinary file",
    "/proc/self/fd/1": "ordinary file",
    "-": "ordinary file, not '-': it is not printed",
    "x" * 300: "File name too long",
}


@pytest.mark.parametrize("out", WRONG)
def test_a_place_to_write_is_checked_before_anything_is_computed(out, places, monkeypatch):
    monkeypatch.chdir(places)
    before = sorted(places.iterdir())
    with pytest.raises(ValueError, match=f"OUT (must be|cannot be) .*{WRONG[out]}"):
        require_place("OUT", out, "in.csv")
    assert sorted(places.iterdir()) == before and (places / "in.csv").read_text() == "a\n1\n"


def test_a_good_place_comes_back_as_it_was_named(places, monkeypatch):
    monkeypatch.chdir(places)
    for good in (
        "out.csv",
        "folder/out.csv",
        "to_folder/out.csv",
        "./-",
        "../" + places.name + "/o",
    ):
        assert str(require_place("OUT", good, "in.csv", None)) == good.removeprefix("./")


def test_through_a_link_its_target_is_written_and_the_link_stays(places):
    write_whole(places / "link.csv", b"new")
    assert (places / "link.csv").is_symlink() and (places / "in.csv").read_bytes() == b"new"
    (places / "later.csv").symlink_to("folder/out.csv")
    write_whole(require_place("OUT", places / "later.csv"), "text")
    assert (places / "folder" / "out.csv").read_text() == "text"


def test_a_new_file_has_the_usual_rights_and_an_old_one_keeps_its_own(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", b"")
        (tmp_path / "old").touch(0o600)
        write_whole(tmp_path / "old", b"x")
    finally:
        os.umask(before)
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")]
    assert rights == [0o640, 0o600]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "out.csv", b"first")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "out.csv", 7)
    assert (tmp_path / "out.csv").read_bytes() == b"first" and len(list(tmp_path.iterdir())) == 1


def test_nobodys_file_stands_in_the_way_of_a_temporary_one(tmp_path):
    for name in ("out.csv.part", "x" * 255):
        (tmp_path / name).write_text("mine")
    write_together({tmp_path / "out.csv": "a", tmp_path / ("x" * 255): "b"})
    assert (tmp_path / "out.csv.part").read_text() == "mine"
    assert (tmp_path / ("x" * 255)).read_text() == "b" and len(list(tmp_path.iterdir())) == 3


def test_files_that_belong_together_are_written_together_or_none(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="/gone/b' could not be written: No such file or directory"):
        write_together({tmp_path / "a": "new", tmp_path / "gone" / "b": "new"})
    assert (tmp_path / "a").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_two_files_of_a_command_are_never_the_same_one(tmp_path):
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(ValueError, match="must not both be written to .*link"):
        write_together({tmp_path / "a": "1", tmp_path / "link": "2"})
    assert os.listdir(tmp_path) == ["link"]


@pytest.mark.parametrize("number", output.ENDING)
def test_a_signal_between_two_files_waits_until_both_have_their_names(
    number, tmp_path, monkeypatch
):
    came = []
    before = signal.signal(number, lambda got, _: came.append(got))
    replace = output.Path.replace

    def replace_and_signal(part, target):
        replace(part, target)
        signal.raise_signal(number)
        assert not came

    monkeypatch.setattr(output.Path, "replace", replace_and_signal)
    try:
        write_together({tmp_path / "a": "1", tmp_path / "b": "2"})
    finally:
        signal.signal(number, before)
    assert came == [number] and sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_signal_while_files_are_being_written_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(output.os, "fsync", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        write_together({tmp_path / "a": "1"})
    assert list(tmp_path.iterdir()) == []


def test_a_second_ctrl_c_while_files_are_taken_back_leaves_none_of_them(tmp_path, monkeypatch):
    unlink, written = output.Path.unlink, []

    def again(path, **_):
        signal.raise_signal(signal.SIGINT)
        unlink(path)

    def interrupted(part, content, _):
        part.write_text(content)
        written.append(part)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(output.Path, "unlink", again)
    monkeypatch.setattr(output, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_together({tmp_path / "a": "1", tmp_path / "b": "2"})
    assert len(written) == 2 and list(tmp_path.iterdir()) == []


SIGNS = {
    "\x1b[31mred": r"\x1b[31mred",
    "\x9b31m": r"\x9b31m",
    "bell\x07 \x00": r"bell\x07 \x00",
    "back\x08\x7f": r"back\x08\x7f",
    "over\rwritten": r"over\rwritten",
    "turned \u202e": r"turned \u202e",
    "half \ud800": r"half \ud800",
    "größe 温度 é\t\n": "größe 温度 é\t\n",
}


@pytest.mark.parametrize("text", SIGNS)
def test_what_a_terminal_would_obey_is_written_out(text):
    assert printable(text) == SIGNS[text]


def test_text_that_a_spreadsheet_would_run_is_written_so_that_it_does_not():
    for text in (
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\r=1",
        "＝1+1",
        "=cmd|' /C x'!A",
    ):
        assert safe_cell(text).startswith(("'", "\\r"))
    for same in ("a=b", "-4.5", "+3", "-1e-3", "-4,5", "x", "", "-inf", 3, -4.5, None, True):
        assert safe_cell(same) is same or safe_cell(same) == same
