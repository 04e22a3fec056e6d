"""The command `gru-lab`: its arguments are read, its command is run, errors told in a line."""

import argparse
import contextlib
import os
import signal
import sys
import threading
from typing import Any

from gru_lab import study_commands  # noqa: F401, commands are listed in the order of these imports
from gru_lab.commands import COMMANDS, NOTHING
from gru_lab.errors import Ended
from gru_lab.output import ENDING, WRITTEN, printable

# isort: split
from gru_lab import run_commands, table_commands  # noqa: F401


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser; it imports nothing heavy, so that --help is quick."""
    parser = argparse.ArgumentParser(
        prog="gru-lab", description="Re-run a tuning log and keep what came out; repair tables."
    )
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = parsers.add_parser(name, help=command.help)
        subparser.set_defaults(run=command.run, stopped=command.stopped)
        groups: dict[Any, Any] = {None: subparser}
        for option, kinds in command.options:
            group = kinds.get("group")
            if group not in groups:
                groups[group] = subparser.add_mutually_exclusive_group()
            known = {key: value for key, value in kinds.items() if key != "group"}
            groups[group].add_argument(option, **known)
    return parser


@contextlib.contextmanager
def _signals_as_ctrl_c():
    """Let SIGTERM and SIGHUP end the block in good order, unless they are ignored (nohup)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)]
    handlers = {number: signal.getsignal(number) for number in wanted}
    handlers = {number: was for number, was in handlers.items() if was is not signal.SIG_IGN}

    def end(number, _):
        for other in handlers:  # a second one must not break the good order
            signal.signal(other, signal.SIG_IGN)
        raise Ended(number)

    try:
        for number in handlers:
            signal.signal(number, end)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _tell(message):
    """Print to stderr; nobody may be there to read it any more."""
    with contextlib.suppress(OSError):
        print(printable(message), file=sys.stderr, flush=True)


def _stopped(parsed):
    """Return what a command that was interrupted leaves behind."""
    if not WRITTEN:
        return f"\nStopped. {parsed.stopped}"
    kept = "" if parsed.stopped == NOTHING else f" {parsed.stopped}"
    return f"\nStopped. Written: {', '.join(map(str, WRITTEN))}.{kept}"


def _leave_quietly():
    """Let nothing be written to a reader who is gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(parsed):
    try:
        with _signals_as_ctrl_c():
            code = parsed.run(parsed)
            sys.stdout.flush()  # so that a reader who is gone shows here and not at the very end
            return code
    except ValueError as error:
        _tell(f"gru-lab: {error}")
        return 2
    except KeyboardInterrupt as error:
        with contextlib.suppress(KeyboardInterrupt):  # a second one is in a hurry
            _tell(_stopped(parsed))
        _leave_quietly()
        return 128 + getattr(error, "number", int(signal.SIGINT))
    except BrokenPipeError:  # whoever reads what is printed has seen enough
        _leave_quietly()
        return 1
    except (RuntimeError, OSError) as error:
        _tell(f"gru-lab: {error}")
        return 1


def _settings_together(arguments):
    """Return a command line with its NAME=VALUE words together, as argparse wants them."""
    if arguments[:1] not in (["new"], ["log"]):
        return arguments
    switches = ("--drop-holes", "new", "log")
    rest, settings = [], []
    for before, word in zip(["", *arguments], arguments, strict=False):
        free = not before.startswith("-") or before in switches or "=" in before
        is_setting = free and word.partition("=")[0].isidentifier() and "=" in word
        (settings if is_setting else rest).append(word)
    place = 2 if len(rest) > 1 and not rest[1].startswith("-") else len(rest)
    return [*rest[:place], *settings, *rest[place:]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 where some runs failed, 2 for wrong input, 130
    when stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
    """
    arguments = _settings_together(list(sys.argv[1:] if arguments is None else arguments))
    for place in reversed([n for n, word in enumerate(arguments) if word == "--missing-value"]):
        # joined, since argparse takes -999,9 or - for an option
        arguments[place : place + 2] = ["=".join(arguments[place : place + 2])]
    # a log file: a line of progress now and then, not each tenth of a second
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", "10")  # seconds
    WRITTEN.clear()
    return _run(build_parser().parse_args(arguments or ["--help"]))


def run_process() -> None:
    """Run the command as a process of its own; no signal breaks into the end of Python, where
    libraries put their things away.
    """
    try:
        code = main()
    except KeyboardInterrupt:  # one more, while the first was told
        code = 128 + int(signal.SIGINT)
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


if __name__ == "__main__":
    run_process()
