"""Keeps what an engine tells of itself."""

from dataclasses import dataclass, field

from worker.engine.guard import Fault
from worker.engine.observer import ChunkFigures


@dataclass(frozen=True)
class Recorder:
    """An `EngineObserver`."""

    batches: list[int] = field(default_factory=list)
    """Their sizes."""
    faults: list[Fault] = field(default_factory=list)
    fallbacks: list[str] = field(default_factory=list)
    figures: list[ChunkFigures] = field(default_factory=list)

    def observe_batch(self, size: int, most: int, seconds: float) -> None:
        assert 1 <= size <= most
        assert seconds >= 0
        self.batches.append(size)

    def observe_fault(self, fault: Fault) -> None:
        self.faults.append(fault)

    def observe_fallback(self, window: str) -> None:
        self.fallbacks.append(window)

    def observe_chunk(self, figures: ChunkFigures) -> None:
        self.figures.append(figures)

    def clear(self) -> None:
        """Forget it all."""
        for each in (self.batches, self.faults, self.fallbacks, self.figures):
            each.clear()
