"""Whether the two channels of a stereo recording are two speakers, as telephone systems record them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.voice_activity import FRAME_SAMPLES, VoiceActivityDetector

_CHANNELS: Final = 2
_SPEECH: Final = 0.5
"""Probability from which a frame is speech: Silero's."""
_LEAST_ALONE: Final = 0.8
"""Share of the speech in which one channel speaks and the other is silent; the rest is talk at the same time."""
_LEAST_SHARE: Final = 0.05
"""Of the speech, each channel has at least so much to itself."""


class ChannelWatch:
    """Listens to a stereo recording as it streams in.

    Speech in both channels at once is a room, a voice in the middle of the stage, or what one microphone hears of the
    other's speaker: heard channel by channel it would be written twice.
    """

    def __init__(self) -> None:
        self._detectors = [VoiceActivityDetector() for _ in range(_CHANNELS)]
        self._held = np.zeros((_CHANNELS, 0), dtype=np.float32)
        self._alone = np.zeros(_CHANNELS, dtype=int)
        self._spoken = 0

    def push(self, window: NDArray[np.float32]) -> None:
        """Listen to what comes next, shape (2, n)."""
        held = np.concatenate((self._held, window), axis=1)
        whole = held.shape[1] - held.shape[1] % FRAME_SAMPLES
        self._held = held[:, whole:].copy()
        probabilities = [
            detector.probabilities(samples) for detector, samples in zip(self._detectors, held[:, :whole], strict=True)
        ]
        speaks = np.array(probabilities) >= _SPEECH
        is_one = speaks.sum(axis=0) == 1
        self._alone += (speaks & is_one).sum(axis=1)
        self._spoken += int(speaks.any(axis=0).sum())

    @property
    def are_apart(self) -> bool:
        """Whether each channel has a speaker of its own, by what has come so far."""
        return bool(
            self._spoken
            and self._alone.sum() >= _LEAST_ALONE * self._spoken
            and self._alone.min() >= _LEAST_SHARE * self._spoken
        )
