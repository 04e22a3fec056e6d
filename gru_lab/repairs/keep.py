"""Holes that are to stay holes: the choices a person ticked off in a report, as a small CSV file.

    channel,first,last
    T,100,139

Rows count from 0, as in the list of repaired values that a report gives.
"""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

HEADER = ["channel", "first", "last"]


def hole_lines(channel: str, rows: np.ndarray) -> str:
    """Return the lines that name the hole of a channel in these `rows`, one for each run of them.

    hole_lines("T", np.array([100, 101, 102]))  # 'T,100,102'
    """
    rows, text = np.sort(rows), io.StringIO()
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        csv.writer(text, lineterminator="\n").writerow([channel, run[0], run[-1]])
    return text.getvalue().rstrip("\n")


def holes_to_keep(path: str | Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return where a `table` is to stay empty, a DataFrame of its shape that is True there.

    Raises ValueError, naming the file and line, for a file that cannot be read or that lists a
    column, a row or a hole which the table does not have: then it belongs to another table.
    """
    kept, missing = np.zeros(table.shape, dtype=bool), table.isna().to_numpy()
    for place, channel, first, last in _lines(Path(path)):
        where = f"--keep-holes {str(path)!r}, line {place}:"
        if channel not in table.columns:
            raise ValueError(
                f"{where} channel must be a column of the table, not {channel!r}; is this the file "
                "of another table?"
            )
        column, rows = table.columns.get_loc(channel), slice(first, last + 1)
        if not 0 <= first <= last < len(table):
            raise ValueError(
                f"{where} first and last must be rows of the table, 0 to {len(table) - 1}, not "
                f"{first} and {last}; is this the file of another table?"
            )
        if not missing[rows, column].all():
            row = first + int((~missing[rows, column]).argmax())
            raise ValueError(
                f"{where} rows {first} to {last} of {channel!r} must be holes, and row {row} has a "
                "value; is this the file of another table?"
            )
        kept[rows, column] = True
    return pd.DataFrame(kept, table.index, table.columns)


def _lines(path):
    """Yield (line, channel, first row, last row) of the file; empty lines count for nothing."""
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"--keep-holes must be a file that a report wrote, not {str(path)!r}: {error}"
        ) from error
    if not lines or lines[0] != HEADER:
        raise ValueError(
            f"--keep-holes must be a file that begins with {','.join(HEADER)}, as the one that a "
            f"report writes, not {str(path)!r}"
        )
    for place, cells in enumerate(lines[1:], 2):
        if not cells:
            continue
        if len(cells) != len(HEADER) or not all(c.strip().isdecimal() for c in cells[1:]):
            raise ValueError(
                f"--keep-holes {str(path)!r}, line {place}: must hold a channel, a first and a "
                f"last row, not {','.join(cells)!r}"
            )
        yield place, cells[0], int(cells[1]), int(cells[2])
