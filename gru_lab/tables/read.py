"""Read a file of sensor channels into a Series: which columns are channels, which is the time,
which mark the runs.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from gru_lab.config import one_of
from gru_lab.series import Series
from gru_lab.tables.formats import open_file

TIME_WORDS = ("time", "date", "zeit", "datum", "stamp")


def time_stamps(column):
    """Return a column of dates or of their text as time stamps in UTC, NaT where there is none.

    01.05. may be May or January. It is read so that time goes back least often, and then so that it
    spans less.
    """
    column = pd.Series(column).reset_index(drop=True)
    texts = column.dropna().astype(str)
    known = (
        column.dtype.kind == "M" or texts.str.match(r"\d{4}").all()
    )  # dates, or the year comes first
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of each order that it is not asked for
        ways = [
            pd.to_datetime(column, errors="coerce", format="mixed", utc=True, dayfirst=way)
            for way in (False, True)[: 2 - known]
        ]
    return min(
        ways,
        key=lambda way: (
            way.isna().sum(),
            (way.diff() < pd.Timedelta(0)).sum(),
            way.max() - way.min(),
        ),
    )


def part_of(table, split_by):
    """Return the number of each row's part, (rows,), in the order in which they come; all 0 without
    `split_by`.
    """
    if split_by is None:
        return np.zeros(len(table), dtype=int)
    return pd.factorize(table[split_by], use_na_sentinel=False)[0]


def _is_time(name, column, part):
    """Tell whether a column holds time stamps: by type, by text that reads as dates, or a number so
    named.

    The number has to rise from row to row within each part; `part` (rows,) tells them apart.
    """
    if isinstance(column.dtype, np.dtype | pd.DatetimeTZDtype) and column.dtype.kind == "M":
        return True
    if not any(word in str(name).lower() for word in TIME_WORDS):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return bool((column.groupby(part).diff() > 0).sum() == len(column) - len(np.unique(part)))
    sample = column.dropna().head(50)
    return len(sample) > 0 and bool(time_stamps(sample).notna().all())


def find_time(table, part):
    """Return the name of the first column that holds time stamps, or None; `part` (rows,) tells
    parts apart.
    """
    return next((name for name in table.columns if _is_time(name, table[name], part)), None)


def _counts_rows(column, starts):
    """Tell whether a column numbers the rows: each whole number of a range once, or one by one
    within each part.
    """
    if (
        not pd.api.types.is_integer_dtype(column)
        or column.isna().any()
        or len(column) <= 2 * len(starts)
    ):
        return False
    steps = column.diff()
    steps.iloc[list(starts)] = 1
    return (column.is_unique and column.max() - column.min() == len(column) - 1) or bool(
        (steps == 1).all()
    )


def _why_no_channel(column, starts):
    """Return why a column is no channel, or '' if it is one."""
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        return "text"
    if pd.api.types.is_complex_dtype(column):
        return "complex numbers"
    if column.isna().all():
        return "no values at all"
    if _counts_rows(column, starts):
        return "row number"
    return ""


def read_table(source, split_by=None):
    """Return the Series in a file (CSV, TSV, gzipped or not; Parquet; NPY, NPZ; Excel) or in a
    DataFrame.

    Numeric columns become channels. A time column and columns that hold no measurements are set
    aside, with the reason, in `Series.set_aside`. `split_by` names the column that tells runs
    apart: rows of one run are brought together and no window crosses from one into the next. NaN
    are kept. Raises ValueError for a missing, damaged, empty or unknown file, an unknown
    `split_by`, a table without any numeric channel, and infinite values.
    """
    if isinstance(source, pd.DataFrame):
        table, name = source, "table"
    else:
        table, name = open_file(source).frame, Path(source).name
    if not len(table):
        raise ValueError(f"{name}: the table must have rows, and it has none")
    table = table.set_axis([str(column) for column in table.columns], axis="columns")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(
            f"{name}: columns must have different names, and {twice!r} is there twice; rename one"
        )
    set_aside = {}
    part = part_of(
        table, split_by if split_by is None else one_of("split_by", split_by, list(table.columns))
    )
    order = np.argsort(part, kind="stable")
    table, part = table.iloc[order], part[order]
    starts = tuple(int(row) for row in np.flatnonzero(np.diff(part, prepend=-1)))
    if split_by is not None:
        set_aside[split_by] = f"tells {len(starts)} runs apart"
    time = table.index if isinstance(table.index, pd.DatetimeIndex) else None
    channels, others = [], table.columns.drop(list(set_aside))
    if time is None and (found := find_time(table[others], part)) is not None:
        set_aside[found], time = "time", pd.Index(table[found])
    for column in others.drop(list(set_aside), errors="ignore"):
        if why := _why_no_channel(table[column], starts):
            set_aside[column] = why
        else:
            channels.append(column)
    if not channels:
        found = ", ".join(f"{column!r} ({why})" for column, why in set_aside.items())
        raise ValueError(
            f"{name}: the table must have at least one numeric channel; it has only "
            f"{found or 'none'}"
        )
    values = table[channels]
    narrow = all(dtype == np.float32 for dtype in values.dtypes)
    values = values.to_numpy(dtype=np.float32 if narrow else np.float64, na_value=np.nan)
    return Series(values, tuple(channels), name, starts, time, set_aside)
