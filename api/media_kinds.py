"""What an uploaded file is, judged by its content and never by its name. Nothing is decoded here."""

import re
from pathlib import Path

import puremagic
from tinytag import TinyTag, TinyTagException

from core.errors import UnsupportedMedia

_HEAD_BYTES = 8192
_SURE = 0.3
"""Confidence from which a match counts: puremagic gives a tenth a byte, and two bytes are in many a file by chance."""
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

BYTES_PER_SECOND_ESTIMATE = 16_000
"""Audio bytes per second assumed of a file whose header tells no length: 128 kbit/s, the common rate of MP3."""


def refuse_other_than_media(path: Path) -> None:
    """Refuse a file that certainly is neither audio nor video; the decoder judges the doubtful ones.

    Raises:
        UnsupportedMedia: it is text, or carries the signature of another kind of file.
    """
    with path.open("rb") as file:
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


def inspected_seconds(path: Path) -> float | None:
    """Return the length of the audio as the container's header tells it; None where it tells none.

    Raises:
        UnsupportedMedia: the file certainly is neither audio nor video.
    """
    refuse_other_than_media(path)
    return header_duration_seconds(path)


def header_duration_seconds(path: Path) -> float | None:
    """Return the length of the audio as the container's header tells it; None where it tells none."""
    try:
        with path.open("rb") as file:
            if _is_adts(file.read(2)):  # a bare stream of frames, which the parser would take for MP3's
                return None
            file.seek(0)
            lowest_rate = _LOWEST_WAV_RATE if file.read(4) == b"RIFF" else _LOWEST_RATE
            file.seek(0)
            duration = TinyTag.get(file_obj=file, tags=False).duration
    except (TinyTagException, OSError, ValueError, IndexError, KeyError, OverflowError):
        # Besides its own error, the parser lets those of struct and indexing through on damaged headers.
        return None
    # More than the bytes can hold is a header that lies, or a WAV from a pipe, which declares 4 GiB.
    return duration if duration and 0 < duration <= path.stat().st_size / lowest_rate else None


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
