"""The series that a question of one's own is asked of: opened, made complete, and checked."""

from typing import Any

import numpy as np

from gru_lab.demo import demo_series
from gru_lab.series import Series
from gru_lab.tables.read import read_table

DEMO_ROWS = 24_500
HOLES = ("refuse", "drop")


def open_data(data: Any, split_by: str | None = None, rows: int = DEMO_ROWS) -> Series:
    """Return the series of a file, a DataFrame or a Series; of nothing the built-in one."""
    if data is None and split_by is not None:
        raise ValueError(f"split_by {split_by!r} must name a column of data; give data as well")
    if data is None:
        return demo_series(rows)
    return data if isinstance(data, Series) else read_table(data, split_by)


def checked(series: Series, start: Any) -> Series:
    """Return a series that the settings can be run on, or raise ValueError with the way out."""
    try:
        series.require_complete()
    except ValueError as error:
        where = str(error).partition("but ")[2].partition(";")[0] or "entries are missing"
        raise ValueError(
            f"{series.name} must be complete, but {where}: a question hides entries and needs to "
            "know them. Fill the holes first (gru-lab repair, lab.repair), or pass holes='drop' to "
            "leave out incomplete rows"
        ) from error
    for part in series.split():
        part.windows(start.window)
    return series


def without_holes(series: Series) -> Series:
    """Return the complete rows of a series; a new part begins where rows were left out.

    Raises ValueError where no row is complete.
    """
    whole = np.isfinite(series.values).all(axis=1)
    if whole.all():
        return series
    if not whole.any():
        raise ValueError(
            f"{series.name} has no complete row; leave out its emptiest channels, or fill the "
            "holes first (gru-lab repair)"
        )
    kept = np.flatnonzero(whole)
    broken = np.flatnonzero(np.diff(kept, prepend=kept[0] - 1) > 1)
    begins = np.searchsorted(kept, series.starts)
    starts = tuple(int(row) for row in np.unique([0, *broken, *begins]) if row < len(kept))
    name = f"{series.name}, complete rows"
    return Series(series.values[kept], series.channels, name, starts, series.set_aside)
