"""Audio as Whisper hears it: 16 kHz, one channel or several apart, in windows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The decoder's child imports this module, and does without the tens of megabytes that numpy takes.
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples per second that Whisper's features are computed from."""
WINDOW_SECONDS = 10
"""Audio that is decoded, and held, at a time: many jobs hold a window each."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Decoded audio: float32 of shape (samples,), between -1 and 1, at `SAMPLE_RATE`."""

    samples: "NDArray[np.float32]"

    @property
    def duration_seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE
