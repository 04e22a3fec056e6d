"""How a column writes its numbers: `1,234.5`, `1 234,5`, `23.4 °C`, `-12`, `<0.01`; read, and
written back alike.

A cell is taken apart into sign, digits and unit. Whether `1,234` is 1234 or 1.234 is decided for a
column together with its file; where both fit, that is a doubt, which a repair refuses.
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.tables.frames import numeric
from gru_lab.tables.manner import Manner, parted
from gru_lab.tables.signs import SAMPLE, Column, decimal_of, hint
from gru_lab.tables.time import text_readings

LONGEST = 60  # characters of a cell that are shown
MOSTLY = 0.8  # a column of text is one of numbers if this share of its cells can be read as such


@dataclass
class Numbers:
    """A table with its text columns read as numbers where they hold such.

    `kept` (rows, columns) is True where text stands among the numbers of a column. `notes` are
    sentences about such text, `doubts` about what fits two readings, `unread` about columns of
    numbers that could not be read; `facts` says how the others were read.
    """

    table: pd.DataFrame
    kept: pd.DataFrame
    styles: dict = field(default_factory=dict)  # column → (decimal, lead, tail)
    notes: list = field(default_factory=list)
    doubts: list = field(default_factory=list)
    unread: dict = field(default_factory=dict)  # column → sentence
    facts: list = field(default_factory=list)


def read_numbers(
    frame: pd.DataFrame,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: dict | None = None,
    votes: Counter | None = None,
    separator: str = ",",
    place: Callable | None = None,
) -> Numbers:
    """Return the Numbers of a table whose text columns may hold numbers.

    `decimal` and `thousands` settle how they are written (default: told from the cells and from
    `votes`, the hints of the file's other columns). `missing` maps a column to texts that stand for
    a missing value. `place` gives a row's place in words.
    """
    place = place or "row {}".format
    done = Numbers(frame.copy(deep=False), pd.DataFrame(False, frame.index, frame.columns))
    columns, votes = {}, Counter(votes or ())
    usual = "," if votes[","] > votes["."] else "." if votes["."] else ""  # as `about` says
    for name, column in frame.items():
        if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
            holes = frozenset(map(str, (missing or {}).get(name, ())))
            columns[name] = Column.of(name, column, holes)
            if columns[name].like_numbers >= MOSTLY:
                votes += columns[name].hints
    for name, column in columns.items():
        sign = decimal_of(column, decimal, thousands, votes, separator)
        _read_column(done, name, frame[name], column, sign, usual, place)
    return done


def _read_column(done, name, raw, column, sign, usual, place):
    """Put one column into `done`, as numbers where it holds such."""
    other = np.zeros(len(raw), dtype=bool)
    if raw.dtype == object:
        other = raw.map(lambda cell: not isinstance(cell, str)).to_numpy(bool) & raw.notna()
    plain = numeric(raw[other]) if other.any() else None
    if not len(column.texts) or (
        other.any() and (plain is None or pd.api.types.is_bool_dtype(plain))
    ):
        if other.any() and not len(column.texts) and plain is not None:
            done.table[name] = numeric(raw)
        return
    if {text.lower() for text in column.texts} <= {"true", "false"}:
        words = [text.lower() == "true" for text in column.texts] + [None]  # the last for a hole
        done.table[name] = pd.Series(pd.array(words, dtype="boolean")[column.codes], raw.index)
        return
    decimal, (lead, tail) = sign.strip("?"), column.affix()
    numbers = np.array(
        [
            cell.number(decimal) if cell and cell.affix == (lead, tail) else None
            for cell in column.cells
        ],
        dtype=float,
    )
    readable = ~np.isnan(numbers)
    good = column.counts[readable].sum() + other.sum()
    total = column.counts.sum() + other.sum()
    if good < MOSTLY * total:
        like = column.like_numbers > 0.5 and column.counts.sum() > other.sum()
        like &= len(column.texts) > 1  # a name, such as 12-345-6
        if like and (any(column.cells) or not text_readings(pd.Series(column.texts[:SAMPLE]))):
            done.unread[name] = _unread(name, column, readable, place)
        return
    values = np.full(len(raw), np.nan)
    values[column.codes >= 0] = numbers[column.codes[column.codes >= 0]]
    values[other] = pd.to_numeric(raw[other]).astype(float)
    done.table[name] = pd.Series(values, raw.index)
    done.kept[name] = (column.codes >= 0) & np.isnan(values)
    done.styles[name] = decimal, lead, tail
    _tell(done, name, column, numbers, sign, usual, place)


def _tell(done, name, column, numbers, sign, usual, place):
    """Add to `done` what is to be known of a column that was read."""
    unread, like = np.isnan(numbers), np.array([bool(cell) for cell in column.cells])
    for text in (np.flatnonzero(unread & like), np.flatnonzero(unread & ~like)):
        if len(text):
            row, cell = column.first(text)
            done.notes.append(_text_among(name, int(column.counts[text].sum()), place(row), cell))
    bounds = np.array([bool(cell and cell.marked) for cell in column.cells]) & ~np.isnan(numbers)
    if bounds.any():
        row, cell = column.first(np.flatnonzero(bounds))
        done.facts.append(
            f"{name!r}: {column.counts[bounds].sum():,} cells such as {quoted(cell)} stay "
            "as they are" + ", and count as half of it" * (cell[0] in "<≤")
        )
    if sign[0] == "?":
        unsure = np.array([bool(c and hint(c.core, c.power) == sign) for c in column.cells])
        row, cell = column.first(np.flatnonzero(unsure))
        digits = parted(cell).core
        done.doubts.append(
            f"column {name!r} can be read in two ways: {quoted(cell)} in {place(row)} is "
            f"{re.sub('[.,]', '', digits)} or {digits.replace(',', '.')}; "
            f"say which by {option('--thousands', sign[1])} or {option('--decimal', sign[1])}"
        )
    affix = "".join(done.styles[name][1:]).strip()
    other = "." if sign == "," else ","
    grouped = any(cell and other in cell.core for cell in column.cells)
    words = [f"in {affix}"] if affix else []
    if sign[0] != "?":
        words += [f"{other!r} parts thousands"] * grouped
        words += [f"{sign!r} is the decimal sign"] * (sign == "," != usual)
    if words:
        done.facts.append(f"{name!r}: {', '.join(words)}")


def _text_among(name, count, where, cell):
    """Return the sentence on text among the numbers of a column; `cell` is the first of it."""
    cells = f"{count:,} cell{'s' if count > 1 else ''}, the first in {where}: {quoted(cell)}"
    if parted(cell) or text_readings(pd.Series([cell])):  # 20.3E, or 5-Mar of a spreadsheet
        return (
            f"column {name!r} has other units, marks or dates in {cells}. They stay as they "
            "are and are not used; write them as the others are written to have them used"
        )
    way = f"add {option('--missing-value', f'{name}={cell}')}"
    way = way if len(cell) <= LONGEST else "empty that cell"
    return (
        f"column {name!r} holds text in {cells}. Text stays as it is; if it means a missing value, "
        f"{way}"
    )


def _unread(name, column, readable, place):
    """Return what is wrong with a column that looks like numbers and cannot be read as such."""
    row, cell = column.first(np.flatnonzero(~readable))
    other, text = column.first(np.flatnonzero(readable))
    beside = f" while {place(other)} holds {quoted(text)}" if readable.any() else ""
    return (
        f"column {name!r} looks like numbers and could not be read: {place(row)} holds "
        f"{quoted(cell)}{beside}; write all its cells alike, as plain numbers, or it is left alone "
        "as text"
    )


def quoted(text: str) -> str:
    """Return a cell's text in quotes, cut where it is long.

    >>> quoted("9" * 140_000)[-28:]
    "99999…' (140,000 characters)"
    """
    text = str(text)
    if len(text) <= LONGEST:
        return repr(text)
    return f"{text[:LONGEST] + '…'!r} ({len(text):,} characters)"


def option(name: str, *words: str) -> str:
    """Return an option with its words ready to paste into a shell, of Windows too if possible.

    >>> option("--missing-value", "T in=-")
    '--missing-value "T in=-"'
    """
    return " ".join([name, *map(_quoted, map(str, words))])


def _quoted(word):
    if re.fullmatch(r"[\w.,=:/+%@-]+", word):
        return word
    if not word.isprintable():  # must not steer a terminal
        return "$'" + repr(word)[1:-1].replace("'", r"\x27") + "'"
    return f'"{word}"' if not re.search(r'["$`\\!]', word) else shlex.quote(word)


class Table:
    """What all kinds of files share: `cells`, the table as it stands there, and its numbers."""

    cells: pd.DataFrame
    separator = ","  # by which '1.234' is rather 1.234 than 1234
    point = "."  # the decimal sign where nothing else is known

    def __init__(self, name, decimal=None, thousands=None):
        self.name, self.decimal, self.thousands = name, decimal, thousands
        self.notes, self.votes, self.styles, self.units = [], Counter(), {}, {}
        self.doubts = []  # of what stands in the file besides its numbers

    def place(self, row: int) -> str:
        """Return where a row stands in the file, in words."""
        return f"row {row}"

    def manner(self, name: Any, texts: Any) -> Manner:
        """Return the Manner in which a column writes numbers, by some of its texts."""
        decimal, *affix = self.styles.get(name, (self.point, "", ""))
        return Manner.of(texts, decimal, tuple(affix))

    def require_flags(self) -> None:
        """Raise ValueError where the file has no place for a mark on changed cells."""

    def numbers(self, missing: dict | None = None, cells: pd.DataFrame | None = None) -> Numbers:
        """Return the Numbers of the file, or of other `cells` in their place, with texts that stand
        for 'missing' by column.
        """
        settled = self.decimal, self.thousands, missing, self.votes, self.separator, self.place
        done = read_numbers(self.cells if cells is None else cells, *settled)
        self.styles = done.styles
        return done

    @property
    def frame(self) -> pd.DataFrame:
        """The table with its numbers read; ValueError where they can be read in two ways."""
        done = self.numbers()
        if done.doubts:
            raise ValueError(f"{self.name}: {done.doubts[0]}")
        return done.table
