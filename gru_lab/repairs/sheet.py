"""A file as a table whose holes can be filled: every other cell, and the file around them, stays as
it is.

sheet = Sheet.open("sensor.xlsx", missing=["T=-999.9"])
sheet.table  # numbers, NaN where there are none
sheet.write("repaired.xlsx", repaired_table, filled)
"""

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.output import require_place, write_whole
from gru_lab.repairs.missing import (
    by_column,
    doubt_of,
    event_rows,
    number_of,
    on_events,
    stands_out,
    where_is,
)
from gru_lab.tables.formats import kind_of, open_file
from gru_lab.tables.layout import Layout
from gru_lab.tables.missing_rows import missing_steps, with_rows
from gru_lab.tables.names import unique_names
from gru_lab.tables.numbers import read_numbers

READING = ("decimal", "thousands", "sheet", "encoding", "yes")  # of `Sheet.open`


@dataclass
class Sheet:
    """A file as a table. `holes` (rows, columns) is True where a cell may be written.

    `notes` are named oddities, `doubts` those of them that a repair refuses until they are settled,
    `unread` the columns of numbers that could not be read (with a sentence), `facts` how cells were
    read, `units` the unit of a column where the file names it.
    """

    path: Path
    table: pd.DataFrame
    holes: pd.DataFrame
    notes: list
    file: Any
    doubts: list = field(default_factory=list)
    unread: dict = field(default_factory=dict)
    facts: list = field(default_factory=list)
    units: dict = field(default_factory=dict)
    part: str | None = None  # the column that tells several files apart

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @classmethod
    def open(
        cls,
        path: str | Path,
        missing: Any = (),
        yes: bool = False,
        protect: Any = (),
        **reading: Any,
    ) -> "Sheet":
        """Return the Sheet of a file; cells that hold a code of `missing` are holes too.

        `missing` is {column: values}, or a list of 'COLUMN=VALUE' and of bare values. `decimal`
        ('.' or ',') and `thousands` ('.', ',', ' ', "'" or 'none') settle how numbers are written
        (default: told from the file), `sheet` names that of a workbook (default: the first),
        `encoding` that of a text file (default: told from its bytes). With `yes` a bare value holds
        in all columns but those of `protect` and the time. Raises ValueError for a file that is
        none, or that is no table.

        >>> Sheet.open("sensor.csv", missing={"T": [-999.9]}, decimal=",")  # doctest: +SKIP
        """
        path = Path(path)
        return cls._of(path, open_file(path, **reading), missing, yes, protect)

    @classmethod
    def of(
        cls, table: Any, missing: Any = (), yes: bool = False, protect: Any = (), **signs: Any
    ) -> "Sheet":
        """Return the Sheet of a DataFrame, which cannot be written to a file; the settings are
        those of `open`, of `signs` only `decimal` and `thousands`.
        """
        frame = table.set_axis(unique_names(table.columns), axis="columns")
        return cls._of(Path("table"), _Frame(frame, **signs), missing, yes, protect)

    @classmethod
    def _of(cls, path, file, missing, yes, protect):
        cells = file.cells
        if not len(cells):
            raise ValueError(f"{path.name}: the table must have rows, and it has none")
        named, bare = by_column(missing, cells.columns)
        texts = [value for value in bare if np.isnan(number_of(value))]
        missing = {name: [*named.get(name, ()), *texts] for name in cells.columns}
        done = file.numbers(missing, cells)
        if (events := event_rows(done, cells)).any():
            done = file.numbers(missing, cells.mask(done.kept & events[:, None]))
        table, used = done.table, {}
        time = Layout.of(table).time if bare else ()
        doubts = [*getattr(file, "doubts", ()), *done.doubts]
        for name, values in named.items():
            for value in values:
                there = where_is(table[name], value) | where_is(cells[name], value)
                _empty(table, used, name, value, there)
        for value in bare:
            doubts += _bare(table, cells, used, value, yes, {*time, *protect})
        unused = [f"{n}={v}" for n, values in named.items() for v in values if (n, v) not in used]
        unused += [v for v in bare if not any(value is v for _, value in used)]
        notes = [*file.notes, *on_events(events, cells, file.place), *done.notes]
        notes += [*done.unread.values(), *doubts]
        notes += [f"--missing-value {value!r} stands nowhere in the table" for value in unused]
        codes = [f"{v} in {n!r} ({count:,} cells)" for (n, v), count in used.items() if count]
        facts = done.facts + [f"missing values: {', '.join(codes)}"] * bool(codes)
        kept = done.kept | events[:, None] | np.asarray(getattr(file, "kept", False))
        holes, real = table.isna() & ~kept, None if isinstance(file, _Frame) else file
        return cls(path, table, holes, notes, real, doubts, done.unread, facts, dict(file.units))

    def require_sure(self) -> "Sheet":
        """Return the sheet, or raise ValueError where a cell can be read in two ways."""
        if self.doubts:
            raise ValueError(f"{self.name}: {'; '.join(self.doubts)}")
        return self

    def without(self, kept: pd.DataFrame) -> "Sheet":
        """Return the sheet with the holes that are True in `kept`, a DataFrame, left alone."""
        return replace(self, holes=self.holes & ~kept)

    def with_rows(self, layout: dict, reading: dict, several: bool = False) -> "Sheet":
        """Return the sheet with a row for each time step that has none, their cells still empty.

        `layout` are settings of `Layout.of`, `reading` those of `open`. Raises ValueError where the
        file cannot take rows, and where none are missing unless it is one of `several`.
        """
        there = Layout.of(self.table, **layout).require(self.name)
        if several and not missing_steps(there).any():
            return self
        folder = tempfile.TemporaryDirectory()
        path = Path(folder.name) / self.name
        path.write_bytes(with_rows(self.file, there))
        sheet = Sheet.open(path, **reading)
        sheet.file.folder = folder  # kept as long as the file is read again
        then = Layout.of(sheet.table, **layout)
        lacking = [len(each.odd.get("lacking", ())) for each in (then, there)]
        left = missing_steps(then).sum() + max(0, lacking[0] - lacking[1])
        if left:
            raise ValueError(
                f"{self.name}: fill_rows cannot put in rows here: {left:,} time steps would still "
                "have none"
            )
        return replace(sheet, path=self.path)

    def require_out(self, out: str | Path) -> Path:
        """Return the path of a file to write, or raise ValueError if it has another format or is
        the sheet's own.
        """
        out, suffix = require_place("OUT", out, self.path), kind_of(self.path)[0]
        if not out.name.lower().endswith(suffix):
            raise ValueError(
                f"OUT must end in {suffix} as {self.name} does, not {out.name!r}: the format stays"
            )
        return out

    def rebuilt(self, repaired: Any, filled: Any, keep_flags: bool = False) -> bytes:
        """Return the file's bytes again, with the holes that are True in `filled` taken from
        `repaired`.
        """
        changes = {}
        for name in self.table.columns.intersection(repaired.columns):
            mask = (filled[name].to_numpy() & self.holes[name].to_numpy()).astype(bool)
            if mask.any():
                changes[name] = mask, repaired[name].to_numpy(np.float64, na_value=np.nan)
        return self.file.rebuilt(changes, keep_flags)

    def places(self, out: str | Path) -> list[Path]:
        """Return the paths that are written for OUT."""
        return [Path(out)]

    def files(self, out: str | Path, repaired: Any, filled: Any, keep_flags: bool = False) -> dict:
        """Return {path: bytes} of what is to be written for OUT."""
        return {out: self.rebuilt(repaired, filled, keep_flags)}

    def write(self, out: str | Path, repaired: Any, filled: Any, keep_flags: bool = False) -> None:
        """Write what `rebuilt` returns; whole or not at all."""
        write_whole(Path(out), self.rebuilt(repaired, filled, keep_flags))


