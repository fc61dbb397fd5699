"""Words and their times: from an alignment of tokens to words that a reader would call so, span by span."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from faster_whisper.transcribe import merge_punctuations

from core.transcript import Word
from worker.engine.spans import Span

_OPENING: Final = "\"'“¿([{-"
_CLOSING: Final = "\"'.。,，!！?？:：”)]}、"  # noqa: RUF001 - the punctuation of other scripts is what is meant
"""Whisper's `prepend_punctuations` and `append_punctuations`: no words of their own."""
_SENTENCE_ENDS: Final = ".。!！?？"  # noqa: RUF001
_LONGEST_MEDIAN_SECONDS: Final = 0.7
"""Whisper's bound on what it takes for the usual length of a word."""


def words_of_spans(
    alignment: Sequence[Mapping[str, Any]], spans: Sequence[Span], *, end_of_text: int, offset: float, duration: float
) -> list[tuple[Word, ...]]:
    """Return the words of each span, in the time of the whole audio.

    Args:
        alignment: faster-whisper's: `word`, `tokens`, `start`, `end`, `probability` of each, times within the window.
        spans: What was aligned, in order.
        end_of_text: First of the special tokens; text tokens are below.
        offset: Where the window begins, in seconds.
        duration: Length of the audio in the window in seconds; no word ends later.
    """
    timings = [dict(timing) for timing in alignment]
    _shorten_at_sentences(timings)
    merge_punctuations(timings, _OPENING, _CLOSING)
    found: list[tuple[Word, ...]] = []
    position = 0
    missing = 0
    for span in spans:
        # A word that reaches into this span, and belongs to the one before, has taken some of its tokens.
        missing += sum(token < end_of_text for token in span.tokens)
        words: list[Word] = []
        while missing > 0 and position < len(timings):
            timing = timings[position]
            position += 1
            missing -= len(timing["tokens"])
            if timing["word"]:
                start, end = (offset + min(max(float(timing[edge]), 0.0), duration) for edge in ("start", "end"))
                words.append(
                    Word(
                        word=timing["word"],
                        start=round(start, 3),
                        end=round(end, 3),
                        probability=float(timing["probability"]),
                    )
                )
        found.append(tuple(words))
    return found


def _shorten_at_sentences(timings: Sequence[dict[str, Any]]) -> None:
    """Take the pause between two sentences out of the words around it, to which the alignment gives it (as Whisper)."""
    lengths = [length for timing in timings if (length := timing["end"] - timing["start"]) > 0]
    if not lengths:
        return
    longest = 2 * min(_LONGEST_MEDIAN_SECONDS, statistics.median(lengths))
    for before, timing in itertools.pairwise(timings):
        if timing["end"] - timing["start"] <= longest:
            continue
        if timing["word"] in _SENTENCE_ENDS:
            timing["end"] = timing["start"] + longest
        elif before["word"] in _SENTENCE_ENDS:
            timing["start"] = timing["end"] - longest
