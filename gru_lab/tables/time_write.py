"""Time written as a column writes it: the same order, separators, names of months and zeros.

Writer(["05.03.2024 7:00", "05.03.2024 8:00"], "dmY").write(stamp, "05.03.2024 8:00")
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.tables.time import DAY, HOUR, NAT, SECOND, WIDTHS, shapes_of
from gru_lab.tables.time_calendars import BUDDHIST, ERA, REPUBLIC
from gru_lab.tables.time_numbers import SCALES, counted
from gru_lab.tables.time_words import AFTERNOON, FORENOON, bare_half, half_of

NO_NAMES = "tzhms年月日时時分秒년월일시분초"  # letters of a time stamp that are no words


class Writer:
    """Writes stamps, nanoseconds since 1970 in UTC, as the texts (n,) of a column do.

    `order` is that of the Reading of the column: '' for a clock, or the name of a scale. Raises
    ValueError where texts hold words that change from day to day, such as weekdays.
    """

    def __init__(self, texts: list, order: str):
        self.order, self.months, self.short, self.late, self.ahead = order, {}, set(), False, 0
        if order in SCALES or order == "number":
            digits = [len(text.replace(",", ".").partition(".")[2]) for text in texts]
            self.decimals = min(digits, default=0), max(digits, default=0)
            return
        unique = pd.unique(pd.Series(texts, dtype=object).dropna().astype(str).str.strip())
        for rows, shape in shapes_of(np.array(unique, dtype=str)) if len(unique) else ():
            self._learn(unique[rows[0]], shape)

    def _learn(self, text, shape):
        """Remember the names of months, which fields have no zeros in front, and 24:00."""
        if order_of(shape, self.order) is None:
            return
        roles = dict(zip("abc", self.order, strict=False))
        for name, (begin, end) in shape.spans.items():
            if name in shape.words and name in roles:
                self.months[shape.words[name]] = text[begin:end]
            elif name in {*"abcHhMS"} and end - begin == 1 and roles.get(name) != "u":
                self.short.add(name)
        if (shape.roles(self.order).get("Y", np.zeros(1)) >= ERA).any():
            self.ahead = BUDDHIST
        if {"H", "M"} <= set(shape.spans):  # 24:00 ends a day; 24:10 is a length of time
            self.late |= (shape.number("H") * 60 + shape.number("M")).max() == 24 * 60
        inside = [text[begin:end] for begin, end in shape.spans.values()]
        rest = "".join(text)
        for piece in sorted(inside, key=len, reverse=True):
            rest = rest.replace(piece, "", 1)
        if any(letter.isalpha() and letter.lower() not in NO_NAMES for letter in rest) or (
            "W" in shape.spans
        ):
            raise ValueError(f"time stamps such as {text!r} hold words that rows cannot be given")

    def write(self, stamp: int | float, like: str) -> str:
        """Return a stamp written like the text of a neighbour."""
        like = like.strip()
        if self.order in SCALES or self.order == "number":
            return re.sub(r"-?\d[\d.,]*", self._number(stamp, like), like, count=1)
        shapes = shapes_of(np.array([like], dtype=str))
        if not shapes or order_of(shapes[0][1], self.order) is None:
            raise ValueError(f"time stamps such as {like!r} hold more than one time can give")
        ((_, shape),) = shapes
        (there,) = shape.stamps(order_of(shape, self.order))
        ahead = int(np.asarray(shape.ahead()).ravel()[0])
        local = int(stamp) + ahead
        if not self.order:
            local = local % DAY if there < DAY + self.late else local
        late = self.late and local % DAY == 0
        fields = self._fields(local - DAY * late, shape) | ({"H": 24} if late else {})
        text = like
        for name, (begin, end) in sorted(shape.spans.items(), key=lambda item: -item[1][0]):
            if name == "z":
                continue
            text = text[:begin] + self._field(name, fields, text[begin:end], shape) + text[end:]
        return text

    def _fields(self, local, shape):
        """Return {role: number} of a local time in nanoseconds."""
        moment = pd.Timestamp(local)
        year = moment.year
        values = {"E": year - REPUBLIC, "Y": year + self.ahead, "y": year % 100, "m": moment.month}
        values |= {"d": moment.day, "j": moment.dayofyear, "H": moment.hour, "M": moment.minute}
        values |= {"S": moment.second, "q": moment.quarter, "f": local % SECOND, "D": local // DAY}
        if not self.order and "D" not in shape.spans:
            values["H"] = local // HOUR
        return values

    def _field(self, name, values, old, shape):
        """Return the text of one field, as wide as fields of its column are."""
        role = dict(zip("abc", self.order, strict=False)).get(name, name)
        role = {"h": "H"}.get(role, role)
        if name in ("p", "p0"):
            return _half(old, values["H"] % 24 >= 12)
        if name in shape.words:
            if values["m"] in self.months:
                return self.months[values["m"]]
            raise ValueError(f"no cell shows how month {values['m']} is written in this column")
        if name == "k":
            return "".join(
                str(values[r] // 10**6 if r == "f" else values[r]).zfill(WIDTHS.get(r, 2))
                for r in self.order
            )
        if name == "n":
            packed = f"{values['H']:02d}{values['M']:02d}" + f"{values['S']:02d}" * (len(old) == 6)
            return packed if len(old) % 2 == 0 else packed.lstrip("0").zfill(3)
        number = values[role]
        if role == "f":
            return str(number).zfill(9)[: len(old)]
        if role == "H" and {"p", "p0"} & set(shape.spans):
            number = number % 12 or 12
        width = 1 if name in self.short or role in "uqD" else WIDTHS.get(role, 2)
        return str(number).zfill(width)

    def _number(self, stamp, like):
        """Return a count of seconds, days, … with as many decimals as its neighbour has."""
        sign = "," if "," in like else "."
        fewest, most = self.decimals
        if self.order in SCALES:
            stamp = counted(int(stamp), self.order)
        if not most:
            return str(round(stamp))
        text = f"{stamp:.{most}f}"
        zeros = len(text) - len(text.rstrip("0"))
        return text[: len(text) - min(zeros, most - fewest)].rstrip(".").replace(".", sign)


def order_of(shape: Any, order: Any) -> Any:
    """Return the order in which a shape is read in a column of this order, or None."""
    ways = shape.orders
    return order if order in ways else ways[0] if len(ways) == 1 and order else None


def _half(old, afternoon):
    """Return the half of the day written like the other half is."""
    if (half_of(old) == "PM") == afternoon:
        return old
    if old.isascii():
        return old.translate(str.maketrans("aApP", "pPaA"))
    return dict(zip(FORENOON + AFTERNOON, AFTERNOON + FORENOON, strict=True))[bare_half(old)]


def rounded(stamps: np.ndarray, known: np.ndarray, days: bool = False) -> np.ndarray:
    """Return stamps rounded to the finest unit in which all `known` ones are whole.

    Fractions of `days` are rounded themselves, so theirs are set right where a minute is near.
    """
    if days:
        minutes = np.rint(stamps / (60 * SECOND)).astype(np.int64) * 60 * SECOND
        return np.where(np.abs(stamps - minutes) <= SECOND, minutes, stamps)
    known = known[known != NAT]
    unit = int(np.gcd.reduce(known)) or 1
    for size in (DAY, HOUR, 60 * SECOND, SECOND, 10**6, 10**3, 1):
        if unit % size == 0:
            return np.rint(stamps / size).astype(np.int64) * size
    return stamps
