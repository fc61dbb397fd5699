"""What both ways of transcribing yield, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.transcript import Segment
from worker.engine.languages import Language


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of one channel that is done."""

    channel: int
    """From 0."""
    end_seconds: float
    """Up to where it is done, in the time of the whole audio."""
    segments: Sequence[Segment]
    """In order, their ids not yet given; none where nothing is said."""
    language: Language
    """Of the recording, as far as it is heard."""
