"""Reads the headers of WAV files: how much of the audio is missing, and how long it is.

FFmpeg looks only at what is there, and reading a length needs no FFmpeg. The layout is that of Microsoft's and IBM's
"Multimedia Programming Interface and Data Specifications 1.0" (1991): chunks of a four-letter name, a 32-bit
little-endian size and as many bytes, padded to an even count.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_UNKNOWN_BYTES = 0x7FFF_0000
"""A WAV written to a pipe declares about 2 or 4 GiB of data, which means "unknown"."""
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIH")
"""The format chunk: tag, channels, frames per second, bytes per second (often misstated), bytes per frame."""
_UNCOMPRESSED = frozenset({0x0001, 0x0003, 0xFFFE})
"""WAVE_FORMAT_PCM, _IEEE_FLOAT and _EXTENSIBLE, of <mmreg.h>: a frame is one sample of every channel."""


def missing_bytes(media: Path) -> int:
    """Return how many of the bytes of audio that a RIFF/WAVE header declares are not in the file; 0 for other files."""
    with media.open("rb") as file:
        for name, declared in _chunks(file):
            if name == b"data":
                return max(0, declared - _bytes_left(file)) if declared < _UNKNOWN_BYTES else 0
    return 0


def seconds(media: Path) -> float | None:
    """Return the length of a WAV of uncompressed samples; None for other files, and for one that isn't there."""
    bytes_per_second = 0
    try:
        with media.open("rb") as file:
            for name, declared in _chunks(file):
                if name == b"fmt " and len(content := file.read(_FORMAT.size)) == _FORMAT.size:
                    tag, _, frames_per_second, _, bytes_per_frame = _FORMAT.unpack(content)
                    if tag in _UNCOMPRESSED:
                        bytes_per_second = frames_per_second * bytes_per_frame
                if name == b"data" and bytes_per_second:
                    there = _bytes_left(file)
                    # A writer that could not go back left a zero.
                    return min(declared or there, there) / bytes_per_second
    except FileNotFoundError:
        return None
    return None


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield the name and the declared size of each chunk of a RIFF/WAVE file, with the file at the chunk's content."""
    riff = file.read(12)
    if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        return
    while len(header := file.read(_CHUNK.size)) == _CHUNK.size:
        name, declared = _CHUNK.unpack(header)
        content = file.tell()
        yield name, declared
        file.seek(content + declared + declared % 2)


def _bytes_left(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size - file.tell()
