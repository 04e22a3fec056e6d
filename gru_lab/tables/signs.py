"""Which sign is the decimal one in a column: by its own cells, and by those of the whole file.

`1,234` is 1234 or 1.234; where both fit as well, the answer is a doubt, '?,'.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.tables.manner import parted

HOLES = frozenset(
    "#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|NAN|-NAN|"
    "None|n/a|nan|null|".split("|")
)  # what stands for a missing value in text wherever it stands
# numbers to the last digit, as the text says: pandas before 3.1 have to be asked for it
EXACT = {} if pd.__version__ >= "3.1" else {"float_precision": "round_trip"}
SIGNS = (".", ",")
GROUPS = (",", ".", " ", "'", "none")
LIKE = re.compile(r"[-+−–±~]?\s?[.,]?\d.*", re.DOTALL)
OTHERS = re.compile(  # dates, addresses, names
    r"^\D{0,3}\d+[-/:年月]\d+[-/:年月]\d+|\d+(\.\d+){2,}|\d[^\W\d_eExX]|[\da-fA-F]{2}(:[\da-fA-F]{2}){3}"
)
SAMPLE = 500  # different texts of a column that are looked at
PROOF = 20  # cells: 998 and 1,051 side by side, and never 1,05, tell thousands


def hint(core: str, power: str = "") -> str:
    """Return which sign is the decimal one in digits such as '1.234,5': '.' or ',' for certain.

    '?.' or '?,' where that sign may as well part thousands, '' where there is none. In front of a
    `power` such as 'e+03' nobody parts thousands.

    >>> [hint(core) for core in ("10,07", "1.234.567", "1,234", "998")]
    [',', ',', '?,', '']
    """
    flat = re.sub(r"[^\d.,]", "", core)
    signs = [sign for sign in flat if sign in SIGNS]
    if not signs:
        return ""
    last, other = signs[-1], "," if signs[-1] == "." else "."
    if len(set(signs)) == 2:
        return last
    if len(signs) > 1:
        return other
    grouped = re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", flat) and flat == core and not power
    return f"?{last}" if grouped else last


def like_number(text: str) -> bool:
    """Tell whether a text looks like a number, such as 3-5, 2.6±0.3, 1.5·10⁻³, 0x1F, 49°12'30"N."""
    if re.fullmatch(r"0[xX][\da-fA-F]+", text):
        return True
    digits, letters = (sum(map(kind, text)) for kind in (str.isdigit, str.isalpha))
    return bool(LIKE.fullmatch(text)) and digits > letters and not OTHERS.search(text)


@dataclass
class Column:
    """The different texts of a column taken apart: `cells` has a Cell or None for each text."""

    name: str
    codes: np.ndarray  # (rows,) which of the texts, -1 for a hole or what is no text
    texts: list
    counts: np.ndarray
    cells: list

    @classmethod
    def of(cls, name: Any, column: pd.Series, holes: Any) -> "Column":
        codes, different = pd.factorize(column.to_numpy(dtype=object))
        texts = [text.strip() if isinstance(text, str) else "" for text in different]
        held = [n for n, text in enumerate(texts) if text not in holes | HOLES]
        new = np.full(len(texts) + 1, -1)  # the last for a hole, -1
        new[held] = range(len(held))
        texts, codes = [texts[n] for n in held], new[codes]
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        some = any(map(parted, texts[:: max(1, len(texts) // SAMPLE)]))  # most columns hold dates
        cells = [parted(text) for text in texts] if some else [None] * len(texts)
        return cls(name, codes, texts, counts, cells)

    @property
    def hints(self) -> Any:
        """How often each sign is certainly the decimal one, and how often it may be."""
        votes = Counter()
        for cell, count in zip(self.cells, self.counts, strict=True):
            if cell:
                votes[hint(cell.core, cell.power)] += int(count)
        return votes

    @property
    def like_numbers(self) -> float:
        """The share of the cells, of a sample, that are numbers or look so."""
        some = slice(None, None, max(1, len(self.texts) // SAMPLE))
        pairs = zip(self.cells[some], self.texts[some], strict=True)
        like = [bool(cell or like_number(text)) for cell, text in pairs]
        return self.counts[some][like].sum() / max(self.counts[some].sum(), 1)

    def affix(self) -> Any:
        """Return the (lead, tail) that most cells with numbers have."""
        votes = Counter({("", ""): 0})
        for cell, count in zip(self.cells, self.counts, strict=True):
            if cell:
                votes[cell.affix] += int(count)
        return votes.most_common(1)[0][0]

    def first(self, which: Any) -> Any:
        """Return (row, text) of the first cell whose text number is in `which`."""
        row = int(np.isin(self.codes, which).argmax())
        return row, self.texts[self.codes[row]]


def decimal_of(
    column: Column, decimal: str | None, thousands: str | None, file: Counter, separator: str
) -> str:
    """Return the decimal sign of a column as the person settled it, by its own cells or by those of
    the `file`, whose signs are counted as `hint` names them; or a doubt, '?.' or '?,', with the
    sign that stands in the cells.
    """
    if decimal or thousands in SIGNS:
        return decimal or ("," if thousands == "." else ".")
    hints = column.hints
    if thousands == "none":
        hints = Counter({key.strip("?"): count for key, count in hints.items()})
    if hints["."] or hints[","]:
        return "." if hints["."] >= hints[","] else ","
    unsure = "." if hints["?."] >= hints["?,"] else ","
    if not hints[f"?{unsure}"]:
        return "," if file[","] > file["."] else "."
    if bool(file["."]) != bool(file[","]):
        return "." if file["."] else ","
    plain = long = 0  # whole numbers of up to three digits, and of more
    for cell, count in zip(column.cells, column.counts, strict=True):
        if cell and cell.core.isdigit() and cell.core != "0":
            plain, long = (plain + count, long) if len(cell.core) <= 3 else (plain, long + count)
    many = plain >= 3 and not long and plain + hints[f"?{unsure}"] >= PROOF
    if many and (unsure == "," or separator != ","):
        return "," if unsure == "." else "."
    return "." if unsure == "." and separator == "," else f"?{unsure}"
