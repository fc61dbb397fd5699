"""A new file, written past the page cache and hashed on the way.

Filling the cache was the dearest part of taking an upload: its pages had to be found and cleared for bytes that nobody
reads before the worker does. The kernel takes direct writes from aligned memory, in whole blocks to aligned places
(open(2), O_DIRECT); the rest at the end, and all of it where the file system takes none, is written as usual.
"""

import errno
import hashlib
import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from fcntl import F_GETFL, F_SETFL, fcntl
from pathlib import Path
from queue import LifoQueue

_BLOCK_BYTES = 4096
"""A multiple of every common disk's logical block."""
_BUFFER_BYTES = 1280 * 1024
_O_DIRECT: int = getattr(os, "O_DIRECT", 0)

_BUFFERS = 4
"""Files written to at once; others wait for one of these. Each takes its memory for good."""

_buffers: LifoQueue[mmap.mmap | None] = LifoQueue()
"""Those that nobody fills, made when they are first wanted and kept: fresh memory would have to be cleared first."""
for _ in range(_BUFFERS):
    _buffers.put(None)


class DirectFile:
    """Blocks; for one thread at a time."""

    def __init__(self, path: Path, mode: int) -> None:
        """Create it.

        Raises:
            OSError: it can't be, or there is one already.
        """
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        self._digest = hashlib.sha256()
        self._rest = b""
        """What came last and fills no block yet."""
        self._is_direct = False
        with suppress(OSError):  # no such thing on this file system
            self._turn_direct(on=bool(_O_DIRECT))

    @property
    def sha256(self) -> str:
        """Of what was appended, once it is finished, in hexadecimal."""
        return self._digest.hexdigest()

    def append(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append the pieces, but for what fills no block.

        Raises:
            OSError: they can't be written; the disk is full.
        """
        buffer = _buffers.get() or mmap.mmap(-1, _BUFFER_BYTES)
        try:
            filled = len(self._rest)
            buffer[:filled] = self._rest
            for piece in pieces:
                taken = 0
                while taken < len(piece):
                    size = min(len(piece) - taken, _BUFFER_BYTES - filled)
                    buffer[filled : filled + size] = piece[taken : taken + size]
                    filled, taken = filled + size, taken + size
                    if filled == _BUFFER_BYTES:
                        self._write(buffer, filled)
                        filled = 0
            whole = filled - filled % _BLOCK_BYTES
            self._write(buffer, whole)
            self._rest = buffer[whole:filled]
        finally:
            _buffers.put(buffer)

    def finish(self) -> None:
        """Write what fills no block.

        Raises:
            OSError: it can't be written.
        """
        if self._is_direct:
            self._turn_direct(on=False)
        self._write(self._rest, len(self._rest))
        self._rest = b""

    def sync(self) -> None:
        """Wait until what was written is on the disk.

        Raises:
            OSError: it doesn't get there.
        """
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close it; what `finish` didn't write is gone."""
        os.close(self._descriptor)

    def _write(self, memory: mmap.mmap | bytes, size: int) -> None:
        with memoryview(memory) as whole, whole[:size] as filled:
            written = 0
            while written < size:
                with filled[written:] as rest:
                    written += self._written(rest)
            self._digest.update(filled)

    def _written(self, rest: memoryview) -> int:
        try:
            return os.write(self._descriptor, rest)
        except OSError as error:
            # Refused only now, or after a write that came to an end within a block.
            if error.errno != errno.EINVAL or not self._is_direct:
                raise
        self._turn_direct(on=False)
        return os.write(self._descriptor, rest)

    def _turn_direct(self, *, on: bool) -> None:
        flags = fcntl(self._descriptor, F_GETFL)
        fcntl(self._descriptor, F_SETFL, flags | _O_DIRECT if on else flags & ~_O_DIRECT)
        self._is_direct = on
