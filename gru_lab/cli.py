"""The command `gru-lab`: open the lab, record the notebooks, sweep a stage, list the runs, check or
repair a table.
"""

import argparse
import contextlib
import os
import signal
import sys
import threading

from gru_lab import commands
from gru_lab.errors import Ended
from gru_lab.output import WRITTEN, printable

NOTHING = "Nothing was written."


CHANNEL_OPTIONS = {
    "--angles": "columns in degrees, where 360 is 0",
    "--codes": "columns of codes: a hole takes its nearer neighbour's",
    "--integer": "columns of whole numbers that are measured or counted",
    "--inputs": "columns that are only seen, and not repaired",
    "--only": "repair these columns and no others",
}


def _add_common(parser):
    parser.add_argument(
        "--profile", default="lesson", help="tiny (seconds), lesson (minutes) or full (hours)"
    )
    parser.add_argument(
        "--data", metavar="FILE", help="a table of your own (default: the built-in series)"
    )
    parser.add_argument(
        "--split-by", metavar="COLUMN", help="the column of FILE that tells runs apart"
    )
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="seeds per setting (default: the profile's)"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def _add_question(parser, required):
    parser.add_argument(
        "question",
        metavar="QUESTION",
        nargs=None if required else "?",
        help="in words" if required else "in words, or a notebook that asks it",
    )
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="NAME=VALUE",
        help="settings of the runs; one of them, the knob, with several values: hidden_size=16,32",
    )
    parser.add_argument("--adopted", metavar="VALUE", help="that is claimed to be the best")
    parser.add_argument(
        "--data", metavar="FILE", help="a table of your own (default: the built-in series)"
    )
    parser.add_argument(
        "--split-by", metavar="COLUMN", help="the column of FILE that tells runs apart"
    )
    parser.add_argument("--rows", type=int, metavar="N", help="use only so many rows of FILE")
    parser.add_argument(
        "--drop-holes", action="store_true", help="leave out rows in which something is missing"
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="default: 5")


def _add_store(parser):
    parser.add_argument(
        "--store", metavar="URL", help="where runs are kept (default: runs.sqlite here)"
    )


