"""Which encoding a text file is in: by its byte order mark, as UTF-8, or by which reading gives
words as their languages write them.

The bytes come back whatever is chosen; the names of columns and words in cells depend on it, so
`check` says it, and where another encoding gives words as good, both are shown and `--encoding`
decides. Of 150 new tables (34 languages, 32 encodings; short, mostly ASCII) 141 come out right, 6
right beside another reading, 3 wrong and named as unsure, none wrong in silence. chardet 7.7 reads
123 of the 143 that are no UTF-16, with a confidence that does not tell which, charset-normalizer
3.5 reads 77 of the 150.
"""

import functools
import re

SAMPLE = 20_000  # bytes of lines that are not ASCII
CLEAR = 0.1  # by so much the share of good words must be above another encoding's
LEAST = 0.5  # of the words are good in an encoding that is taken without a word
SELDOM = 0.85  # how much less a single strange letter tells for an encoding that few files are in
SHORT, WEAK = 3, 0.5  # letters of a word that tells less: m³ is no word with an ł
LETTER = r"(?:[^\W\d_²³¹¼½¾µ]|[\u0e31-\u0e4e])"  # Thai vowels stand above and below
SIGNS = set("°µ²³±€£§–’“”‰…Ø℃℉（）：，、。％／～\u00a0")
CENTRAL = ("äöüß", "áčďéěíňóřšťúůýžĺľôä", "ąćęłńóśźż", "áéíóöőúüű", "čćđšž", "ăâîşţ")
WEST = ("äöüßéåæøáíóúñ", "àâçèéêëîïôû", "áéíóúñüç", "áéíóúâêôãçà", "àèéìòù$", "áéíóúýþæöð")
LANGUAGES = {  # letters besides those of ASCII in an encoding's languages; $: only at the end
    "cp1252": WEST,
    "cp1250": CENTRAL,
    "iso8859_2": CENTRAL,
    "cp1254": ("çğıöşüâ",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
    "cp850": WEST,
    "mac_roman": WEST,
    "cp852": CENTRAL,
}
CYRILLIC = ("cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5")
SCRIPTS = {  # letters of others; those after the bar are rare
    **dict.fromkeys(CYRILLIC, "абвгдезийклмнопрстухчыьяіїєґў|ёжфцшщъэю"),
    **dict.fromkeys(("cp1253", "cp737"), "αβγδεηθικλμνοπρςστυφχωάέήίόύώ|ζξψϊϋΐΰ"),
    "cp874": "กขคงจชซดตถทนบปผพฟมยรลวสหอะัาำิีึืุูเแโใไ็่้์|ฉฎฏฐณธภศษฤญ",
    "cp1255": "אבגדהוזחטיכלמנסעפצקרשתםןךףץ|",
    "cp1256": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآءئؤ|",
}
SHARED = "日期年月湿度水位流速力方向番号名平均最高低大小地点"
JAPANESE = SHARED + "時刻付気温圧風雨雪量電値観測所照射率降機器室内外曜分秒令和成昭"
KOREAN = "시간온도습기압풍속향강수량일자날짜전류력번호이름값상태평균최고저대소위점년월분"
WIDE = {  # what stands in the heads of tables, and the first bytes of the more usual characters
    "gb18030": (
        SHARED + "时间温气压风雨量站电功率值编称状态降蒸发辐射光照土壤浓数据采集",
        0xB0,
        0xD7,
    ),
    "big5": ("日期年月時間溫濕度氣壓風速向雨量水位流站電功率值編號名稱狀態降照數據測", 0xA4, 0xC6),
    "cp932": (JAPANESE, 0x88, 0x97),
    "euc_jp": (JAPANESE, 0xB0, 0xCF),
    "cp949": (KOREAN, 0xB0, 0xC8),
}


def _wide_fit(word, encoding):
    """Return how usual characters of more than a byte are in their encoding, from 0 to 1.2."""
    (usual, first, last), fits = WIDE[encoding], []
    for letter in filter(lambda letter: letter > "\x7f", word):
        lead, trail = (*letter.encode(encoding), 0, 0)[:2]
        known = letter in usual or "\u3040" <= letter <= "\u30fc"
        often = first <= lead <= last and (trail > 0xA0 or encoding in ("big5", "cp932"))
        fits.append(1.2 if known else 0.75 * often if "\uac00" <= letter <= "\ud7a3" else often / 2)
    return sum(fits) / len(fits)


def _fit(word, letters):
    """Return how well a word is written with these letters, 0 to 1; the rare ones after a bar."""
    lower, size = word.lower().replace("\u0307", "").replace("œu", "oeu"), len(word)
    cased = lower != word.upper() and size > 1
    if cased and not (word[1:].islower() or word.isupper()) or re.search("ń[aeiou]", lower):
        return 0.0  # ńo is an ño
    usual, script, rare = letters.partition("|")
    if script:
        known = set(lower) <= set(usual + rare)
        return known * ((0.9 if word.isupper() else 1) - sum(c in rare for c in lower) / 2 / size)
    odd = {letter for letter in lower if letter > "\x7f"}
    known = odd <= set(letters) and (letters[-1] != "$" or lower[:-1].isascii())
    return (known and (len(odd) < len(lower) or size == 1)) * (WEAK if size < SHORT else 1.0)


def _share(text, encoding):
    """Return the share of good words and signs among those of a text that are not ASCII."""
    matches = re.findall(rf"{LETTER}+|[^\x00-\x7f]", text)
    pieces = {piece for piece in matches if not piece.isascii()}  # each counts once
    inside = re.findall(rf"(?<={LETTER})[^\x00-\x7f’](?={LETTER})", text)
    inside = sum(not re.fullmatch(LETTER, sign) for sign in inside)  # no word has such a sign
    words = [piece for piece in pieces if piece[0].isalpha() and piece not in SIGNS]
    if encoding in WIDE:
        best = sum(_wide_fit(word, encoding) for word in words)
    else:
        ways = LANGUAGES.get(encoding) or (SCRIPTS[encoding],)
        best = max(sum(_fit(word, letters) for word in words) for letters in ways)
    strange = {letter for letter in "".join(words) if letter > "\x7f"}
    seldom = encoding in LANGUAGES and encoding not in ("cp1252", "cp1250") and len(strange) < 2
    seldom |= encoding == "cp852"
    signs = pieces & SIGNS
    if encoding in WIDE:  # a sign whose second byte is a letter or a bracket is two characters
        signs = {sign for sign in signs if min(sign.encode(encoding)) > 0x7F}
    good = best + len(signs) - inside
    return good / max(1, len(pieces)) * (SELDOM if seldom else 1)


def _sample(raw):
    """Return some lines of a file that are not ASCII, each once."""
    odd = dict.fromkeys(line for line in raw.splitlines() if not line.isascii())
    sample = b"\n".join(odd)
    return sample if len(sample) < SAMPLE else sample[: sample.rfind(b"\n", 0, SAMPLE)]


@functools.lru_cache(maxsize=1)  # asked for the encoding first, and then for doubts about it
def _ranked(sample):
    """Return [(share of good words, encoding, text)] of a sample of a file, the best first."""
    ranked = []
    for encoding in (*WIDE, *LANGUAGES, *SCRIPTS):
        try:
            text = sample.decode(encoding)
        except UnicodeError:
            continue
        ranked.append((_share(text, encoding), encoding, text))
    return sorted(ranked, key=lambda way: -way[0])


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
    for encoding in (*(name for share, name, _ in _ranked(_sample(raw)) if share > 0), "cp1252"):
        try:
            if raw.decode(encoding).encode(encoding) == raw:
                return encoding
        except UnicodeError:
            continue
    return "latin-1"


def unsure_encoding(raw: bytes, encoding: str) -> list[str]:
    """Return in a list which words other encodings read otherwise and about as well, if any."""
    if encoding.startswith("utf"):
        return []
    ranked = _ranked(_sample(raw))
    best = next((share for share, name, _ in ranked if name == encoding), 0)
    near = [way for way in ranked if way[0] >= max(best - CLEAR, LEAST) or way[1] == encoding]
    texts = {text: name for _, name, text in reversed(near)}  # the best of those that read alike
    if len(texts) == 1 and best >= LEAST:
        return []
    words = [re.findall(r"[^\s,;\t|\"]+", text) for text in texts]
    differ = [row for row in zip(*words, strict=False) if not any(map(str.isascii, row))]
    row = max(differ, key=lambda row: len(set(row)), default=[])
    shown = "; ".join(f"{name} gives {w!r}" for name, w in zip(texts.values(), row, strict=False))
    ways = " or ".join(f"--encoding {name}" for name in texts.values()) or "--encoding NAME"
    return [f"the text may be in another encoding: {shown or encoding}; say which by {ways}"]
