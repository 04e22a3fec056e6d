"""Which lines of a text file are the rows of its table, and what separates their cells.

Names, rows of units, comments, sums at the end and names that come again are told apart from data.
"""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gru_lab.tables.head import TOP, Head, find_head, is_comment, summary_rows
from gru_lab.tables.manner import begins_as_number, parted
from gru_lab.tables.signs import HOLES
from gru_lab.tables.time_words import named_like_time

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "TAB", "|": "bar", "^": "caret"}
SEPARATORS |= {"~": "tilde", " ": "spaces", ":": "colon"}
HALF = 0.5  # of the cells are numbers, where spaces part them and commas may be in these
SELDOM = " :"  # what stands in names, dates and clocks as well
FEW = 0.05  # of the rows may be notes between them
ALL = 0.9  # of the rows of a table have as many cells, where spaces part them or the last lack
CLOCK = re.compile(r"\d\d?:\d\d(:\d\d|$)")
MARK = "\ufeff"  # of the byte order, where files were put together
COMMENTS = tuple("#-=_+*~")  # how lines that are no rows begin
SAMPLE = 500  # rows spread over the file that are looked at to tell its manner
csv.field_size_limit(2**31 - 1)  # characters; Python's own limit of 131,072 is for web servers


@dataclass
class Rows:
    """The rows of a table: (first line, line after the last) of each, names first.

    `trailing` tells that rows end with a separator more than the names. `under` are rows as wide as
    the table that are no data, `again` those that repeat the names; `widths` are the numbers of
    cells, where lines may leave out the last.
    """

    separator: str
    head: Head
    rows: list
    trailing: bool
    under: list
    again: list
    widths: list


def reader(lines: Iterable[str], separator: str) -> Any:
    """Return a reader of the cells of lines; any number of spaces is one separator.

    Beside spaces the # or % of a comment belongs to its first word.
    """
    if separator == " ":
        lines = (re.sub(r"^\s*[#%]+\s*", "#", line).strip() for line in lines)
    return csv.reader(lines, delimiter=separator, skipinitialspace=separator == " ")


def cells_of(lines: list[str], span: tuple, separator: str) -> list[str]:
    """Return the cells of the row that stands in these lines."""
    whole = io.StringIO("".join(lines[slice(*span)]), newline="")
    return next(reader(whole, separator), [""])


