"""A CSV or TSV file as a table that can be written back with single cells changed and every other
byte kept.

Encoding, separator, decimal sign, quotes, line ends, number of digits and what stands above the
names are told from the text, and said in `about`.
"""

import gzip
import io
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

from gru_lab.tables.encoding import encoding_of, unsure_encoding
from gru_lab.tables.manner import parted
from gru_lab.tables.names import nameless, unique_names
from gru_lab.tables.numbers import Table
from gru_lab.tables.rows import SAMPLE, SEPARATORS, cells_of, find_rows
from gru_lab.tables.signs import EXACT, HOLES, hint

FLAGS = "repaired"  # the column, sheet or array that marks changed cells
OTHERS = {b"PK\3\4": ".xlsx", b"PAR1": ".parquet", b"\x1f\x8b": ".csv.gz", b"\xd0\xcf": ".xls"}
MARKUP = re.compile(r"\s*(\{\s*\"|\[\s*[\[{]|<(!doctype|html|table|\?xml))", re.IGNORECASE)


def flag_column(frame: pd.DataFrame, changes: dict) -> list[str]:
    """Return a free column name, and after it a text per row: the columns in which its cells were
    changed.
    """
    name = FLAGS
    while name in frame.columns:
        name += "_"
    texts = np.full(len(frame), "", dtype=object)
    for column, (mask, _) in changes.items():
        texts[mask] += np.where(texts[mask] == "", "", " + ") + column
    return [name, *texts]


def _require_text(raw, text):
    """Raise ValueError for bytes that are no text, naming what they are or the line with NULs."""
    for start, suffix in OTHERS.items():
        if raw.startswith(start):
            raise ValueError(f"it must be text, and is another kind of file; name it {suffix}")
    if MARKUP.match(text):
        raise ValueError(
            "it must be a table, and is JSON, HTML or XML; read it with pandas.read_json (lines="
            "True where each line is a row), read_html or read_xml, and save it with to_csv"
        )
    nul = text.find("\0")
    if nul >= 0:
        if nul < 20 or re.search("[\1-\10\16-\37]", text[:2000]):
            raise ValueError("it must be text, and holds binary data; is its ending right?")
        line = text.count("\n", 0, nul) + 1
        raise ValueError(
            f"line {line:,} holds NUL bytes, as after a power cut; delete them, for example"
            " by tr -d '\\000' < IN > OUT"
        )


def _require_parted(names, sample):
    """Raise ValueError where the one column that a file seems to have holds several."""
    if len(names) > 1:
        return
    if all(re.search("[,;\t]", "".join(cells)) for cells in [names, *sample]):
        raise ValueError(
            f"each line stands in quotation marks as a whole, such as {names[0]!r}; take these "
            "away, for example by sed 's/^\"//; s/\"$//' IN > OUT"
        )
    if any(re.search(r"\d\s+[-\d]", "".join(cells)) for cells in sample):
        raise ValueError(
            f"its cells must be separated by one of {', '.join(SEPARATORS.values())}, as many in "
            f"each line as in the header, and {names[0]!r} is the only name"
        )


