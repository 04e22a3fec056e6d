"""A table of runs in a tuning log, in Markdown or plain columns: its columns and its rows."""

import re
from typing import NamedTuple

from gru_lab.tuning_log.entries import LOSS
from gru_lab.tuning_log.lines import LONGEST, Line, parse_line, roles_of
from gru_lab.tuning_log.wording import COLUMNS, seconds_of

NUMBER = re.compile(r"[\d∞]|inf", re.IGNORECASE)
SEPARATORS = (r"\|", r"\t", ";", ",", r"\s{2,}", r"\s+")


class Row(NamedTuple):
    """A row of a table: the run's label ('' where none), its line or None, seconds or None."""

    label: str = ""
    line: Line | None = None
    seconds: float | None = None


class Table:
    """The columns of a table as its head names them: losses, counts, seconds, seed; the others are
    the run's label, 'layers=2' for a 2 in the column 'layers'. `separator` parts plain columns.
    """

    def __init__(self, head, separator=None):
        self.names, self.separator = list(head), separator
        self.roles = [_role(name) for name in head]
        losses = [place for place, role in enumerate(self.roles) if role in ("train", "valid")]
        if losses and {"label", "epoch"} & {*self.roles[: losses[0]]}:  # behind them stand notes
            behind = self.roles[losses[0] :]
            self.roles[losses[0] :] = ["note" if role == "label" else role for role in behind]

    @classmethod
    def of_line(cls, text: str) -> "Table | None":
        """Return the table of plain columns that a line without figures is the head of, or None."""
        if any(map(str.isdigit, text)):
            return None
        for separator in [sep for sep in SEPARATORS if re.search(sep, text)][:2]:
            names = _split(text, separator)
            if separator == SEPARATORS[-1]:  # 'train loss' is one column, and 'and' is none
                names = roles_of(text) or names
            table = cls(names, separator)
            if all(table.roles.count(role) == 1 for role in ("train", "valid")):
                return table
        return None

    def split(self, text: str) -> tuple[str, ...]:
        """Return the cells of a row of plain columns; () where it has others than the head."""
        if self.separator and NUMBER.search(text):
            for separator in (self.separator, r"\s+"):
                cells = _split(text, separator)
                if len(cells) == len(self.names):
                    return cells
        return ()

    @property
    def usual(self) -> bool:
        """Whether the training loss comes first, as in a line whose figures have no names."""
        return self.roles.index("train") < self.roles.index("valid")

    def read(self, cells: tuple[str, ...], decimal: str = ".") -> Row | None:
        """Return a row of cells as a Row, or None where it holds figures and is not understood."""
        figures = [self._cell(cells, role) for role in ("train", "valid")]
        if None in figures or len(cells) > len(self.roles):
            return self._without_head(cells, decimal)
        if not any(figures):
            return Row()  # a run that was not made
        # whatever stands in place of a number, the run has none
        figures = ["nan" if cell and not NUMBER.search(cell) else cell for cell in figures]
        counts = [self._cell(cells, role) for role in ("epoch", "steps")]
        parsed = parse_line(" ".join([*filter(None, counts), *figures]), decimal)
        if parsed is None:
            return None
        seconds = seconds_of(self._cell(cells, "seconds") or "", bare=True)
        return Row(self._label(cells), parsed[0], seconds)

    def _cell(self, cells, role):
        """Return the cell of the one column with a role; None where there is none, or several."""
        places = [place for place, name in enumerate(self.roles) if name == role]
        return cells[places[0]] if len(places) == 1 and places[0] < len(cells) else None

    def _label(self, cells):
        called = re.compile(COLUMNS["label"], re.IGNORECASE)
        columns = [
            column for column in zip(self.roles, self.names, cells, strict=False) if column[2]
        ]
        parts = [
            cell if called.fullmatch(name) or not name else f"{name}={cell}"
            for role, name, cell in columns
            if role == "label"
        ]
        seed = "".join(f" [seed {cell}]" for role, _, cell in columns if role == "seed")
        return (", ".join(parts) + seed).strip()

    def _without_head(self, cells, decimal):
        """Return a row of a table whose head does not name the losses: plain figures, or words."""
        text = " ".join(cells)
        parsed = None if any(self.names) else parse_line(text, decimal)
        if parsed:
            return Row("", parsed[0])
        return None if LOSS.search(text[:LONGEST]) else Row()


def _split(text, separator):
    cells = re.split(separator, text.strip("| "))
    return tuple(cell.strip(" *_`\"'") for cell in cells)


def _role(name):
    """Return what a column's name says: a role of `lines.ROLES`, one of COLUMNS, or 'label'."""
    words = roles_of(name) or []
    for role in ("valid", "epoch", "steps", "train"):
        if role in words:
            return role
    known = [role for role, names in COLUMNS.items() if re.fullmatch(names, name, re.IGNORECASE)]
    return known[0] if known else "label"
