"""The fixed words of pages, figures and logs in English and Chinese: one table, `words.json`.

By its name a word has both languages, by its English text the Chinese one. `{places}` in a text are
filled: those in NUMBERS with a figure, those in KEPT with what somebody else has named.
"""

import functools
import json
import re
from pathlib import Path

from gru_lab.config import one_of

TABLE = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
BOTH = {name: [name, word] if isinstance(word, str) else word for name, word in TABLE.items()}
NAMED = [name for name, word in TABLE.items() if not isinstance(word, str)]  # of a page that trains
LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-Hans"}  # of HTML
OURS = "fixed-words"  # the class of HTML whose texts are ours, and translated in a record
PLACE = re.compile(r"\{(\w+)\}")
FIGURE, NUMBERS = r"[-+\d.,]+", ("count", "number", "total", "error", "epochs")
LONGEST = 500  # letters of a sentence
KEPT = ("channel", "name", "setting", "other")
BETWEEN = re.compile(r"((?<!^\d\.)(?<=[.?!]) (?=[A-Z\d])|; )")  # sentences, or parts of one


def words(language: str = "en") -> dict[str, str]:
    """Return the fixed words by their name in a language, en or zh; ValueError for another."""
    place = LANGUAGES.index(one_of("language", language, LANGUAGES))
    return {name: both[place] for name, both in BOTH.items()}


@functools.cache
def from_english(language: str) -> dict[str, str]:
    """Return a language's words by the English ones, for a page that was made in English."""
    texts = words(language)
    return {both[0]: texts[name] for name, both in BOTH.items()}


@functools.cache
def _patterns(language):
    """Return (pattern of the English text, text) for those with places, the wordiest first."""
    pairs = [(text, other) for text, other in from_english(language).items() if PLACE.search(text)]
    pairs.sort(key=lambda pair: -len(PLACE.sub("", pair[0])))
    return [(re.compile(_pattern(text), re.IGNORECASE), other) for text, other in pairs]


def _pattern(text):
    """Return a regular expression of a text, with a group for each place."""
    parts = PLACE.split(text)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [f"(?P<{place}>{FIGURE if place in NUMBERS else '.+?'})" for place in parts[1::2]]
    return "".join(parts)


def translated(text: str, language: str = "en") -> str:
    """Return an English text of ours in a language, sentence by sentence.

    What the table does not know stays as it is.

    >>> translated("The log says: keep 2 layers. The best setting is 'dropout=0'.", "zh")
    '日志说：保持两层。最好的设置是“dropout=0”。'
    """
    if language == "en":
        return text
    known, plain = from_english(language), text.replace("\u00a0", " ")
    if plain in known:
        return known[plain]
    pieces = BETWEEN.split(plain)
    if len(pieces) > 1:
        texts = [translated(piece, language) for piece in pieces[::2]]
        blanks = ["；" if ";" in blank else " " for blank in pieces[1::2]]
        joined = "".join(map("".join, zip(texts, [*blanks, ""], strict=True)))
        return re.sub(r"(?<=[。？！]) ", "", joined) if texts != pieces[::2] else text
    # what is longer is no sentence of ours, and could keep patterns busy for hours
    for pattern, other in _patterns(language) if len(plain) <= LONGEST else ():
        if match := pattern.fullmatch(plain):
            return PLACE.sub(lambda place: _filled(place[1], match[place[1]], language), other)
    return text


def _filled(place, text, language):
    """Return what stands in a place, in a language; of a `list` each part."""
    if place in KEPT:
        return text
    parts = re.split(", | and ", text) if place == "list" else [text]
    return "、".join(translated(part, language) for part in parts)
