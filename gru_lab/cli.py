"""The command `gru-lab`: open the lab, record the notebooks, sweep a stage, list the runs, check or repair a table."""

import argparse
import os
import sys


def _add_common(parser):
    parser.add_argument("--profile", default="lesson", help="tiny (seconds), lesson (minutes) or full (hours)")
    parser.add_argument("--data", metavar="FILE", help="a table of your own (default: the built-in series)")
    parser.add_argument("--split-by", metavar="COLUMN", help="the column of FILE that tells runs apart")
    parser.add_argument("--seeds", type=int, metavar="N", help="seeds per setting (default: the profile's)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def _add_store(parser):
    parser.add_argument("--store", metavar="URL", help="where runs are kept (default: runs.sqlite here)")


def build_parser():
    """Return the argument parser; it imports nothing heavy, so that --help is quick."""
    parser = argparse.ArgumentParser(prog="gru-lab", description="Re-run a tuning log, and keep what came out.")
    parser.set_defaults(stopped="Finished runs are kept; the same command goes on from there.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    lab.add_argument("--port", type=int, default=8888, help="port on this machine (default: 8888)")
    lab.set_defaults(run=_lab)
    record = commands.add_parser("record", help="run the notebooks and export them as HTML")
    record.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="name or number (default: all)")
    _add_common(record)
    _add_store(record)
    record.add_argument("--out", default="records", metavar="FOLDER", help="default: records")
    record.add_argument("--name", help="what to call these records (default: the profile)")
    record.add_argument("--format", action="append", metavar="F", help="html, ipynb, md or log (default: html and log)")
    record.add_argument("--language", default="en", help="of the log: en or zh (default: en)")
    record.set_defaults(run=_record)
    sweep = commands.add_parser("sweep", help="train every setting of a stage")
    sweep.add_argument("stage", metavar="STAGE", help="name or number")
    _add_common(sweep)
    _add_store(sweep)
    sweep.add_argument("--scheduler", metavar="URL", help="a Dask scheduler to train on, such as tcp://host:8786")
    sweep.set_defaults(run=_sweep)
    runs = commands.add_parser("runs", help="list, filter, export or delete the runs that are kept")
    runs.add_argument("--stage", metavar="STAGE", help="only the settings of this stage, by name or number")
    runs.add_argument("--where", action="append", default=[], metavar="NAME=VALUE", help="only runs with this setting")
    runs.add_argument("--csv", metavar="FILE", help="write them there instead")
    runs.add_argument("--parquet", metavar="FILE", help="the same as Parquet")
    runs.add_argument("--delete", action="store_true", help="delete them, after a question")
    runs.add_argument("--yes", action="store_true", help="without the question")
    runs.add_argument("--from-record", metavar="FILE", help="first take in the runs of a record, yours or another's")
    _add_store(runs)
    runs.set_defaults(run=_runs)
    check = commands.add_parser("check", help="say what stands in a table, and what would spoil its repair")
    check.add_argument("file", metavar="FILE", help="CSV, TSV, Excel, Parquet, NPY or NPZ")
    _add_table(check)
    check.set_defaults(run=_check)
    repair = commands.add_parser("repair", help="fill the holes of a table, and change nothing else")
    repair.add_argument("source", metavar="IN", help="CSV, TSV, Excel, Parquet, NPY or NPZ; it is never changed")
    repair.add_argument("out", metavar="OUT", help="the repaired table, in the same format")
    repair.add_argument("--report", metavar="FILE", help="write there, as HTML, how good the repair is")
    repair.add_argument("--keep-flags", action="store_true", help="add a column or sheet that marks repaired cells")
    _add_table(repair)
    repair.add_argument("--minutes", type=float, metavar="N", help="of training (default: 3)")
    repair.add_argument(
        "--angles", nargs="+", default=None, metavar="COLUMN", help="columns in degrees, where 360 is 0"
    )
    repair.add_argument("--seed", type=int, metavar="N", help="of all that is random (default: 0)")
    repair.add_argument("--device", default="auto", help="auto, cpu or cuda")
    repair.add_argument("--model", metavar="FILE", help="repair with what was learned before, without training")
    repair.add_argument("--save-model", metavar="FILE", help="keep what was learned")
    repair.set_defaults(run=_repair, stopped="Nothing was written.")
    return parser


def _add_table(parser):
    parser.add_argument("--split-by", metavar="COLUMN", help="the column that tells parts apart")
    parser.add_argument("--time", metavar="COLUMN", help="the column of time stamps (default: found by itself)")
    parser.add_argument("--missing-value", action="append", default=[], metavar="X", help="a value that means a hole")


def _lab(arguments):
    """Become JupyterLab on the notebooks; it listens on this machine only and prints its address."""
    import shutil
    from pathlib import Path

    from gru_lab.show.notebooks import notebooks_folder

    folder = notebooks_folder()
    if folder.parent.name == "gru_lab":  # installed from a wheel: give the person a copy to work in
        copy = Path.cwd() / "notebooks"
        if not copy.exists():
            shutil.copytree(folder, copy)
        folder = copy
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={arguments.port}"]
    command.append(f"--ServerApp.root_dir={folder}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        command.append("--no-browser")
        print("No display here: open the address below that begins with http://127.0.0.1 in a browser.", flush=True)
    os.execv(sys.executable, command)


def _record(arguments):
    from gru_lab.show.record import record

    written, failed = record(
        arguments.notebooks,
        arguments.profile,
        arguments.data,
        arguments.split_by,
        arguments.seeds,
        arguments.out,
        arguments.store,
        arguments.workers,
        arguments.device,
        arguments.name,
        arguments.format or ("html", "log"),
        arguments.language,
    )
    print(f"{len(written) - 1} files in {written[1].parent}; begin with {written[0]}")
    for path in failed:
        print(f"A cell failed in {path.name}: the record shows where.", file=sys.stderr)
    return 1 if failed else 0


def _sweep(arguments):
    from gru_lab.study.stages import stage
    from gru_lab.study.sweep import sweep

    one = stage(arguments.stage, arguments.profile, arguments.data, arguments.split_by)
    place = (arguments.store, arguments.workers, arguments.device, arguments.scheduler)
    results = sweep(one, arguments.seeds, *place)
    print(one)
    print(results.summary().to_string())
    return 0


def _runs(arguments):
    from gru_lab.study.runs import parse_where, runs
    from gru_lab.study.store import Store

    store = Store(arguments.store)
    if arguments.from_record:
        from gru_lab.study.exchange import adopt

        print(f"{len(adopt(arguments.from_record, store))} runs taken in from {arguments.from_record}")
    found = runs(store, arguments.stage, **parse_where(arguments.where))
    if arguments.csv or arguments.parquet:
        _export(found, arguments.csv, arguments.parquet)
    if arguments.delete:
        return _delete(found, store, arguments.yes)
    if not (arguments.csv or arguments.parquet):
        shown = ["key", "data", "num_layers", "dropout", "missing_weight", "mask_input", "epochs", "seed", "seconds"]
        print(found[shown].to_string(index=False) if len(found) else "No such runs. `gru-lab record` makes some.")
    return 0


def _check(arguments):
    from gru_lab.mend.check import check

    found = check(arguments.file, arguments.split_by, arguments.time, arguments.missing_value)
    print(found)
    return 1 if found.problems else 0


def _repair(arguments):
    from gru_lab.mend.check import check
    from gru_lab.mend.outcome import grouped, last_line, repair_sheet
    from gru_lab.mend.sheet import Sheet, require_place

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
        print(f"There are no holes in {sheet.name}: {out} is the same table, and there is nothing to report.")
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
        from gru_lab.show.report import report

        seen = f"how good it is: {report(done, arguments.report, sheet.name, found.problems)}"
    print(f"{last_line(done)} Written to {out}; {seen}.")
    return 0


def _export(runs, csv, parquet):
    """Write the runs to files, each whole or not at all."""
    import io
    from pathlib import Path

    from gru_lab.files import write_whole

    buffer = io.BytesIO()
    if parquet:
        runs.to_parquet(buffer, index=False)
    for path, content in ((csv, csv and runs.to_csv(index=False)), (parquet, buffer.getvalue())):
        if path:
            write_whole(Path(path), content)
            print(f"{len(runs)} runs in {path}")


def _delete(runs, store, sure):
    """Delete the runs after a question, unless `sure`; returns the exit code, 1 where nothing was deleted."""
    if len(runs) and not sure:
        try:
            sure = input(f"Delete {len(runs)} runs and their curves from {store}? [y/N] ").strip().lower() in (
                "y",
                "yes",
            )
        except EOFError:  # nobody there to ask
            print("\nNobody answers: --yes deletes without asking.", file=sys.stderr)
    deleted = store.delete(runs["key"]) if sure else 0
    print(f"{deleted} runs deleted")
    return 0 if deleted == len(runs) else 1


def main(arguments=None):
    """Run the command; returns the exit code: 0, 1 where some runs failed, 2 for wrong input, 130 when stopped."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for place in reversed([n for n, word in enumerate(arguments) if word == "--missing-value"]):
        # joined, since argparse takes -999,9 or - for an option
        arguments[place : place + 2] = ["=".join(arguments[place : place + 2])]
    parsed = build_parser().parse_args(arguments)
    try:
        code = parsed.run(parsed)
        sys.stdout.flush()  # so that a reader who is gone shows here and not at the very end
        return code
    except ValueError as error:
        print(f"gru-lab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nStopped. {parsed.stopped}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever reads what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (RuntimeError, OSError) as error:
        print(f"gru-lab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
