"""Where there is speech, as faster-whisper's voice activity detector hears it in the whole of a recording."""

from collections.abc import Iterable

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

from worker.audio import SAMPLE_RATE
from worker.engine.guard import uncovered
from worker.engine.spans import Span

_OPTIONS = VadOptions(speech_pad_ms=0, min_silence_duration_ms=100)


def speech_and_missed(
    samples: NDArray[np.float32], segments: Iterable[tuple[float, float]]
) -> tuple[float, list[tuple[float, float]]]:
    """Return the seconds of speech in 16 kHz audio, and the stretches of it that segments with text don't cover.

    Segments are given by their start and end in seconds; what is too short to matter is no stretch.
    """
    speech = [
        (found["start"] / SAMPLE_RATE, found["end"] / SAMPLE_RATE) for found in get_speech_timestamps(samples, _OPTIONS)
    ]
    missed = uncovered([Span(start, end, ()) for start, end in segments], speech)
    return sum(end - begin for begin, end in speech), missed
