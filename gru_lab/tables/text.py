"""A CSV or TSV file as a table that can be written back with single cells changed and every other
byte kept.

Encoding, separator, decimal sign, quotes, line ends, number of digits and what stands above the
names are told from the text, and said in `about`.
"""

import csv
import gzip
import io
import re
from collections import Counter, deque

import numpy as np
import pandas as pd

from gru_lab.tables.encoding import encoding_of
from gru_lab.tables.head import TOP, find_head, is_comment, is_summary, unique_names
from gru_lab.tables.manner import Manner, parted
from gru_lab.tables.numbers import HOLES, Table, hint

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "TAB", "|": "bar"}
SAMPLE = 500  # rows spread over the file that are looked at to tell its manner
FLAGS = "repaired"  # the column, sheet or array that marks changed cells
OTHERS = {b"PK\3\4": ".xlsx", b"PAR1": ".parquet", b"\x1f\x8b": ".csv.gz", b"\xd0\xcf": ".xls"}
csv.field_size_limit(2**31 - 1)  # characters; Python's own limit of 131,072 is for web servers


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


def _require_text(raw, text):
    """Raise ValueError for bytes that are no text, naming what they are or the line with NULs."""
    for start, suffix in OTHERS.items():
        if raw.startswith(start):
            raise ValueError(f"it must be text, and is another kind of file; name it {suffix}")
    nul = text.find("\0")
    if nul >= 0:
        if nul < 20 or re.search("[\1-\10\16-\37]", text[:2000]):
            raise ValueError("it must be text, and holds binary data; is its ending right?")
        bad = [n for n, line in enumerate(text.split("\n"), 1) if "\0" in line]
        more = f" and {len(bad) - 1:,} more lines" * (len(bad) > 1)
        raise ValueError(
            f"line {bad[0]:,}{more} holds NUL bytes, as after a power cut; delete them, for example"
            " by tr -d '\\000' < IN > OUT"
        )


