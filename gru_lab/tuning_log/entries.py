"""A log's text as Entries: lines without Markdown marks, and what the marks say of them."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from gru_lab.tuning_log import figures, wording
from gru_lab.tuning_log.lines import LONGEST, looks_like_losses, parse_line

WIDEST = 5_000  # characters that a row of a table may have
MARKS = re.compile(r"[\s>\ufeff]*((?:[-*+•·–]\s+(?:\[[ xX]\]\s)?)?)[\s>]*")
RULE = re.compile(r"[\s>]*(?:=+|-+)\s*")
TABLE_RULE = re.compile(r"[\s>|:-]*-[\s>|:-]*")
HEADING = re.compile(r"(#{1,6})\s*(.*?)")
RATIO = re.compile(r"\d{1,9}(?:\.\d{1,9})?\s?[:：]\s?\d")
COMMA = re.compile(r"(?<![\w.,])0,\d{2,25}(?!\d|[.,]\d)")  # no thousands begin with a zero
COLOUR = re.compile(r"\x1b\[[\d;?]{0,20}[A-Za-z]")
LINE_END = re.compile(r"\r\n|[\r\n]|\x08+")
TWO_LINES = re.compile(  # in one: '… 0.0120Epoch 2/20 …'
    r"<br\s{0,3}/?>|(?<=[\d\]])(?=(?:epoche?|[ée]po(?:que|ca))[\s:]{0,3}\d|第\s?\d)", re.IGNORECASE
)
DATE = re.compile(r"\d{1,4}[-:./年]\d{1,2}[-:./月][\d.:/\s日-]{0,20}")
LOSS = re.compile(
    r"(?<![\w.,])(?:\d{0,9}[.,]\d{3,25}(?:e[+-]?\d{1,3})?|\d[.,]?\d{0,25}e-\d{1,3})(?![\w%])"
)
BOTH = re.compile(  # a figure of each, such as 'train 1.5% val 2.1%'
    r"(?:\btrain|训练).{1,30}?\d*[.,]\d.{0,40}?(?:\bval|验证).{1,30}?\d*[.,]\d"
)


class Entry(NamedTuple):
    """A line of the file: its number, its text without marks, and what the marks say of it."""

    number: int
    text: str
    item: bool = False  # of a list
    level: int = 0  # of a heading, 0 for none
    cells: tuple[str, ...] = ()  # of a row of a table
    head: bool = False  # the row that names the columns


def entries_of(text: str) -> list[Entry]:
    """Return the lines of a Markdown text as Entries, without fences, rules and comments.

    Of a console's output the colours are left out, and what was drawn over a line is another one.
    """
    rows = LINE_END.split(COLOUR.sub("", text))
    entries, table = [], False
    for place, row in enumerate(rows):
        below = rows[place + 1][:LONGEST] if place + 1 < len(rows) else ""
        mark = MARKS.match(row)
        plain = row[mark.end() :].rstrip()
        is_row = "|" in plain[:LONGEST] and len(plain) < WIDEST
        bare = is_row and "|" in below and TABLE_RULE.fullmatch(below)
        table = is_row and (table or bool(bare))
        if not plain or plain.startswith(("```", "~~~")):
            continue
        if plain.startswith("<!--") and plain.endswith("-->"):
            continue
        if table:
            cells = tuple(cell.strip(" *_`") for cell in plain.strip("|").split("|"))
            if not TABLE_RULE.fullmatch(plain):
                entries.append(Entry(place + 1, plain, cells=cells, head=bool(bare)))
            continue
        if heading := HEADING.fullmatch(plain[:LONGEST]):
            title = heading[2].strip().rstrip("#").strip(" *_`")
            entries.append(Entry(place + 1, title, level=len(heading[1])))
            continue
        level = 0
        if RULE.fullmatch(below) and len(below.strip(" >")) > 2 and stage_heading(plain):
            level = 1 if "=" in below else 2  # a heading that is underlined
        for part in TWO_LINES.split(plain, maxsplit=100):
            unmarked = part[MARKS.match(part).end() :] if part is not plain else part
            dashes = wording.EMPTY.fullmatch(unmarked[:LONGEST])
            if dashes or any(map(str.isalnum, unmarked[:LONGEST])) or ")" in unmarked[:3]:
                unmarked = _without_emphasis(unmarked.strip())
                entries.append(Entry(place + 1, unmarked, bool(mark[1]), level))
    return entries


def _without_emphasis(text):
    """Return a text without the emphasis around all of it."""
    for mark in ("**", "__", "`", "*"):
        inside = text[len(mark) : -len(mark)]
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            if mark not in inside:
                return inside.strip()
    return text


def stage_heading(
    title: str, patterns: Iterable = (*wording.BY_WORD, *wording.BY_NUMBER), expected: Any = 1
) -> Any:
    """Return (number, title, match) of a heading that has a stage's number, else None; of two
    readings of a numeral the `expected` one.
    """
    if match := wording.BY_ORDINAL.fullmatch(title[:LONGEST]):
        return wording.ordinal(match), match["title"].strip(" *_`"), match
    matches = (pattern.fullmatch(title[:LONGEST]) for pattern in patterns)
    match = next(filter(None, matches), None)
    if match is None:
        return None
    title = (match["title"] or "").strip(" *_`")
    return wording.numeral(match["n"], expected), title, match


def decimal_of(entries: list[Entry]) -> str:
    """Return the log's decimal mark: a comma where lines can be read only with it."""
    commas = False
    for entry in entries:
        texts = [cell for cell in entry.cells if any(map(str.isdigit, cell[:LONGEST]))]
        text = " ".join(texts) if entry.cells else entry.text
        if "," in text[:LONGEST] or "." in text[:LONGEST]:
            comma = parse_line(text, ",") is not None
            if not comma and parse_line(text):
                return "."
            commas = commas or bool(COMMA.search(text[:LONGEST])) or comma and not parse_line(text)
    return "," if commas else "."


def doubt_of(entry: Entry) -> str:
    """Return 'figures' where a line of words holds losses, 'number' for a lone number, else ''."""
    head = figures.plain(entry.text[:LONGEST], ",").lower()  # a comma stays
    words = re.sub(r"e[+-]?\d|nan|inf|[×x](?=10)", "", head)
    if DATE.fullmatch(head):
        return ""
    if not re.search(r"[^\W\d_]", words) and re.search(r"\d", head):
        numbers = re.split(r"[\s;|]+", head.strip(" ;|"))
        if all(RATIO.fullmatch(part) or RATIO.match(part) for part in numbers):
            return ""
        return "figures" if len(numbers) > 1 or re.search("[±~<>]", head) else "number"
    free = [match for match in LOSS.finditer(head) if head[: match.start()].rstrip()[-1:] != "="]
    about = re.search(r"\b(?:train|val|loss|mse|verlust|perte)|验证|训练", head)
    clear = [match for match in free if len(match[0]) > 5] if "lr" not in head else []
    first = re.match(r"\d{0,9}[.,]\d", head) and len(re.findall(r"[^\W\d_]+", words)) < 3
    losses = about and LOSS.search(head) or BOTH.search(head) or looks_like_losses(head)
    if len(free) > 1 or clear or losses:
        return "figures"
    return "number" if first else ""
