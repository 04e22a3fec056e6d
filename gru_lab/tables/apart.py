"""Several series in one table: which columns tell them apart, and where nothing does."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.tables.frames import is_text, part_numbers, whole
from gru_lab.tables.steps import direction, irregular, seconds, steps_of

REPEATED = 0.5  # of the rows repeat another's stamp: several series lie in one table
TOLD = 0.99  # of the rows have a stamp of their own, once a column tells them apart
UNEVEN = 0.3  # of the steps: series that take turns at times of their own
RESTART = 10  # usual steps back: another series begins
MOST_PARTS = 2_000
FEW_VALUES = 50  # of a column of numbers that tells parts apart


def teller(columns: dict, moments: Any, first: np.ndarray) -> Any:
    """Return the column, or two, that tell apart rows whose stamps repeat or start again.

    `moments` and `columns` come part by part. None where there is no need, or no such column.
    """
    known = ~np.isnan(moments)
    if known.sum() < 4:
        return None
    part = np.cumsum(first)
    repeated = pd.DataFrame({"p": part, "m": moments})[known].duplicated(keep=False).mean()
    again = _starts_again(moments, first)
    uneven = irregular(moments, first).mean() > UNEVEN
    if repeated < REPEATED and not again and not uneven:
        return None
    passing = []
    texts = [name for name, column in columns.items() if is_text(column)]
    others = {name: column for name, column in columns.items() if whole(column) is not None}
    labels = [name for name, column in others.items() if column.nunique() <= FEW_VALUES]
    for names in [*((name,) for name in texts + labels), *combinations(texts[:5], 2)]:
        number = part_numbers([columns[name] for name in names], len(part))
        if not 2 <= number.max() + 1 <= min(MOST_PARTS, len(part) // 2):
            continue
        order = np.lexsort((np.arange(len(number)), number, part))
        begins = np.r_[True, (np.diff(number[order]) != 0) | (np.diff(part[order]) != 0)]
        step = steps_of(moments[order], begins)[~begins]
        ways = max((step > 0).mean(), (step < 0).mean()) if len(step) else 0
        even = 1 - irregular(moments[order], begins).mean() >= TOLD
        apart = ways >= TOLD and repeated >= REPEATED and not _starts_again(moments[order], begins)
        if even and (ways == 1 or apart):
            return names
        if (ways == 1 or apart) and (again or repeated >= REPEATED):
            passing.append(names)
    return passing[0] if passing else None


def _starts_again(moments, first):
    """Tell whether time jumps back by many steps somewhere within a part, (rows,)."""
    known = ~np.isnan(moments)
    moments, first = moments[known], np.diff(np.cumsum(first)[known], prepend=0) > 0
    step = steps_of(moments, first) * (direction(moments, first) or 1)
    moved = np.abs(step[step != 0])
    usual = np.median(moved) if len(moved) else 0
    return bool((step < -RESTART * usual).any())


def tells_apart(
    columns: dict,
    stamps: np.ndarray,
    part: np.ndarray | None,
    first: np.ndarray,
    by_part: np.ndarray,
) -> str | None:
    """Return a sentence where rows of several series would be sorted into each other, or None."""
    moments = seconds(stamps)[by_part]
    columns = {name: column.iloc[by_part] for name, column in columns.items()}
    names: tuple = teller(columns, moments, first) or ()
    if names:
        words = "columns " + " and ".join(map(repr, names)) + " tell"
        if len(names) == 1:
            labels = columns[names[0]].dropna().unique()
            shown = ", ".join(map(str, labels[:3])) + ", …" * (len(labels) > 3)
            words = f"column {names[0]!r} ({shown}) tells"
        options = " ".join(f"--split-by {name!r}" for name in names)
        return (
            f"several series lie in one table: {words} them apart; add {options}, or make a column "
            "of each"
        )
    repeated = pd.DataFrame({"p": part, "m": stamps}).duplicated(keep=False).mean()
    if repeated >= REPEATED and _starts_again(moments, first):
        return (
            f"{repeated:.0%} of the rows repeat another row's time stamp and time starts again, so "
            f"several series may lie in one table; add a column that tells them apart, and "
            f"--split-by with its name"
        )
    return None
