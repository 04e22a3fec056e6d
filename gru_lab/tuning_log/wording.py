"""The words of a tuning log in English, German, French, Spanish and Chinese.

All patterns are bounded and are tried on the beginning of a line only, so that a long line takes no
longer than its length.
"""

import re
from dataclasses import fields

from gru_lab.config import RunConfig
from gru_lab.tuning_log.figures import number

NUMERALS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
NUMERALS |= {"eins": 1, "ein": 1, "eine": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6}
NUMERALS |= {"un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5}
NUMERALS |= {"uno": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5}
_WORDS = "|".join(sorted(NUMERALS, key=len, reverse=True))
NUMERALS |= dict(zip("一二三四五六七八九十", range(1, 11), strict=True)) | {"单": 1, "两": 2}
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")

_CHINESE = "[一二三四五六七八九十]{1,3}"
_N = rf"(?P<n>\d{{1,3}}|{_WORDS}|{_CHINESE}|[ivx]{{1,4}}|(?-i:[A-Z]))"
_TITLE = r"[\s:：.)）、,，–—-]{0,6}(?P<title>.*)"
_STAGE = (
    r"stage|step|part|phase|section|question|experiment|exp\.?|chapter|stufe|schritt|teil|frage"
    "|abschnitt|versuch|[ée]tape|partie|essai|etapa|fase|paso|parte|secci[oó]n|pregunta"
)
_ORDINAL = {1: "first|erste[rs]?|premi[eè]re?", 2: "second|zweite[rs]?|deuxi[eè]me"}
_ORDINAL |= {3: "third|dritte[rs]?|troisi[eè]me", 4: "fourth|vierte[rs]?|quatri[eè]me"}
_ORDINAL |= {5: "fifth|fünfte[rs]?|cinqui[eè]me", 6: "sixth|sechste[rs]?|sixi[eè]me"}
BY_WORD = (
    re.compile(
        rf"(?:{_STAGE})[\s_-]{{0,3}}(?:no\.?|nr\.?|n°|#)?\s{{0,3}}{_N}(?![\w]|\.\d)(?P<sep>\s*[:：.)、,–—-]|\s*$)?{_TITLE}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?P<sep>)第\s?{_N}\s?(?:步骤?|阶段|章|节|部分|组|次?实验|个?问题){_TITLE}", re.IGNORECASE
    ),
    re.compile(rf"(?P<sep>)(?:阶段|步骤|实验|部分|问题)\s?{_N}(?!\w){_TITLE}", re.IGNORECASE),
    re.compile(rf"[(（]?(?P<n>\d{{1,3}}(?=、)|{_CHINESE})\s?(?P<sep>[.:：)）、．]){_TITLE}"),
)
BY_ORDINAL = re.compile(
    r"(?:the )?(?:(?P<digits>\d{1,2})(?:st|nd|rd|th|[eè]re?|[eè]me|e|\.)|"
    + "|".join(f"(?P<n{place}>{words})" for place, words in _ORDINAL.items())
    + rf")\s(?:{_STAGE})(?!\w){_TITLE}",
    re.IGNORECASE,
)
BY_NUMBER = (
    re.compile(
        r"(?:[#(（\[]|n[or]\.?\s|№)?\s?(?P<n>\d{1,3})\s?(?:[.:：)）、．\]](?!\d)|\s[-–—](?=\s))\s*(?P<title>.*)"
    ),
    re.compile(r"[(（]?(?P<n>[IVX]{1,4})\s?[.:：)）、．]\s*(?P<title>.*)"),
)
BARE = (  # of a heading that is the next one
    re.compile(r"(?P<n>\d{1,3})(?:\s+(?P<title>[^\d\s].*))?$"),
    re.compile(r"(?P<n>[A-Z])[.:)]\s+(?P<title>.*)"),
)
BELOW = re.compile(r"(?P<n>\d{1,3})\.\d{1,3}[.\d]{0,9}[.:)]?\s*(?P<title>.*)")

_COUNT = r"(\d{1,3}(?:[.,'’\u00a0\u202f]\d{3}){1,3}(?!\d)|\d{1,9})(?![.,]?\d|[eE]\d|\s?[-–]\s?\d)"
_EPOCHS = r"(?:迭代次数|轮[次数]|epoch(?:s|en)|_epoch|[ée]po(?:que|ca)s|epochenzahl)(?![A-Za-z])"
EPOCHS = re.compile(
    rf"{_EPOCHS}(?:\D{{0,6}}?|[^\d:=：]{{0,30}}[:=：]\s{{0,3}}){_COUNT}", re.IGNORECASE
)
COUNT_FIRST = re.compile(
    rf"(?!.{{0,80}}(?:last|letzten|derni[eè]re?s|[úu]ltim[oa]s|最后))[^\d=,，]{{0,80}}{_COUNT}\s?"
    rf"(?:{_EPOCHS}|个\s?epoch|轮|次迭代)[^\d=]{{0,80}}",
    re.IGNORECASE,
)
PROGRESS = re.compile(
    r"(?:epoche?|[ée]po(?:que|ca))\s?[:=：]?\s?(\d{1,9})(?:\s?/\s?\d{1,9})?[:.]?", re.IGNORECASE
)
RATE = re.compile(
    r"(?:initial )?(?:LR|学习率(?:设|取)?|learning[ _-]?rate|lernrate"
    r"|(?:taux|pas|tasa) d(?:['’]|e )app?ren[a-z]{5,8})"
    r"\s{0,3}(?:[=:：]|is|of|为|von|de)?\s{0,3}(?P<value>[\d.,][\d.,]{0,30}(?:e[+-−]?\d{1,3})?)[.。]?",
    re.IGNORECASE,
)
SECONDS = re.compile(
    r"(?:(?:time|took|zeit|dauer|temps|dur[ée]e|用时|耗时)\s?[:：=]?\s?)?"
    r"(?P<value>\d{1,9}(?:[.,]\d{1,9})?)\s?(?P<unit>s(?:ec(?:onde?)?s?|ekunden|egundos)?|秒"
    r"|m(?:in(?:ut[eo]?[ns]?)?)|分钟?|h(?:ours?|eures?|oras?)?|stunden?|小时)\.?",
    re.IGNORECASE,
)
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2}(?:\.\d{1,9})?)")
CONCLUSION = re.compile(
    r"[*_]{0,3}(?:en )?"
    r"(?:(?:conclusi[oó]n(?:e?s)?|结论|fazit|schlu(?:ss|ß)folgerung(?:en)?)(?![A-Za-zà-ÿ])"
    r"|(?:小结|总结|决定|结果|d[eé]cisi[oó]n|summary|takeaways?|schlu(?:ss|ß)|zusammenfassung"
    r"|ergebnis(?:se)?|bilan|entscheidung|r[eé]sult(?:at|ado)?s?|r[ée]sum[ée]|resumen)"
    r"[*_]{0,3}\s?(?=[:：，,]|$))"
    r"[*_]{0,3}\s{0,3}[:：，,=–—.-]{0,2}[*_]{0,3}\s{0,3}",
    re.IGNORECASE,
)
# lines of a log of one's own that say what it rests on: read by people only
NOTE = re.compile(
    r"(?:knob|claim|data|fixed|seeds?|ruler|参数|主张|数据|其余设置|种子|衡量方式)\s?[:：]",
    re.IGNORECASE,
)
VERDICT = re.compile(
    r"(?:verdict|判定)\s?[:：]\s{0,3}(?=supported|not supported|artefact of the ruler|cannot tell"
    r"|支持|不支持|由衡量方式造成|无法判断)",
    re.IGNORECASE,
)
DECIDES = (
    r"(?:保持|设为|取|选|用|\b(?:set(?: it)? to|keep|take|use|adopt|choose|stay with|go with"
    r"|behalten|nehmen|setzen?(?: auf)?|nimm|wähle[nr]?|bleib\w{0,3} bei"
    r"|gard(?:er|ons|e)|prend(?:re|s)|prenons|chois(?:ir|issons|is)|conserv(?:er|ons)))\W{0,10}"
)
DECIDES_BEFORE = r"(?:beibehalten|behalten|nehmen|wählen|verwenden)\b"
LAYERS = re.compile(
    rf"layers\s?[=:]\s?(\d{{1,3}})|(\d{{1,3}}|{_WORDS}|[一二三四单两])"
    r"[\s-]?(?:层|layers?\b|schicht(?:en)?\b|lagen?\b|couches?\b|capas?\b)",
    re.IGNORECASE,
)
STATEMENT = re.compile(r"([^\d:=：]{1,60})[:=：]\s{0,3}\d{1,9}[.。]?")
# a run of which there are no figures
EMPTY = re.compile(
    r"(?:(?:n/?a|none|null|nan|oom|-{1,2}(?!-)|[–—]|(?:fail|crash|kill|abort|abge|[ée]chou|失败|崩溃|中断)\w*)"
    r"[\s,;|./!。]*){1,3}",
    re.IGNORECASE,
)
PARTS = re.compile(r"[,，;；]\s|\s(?:and|und|et|y)\s")  # of a line that states several things
COLUMNS = {  # of a table, beside the figures
    "label": r"settings?|runs?|labels?|names?|config(?:uration)?s?|einstellung|r[ée]glage"
    r"|设置|参数|组",
    "seed": r"seeds?|种子",
    "seconds": r"time|seconds?|sec|s|zeit|dauer|temps|dur[ée]e|用时|时间",
    "note": r"#|n[or]\.?|id|index|date|datum|编号|序号|日期|notes?|remarks?|comments?|conclusions?"
    "|verdict|bemerkung|remarque|备注|结论",
}


