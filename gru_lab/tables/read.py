"""Read a file of sensor channels, or a table in memory, into a Series."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.series import Series
from gru_lab.tables.formats import open_file
from gru_lab.tables.frames import numeric, plain_table
from gru_lab.tables.layout import Layout


def read_table(source: Any, split_by: str | None = None, **settings: Any) -> Series:
    """Return the Series in a file (CSV, TSV, gzipped or not; Parquet; NPY, NPZ; Excel) or a table.

        read_table("sensor.csv", split_by="station", dayfirst=True)

    Numeric columns become channels. Columns of time and columns that hold no measurements are set
    aside, with the reason, in `Series.set_aside`. `split_by` names the column that tells runs
    apart: rows of one run are brought together and no window crosses from one into the next.
    `settings` are those of `Layout.of`. NaN are kept. Raises ValueError for a missing, damaged,
    empty or unknown file, an unknown `split_by`, a table whose rows can be ordered in two ways or
    that has no numeric channel, and infinite values.
    """
    if isinstance(source, str | Path):
        table, name = open_file(source).frame, Path(source).name
    else:
        table, name = plain_table(source), "table"
    if not len(table):
        raise ValueError(f"{name}: the table must have rows, and it has none")
    table = table.set_axis([str(column) for column in table.columns], axis="columns")
    layout = Layout.of(plain_table(table), split_by, **settings)
    return series_of(table, layout if layout.sorted_alike else layout.require(name), name)


def series_of(table: pd.DataFrame, layout: Layout, name: str = "table") -> Series:
    """Return the channels of a table as a Series, its rows in the layout's order."""
    if not layout.channels:
        aside = ", ".join(f"{column!r} ({why})" for column, why in layout.set_aside.items())
        raise ValueError(
            f"{name}: the table must have at least one numeric channel; it has only "
            f"{aside or 'none'}"
        )
    columns = [numeric(table[channel]) for channel in layout.channels]
    narrow = all(column.dtype == np.float32 for column in columns)
    kind = np.float32 if narrow else np.float64
    values = np.column_stack([column.to_numpy(kind, na_value=np.nan) for column in columns])
    channels = tuple(map(str, layout.channels))
    return Series(values[layout.order], channels, name, layout.starts, layout.set_aside)
