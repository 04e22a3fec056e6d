"""A number as a cell writes it, taken apart; and a column's manner, which writes new ones alike."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MINUS = "\\-\u2212\u2012\u2013\ufe63\uff0d"  # as a class of characters
SPACES = " \u00a0\u202f\u2009"
CURRENCY = "$€£¥₹₺₽₩₪₫₦₴฿"
MONEY = rf"[{CURRENCY}]|Rs\.?|R\$|US\$|USD|EUR|GBP|CHF|CNY|RMB|JPY|kr\.?|[%‰]|=?['\"“„«]"
MARKS = "*#!?†‡"  # behind a number: a doubtful or estimated one
SIGNS = {"．": ".", "，": ",", "＋": "+", "٫": ".", "٬": ","}  # full width, and Arabic
RARE = 0.05  # a number of digits seen in fewer of the cells does not count
NUMBER = re.compile(
    rf"(?P<bound>[<>≤≥]=?|~|≈)?\s*(?P<open>\()?(?P<sign>[+{MINUS}]\s?)?"
    rf"(?P<lead>(?:{MONEY})\s*)?(?P<inner>[+{MINUS}])?"
    rf"(?P<core>\d+(?:[.,'’{SPACES}]\d+)*[.,]?|[.,]\d+)"
    r"(?P<power>\s?[eE][+\-−]?\d+|[dD][+\-−]?\d\d+|\s?[x×*]\s?10\s?\^?\s?[+\-−]?\d+)?"
    rf"(?P<close>\))?(?P<back>[{MINUS}](?!\S))?"
    rf"(?P<tail>\s*(?:[^\W\d_]|[%‰％°℃℉'\"”“»{CURRENCY}/*\[(²³#!?†‡])[^<>:;,]{{0,24}})?"
)
CALENDAR = re.compile(  # digits of a day, an hour or a stamp, and what stands behind them
    r"\d+\s*([ap]\.?m\.?|q\d|[年月日号时時点分秒].*|(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|"
    r"de[cz])[a-z]*\.?( .*)?|z)",
    re.IGNORECASE,
)
UNIT_POWER = re.compile(r"(?<=[^\W\d_])(\^?[-\u2212][1-4]|\^?[2-4])(?!\d)")  # of m2, s-1, m^-3


def begins_as_number(cell: str) -> bool:
    """Tell whether a cell begins as a number or a date does."""
    return bool(re.match(rf"[<>+(\-−{CURRENCY}]?\s*[.,]?\d", cell.strip()))


@dataclass(frozen=True)
class Cell:
    """A number in text: `core` its digits with their signs."""

    core: str
    minus: str
    power: str  # 'e-05' or ''
    bound: str  # '<', '>' … or ''
    lead: str
    tail: str
    brackets: bool  # (12) for -12
    behind: bool  # 12- for -12
    plus: bool
    inside: bool  # € -12 for -€ 12

    @property
    def affix(self) -> tuple[str, str]:
        """What stands before and behind: currency and unit, without spaces and marks."""
        return self.lead.strip(), self.tail.strip().rstrip(MARKS).rstrip()

    @property
    def marked(self) -> bool:
        """True for a bound such as <0.01 and a mark such as 12.5*: a cell that stays as it is."""
        return bool(self.bound) or self.tail.strip()[-1:] in set(MARKS)

    def number(self, decimal: str) -> float | None:
        """Return the number, or None where its digits do not fit that decimal sign.

        A cell '<0.01' counts as half its limit, as laboratories do; '>9' as its limit.
        """
        whole, point, rest = self.core.partition(decimal)
        group = "," if decimal == "." else "."
        grouped = rf"\d*|\d{{1,3}}([{group} '])(?:\d{{2,3}}\1)*\d{{3}}"
        if not re.fullmatch(grouped, whole) or not re.fullmatch(r"\d*", rest):
            return None
        digits = re.sub(r"\D", "", whole) + (f".{rest}" if point else "")
        power = re.sub("[dD]", "e", self.power).replace("−", "-")
        number = float(digits + power) * (0.5 if self.bound[:1] in "<≤" and self.bound else 1)
        return -number if self.minus else number


def ascii_digits(text: str) -> str:
    """Return a text with the digits of every script, and full-width signs, as those of ASCII."""
    if text.isascii():
        return text
    return "".join(SIGNS.get(sign) or str(unicodedata.decimal(sign, sign)) for sign in text)


def parted(text: str) -> Cell | None:
    """Return a cell's text taken apart, or None where it is no number.

    >>> parted("−1 234,5 °C").core, parted("12 Mar"), parted("3:15")
    ('1 234,5', None, None)
    """
    match = NUMBER.fullmatch(ascii_digits(text.strip()))
    if not match:
        return None
    get = {name: part or "" for name, part in match.groupdict().items()}
    if bool(get["open"]) != bool(get["close"]):
        return None
    if re.search(r"\d", UNIT_POWER.sub("", get["tail"])):
        return None  # 2024-03 and 10h30 hold no unit
    if CALENDAR.fullmatch(get["core"] + get["tail"]):
        return None
    power = re.sub(r"^\s?[x×*]\s?10\s?\^?\s?", "e", get["power"]).strip()
    minus = next((s for s in (get["sign"], get["inner"], get["back"]) if s.strip(" +")), "")
    cell = Cell(
        re.sub(f"[{SPACES}]", " ", get["core"]).replace("’", "'"),
        minus or "-" * bool(get["open"]),
        power,
        get["bound"],
        get["lead"],
        get["tail"],
        bool(get["open"]),
        bool(get["back"]),
        "+" in get["sign"] + get["inner"],
        bool(get["inner"] and get["lead"]),
    )
    return None if cell.number(".") is None and cell.number(",") is None else cell


@dataclass(frozen=True)
class Manner:
    """How a column writes numbers; `write` gives a new one in the same way."""

    example: Cell
    frame: tuple[str, str]  # the text before and behind a number, with its spaces
    decimal: str
    group: str  # the sign between thousands, as it stands in the text, or ''
    group_from: int  # digits from which numbers are grouped
    fewest: int  # digits after the decimal sign
    most: int
    exact: int  # significant digits at most
    power: str  # 'all', 'some' or ''
    zeros: int  # width to which zeros pad, or 0
    plus: bool  # +3 for 3
    bare: bool  # .5 for 0.5
    size: int = 3  # digits of a group but the last: 2 in India
    zero: str = "0"  # of the script
    signs: dict = field(default_factory=dict)  # {'.': '．'} where they are not those of ASCII

    @classmethod
    def of(cls, texts: Any, decimal: str = ".", affix: tuple[str, str] = ("", "")) -> "Manner":
        """Return the manner of a column by some of its texts; what is no number is left out.

        >>> Manner.of(["1,051.50", "998.00"]).write(1234.5)
        '1,234.50'
        """
        known = [(text.strip(), cell) for text in texts if (cell := parted(text))]
        known = [(t, c) for t, c in known if c.affix == affix and c.number(decimal) is not None]
        plain = [(text, cell) for text, cell in known if not cell.marked] or known
        if not plain:
            return cls(parted("0"), ("", ""), decimal, "", 0, 0, 6, 6, "some", 0, False, False)
        cells = [cell for _, cell in plain]
        whole, rest = zip(*(cell.core.partition(decimal)[::2] for cell in cells), strict=True)
        grouped = [size for size in map(len, whole) if size > 3]
        split = [(text, w) for (text, _), w in zip(plain, whole, strict=True) if not w.isdigit()]
        split = [(text, w) for text, w in split if w]
        group = re.search(rf"\d([.,'’{SPACES}])\d{{3}}", split[0][0])[1] if split else ""
        digits = [len(re.sub(r"\D", "", w)) for w in whole]
        sizes = Counter(map(len, rest))
        usual = [size for size, count in sizes.items() if count >= RARE * len(rest)]
        powers = sum(bool(cell.power) for cell in cells)
        padded = {len(w) for w in whole if len(w) > 1 and w[0] == "0"}
        return cls(
            next((cell for cell in cells if cell.minus), cells[0]),
            (cells[0].lead, cells[0].tail),
            decimal,
            group,
            min((len(re.sub(r"\D", "", w)) for _, w in split), default=4) if grouped else 4,
            min(usual if any(text.endswith("0") for text in rest) else map(len, rest)),
            max(usual),
            max(len(re.sub(r"\D", "", cell.core).lstrip("0")) for cell in cells) or 1,
            ("all" if powers == len(cells) else "some") if powers else "",
            max(digits) if padded == {max(digits)} else 0,
            any(cell.plus for cell in cells),
            "" in whole,
            2 if any(re.search(r"\D\d\d\D", w) for _, w in split) else 3,
            next((chr(ord(d) - int(d)) for text, _ in plain for d in text if d.isdecimal()), "0"),
            {SIGNS[sign]: sign for text, _ in plain for sign in text if sign in SIGNS},
        )

    def write(self, value: float) -> str:
        """Return a number as this column writes it, with as many digits as the column shows."""
        value = float(value)
        text = self._power(abs(value)) if self.power else self._fixed(abs(value))
        negative = value < 0 and re.search("[1-9]", text)
        before, behind = self.frame
        text = text.replace(".", "\0").replace(",", self.group).replace("\0", self.decimal)
        text = "".join(chr(ord(self.zero) + int(c)) if c.isdecimal() else c for c in text)
        text = "".join(self.signs.get(sign, sign) for sign in text)
        if not negative:
            return before + "+" * self.plus + text + behind
        if self.example.brackets:
            return f"({before}{text}){behind}"
        minus = self.example.minus or "-"
        if self.example.behind:
            return before + text + minus + behind
        return (before + minus if self.example.inside else minus + before) + text + behind

    def _power(self, value):
        if self.power == "all":
            text = f"{value:.{self.most}e}"
            mark = next((sign for sign in self.example.power if sign in "eEdD"), "e")
            return text.replace("e", mark).replace("-", "−" if "−" in self.example.power else "-")
        return format(value, f".{self.exact}g")

    def _fixed(self, value):
        most = self.most
        if self.fewest < most and value:  # zeros are dropped: significant digits count
            most = max(0, min(most, self.exact - int(f"{value:e}".partition("e")[2]) - 1))
        text = f"{value:.{most}f}"
        if "." in text:
            spare = len(text) - len(text.rstrip("0"))
            text = text[: len(text) - min(spare, max(0, most - self.fewest))].rstrip(".")
        whole, point, rest = text.partition(".")
        if self.group and len(whole) >= self.group_from:
            whole = re.sub(rf"(?<=\d)(?=(\d{{{self.size}}})*\d{{3}}$)", ",", whole)
        if self.bare and whole == "0" and rest:
            whole = ""
        return whole.zfill(self.zeros) + point + rest
