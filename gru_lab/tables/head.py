"""Which rows of a file are its table: the names, what stands above them, rows of units or of second
names below, and the summary at the end.

Rows are lists of texts. Nothing is dropped: a row that is no data stays in the file where it is.
"""

import re
from dataclasses import dataclass, field

from gru_lab.tables.manner import begins_as_number, parted
from gru_lab.tables.names import is_unit
from gru_lab.tables.signs import HOLES
from gru_lab.tables.time_words import named_like_time

TOP = 100  # rows among which the names are looked for
LOGGERS = {"TOA5": (1, 2), "TOACI1": (1, 0)}  # first cell → row of the names, rows of units after
ANNOTATIONS = ("#group", "#datatype", "#default")  # of InfluxDB
MARK = re.compile(r"\W*(end([ _]of[ _]header)?|(begin[ _])?data)\W*", re.I)  # the table follows
SUMMARY = re.compile(
    r"(mean|average|avg|sum|(grand )?total|min(imum)?|max(imum)?|count|std|median|end|eof)\b.*"
    r"|\(?\d[\d,.]* rows?( affected| selected)?\)?",
    re.IGNORECASE,
)


@dataclass
class Head:
    """`names` of the columns, `units` (column → text), `row` of the names, and `skipped`: the
    numbers of the rows among the first ones that are neither names nor data, with `notes` on them.
    """

    names: list
    row: int
    skipped: set = field(default_factory=set)
    units: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)


def is_comment(cells: list, wide: int) -> bool:
    """Tell whether a row is a comment: it begins with # and does not fit the table, or is a line of
    a report such as ----- or |:---|---:|.
    """
    first, filled = cells[0].strip() if cells else "", [text.strip() for text in cells if text]
    ruled = set("".join(filled)) <= set("-=_+*~:| ") and min(map(len, filled), default=0) > 2
    if ruled and wide > 1:
        return True
    if not first.startswith("#") or first in HOLES:
        return False
    return len(cells) != wide or first.lower() in ANNOTATIONS or wide == 1


def _filled(cells):
    return [cell for cell in cells if cell.strip() and cell.strip() not in HOLES]


def _is_header(cells, wide, digits):
    """Tell whether a row may hold the names: wide enough, mostly filled, words above `digits`, the
    columns that begin with digits; where there are none, the first row does.
    """
    filled = _filled(cells)
    words = [cell for cell in filled if not begins_as_number(cell)]
    above = [cells[c] for c in digits if c < len(cells) and not begins_as_number(cells[c])]
    return (
        len(cells) in (wide, wide - 1, wide + 1)
        and len(filled) >= max(1, min(len(cells), wide) / 2)
        and (not digits or (bool(above) and len(words) >= max(1, len(filled) / 2)))
    )


def _is_data(cells, digits):
    return all(c < len(cells) and begins_as_number(cells[c]) for c in digits)


def _is_poor(cells, beside):
    """Tell whether cells are bad names: with numbers or dates, or `beside` others only units."""
    filled = [cell.strip() for cell in _filled(cells)]
    numbers = any(re.fullmatch(r"[-+]?[\d.,]+|.*\d[-/.:]\d+[-/.:]\d.*", cell) for cell in filled)
    return numbers or (beside and all(map(is_unit, filled)))


def _is_second(cells, numeric, other, short):
    """Tell whether a row under the names is no data: units, statistics or second names.

    `numeric` are the columns that hold numbers below, `other` those that begin with a digit, such
    as time stamps.
    """
    if all(re.fullmatch(r"\d+[snd]", cell.strip()) for cell in _filled(cells)):
        return True  # the widths and types of columns, as the USGS gives them
    words = _filled([cells[c].strip() for c in numeric if c < len(cells)])
    stamps = [cells[c].strip() for c in other if c < len(cells)]
    if any(map(begins_as_number, words)) or not words:
        return False
    if cells[0].lstrip().startswith("#"):  # NOAA's buoys: both rows of their heads
        return True
    if any(map(begins_as_number, stamps)):
        return False
    return bool(stamps) or short or all(map(is_unit, words))


def _joined(upper, lower):
    """Return names of two rows as one; an empty cell above holds for what stands left of it."""
    names, last = [], ""
    upper = [*upper, *[""] * (len(lower) - len(upper))]
    for above, below in zip(upper, lower, strict=False):
        last = above.strip() or last
        names.append(f"{last} {below.strip()}".strip() if below.strip() else last)
    return names


