"""What the worker asks of an engine. Two ship with the product: faster-whisper, and a scripted one for tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo


@dataclass(frozen=True, slots=True)
class Transcription:
    """A transcription under way: what is known at once, and the segments as they come."""

    info: TranscriptInfo
    segments: Iterator[Segment]
    """In order; each step may take seconds, and may raise what `Transcriber.transcribe` raises."""


class Transcriber(Protocol):
    """An engine with its model in memory, used by many threads at once."""

    @property
    def device(self) -> str:
        """Where it computes: `cpu`, `cuda`, or `none`."""

    @property
    def compute_type(self) -> str:
        """The arithmetic it uses, in CTranslate2's words."""

    def transcribe(self, media: Path, options: TranscriptionOptions) -> Transcription:
        """Begin to transcribe a media file.

        Raises:
            TranscriptionFailure: the media can't be used; its code says why.
        """
