"""The commands of tables: check one, repair one or several."""

import sys
from argparse import Namespace

from gru_lab.commands import DEVICE, command, language, option, say, switch
from gru_lab.output import gone_if_empty, require_places, write_together
from gru_lab.table_options import TABLE, channels_of, given, layout_of

MOST_DRAWS = 1_000  # whose names are looked at before the work
FORMATS = "CSV, TSV, Excel, Parquet, NPY or NPZ"


@command(
    "check",
    "describe a table, and list problems to fix before a repair",
    option("file", "FILE", f"{FORMATS}; or a folder", nargs="+"),
    *TABLE,
)
def check_file(arguments: Namespace) -> int:
    from gru_lab.repairs.check import check
    from gru_lab.repairs.many import check_all

    sheets, several = _sheets(arguments.file, arguments)
    describe, source = (check_all, sheets) if several else (check, sheets[0])
    description = describe(source, **channels_of(arguments), **layout_of(arguments))
    say(description)
    return 1 if description.problems else 0


@command(
    "repair",
    "fill the holes of a table, and change nothing else",
    option(
        "source",
        "IN",
        f"{FORMATS}; several files, a folder or a pattern such as 'day-*.csv' are learned "
        "from together. They are never changed",
        nargs="+",
    ),
    option("out", "OUT", "the repaired table, in the same format; a folder for several"),
    option("--report", "FILE", "write there, as HTML, how good the repair is"),
    language("the fixed words of the report"),
    switch("--keep-flags", "add a column or sheet that marks repaired cells"),
    option("--keep-holes", "FILE", "leave the holes empty that you unticked in a report"),
    switch("--fill-rows", "first put in a row for each time step that has none"),
    *TABLE,
    option("--minutes", "N", "in all (default: 3)", type=float),
    switch(
        "--fast",
        "seconds instead of minutes: no network is trained (the same as --minutes 0)",
        action="store_const",
        const=0.0,
        dest="minutes",
    ),
    option("--draws", "N", "also write N plausible tables: OUT.1, OUT.2, ...", type=int),
    option(
        "--seed",
        "N",
        "of all that is random (default: 0); with --model or --fast the same command "
        "gives the same bytes, while a training by the clock may end an epoch earlier or "
        "later",
        type=int,
    ),
    DEVICE,
    option("--model", "FILE", "repair with what was learned before, without training"),
    option("--save-model", "FILE", "keep what was learned"),
)
def repair_file(arguments: Namespace) -> int:
    from gru_lab.repairs.many import Sheets
    from gru_lab.words import words

    words(arguments.language)  # another one is refused before the work
    sheets, several = _sheets(arguments.source, arguments)
    sheet = Sheets.of_all(sheets, **layout_of(arguments)) if several else sheets[0]
    with gone_if_empty(arguments.out):
        return _repair(arguments, sheet, _places(arguments, sheet.require_sure()), several)


def _repair(arguments, sheet, out, several):
    """Repair a sheet, or several as one, write all that was asked for, and return the exit code."""
    from gru_lab.repairs.check import check
    from gru_lab.repairs.keep import holes_to_keep
    from gru_lab.repairs.remarks import grouped
    from gru_lab.repairs.summary import last_line, repair_sheet
    from gru_lab.repairs.words import counted

    if arguments.keep_holes:
        sheet = sheet.without(holes_to_keep(arguments.keep_holes, sheet.table))
    options = channels_of(arguments)
    layout = layout_of(arguments) | ({"split_by": sheet.part} if several else {})
    description = check(sheet, **layout, **options)
    for problem in description.problems:
        say(f"warning: {problem}", file=sys.stderr)
    if not (arguments.yes or arguments.model):
        description.require_sure()
    if not description.channels["holes"].sum():
        write_together(sheet.files(out, sheet.table, sheet.holes & False))
        where = f"the columns of {sheet.name} that could be read" if sheet.unread else sheet.name
        say(f"There are no holes in {where}: {out} is the same table, and there is no report.")
        return 0
    if arguments.model and several:
        layout.pop("split_by")
    settings = given(arguments, ("minutes", "seed", "draws")) | options | layout
    repaired = repair_sheet(sheet, description, arguments.model, arguments.device, **settings)
    write_together(_files(arguments, sheet, out, repaired, description.problems))
    for warning in grouped(repaired.repairer):
        say(f"note: {warning}", file=sys.stderr)
    seen = f"add --report {out.stem.partition('.')[0]}.html to see how good it is"
    seen = f"how good it is: {arguments.report}" if arguments.report else seen
    drawn = f", beside it {counted(len(repaired.draws), 'plausible table')}"
    say(f"{last_line(repaired)} Written to {out}{drawn if repaired.draws else ''}; {seen}.")
    return 0


def _files(arguments, sheet, out, repaired, problems):
    """Return all files of a repair, {path: content}: tables, draws, the report, the model."""
    files = sheet.files(out, repaired.table, repaired.filled, arguments.keep_flags)
    for number, drawn in enumerate(repaired.draws, 1):
        tables = sheet.files(out, drawn, repaired.filled, arguments.keep_flags)
        files |= {_numbered(place, number): content for place, content in tables.items()}
    if arguments.report:
        from gru_lab.records.report import report_page

        about = {"units": sheet.units, "language": arguments.language}
        files[arguments.report] = report_page(repaired, sheet.name, problems, **about)
    if arguments.save_model:  # for a file of its own, which has no column that tells files apart
        repaired.repairer.split_by = layout_of(arguments).get("split_by")
        files[arguments.save_model] = repaired.repairer.to_bytes()
    return files


def _sheets(sources, arguments):
    """Return the Sheets of the files that are meant, and whether they may be several."""
    from gru_lab.repairs.many import files_of
    from gru_lab.repairs.sheet import READING, Sheet

    paths, several = files_of(sources)
    reading = {name: getattr(arguments, name) for name in READING}
    reading |= {"protect": arguments.split_by + arguments.time, "missing": arguments.missing_value}
    sheets = [Sheet.open(path, **reading) for path in paths]
    if getattr(arguments, "fill_rows", False):
        sheets = [sheet.with_rows(layout_of(arguments), reading, several) for sheet in sheets]
    return sheets, several


def _numbered(place, number):
    """Return the path of a drawn table beside that of the repaired one: out.1.csv for out.csv."""
    name = place.name.partition(".")[0]
    return place.with_name(place.name.replace(name, f"{name}.{number}", 1))


def _places(arguments, sheet):
    """Return OUT, once no two files of the command are one."""
    out = sheet.require_out(arguments.out)
    sheets = getattr(sheet, "sheets", [sheet])
    for part in sheets if arguments.keep_flags else ():
        part.file.require_flags()
    numbers = range(1, min(arguments.draws or 0, MOST_DRAWS) + 1)
    places = [("OUT", path) for path in sheet.places(out)]
    places += [(f"table {n} of --draws", _numbered(path, n)) for n in numbers for _, path in places]
    places += [("--report", arguments.report), ("--save-model", arguments.save_model)]
    read = [*(part.path for part in sheets), arguments.model, arguments.keep_holes]
    require_places(places, *read)
    return out
