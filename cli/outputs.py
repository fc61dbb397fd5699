"""Transcripts as files: what formats there are, what a file is called, and that it appears whole or not at all."""

import os
import tempfile
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scriptorium import client


class Format(StrEnum):
    """How a transcript is written; `GET /result` knows them by these names."""

    TEXT = "text"
    JSON = "json"
    VERBOSE_JSON = "verbose_json"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"

    @property
    def wanted(self) -> "client.Format":
        """The same as the client has it."""
        return self.value

    @property
    def suffix(self) -> str:
        """What the name of such a file ends with."""
        return {"text": ".txt", "verbose_json": ".verbose.json"}.get(self.value, f".{self.value}")


def write_whole(path: Path, content: str) -> None:
    """Write a file so that nobody, whatever dies meanwhile, ever sees a part of it; make its folder if need be.

    Raises:
        OSError: it can't be written; an older file of that name is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())  # a temporary file is its user's alone
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems don't know it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