def find_head(top: list[list[str]], body: list[list[str]], wide: int) -> Head:
    """Return the Head of a table by its first rows, a sample of the rows after, and its width.

    Raises ValueError where two columns have the same name.
    """
    logger = LOGGERS.get(top[0][0].strip()) if top[0] else None
    comments = {n for n, cells in enumerate(top) if is_comment(cells, wide)}
    filled = [
        [cells[c] for cells in body if c < len(cells) and _filled([cells[c]])] for c in range(wide)
    ]
    digits = [c for c in range(wide) if _mostly(begins_as_number, filled[c])]
    numeric = [c for c in digits if _mostly(parted, filled[c])]
    lines = [n for n in range(len(top)) if n not in comments]
    marks = [n for n in lines if wide > 1 and MARK.fullmatch("".join(top[n]).strip())]
    lines = [n for n in lines if n > max(marks, default=-1)]
    choice = [n for n in lines if _is_header(top[n], wide, digits)]
    data = min((n for n in lines if _is_data(top[n], digits)), default=len(top))
    timed = any(named_like_time(name) for n in choice[1:2] for name in top[n])
    poor = {n for n in choice if _is_poor(top[n], timed or n > choice[0])}
    choice.sort(key=lambda n: (n > data, n in poor, len(top[n]) != wide))
    row = choice[0] if choice else min(lines, default=0)
    row = _under_another(top, row, choice, digits)
    if logger:
        row = min(logger[0], len(top) - 1)
    names, after = list(top[row]), row + 1
    if names[0].lstrip().startswith("#"):  # a comment that holds the names
        names[0] = names[0].strip().lstrip("# ") or "#"
    others = [c for c in digits if c not in numeric]
    short = _is_short(names)
    while after < len(top) and (
        (logger and after <= logger[0] + logger[1])
        or (after not in comments and _is_second(top[after], numeric, others, short))
    ):
        after += 1
    second = [n for n in range(row + 1, after) if n not in comments]
    head = Head(names, row, (set(range(row)) | set(second) | comments) - {row})
    _name(head, top, second)
    above = 0 if logger and head.row == 1 else len(set(range(row)) - comments)
    for count, what in ((len(comments - {row}), "of comments"), (above, "above the names")):
        if count:
            head.notes.append(f"{count} line{'s' if count > 1 else ''} {what}")
    return head


def _under_another(top, row, choice, digits):
    """Return the row of the names where a table of a line or two, on the station, stands above."""
    for n in choice:
        names = {name for name in top[n] if name[:1].isalpha()}
        if row + 1 < n <= row + 3 and len(names) == len(top[n]):
            between = [
                _filled([cells[c] for c in digits if c < len(cells)]) for cells in top[row + 1 : n]
            ]
            if not any(all(map(begins_as_number, cells)) for cells in between):
                return n
    return row


def _mostly(test, cells):
    return len(cells) > 0 and sum(map(bool, map(test, cells))) >= 0.8 * len(cells)


def _is_short(names):
    """Tell whether names are too few to tell columns apart."""
    stripped = [name.strip() for name in names]
    return len(set(stripped)) < len(stripped) or "" in stripped[1:]


def _name(head, top, second):
    """Give the head its names, joined from rows where one is not enough, and its units."""
    upper, under = top[head.row - 1] if head.row else [], len(second)
    while second and _is_short(head.names) and len(second) > under - 2:
        head.names = _joined(head.names, top[second.pop(0)])
        head.notes[:1] = [f"names in {('two', 'three')[under - len(second) - 1]} rows"]
    if _is_short(head.names) and len(_filled(upper)) > 1 and len(upper) >= len(head.names) - 1:
        joined = _joined(upper, head.names)
        if len(set(joined)) == len(joined):
            head.names = joined
            head.notes.append("names in two rows")
    if second:
        head.notes.append("a row of units" if len(second) == 1 else f"{len(second)} rows of units")
    elif upper and all(map(is_unit, _filled(upper))):
        second = [head.row - 1]
    for name, unit in zip(head.names, top[second[0]] if second else (), strict=False):
        if is_unit(unit):
            head.units[name] = unit.strip()


def summary_rows(head: Head, last: list[list[str]], wide: int, body: list[list[str]]) -> int:
    """Return how many of the `last` rows below a Head are no data: sums, or lines of another kind;
    it notes them.

    Such a row begins with a word, or is empty, where those of its `body` begin with dates, or with
    one of a list where they begin with numbers.
    """
    first = [cells[0] for cells in body if cells and cells[0].strip()]
    digits, count = _mostly(begins_as_number, first), 0
    dated = digits and not _mostly(parted, first)
    for cells in reversed(last):
        words = [cell.strip() for cell in _filled(cells)] or [""]
        leads, word = words[0] == cells[0].strip(), not begins_as_number(words[0])
        lone, short = len(words) == 1, len(cells) < wide
        listed = (digits or short) and any(map(SUMMARY.fullmatch, words if short else words[:1]))
        if not (
            is_comment(cells, wide) or listed or (word and (short and lone or dated and leads))
        ):
            break
        count += 1
    if count:
        head.notes.append(f"{count} line{'s' if count > 1 else ''} at the end that are no rows")
    return count
