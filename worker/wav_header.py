"""Reads how much audio a WAV file's header declares: FFmpeg tells only how much is there."""

import struct
from pathlib import Path

_UNKNOWN_BYTES = 0x7FFF_0000
"""A WAV written to a pipe declares about 2 or 4 GiB of data, which means "unknown"."""


def declared_seconds(media: Path) -> float | None:
    """Return the seconds of audio that a RIFF/WAVE header declares; None where it declares none, or is none.

    The layout is that of Microsoft's and IBM's "Multimedia Programming Interface and Data Specifications 1.0" (1991):
    chunks of a four-letter name, a 32-bit little-endian size and as many bytes, padded to an even count. `fmt ` holds
    the bytes per second at offset 8; `data` follows it.
    """
    with media.open("rb") as file:
        riff = file.read(12)
        if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
            return None
        bytes_per_second = 0
        while len(header := file.read(8)) == struct.calcsize("<4sI"):
            name, size = struct.unpack("<4sI", header)
            if name == b"data":
                return size / bytes_per_second if bytes_per_second and size < _UNKNOWN_BYTES else None
            body_start = file.tell()
            if name == b"fmt ":
                body = file.read(12)
                bytes_per_second = struct.unpack_from("<I", body, 8)[0] if len(body) == 12 else 0  # noqa: PLR2004
            file.seek(body_start + size + size % 2)
    return None
