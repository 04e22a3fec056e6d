"""From the columns of a table to numbers in the order of time, and back into their own dtypes."""

from dataclasses import replace

import numpy as np
import pandas as pd

from gru_lab.repairs.holes import Stretch, part_ends
from gru_lab.series import Series
from gru_lab.tables.read import part_of, time_stamps


def numbers(column):
    """Return a column as float64 with NaN, True and False as 1 and 0; or None where it holds no
    real numbers.
    """
    kind = column.dtype
    if (
        pd.api.types.is_object_dtype(kind)
        and pd.api.types.infer_dtype(column, skipna=True) == "boolean"
    ):
        column = column.astype("boolean")
    elif not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind):
        return None
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def put(column, rows, values):
    """Return the array of `column` with `values` in `rows`, in its own dtype; nothing else of it
    changes.
    """
    array, kind = column.array.copy(), column.dtype
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_object_dtype(kind):
        values = values.round().astype(bool)
    elif pd.api.types.is_integer_dtype(kind):
        values = values.round().astype(np.int64)
    elif isinstance(kind, np.dtype):
        values = values.astype(kind)
    array[rows] = values
    return array


def moments(stamps):
    """Return time stamps (dates, their text, or numbers) as numbers, (rows,), NaN where there is
    none.
    """
    if not pd.api.types.is_numeric_dtype(stamps):
        stamps = time_stamps(stamps)
        stamps = (stamps - stamps.min()) / pd.Timedelta(seconds=1)
    return stamps.to_numpy(dtype=float, na_value=np.nan)


def stretch_of(table, channels, split_by=None, time=None):
    """Return the `channels` as a Stretch in the order of parts and time, that order, and how many
    rows lack a stamp.

    Row i of the Stretch is row order[i] of the table. Time comes from the column `time` or from an
    index of dates; without any, or where a row lacks its stamp, rows count as equally far apart.
    Positions are in usual steps. Raises ValueError for infinite values and for an empty table.
    """
    label = part_of(table, split_by)
    dated = time is not None or isinstance(table.index, pd.DatetimeIndex)
    frame_stamps = table.index.to_series() if time is None else table[time]
    moment = moments(frame_stamps) if dated else np.arange(len(table))
    lacking = int(np.isnan(moment).sum())
    if lacking:
        moment = np.arange(len(table))
    order = np.lexsort((moment, label))
    label, moment = label[order], moment[order]
    values = np.empty((len(table), len(channels)))
    for c, name in enumerate(channels):
        values[:, c] = numbers(table[name])[order]
    Series(values, tuple(map(str, channels)), "table")  # refuses what is infinite or empty
    starts, step = np.flatnonzero(np.r_[True, np.diff(label) != 0]), np.diff(moment)
    step = step[(step > 0) & (np.diff(label) == 0)]
    usual = np.median(step) if len(step) else 1
    stretch = Stretch(values, moment / usual, *part_ends(starts, len(table)))
    if dated and not lacking and (since := _since_monday(frame_stamps)) is not None:
        stretch = replace(stretch, step=float(usual), since=since)
    return stretch, order, lacking


def _since_monday(stamps):
    """Return the seconds from a Monday's midnight to the earliest of the stamps, or None where
    these are no dates.
    """
    if pd.api.types.is_numeric_dtype(stamps):
        return None
    first = time_stamps(stamps).min()
    return first.dayofweek * 86_400.0 + (first - first.normalize()) / pd.Timedelta(seconds=1)
