"""The kinds of files a table can be in, each read as a DataFrame and written back with single cells
changed.

Each has `frame` (the table as it is read), `about` (the file in words), `place(row)` (where a row
stands in it) and `rebuilt(changes, keep_flags)`: the file's bytes again, as `textfile.Text`
describes it.
"""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from gru_lab.tables.text import FLAGS, HOLES, Text, flag_column, unique_names


class Excel:
    """The first sheet of a workbook. Other sheets, formulas and formats stay as far as openpyxl
    knows them.
    """

    def __init__(self, path):
        import openpyxl

        self.book = openpyxl.load_workbook(path, keep_vba=path.suffix.lower() == ".xlsm")
        values = openpyxl.load_workbook(path, data_only=True).worksheets[0]
        rows = pd.DataFrame(values.values, dtype=object)
        there = rows.notna().to_numpy()
        if not there.any():
            raise ValueError("its first sheet is empty")
        rows = rows.iloc[: there.any(1).nonzero()[0][-1] + 1, : there.any(0).nonzero()[0][-1] + 1]
        rows = rows.where(~rows.isin(HOLES), None)
        if rows.iloc[0, 1:].isna().sum() > rows.shape[1] / 2 - 0.5 > 0:
            raise ValueError(
                "the first row must be the names of the columns; delete what stands above them"
            )
        names = unique_names(rows.iloc[0])
        self.frame = (
            rows.iloc[1:].reset_index(drop=True).set_axis(names, axis="columns").infer_objects()
        )
        self.about = f"Excel, sheet {values.title!r}"
        cells = [
            [cell.data_type == "f" for cell in row]
            for row in self.book.worksheets[0].iter_rows(min_row=2)
        ]
        formulas = np.array(cells, dtype=bool).reshape(-1, self.book.worksheets[0].max_column)
        self.kept = formulas[: len(self.frame), : len(names)] & self.frame.isna().to_numpy()
        self.notes = []
        if self.kept.any():
            self.notes.append(
                "formulas without a stored value are no holes: open and save the file in Excel "
                "first"
            )
        with zipfile.ZipFile(path) as parts:
            if any(
                name.startswith(("xl/media", "xl/charts", "xl/drawings/drawing"))
                for name in parts.namelist()
            ):
                self.notes.append(
                    "pictures and charts of the workbook may be missing in the repaired file"
                )

    def place(self, row):
        """Return where a row of the table stands, as Excel numbers it."""
        return f"row {row + 2}"

    def rebuilt(self, changes, keep_flags=False):
        """Return the workbook's bytes with cells changed; `keep_flags` adds a sheet that lists
        them.
        """
        sheet, marked = self.book.worksheets[0], [["row", "column", "value"]]
        for name, (mask, values) in changes.items():
            column, seen = self.frame.columns.get_loc(name) + 1, self.frame[name].dropna()
            logical = seen.map(lambda cell: isinstance(cell, bool | np.bool_)).all()
            numbers = pd.to_numeric(seen, errors="coerce").dropna().astype(float)
            digits = max((len(repr(number).partition(".")[2]) for number in numbers), default=6)
            digits = None if (numbers % 1 == 0).all() else digits  # None: whole numbers
            for row in np.flatnonzero(mask):
                value = bool(values[row]) if logical else round(float(values[row]), digits)
                sheet.cell(int(row) + 2, column).value = value
                marked.append([int(row) + 2, name, value])
        if keep_flags:
            listed = self.book.create_sheet(FLAGS)
            for line in marked:
                listed.append(line)
        file = io.BytesIO()
        self.book.save(file)
        return file.getvalue()


