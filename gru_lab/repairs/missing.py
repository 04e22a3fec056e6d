"""Which values stand for 'missing' in which columns: a code belongs to the column it was found in.

`T=-999.9` names its column. A bare `-999.9` holds where it stands out as a code; where it looks
like a measurement, that is a doubt, unless the person is sure.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import one_of
from gru_lab.tables.frames import is_numeric
from gru_lab.tables.layout import Layout
from gru_lab.tables.manner import begins_as_number, parted
from gru_lab.tables.numbers import Numbers, option, quoted

SELDOM, RARE = 0.5, 2  # the share of rows with a note; times that the words of an event come
OFF = 0.05  # of a step: so far beside the usual steps is between them


def by_column(missing: Any, columns: Any) -> tuple[dict, list]:
    """Return ({column: [values]}, [values of any column]) of what was given as `missing`.

    `missing` is {column: value or values}, or a list of values and of 'COLUMN=VALUE'. Raises
    ValueError for a column that is not there.
    """
    columns, named, bare = list(columns), {}, []
    if isinstance(missing, dict):
        for column, values in missing.items():
            many = values if isinstance(values, list | tuple | set | np.ndarray) else [values]
            named.setdefault(one_of("missing", str(column), columns), []).extend(many)
        return named, bare
    for value in [missing] if isinstance(missing, str | int | float) else missing:
        parts = str(value).split("=")
        cuts = (("=".join(parts[:n]), "=".join(parts[n:])) for n in range(len(parts) - 1, 0, -1))
        column, code = next(((c, v) for c, v in cuts if c in columns), (None, value))
        if column is not None:
            named.setdefault(column, []).append(code)
        elif len(parts) > 1 and parts[0]:
            one_of("the column of --missing-value", parts[0], columns)
        else:
            bare.append(value)
    return named, bare


def number_of(value: Any) -> float:
    """Return a code as a number, NaN where it is a text: '-999,9' and '−999.9 °C' are -999.9."""
    try:
        return float(value)
    except (TypeError, ValueError):
        cell = parted(str(value))
        numbers = [cell.number(sign) for sign in ".,"] if cell else []
        return next((number for number in numbers if number is not None), math.nan)


def where_is(column: pd.Series, value: Any) -> np.ndarray:
    """Return where `column`, of numbers or of text, holds `value`, (rows,); inf means -inf too.

    Numbers are alike if they are in single precision, in which many loggers write.
    """
    if pd.api.types.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return np.zeros(len(column), dtype=bool)
    if not pd.api.types.is_numeric_dtype(column):
        return (column.astype(object).map(str).str.strip() == str(value).strip()).to_numpy()
    number = number_of(value)
    if pd.api.types.is_complex_dtype(column):
        return np.zeros(len(column), dtype=bool)
    values = column.to_numpy(np.float64, na_value=np.nan)
    if math.isinf(number):
        return np.isinf(values)
    with np.errstate(over="ignore"):
        alike = values.astype(np.float32) == np.float32(number)
    return alike | np.isclose(values, number, rtol=1e-5 if abs(number) >= 1e9 else 1e-12, atol=0)


def stands_out(values: np.ndarray, code: float) -> bool:
    """Tell whether `code` lies farther from the other `values` (rows,) than these are apart.

    0 does only in a column of many values; two levels, such as of a door, tell nothing.
    """
    if math.isinf(code):
        return True
    others = values[np.isfinite(values) & ~np.isclose(values, code)]
    if not len(others):
        return False
    few = len(np.unique(others[:: max(1, len(others) // 5000)])) < 10
    if few and abs(code) < 99:
        return False
    low, high = np.quantile(others, [0.02, 0.98])
    return max(low - code, code - high) > max(high - low, 1e-9 * abs(code))


def event_rows(done: Numbers, cells: pd.DataFrame) -> np.ndarray:
    """Return which rows (rows,) tell of an event, such as 'sensor cleaned', and hold no number.

    `done` are the Numbers of a table of `cells`. Such a row has no time, or one between the usual
    steps, or its text among the numbers are words that hardly come again.
    """
    table = done.table
    holed = [n for n, column in table.items() if is_numeric(column) and column.isna().any()]
    timeless = np.zeros(len(cells), dtype=bool)
    if not (holed and table[holed].isna().all(axis=1).any()):
        return timeless
    layout = Layout.of(table)
    if not (names := list(layout.channels)):
        return timeless
    bare = table[names].isna().all(axis=1) & ~done.kept[names].all(axis=1)
    kept = (done.kept[names] & cells[names].notna()).to_numpy()
    first = cells[names].to_numpy(object)[np.arange(len(cells)), kept.argmax(axis=1)]
    words = pd.Series(first, cells.index).where(kept.any(axis=1))
    rare = words.map(words.value_counts()) <= RARE
    rare &= words.astype(str).str.contains(r"[^\W\d_]\s+[^\W\d_]")
    texts = [n for n, why in layout.set_aside.items() if why in ("text", "time")]
    texts = table[texts].notna()
    step = np.diff(layout.position, prepend=np.nan, append=np.nan)
    odd = ~(np.abs(step - np.rint(step)) <= OFF)
    timeless[layout.odd.get("lacking", [])] = True
    between = timeless.copy()
    if not layout.refusals:  # such as of several series in one table
        between[layout.order] |= (odd[:-1] & odd[1:]) | (step[:-1] == 0) | (step[1:] == 0)
    noted = texts.loc[:, texts.mean() < SELDOM].any(axis=1) | (timeless & texts.any(axis=1))
    return (bare & (rare | (between & (words.notna() | noted)))).to_numpy()


def on_events(rows: np.ndarray, cells: pd.DataFrame, place: Callable) -> list[str]:
    """Return in a list the sentence on rows (rows,) that tell of events, if there are any."""
    if not rows.any():
        return []
    texts = cells[rows].iloc[0].dropna().astype(str).str.strip()
    words = max(texts[~texts.map(begins_as_number)], key=len, default="")
    many = f"{rows.sum():,} rows" if rows.sum() > 1 else "1 row"
    return [
        f"{many}, the first in {place(rows.argmax())}: {quoted(words)}, hold text and no number. "
        "They stay as they are; empty the text to have the cells beside it filled"
    ]


def doubt_of(value: Any, columns: dict) -> str:
    """Return the sentence on a bare value that looks like a measurement in `columns` → count."""
    held = ", ".join(f"{name!r} ({count:,} cells)" for name, count in columns.items())
    return (
        f"--missing-value {value} would also empty {held}, where it looks like a measurement; name "
        f"the column, as in {option('--missing-value', f'COLUMN={value}')}, or add --yes for all"
    )
