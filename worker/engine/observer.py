"""What the engine tells of itself while it works: batches, chunks, and what the guard made of them."""

from dataclasses import dataclass
from typing import Final, Protocol, Self

from core.transcript import Segment
from worker.engine.chunking import Chunk
from worker.engine.guard import Fault


@dataclass(frozen=True, slots=True)
class ChunkFigures:
    """How the text of a chunk, or of a block of the sequential way, fits what the VAD heard in it."""

    avg_logprob: float | None
    """Mean over its segments; None where nothing is said."""
    speech_coverage: float | None
    """Share of the speech that lies under text; None where there is no speech."""
    has_text_on_silence: bool
    """Whether a segment of it touches no speech at all."""

    @classmethod
    def of(cls, chunk: Chunk, segments: list[Segment]) -> Self:
        """Compare the segments of a chunk with the speech in it, both in the time of the stream."""
        texts = sorted((each.start - chunk.start_seconds, each.end - chunk.start_seconds) for each in segments)
        covered, spoken = 0.0, chunk.speech_seconds
        for begin, end in chunk.speech:
            at = begin
            for first, last in texts:
                covered += max(0.0, min(last, end) - max(first, at))
                at = max(at, min(last, end))
        return cls(
            avg_logprob=sum(each.avg_logprob for each in segments) / len(segments) if segments else None,
            speech_coverage=min(1.0, covered / spoken) if spoken > 0 else None,
            has_text_on_silence=any(
                not any(first < end and last > begin for begin, end in chunk.speech) for first, last in texts
            ),
        )


class EngineObserver(Protocol):
    """Is told, from any thread. What it does must take no time: the model waits for it."""

    def observe_batch(self, size: int, most: int, seconds: float) -> None:
        """A batch was computed: of so many requests, of as many as its kind may hold together, in so many seconds."""

    def observe_fault(self, fault: Fault) -> None:
        """A text was refused."""

    def observe_fallback(self, window: str) -> None:
        """A chunk is heard again, in a `Care` of this name."""

    def observe_chunk(self, figures: ChunkFigures) -> None:
        """A chunk has its text."""


class _Unobserved:
    """Does nothing."""

    def observe_batch(self, size: int, most: int, seconds: float) -> None:
        """Do nothing."""

    def observe_fault(self, fault: Fault) -> None:
        """Do nothing."""

    def observe_fallback(self, window: str) -> None:
        """Do nothing."""

    def observe_chunk(self, figures: ChunkFigures) -> None:
        """Do nothing."""


UNOBSERVED: Final[EngineObserver] = _Unobserved()
"""Nobody listens."""
