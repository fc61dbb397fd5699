"""Which language a recording is in, by the vote of several of its windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and how certain it is."""

    code: str
    """Whisper's."""
    probability: float = 1.0
    """1 if it was given, not detected."""


NO_SPEECH: Final = Language("en", 0.0)
"""What is said of audio in which nobody speaks."""


def vote(probabilities: Sequence[Mapping[str, float]], weights: Sequence[float]) -> Language:
    """Return the likeliest language.

    Args:
        probabilities: Of every language, for each window; at least one window.
        weights: What each window counts, its seconds. Above 0.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    for of_window, weight in zip(probabilities, weights, strict=True):
        for code, probability in of_window.items():
            sums[code] += probability * weight
    code = max(sums, key=sums.__getitem__)
    return Language(code, sums[code] / sum(weights))
