"""The commands of studies: open the lab, record, sweep, ask, log, list and verify runs."""

import os
import sys

from gru_lab.commands import (
    DATA,
    DEVICE,
    KEPT,
    SPLIT_BY,
    STORE,
    command,
    language,
    option,
    say,
    switch,
)
from gru_lab.output import require_place, safe_cell, write_together

START = "00_start_here.ipynb"
PRINTED = ("-", "/dev/stdout")  # names of files that mean: print it
COMMON = (
    option("--profile", None, "tiny (seconds), lesson (minutes) or full (hours)", default="lesson"),
    *DATA,
    option("--seeds", "N", "seeds per setting (default: the profile's)", type=int),
    option("--workers", "N", "processes (default: one a core)", type=int),
    DEVICE,
    STORE,
)
KNOB = "settings of the runs; one of them, the knob, with several values: hidden_size=16,32"
ASKED = (
    option("settings", "NAME=VALUE", KNOB, nargs="*"),
    option("--adopted", "VALUE", "that is claimed to be the best"),
    *DATA,
    option("--rows", "N", "use only so many rows of FILE", type=int),
    switch("--drop-holes", "leave out rows in which something is missing"),
    option("--seeds", "N", "default: 5", type=int, default=5),
)


@command(
    "lab",
    "open the notebooks in JupyterLab",
    option("--port", None, "port on this machine (default: 8888)", type=int, default=8888),
    stopped=KEPT,
)
def open_lab(arguments):
    import shutil
    from pathlib import Path

    from gru_lab.records.notebooks import notebooks_folder

    folder = notebooks_folder()
    if folder.parent.name == "gru_lab":  # installed from a wheel: give the person a copy to work in
        copy = Path.cwd() / "notebooks"
        if not copy.exists():
            shutil.copytree(folder, copy)
        folder = copy
    line = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={arguments.port}"]
    line.append(f"--ServerApp.root_dir={folder}")
    # defaults that keep Jupyter's box of news and updates from covering the first figures
    line.append(f"--LabApp.app_settings_dir={Path(__file__).with_name('jupyterlab')}")
    if (folder / START).exists():
        line.append(f"--LabApp.default_url=/lab/tree/{START}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        line.append("--allow-root")
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not has_display:
        line.append("--no-browser")
        address = "the address below that begins with http://127.0.0.1"
        print(f"No display here: open {address} in a browser.", flush=True)
    os.execv(sys.executable, line)


@command(
    "record",
    "run the notebooks and export them as HTML",
    option("notebooks", "NOTEBOOK", "name or number (default: all)", nargs="*"),
    *COMMON,
    option("--out", "FOLDER", "default: records", default="records"),
    option("--name", None, "what to call these records (default: the profile)"),
    option("--format", "F", "html, ipynb, md or log (default: html and log)", action="append"),
    language("log and pages"),
    stopped=KEPT,
)
def record_notebooks(arguments):
    from gru_lab.records.record import record

    names = ("profile", "data", "split_by", "seeds", "out", "store", "workers", "device", "name")
    written, failed = record(
        arguments.notebooks,
        formats=arguments.format or ("html", "log"),
        language=arguments.language,
        **{name: getattr(arguments, name) for name in names},
    )
    say(f"{len(written) - 1} files in {written[1].parent}; begin with {written[0]}")
    for path in failed:
        say(f"A cell failed in {path.name}: the record shows where.", file=sys.stderr)
    return 1 if failed else 0


@command(
    "playground",
    "write a page that trains a GRU in the browser",
    option("--data", "FILE", "a complete table of your own (default: the built-in series)"),
    SPLIT_BY,
    option("--out", "FILE", "default: playground.html", default="playground.html"),
    language("the page"),
)
def write_playground(arguments):
    from gru_lab.records.playground import playground

    path = playground(arguments.data, arguments.out, arguments.split_by, arguments.language)
    print(f"{path}: open it in a browser; it needs neither Python nor a network.")
    return 0


@command(
    "sweep",
    "train every setting of a stage",
    option("stage", "STAGE", "name or number"),
    *COMMON,
    option("--scheduler", "URL", "a Dask scheduler to train on, such as tcp://host:8786"),
    stopped=KEPT,
)
def sweep_stage(arguments):
    from gru_lab.runs.sweep import sweep
    from gru_lab.tuning_log.stages import stage

    asked = stage(arguments.stage, arguments.profile, arguments.data, arguments.split_by)
    names = ("seeds", "store", "workers", "device", "scheduler")
    results = sweep(asked, **{name: getattr(arguments, name) for name in names})
    say(asked)
    say(results.summary().to_string())
    return 0


def _question(arguments):
    """Return the question that a command line asks."""
    from gru_lab.records.own_notebook import knob_of, parse_settings, parse_value
    from gru_lab.tuning_log.question import question

    settings = parse_settings(arguments.settings)
    if arguments.adopted is not None and any(
        isinstance(value, list) for value in settings.values()
    ):
        settings["adopted"] = parse_value(knob_of(settings), arguments.adopted)
    if arguments.drop_holes:
        settings["holes"] = "drop"
    if arguments.rows is not None:
        settings["rows"] = arguments.rows
    settings |= {name: getattr(arguments, name) for name in ("data", "split_by", "seeds")}
    return question(arguments.question, **settings)


@command(
    "new",
    "write a notebook that asks a question of your own",
    option("question", "QUESTION", "in words"),
    *ASKED,
    option("--out", "FILE", "the notebook (default: the question's words)"),
)
def new_question(arguments):
    from gru_lab.records.own_notebook import new_notebook

    asked = _question(arguments)
    path = new_notebook(asked, arguments.out, arguments.data, arguments.split_by)
    say(asked)
    say(f"Written to {path}; run it in JupyterLab, or record it with: gru-lab record {path}")
    return 0


@command(
    "log",
    "add a question to your tuning log, or, without one, read the log back",
    option("question", "QUESTION", "in words, or a notebook that asks it", nargs="?"),
    *ASKED,
    option("--conclusion", "TEXT", "what you conclude from it", default=""),
    option("--number", "N", "of the question (default: the next)", type=int),
    language("the log"),
    option("--out", "FILE", "the log (default: my_tuning_log.md)"),
    STORE,
)
def log_question(arguments):
    from pathlib import Path

    from gru_lab.evidence.own_log import NAME, write_log
    from gru_lab.output import home
    from gru_lab.records.own_notebook import question_of

    path = Path(arguments.out) if arguments.out else home() / NAME
    if arguments.question is None:
        return _read_back(path)
    notebook = arguments.question.endswith(".ipynb") and not arguments.settings
    asked = question_of(arguments.question) if notebook else _question(arguments)
    names = ("conclusion", "language", "number", "store")
    write_log(asked, path, **{name: getattr(arguments, name) for name in names})
    say(f"{asked.question} stands in {path}")
    return 0


def _read_back(path):
    """Print the questions of a log with what was concluded, and what an audit finds."""
    from gru_lab.tuning_log.audit import audit
    from gru_lab.tuning_log.read import read_log

    log = read_log(path)
    for stage in log.stages:
        say(f"{stage.number}. {stage.title}")
        for sentence in filter(None, (stage.verdict, stage.conclusion)):
            say(f"   {sentence}")
    findings = audit(log)
    for finding in findings:
        say(f"stage {finding.stage}, {finding.kind}: {finding.sentence}")
    say(f"The audit: {len(findings)} findings." if findings else "The audit has no objections.")
    return 1 if findings else 0


@command(
    "runs",
    "list, filter, export or delete the runs that are kept",
    option("--stage", "STAGE", "only the settings of this stage, by name or number"),
    option("--where", "NAME=VALUE", "only runs with this setting", action="append", default=[]),
    option("--csv", "FILE", "write them there instead"),
    option("--parquet", "FILE", "the same as Parquet"),
    switch("--delete", "delete them, after a question"),
    switch("--yes", "without the question"),
    option(
        "--from-record",
        "FILE",
        "first import the runs in a record, or in a JSON file of curves saved in one",
    ),
    STORE,
    stopped="Runs that were imported so far are kept.",
)
def list_runs(arguments):
    from gru_lab.runs.select import listed, parse_where, runs
    from gru_lab.runs.store import Store

    store = Store(arguments.store)
    inputs = [arguments.from_record, store.file]
    if arguments.csv and arguments.csv not in PRINTED:
        require_place("--csv", arguments.csv, *inputs)
    if arguments.parquet:
        require_place("--parquet", arguments.parquet, arguments.csv, *inputs)
    if arguments.from_record:
        _import(arguments.from_record, store, _aside(arguments.csv))
    where = parse_where(arguments.where)
    listing = runs(store, arguments.stage, with_shipped=True, **where)
    ours = runs(store, arguments.stage, **where)
    if arguments.csv or arguments.parquet:
        _export(ours, arguments.csv, arguments.parquet)
    if arguments.delete:
        if len(listing) and not len(ours):
            raise ValueError(
                "runs that come with the kit cannot be deleted: they lie in its package, not in "
                f"{store}; of those asked for, the store holds none"
            )
        return _delete(ours, store, arguments.yes)
    if not (arguments.csv or arguments.parquet):
        nothing = "No such runs. `gru-lab record` makes some."
        say(listed(listing).to_string(index=False) if len(listing) else nothing)
    return 0


def _import(record, store, aside):
    """Put the runs in a record into the store, and say how many."""
    from gru_lab.runs.exchange import adopt, read_block

    say(f"{len(adopt(record, store))} runs taken in from {record}", file=aside)
    moved = read_block(record).get("moved")
    if moved and isinstance(moved, list):
        say(
            f"note: {len(moved)} more in it were not taken in: their loss weight was moved "
            "while they trained, so their settings do not name them",
            file=sys.stderr,
        )


@command(
    "verify",
    "train the first epochs of kept runs again and compare every figure",
    option(
        "what",
        "N|RECORD",
        "how many of the runs that come with the kit (default: the 3 cheapest, a few "
        "minutes), or a record whose runs are to be checked",
        nargs="?",
        default="3",
    ),
    option("--runs", "N", "of a record (default: 3)", type=int, default=3),
    option("--epochs", "N", "of each (default: 1)", type=int, default=1),
    option("--data", "FILE", "the table that the record's runs are on"),
    SPLIT_BY,
    stopped="Nothing was changed.",
)
def verify_runs(arguments):
    from gru_lab.runs.verify import record_runs, shipped_runs, verify

    if arguments.what.isdecimal():
        runs = shipped_runs(int(arguments.what))
    else:
        runs = record_runs(arguments.what, arguments.runs)
    agree = []
    for answer in verify(runs, arguments.epochs, arguments.data, arguments.split_by):
        say(str(answer))
        agree.append(answer.agrees)
    say(f"{sum(agree)} of {len(agree)} runs agree in their first epochs.")
    return 0 if all(agree) else 1


def _aside(csv):
    """Return where a sentence goes: not between the lines of a CSV file that is printed."""
    return sys.stderr if csv in PRINTED else sys.stdout


def _export(runs, csv, parquet):
    """Write the runs to files, all of them whole or none; a CSV file named - is printed."""
    texts = runs.select_dtypes(["object", "string"]).columns
    safe = runs.assign(**{name: runs[name].map(safe_cell) for name in texts})
    if csv in PRINTED:
        print(safe.to_csv(index=False), end="")
    files = {csv: safe.to_csv(index=False)} if csv and csv not in PRINTED else {}
    if parquet:
        files[parquet] = runs.to_parquet(index=False)
    write_together(files)
    for path in files:
        say(f"{len(runs)} runs in {path}", file=_aside(csv))


def _delete(runs, store, sure):
    """Delete the runs, after a question unless `sure`; returns the exit code, 1 where none was."""
    if len(runs) and not sure:
        try:
            answer = input(f"Delete {len(runs)} runs and their curves from {store}? [y/N] ")
            sure = answer.strip().lower() in ("y", "yes")
        except EOFError:  # nobody there to ask
            hint = "No terminal to ask on: use --yes to delete without confirmation."
            say(f"\n{hint}", file=sys.stderr)
    deleted = store.delete(runs["key"]) if sure else 0
    say(f"{deleted} runs deleted")
    return 0 if deleted == len(runs) else 1
