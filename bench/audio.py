"""Audio for the measurements, made of the tests' clips; no two files alike, so that no cache can answer for the model.

Builders return the bytes of a whole WAV file.
"""

import io
import wave
from functools import cache
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from tests.media import references
from worker.audio import SAMPLE_RATE
from worker.decoding import opened

_CD_RATE = 44_100
_CD_CHANNELS = 2
_TELEPHONE_RATE = 8_000
_WAV_HEADER_BYTES = 44


def speech(seconds: float, variant: int) -> bytes:
    """Return speech of this length, 16 kHz mono; each variant begins with another clip, a little later."""
    clips = _clips()
    needed = round(seconds * SAMPLE_RATE)
    pieces: list[NDArray[np.int16]] = [np.zeros(variant, dtype=np.int16)]
    for piece in islice(cycle(clips), variant % len(clips), None):
        pieces.append(piece)
        if sum(map(len, pieces)) >= needed:
            break
    return _wav(np.concatenate(pieces)[:needed].tobytes(), rate=SAMPLE_RATE, channels=1)


def silence(total_bytes: int, variant: int) -> bytes:
    """Return a file of about this many bytes, 44.1 kHz stereo, silent but for the variant's number in one sample."""
    frames = (total_bytes - _WAV_HEADER_BYTES) // (2 * _CD_CHANNELS)
    samples = np.zeros(frames * _CD_CHANNELS, dtype="<i2")
    samples[-1] = variant
    return _wav(samples.tobytes(), rate=_CD_RATE, channels=_CD_CHANNELS)


def small_silence(seconds: float, variant: int) -> bytes:
    """Return a small file of this length, 8 kHz mono, silent but for the variant's number in one sample."""
    samples = np.zeros(round(seconds * _TELEPHONE_RATE), dtype="<i2")
    samples[-1] = variant
    return _wav(samples.tobytes(), rate=_TELEPHONE_RATE, channels=1)


@cache
def _clips() -> list[NDArray[np.int16]]:
    clips = []
    for each in references():
        with opened(each.path, max_seconds=60) as recording:
            clips.append(np.frombuffer(b"".join(recording.windows()), dtype="<i2"))
    return clips


def _wav(samples: bytes, *, rate: int, channels: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples)
    return file.getvalue()
