"""Which columns of a table are channels, and why the others are none."""

import numpy as np
import pandas as pd

from gru_lab.tables.frames import is_numeric, is_text, numeric, whole
from gru_lab.tables.steps import direction, rises_evenly, seconds
from gru_lab.tables.time import SAMPLE, text_readings
from gru_lab.tables.time_numbers import YEARS, number_readings

EMPTY = "no values at all"


def _counts_rows(column, starts):
    """Tell whether a column numbers the rows: each whole number of a range once, or one by one; or
    it has no name and all its numbers are different, as in an index of some rows of a table.
    """
    several = column.dtype.kind in "iu" and len(column) > 2 * len(starts)
    if not several or (numbers := whole(column)) is None:
        return False
    steps = np.diff(numbers, prepend=0)
    steps[list(starts)] = 1
    once = len(np.unique(numbers)) == len(numbers)
    index = np.ptp(numbers) + 1 == len(numbers) or str(column.name).startswith("Unnamed: ")
    return bool((once and index) or (steps == 1).all())


def why_no_channel(column: pd.Series, starts: np.ndarray, first: np.ndarray) -> str:
    """Return why a column is no channel, or '' if it is one; its rows lie part by part."""
    if pd.api.types.is_complex_dtype(column.dtype):
        return "complex numbers"
    if column.dtype.kind in "Mm" or isinstance(column.dtype, pd.PeriodDtype):
        return "another time"
    if column.isna().all():
        return EMPTY
    if numeric(column) is None:
        sample = column.dropna().iloc[:SAMPLE] if is_text(column) else ()
        return "another time" if len(sample) and text_readings(sample) else "text"
    for way in number_readings(column) if is_numeric(column) else ():
        if {"Y", "d"} <= set(way.order) and direction(seconds(way.stamps), first):
            return "another time"  # such as the end of an interval, 202403052330
        if way.order == YEARS and rises_evenly(column.to_numpy(float, na_value=np.nan), first):
            return "another time"
    return "row number" if _counts_rows(column, starts) else ""