def _empty(table, used, name, value, there):
    """Make a column's cells missing where `there` (rows,), and count them in `used`."""
    if there.any():
        used[name, value] = int(there.sum())
        column = table[name]
        table[name] = (column.astype(float) if column.dtype.kind in "iu" else column).mask(there)


def _bare(table, cells, used, value, yes, protected):
    """Take a value without a column for missing where it stands out; return doubts on others."""
    likely, number = {}, number_of(value)
    for name in table.columns:
        numeric = pd.api.types.is_numeric_dtype(table[name])
        if name in protected or not numeric or pd.api.types.is_complex_dtype(table[name]):
            continue
        text = np.isnan(number) and table[name].dtype != cells[name].dtype
        there = where_is(cells[name] if text else table[name], value)
        values = table[name].to_numpy(np.float64, na_value=np.nan)
        if there.any() and not (yes or text or stands_out(values, number)):
            likely[name] = int(there.sum())
        elif there.any():
            _empty(table, used, name, value, there)
    used.update({(name, value): 0 for name in likely})
    return [doubt_of(value, likely)] if likely else []


class _Frame:
    """A DataFrame in the place of a file."""

    def __init__(self, cells, decimal=None, thousands=None):
        self.cells, self.notes, self.units = cells, [], {}
        self.settled = decimal, thousands

    place = "row {}".format

    def numbers(self, missing, cells):
        return read_numbers(cells, *self.settled, missing)
