"""How stored audio is answered: as what it is by its content, under a name that is no danger, whole or a part of it.

A browser plays what it gets from here or saves it; it never runs it, whatever was uploaded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from core.errors import RangeNotSatisfiable

HEAD_BYTES: Final = 512
"""Of a file, what its kind is told by."""
_UNKNOWN: Final = "application/octet-stream"
_SIGNATURES: Final = (
    (re.compile(rb"RIFF.{4}WAVE|RF64.{4}WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"RIFF.{4}AVI ", re.DOTALL), "video/x-msvideo"),
    (re.compile(rb"FORM.{4}AIF[FC]", re.DOTALL), "audio/aiff"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"OggS.{24,58}(\x80theora|fishead\0)", re.DOTALL), "video/ogg"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"#!AMR"), "audio/amr"),
    (re.compile(rb".{4}ftypM4[AB]", re.DOTALL), "audio/mp4"),
    (re.compile(rb".{4}ftypqt", re.DOTALL), "video/quicktime"),
    (re.compile(rb".{4}ftyp3g", re.DOTALL), "video/3gpp"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1aE\xdf\xa3.{0,64}webm", re.DOTALL), "video/webm"),
    (re.compile(rb"\x1aE\xdf\xa3"), "video/x-matroska"),
    # Bare frames: AAC's have layer 0, those of MPEG audio another one.
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "audio/aac"),
    (re.compile(rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]"), "audio/mpeg"),
)
_SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "audio/wav": ("wav", "wave"),
        "video/x-msvideo": ("avi",),
        "audio/aiff": ("aiff", "aif", "aifc"),
        "audio/flac": ("flac",),
        "video/ogg": ("ogv", "ogg"),
        "audio/ogg": ("ogg", "oga", "opus", "spx"),
        "audio/amr": ("amr",),
        "audio/mp4": ("m4a", "m4b", "mp4"),
        "video/quicktime": ("mov", "qt"),
        "video/3gpp": ("3gp", "3g2"),
        "video/mp4": ("mp4", "m4v", "m4a"),
        "video/webm": ("webm", "weba"),
        "video/x-matroska": ("mkv", "mka"),
        "audio/aac": ("aac",),
        "audio/mpeg": ("mp3", "mp2", "mpga"),
        _UNKNOWN: ("bin",),
    }
)
"""By media type: the suffixes that a file's name may have; the first is put behind any other."""
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/:*?<>|;\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""What ends a header or a name, and what has one read from right to left."""
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `end` of a file of `of_bytes`, `end` not included."""

    start: int
    end: int
    of_bytes: int

    @property
    def content_range(self) -> str:
        """As `Content-Range` says it."""
        return f"bytes {self.start}-{self.end - 1}/{self.of_bytes}"


def media_type(head: bytes) -> str:
    """Return a media type by a file's first bytes: one that players know, or that of bytes which nobody runs."""
    return next((kind for signature, kind in _SIGNATURES if signature.match(head)), _UNKNOWN)


def disposition(file_name: str | None, kind: str) -> str:
    """Return a `Content-Disposition` that names a file for what it is: `invoice.html` that is MP3 ends in `.mp3`."""
    name = _UNSAFE.sub("_", file_name or "audio").strip(" .") or "audio"
    suffixes = _SUFFIXES[kind]
    if name.rpartition(".")[2].lower() not in suffixes or "." not in name:
        name = f"{name}.{suffixes[0]}"
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def part_of(size_bytes: int, asked: str | None) -> Part | None:
    """Return the part that a `Range` asks for; None for the whole, also where it asks for several or in other words.

    Raises:
        RangeNotSatisfiable: it begins behind the end.
    """
    found = _RANGE.fullmatch(asked.replace(" ", "")) if asked else None
    if found is None or max(map(len, found.groups())) > _MOST_DIGITS:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        part = Part(max(0, size_bytes - int(last)), size_bytes, size_bytes)
    else:
        part = Part(int(first), min(size_bytes, int(last) + 1) if last else size_bytes, size_bytes)
        if last and int(last) < int(first):  # no range at all (RFC 9110, 14.1.1)
            return None
    if part.start >= part.end:
        raise RangeNotSatisfiable(f"The audio has {size_bytes} bytes.", size_bytes=size_bytes)
    return part