def tell_separator(lines: list[str]) -> str:
    """Return the separator that cuts most lines alike, names included, and leaves numbers."""
    lines = [line for line in lines if line.strip()]
    sample = lines[:TOP] + lines[TOP :: max(1, len(lines) // SAMPLE)]

    def fit(separator):
        records = list(reader(sample, separator))
        wide, same = Counter(map(len, records)).most_common(1)[0] if records else (1, 0)
        above = [cells for cells in records[:TOP] if len(cells) in (wide, wide - 1)]
        named = bool(above) and not all(map(parted, filter(None, above[0])))
        cells = [cell for cells in records if len(cells) == wide for cell in cells if cell]
        numbers = sum(map(bool, map(parted, cells))) / max(1, len(cells))
        wordy = any(len(cells) == wide and not all(map(begins_as_number, cells)) for cells in above)
        first = wide == len(records[0]) if records else False
        share = same / max(1, len(records))
        seldom = separator in SELDOM
        alone = len(records[0]) < 2 if records else True  # a name, or a line of prose
        few = alone and not wordy if wide > 2 else alone or wide == 1 or numbers < ALL
        if seldom and (few or share < ALL):
            return (False,)  # words of one cell
        good = wide > 1, wordy and not (seldom and numbers < HALF), not seldom, named
        return *good, round(share, 1), first, round(numbers, 2), share, wide

    single = all(re.fullmatch(r'\s*"?[-+]?\d*,\d+"?\s*', line) for line in sample[1:])
    if single and len(sample) > 1 and "," not in sample[0]:  # a single column with decimal commas
        return ";"
    return max(SEPARATORS, key=fit)


def find_rows(lines: list[str]) -> Rows:
    """Return the Rows of a file's lines.

    Raises ValueError where rows have not as many cells as the names. Empty lines are no rows,
    except in a table of one column, where they are holes.
    """
    named = re.fullmatch(r"\"?sep=(.)\"?[;,\t]*", (lines or [""])[0].strip(" \r\n"), re.I)
    start = 1 if named else 0  # the first line may name the separator, for Excel
    separator = named[1] if named else tell_separator(lines)
    spans, widths, top, last, odd, begin = [], [], [], deque(maxlen=10), {}, start
    records = reader(lines[start:], separator)
    for cells in records:
        spans.append((begin, begin := start + records.line_num))
        widths.append(len(cells) if len(cells) > 1 or "".join(cells).strip() else 0)
        if cells and cells[0].lstrip()[:1] in COMMENTS:
            odd[len(spans) - 1] = cells
        top += [cells] * (len(top) < TOP and widths[-1] > 0)
        last.append((len(spans) - 1, cells))
    filled = [n for n, width in enumerate(widths) if width]
    if not filled:
        raise ValueError("it is empty")
    _require_closed(lines, spans[-1], separator)
    wide = Counter(widths[n] for n in filled).most_common(1)[0][0]
    fitting = [n for n in filled if widths[n] == wide]
    body = [cells_of(lines, spans[n], separator) for n in _spread(fitting)]
    head = find_head(top, body, wide)
    first = filled[head.row]
    skipped = {filled[n] for n in head.skipped}
    no_data = skipped | {n for n, cells in odd.items() if n > first and is_comment(cells, wide)}
    later = [(n, cells) for n, cells in last if widths[n] and n > first] if wide > 1 else []
    if ends := summary_rows(head, [cells for _, cells in later], wide, body):
        no_data |= {n for n, _ in later[-ends:]}
    numbers = filled if wide > 1 else range(filled[-1] + 1)
    repeats = _repeated(lines, spans, skipped | {first}, filled) if wide > 1 else {}
    again = {n for n in repeats if repeats[n] == first and n not in no_data}
    no_data |= set(repeats) - again  # such as the units, where a log begins again
    below = [n for n in filled if n > first and n not in no_data and not {n + 1, n + 2} & again]
    no_data |= _words_among(lines, spans, separator, head, below, widths)
    rows = [n for n in numbers if n > first and n not in no_data | again]
    head.notes += [f"the names again in line {spans[n][0] + 1}" for n in sorted(again)[:1]]
    sizes = [widths[n] for n in rows]
    trailing = _fit(lines, head, [spans[n] for n in rows], sizes, separator)
    under = [spans[n] for n in no_data if n > first and widths[n] == wide]
    spanned = [spans[first], *(spans[n] for n in rows)]
    return Rows(separator, head, spanned, trailing, under, [spans[n] for n in again], sizes)


def _words_among(lines, spans, separator, head, rows, widths):
    """Return which few rows, shorter than the names, hold words and behind them no number, such as
    a note of whoever cleaned the sensor, and note them.
    """
    short = [n for n in rows if widths[n] < len(head.names)]
    words = set()
    for n in short if len(short) <= FEW * len(rows) + 1 else ():
        first, *others = cells_of(lines, spans[n], separator)
        texts = [text for text in (first, *others) if text.strip() not in HOLES]
        if not all(map(begins_as_number, texts)) and not any(map(begins_as_number, others)):
            words.add(n)
    if words:
        many = f"{len(words)} lines of words, the first is" if len(words) > 1 else "words in"
        head.notes.append(f"{many} line {spans[min(words)][0] + 1}")
    return words


def _repeated(lines, spans, above, rows):
    """Return {row: row of `above`} of the rows below that say the same, but for spaces."""

    def text(n):
        return "".join("".join(lines[slice(*spans[n])]).split()).strip(MARK)

    heads = {text(n): n for n in above}
    begins = tuple({head[:1] for head in heads})
    below = [n for n in rows if n > min(above) and n not in above]
    alike = [n for n in below if lines[spans[n][0]].lstrip(MARK + " \t").startswith(begins)]
    return {n: heads[text(n)] for n in alike if text(n) in heads}


def _require_closed(lines, span, separator):
    more = [*lines[slice(*span)], "one more"]  # swallowed by an open quotation
    if len(list(reader(more, separator))) == 1:
        raise ValueError(
            f"line {span[0] + 1} opens a quotation mark that nothing closes; mend that line"
        )


def _spread(numbers):
    """Return about a hundred of these numbers, spread, without the first few."""
    later = numbers[min(5, len(numbers) // 2) :]
    return later[:: max(1, len(later) // 100)]


def _fit(lines, head, spans, widths, separator):
    """Return whether rows have a separator more than the names; ValueError if they differ."""
    ends = [lines[end - 1].rstrip("\r\n ") for _, end in spans]
    closed = len(spans) > 1 and all(line.endswith(separator) for line in ends)
    if closed and len(head.names) > 2 and not head.names[-1].strip():
        head.names.pop()
    width = len(head.names)
    more = len(spans) > 1 and all(size == width + 1 for size in widths)
    trailing = more and closed
    if more and not trailing and _widened(head, lines, spans, separator):
        return False
    usual, count = next(iter(Counter(widths).most_common(1)), (width, 0))
    # nearly all may leave the last out, if a whole one shows that it is the last
    usual = usual if count >= ALL * len(widths) and width + trailing in widths else width
    for (begin, _), size in zip(spans, widths, strict=True):
        if not min(usual, width) <= (size or 1) - trailing <= width:
            hint = "mend that line, or delete it"
            if separator == "," and size > width:
                hint += "; decimal commas need another separator, such as ;"
            raise ValueError(
                f"every line must have as many cells as the header, {width}, and line {begin + 1} "
                f"has {size}: {hint}"
            )
    return trailing


def _widened(head, lines, spans, separator):
    """Give the head one name more where each row has a cell more, and tell whether it could.

    R leaves out the name of a column of row names; a date and a clock that a space parts may have
    one name; a mark behind the numbers may have none.
    """
    rows = _spread(range(len(spans)))
    cells = [cells_of(lines, spans[row], separator) for row in rows]
    first = [record[0].strip() for record in cells]
    counted = [text in (str(row), str(row + 1)) for row, text in zip(rows, first, strict=True)]
    quoted = all(lines[spans[row][0]].startswith('"') for row in rows)
    different = len(set(first)) == len(first)
    name, *others = head.names
    if all(counted) or (different and quoted):
        head.names = ["", name, *others]
        head.notes.append("a column of row names")
    elif separator == " " and all(CLOCK.match(record[1]) for record in cells):
        head.names = [name, f"{name} clock", *others]
    elif named_like_time(name) and all(map(begins_as_number, first)):
        head.names = [name, *others, ""]
    elif different and not any(map(parted, first)):
        head.names = ["", name, *others]
        head.notes.append("a column of row names")
    return len(head.names) > len(others) + 1
