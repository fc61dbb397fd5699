"""Transcripts made up for tests: what they say and when is the test's, the rest is like any other."""

from collections.abc import Sequence

from core.transcript import Segment, Transcript, TranscriptInfo, Word


def a_segment(
    text: str = " Hello there.",
    start: float = 0.0,
    end: float = 3.0,
    words: Sequence[Word] | None = None,
    number: int = 1,
    *,
    channel: int | None = None,
    language: str | None = None,
) -> Segment:
    return Segment(
        id=number,
        seek=0,
        start=start,
        end=end,
        text=text,
        tokens=(50364, 2425),
        temperature=0.0,
        avg_logprob=-0.25,
        compression_ratio=1.1,
        no_speech_prob=0.01,
        words=None if words is None else tuple(words),
        channel=channel,
        language=language,
    )


def a_transcript(*segments: Segment) -> Transcript:
    info = TranscriptInfo(language="en", language_probability=0.98, duration_seconds=12.5)
    return Transcript(info=info, segments=segments)
