"""Words in time stamps: names of months in many languages, halves of the day, zones."""

import re
import unicodedata
from functools import cache
from typing import Any

LANGUAGES = (
    "en en_GB de fr es it pt nl pl sv da nb fi ru uk cs sk hr sl tr hu ro bg el ca et lt lv id vi"
).split()
ROMAN = dict(zip("i ii iii iv v vi vii viii ix x xi xii".split(), range(1, 13), strict=True))
AFTERNOON = ("p", "pm", "下午", "午後", "오후", "μμ")
FORENOON = ("a", "am", "上午", "午前", "오전", "πμ")
ZONES = {  # hours ahead of UTC
    **{"z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "west": 1, "cet": 1, "mez": 1},
    **{"cest": 2, "mesz": 2, "eet": 2, "sast": 2, "eest": 3, "msk": 3, "hkt": 8, "sgt": 8},
    **{"jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "est": -5, "edt": -4},
    **{"cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "brt": -3, "art": -3},
}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME_NAMES = (  # parts of names that columns of time go by
    "time date zeit datum stamp fecha hora tiempo heure temps giorno tempo epoch unix kellon "
    "elapsed seconds sekunden päivä tarih saat dátum дата время час 时间 時間 日期 时刻 時刻 日時 "
    "날짜 시간 시각 วันที่"
).split()
SHORT_NAMES = (
    "t ts dt data ora tid czas čas cas idő jour dia "
    "year yr jahr année annee año ano anno jaar rok år vuosi год 年 年份 연도"
).split()
PARTS = {  # how names of columns of hours, minutes and seconds begin
    "H": re.compile(r"h{1,2}$|ho?u?r|heure|st(d|und)|ora|godz|uur|tim|час|時|时|시", re.I),
    "M": re.compile(r"m{1,2}$|mi?n|мин|分|분", re.I),
    "S": re.compile(r"s{1,2}$|se[ckg]|сек|秒|초", re.I),
}


def named_like_time(name: object) -> bool:
    """Tell whether a column's name is one that columns of time go by, in many languages."""
    lower = str(name).lower()
    return lower.strip("_ ") in SHORT_NAMES or any(word in lower for word in TIME_NAMES)


def looks_like_time(name: object, column: Any) -> bool:
    """Tell whether a column of text may be a time: by its cells or name, or if none comes twice."""
    texts = column.dropna().astype(str).head(200)
    digits = (texts.str.count(r"\d") >= 3).mean() > 0.5
    if len(texts) == 0 or texts.str.len().max() > 48:
        return False
    marks = texts.str.contains(r"^\D{0,10}\d{1,4}[-/.:年]\d{1,2}[-/.:月]\d{1,4}|\b\d\d?:\d\d\b")
    return bool(marks.mean() > 0.5 or (digits and (named_like_time(name) or texts.is_unique)))


def plain(word: str) -> str:
    """Return a word in small letters, without accents and points."""
    bare = unicodedata.normalize("NFKD", word.casefold().strip(" .,"))
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


def bare_half(text: str) -> str:
    """Return a half of the day in small letters, without points and spaces: 'pm' for 'P. M.'."""
    return plain(text).replace(".", "").replace(" ", "")


def half_of(text: str) -> str:
    """Return 'AM' or 'PM' for a half of the day in any writing, '' for any other text."""
    bare = bare_half(text)
    return "PM" if bare in AFTERNOON else "AM" if bare in FORENOON else ""


@cache
def _months(language):
    """Return {name: number of the month} of a language: long, short, and by the first letters."""
    from babel.dates import get_month_names

    names = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, context, locale=language).items():
                names.setdefault(plain(name), number)
                names.setdefault(plain(name)[:3], number)
    wide = [plain(name) for name in get_month_names("wide", locale=language).values()]
    for short in {name[:3] for name in wide}:  # Juin and Juillet begin alike
        if sum(name.startswith(short) for name in wide) > 1 and short not in wide:
            names.pop(short, None)
    return names | ({"mrz": 3} if language == "de" else {})


def months_of(words: set[str]) -> dict[str, int]:
    """Return {word: number of the month}, by the language that knows most of the words.

    >>> months_of({"Mai", "Okt.", "Tue"})
    {'mai': 5, 'okt': 10}
    """
    known_words = sorted({plain(word) for word in words} - {"", "t", *ZONES, *WEEKDAYS, *AFTERNOON})
    best = {}
    for language in ("roman", *LANGUAGES) if known_words else ():
        names = ROMAN if language == "roman" else _months(language)
        known = {word: names[word] for word in known_words if word in names and not word.isdigit()}
        if len(known) > len(best):
            best = known
        if len(best) == len(known_words):
            break
    return best
