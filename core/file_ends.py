"""Both ends of a file whose middle has gone on its way: what a look at its head and at its length needs."""

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the type exists for type checkers only
    from _typeshed import WriteableBuffer

END_BYTES = 1024 * 1024
"""Kept of each end."""


class FileEnds(io.RawIOBase):
    """A file to read; reading in its middle is an OSError."""

    def __init__(self) -> None:
        self._first = bytearray()
        self._last = bytearray()
        self._size = 0
        self._position = 0

    def append(self, data: bytes) -> None:
        """Take what comes next in the file."""
        self._first += data[: END_BYTES - len(self._first)]
        self._last += data[-END_BYTES:]
        del self._last[:-END_BYTES]
        self._size += len(data)

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in the file, or behind it; return the place in bytes."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("There is nothing before the start.")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read what is at the place, up to the end of the file or of the end that it lies in.

        Raises:
            OSError: it lies in the middle.
        """
        wanted = memoryview(buffer)
        begin_of_last = self._size - len(self._last)
        if self._position < len(self._first):
            found = self._first[self._position : self._position + len(wanted)]
        elif self._position >= begin_of_last:
            begin = self._position - begin_of_last
            found = self._last[begin : begin + len(wanted)]
        else:
            raise OSError("The middle of the file is not at hand.")
        wanted[: len(found)] = found
        self._position += len(found)
        return len(found)