class Text(Table):
    """CSV or TSV, gzipped or not. `cells` is the table, `about` its manner in words."""

    def __init__(self, path, decimal=None, thousands=None):
        super().__init__(path.name, decimal, thousands)
        raw = path.read_bytes()
        self.packed = path.name.lower().endswith(".gz")
        raw = gzip.decompress(raw) if self.packed else raw
        self.encoding = encoding_of(raw)
        text = raw.decode(self.encoding)
        self.mark = "\ufeff" * text.startswith("\ufeff")
        _require_text(raw, text)
        del text  # a large file is not to be held more often than it must
        self.lines = list(io.TextIOWrapper(io.BytesIO(raw), self.encoding, newline=""))
        self.lines[:1] = [line[len(self.mark) :] for line in self.lines[:1]]
        named = re.fullmatch(r"\"?sep=(.)\"?[;,\t]*", (self.lines or [""])[0].strip(), re.I)
        self.begin = 1 if named else 0  # the first line may name the separator, for Excel
        self.separator = named[1] if named else self._tell_separator()
        self.head, self.rows, self.trailing = self._rows()
        self.sample_rows = range(0, len(self.rows) - 1, max(1, (len(self.rows) - 1) // SAMPLE))
        self.sample = [self._record(row + 1) for row in self.sample_rows]
        self.units = self.head.units
        self.cells = self._cells()
        manner = [
            SEPARATORS.get(self.separator, repr(self.separator)),
            "decimal comma" * (self.point == ","),
            "gzipped" * self.packed,
            *self.head.notes,
        ]
        self.about = ", ".join(filter(None, ["text", self.encoding, *manner]))

    def _record(self, row):
        """Return the cells of a row, the names being row 0."""
        begin, end = self.rows[row]
        whole = "".join(self.lines[begin:end])
        return next(csv.reader(io.StringIO(whole, newline=""), delimiter=self.separator), [""])

    def _tell_separator(self):
        """Return the separator that cuts most lines alike, names included, and leaves numbers."""
        lines = [line for line in self.lines if line.strip()]
        sample = lines[:TOP] + lines[TOP :: max(1, len(lines) // SAMPLE)]

        def fit(separator):
            records = list(csv.reader(sample, delimiter=separator))
            wide, same = Counter(map(len, records)).most_common(1)[0] if records else (1, 0)
            above = [cells for cells in records[:TOP] if len(cells) in (wide, wide - 1)]
            named = bool(above) and not all(map(parted, filter(None, above[0])))
            cells = [cell for cells in records if len(cells) == wide for cell in cells if cell]
            numbers = sum(map(bool, map(parted, cells))) / max(1, len(cells))
            first = wide == len(records[0]) if records else False
            return wide > 1, named, round(same / max(1, len(records)), 1), first, numbers, wide

        return max(SEPARATORS, key=fit)

    def _rows(self):
        """Return the Head, (first line, line after the last) of each row, names first, and whether
        rows end with a separator.

        Raises ValueError where rows have not as many cells as the header. Empty lines are no rows,
        except in a table of one column, where they are holes.
        """
        spans, widths, top, last, odd, begin = [], [], [], deque(maxlen=10), {}, self.begin
        reader = csv.reader(self.lines[begin:], delimiter=self.separator)
        for cells in reader:
            spans.append((begin, self.begin + reader.line_num))
            widths.append(len(cells) if "".join(cells).strip() or len(cells) > 1 else 0)
            if len(top) < TOP or not cells or cells[0][:1] == "#":
                odd[len(spans) - 1] = cells
            top += [cells] * (len(top) < TOP and widths[-1] > 0)
            last.append((len(spans) - 1, cells))
            begin = self.begin + reader.line_num
        filled = [n for n, width in enumerate(widths) if width]
        if not filled:
            raise ValueError("it is empty")
        self._require_closed(spans[-1])
        wide = Counter(widths[n] for n in filled).most_common(1)[0][0]
        body = self._spread(spans, [n for n in filled if widths[n] == wide])
        head = find_head(top, body, wide)
        first = filled[head.row]
        no_data = {filled[n] for n in head.skipped}
        no_data |= {n for n, cells in odd.items() if n > first and is_comment(cells, wide)}
        no_data |= self._summary(head, [n for n in last if widths[n[0]]], wide, body, first)
        end = filled[-1] + 1
        rows = [n for n in (filled if wide > 1 else range(end)) if n > first and n not in no_data]
        names, lines = self.lines[slice(*spans[first])], self.lines
        again = {n for n in rows if wide > 1 and lines[slice(*spans[n])] == names}
        if again:
            head.notes.append(f"the names again in line {spans[min(again)][0] + 1}")
            rows = [n for n in rows if n not in again]
        trailing = self._fit(head, rows, spans, widths)
        self.under = [spans[n] for n in no_data if n > first and widths[n] == wide]
        self.again = [spans[n] for n in again]
        return head, [spans[first], *(spans[n] for n in rows)], trailing

    def _require_closed(self, span):
        lines = [*self.lines[slice(*span)], "one more"]  # swallowed by an open quotation
        if len(list(csv.reader(lines, delimiter=self.separator))) == 1:
            raise ValueError(
                f"line {span[0] + 1} opens a quotation mark that nothing closes; mend that line"
            )

    def _spread(self, spans, numbers):
        """Return the cells of some of the rows with these numbers, spread over the file."""
        later = numbers[min(5, len(numbers) // 2) :]
        picked = later[:: max(1, len(later) // 100)]
        text = ("".join(self.lines[slice(*spans[n])]) for n in picked)
        return [
            next(csv.reader(io.StringIO(t, newline=""), delimiter=self.separator)) for t in text
        ]

    def _summary(self, head, last, wide, body, first):
        """Return the numbers of the last rows that are no data, such as sums, and note them."""
        cells = [record[0] for record in body if record and record[0].strip()]
        dated = sum(cell.strip()[:1].isdigit() for cell in cells) >= 0.8 * len(cells) > 0
        found = set()
        for n, record in reversed(last):
            if n <= first or not is_summary(record, wide) or (len(record) == wide and not dated):
                break
            found.add(n)
        if found and wide > 1:
            head.notes.append(
                f"{len(found)} line{'s' * (len(found) > 1)} at the end that are no rows"
            )
        return found if wide > 1 else set()

    def _fit(self, head, rows, spans, widths):
        """Return whether rows have a separator more than the names; ValueError if they differ."""
        ends = [self.lines[spans[n][1] - 1].rstrip("\r\n ") for n in rows]
        nameless = len(rows) > 1 and len(head.names) > 2 and not head.names[-1].strip()
        if nameless and all(line.endswith(self.separator) for line in ends):
            head.names.pop()
        width = len(head.names)
        more = len(rows) > 1 and all(widths[n] == width + 1 for n in rows)
        trailing = more and all(line.endswith(self.separator) for line in ends)
        if more and not trailing:  # as R writes it: the names of the rows have none
            head.names = ["", *head.names]
            head.notes.append("a column of row names")
            return False
        for n in rows:
            if (widths[n] or 1) != width + trailing:
                hint = "mend that line, or delete it"
                if self.separator == "," and widths[n] > width:
                    hint += "; decimal commas need another separator, such as ;"
                raise ValueError(
                    f"every line must have as many cells as the header, {width}, and line "
                    f"{spans[n][0] + 1} has {widths[n]}: {hint}"
                )
        return trailing

    def _cells(self):
        """Return the table: numbers where they are written plainly, the text of the others."""
        names = unique_names([name.strip() for name in self.head.names])
        if len(names) == 1 and any(
            re.search(r"\d\s+[-\d]", "".join(cells)) for cells in self.sample
        ):
            known = ", ".join(SEPARATORS.values())
            raise ValueError(
                f"its cells must be separated by one of {known}, and its header "
                f"{names[0]!r} has none"
            )
        if all(map(parted, names)):
            self.notes.append(
                f"the first line is taken as names and holds numbers: {names!r}; put names above it"
            )
        hints = [Counter() for _ in names]
        for cells in self.sample:
            for column, cell in zip(hints, cells, strict=False):
                known = parted(cell)
                column["number" if known else "text" if cell.strip() else ""] += 1
                column[hint(known.core) if known else ""] += 1
        for column in hints:
            if column["number"] > column["text"]:
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
            sep=self.separator,
            decimal=self.point,
            names=[*names, *["\0"] * self.trailing],  # a name that no column of text can have
            index_col=False,
            skip_blank_lines=False,
            low_memory=False,
            dtype=unsure,
            keep_default_na=False,
            na_values=list(HOLES),
        )
        if len(frame) != len(self.rows) - 1:
            raise ValueError(
                f"its quotation marks are uneven: {len(self.rows) - 1} rows read as {len(frame)}"
            )
        return frame[names]

    def place(self, row):
        """Return where a row of the table stands: its line."""
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
        if texts and all(text.lower() in ("true", "false") for text in texts):
            word = texts[0]
            case = str.upper if word.isupper() else str.lower if word.islower() else str.title
            return lambda value: case(str(bool(value)))
        decimal, *affix = self.styles.get(name, (self.point, "", ""))
        return Manner.of(texts, decimal, tuple(affix)).write

    def _quoted(self, column, cut):
        """Return whether the numbers of a column stand in quotes, None where it holds none."""
        raw = [cut(row + 1)[column] for row in self.sample_rows[:50]]
        raw = [cell for cell in raw if parted(cell.strip(' "'))]
        return sum(cell.startswith('"') for cell in raw) > len(raw) / 2 if raw else None

    def _put(self, cell, text, quoted):
        """Return a cell with its hole filled; quotes stay, and so does the width where spaces pad
        it.
        """
        if (cell.startswith('"') if quoted is None else quoted) or self.separator in text:
            return '"' + text.replace('"', '""') + '"'
        if cell.startswith(" "):
            return text.rjust(len(cell))
        return text.ljust(len(cell)) if cell.endswith(" ") else text

    def rebuilt(self, changes, keep_flags=False):
        """Return the file's bytes with cells changed: `changes` maps a column's name to (mask,
        values), both (rows,).

        `keep_flags` adds a column that names, row by row, the columns whose cell was changed.
        """
        lines, separator, cut = self.lines.copy(), self.separator, self.raw_cells
        places = {name: self.cells.columns.get_loc(name) for name in changes}
        writers = {name: self._writer(name, mask) for name, (mask, _) in changes.items()}
        quoted = {name: self._quoted(place, cut) for name, place in places.items()}
        flags = keep_flags and flag_column(self.cells, changes)
        touched = np.zeros(len(self.rows), dtype=bool)  # the header too, row 0 here
        for mask, _ in changes.values():
            touched[1:] |= mask
        for row in range(len(self.rows)) if flags else np.flatnonzero(touched):
            begin, end = self.rows[row]
            whole = "".join(lines[begin:end])
            body = whole.rstrip("\r\n")
            cells = cut(row)
            for name, (mask, values) in changes.items():
                if row and mask[row - 1]:
                    cells[places[name]] = self._put(
                        cells[places[name]], writers[name](values[row - 1]), quoted[name]
                    )
            if flags:
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

    def raw_cells(self, row):
        """Return the cells of a row as they stand in the text, the names being row 0."""
        mark = re.escape(self.separator)
        whole = "".join(self.lines[slice(*self.rows[row])]).rstrip("\r\n")
        return re.findall(f'((?:"(?:[^"]|"")*")?[^{mark}]*)[{mark}]', whole + self.separator)

    def encoded(self, lines):
        """Return lines as the bytes of a file like this one."""
        raw = "".join([self.mark, *lines]).encode(self.encoding)
        return gzip.compress(raw, mtime=0) if self.packed else raw