def count(text: str) -> int:
    """Return a whole number that may have marks between its thousands."""
    return int(re.sub(r"\D", "", text))


def numeral(text: str, expected: int = 0) -> int:
    """Return the number that digits, a word, a Roman or Chinese numeral or a letter stand for; of
    two readings the `expected` one.
    """
    if text.isdecimal():
        return int(text)
    text = text.lower()
    if "十" in text:
        tens, ones = (NUMERALS.get(part, 0) for part in text.split("十", 1))
        return 10 * (tens or 1) + ones
    readings = [NUMERALS.get(text, 0), _ROMAN.index(text) + 1 if text in _ROMAN else 0]
    readings += [ord(text) - ord("a") + 1] if len(text) == 1 and text.isascii() else []
    readings = [*filter(None, readings)]
    return expected if expected in readings else readings[0]


def seconds_of(text: str, bare: bool = False) -> float | None:
    """Return the seconds in '12.5 s', 'took 3 min' or '1 h'; in a `bare` cell also '00:03', '8'."""
    clock = CLOCK.fullmatch(text) if bare else None
    if clock:
        hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        return 3600 * hours + 60 * minutes + seconds
    match = SECONDS.fullmatch(f"{text} s" if bare and text[-1:].isdigit() else text)
    if match is None:
        return None
    unit = match["unit"][0].lower()
    scale = (
        60 if unit in "m分" else 3600 if unit in "h小" or match["unit"].lower()[:2] == "st" else 1
    )
    return float(match["value"].replace(",", ".")) * scale


