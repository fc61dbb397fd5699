"""The audio of a job as it streams in: the part that was asked for, and how much there was."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.errors import FailureCode, TranscriptionFailure
from worker.audio import SAMPLE_RATE
from worker.decoder import DecodedAudio


class ClippedAudio:
    """A decoded file from one time to another; iterates once, over windows of shape (channels, n).

    Args:
        audio: The whole.
        start_seconds: Where to begin.
        end_seconds: Where to end; None for the end of the audio.
    """

    def __init__(self, audio: DecodedAudio, *, start_seconds: float, end_seconds: float | None) -> None:
        self._audio = audio
        self._start = round(start_seconds * SAMPLE_RATE)
        self._end = None if end_seconds is None else round(end_seconds * SAMPLE_RATE)
        self._decoded = 0
        self.has_ended = False
        """Whether all has come, so that its length is known for sure."""

    @property
    def decoded_seconds(self) -> float:
        """What has come by now of the whole."""
        return self._decoded / SAMPLE_RATE

    @property
    def length_seconds(self) -> float | None:
        """Length of the whole: counted, once all has come; before, what the header says; None if it says nothing."""
        if self.has_ended:
            return self.decoded_seconds
        declared = self._audio.header_seconds
        return None if declared is None else max(declared, self.decoded_seconds)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield what lies within the clip.

        Raises:
            TranscriptionFailure: `clip_outside_audio`, or what the decoder raises.
        """
        for window in self._audio:
            first, self._decoded = self._decoded, self._decoded + window.shape[1]
            end = self._decoded if self._end is None else min(self._end, self._decoded)
            if self._start < end and first < end:
                yield window[:, max(0, self._start - first) : end - first]
            if self._end is not None and self._decoded >= self._end and self._audio.header_seconds:
                return  # nobody needs the rest
        self.has_ended = True
        if self._start >= self._decoded:
            raise TranscriptionFailure(
                FailureCode.CLIP_OUTSIDE_AUDIO,
                f"clip_start_seconds is {self._start / SAMPLE_RATE:g}; "
                f"the audio ends at {self._decoded / SAMPLE_RATE:.2f} s.",
            )
