"""What the worker asks of an engine. Two ship with the product: Whisper, and a scripted one for tests."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo

NOTHING_KNOWN: Final = TranscriptInfo(language="", language_probability=0.0, duration_seconds=0.0)
"""Of passages that come before anything is known of the audio."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What earlier attempts have committed: a transcription goes on behind it."""

    info: TranscriptInfo
    segments: Sequence[Segment]
    """In order, at least one."""

    @property
    def end_seconds(self) -> float:
        """Where the last committed segment ends."""
        return self.segments[-1].end


@dataclass(frozen=True, slots=True)
class Passage:
    """A step of a transcription: segments that are committed together, and how far it has come."""

    info: TranscriptInfo
    """As known by now, `NOTHING_KNOWN` at first; the last passage has the decoded length."""
    segments: tuple[Segment, ...]
    """In order, following those of the passages before; there may be none."""
    end_seconds: float
    """Seconds from the start of the audio up to which it is done."""
    audio_seconds: float | None
    """Length of the audio: counted or, until it has ended, the header's; None if the header has none."""


class Transcriber(Protocol):
    """An engine with its model in memory, used by many threads at once."""

    @property
    def device(self) -> str:
        """Where it computes: `cpu`, `cuda`, or `none`."""

    @property
    def compute_type(self) -> str:
        """The arithmetic it uses, in CTranslate2's words."""

    def transcribe(
        self, media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        """Transcribe a media file, or go on with it; yields at least one passage. Close it to stop early.

        Every step may take seconds.

        Raises:
            TranscriptionFailure: in a step; the media can't be used, its code says why.
        """


class AroundTranscriber:
    """What adds something to another transcriber: it computes where and how that one does."""

    def __init__(self, inner: Transcriber) -> None:
        self._inner = inner

    @property
    def device(self) -> str:
        """Where it computes."""
        return self._inner.device

    @property
    def compute_type(self) -> str:
        """The arithmetic it uses."""
        return self._inner.compute_type
