"""How wrong transcripts are, pooled over references of all languages."""

from collections.abc import Iterable

from tests.media import Reference
from worker.golden.scoring import Errors, word_errors


def word_error_percent(heard: Iterable[tuple[Reference, str]]) -> float:
    """Return the word error rate of transcripts in percent; not a number without a reference."""
    errors = (word_errors(reference.language, [(reference.text, text)]) for reference, text in heard)
    return 100 * sum(errors, Errors()).rate
