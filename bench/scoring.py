"""How wrong transcripts are: word errors by Whisper's normalisers, pooled over all references."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import jiwer
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from tests.media import Reference

_WITHOUT_SPACES = frozenset({"ja", "zh"})
"""Languages written without spaces: their errors are counted in characters."""


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Substituted, deleted and inserted words against so many words of reference."""

    errors: int
    words: int

    @property
    def percent(self) -> float:
        """The word error rate in percent; not a number without a reference."""
        return 100 * self.errors / self.words if self.words else float("nan")


def word_errors(heard: Iterable[tuple[Reference, str]]) -> WordErrors:
    """Return the errors of transcripts, summed over their references.

    Both sides go through Whisper's English normaliser for `en`, its basic one for other languages, and that with its
    letters split for Japanese and Chinese (whisper-normalizer); jiwer counts.
    """
    errors = words = 0
    for reference, text in heard:
        normalise = _normaliser(reference.language)
        counted = jiwer.process_words(normalise(reference.text), normalise(text).strip())
        errors += counted.substitutions + counted.deletions + counted.insertions
        words += counted.hits + counted.substitutions + counted.deletions
    return WordErrors(errors, words)


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    normaliser: Callable[[str], str]
    if language == "en":
        normaliser = EnglishTextNormalizer()
    else:
        normaliser = BasicTextNormalizer(split_letters=language in _WITHOUT_SPACES)
    return normaliser
