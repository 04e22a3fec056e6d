"""Plain words: one word for one thing, and no riddles, in all that a person reads."""

import re
import shlex
from pathlib import Path

import nbformat
import pytest

import gru_lab
from gru_lab.cli import build_parser, main
from gru_lab.commands import COMMANDS

PACKAGE = Path(gru_lab.__file__).parent
ROOT = PACKAGE.parent
NOTEBOOKS = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/solutions/*.ipynb")]
SYNONYMS = {  # what a person could call it: what it is called here
    r"missing[- _]ratio|masking rate|share of gaps": "missing_rate",
    r"missing_mask|gap_mask": "observed_mask or hidden_mask",
    r"the word (on it|above|follows)|in one of four words|the four words": "verdict",
    r"\bpreset\b|profile size|size of the profile": "profile",
    r"run store file|run database|database of runs": "store",
    r"run id\b|fingerprint of the run": "key",
    r"\bmender\b|\bmended table\b": "repairer, repaired table",
    r"\byardstick\b|measuring stick": "ruler",
}
RIDDLES = (
    "made by the ruler",
    "goes on where it was",
    "what anyone who reaches it sends",
    "tried on no GPU",
    "by its own values all the same",
    "somebody's record",
    "may it be ",
    "come to its end",
    "for a URL that is none",
    "of the row above",
    "is called like a time",
    "came to a sudden end",
    "otherwise than it was sent",
    "is not that of its settings",
    "no better any more",
    "could not go on",
    "Train trains it again",
    "what would spoil its repair",
    "Nobody answers",
    "had one run a setting",
    "With some hundred rows",
)


def prose():
    """Yield (where, text) of what a person reads outside the code."""
    for name in ("README.md", "notebooks/README.md", "CONTRIBUTING.md"):
        yield name, (ROOT / name).read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            yield path.name, cell.source


@pytest.mark.parametrize("synonym", SYNONYMS)
def test_one_thing_has_one_word(synonym):
    found = [(where, text) for where, text in prose() if re.search(synonym, text, re.I)]
    assert found == [], f"it is called {SYNONYMS[synonym]} here"


@pytest.mark.parametrize("riddle", RIDDLES)
def test_no_riddle_is_left(riddle):
    texts = [*prose()]
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.j2"), *PACKAGE.rglob("*.mjs")]
    texts += [(path.name, path.read_text(encoding="utf-8")) for path in files]
    assert [where for where, text in texts if riddle in " ".join(text.split())] == []


def test_the_chinese_readme_has_what_the_english_one_has():
    def has(name):
        text = (ROOT / name).read_text(encoding="utf-8")
        code = "\n".join(re.findall(r"```\w*\n(.*?)```", text, re.S))
        lines = [re.sub(r"\s+#.*", "", line) for line in code.splitlines()]
        return lines, re.findall(r"\]\((\S+\.png)\)", text), re.findall("^#+ |^\\|", text, re.M)

    assert has("README.zh.md") == has("README.md")


@pytest.mark.parametrize("name", ("README.md", "notebooks/README.md"))
def test_every_command_of_a_readme_is_one_that_there_is(name):
    blocks = re.findall(r"```\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S)
    lines = re.findall("^(?:gru-lab|make) .*", "".join(blocks), re.M)
    lines = [shlex.split(line, comments=True) for line in lines]
    targets = re.findall("^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {words[1] for words in lines if words[0] == "make"} <= set(targets)
    commands = [words[1:] for words in lines if words[0] == "gru-lab"]
    assert len(commands) > 2
    for arguments in commands:
        build_parser().parse_args(arguments)  # an unknown option ends the test


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_speaks_the_same_words(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0 and shown.startswith(f"usage: gru-lab {command}")
    for words in (*SYNONYMS, *map(re.escape, RIDDLES)):
        assert not re.search(words, shown, re.I), words