class Text(Table):
    """CSV or TSV, gzipped or not. `cells` is the table, `about` its manner in words."""

    def __init__(self, path, decimal=None, thousands=None, encoding=None):
        super().__init__(path.name, decimal, thousands)
        raw = path.read_bytes()
        self.packed = path.name.lower().endswith(".gz")
        raw = gzip.decompress(raw) if self.packed else raw
        self.encoding = encoding_of(raw, encoding)
        self.doubts += [] if encoding else unsure_encoding(raw, self.encoding)
        text = raw.decode(self.encoding)
        self.mark = "\ufeff" * text.startswith("\ufeff")
        _require_text(raw, text)
        del text  # a large file is not to be held more often than it must
        self.lines = list(io.TextIOWrapper(io.BytesIO(raw), self.encoding, newline=""))
        self.lines[:1] = [line[len(self.mark) :] for line in self.lines[:1]]
        rows = find_rows(self.lines)
        self.separator, self.head, self.rows = rows.separator, rows.head, rows.rows
        self.trailing, self.under, self.again = rows.trailing, rows.under, rows.again
        self.units = self.head.units
        self.sample_rows = range(0, len(self.rows) - 1, max(1, (len(self.rows) - 1) // SAMPLE))
        self.sample = [
            cells_of(self.lines, self.rows[row + 1], self.separator) for row in self.sample_rows
        ]
        self.cells = self._cells()
        if 0 < min(rows.widths, default=0) < (wide := self.cells.shape[1]):
            self.kept = np.arange(wide) >= np.array(rows.widths)[:, None]  # no cell, no hole
        manner = [
            SEPARATORS.get(self.separator, repr(self.separator)),
            "decimal comma" if self.point == "," else "",
            "gzipped" if self.packed else "",
            *self.head.notes,
        ]
        self.about = ", ".join(filter(None, ["text", self.encoding, *manner]))

    def _cells(self):
        """Return the table: numbers where they are written plainly, the text of the others."""
        names = unique_names([name.strip() for name in self.head.names])
        _require_parted(names, self.sample)
        self.notes += nameless(names)
        hints = [Counter() for _ in names]
        for cells in self.sample:
            for column, cell in zip(hints, cells, strict=False):
                known = parted(cell)
                column["number" if known else "text" if cell.strip() else ""] += 1
                column[hint(known.core, known.power) if known else ""] += 1
        for column in (column for column in hints if column["number"] > column["text"]):
            self.votes += Counter({sign: column[sign] for sign in ".,"})
        self.point = self.decimal or ("," if self.votes[","] > self.votes["."] else ".")
        unsure = {
            name: str
            for name, column in zip(names, hints, strict=True)
            if (column["?."] or column["?,"]) and not (column["."] or column[","])
        }
        body = "".join("".join(self.lines[begin:end]) for begin, end in self.rows[1:])
        frame = pd.read_csv(
            io.BytesIO(body.encode()),
            sep=r"\s+" if self.separator == " " else self.separator,
            decimal=self.point,
            names=[*names, *["\0"] * self.trailing],  # a name that no column of text can have
            index_col=False,
            skip_blank_lines=False,
            low_memory=False,
            dtype=unsure,
            keep_default_na=False,
            na_values=list(HOLES),
            **EXACT,
        )
        if len(frame) != len(self.rows) - 1:
            raise ValueError(
                f"its quotation marks are uneven: {len(self.rows) - 1} rows read as {len(frame)}"
            )
        return frame[names].apply(_within_floats)

    def require_flags(self) -> None:
        if self.separator == " ":
            raise ValueError(
                f"{self.name}: cells that only spaces separate leave no room for flags; leave "
                "--keep-flags out"
            )

    def place(self, row: int) -> str:
        return f"line {self.rows[row + 1][0] + 1}"

    def _writer(self, name, mask):
        """Return a function that writes a value in its column's manner: as many digits, the same
        words for True.
        """
        column = self.cells.columns.get_loc(name)
        seen = [
            record[column].strip()
            for row, record in zip(self.sample_rows, self.sample, strict=True)
            if column < len(record) and not mask[row]
        ]
        texts = [text for text in seen if text not in HOLES]
        if texts and {text.lower() for text in texts} <= {"true", "false"}:
            case = next((c for c in (str.upper, str.lower) if c(texts[0]) == texts[0]), str.title)
            return lambda value: case(str(bool(value)))
        return self.manner(name, texts).write

    def _quoted(self, column, cut):
        """Return whether the numbers of a column stand in quotes, None where it holds none."""
        raw = ["".join(cut(row + 1)[column : column + 1]) for row in self.sample_rows[:50]]
        raw = [cell for cell in raw if parted(cell.strip(' "'))]
        return sum(cell.startswith('"') for cell in raw) > len(raw) / 2 if raw else None

    def _put(self, cell, text, quoted):
        """Return a cell with its hole filled; quotes stay, and so does the width where spaces pad
        it.
        """
        if self.separator == " ":  # the first space of a cell is its separator
            first = cell[: cell.startswith(" ")]
            return first + text.rjust(len(cell) - len(first))
        if (cell.startswith('"') if quoted is None else quoted) or self.separator in text:
            return '"' + text.replace('"', '""') + '"'
        if cell.startswith(" "):
            return text.rjust(len(cell))
        return text.ljust(len(cell)) if cell.endswith(" ") else text

    def rebuilt(self, changes: dict, keep_flags: bool = False) -> bytes:
        lines, cut = self.lines.copy(), self.raw_cells
        separator = self.separator.strip(" ")
        places = {name: self.cells.columns.get_loc(name) for name in changes}
        writers = {name: self._writer(name, mask) for name, (mask, _) in changes.items()}
        quoted = {name: self._quoted(place, cut) for name, place in places.items()}
        flags = flag_column(self.cells, changes) if keep_flags else []
        touched = np.zeros(len(self.rows), dtype=bool)  # the header too, row 0 here
        touched[1:] = np.any([mask for mask, _ in changes.values()], axis=0) if changes else False
        for row in range(len(self.rows)) if flags else np.flatnonzero(touched).tolist():
            begin, end = self.rows[row]
            whole = "".join(lines[begin:end])
            body = whole.rstrip("\r\n" if separator else "\r\n ")
            cells = cut(row)
            for name, (mask, values) in changes.items():
                if row and mask[row - 1]:
                    cells[places[name]] = self._put(
                        cells[places[name]], writers[name](values[row - 1]), quoted[name]
                    )
            if flags:
                cells += [""] * (len(self.cells.columns) - len(cells))
                cells[len(self.cells.columns) :] = [self._put("", flags[row], False)]
            lines[begin:end] = [
                separator.join(cells) + whole[len(body) :],
                *[""] * (end - begin - 1),
            ]
        for begin, end in (*self.under, *self.again) if flags else ():  # no rows of data
            body = lines[end - 1].rstrip("\r\n")
            name = flags[0] if (begin, end) in self.again else ""
            lines[end - 1] = body + separator + name + lines[end - 1][len(body) :]
        return self.encoded(lines)

    def raw_cells(self, row: int) -> list[str]:
        """Return the cells of a row as they stand in the text, the names being row 0.

        Where spaces separate them, those before a cell are part of it.
        """
        whole = "".join(self.lines[slice(*self.rows[row])]).rstrip("\r\n")
        if self.separator == " ":
            return re.findall(r'\s*(?:"(?:[^"]|"")*"|\S+)', whole)
        mark = re.escape(self.separator)
        return re.findall(f'((?:"(?:[^"]|"")*")?[^{mark}]*)[{mark}]', whole + self.separator)

    def encoded(self, lines: Iterable[str]) -> bytes:
        """Return lines as the bytes of a file like this one."""
        raw = "".join([self.mark, *lines]).encode(self.encoding)
        return gzip.compress(raw, mtime=0) if self.packed else raw


def _within_floats(column):
    """Return a column of integers of 400 digits, say, as floats, which are infinite."""
    large = column.dtype == object and pd.api.types.infer_dtype(column) == "integer"
    return column.astype(str).astype(float) if large else column
