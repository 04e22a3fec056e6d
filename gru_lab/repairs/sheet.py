"""A file as a table whose holes can be filled: every other cell, and the file around them, stays as
it is.

sheet = Sheet.open("sensor.xlsx", missing=["-999.9"])
sheet.table  # numbers, NaN where there are none
sheet.write("repaired.xlsx", repaired_table, filled)
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gru_lab.output import require_place, write_whole
from gru_lab.tables.formats import kind_of, open_file
from gru_lab.tables.text import HOLES, unique_names

MOSTLY = 0.8  # a column of text is one of numbers if this share of its cells can be read as such


def _stands_for_missing(column, value):
    """Return where `column` holds `value`, a number or text that stands for 'missing'; inf means
    -inf too.
    """
    if pd.api.types.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return np.zeros(len(column), dtype=bool)
    if not pd.api.types.is_numeric_dtype(column):
        return (column.astype(object).map(str).str.strip() == str(value).strip()).to_numpy()
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return np.zeros(len(column), dtype=bool)
    values = column.to_numpy(
        np.float32 if column.dtype == np.float32 else np.float64, na_value=np.nan
    )
    return (np.abs(values) if math.isinf(number) else values) == values.dtype.type(number)


def _as_numbers(column, decimal):
    """Return a column of text as numbers or as True and False where it (mostly) is that, and where
    it holds text.
    """
    texts = column.astype(object).map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    texts = texts.where(texts.notna() & ~texts.isin(HOLES), None)
    present = texts.dropna()
    if len(present) and present.map(lambda cell: isinstance(cell, bool)).all():
        return texts.astype("boolean"), np.zeros(len(column), dtype=bool)
    plain = texts.map(lambda cell: cell.replace(decimal, ".") if isinstance(cell, str) else cell)
    numbers = pd.to_numeric(
        plain.where(plain.map(lambda cell: isinstance(cell, str | float | int))), errors="coerce"
    )
    if numbers.count() < MOSTLY * len(present):
        return column, np.zeros(len(column), dtype=bool)
    return numbers.astype(np.float64), (texts.notna() & numbers.isna()).to_numpy()


@dataclass
class Sheet:
    """A file as a table. `holes` (rows, columns) is True where a cell may be written; `notes` are
    named oddities.
    """

    path: Path
    table: pd.DataFrame
    holes: pd.DataFrame
    notes: list
    file: object

    @property
    def name(self):
        """The file's name."""
        return self.path.name

    @classmethod
    def open(cls, path, missing=()):
        """Return the Sheet of a file; cells that hold one of `missing` (numbers or text) are holes
        too.

        Raises ValueError for a file that is none, or that is no table.
        """
        path = Path(path)
        file = open_file(path)
        return cls._of(path, file.frame, missing, file, getattr(file, "decimal", "."))

    @classmethod
    def of(cls, table, missing=()):
        """Return the Sheet of a DataFrame, which cannot be written to a file."""
        return cls._of(Path("table"), table, missing, None, ".")

    @classmethod
    def _of(cls, path, frame, missing, file, decimal):
        if not len(frame):
            raise ValueError(f"{path.name}: the table must have rows, and it has none")
        frame = frame.set_axis(unique_names(frame.columns), axis="columns")
        place = file.place if file else "row {}".format
        notes, columns, kept, used = list(getattr(file, "notes", ())), {}, {}, set()
        for label, column in frame.items():
            kept[label] = np.zeros(len(column), dtype=bool)
            for again in (False, True):  # as text, and again once it is numbers
                for value in missing:
                    if (there := _stands_for_missing(column, value)).any():
                        used.add(value)
                        column = (
                            column.astype(float) if column.dtype.kind in "iu" else column
                        ).mask(there)
                if not again and (
                    column.dtype == object or isinstance(column.dtype, pd.StringDtype)
                ):
                    column, kept[label] = _as_numbers(column, decimal)
            if kept[label].any():
                row, count = int(kept[label].argmax()), int(kept[label].sum())
                text = str(frame[label].iloc[row])
                notes.append(
                    f"column {label!r} holds text in {count:,} cell{'s' * (count > 1)}, "
                    f"the first in {place(row)}: {text!r}. "
                    "Text stays as it is; if it means a missing value, add --missing-value "
                    f"{text!r}"
                )
            columns[label] = column
        notes += [
            f"--missing-value {value!r} stands nowhere in the table"
            for value in missing
            if value not in used
        ]
        table = pd.DataFrame(columns, index=frame.index, copy=False)
        holes = (
            table.isna()
            & ~pd.DataFrame(kept, index=frame.index)
            & ~np.asarray(getattr(file, "kept", False))
        )
        return cls(path, table, holes, notes, file)

    def require_out(self, out):
        """Return the path of a file to write, or raise ValueError if it has another format or is
        the sheet's own.
        """
        out, suffix = require_place("OUT", out, self.path), kind_of(self.path)[0]
        if not out.name.lower().endswith(suffix):
            raise ValueError(
                f"OUT must end in {suffix} as {self.name} does, not {out.name!r}: the format stays"
            )
        return out

    def rebuilt(self, repaired, filled, keep_flags=False):
        """Return the file's bytes again, with the holes that are True in `filled` taken from
        `repaired`.
        """
        changes = {}
        for name in self.table.columns.intersection(repaired.columns):
            mask = (filled[name].to_numpy() & self.holes[name].to_numpy()).astype(bool)
            if mask.any():
                changes[name] = mask, repaired[name].to_numpy(np.float64, na_value=np.nan)
        return self.file.rebuilt(changes, keep_flags)

    def write(self, out, repaired, filled, keep_flags=False):
        """Write what `rebuilt` returns; whole or not at all."""
        write_whole(Path(out), self.rebuilt(repaired, filled, keep_flags))
