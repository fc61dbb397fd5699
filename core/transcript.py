"""The transcript: the output of a transcription, in the words of faster-whisper."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, field_validator

from core.pii import PiiKind


class Word(BaseModel):
    """One word, with its time in the audio and the model's probability (0 to 1) for it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    word: str
    """The word as the tokenizer joins it: with its leading space, where the language has spaces."""
    start: float
    """Seconds from the start of the audio."""
    end: float
    """Seconds from the start of the audio."""
    probability: float


class Segment(BaseModel):
    """A stretch of speech decoded at once. Field names and meanings are faster-whisper's."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: int
    """Counts from 1 within the transcript."""
    seek: int
    """First frame (10 ms) of the window the segment was decoded in."""
    start: float
    """Seconds from the start of the audio."""
    end: float
    """Seconds from the start of the audio."""
    text: str
    tokens: tuple[int, ...]
    temperature: float | None
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: tuple[Word, ...] | None = None
    channel: int | None = None
    """Number of the audio's channel, from 1; only where channels are transcribed apart."""
    speaker: int | None = None
    """Number of who speaks, from 1 in the order of appearance; only where speakers are told apart (`diarize`)."""
    language: str | None = None
    """Whisper's code of this segment's language; only where each has its own (`multilingual`)."""


class TranscriptInfo(BaseModel):
    """What is known of the audio as a whole."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    language: str
    """Whisper's code of the language, given or detected."""
    language_probability: float
    """1 if the language was given."""
    duration_seconds: float
    """Length of the decoded audio, before any clip or filter."""
    redacted: Mapping[PiiKind, int] | None = None
    """How often each kind that was looked for was taken out of the segments; None if nothing was to be redacted."""


class Transcript(BaseModel):
    """A finished transcript: its facts and its segments in order."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    info: TranscriptInfo
    segments: tuple[Segment, ...]
    """By their start. Channels that are transcribed apart are done by turns, so they come otherwise."""

    @field_validator("segments")
    @classmethod
    def _by_start(cls, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        return tuple(sorted(segments, key=lambda segment: segment.start))

    @property
    def text(self) -> str:
        """The whole text, segments joined as the model wrote them, without outer white space."""
        return "".join(segment.text for segment in self.segments).strip()
