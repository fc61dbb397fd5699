"""The words of a text as they are looked for: the same for every index, so that both find the same.

Case, diacritics and compatible forms are one: `Café`, `cafe` and full-width letters. Where a script sets no spaces,
each of its characters is a word, and what is looked for is a phrase of them (docs/decisions/0039).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

from api.corrections import UNSPACED

_BMP: Final = 0x10000
_MOST_CHARACTERS: Final = 64
"""Of a word; what is longer is a model's loop, and no index takes words of any length."""
_DIACRITICS: Final = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"  # over letters of any script
    "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc]"  # Hebrew's and Arabic's vowels
)
"""What may be left out in writing. Other marks, such as the vowels of Hindi, make another word."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, and where it stands: its characters `start` to `end`, `end` not included."""

    text: str
    start: int
    end: int


def words_of(text: str) -> Iterator[Word]:
    """Yield a text's words in order."""
    for match in _pattern().finditer(text):
        yield Word(_normal(match[0]), match.start(), match.end())


@lru_cache(maxsize=65_536)
def _normal(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    bare = _DIACRITICS.sub("", decomposed) or decomposed
    return unicodedata.normalize("NFKC", bare.casefold())[:_MOST_CHARACTERS]


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Return what matches a word; made when it is first needed, for it looks at every character."""
    marks = "".join(_marks())
    unspaced = f"{UNSPACED}\U00020000-\U0003ffff"
    return re.compile(f"[{unspaced}][{marks}]*|(?:[^\\W_{unspaced}]|[{marks}])+")


def _marks() -> Iterator[str]:
    """Yield ranges of the characters that belong to the letter before them, for a character class."""
    marks = (code for code in range(_BMP) if unicodedata.category(chr(code)).startswith("M"))
    for _, run in groupby(enumerate(marks), key=lambda each: each[1] - each[0]):
        codes = [code for _, code in run]
        yield f"{chr(codes[0])}-{chr(codes[-1])}"
