"""Tells text that was heard from text that was made up, lost or stuck, by the figures that come with it."""

import zlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from worker.engine.spans import Span
from worker.engine.whisper import Hypothesis

_MOST_COMPRESSED: Final = 2.4
_LEAST_LOGPROB: Final = -1.0
_SILENT: Final = 0.6
"""Whisper's own thresholds (`transcribe` of openai/whisper: compression ratio, log probability, no speech)."""

_BEYOND_SECONDS: Final = 0.5
"""How far behind the end of the audio a span may begin; in the padding there is nothing to hear."""
_UNCOVERED_SECONDS: Final = 1.0
"""Most speech in one piece that may go without text: a word or two, or a cough that the VAD took for one."""


class Fault(StrEnum):
    """What is wrong with the text of a window."""

    REPETITIVE = "repetitive"
    """It compresses too well, or doesn't end: the decoder is in a loop."""
    UNLIKELY = "unlikely"
    """The model itself hardly believes it."""
    BEYOND = "beyond"
    """It goes on where the audio has ended."""
    EMPTY = "empty"
    """There is speech and no text."""


def compression_ratio(text: str) -> float:
    """Return how many times zlib makes a text shorter, as Whisper counts it; 0 for none."""
    encoded = text.strip().encode()
    return len(encoded) / len(zlib.compress(encoded)) if encoded else 0.0


def is_silence(hypothesis: Hypothesis, *, has_speech: bool = True) -> bool:
    """Tell whether the model believes more in no speech than in its text (Whisper's rule).

    Where the VAD heard no speech either, its belief in no speech is enough: it makes up a "You" for silence.
    """
    is_doubtful = hypothesis.avg_logprob < _LEAST_LOGPROB or not has_speech
    return hypothesis.no_speech_prob > _SILENT and is_doubtful


def fault(
    hypothesis: Hypothesis, text: str, spans: Sequence[Span], *, speech_seconds: float, duration_seconds: float
) -> Fault | None:
    """Return the first thing that is wrong with a window's text, or None.

    Args:
        hypothesis: The text's tokens and figures.
        text: The text.
        spans: The text's pieces and their times, in seconds from the start of the window.
        speech_seconds: How much of the window the VAD took for speech.
        duration_seconds: Length of the audio in the window.
    """
    if is_silence(hypothesis):
        return None
    if hypothesis.is_cut or compression_ratio(text) > _MOST_COMPRESSED:
        return Fault.REPETITIVE
    if hypothesis.avg_logprob < _LEAST_LOGPROB:
        return Fault.UNLIKELY
    if any(span.start > duration_seconds + _BEYOND_SECONDS for span in spans):
        return Fault.BEYOND
    if not spans and speech_seconds > _UNCOVERED_SECONDS:
        return Fault.EMPTY
    return None


def uncovered(spans: Sequence[Span], speech: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the stretches of speech, in seconds, that lie between spans and are too long to go without text."""
    left: list[tuple[float, float]] = []
    for begin, end in speech:
        at = begin
        for span in spans:
            if span.end <= at:
                continue
            if span.start >= end:
                break
            if span.start - at > _UNCOVERED_SECONDS:
                left.append((at, span.start))
            at = span.end
        if end - at > _UNCOVERED_SECONDS:
            left.append((at, end))
    return left
