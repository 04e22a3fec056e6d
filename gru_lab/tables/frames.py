"""Tables of every make as a DataFrame, and what the columns of one hold."""

from typing import Any

import numpy as np
import pandas as pd


def holds_columns(source: object) -> bool:
    """Tell whether an object is a table with names, or has gaps of its own: no bare array."""
    if isinstance(source, pd.DataFrame | pd.Series | np.ma.MaskedArray):
        return True
    ways = ("to_pandas", "to_dataframe", "__dataframe__", "collect")
    return any(hasattr(source, name) for name in ways)


def plain_table(source: Any) -> pd.DataFrame:
    """Return what holds a table as a DataFrame with one level of column names.

    A Series is one column, an array (rows, channels) has columns 0, 1, …, masked entries are NaN;
    polars, xarray and their like come through `to_pandas` or the dataframe interchange. Raises
    ValueError for what holds no table, and for columns of the same name.

    >>> list(plain_table(pd.Series([1.0, 2.0], name="T")).columns)
    ['T']
    """
    table = source = source.collect() if hasattr(source, "collect") else source  # polars, lazy
    if not isinstance(table, pd.DataFrame | pd.Series):
        if hasattr(source, "to_dataframe") and hasattr(source, "dims"):  # xarray
            table = source.to_dataframe() if hasattr(source, "data_vars") else source.to_pandas()
        elif hasattr(source, "to_pandas"):
            table = source.to_pandas()
        elif hasattr(source, "__dataframe__"):
            table = pd.api.interchange.from_dataframe(source)
        else:
            table = _array(source)
    if isinstance(table, pd.Series):
        table = table.to_frame("value" if table.name is None else table.name)
    if not isinstance(table, pd.DataFrame):
        raise ValueError(
            f"table must be a DataFrame or an array (rows, channels), not {type(source).__name__}"
        )
    if isinstance(table.columns, pd.MultiIndex):
        joined = ["_".join(str(level) for level in name if str(level)) for name in table.columns]
        table = table.set_axis(joined, axis="columns")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(
            f"table: columns must have different names, and {twice!r} is there twice; rename one"
        )
    sparse = {n: kind for n, kind in table.dtypes.items() if isinstance(kind, pd.SparseDtype)}
    return table.astype({name: kind.subtype for name, kind in sparse.items()}) if sparse else table


def _array(source):
    masked = isinstance(source, np.ma.MaskedArray)
    values = source.astype(float).filled(np.nan) if masked else np.asarray(source)
    if values.dtype.names:  # a structured array names its columns
        return pd.DataFrame(values)
    if values.ndim not in (1, 2) or values.dtype == object and values.ndim < 2:
        raise ValueError(
            f"table must be a DataFrame, a Series or an array (rows, channels), not "
            f"{type(source).__name__} of shape {values.shape}; a file can be read by "
            "pandas.read_csv, and `gru-lab repair FILE OUT` repairs it as it stands"
        )
    return pd.DataFrame(values)


def part_numbers(columns: list, rows: int) -> np.ndarray:
    """Return the number of each row's part, (rows,), in the order in which parts come."""
    number = np.zeros(rows, dtype=np.int64)
    for column in columns:
        code = pd.factorize(column, use_na_sentinel=False)[0]
        number = pd.factorize(number * (code.max(initial=0) + 1) + code)[0]
    return number


def numeric(column: pd.Series) -> pd.Series | None:
    """Return a column that holds real numbers (or True and False) as such, None for any other.

    Objects count as numbers where all of them are: int, float, Decimal.
    """
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind):
        inferred = pd.api.types.infer_dtype(column, skipna=True)
        if inferred == "boolean":
            return column.astype("boolean")
        if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
            return pd.to_numeric(column.astype(float), errors="coerce")
        return None
    real = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind)
    return column if real else None


def is_text(column: pd.Series) -> bool:
    """Tell whether a column holds text, or objects such as dates, but no lists and the like."""
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind):
        return all(map(pd.api.types.is_hashable, column.dropna().head(20)))
    return isinstance(kind, pd.StringDtype | pd.CategoricalDtype) or "string" in str(kind)


def whole(column: pd.Series) -> np.ndarray | None:
    """Return a column of whole numbers as int64, (rows,); None where it is no such column."""
    if column.dtype.kind not in "iuf" or column.isna().any():
        return None
    values = column.to_numpy(np.float64)
    fine = (np.abs(values) < 1e18).all() and (values % 1 == 0).all()
    return values.astype(np.int64) if fine else None


def is_numeric(column: pd.Series) -> bool:
    """Tell whether a column holds numbers by its type, and not as objects."""
    return pd.api.types.is_numeric_dtype(column.dtype)
