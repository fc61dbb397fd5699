"""Splits what the decoder wrote at the timestamps it wrote between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_SECONDS_PER_TIMESTAMP: Final = 0.02
"""Whisper's timestamps count in steps of 20 ms (Radford et al. 2022, section 2.3)."""


@dataclass(frozen=True, slots=True)
class Span:
    """Text and its time, in seconds from the start of the window."""

    start: float
    end: float
    tokens: tuple[int, ...]
    """With the timestamps around the text, as Whisper keeps them."""


def spans(tokens: Sequence[int], *, first_timestamp: int, end_of_text: int, duration_seconds: float) -> Iterator[Span]:
    """Yield the spans of a window's tokens; text without an end ends with the audio.

    Args:
        tokens: Text and timestamps, as decoded.
        first_timestamp: Token of 0.00 s; every token from it on is a time.
        end_of_text: First of the special tokens; text tokens are below.
        duration_seconds: Length of the audio in the window, padding not counted.
    """
    start = 0.0
    span: list[int] = []
    has_text = False
    for token in tokens:
        if token >= first_timestamp:
            time = (token - first_timestamp) * _SECONDS_PER_TIMESTAMP
            if has_text:
                yield Span(start, max(start, time), (*span, token))
                span, has_text = [], False
                start = time
            else:
                start = time
                span = [token]
        elif token < end_of_text:
            if not span and start:
                span = [first_timestamp + round(start / _SECONDS_PER_TIMESTAMP)]
            span.append(token)
            has_text = True
    if has_text:
        yield Span(start, max(start, duration_seconds), tuple(span))
