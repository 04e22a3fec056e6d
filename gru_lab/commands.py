"""What a command of `gru-lab` is: its words, its options, and the function that does it.

What a function needs is imported in it, so that no command waits for what only another one needs,
and --help is quick.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TextIO

from gru_lab.output import printable

NOTHING = "Nothing was written."
KEPT = "Finished runs are kept; the same command goes on from there."
Option = tuple[str, dict[str, Any]]  # a name, and what argparse is told of it


class Command(NamedTuple):
    """A command; `stopped` says what it leaves when it is interrupted before it has written."""

    run: Callable[..., int]
    help: str
    options: tuple[Option, ...]
    stopped: str


COMMANDS: dict[str, Command] = {}  # all there are, by name


def command(
    name: str, words: str, *options: Option, stopped: str = NOTHING
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make a command of a function that takes the parsed arguments and returns the exit code."""

    def register(run):
        COMMANDS[name] = Command(run, words, options, stopped)
        return run

    return register


def option(name: str, metavar: str | None = None, words: str | None = None, **more: Any) -> Option:
    """Return an option with a value, or an argument where `name` has no dashes."""
    return name, {"metavar": metavar, "help": words} | more


def switch(name: str, words: str, **more: Any) -> Option:
    """Return an option without a value; options of one `group` exclude each other."""
    return name, {"action": "store_true", "help": words} | more


SPLIT_BY = option("--split-by", "COLUMN", "the column of FILE that tells runs apart")
DATA = (option("--data", "FILE", "a table of your own (default: the built-in series)"), SPLIT_BY)
DEVICE = option("--device", None, "auto, cpu or cuda", default="auto")
STORE = option("--store", "URL", "where runs are kept (default: runs.sqlite here)")


def language(of: str) -> Option:
    """Return the option for the language of a log or a page."""
    return option("--language", None, f"of {of}: en or zh (default: en)", default="en")


def say(text: object, file: TextIO | None = None) -> None:
    """Print what a command has to say; text of a foreign file in it brings no escape codes."""
    print(printable(text), file=file)
