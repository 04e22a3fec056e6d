"""What each command of `gru-lab` does with its arguments; returns the exit code, 0 or 1.

What a command needs is imported in it, so that none waits for what only another one needs.
"""

import os
import sys

from gru_lab.output import printable, require_place, safe_cell, write_together

START = "00_start_here.ipynb"
MOST_DRAWS = 1_000  # whose names are looked at before the work
PRINTED = ("-", "/dev/stdout")  # names of files that mean: print it


def say(text, file=None):
    """Print what a command has to say; text of a foreign file in it brings no escape codes."""
    print(printable(text), file=file)


def open_lab(arguments):
    """Become JupyterLab on the notebooks, the first one open, for this machine only."""
    import shutil
    from pathlib import Path

    from gru_lab.records.notebooks import notebooks_folder

    folder = notebooks_folder()
    if folder.parent.name == "gru_lab":  # installed from a wheel: give the person a copy to work in
        copy = Path.cwd() / "notebooks"
        if not copy.exists():
            shutil.copytree(folder, copy)
        folder = copy
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={arguments.port}"]
    command.append(f"--ServerApp.root_dir={folder}")
    # defaults that keep Jupyter's box of news and updates from covering the first figures
    command.append(f"--LabApp.app_settings_dir={Path(__file__).with_name('jupyterlab')}")
    if (folder / START).exists():
        command.append(f"--LabApp.default_url=/lab/tree/{START}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        command.append("--no-browser")
        print(
            "No display here: open the address below that begins with http://127.0.0.1 in a "
            "browser.",
            flush=True,
        )
    os.execv(sys.executable, command)


def record_notebooks(arguments):
    """Train what the store lacks, execute the notebooks and write their records."""
    from gru_lab.records.record import record

    written, failed = record(
        names=arguments.notebooks,
        profile=arguments.profile,
        data=arguments.data,
        split_by=arguments.split_by,
        seeds=arguments.seeds,
        out=arguments.out,
        store=arguments.store,
        workers=arguments.workers,
        device=arguments.device,
        name=arguments.name,
        formats=arguments.format or ("html", "log"),
        language=arguments.language,
    )
    say(f"{len(written) - 1} files in {written[1].parent}; begin with {written[0]}")
    for path in failed:
        say(f"A cell failed in {path.name}: the record shows where.", file=sys.stderr)
    return 1 if failed else 0


def write_playground(arguments):
    """Write the page that trains in a browser."""
    from gru_lab.records.playground import playground

    path = playground(arguments.data, arguments.out, arguments.split_by, arguments.language)
    print(f"{path}: open it in a browser; it needs neither Python nor a network.")
    return 0


def sweep_stage(arguments):
    """Train every setting of a stage that the store lacks, and print what came out."""
    from gru_lab.runs.sweep import sweep
    from gru_lab.tuning_log.stages import stage

    one = stage(arguments.stage, arguments.profile, arguments.data, arguments.split_by)
    results = sweep(
        one,
        arguments.seeds,
        arguments.store,
        arguments.workers,
        arguments.device,
        arguments.scheduler,
    )
    say(one)
    say(results.summary().to_string())
    return 0


def _question(arguments):
    """Return the question that a command line asks, and what there was to make it of."""
    from gru_lab.records.own_notebook import knob_of, parse_settings, parse_value
    from gru_lab.tuning_log.question import question

    settings = parse_settings(arguments.settings)
    if arguments.adopted is not None and any(isinstance(one, list) for one in settings.values()):
        settings["adopted"] = parse_value(knob_of(settings), arguments.adopted)
    if arguments.drop_holes:
        settings["holes"] = "drop"
    if arguments.rows is not None:
        settings["rows"] = arguments.rows
    asked = question(
        arguments.question,
        data=arguments.data,
        split_by=arguments.split_by,
        seeds=arguments.seeds,
        **settings,
    )
    return asked


def new_question(arguments):
    """Write a notebook that asks a question of one's own."""
    from gru_lab.records.own_notebook import new_notebook

    asked = _question(arguments)
    path = new_notebook(asked, arguments.out, arguments.data, arguments.split_by)
    say(asked)
    say(f"Written to {path}; run it in JupyterLab, or record it with: gru-lab record {path}")
    return 0


def log_question(arguments):
    """Add a question to the log of one's own, or print what stands in it."""
    from pathlib import Path

    from gru_lab.evidence.own_log import NAME, write_log
    from gru_lab.output import home
    from gru_lab.records.own_notebook import question_of

    path = Path(arguments.out) if arguments.out else home() / NAME
    if arguments.question is None:
        return _read_back(path)
    notebook = arguments.question.endswith(".ipynb") and not arguments.settings
    asked = question_of(arguments.question) if notebook else _question(arguments)
    write_log(
        asked,
        path,
        arguments.conclusion,
        arguments.language,
        arguments.number,
        arguments.store,
    )
    say(f"{asked.question} stands in {path}")
    return 0


def _read_back(path):
    """Print the questions of a log with what was concluded, and what an audit finds."""
    from gru_lab.tuning_log.audit import audit
    from gru_lab.tuning_log.read import read_log

    log = read_log(path)
    for stage in log.stages:
        say(f"{stage.number}. {stage.title}")
        for told in filter(None, (stage.verdict, stage.conclusion)):
            say(f"   {told}")
    found = audit(log)
    for finding in found:
        say(f"stage {finding.stage}, {finding.kind}: {finding.sentence}")
    say("The audit has no objections." if not found else f"The audit: {len(found)} findings.")
    return 1 if found else 0


def list_runs(arguments):
    """Print, export or delete the runs that are kept, after taking in those of a record."""
    from gru_lab.runs.select import listed, parse_where, runs
    from gru_lab.runs.store import Store

    store = Store(arguments.store)
    inputs = [arguments.from_record, store.file]
    if arguments.csv and arguments.csv not in PRINTED:
        require_place("--csv", arguments.csv, *inputs)
    if arguments.parquet:
        require_place("--parquet", arguments.parquet, arguments.csv, *inputs)
    if arguments.from_record:
        from gru_lab.runs.exchange import adopt, read_block

        count = len(adopt(arguments.from_record, store))
        say(f"{count} runs taken in from {arguments.from_record}", file=_aside(arguments.csv))
        moved = read_block(arguments.from_record).get("moved")
        if moved and isinstance(moved, list):
            say(
                f"note: {len(moved)} more in it were not taken in: their loss weight was moved "
                "while they trained, so their settings do not name them",
                file=sys.stderr,
            )
    where = parse_where(arguments.where)
    found = runs(store, arguments.stage, with_shipped=True, **where)
    ours = runs(store, arguments.stage, **where)
    if arguments.csv or arguments.parquet:
        _export(ours, arguments.csv, arguments.parquet)
    if arguments.delete:
        if len(found) and not len(ours):
            raise ValueError(
                "runs that come with the kit cannot be deleted: they lie in its package, not in "
                f"{store}; of those asked for, the store holds none"
            )
        return _delete(ours, store, arguments.yes)
    if not (arguments.csv or arguments.parquet):
        say(
            listed(found).to_string(index=False)
            if len(found)
            else "No such runs. `gru-lab record` makes some."
        )
    return 0


def verify_runs(arguments):
    """Train the first epochs of kept runs again; 1 where a figure is another one."""
    from gru_lab.runs.verify import record_runs, shipped_runs, verify

    if arguments.what.isdecimal():
        runs = shipped_runs(int(arguments.what))
    else:
        runs = record_runs(arguments.what, arguments.runs)
    answers = []
    for answer in verify(runs, arguments.epochs, arguments.data, arguments.split_by):
        say(str(answer))
        answers.append(answer)
    agreeing = sum(answer.agrees for answer in answers)
    say(f"{agreeing} of {len(answers)} runs agree in their first epochs.")
    return 0 if agreeing == len(answers) else 1


def _options(arguments):
    """Return what was said of channels, as `Options` takes it."""
    names = ("codes", "angles", "integer", "inputs", "only", "max_gap", "extrapolation")
    options = {name: getattr(arguments, name) for name in names}
    options |= {name: _limits(name, getattr(arguments, name)) for name in ("low", "high")}
    return {name: value for name, value in options.items() if value}


def _limits(option, words):
    """Return {column: number} of words such as 'T=-40'."""
    limits = {}
    for word in words or ():
        column, _, value = word.rpartition("=")
        try:
            limits[column] = float(value)
        except ValueError:
            column = ""
        if not column or not abs(limits[column]) < float("inf"):
            raise ValueError(f"--{option} must be COLUMN=NUMBER, such as T=0, not {word!r}")
    return limits


def check_file(arguments):
    """Describe a table; 1 if there are problems to fix before a repair."""
    from gru_lab.repairs.check import check
    from gru_lab.repairs.many import check_all

    sheets, several = _sheets(arguments.file, arguments)
    tell, source = (check_all, sheets) if several else (check, sheets[0])
    found = tell(source, **_options(arguments), **_layout(arguments))
    say(found)
    return 1 if found.problems else 0


def _layout(arguments):
    """Return the settings that say how a table is laid out."""
    time = arguments.time[0] if len(arguments.time) == 1 else tuple(arguments.time) or None
    settings = {"split_by": arguments.split_by, "time": time}
    settings |= {"time_format": arguments.time_format, "dayfirst": arguments.dayfirst}
    return {name: value for name, value in settings.items() if value is not None}


def repair_file(arguments):
    """Fill the holes of a table, and write it together with all that was asked for beside it."""
    from gru_lab.repairs.check import check
    from gru_lab.repairs.keep import holes_to_keep
    from gru_lab.repairs.many import Sheets
    from gru_lab.repairs.summary import grouped, last_line, repair_sheet

    sheets, several = _sheets(arguments.source, arguments)
    sheet = Sheets.of_all(sheets, arguments.split_by) if several else sheets[0]
    out = _places(arguments, sheet.require_sure())
    if arguments.keep_holes:
        sheet = sheet.without(holes_to_keep(arguments.keep_holes, sheet.table))
    options = _options(arguments)
    layout = _layout(arguments) | ({"split_by": sheet.part} if several else {})
    found = check(sheet, **layout, **options)
    for problem in found.problems:
        say(f"warning: {problem}", file=sys.stderr)
    if not found.channels["holes"].sum():
        write_together(sheet.files(out, sheet.table, sheet.holes & False))
        where = f"the columns of {sheet.name} that could be read" if sheet.unread else sheet.name
        say(f"There are no holes in {where}: {out} is the same table, and there is no report.")
        return 0
    given = {name: getattr(arguments, name) for name in ("minutes", "seed", "draws")}
    given = {name: value for name, value in given.items() if value is not None}
    given |= options | layout
    if arguments.model and several:
        given.pop("split_by")
    done = repair_sheet(sheet, found, arguments.model, arguments.device, **given)
    files = sheet.files(out, done.table, done.filled, arguments.keep_flags)
    for number, drawn in enumerate(done.draws, 1):
        for place, content in sheet.files(out, drawn, done.filled, arguments.keep_flags).items():
            files[_numbered(place, number)] = content
    seen = f"add --report {out.stem.partition('.')[0]}.html to see how good it is"
    if arguments.report:
        from gru_lab.records.report import report_page

        files[arguments.report] = report_page(done, sheet.name, found.problems, units=sheet.units)
        seen = f"how good it is: {arguments.report}"
    if arguments.save_model:  # for a file of its own, which has no column that tells files apart
        done.repairer.split_by = arguments.split_by
        files[arguments.save_model] = done.repairer.to_bytes()
    write_together(files)
    for warning in grouped(done.repairer.warnings_):
        say(f"note: {warning}", file=sys.stderr)
    say(f"{last_line(done)} Written to {out}; {seen}.")
    return 0


def _sheets(sources, arguments):
    """Return the Sheets of the files that are meant, and whether they may be several."""
    from gru_lab.repairs.many import files_of
    from gru_lab.repairs.sheet import Sheet

    paths, several = files_of(sources)
    protect = [name for name in (arguments.split_by, *arguments.time) if name is not None]
    reading = {"protect": protect} | _reading(arguments)
    sheets = [Sheet.open(path, **reading) for path in paths]
    if getattr(arguments, "fill_rows", False):
        sheets = [sheet.with_rows(_layout(arguments), reading, several) for sheet in sheets]
    return sheets, several


def _reading(arguments):
    """Return the options that say how the cells of a table are read, as `Sheet.open` takes them."""
    from gru_lab.repairs.sheet import READING

    return {"missing": arguments.missing_value} | {n: getattr(arguments, n) for n in READING}


def _numbered(place, number):
    """Return the path of a drawn table beside that of the repaired one: out.1.csv for out.csv."""
    name = place.name.partition(".")[0]
    return place.with_name(place.name.replace(name, f"{name}.{number}", 1))


def _places(arguments, sheet):
    """Return the path of the repaired table, once no two files of the command are one."""
    out = sheet.require_out(arguments.out)
    sheets = getattr(sheet, "sheets", [sheet])
    taken, drawn = [*(one.path for one in sheets), arguments.model], []
    if len(sheets) == 1 and not out.is_dir():
        require_place("OUT", out, *taken)
        for number in range(1, min(arguments.draws or 0, MOST_DRAWS) + 1):
            require_place(f"table {number} of --draws", _numbered(out, number), *taken)
            drawn.append(_numbered(out, number))
    taken += drawn
    for option in ("report", "save_model"):
        taken.append(out if option == "report" else arguments.report)
        if path := getattr(arguments, option):
            require_place(f"--{option.replace('_', '-')}", path, *taken)
    return out


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
            say(
                "\nNo terminal to ask on: use --yes to delete without confirmation.",
                file=sys.stderr,
            )
    deleted = store.delete(runs["key"]) if sure else 0
    say(f"{deleted} runs deleted")
    return 0 if deleted == len(runs) else 1
