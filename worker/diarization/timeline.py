"""Who speaks when, as far as voices tell."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one voice speaks."""

    start: float
    """Seconds from the start of the audio."""
    end: float
    """Seconds from the start of the audio."""
    voice: int
    """Any number, the same for all turns of a voice."""


class Timeline:
    """Turns that don't overlap.

    Args:
        turns: In order.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns = tuple(turns)
        self._starts = [turn.start for turn in turns]

    def voice(self, start: float, end: float) -> int | None:
        """Return whose voice is heard most between two times, or nearest to them; None if nobody ever speaks."""
        first = max(0, bisect_right(self._starts, start) - 1)
        seconds: defaultdict[int, float] = defaultdict(float)
        for turn in self.turns[first : bisect_right(self._starts, end) + 1]:
            # Below 0 where it lies apart: by as much as is between.
            shared = min(end, turn.end) - max(start, turn.start)
            if shared > 0:
                seconds[turn.voice] += shared
            else:
                seconds.setdefault(turn.voice, shared)
        return max(seconds, key=seconds.__getitem__, default=None)

    def later_by(self, seconds: float) -> "Timeline":
        """Return the same turns, so much later."""
        return Timeline([replace(turn, start=turn.start + seconds, end=turn.end + seconds) for turn in self.turns])


class Diarizer(Protocol):
    """Tells voices apart, for many threads at once."""

    def timeline(
        self, audio: Iterable[NDArray[np.float32]], *, at_least: int, at_most: int
    ) -> Generator[float, None, Timeline]:
        """Yield again and again how many seconds are done, and return who speaks when.

        Args:
            audio: The stream at 16 kHz, one channel: shape (1, n) each, n as it comes.
            at_least: Voices to find.
            at_most: Voices to find.

        Raises:
            TranscriptionFailure: what the stream raises.
        """