def build_parser():
    """Return the argument parser; it imports nothing heavy, so that --help is quick."""
    parser = argparse.ArgumentParser(
        prog="gru-lab", description="Re-run a tuning log and keep what came out; repair tables."
    )
    parser.set_defaults(stopped="Finished runs are kept; the same command goes on from there.")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lab = parsers.add_parser("lab", help="open the notebooks in JupyterLab")
    lab.add_argument("--port", type=int, default=8888, help="port on this machine (default: 8888)")
    lab.set_defaults(run=commands.open_lab)
    record = parsers.add_parser("record", help="run the notebooks and export them as HTML")
    record.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help="name or number (default: all)"
    )
    _add_common(record)
    _add_store(record)
    record.add_argument("--out", default="records", metavar="FOLDER", help="default: records")
    record.add_argument("--name", help="what to call these records (default: the profile)")
    record.add_argument(
        "--format",
        action="append",
        metavar="F",
        help="html, ipynb, md or log (default: html and log)",
    )
    record.add_argument("--language", default="en", help="of log and pages: en or zh (default: en)")
    record.set_defaults(run=commands.record_notebooks)
    page = parsers.add_parser("playground", help="write a page that trains a GRU in the browser")
    page.add_argument(
        "--data", metavar="FILE", help="a complete table of your own (default: the built-in series)"
    )
    page.add_argument(
        "--split-by", metavar="COLUMN", help="the column of FILE that tells runs apart"
    )
    page.add_argument(
        "--out", default="playground.html", metavar="FILE", help="default: playground.html"
    )
    page.add_argument("--language", default="en", help="of the page: en or zh (default: en)")
    page.set_defaults(run=commands.write_playground, stopped="Nothing was written.")
    sweep = parsers.add_parser("sweep", help="train every setting of a stage")
    sweep.add_argument("stage", metavar="STAGE", help="name or number")
    _add_common(sweep)
    _add_store(sweep)
    sweep.add_argument(
        "--scheduler", metavar="URL", help="a Dask scheduler to train on, such as tcp://host:8786"
    )
    sweep.set_defaults(run=commands.sweep_stage)
    new = parsers.add_parser("new", help="write a notebook that asks a question of your own")
    _add_question(new, required=True)
    new.add_argument("--out", metavar="FILE", help="the notebook (default: the question's words)")
    new.set_defaults(run=commands.new_question, stopped=NOTHING)
    log = parsers.add_parser(
        "log", help="add a question to your tuning log, or, without one, read the log back"
    )
    _add_question(log, required=False)
    log.add_argument("--conclusion", default="", metavar="TEXT", help="what you conclude from it")
    log.add_argument("--number", type=int, metavar="N", help="of the question (default: the next)")
    log.add_argument("--language", default="en", help="of the log: en or zh (default: en)")
    log.add_argument("--out", metavar="FILE", help="the log (default: my_tuning_log.md)")
    _add_store(log)
    log.set_defaults(run=commands.log_question, stopped=NOTHING)
    runs = parsers.add_parser("runs", help="list, filter, export or delete the runs that are kept")
    runs.add_argument(
        "--stage", metavar="STAGE", help="only the settings of this stage, by name or number"
    )
    runs.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only runs with this setting",
    )
    runs.add_argument("--csv", metavar="FILE", help="write them there instead")
    runs.add_argument("--parquet", metavar="FILE", help="the same as Parquet")
    runs.add_argument("--delete", action="store_true", help="delete them, after a question")
    runs.add_argument("--yes", action="store_true", help="without the question")
    runs.add_argument(
        "--from-record",
        metavar="FILE",
        help="first import the runs in a record, or in a JSON file of curves saved in one",
    )
    _add_store(runs)
    runs.set_defaults(run=commands.list_runs, stopped="Runs that were imported so far are kept.")
    verify = parsers.add_parser(
        "verify", help="train the first epochs of kept runs again and compare every figure"
    )
    verify.add_argument(
        "what",
        nargs="?",
        default="3",
        metavar="N|RECORD",
        help="how many of the runs that come with the kit (default: the 3 cheapest, a few "
        "minutes), or a record whose runs are to be checked",
    )
    verify.add_argument("--runs", type=int, default=3, metavar="N", help="of a record (default: 3)")
    verify.add_argument("--epochs", type=int, default=1, metavar="N", help="of each (default: 1)")
    verify.add_argument("--data", metavar="FILE", help="the table that the record's runs are on")
    verify.add_argument(
        "--split-by", metavar="COLUMN", help="the column of FILE that tells runs apart"
    )
    verify.set_defaults(run=commands.verify_runs, stopped="Nothing was changed.")
    check = parsers.add_parser(
        "check", help="describe a table, and list problems to fix before a repair"
    )
    check.add_argument(
        "file", nargs="+", metavar="FILE", help="CSV, TSV, Excel, Parquet, NPY or NPZ; or a folder"
    )
    _add_table(check)
    check.set_defaults(run=commands.check_file, stopped=NOTHING)
    repair = parsers.add_parser("repair", help="fill the holes of a table, and change nothing else")
    repair.add_argument(
        "source",
        nargs="+",
        metavar="IN",
        help="CSV, TSV, Excel, Parquet, NPY or NPZ; several files, a folder or a pattern such as "
        "'day-*.csv' are learned from together. They are never changed",
    )
    repair.add_argument(
        "out", metavar="OUT", help="the repaired table, in the same format; a folder for several"
    )
    repair.add_argument(
        "--report", metavar="FILE", help="write there, as HTML, how good the repair is"
    )
    repair.add_argument(
        "--keep-flags", action="store_true", help="add a column or sheet that marks repaired cells"
    )
    repair.add_argument(
        "--keep-holes", metavar="FILE", help="leave the holes empty that you unticked in a report"
    )
    repair.add_argument(
        "--fill-rows",
        action="store_true",
        help="first put in a row for each time step that has none",
    )
    _add_table(repair)
    repair.add_argument("--minutes", type=float, metavar="N", help="in all (default: 3)")
    repair.add_argument(
        "--fast",
        action="store_const",
        const=0.0,
        dest="minutes",
        help="seconds instead of minutes: no network is trained (the same as --minutes 0)",
    )
    repair.add_argument(
        "--draws", type=int, metavar="N", help="also write N plausible tables: OUT.1, OUT.2, ..."
    )
    repair.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="of all that is random (default: 0); with --model or --fast the same command gives "
        "the same bytes, while a training by the clock may end an epoch earlier or later",
    )
    repair.add_argument("--device", default="auto", help="auto, cpu or cuda")
    repair.add_argument(
        "--model", metavar="FILE", help="repair with what was learned before, without training"
    )
    repair.add_argument("--save-model", metavar="FILE", help="keep what was learned")
    repair.set_defaults(run=commands.repair_file, stopped=NOTHING)
    return parser


