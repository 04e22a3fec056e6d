"""Numbers as people write them in a log: 9e-05, .25, 1.2×10^-4, thousands, decimal commas, NaN."""

import math
import re
import unicodedata

POWER = re.compile(r"\s?[×x·]\s?10\s?(?:\^|\*\*)?[{(]?([-−⁻⁺]?[\d⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})[})]?")
INFINITE = r"[+-]?(?:nan|inf(?:inity|ini)?|∞)(?![A-Za-z])"


def number_pattern(decimal: str) -> str:
    """Return the pattern of a number in a log with that decimal mark."""
    thousands, point = (",'’", r"\.") if decimal == "." else (".'’", ",")
    grouped = rf"[1-9]\d{{0,2}}(?:[{thousands}]\d{{3}}){{1,5}}(?!\d)"
    exponent = r"(?:[eE][+-]?\d{1,3})?"
    whole = rf"(?:{grouped}|\d{{1,20}})(?:{point}\d{{0,25}})?"
    return rf"(?:{whole}|{point}\d{{1,25}}){exponent}|{INFINITE}"


NUMBERS = {decimal: re.compile(number_pattern(decimal)) for decimal in ".,"}


def number(text: str, decimal: str = ".") -> tuple[float, int | None] | None:
    """Return (value, decimals written) of a number's text, None where it is no number.

    `decimal` is the log's decimal mark; the other one, and an apostrophe, may part thousands.
    Decimals are None for NaN and infinity. `number("1,234.5")` is (1234.5, 1).
    """
    if text.strip("+-").lower()[:1] in ("n", "i", "∞"):
        if "n" in text.lower()[:2] and "inf" not in text.lower():
            return math.nan, None  # always the same object, so that two lines with it are equal
        return (-math.inf if text.startswith("-") else math.inf), None
    if not NUMBERS[decimal].fullmatch(text):
        return None
    mantissa, _, exponent = text.lower().partition("e")
    whole, point, part = mantissa.partition(decimal)
    whole = re.sub(r"\D", "", whole)
    value = float(f"{whole or 0}.{part or 0}e{exponent or 0}")
    return value, max(0, len(part) - int(exponent or 0)) if point or exponent else 0


def plain(text: str, decimal: str = ".") -> str:
    """Return a line with full-width signs, minus signs and spaces in one manner."""
    text = POWER.sub(lambda power: "e" + unicodedata.normalize("NFKC", power[1]), text)
    # 1 234 held together, or 1 000
    text = re.sub(r"(?<=\d)(?:[\u00a0\u202f](?=\d{3}(?!\d))| (?=0\d\d(?![\d.,])))", "'", text)
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u200b", "")
    # 48,0.012,0.013
    return text if decimal == "," or re.search(r"[\s;|]", text) else text.replace(",", ", ")