class Parquet:
    """A Parquet file: types, index, other columns and metadata stay; only the holes' places change
    in a column.
    """

    def __init__(self, path):
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(path) as file:
            self.arrow = file.read()
            groups = file.metadata.num_row_groups and file.metadata.num_columns
            self.compression = (
                file.metadata.row_group(0).column(0).compression.lower() if groups else "snappy"
            )
        self.frame = self.arrow.to_pandas()
        self.about = "Parquet"

    def place(self, row):
        """Return where a row of the table stands: its number, the first being 0, and its label."""
        return f"row {row}"

    def rebuilt(self, changes, keep_flags=False):
        """Return the file's bytes with cells changed; `keep_flags` adds a column that names them
        row by row.
        """
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet

        arrow = self.arrow
        for name, (mask, values) in changes.items():
            place = arrow.schema.get_field_index(name)
            field = arrow.schema.field(place)
            if pa.types.is_integer(field.type):
                limits = np.iinfo(field.type.to_pandas_dtype())
                values = np.clip(np.rint(values), limits.min, limits.max)
            new = pa.array(np.where(mask, values, 0)).cast(field.type, safe=False)
            arrow = arrow.set_column(
                place, field, pc.if_else(pa.array(mask), new, arrow.column(place))
            )
        if keep_flags:
            name, *texts = flag_column(self.frame, changes)
            arrow = arrow.append_column(name, pa.array(texts, pa.string()))
        file = io.BytesIO()
        compression = "none" if self.compression == "uncompressed" else self.compression
        pyarrow.parquet.write_table(arrow, file, compression=compression)
        return file.getvalue()


class Arrays:
    """One 2-D array (rows, channels) in an NPY or NPZ file; a 1-D array is one channel. Never
    unpickles.
    """

    def __init__(self, path):
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
                    "it must hold exactly one array of (rows, channels), and holds "
                    f"{shapes or 'none'}"
                )
            self.key = tables[0]
        array = self.arrays[self.key]
        if array.ndim not in (1, 2):
            raise ValueError(f"its array must be (rows, channels), not {array.shape}")
        self.frame = pd.DataFrame(array)
        self.frame = self.frame.set_axis(
            [f"c{column:02d}" for column in self.frame.columns], axis="columns"
        )
        self.about = "NumPy"

    place = Parquet.place

    def rebuilt(self, changes, keep_flags=False):
        """Return the file's bytes with entries changed; `keep_flags` adds an array that is True
        there (NPZ only).
        """
        array = self.arrays[self.key].copy(order="K")
        flags = np.zeros_like(array, dtype=bool)
        for name, (mask, values) in changes.items():
            column = self.frame.columns.get_loc(name)
            array.reshape(len(array), -1)[mask, column] = values[mask]
            flags.reshape(len(array), -1)[mask, column] = True
        file = io.BytesIO()
        if not self.key:
            if keep_flags:
                raise ValueError(
                    "a NPY file has no room for flags: leave keep_flags out, or take NPZ"
                )
            np.save(file, array)
        else:
            arrays = self.arrays | {self.key: array} | ({FLAGS: flags} if keep_flags else {})
            (np.savez_compressed if self.packed else np.savez)(file, **arrays)
        return file.getvalue()


KINDS = {
    (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz"): Text,
    (".parquet", ".pq"): Parquet,
    (".npy", ".npz"): Arrays,
    (".xlsx", ".xlsm"): Excel,
}


def kind_of(path):
    """Return a file name's ending, such as .csv.gz, and the class that reads it; ValueError for an
    unknown one.
    """
    for suffixes, kind in KINDS.items():
        for suffix in sorted(suffixes, key=len, reverse=True):
            if path.name.lower().endswith(suffix):
                return suffix, kind
    known = ", ".join(suffix for suffixes in KINDS for suffix in suffixes)
    raise ValueError(f"data must be one of {known}, not {path.name!r}")


def open_file(path):
    """Return a file as one of the kinds above, or raise ValueError with the path and what is wrong
    with it.
    """
    path = Path(path)
    if not os.path.isfile(path):
        raise ValueError(
            f"data must be a file that exists, not {str(path)!r}"
            + " (a folder)" * os.path.isdir(path)
        )
    _, kind = kind_of(path)
    try:
        return kind(path)
    except Exception as error:  # a damaged file makes its reader fail in whatever way
        raise ValueError(f"data {str(path)!r} could not be read: {str(error).strip()}") from error
