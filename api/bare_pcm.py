"""Bare samples, as clients of whisper-asr-webservice send them (`encode=false`): what makes a WAV of them.

They are signed 16-bit samples of one channel at 16 kHz, little-endian. The header says nothing of their number, which
nobody knows before the last one has come: it declares what a WAV from a pipe does.
"""

import struct
from typing import Final

_RATE = 16_000
_SAMPLE_BYTES = 2
_PCM = 1
"""WAVE_FORMAT_PCM."""
_UNKNOWN_BYTES = 0xFFFF_FFFF

HEADER: Final = b"".join(
    (
        struct.pack("<4sI4s", b"RIFF", _UNKNOWN_BYTES, b"WAVE"),
        struct.pack("<4sIHHIIHH", b"fmt ", 16, _PCM, 1, _RATE, _RATE * _SAMPLE_BYTES, _SAMPLE_BYTES, 8 * _SAMPLE_BYTES),
        struct.pack("<4sI", b"data", _UNKNOWN_BYTES),
    )
)
"""What comes before the samples."""


def pcm_seconds(size_bytes: int) -> float:
    """Return how long so many bytes of samples sound."""
    return size_bytes / (_RATE * _SAMPLE_BYTES)
