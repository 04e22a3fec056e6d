"""Text and numbers read as time: every way in which a column can be read, whatever its name.

Texts of one *shape* (each digit written as 9) hold their fields in the same places, so a shape is
understood once, and its numbers are cut out of all rows together. Roles are the letters of
strftime: Y y m d j H M S f, q for a quarter, W and u for a week, E for a year of Taiwan.
"""

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from gru_lab.tables.manner import ascii_digits
from gru_lab.tables.time_calendars import dated
from gru_lab.tables.time_shapes import WORD, orders_of, understood
from gru_lab.tables.time_words import ZONES, months_of, plain

LONGEST = 48  # characters of a time stamp
SAMPLE = 300  # texts that are looked at before all are read
MOST_SHAPES = 3_000
READ = 0.8  # a way must read this share of what a column holds
NAT, SECOND = np.iinfo(np.int64).min, 1_000_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND

COMPACT = {
    4: ("Y",),
    5: ("yj",),
    6: ("ymd", "Ym", "dmy", "mdy"),
    7: ("Yj", "Emd"),
    8: ("Ymd", "dmY", "mdY", "ymdH"),
    10: ("YmdH", "ymdHM"),
    12: ("YmdHM", "ymdHMS", "dmYHM", "mdYHM"),
    14: ("YmdHMS", "dmYHMS", "mdYHMS"),
    17: ("YmdHMSf",),
}
INTERVAL = re.compile(r"^(.*\d) ?(?: [-–—/] |(?<=\d\d)[-–—](?=\d?\d:))(.*\d.*)$")
WIDTHS = {"Y": 4, "j": 3, "f": 3, "E": 3}


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read a column as time: `stamps` (rows,) are nanoseconds since 1970 in UTC.

    NAT stands where there is none. `way` is such as '%d/%m/%Y %H:%M', `order` the roles of the
    date's fields ('' where there is only a clock), `clock` True where hours stand there.
    """

    way: str
    stamps: np.ndarray
    order: str = ""
    clock: bool = True
    shapes: dict = field(default_factory=dict)  # {shape: spans of its fields}, to write it again


@dataclass
class _Shape:
    """Texts of one shape: their `codes` (n, width), and the spans of their fields."""

    codes: np.ndarray
    spans: dict
    words: dict  # months and the like, as numbers
    text: str

    def digits(self, begin, end):
        """Return the numbers that stand between two places, (n,)."""
        digits = self.codes[:, begin:end].astype(np.int64) - ord("0")
        return digits @ 10 ** np.arange(end - begin)[::-1]

    def number(self, name):
        """Return a field's numbers, (n,)."""
        return self.digits(*self.spans[name])

    @property
    def orders(self):
        """The orders in which the fields of the date can be read."""
        if "k" in self.spans:
            begin, end = self.spans["k"]
            later = {"H", "n", "h"} & set(self.spans)
            return tuple(way for way in COMPACT[end - begin] if not (later and "H" in way))
        names = [name for name in "abc" if name in self.spans]
        if not names:
            return ("YW",) if "W" in self.spans else ("Yq",) if "q" in self.spans else ("",)
        sizes = [0 if name in self.words else np.ptp(self.spans[name]) for name in names]
        return orders_of(sizes)

    def roles(self, order):
        """Return {role: numbers (n,)} for the fields read in this order."""
        fields = {name: self.number(name) for name in "YqWuHMSf" if name in self.spans}
        if "k" in self.spans:
            begin = self.spans["k"][0]
            for role in order:
                end = begin + WIDTHS.get(role, 2)
                fields[role], begin = self.digits(begin, end), end
        else:
            for name, role in zip([n for n in "abc" if n in self.spans], order, strict=False):
                word = self.words.get(name)
                fields[role] = np.full(len(self.codes), word) if word else self.number(name)
        if "h" in self.spans:
            fields["H"] = self.number("h")
        if "n" in self.spans:
            packed = self.number("n")
            if np.ptp(self.spans["n"]) == 6:
                fields["S"], packed = packed % 100, packed // 100
            fields["M"], fields["H"] = packed % 100, packed // 100
        return fields

    def stamps(self, order):
        """Return nanoseconds since 1970 in UTC, (n,), read in this order; NAT where none exists."""
        roles = self.roles(order)
        hour, minute, second = (roles.get(role, np.int64(0)) for role in "HMS")
        if "p" in self.words:
            hour = np.where(hour <= 12, hour % 12 + 12 * self.words["p"], 99)
        nanoseconds = (hour * 60 + minute) * 60 * SECOND + second * SECOND
        fine = (minute < 60) & (second <= 60)
        if "f" in roles:
            digits = WIDTHS["f"] if "f" in order else np.ptp(self.spans["f"])
            nanoseconds = nanoseconds + roles["f"] * 10 ** (9 - digits)
        if order:
            days, real = dated(roles)
            fine = fine & real & (nanoseconds <= DAY)
            nanoseconds = nanoseconds + days * DAY
        elif "D" in self.spans:
            nanoseconds = nanoseconds + self.number("D") * DAY
        nanoseconds = nanoseconds - self.ahead()
        return np.where(fine, nanoseconds, NAT) + np.zeros(len(self.codes), dtype=np.int64)

    def ahead(self):
        """Return how far ahead of UTC the clock is, in nanoseconds."""
        begin, end = self.spans.get("z", (0, 0))
        match = re.search(r"[-+−](9{1,2}):?(9{2})?$", self.text[begin:end])
        if not match:
            return round(ZONES.get(plain(self.text[begin:end]), 0) * HOUR)
        parts = [(group, size) for group, size in ((1, HOUR), (2, HOUR // 60)) if match[group]]
        spans = [(match.span(group), size) for group, size in parts]
        total = sum(
            self.digits(begin + first, begin + last) * size for (first, last), size in spans
        )
        return total if match[0][0] == "+" else -total

    def way(self, order):
        """Return the format in strftime's letters."""
        letters = {"p": "%p", "p0": "%p", "z": "%z", "h": "%H", "n": "%H%M", "W": "%W", "q": "%q"}
        if np.ptp(self.spans.get("n", (0, 0))) == 6:
            letters["n"] = "%H%M%S"
        letters |= {role: f"%{role}" for role in "YuDHMSf"}
        letters["k"] = "".join(f"%{role}" for role in order)
        names = [name for name in "abc" if name in self.spans]
        for name, role in zip(names, order, strict=False):
            letters[name] = "%b" if name in self.words else f"%{role}"
        if {"p", "p0"} & set(self.spans):
            letters |= {"H": "%I", "h": "%I"}
        text = self.text
        for name, (begin, end) in sorted(self.spans.items(), key=lambda item: -item[1][0]):
            text = text[:begin] + letters[name] + text[end:]
        return text


def shapes_of(texts: np.ndarray) -> list | None:
    """Return [(places in `texts`, _Shape)] of an array of text (n,); None where no time is told."""
    width = max(texts.dtype.itemsize // 4, 1)
    codes = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), width)
    masked = np.where((codes >= ord("0")) & (codes <= ord("9")), ord("9"), codes).astype(np.uint32)
    number, shapes = pd.factorize(masked.view(f"U{width}").ravel())
    if len(shapes) > MOST_SHAPES:
        return []
    months = months_of(set(re.findall(WORD, " ".join(s for s in shapes if "9" in s))))
    order, pieces = np.argsort(number, kind="stable"), []
    for rows in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        text = str(shapes[number[rows[0]]])
        if known := understood(text, months):
            pieces.append((rows, _Shape(codes[rows], known[0], known[1], text)))
    return pieces


def read_texts(texts: np.ndarray, least: float) -> list:
    """Return the Readings of an array of text (n,), each of which reads the share `least`."""
    pieces, weight = shapes_of(texts), {}
    for rows, shape in pieces:
        weight[shape.orders] = weight.get(shape.orders, 0) + len(rows)
    readings = []
    for order in max(weight, key=weight.get, default=()):
        stamps, shapes, clock = np.full(len(texts), NAT), {}, 0
        for rows, shape in pieces:
            ways = shape.orders
            mine = order if order in ways else ways[0] if len(ways) == 1 and order else None
            if mine is None:
                continue
            stamps[rows] = shape.stamps(mine)
            shapes[shape.way(mine)] = shapes.get(shape.way(mine), 0) + len(rows)
            clock += len(rows) * bool({"H", "h", "n", "M"} & set(shape.spans) or "H" in mine)
        if (stamps != NAT).sum() >= max(1, least * len(texts)):
            way = max(shapes, key=shapes.get)
            readings.append(Reading(way, stamps, order, clock > len(texts) / 2, shapes))
    return readings


def text_readings(column: pd.Series, least: float = READ) -> list[Reading]:
    """Return the ways in which a column of text can be read as time; [] where there is none.

    >>> [way.way for way in text_readings(pd.Series(["01/02/2024", "03/02/2024"]))]
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    if column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object).map(str, na_action="ignore")
    number, texts = pd.factorize(column, use_na_sentinel=True)
    texts = [ascii_digits(text).strip("=[]()\"' \t") for text in texts]
    texts = np.array(texts, dtype=f"U{LONGEST + 1}")
    filled = np.flatnonzero(texts != "")
    if not len(filled):
        return []
    sample = texts[filled[:: max(1, len(filled) // SAMPLE)]]
    if not read_texts(sample, least * 0.9):
        if not read_texts(_begins(sample), least * 0.9):
            return []
        texts = _begins(texts)
    readings = []
    for reading in read_texts(texts[filled], least):
        stamps = np.full(len(texts) + 1, NAT)
        stamps[filled] = reading.stamps
        readings.append(replace(reading, stamps=stamps[number]))
    return readings


def _begins(texts):  # such as '05.03.2024 10:00 - 05.03.2024 11:00', up to the hyphen
    return np.array([INTERVAL.sub(r"\1", text) for text in texts], dtype=str)
