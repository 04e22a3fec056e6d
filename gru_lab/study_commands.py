"""The commands of studies: open the lab, record, sweep, ask, log."""

import os
import sys
from argparse import Namespace

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

START = "00_start_here.ipynb"
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
def open_lab(arguments: Namespace) -> int:
    import shutil
    from pathlib import Path

    from gru_lab.config import Rule
    from gru_lab.records.notebooks import notebooks_folder

    port = Rule(int, 1, 65_535, words="a whole number from 1 to 65535").fix("port", arguments.port)
    folder = notebooks_folder()
    if folder.parent.name == "gru_lab":  # installed from a wheel: give the person a copy to work in
        copy = Path.cwd() / "notebooks"
        if not copy.exists():
            shutil.copytree(folder, copy)
        folder = copy
    line = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={port}"]
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
def record_notebooks(arguments: Namespace) -> int:
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
def write_playground(arguments: Namespace) -> int:
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
def sweep_stage(arguments: Namespace) -> int:
    from gru_lab.runs.sweep import sweep
    from gru_lab.tuning_log.stages import stage

    asked = stage(arguments.stage, arguments.profile, arguments.data, arguments.split_by)
    names = ("seeds", "store", "workers", "device", "scheduler")
    results = sweep(asked, **{name: getattr(arguments, name) for name in names})
    say(asked)
    say(results.summary().to_string())
    return 0


def _question(arguments):
    from gru_lab.records.own_notebook import parse_settings
    from gru_lab.runs.select import parse_value
    from gru_lab.tuning_log.knob import knob_of
    from gru_lab.tuning_log.question import question

    if os.path.isfile(arguments.question):  # Path's fails where words are too long for a name
        raise ValueError(
            f"QUESTION must be in words, not the file {arguments.question!r}; to read a log back, "
            "name it by --out of gru-lab log"
        )
    settings = parse_settings(arguments.settings)
    options = {name: getattr(arguments, name) for name in ("data", "split_by", "seeds", "rows")}
    options["holes"] = "drop" if arguments.drop_holes else "refuse"
    if arguments.adopted is not None:
        options["adopted"] = parse_value(knob_of(settings)[0], arguments.adopted)
    return question(arguments.question, **settings, **options)


@command(
    "new",
    "write a notebook that asks a question of your own",
    option("question", "QUESTION", "in words"),
    *ASKED,
    option("--out", "FILE", "the notebook (default: the question's words)"),
)
def new_question(arguments: Namespace) -> int:
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
def log_question(arguments: Namespace) -> int:
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

    if not path.exists():
        raise ValueError(
            f"--out must be a log to read back, and there is no {str(path)!r}; name the log, or "
            "begin one with a QUESTION and its NAME=VALUE"
        )
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
