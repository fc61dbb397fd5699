"""How wrong transcripts are: errors in words and characters behind Whisper's normalisers, pooled over all references.

Both sides go through Whisper's English normaliser for `en`, its basic one for other languages, and that with its
letters split for Japanese and Chinese, which set no spaces (whisper-normalizer); jiwer counts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import jiwer
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

_WITHOUT_SPACES = frozenset({"ja", "zh", "yue"})
"""Languages of which each character counts as a word."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Substituted, deleted and inserted units against so many units of reference."""

    errors: int = 0
    units: int = 0

    def __add__(self, other: "Errors") -> "Errors":
        """Return the sums."""
        return Errors(self.errors + other.errors, self.units + other.units)

    @property
    def rate(self) -> float:
        """Errors per unit of reference; not a number without one."""
        return self.errors / self.units if self.units else float("nan")


def word_errors(language: str, pairs: Iterable[tuple[str, str]]) -> Errors:
    """Return the errors in words over pairs of what was said and what was heard, in one language."""
    return _errors(jiwer.process_words, language, pairs)


def character_errors(language: str, pairs: Iterable[tuple[str, str]]) -> Errors:
    """Return the errors in characters, as `word_errors`."""
    return _errors(jiwer.process_characters, language, pairs)


def _errors(
    process: Callable[[str, str], jiwer.WordOutput | jiwer.CharacterOutput],
    language: str,
    pairs: Iterable[tuple[str, str]],
) -> Errors:
    normalise = _normaliser(language)
    total = Errors()
    for said, heard in pairs:
        counted = process(normalise(said).strip(), normalise(heard).strip())
        total += Errors(
            counted.substitutions + counted.deletions + counted.insertions,
            counted.hits + counted.substitutions + counted.deletions,
        )
    return total


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    normaliser: Callable[[str], str]
    if language == "en":
        normaliser = EnglishTextNormalizer()
    else:
        normaliser = BasicTextNormalizer(split_letters=language in _WITHOUT_SPACES)
    return normaliser
