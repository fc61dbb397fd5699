"""Tells a WAV file that was cut short from a short one: FFmpeg looks only at what is there."""

import os
import struct
from pathlib import Path

_UNKNOWN_BYTES = 0x7FFF_0000
"""A WAV written to a pipe declares about 2 or 4 GiB of data, which means "unknown"."""


def missing_bytes(media: Path) -> int:
    """Return how many of the bytes of audio that a RIFF/WAVE header declares are not in the file; 0 for other files.

    The layout is that of Microsoft's and IBM's "Multimedia Programming Interface and Data Specifications 1.0" (1991):
    chunks of a four-letter name, a 32-bit little-endian size and as many bytes, padded to an even count.
    """
    with media.open("rb") as file:
        riff = file.read(12)
        if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
            return 0
        while len(header := file.read(8)) == struct.calcsize("<4sI"):
            name, declared = struct.unpack("<4sI", header)
            if name == b"data":
                there = os.fstat(file.fileno()).st_size - file.tell()
                return max(0, declared - there) if declared < _UNKNOWN_BYTES else 0
            file.seek(declared + declared % 2, os.SEEK_CUR)
    return 0
