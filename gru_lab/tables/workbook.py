"""A sheet of an Excel workbook as a table. Other sheets, formulas and formats stay as far as
openpyxl knows them.
"""

import io
import itertools
import zipfile

import numpy as np
import pandas as pd

from gru_lab.config import one_of
from gru_lab.tables.head import TOP, find_head, summary_rows
from gru_lab.tables.manner import Manner
from gru_lab.tables.names import nameless, unique_names
from gru_lab.tables.numbers import Table, option
from gru_lab.tables.signs import HOLES
from gru_lab.tables.text import FLAGS

FAR = 1000  # empty rows, after which no table goes on
APART = 20  # empty rows or columns: what stands beyond more of them is no part of the table


def _rows(path, name, formulas=False):
    """Return the rows of a sheet as lists of values without empty ends; of formulas, True or False.

    Streamed, so that a stray cell at the far end of the sheet costs nothing.
    """
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=not formulas, read_only=True)
    try:
        sheet = book[name]
        sheet.reset_dimensions()
        rows, empty, far = [], 0, 0
        for row in sheet.iter_rows(values_only=not formulas):
            if formulas:
                row = [True if cell.data_type == "f" else None for cell in row]
            row = list(row)
            while row and (row[-1] is None or row[-1] == ""):
                row.pop()
            far += bool(row) and empty > FAR
            empty = 0 if row and empty <= FAR else empty + 1
            if empty <= FAR:
                rows.append(row)
        return rows, far
    finally:
        book.close()


def _text(value):
    """Return a cell as text, as the head of a table is judged by it."""
    return "" if value is None else str(value)


def _bounds(rows):
    """Return (rows, columns) of the table: up to a stray cell far from all others."""
    filled = [n for n, row in enumerate(rows) if row]
    end = 0
    for n in filled:
        if end and n - end > APART and len(filled) - filled.index(n) <= APART:
            break
        end = n + 1
    columns = np.flatnonzero(
        [any(cell is not None for cell in column) for column in itertools.zip_longest(*rows[:end])]
    )
    gaps = np.flatnonzero(np.diff(columns) > APART)
    return end, int(columns[gaps[0] if len(gaps) else -1]) + 1


