"""What the worker asks of an engine. Two ship with the product: faster-whisper, and a scripted one for tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What earlier attempts have committed: a transcription goes on behind it."""

    info: TranscriptInfo
    segments: Sequence[Segment]
    """In order, at least one."""

    @property
    def end_seconds(self) -> float:
        """Where to go on: the end of the last committed segment."""
        return self.segments[-1].end


@dataclass(frozen=True, slots=True)
class Transcription:
    """A transcription under way: what is known at once, and the segments as they come."""

    info: TranscriptInfo
    segments: Iterator[Segment]
    """In order, behind the checkpoint if there was one; each step may take seconds, and may raise what
    `Transcriber.transcribe` raises."""


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
    ) -> Transcription:
        """Begin to transcribe a media file, or go on with it.

        Raises:
            TranscriptionFailure: the media can't be used; its code says why.
        """
