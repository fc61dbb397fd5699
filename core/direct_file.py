"""A new file, written past the page cache and hashed on the way.

Filling the cache was the dearest part of taking an upload: its pages had to be found and cleared for bytes that nobody
reads before the worker does. The kernel takes direct writes from aligned memory, in whole blocks to aligned places
(open(2), O_DIRECT); what comes otherwise, and all of it where the file system takes none, is written as usual.
"""

import errno
import os
from contextlib import suppress
from fcntl import F_SETFL, fcntl
from pathlib import Path
from typing import Final

from blake3 import blake3

BLOCK_BYTES: Final = 4096
"""A multiple of every common disk's logical block: what memory and pieces are to be aligned to."""
_O_DIRECT: int = getattr(os, "O_DIRECT", 0)


class DirectFile:
    """Blocks; for one thread at a time."""

    def __init__(self, path: Path, mode: int) -> None:
        """Create it.

        Raises:
            OSError: it can't be, or there is one already.
        """
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        self._digest = blake3()
        self._is_direct = False
        with suppress(OSError):  # no such thing on this file system
            self._turn_direct(on=bool(_O_DIRECT))

    @property
    def blake3(self) -> str:
        """Of what was appended, in hexadecimal."""
        return self._digest.hexdigest()

    def append(self, piece: memoryview | bytearray) -> None:
        """Append.

        Past the cache go the whole blocks of pieces in aligned memory, as long as no other piece came before.

        Raises:
            OSError: it can't be written; the disk is full.
        """
        whole = len(piece) - len(piece) % BLOCK_BYTES if self._is_direct else len(piece)
        with memoryview(piece) as memory, memory[:whole] as blocks, memory[whole:] as rest:
            self._write(blocks)
            if rest:
                self._turn_direct(on=False)
                self._write(rest)
            self._digest.update(memory)

    def sync(self) -> None:
        """Wait until what was appended is on the disk.

        Raises:
            OSError: it doesn't get there.
        """
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    def _write(self, memory: memoryview) -> None:
        written = 0
        while written < len(memory):
            with memory[written:] as rest:
                written += self._written(rest)

    def _written(self, rest: memoryview) -> int:
        try:
            return os.write(self._descriptor, rest)
        except OSError as error:
            # Refused only now: memory that isn't aligned, or a write before that came to an end within a block.
            if error.errno != errno.EINVAL or not self._is_direct:
                raise
        self._turn_direct(on=False)
        return os.write(self._descriptor, rest)

    def _turn_direct(self, *, on: bool) -> None:
        fcntl(self._descriptor, F_SETFL, _O_DIRECT if on else 0)  # of what can be set, it has no other
        self._is_direct = on
