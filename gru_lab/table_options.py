"""What the commands of tables are told of a table: how its file is read, how it is laid out, what
its channels are.
"""

from argparse import Namespace

from gru_lab.commands import option, switch

LIMIT = "the {} value that a repair may put into a column"


def _again(name, metavar, words):
    """Return an option that may be given several times."""
    return option(name, metavar, words, action="append", default=[])


def _columns(name, words):
    """Return an option with any number of columns."""
    return option(name, "COLUMN", words, nargs="+", action="extend")


TABLE = (
    _again(
        "--split-by",
        "COLUMN",
        "the column that tells parts apart; give it twice where it takes two",
    ),
    _again(
        "--time",
        "COLUMN",
        "the column of time stamps (default: found); give it twice for a date and a clock",
    ),
    option(
        "--time-format",
        "FORMAT",
        "how time is written: such as %%d/%%m/%%Y, s (seconds since 1970), ms, or excel",
    ),
    switch("--dayfirst", "2/1/2024 is the second of January", group="day", default=None),
    switch(
        "--monthfirst",
        "2/1/2024 is the first of February",
        group="day",
        action="store_false",
        dest="dayfirst",
        default=None,
    ),
    _columns("--angles", "columns in degrees, where 360 is 0"),
    _columns("--codes", "columns of codes: a hole takes its nearer neighbour's"),
    _columns("--integer", "columns of whole numbers that are measured or counted"),
    _columns("--inputs", "columns that are only seen, and not repaired"),
    _columns("--only", "repair these columns and no others"),
    _again("--low", "COLUMN=VALUE", LIMIT.format("least")),
    _again("--high", "COLUMN=VALUE", LIMIT.format("greatest")),
    option("--max-gap", "GAP", "leave longer holes empty: a number of rows, or a time such as 6h"),
    option(
        "--extrapolation",
        "GAP",
        "the same for holes before the first or after the last value of a column; or all "
        "(default: as long as held-back ends can be filled)",
    ),
    _again(
        "--missing-value",
        "COLUMN=X",
        "a value that means 'missing' in that column; X alone: wherever it looks like a code",
    ),
    switch("--yes", "take X for missing everywhere but in the time, and degrees as plain numbers"),
    option("--decimal", "SIGN", "the decimal sign: . or ,"),
    option("--thousands", "SIGN", "the sign between thousands: . or , or ' or none"),
    option("--sheet", "NAME", "the sheet of a workbook"),
    option("--encoding", "NAME", "of a text file, such as cp1252 (default: found)"),
)


def given(arguments: Namespace, names: tuple) -> dict:
    """Return the values of those options that were given, {name: value}."""
    values = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in values.items() if value not in (None, [])}


def channels_of(arguments: Namespace) -> dict:
    """Return what was said of channels, as `Options` takes it."""
    limits = given(arguments, ("low", "high"))
    names = ("codes", "angles", "integer", "inputs", "only", "max_gap", "extrapolation")
    return given(arguments, names) | {name: _limits(name, limits[name]) for name in limits}


def _limits(option, words):
    """Return {column: number} of words such as 'T=-40'."""
    limits = {}
    for word in words:
        column, _, value = word.rpartition("=")
        try:
            limits[column] = float(value)
        except ValueError:
            column = ""
        if not column or not abs(limits[column]) < float("inf"):
            raise ValueError(f"--{option} must be COLUMN=NUMBER, such as T=0, not {word!r}")
    return limits


def layout_of(arguments: Namespace) -> dict:
    """Return what was said of time and parts, as `Layout.of` takes it."""
    from gru_lab.tables.layout import one_or_several

    columns = given(arguments, ("split_by", "time"))
    settings = given(arguments, ("time_format", "dayfirst"))
    return settings | {name: one_or_several(columns[name]) for name in columns}
