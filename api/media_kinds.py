"""What an uploaded file is, judged by its content and never by its name. Nothing is decoded here."""

import io
import os
import re
from typing import BinaryIO, cast

import puremagic
from tinytag import TinyTag, TinyTagException

from core.errors import UnsupportedMedia

_HEAD_BYTES = 8192
_SURE = 0.3
"""Confidence from which a match counts: puremagic gives a tenth a byte, and two bytes are in many a file by chance."""
_CERTAIN = 0.4
"""The same where a match is to say what a file is, and not what it isn't: four bytes."""
_CONTAINERS = ("audio/", "video/", "application/ogg", "application/mxf", "application/x-matroska")
_AMR = b"#!AMR"
"""What bare AMR begins with (RFC 4867, section 5); puremagic takes it for a script."""
_KNOWN = re.compile(rb"RIFF.{4}WAVE|fLaC|OggS|ID3", re.DOTALL)
"""What most uploads begin with: no search through puremagic's thousand signatures for these."""
_TEXT_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")

_LOWEST_RATE = 100
"""Bytes per second that no audio is under: silent Opus takes about 200."""
_LOWEST_WAV_RATE = 1000
"""The same for WAV, whose leanest codec, GSM 6.10, takes 1,625."""

_HEADER_BYTES = 1024 * 1024
_HEADER_CALLS = 50_000
"""What the parser of headers may read, and how often it may read or seek, which takes it about 50 ms. Honest headers
need a fraction; a crafted one has it walk through the whole file byte by byte, or take the file into memory."""
_OGG_END_BYTES = 64 * 1024
"""No page of Ogg is larger: 65,307 bytes (RFC 3533, section 6)."""

BYTES_PER_SECOND_ESTIMATE = 16_000
"""Audio bytes per second assumed of a file whose header tells no length: 128 kbit/s, the common rate of MP3."""


def refuse_other_than_media(file: BinaryIO) -> None:
    """Refuse a file that certainly is neither audio nor video; the decoder judges the doubtful ones.

    Raises:
        UnsupportedMedia: it is text, or carries the signature of another kind of file.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if _KNOWN.match(head):
        return
    if _is_text(head):
        raise UnsupportedMedia("The file holds plain text. Send an audio or video file.")
    if head.startswith(_AMR):
        return
    kinds = _signatures(head)
    if any(kind.startswith(_CONTAINERS) for kind, _ in kinds):
        return
    for kind, confidence in kinds:
        if kind and confidence >= _SURE:
            raise UnsupportedMedia(f"The file is {kind}. Send an audio or video file.")


def begins_as_container(head: bytes) -> bool:
    """Tell whether a file begins as a container of sound or pictures does, and not as bare samples might."""
    head = head[:_HEAD_BYTES]
    if _KNOWN.match(head) or head.startswith(_AMR):
        return True
    return any(kind.startswith(_CONTAINERS) and confidence >= _CERTAIN for kind, confidence in _signatures(head))


def inspected_seconds(file: BinaryIO) -> float | None:
    """Return the length of the audio as the container's header tells it; None where it tells none.

    Raises:
        UnsupportedMedia: the file certainly is neither audio nor video.
    """
    refuse_other_than_media(file)
    return header_duration_seconds(file)


def header_duration_seconds(file: BinaryIO) -> float | None:
    """Return the length of the audio as the container's header tells it; None where it tells none that can be read.

    Costs the same for a crafted file and for a large one: some milliseconds, and no more than a megabyte.
    """
    try:
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(4)
        if _is_adts(head[:2]):  # a bare stream of frames, which the parser would take for MP3's
            return None
        lowest_rate = _LOWEST_WAV_RATE if head == b"RIFF" else _LOWEST_RATE
        readable = _Bounded(_ogg_ends(file) if head == b"OggS" else file)
        duration = TinyTag.get(file_obj=cast("BinaryIO", readable), tags=False).duration
    except (TinyTagException, OSError, ValueError, IndexError, KeyError, OverflowError):
        # Besides its own error, the parser lets those of struct and indexing through on damaged headers.
        return None
    # More than the bytes can hold is a header that lies, or a WAV from a pipe, which declares 4 GiB.
    return duration if duration and 0 < duration <= size_bytes / lowest_rate else None


class _Bounded:
    """A file as far as the parser uses one; it ends in an error where no honest header leads."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._calls_left = _HEADER_CALLS
        self._bytes_left = _HEADER_BYTES
        file.seek(0)

    def read(self, size: int = -1, /) -> bytes:
        self._count()
        data = self._file.read(self._bytes_left + 1 if size < 0 else min(size, self._bytes_left + 1))
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise OSError("The header asks for too many bytes.")
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._count()
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def _count(self) -> None:
        self._calls_left -= 1
        if self._calls_left < 0:
            raise OSError("The header leads to too many places.")


def _ogg_ends(file: BinaryIO) -> BinaryIO:
    """Return the first and the last pages of a long Ogg file: the length is on the last one, the rate on the first."""
    size = file.seek(0, os.SEEK_END)
    if size <= 2 * _OGG_END_BYTES:
        return file
    file.seek(0)
    first = file.read(_OGG_END_BYTES)
    file.seek(size - _OGG_END_BYTES)
    last = file.read()
    return io.BytesIO(first[: first.rfind(b"OggS")] + last[max(0, last.find(b"OggS")) :])


def _is_adts(head: bytes) -> bool:
    """Tell a bare AAC stream: twelve bits of syncword and two of layer, all zero (ISO/IEC 13818-7, 6.2)."""
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0  # noqa: PLR2004


def _signatures(head: bytes) -> list[tuple[str, float]]:
    try:
        return [(match.mime_type, match.confidence) for match in puremagic.magic_string(head)]
    except (puremagic.PureError, ValueError):
        return []


def _is_text(head: bytes) -> bool:
    if any(byte in _TEXT_CONTROLS for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        return error.start > len(head) - 4 and len(head) == _HEAD_BYTES
    return True
