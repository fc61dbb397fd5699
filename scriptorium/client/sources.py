"""What is to be transcribed, and how a file of it is sent: piece by piece, from its start as often as it takes."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

Source: TypeAlias = Path | str | BinaryIO
"""A file of this machine; the URL of one, which the service fetches; or an open file, read from where it stands."""
OnUpload: TypeAlias = Callable[[int, int | None], None]
"""Is told how many bytes of a file are sent, and of how many; None if nobody knows. A new try begins at 0."""

_PIECE_BYTES: Final = 256 * 1024
_ESCAPES: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""Of names in a form, as browsers have them."""


def url_of(source: Source) -> str | None:
    """Return the URL that a source is, None of a file.

    Raises:
        ValueError: it is a string and no http or https URL.
    """
    if not isinstance(source, str):
        return None
    if not source.lower().startswith(("http://", "https://")):
        raise ValueError(f"{source!r} is no URL. A file is named by a Path.")
    return source


@contextmanager
def opened_file(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    """Yield the open file; it is closed again if it was opened here."""
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        yield file


def name_of(source: Path | BinaryIO) -> str:
    """Return what to call a file."""
    name = source if isinstance(source, Path) else getattr(source, "name", None)
    return Path(name).name if isinstance(name, str | Path) else "audio"


class Form:
    """A multipart form (RFC 7578) with some fields and, last, a file that is read while it is sent."""

    def __init__(
        self, fields: Mapping[str, str], file: BinaryIO, *, file_name: str, on_upload: OnUpload | None = None
    ) -> None:
        boundary = secrets.token_hex(16)
        head = "".join(f"{_part(boundary, name)}\r\n\r\n{value}\r\n" for name, value in fields.items())
        name = f'; filename="{file_name.translate(_ESCAPES)}"\r\nContent-Type: application/octet-stream'
        self._head = f"{head}{_part(boundary, 'file')}{name}\r\n\r\n".encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._file = file
        self._on_upload = on_upload
        self._sent = 0
        self._told: int | None = None
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.can_be_repeated = file.seekable()
        """Whether it can be sent again."""
        self._start = file.tell() if self.can_be_repeated else 0
        self._file_bytes = file.seek(0, os.SEEK_END) - self._start if self.can_be_repeated else None

    @property
    def size_bytes(self) -> int | None:
        """How long it is; None if nobody knows."""
        return None if self._file_bytes is None else len(self._head) + self._file_bytes + len(self._tail)

    def pieces(self) -> Iterator[bytes]:
        """Yield the form from its start.

        Raises:
            OSError: the file can't be read, or has become shorter.
        """
        if self.can_be_repeated:
            self._file.seek(self._start)
        self._sent, self._told = 0, None
        yield self._head
        while piece := self._file.read(self._wanted()):
            self._sent += len(piece)
            yield piece
        if self._file_bytes is not None and self._sent < self._file_bytes:
            raise OSError(f"The file had {self._file_bytes} bytes and now ends after {self._sent}.")
        yield self._tail

    def told(self) -> None:
        """Tell whoever wants to know how much of the file is sent."""
        if self._on_upload is not None and self._sent != self._told:
            self._told = self._sent
            self._on_upload(self._sent, self._file_bytes)

    def _wanted(self) -> int:
        # A file that is still being written to has the size it had: that is what was announced.
        return _PIECE_BYTES if self._file_bytes is None else min(_PIECE_BYTES, self._file_bytes - self._sent)


def _part(boundary: str, name: str) -> str:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate(_ESCAPES)}"'