def ordinal(match: re.Match) -> int:
    """Return the number that a match of BY_ORDINAL stands for."""
    if match["digits"]:
        return int(match["digits"])
    return next(place for place in _ORDINAL if match[f"n{place}"])


def stated_in(text: str, decimal: str, alone: bool = False) -> dict[str, float]:
    """Return {'epochs': 50, 'learning_rate': 0.001} of a line that states them, and {} of others;
    epochs within a sentence count unless they must stand `alone`.
    """
    parts = [_of_part(part.strip(), decimal) for part in PARTS.split(text)]
    if all(parts):
        return {name: value for part in parts for name, value in part.items()}
    epochs = None if alone else EPOCHS.search(text)
    if not epochs or "=" in text[: epochs.start(1)].rstrip("= :："):
        return {}
    return {"epochs": count(epochs[1])}


def _of_part(text, decimal):
    if rate := RATE.fullmatch(text):
        digits = rate["value"].rstrip(".,").replace("\u2212", "-")
        rates = [value for sign in (decimal, ".", ",") if (value := number(digits, sign))]
        return {"learning_rate": rates[0][0]} if rates else {}
    epochs = EPOCHS.search(text) or COUNT_FIRST.fullmatch(text)
    whole = epochs and not re.search(r"[\d=,，]", text[: epochs.start(1)].rstrip("= "))
    return {"epochs": count(epochs[1])} if whole else {}


def states_unknown(text: str) -> bool:
    """Tell whether a line states a whole number of something that is no setting of a run."""
    match = STATEMENT.fullmatch(text)
    name = match[1].strip().lower().replace(" ", "_") if match else ""
    return bool(match) and not any(name in known.name for known in fields(RunConfig))
