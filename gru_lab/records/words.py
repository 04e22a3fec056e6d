"""The fixed words of our pages in English and Chinese: one table, `words.json`, for all of them.

By its name a word has both languages, by its English text the Chinese one.
"""

import json
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from gru_lab.config import one_of

TABLE = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
BOTH = {name: [name, word] if isinstance(word, str) else word for name, word in TABLE.items()}
NAMED = [name for name, word in TABLE.items() if not isinstance(word, str)]  # of a page that trains
LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-Hans"}  # of HTML


def words(language: str = "en") -> dict[str, str]:
    """Return the fixed words by their name in a language, en or zh; ValueError for another."""
    place = LANGUAGES.index(one_of("language", language, LANGUAGES))
    return {name: both[place] for name, both in BOTH.items()}


def from_english(language: str) -> dict[str, str]:
    """Return a language's words by the English ones, for a page that was made in English."""
    texts = words(language)
    return {both[0]: texts[name] for name, both in BOTH.items()}


def saying(language: str) -> Callable[[str], Markup]:
    """Return a function from an English text of a page to the text in a language, as HTML."""
    texts = words(language)
    return lambda text: Markup(texts[text])
