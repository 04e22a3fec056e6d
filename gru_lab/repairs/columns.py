"""From the columns of a table to numbers in the order of time, and back into their own dtypes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.repairs.holes import Stretch, part_ends
from gru_lab.series import Series
from gru_lab.tables.frames import numeric
from gru_lab.tables.layout import Layout
from gru_lab.tables.time import NAT

MONTH, THURSDAY = 2_629_746.0, 3 * 86_400.0  # seconds; 1970 began on a Thursday


def numbers(column: pd.Series) -> np.ndarray | None:
    """Return a column as float64, True as 1; None where it holds no real numbers."""
    column = numeric(column)
    return None if column is None else column.to_numpy(dtype=np.float64, na_value=np.nan)


def require_no_numbers_as_text(table: pd.DataFrame, names: Iterable) -> None:
    """Raise ValueError if one of these columns holds holes and nothing but numbers written as text
    or kept as categories: its holes would stay, and nobody would know why. Names such as '007' are
    no numbers.
    """
    for name in names:
        texts = table[name].dropna().astype(str).str.strip()
        texts = texts[texts != ""]
        holes = len(table) - len(texts)
        if not (holes and len(texts)) or texts.str.match(r"0\d").any():
            continue
        if pd.to_numeric(texts, errors="coerce").notna().all():
            raise ValueError(
                f"table's column {name!r} holds numbers as text or categories, such as "
                f"{texts.iloc[0]!r}, and {holes:,} holes: make numbers of it, table[{name!r}] = "
                f"pandas.to_numeric(table[{name!r}].astype(object)), or leave it out"
            )


def require_channels(table: pd.DataFrame, channels: list, others: Iterable) -> None:
    """Raise ValueError where a table lacks some of these `channels`, or has columns of numbers that
    are neither among them nor among the `others`.
    """
    numeric = [name for name in table.columns if numbers(table[name]) is not None]
    lacking = [str(name) for name in channels if name not in numeric]
    unknown = [str(name) for name in numeric if name not in {*channels, *others}]
    problems = [f"lacks {', '.join(lacking)}"] * bool(lacking)
    problems += [f"has {', '.join(unknown)} besides"] * bool(unknown)
    if problems:
        raise ValueError(
            f"table must have the {len(channels)} channels it was fitted on, but it "
            f"{' and '.join(problems)}"
        )


def put(column: pd.Series, rows: np.ndarray, values: np.ndarray) -> Any:
    """Return the array of `column` with `values` in `rows`, in its own dtype."""
    array, kind = column.array.copy(), column.dtype
    if pd.api.types.is_bool_dtype(kind) or isinstance(numeric(column).dtype, pd.BooleanDtype):
        values = values.round().astype(bool)
    elif pd.api.types.is_integer_dtype(kind):
        values = values.round().astype(np.int64)
    elif isinstance(kind, np.dtype) and kind.kind != "O":
        values = values.astype(kind)
    array[rows] = values
    return array


def stretch_of(table: pd.DataFrame, channels: list, layout: Layout) -> Stretch:
    """Return the `channels` of a table as a Stretch; its row i is row layout.order[i] of the table.

    Positions are in usual steps. Raises ValueError for infinite values and for an empty table.
    """
    values = np.empty((len(table), len(channels)))
    for c, name in enumerate(channels):
        values[:, c] = numbers(table[name])[layout.order]
    Series(values, tuple(map(str, channels)), "table")  # refuses what is infinite or empty
    return laid_out(values, layout)


def laid_out(values: np.ndarray, layout: Layout) -> Stretch:
    """Return `values` (rows, channels), in the order of a Layout, as a Stretch that knows how long
    a step is and where in the week it begins.
    """
    stretch = Stretch(values, layout.position, *part_ends(np.array(layout.starts), len(values)))
    known = np.flatnonzero(layout.stamps != NAT) if layout.dated else []
    step = MONTH if layout.step.months else layout.step.length
    if not len(known) or not step:
        return stretch
    row = np.flatnonzero(layout.order == known[0])[0]
    since = layout.stamps[known[0]] / 1e9 + THURSDAY - stretch.position[row] * step
    return replace(stretch, step=float(step), since=float(since))
