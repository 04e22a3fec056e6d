"""The shapes of dates and clocks: which patterns there are, and in which orders fields can be read.

A *shape* is a text with each digit written as 9. Roles are the letters of strftime: Y y m d j H M S
f, q for a quarter, W and u for a week.
"""

import re
from typing import Any

from gru_lab.tables.time_words import half_of, plain

WORD = r"[^\W\d_年月日년월일時时시分분秒초]{1,12}\.?"
_SEP = (
    rf"(?:(?:st|nd|rd|th|er|º)?\s*[-/.,_:'’年月년월]\s*|(?:st|nd|rd|th|er|º)?\s+(?:de\s+|of\s+)?"
    rf"|(?<=9999)-?M(?=9)|(?<=9)(?={WORD})|(?<=[^\W\d_])(?=9))"
)
_DATES = (
    rf"(?!9{{4}}.9{{3}}\D)(?P<a>9{{1,4}}|{WORD}){_SEP}(?P<b>9{{1,3}}|{WORD}){_SEP}(?P<c>9{{4}}|9{{1,2}})\s?[日일.]?",
    rf"(?P<a>9{{1,4}}|{WORD}){_SEP}(?P<b>9{{1,4}}|{WORD})\s?[月월]?(?!(?<=9999.99)[-/.]9)",
    r"(?P<k>9{17}|9{14}|9{12}|9{10}|9{4,8})",
    r"(?P<Y>9{4})[-\s]?[qQT](?P<q>9)",
    r"[qQT](?P<q>9)[-/\s]?(?P<Y>9{4})",
    r"(?P<Y>9{4})-?W(?P<W>9{2})(?:-?(?P<u>9))?",
)
_HALF = r"(?:\s*(?P<p>[aApP]\.?\s?[mM]\.?|[aApP](?![A-Za-z])|[πμΠΜ]\.?\s?[μΜ]\.?))"
_ZONE = (
    r"(?:\s*(?P<z>[zZ]|(?:[A-Za-z]{3}\s?)?[-+−]9{1,2}:?(?:9{2})?|[A-Z][a-z]{2,9}/[A-Z]\w{2,20}|[A-Za-z]{2,5})"
    r"(?:\s*[\[(].*|\s[A-Z]{3,4})?)"
)
_FINE = r"(?:[.,:](?P<f>9{1,9}))?"
_BEFORE = r"(?:(?P<p0>[aApP]\.?[mM]\.?|上午|下午|午前|午後|오전|오후)\s*)?"


def _clock(separator, minute="9{2}"):
    return (
        rf"{_BEFORE}(?P<H>9{{1,3}}){separator}\s?(?P<M>{minute}|9(?=[분分m]))"
        rf"(?:[:.mM分분]\s?(?P<S>9{{2}}|(?<=:)9|9(?=[초秒s])){_FINE}\s?[s秒초]?|[分분m])?{_HALF}?{_ZONE}?"
    )


_SPACED = r"(?P<H>99) (?P<M>99)(?: (?P<S>99))?"
_LATER = (
    _clock("[:._hH時时시]", "9{2}|(?<=:)9"),  # 7:5 behind a date; alone it may be a score
    _SPACED,
    rf"(?P<n>9{{6}}|9{{3,4}}){_FINE}{_ZONE}?",
    rf"(?P<h>9{{1,2}})[hH時时시]?{_HALF}?{_ZONE}?",
)
_WORDS = r"(?:(?![ap]\.?\s?m\b)[a-zß-ÿа-я]{1,4}\.?\s+){0,2}"  # at, klo, a las
_GOES_ON = r"(?<=9999):|(?<=[^9]999)[:.]|(?<=9999.99.99)[._/]"  # the sign of the date
_JOIN = rf"(?:\s*(?:[Tt_,;]|{_GOES_ON}|-)\s*|\s+{_WORDS}|(?<=[日일]))"
_ALONE = (
    r"(?P<M>9{1,2}):(?P<S>9{2})[.,](?P<f>9{1,9})",
    rf"(?:(?P<D>9+)(?:\s?d(?:ays?)?,?\s*|\.(?=99:99:99)))?{_clock('[:hH時时시]')}",
    _SPACED,
    r"P(?:(?P<D>9+)D)?"  # ISO 8601, P1DT6H
    r"(?:T(?:(?P<H>9{1,3})H)?(?:(?P<M>9{1,2})M)?(?:(?P<S>9{1,2})(?:[.,](?P<f>9{1,9}))?S)?)?",
)
_CTIME = rf"(?P<a>{WORD})\s+(?P<b>9{{1,2}})\s+{_clock(':')}\s+(?P<c>9{{4}})"
PATTERNS = [
    re.compile(text)
    for text in (
        *_ALONE,
        *(date + later for date in _DATES for later in ("", *(_JOIN + clock for clock in _LATER))),
        *(_LATER[0] + rf"[\s,]\s*{date}" for date in _DATES[:1]),
        *(rf"{WORD}[.,]?\s+{_DATES[0]}" + later for later in ("", _JOIN + _LATER[0])),
        rf"(?:{WORD},?\s+)?{_CTIME}",
    )
]


def orders_of(sizes: Any) -> tuple:
    """Return the orders of roles that fields of these sizes may have: digits, or 0 for a word."""
    if sizes[-1] == 4 and len(sizes) == 3:
        return {0: ("mdY",)}.get(sizes[0], ("dmY",) if sizes[1] == 0 else ("dmY", "mdY"))
    if len(sizes) == 3:
        if sizes[0] == 4:
            return ("Ymd",) if sizes[1] <= 2 and sizes[2] <= 2 else ()
        if sizes[0] == 3:
            return ("Emd",)
        if sizes[0] == 0:
            return ("mdy",)
        if sizes[1] == 0:
            return ("dmy", "ymd") if sizes[0] == sizes[2] == 2 else ("dmy",)
        return ("dmy", "mdy", "ymd") if sizes[0] == 2 else ("dmy", "mdy") if sizes[2] == 2 else ()
    first, second = sizes
    if first == 4:
        return {3: ("Yj",), 4: ()}.get(second, ("Ym",))
    if second == 4:
        return ("mY",) if first <= 2 else ()
    if first == 0:
        return ("my", "md") if second == 2 else ("md",)
    if second == 0:
        return ("ym", "dm") if first == 2 else ("dm",)
    return ("dm", "md", "my", "ym") if first == second == 2 else ()


def understood(text: str, months: Any) -> Any:
    """Return the spans and words of a shape's fields, or None where it is no time."""
    for pattern in PATTERNS:
        match = pattern.fullmatch(text)
        if not match:
            continue
        spans = {name: match.span(name) for name, part in match.groupdict().items() if part}
        if not {*"akqWY"} & set(spans) and "9" in (match.groupdict().get("z") or ""):
            continue  # 10:00-11:00 is an hour, and no clock ahead of UTC
        words = {
            n: months.get(plain(match[n])) for n in "abc" if n in spans and "9" not in match[n]
        }
        if None in words.values() or len(words) > 1:
            continue
        half = match.groupdict().get("p") or match.groupdict().get("p0")
        if half:
            words["p"] = int(half_of(half) == "PM")
        return spans, words
    return None
