"""What each command of `gru-lab` does with its arguments; returns the exit code, 0 or 1.

What a command needs is imported in it, so that none waits for what only another one needs.
"""

import os
import sys

START = "00_start_here.ipynb"


def open_lab(arguments):
    """Become JupyterLab on the notebooks, the first of them open; it listens on this machine only."""
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
    print(f"{len(written) - 1} files in {written[1].parent}; begin with {written[0]}")
    for path in failed:
        print(f"A cell failed in {path.name}: the record shows where.", file=sys.stderr)
    return 1 if failed else 0


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
    print(one)
    print(results.summary().to_string())
    return 0


def list_runs(arguments):
    """Print, export or delete the runs that are kept, after taking in those of a record."""
    from gru_lab.runs.select import parse_where, runs
    from gru_lab.runs.store import Store

    store = Store(arguments.store)
    if arguments.from_record:
        from gru_lab.runs.exchange import adopt

        print(
            f"{len(adopt(arguments.from_record, store))} runs taken in from {arguments.from_record}"
        )
    found = runs(store, arguments.stage, with_shipped=True, **parse_where(arguments.where))
    if arguments.csv or arguments.parquet:
        _export(found, arguments.csv, arguments.parquet)
    if arguments.delete:
        return _delete(found, store, arguments.yes)
    if not (arguments.csv or arguments.parquet):
        shown = [
            "key",
            "data",
            "num_layers",
            "dropout",
            "missing_weight",
            "mask_input",
            "epochs",
            "seed",
            "seconds",
            "shipped",
        ]
        print(
            found[shown].to_string(index=False)
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
        print(answer, flush=True)
        answers.append(answer)
    agreeing = sum(answer.agrees for answer in answers)
    print(f"{agreeing} of {len(answers)} runs agree in their first epochs.")
    return 0 if agreeing == len(answers) else 1


def check_file(arguments):
    """Print what stands in a table; 1 where something would spoil its repair."""
    from gru_lab.repairs.check import check

    found = check(arguments.file, arguments.split_by, arguments.time, arguments.missing_value)
    print(found)
    return 1 if found.problems else 0


def repair_file(arguments):
    """Fill the holes of a table, and write it with all that was asked for beside it."""
    from gru_lab.output import require_place
    from gru_lab.repairs.check import check
    from gru_lab.repairs.sheet import Sheet
    from gru_lab.repairs.summary import grouped, last_line, repair_sheet

    sheet = Sheet.open(arguments.source, arguments.missing_value)
    out = sheet.require_out(arguments.out)
    for option in ("report", "save_model"):
        if path := getattr(arguments, option):
            require_place(f"--{option.replace('_', '-')}", path, arguments.source, out)
    found = check(sheet, arguments.split_by, arguments.time)
    for problem in found.problems:
        print(f"warning: {problem}", file=sys.stderr)
    if not found.channels["holes"].sum():
        sheet.write(out, sheet.table, sheet.holes & False)
        print(
            f"There are no holes in {sheet.name}: {out} is the same table, and there is nothing "
            "to report."
        )
        return 0
    given = {name: getattr(arguments, name) for name in ("minutes", "angles", "split_by", "seed")}
    given = {name: value for name, value in given.items() if value is not None}
    done = repair_sheet(sheet, found, arguments.model, arguments.device, **given)
    sheet.write(out, done.table, done.filled, arguments.keep_flags)
    if arguments.save_model:
        done.repairer.save(arguments.save_model)
    for warning in grouped(done.repairer.warnings_):
        print(f"note: {warning}", file=sys.stderr)
    seen = f"add --report {out.stem.partition('.')[0]}.html to see how good it is"
    if arguments.report:
        from gru_lab.records.report import report

        seen = f"how good it is: {report(done, arguments.report, sheet.name, found.problems)}"
    print(f"{last_line(done)} Written to {out}; {seen}.")
    return 0


def _export(runs, csv, parquet):
    """Write the runs to files, each whole or not at all."""
    from gru_lab.output import require_place, write_whole

    csv, parquet = (
        csv and require_place("--csv", csv),
        parquet and require_place("--parquet", parquet),
    )
    for path, content in ((csv, runs.to_csv), (parquet, runs.to_parquet)):
        if path:
            write_whole(path, content(index=False))
            print(f"{len(runs)} runs in {path}")


def _delete(runs, store, sure):
    """Delete the runs after a question, unless `sure`; returns the exit code, 1 where nothing was
    deleted.
    """
    fixed = int(runs["shipped"].sum())
    runs = runs[~runs["shipped"]]
    if len(runs) and not sure:
        try:
            answer = input(f"Delete {len(runs)} runs and their curves from {store}? [y/N] ")
            sure = answer.strip().lower() in ("y", "yes")
        except EOFError:  # nobody there to ask
            print("\nNobody answers: --yes deletes without asking.", file=sys.stderr)
    deleted = store.delete(runs["key"]) if sure else 0
    print(f"{deleted} runs deleted")
    if fixed:
        print(f"{fixed} more come with the kit, in its package; they cannot be deleted.")
    return 0 if deleted == len(runs) and (deleted or not fixed) else 1
