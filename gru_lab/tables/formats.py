"""The kinds of files a table can be in, each read as a DataFrame and written back with single cells
changed.

Each has `cells` (the table as it stands in the file), `frame` (with its numbers read), `about` (the
file in words), `place(row)` (where a row stands in it) and `rebuilt(changes, keep_flags)`: the
file's bytes with cells changed. `changes` maps a column's name to (mask, values), both (rows,);
`keep_flags` marks these cells in a column, a sheet or an array of its own.
"""

import io
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import one_of
from gru_lab.tables.numbers import Table
from gru_lab.tables.signs import GROUPS, SIGNS
from gru_lab.tables.text import FLAGS, Text, flag_column
from gru_lab.tables.workbook import Excel


class Parquet(Table):
    """A Parquet file: types, index, other columns and metadata stay; only the holes' places change
    in a column.
    """

    def __init__(self, path, decimal=None, thousands=None):
        import pyarrow as pa
        import pyarrow.parquet

        super().__init__(path.name, decimal, thousands)
        with pyarrow.parquet.ParquetFile(path) as file:
            self.arrow = file.read()
            groups = file.metadata.num_row_groups and file.metadata.num_columns
            self.compression = (
                file.metadata.row_group(0).column(0).compression.lower() if groups else "snappy"
            )
        plain = self.arrow
        for place, field in enumerate(plain.schema):
            column, kind = plain.column(place), field.type
            if pa.types.is_dictionary(kind):
                column = column.cast(kind.value_type)
            if pa.types.is_decimal(column.type):
                column = column.cast(pa.float64())
            if pa.types.is_nested(kind):
                self.notes.append(f"column {field.name!r} is nested ({kind}) and is left alone")
                column = pa.array([str(kind)] * len(column))
            if column.type != kind:
                plain = plain.set_column(place, field.with_type(column.type), column)
        self.cells = plain.to_pandas(date_as_object=False)
        self.about = "Parquet"

    def rebuilt(self, changes: dict, keep_flags: bool = False) -> bytes:
        import pyarrow as pa

        arrow = self.arrow
        for name, (mask, values) in changes.items():
            place = arrow.schema.get_field_index(name)
            try:
                new = self._changed(arrow.column(place), name, mask, values)
            except (pa.ArrowException, ValueError, OverflowError) as error:
                raise ValueError(
                    f"{self.name}: column {name!r} cannot hold a repair: {error}"
                ) from error
            arrow = arrow.set_column(place, arrow.schema.field(place), new)
        if keep_flags:
            name, *texts = flag_column(self.cells, changes)
            arrow = arrow.append_column(name, pa.array(texts, pa.string()))
        return self.written(arrow)

    def written(self, arrow: Any) -> bytes:
        """Return the bytes of a file like this one that holds an Arrow table."""
        import pyarrow.parquet

        file = io.BytesIO()
        compression = "none" if self.compression == "uncompressed" else self.compression
        pyarrow.parquet.write_table(arrow, file, compression=compression)
        return file.getvalue()

    def _changed(self, column, name, mask, values):
        """Return an Arrow column with the values (rows,) put in where the mask is True."""
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = column.type
        coded = pa.types.is_dictionary(kind)
        inner = kind.value_type if coded else kind
        column = column.cast(inner) if coded else column
        if pa.types.is_integer(inner):
            limits = np.iinfo(inner.to_pandas_dtype())
            values = np.clip(np.rint(values), limits.min, limits.max)
        if pa.types.is_string(inner) or pa.types.is_large_string(inner):
            write = self.manner(name, self.cells[name][~mask].dropna().iloc[:500]).write
            new = pa.array(
                [write(v) if m else "" for m, v in zip(mask, values, strict=True)], inner
            )
        elif pa.types.is_decimal(inner):
            digits = [f"{v if m else 0:.{inner.scale}f}" for m, v in zip(mask, values, strict=True)]
            new = pa.array(map(Decimal, digits), inner)
        else:
            new = pa.array(np.where(mask, values, 0)).cast(inner, safe=False)
        done = pc.if_else(pa.array(mask), new, column)
        return done.dictionary_encode().cast(kind) if coded else done


