"""The commands of kept runs: list, export, delete or import them, and verify some."""

import sys
from argparse import Namespace

from gru_lab.commands import SPLIT_BY, STORE, command, option, say, switch
from gru_lab.output import require_places, safe_csv, write_together

PRINTED = ("-", "/dev/stdout")  # names of files that mean: print it


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
def list_runs(arguments: Namespace) -> int:
    from gru_lab.runs.select import listed, parse_where, runs
    from gru_lab.runs.store import Store

    store = Store(arguments.store)
    csv = None if arguments.csv in PRINTED else arguments.csv
    places = [("--csv", csv), ("--parquet", arguments.parquet)]
    require_places(places, arguments.from_record, store.file)
    where = parse_where(arguments.where)
    taken = arguments.from_record and _import(arguments.from_record, store, _aside(arguments.csv))
    listing = runs(store, arguments.stage, with_shipped=True, **where)
    if taken:  # the others in the store are not news
        listing = listing[listing["key"].isin(taken)]
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
    """Put the runs in a record into the store, say how many, and return their keys."""
    from gru_lab.runs.exchange import adopt, read_block

    taken = [config.key for config in adopt(record, store)]
    say(f"{len(taken)} runs taken in from {record}", file=aside)
    moved = read_block(record).get("moved")
    if moved and isinstance(moved, list):
        say(
            f"note: {len(moved)} more in it were not taken in: their loss weight was moved "
            "while they trained, so their settings do not name them",
            file=sys.stderr,
        )
    return taken


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
    option("--runs", "N", "of a record (default: 3)", type=int),
    option("--epochs", "N", "of each (default: 1)", type=int, default=1),
    option("--data", "FILE", "the table that the record's runs are on"),
    SPLIT_BY,
    stopped="Nothing was changed.",
)
def verify_runs(arguments: Namespace) -> int:
    from gru_lab.runs.verify import record_runs, shipped_runs, verify

    if not arguments.what.isdecimal():
        runs = record_runs(arguments.what, 3 if arguments.runs is None else arguments.runs)
    elif arguments.runs is None:
        runs = shipped_runs(int(arguments.what))
    else:
        raise ValueError("--runs must stand beside a record; name one, or leave out --runs")
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
    if csv in PRINTED:
        print(safe_csv(runs), end="")
    files = {csv: safe_csv(runs)} if csv and csv not in PRINTED else {}
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
