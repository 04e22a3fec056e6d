"""A CSV or TSV file as a table that can be written back with single cells changed and every other
byte kept.

What cannot be asked is told from the text: encoding, separator, decimal sign, quotes, line ends,
number of digits.
"""

import csv
import gzip
import io
import re

import numpy as np
import pandas as pd

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "TAB", "|": "bar"}
SAMPLE = 500  # lines spread over the file that are looked at to tell its manner
HOLES = frozenset(pd._libs.parsers.STR_NA_VALUES)  # what pandas takes for a missing value in text
FLAGS = "repaired"  # the column, sheet or array that marks changed cells
NUMBER = r"\s*[-+]?(\d*){}?(\d*)(e[-+]?\d+)?\s*"


def _decoded(raw):
    """Return the text and its encoding, by byte order mark or by trial; encoded again it gives the
    same bytes.
    """
    wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    for encoding in (wide.get(raw[:2], "utf-8"), "cp1252"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"


def unique_names(header):
    """Return the cells of a header as text, an empty one named as pandas does; ValueError for the
    same name twice.
    """
    names = [f"Unnamed: {n}" if name in (None, "") else str(name) for n, name in enumerate(header)]
    twice = [
        name for name, count in pd.Series(names, dtype=object).value_counts().items() if count > 1
    ]
    if twice:
        raise ValueError(
            f"columns must have different names, and {twice[0]!r} is there twice; rename one"
        )
    return names


def flag_column(frame, changes):
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


class Text:
    """CSV or TSV, gzipped or not. `frame` is the table, `about` its manner in words."""

    def __init__(self, path):
        raw = path.read_bytes()
        self.notes = []
        self.packed = path.name.lower().endswith(".gz")
        raw = gzip.decompress(raw) if self.packed else raw
        text, self.encoding = _decoded(raw)
        self.mark = "\ufeff" * text.startswith("\ufeff")
        if "\0" in text:
            raise ValueError("it must be text, and holds binary data; is its ending right?")
        del text  # a large file is not to be held more often than it must
        self.lines = list(io.TextIOWrapper(io.BytesIO(raw), self.encoding, newline=""))
        self.lines[:1] = [line[len(self.mark) :] for line in self.lines[:1]]
        sample = [line for line in self.lines[:: max(1, len(self.lines) // SAMPLE)] if line.strip()]
        self.separator = max(SEPARATORS, key=lambda separator: self._width(sample[:50], separator))
        self.sample = list(csv.reader(sample[1:], delimiter=self.separator))
        cells = [cell for record in self.sample for cell in record]
        commas, points = (
            sum(bool(re.fullmatch(rf"\s*-?\d*{s}\d+", cell)) for cell in cells)
            for s in (",", r"\.")
        )
        self.decimal = "," if commas > points else "."
        self.rows, self.trailing = self._rows()
        self.frame = self._frame()
        manner = [
            SEPARATORS[self.separator],
            "decimal comma" * (self.decimal == ","),
            "gzipped" * self.packed,
        ]
        self.about = ", ".join(filter(None, ["text", self.encoding, *manner]))

    @staticmethod
    def _width(sample, separator):
        """Return how many cells both the header and the lines below have; one inside quotes does
        not count.
        """
        widths = [len(record) for record in csv.reader(sample, delimiter=separator)]
        return min(widths[0], sorted(widths)[len(widths) // 2]) if widths else 0

    def _rows(self):
        """Return (first line, line after the last) of each row, header first; and if rows end with
        a separator.

        Raises ValueError where rows have not as many cells as the header. Empty lines are no rows,
        except in a table of one column, where they are holes.
        """
        rows, widths, endings, begin = [], [], [], 0
        reader = csv.reader(self.lines, delimiter=self.separator)
        for cells in reader:
            rows.append((begin, reader.line_num))
            widths.append(len(cells) if "".join(cells).strip() or len(cells) > 1 else 0)
            endings.append(bool(cells) and not cells[-1].strip())
            begin = reader.line_num
        while widths and not widths[-1]:
            widths.pop()
        filled = [n for n, width in enumerate(widths) if width]
        if not filled:
            raise ValueError("it is empty")
        first, wide = filled[0], widths[filled[0]]
        kept = filled if wide > 1 else range(first, len(widths))
        trailing = len(kept) > 1 and all(widths[n] == wide + 1 and endings[n] for n in kept[1:])
        for n in kept[1:]:
            if (widths[n] or 1) != wide + trailing:
                hint = "mend that line, or delete it"
                if self.separator == "," and widths[n] > wide:
                    hint += "; decimal commas need another separator, such as ;"
                if wide == 1:
                    hint = "the first line must be the names of the columns; delete what stands above them"
                raise ValueError(
                    f"every line must have as many cells as the header, {wide}, and line "
                    f"{rows[n][0] + 1} has "
                    f"{widths[n]}: {hint}"
                )
        return [rows[n] for n in kept], trailing

    def _frame(self):
        header, *body = ("".join(self.lines[begin:end]) for begin, end in self.rows)
        header = next(csv.reader(io.StringIO(header, newline=""), delimiter=self.separator))
        if len(header) == 1 and any(re.search(r"\d\s+[-\d]", record[0]) for record in self.sample):
            known = ", ".join(SEPARATORS.values())
            raise ValueError(
                f"its cells must be separated by one of {known}, and its header {header[0]!r} "
                "has none"
            )
        names = unique_names(header)
        if all(re.fullmatch(NUMBER.format(r"[.,]"), name) for name in names):
            self.notes.append(
                f"the first line is taken as names and holds numbers: {header[0]!r}; put names "
                "above it"
            )
        frame = pd.read_csv(
            io.BytesIO("".join(body).encode()),
            sep=self.separator,
            decimal=self.decimal,
            names=[
                *names,
                *["\0"] * self.trailing,
            ],  # no column can be called that: the text holds none
            index_col=False,
            skip_blank_lines=False,
            low_memory=False,
        )
        if len(frame) != len(body):
            raise ValueError(
                f"its quotation marks are uneven: its {len(body)} rows read as {len(frame)}"
            )
        return frame[names]

    def place(self, row):
        return f"line {self.rows[row + 1][0] + 1}"

    def _writer(self, column):
        """Return a function that writes a value in its column's manner: as many digits, the same
        words for True.
        """
        texts = [record[column].strip() for record in self.sample if column < len(record)]
        texts = [text for text in texts if text not in HOLES]
        if texts and all(text.lower() in ("true", "false") for text in texts):
            word = texts[0]
            case = str.upper if word.isupper() else str.lower if word.islower() else str.title
            return lambda value: case(str(bool(value)))
        pattern = re.compile(NUMBER.format(re.escape(self.decimal)), re.IGNORECASE)
        found = [
            match for match in map(pattern.fullmatch, texts) if match and (match[1] or match[2])
        ]
        if any(match[3] for match in found) or not found:
            exact = max((len((match[1] + match[2]).lstrip("0")) for match in found), default=6)
            return lambda value: format(value, f".{exact or 1}g").replace(".", self.decimal)
        fewest, most = min(len(match[2]) for match in found), max(len(match[2]) for match in found)

        def write(value):
            text = f"{round(float(value), most) + 0.0:.{most}f}"  # never -0
            zeros = len(text) - len(text.rstrip("0"))
            return (
                text[: len(text) - min(zeros, most - fewest)].rstrip(".").replace(".", self.decimal)
            )

        return write

    def _put(self, cell, text):
        """Return a cell with its hole filled; quotes stay, and so does the width where spaces pad
        it.
        """
        if cell.startswith('"') or self.separator in text:
            return '"' + text.replace('"', '""') + '"'
        return text.rjust(len(cell)) if cell.startswith(" ") else text

    def rebuilt(self, changes, keep_flags=False):
        """Return the file's bytes with cells changed: `changes` maps a column's name to (mask,
        values), both (rows,).

        `keep_flags` adds a column that names, row by row, the columns whose cell was changed.
        """
        lines, separator = self.lines.copy(), self.separator
        cell = re.compile(f'((?:"(?:[^"]|"")*")?[^{separator}]*)[{separator}]')
        places = {name: self.frame.columns.get_loc(name) for name in changes}
        writers = {name: self._writer(place) for name, place in places.items()}
        flags = keep_flags and flag_column(self.frame, changes)
        touched = np.zeros(len(self.rows), dtype=bool)  # the header too, row 0 here
        for mask, _ in changes.values():
            touched[1:] |= mask
        for row in range(len(self.rows)) if flags else np.flatnonzero(touched):
            begin, end = self.rows[row]
            whole = "".join(lines[begin:end])
            body = whole.rstrip("\r\n")
            cells = cell.findall(body + separator)
            for name, (mask, values) in changes.items():
                if row and mask[row - 1]:
                    cells[places[name]] = self._put(
                        cells[places[name]], writers[name](values[row - 1])
                    )
            if flags:
                cells[len(self.frame.columns) :] = [self._put("", flags[row])]
            lines[begin:end] = [
                separator.join(cells) + whole[len(body) :],
                *[""] * (end - begin - 1),
            ]
        lines[0] = self.mark + lines[0]
        raw = "".join(lines).encode(self.encoding)
        return gzip.compress(raw, mtime=0) if self.packed else raw
