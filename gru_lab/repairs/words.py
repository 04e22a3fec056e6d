"""Counts, names and time stamps in words: how regular these are, and what is wrong with them."""

import numpy as np
import pandas as pd

from gru_lab.tables.read import time_stamps


def counted(number, thing):
    """Return '1 row', '2,000 rows'."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _words(step):
    """Return a step of time, a Timedelta or a number, as short text."""
    if not isinstance(step, pd.Timedelta):
        return f"{step:.6g}"
    seconds = step.total_seconds()
    unit, size = next(
        (one for one in (("d", 86_400), ("h", 3_600), ("min", 60)) if seconds >= one[1]), ("s", 1)
    )
    return f"{seconds / size:.4g} {unit}"


def shown(name):
    """Return a column's name for a terminal; one that holds control characters with these spelt
    out.
    """
    return str(name) if str(name).isprintable() else repr(str(name))


def describe(stamps, starts):
    """Return the step of time in words, and what is wrong with the stamps as sentences."""
    if not pd.api.types.is_numeric_dtype(stamps):
        stamps = time_stamps(stamps)
    stamps = pd.Series(stamps).reset_index(drop=True)
    steps = stamps.diff()[
        ~np.isin(np.arange(len(stamps)), starts)
    ].dropna()  # from part to part there is no step
    zero = pd.Timedelta(0) if steps.dtype.kind == "m" else 0
    wrong = {
        "no time stamp": (stamps.isna(), "mend or delete them, or rows count as equally far apart"),
        "the time stamp of the row above": (
            steps == zero,
            "delete them, or add --split-by if they are of another part",
        ),
        "an earlier time stamp than the row above": (
            steps < zero,
            "a repair takes rows in order of time",
        ),
    }
    problems = []
    for what, (where, then) in wrong.items():
        if where.any():
            first = (
                ""
                if pd.isna(stamps[where.idxmax()])
                else f", the first at {stamps[where.idxmax()]}"
            )
            problems.append(f"{counted(where.sum(), 'row')} with {what}{first}: {then}")
    steps = steps[steps > zero]
    if not len(steps):
        return "without a step", problems
    pauses = steps[steps > 2 * steps.median()]
    words = f"every {_words(steps.median())}"
    return words + (
        f"; {counted(len(pauses), 'pause')}, up to {_words(pauses.max())}" if len(pauses) else ""
    ), problems