class Arrays(Table):
    """One 2-D array (rows, channels) in an NPY or NPZ file; a 1-D array is one channel. Never
    unpickles.
    """

    def __init__(self, path, decimal=None, thousands=None):
        super().__init__(path.name, decimal, thousands)
        loaded = np.load(path, allow_pickle=False)
        self.arrays, self.key = {"": loaded}, ""
        if isinstance(loaded, np.lib.npyio.NpzFile):
            with loaded:
                self.arrays = {name: loaded[name] for name in loaded.files}
                self.packed = any(part.compress_type for part in loaded.zip.infolist())
            tables = [name for name, array in self.arrays.items() if array.ndim == 2]
            if len(tables) != 1:
                shapes = ", ".join(f"{name} {array.shape}" for name, array in self.arrays.items())
                raise ValueError(
                    f"it must hold exactly one array (rows, channels), and holds {shapes or 'none'}"
                )
            self.key = tables[0]
        array = self.arrays[self.key]
        if array.ndim not in (1, 2):
            raise ValueError(f"its array must be (rows, channels), not {array.shape}")
        names = [f"c{column:02d}" for column in range(array.reshape(len(array), -1).shape[1])]
        self.cells = pd.DataFrame(array).set_axis(names, axis="columns")
        self.about = "NumPy"

    def require_flags(self) -> None:
        if not self.key:
            raise ValueError(
                f"{self.name}: an NPY file has no room for flags; leave --keep-flags out, or save "
                "the array as NPZ"
            )

    def rebuilt(self, changes: dict, keep_flags: bool = False) -> bytes:
        if keep_flags:
            self.require_flags()
        array = self.arrays[self.key].copy(order="K")
        flags = np.zeros_like(array, dtype=bool)
        for name, (mask, values) in changes.items():
            column = self.cells.columns.get_loc(name)
            array.reshape(len(array), -1)[mask, column] = values[mask]
            flags.reshape(len(array), -1)[mask, column] = True
        file = io.BytesIO()
        if not self.key:
            np.save(file, array)
        else:
            arrays = self.arrays | {self.key: array} | ({FLAGS: flags} if keep_flags else {})
            (np.savez_compressed if self.packed else np.savez)(file, **arrays)
        return file.getvalue()


TEXTS = (".csv", ".tsv", ".txt", ".dat")
KINDS = {
    **dict.fromkeys((*TEXTS, *(f"{ending}.gz" for ending in TEXTS)), Text),
    **dict.fromkeys((".parquet", ".pq"), Parquet),
    **dict.fromkeys((".npy", ".npz"), Arrays),
    **dict.fromkeys((".xlsx", ".xlsm"), Excel),
}
WAYS_OUT = {
    ".xls": "open it in Excel or LibreOffice and save it as .xlsx",
    ".xlsb": "open it in Excel and save it as .xlsx",
    ".ods": "open it in LibreOffice and save it as .xlsx, or as .csv",
    ".zip": "unpack it first",
    ".feather": "read it with pandas.read_feather and save it with to_parquet",
    ".json": "read it with pandas.read_json and save it with to_csv",
    ".jsonl": "read it with pandas.read_json, lines=True, and save it with to_csv",
}


def kind_of(path: Path) -> tuple[str, type]:
    """Return a file name's ending, such as .csv.gz, and the class that reads it; ValueError for an
    unknown one.
    """
    for ending, kind in KINDS.items():
        if path.name.lower().endswith(ending):
            return ending, kind
    way = WAYS_OUT.get(path.suffix.lower())
    raise ValueError(
        f"data must be one of {', '.join(KINDS)}, not {path.name!r}" + (f"; {way}" if way else "")
    )


def is_known(path: Path) -> bool:
    """Tell whether a file's name has an ending that is read."""
    return path.name.lower().endswith(tuple(KINDS)) and not path.name.startswith((".", "~$"))


def open_file(
    path: str | Path,
    decimal: str | None = None,
    thousands: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Any:
    """Return a file as one of the kinds above, or raise ValueError with the path and what is wrong
    with it. The options are those of `Sheet.open`.
    """
    path = Path(path)
    if not os.path.isfile(path):
        raise ValueError(
            f"data must be a file that exists, not {str(path)!r}"
            + " (a folder)" * os.path.isdir(path)
        )
    if decimal is not None:
        one_of("decimal", decimal, SIGNS)
    if thousands is not None:
        one_of("thousands", thousands, GROUPS)
    if decimal and decimal == thousands:
        raise ValueError(f"decimal and thousands must be two signs, not both {decimal!r}")
    _, kind = kind_of(path)
    special = {"sheet": sheet, "encoding": encoding}
    special = {name: value for name, value in special.items() if value is not None}
    for name, only in (("sheet", Excel), ("encoding", Text)):
        if name in special and kind is not only:
            words = {"sheet": "a workbook has sheets", "encoding": "text has an encoding"}[name]
            raise ValueError(f"{name} must be left out for {path.name!r}: only {words}")
    try:
        return kind(path, decimal, thousands, **special)
    except Exception as error:  # a damaged file makes its reader fail in whatever way
        raise ValueError(f"data {str(path)!r} could not be read: {str(error).strip()}") from error