def _add_table(parser):
    parser.add_argument("--split-by", metavar="COLUMN", help="the column that tells parts apart")
    parser.add_argument(
        "--time",
        action="append",
        default=[],
        metavar="COLUMN",
        help="the column of time stamps (default: found); give it twice for a date and a clock",
    )
    parser.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="how time is written: such as %%d/%%m/%%Y, s (seconds since 1970), ms, or excel",
    )
    first = parser.add_mutually_exclusive_group()
    first.add_argument(
        "--dayfirst",
        action="store_const",
        const=True,
        help="2/1/2024 is the second of January",
    )
    first.add_argument(
        "--monthfirst",
        dest="dayfirst",
        action="store_const",
        const=False,
        help="2/1/2024 is the first of February",
    )
    for option, words in CHANNEL_OPTIONS.items():
        parser.add_argument(option, nargs="+", action="extend", metavar="COLUMN", help=words)
    for option, words in {"--low": "least", "--high": "greatest"}.items():
        parser.add_argument(
            option,
            action="append",
            metavar="COLUMN=VALUE",
            help=f"the {words} value that a repair may put into a column",
        )
    parser.add_argument(
        "--max-gap",
        metavar="GAP",
        help="leave longer holes empty: a number of rows, or a time such as 6h",
    )
    parser.add_argument(
        "--extrapolation",
        metavar="GAP",
        help="the same for holes before the first or after the last value of a column; or all "
        "(default: as long as held-back ends can be filled)",
    )
    parser.add_argument(
        "--missing-value",
        action="append",
        default=[],
        metavar="COLUMN=X",
        help="a value that means 'missing' in that column; X alone: wherever it looks like a code",
    )
    parser.add_argument(
        "--yes", action="store_true", help="take X for missing in all columns but the time"
    )
    parser.add_argument("--decimal", metavar="SIGN", help="the decimal sign: . or ,")
    parser.add_argument(
        "--thousands", metavar="SIGN", help="the sign between thousands: . or , or ' or none"
    )
    parser.add_argument("--sheet", metavar="NAME", help="the sheet of a workbook")


@contextlib.contextmanager
def _signals_as_ctrl_c():
    """Let SIGTERM and SIGHUP end the block in good order, unless they are ignored (nohup)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)]
    before = {one: signal.getsignal(one) for one in wanted}
    before = {one: handler for one, handler in before.items() if handler is not signal.SIG_IGN}

    def end(number, _):
        for one in before:  # a second one must not break the good order
            signal.signal(one, signal.SIG_IGN)
        raise Ended(number)

    try:
        for one in before:
            signal.signal(one, end)
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler or signal.SIG_DFL)


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
    """Run the command and return the exit code, whatever goes wrong."""
    try:
        with _signals_as_ctrl_c():
            code = parsed.run(parsed)
            sys.stdout.flush()  # so that a reader who is gone shows here and not at the very end
            return code
    except ValueError as error:
        _tell(f"gru-lab: {error}")
        return 2
    except KeyboardInterrupt as error:
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


def main(arguments=None):
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


if __name__ == "__main__":
    sys.exit(main())