class Excel(Table):
    """A sheet of a workbook, the first or that named by `sheet`."""

    separator = None  # '1.234' as text may be either

    def __init__(self, path, decimal=None, thousands=None, sheet=None):
        import openpyxl

        super().__init__(path.name, decimal, thousands)
        self.path, self.macros = path, path.suffix.lower() == ".xlsm"
        book = openpyxl.load_workbook(path, read_only=True)
        names = [page.title for page in book.worksheets]
        book.close()
        self.sheet = names[0] if sheet is None else one_of("sheet", sheet, names)
        rows, far = _rows(path, self.sheet)
        others = self._others(names) if sheet is None and not _has_table(rows[:50]) else []
        if others or not any(rows):
            ways = " or ".join(option("--sheet", name) for name in others)
            way = f"; add {ways}" if others else ""
            raise ValueError(f"its sheet {self.sheet!r} holds no table{way}")
        end, wide = _bounds(rows)
        stray = (
            far + sum(1 for row in rows[end:] if row) + sum(len(row) > wide for row in rows[:end])
        )
        rows = [[*row[:wide], *[None] * (wide - len(row))] for row in rows[:end]]
        self._read(rows, wide)
        self._about(names, stray, sheet)

    def _others(self, names):
        """Return the names of the other sheets that hold a table."""
        others = [name for name in names if name not in (self.sheet, FLAGS)]
        return [name for name in others if _has_table(_rows(self.path, name)[0][:50])]

    def _read(self, rows, wide):
        """Take the names and the data from the rows of the sheet."""
        filled = [n for n, row in enumerate(rows) if any(_text(cell).strip() for cell in row)]
        texts = [list(map(_text, rows[n])) for n in filled[:TOP]]
        later = filled[min(5, len(filled) // 2) :: max(1, len(filled) // 100)]
        body = [list(map(_text, rows[n])) for n in later]
        head = find_head(texts, body, wide)
        first, skipped = filled[head.row], {filled[n] for n in head.skipped}
        names = list(map(_text, rows[first])) if not head.notes else head.names
        named = [n for n, name in enumerate(names) if _text(name).strip()]
        if len(named) * 2 < wide:
            raise ValueError(
                "one row must hold the names of the columns, and none does; put one above the data"
            )
        later = [n for n in filled if n > first]
        last = [list(map(_text, rows[n])) for n in later[-10:]] if len(later) > 9 else []
        ends = summary_rows(head, last, wide, body)
        end = later[-ends - 1] + 1 if len(later) > ends else first + 1
        self.at = [n for n in range(first + 1, end) if n not in skipped]
        frame = pd.DataFrame([rows[n] for n in self.at], dtype=object, columns=range(wide))
        frame = frame.where(~frame.isin(HOLES), None).set_axis(
            unique_names([name.strip() for name in names]), axis="columns"
        )
        self.notes += nameless(names)
        self.cells, self.head, self.units = frame.infer_objects(), head, head.units
        self.first = first

    def _about(self, names, stray, sheet):
        """Say what was read, and what else is in the workbook."""
        self.about = ", ".join([f"Excel, sheet {self.sheet!r}", *dict.fromkeys(self.head.notes)])
        if sheet is None and (others := self._others(names)):
            self.notes.append(
                f"the workbook holds tables in {len(others) + 1} sheets; {self.sheet!r} is read; "
                f"for another add {' or '.join(option('--sheet', name) for name in others[:5])}"
            )
        if stray:
            rows = f"{stray} row{'s' * (stray > 1)} with cells far from the table"
            self.notes.append(f"{rows} are left alone")
        formulas, _ = _rows(self.path, self.sheet, formulas=True)
        marks = pd.DataFrame(formulas).reindex(self.at, columns=range(self.cells.shape[1]))
        self.kept = marks.notna().to_numpy() & self.cells.isna().to_numpy()
        if self.kept.any():
            self.notes.append(
                "formulas without a stored value are no holes: open and save the file in Excel "
                "first"
            )
        with zipfile.ZipFile(self.path) as parts:
            drawn = ("xl/media", "xl/charts", "xl/drawings/drawing")
            if any(name.startswith(drawn) for name in parts.namelist()):
                self.notes.append(
                    "pictures and charts of the workbook may be missing in the repaired file"
                )

    def place(self, row: int) -> str:
        return f"row {self.at[row] + 1}"

    def _writer(self, name, mask):
        """Return a function from a value to what a cell of that column holds."""
        column = self.cells[name][~mask].dropna()
        if column.map(lambda cell: isinstance(cell, bool | np.bool_)).all():
            return bool
        texts = column[column.map(lambda cell: isinstance(cell, str))]
        if len(texts) > len(column) / 2:  # numbers as text
            return self.manner(name, texts[:: max(1, len(texts) // 500)]).write
        numbers = pd.to_numeric(column, errors="coerce").dropna().astype(float)
        whole = bool((numbers % 1 == 0).all())
        manner = Manner.of([repr(float(number)) for number in numbers])
        return lambda value: round(value) if whole else float(manner.write(value))

    def rebuilt(self, changes: dict, keep_flags: bool = False) -> bytes:
        import openpyxl

        book = openpyxl.load_workbook(self.path, keep_vba=self.macros)
        sheet, marked = book[self.sheet], [["row", "column", "value"]]
        for name, (mask, values) in changes.items():
            column, write = self.cells.columns.get_loc(name) + 1, self._writer(name, mask)
            for row in np.flatnonzero(mask):
                value = write(float(values[row]))
                sheet.cell(self.at[row] + 1, column).value = value
                marked.append([self.at[row] + 1, name, value])
        if keep_flags:
            listed = book.create_sheet(FLAGS)
            for line in marked:
                listed.append(line)
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()


def _has_table(rows):
    """Tell whether rows hold a table: some of them with two cells or more, and numbers in it."""
    cells = list(itertools.chain.from_iterable(rows))
    numbers = sum(isinstance(cell, int | float) for cell in cells)
    return sum(len(row) > 1 for row in rows) > 2 and numbers > 2
