"""An uploaded file on its way to disk, under a name that says so until it is whole and synced."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

from api.disk_space import SpacePromise
from core.media_files import MediaFiles

_SYNC_BYTES = 8 * 1024 * 1024
"""Bytes written between two syncs, each with a look at the free space: the last sync, which the client waits for, then
takes as long for a large file as for a small one."""

_PIECES_AT_ONCE = os.sysconf("SC_IOV_MAX")

T = TypeVar("T")


class PartFile:
    """Written in threads, a step at a time. Left without `commit`, it vanishes."""

    def __init__(self, job_id: str, media: MediaFiles, promise: SpacePromise) -> None:
        self._job_id = job_id
        self._media = media
        self._promise = promise
        self._digest = hashlib.sha256()
        self._descriptor: int | None = None
        self._unsynced_bytes = 0
        self._noted_bytes = 0
        self._committed = False
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._descriptor is not None:
            self._close()
            if not self._committed:
                self._media.remove(self._job_id)

    @property
    def sha256(self) -> str:
        """Of what was written, in hexadecimal."""
        return self._digest.hexdigest()

    async def write(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append and hash.

        Raises:
            DiskFull: too little space would be left.
        """
        await _in_thread(lambda: self._write(pieces))
        self._unsynced_bytes += self._note_written()
        if self._unsynced_bytes >= _SYNC_BYTES:
            self._unsynced_bytes = 0
            await _in_thread(self._sync)
            self._promise.check()

    async def commit(self, pieces: Sequence[memoryview | bytearray], inspect: Callable[[Path], T]) -> T:
        """Append the last of it and make it durable under its final name; return what `inspect` found in it.

        What `inspect` refuses is never synced.
        """

        def finish() -> T:
            self._write(pieces)
            found = inspect(self._media.part_path(self._job_id))
            os.fsync(self._opened())
            self._media.commit(self._job_id)
            self._committed = True
            self._close()
            return found

        found = await _in_thread(finish)
        self._note_written()
        return found

    def _note_written(self) -> int:
        """Tell the loop's accounts, which no thread touches, what was written since the last time."""
        size_bytes = self.size_bytes - self._noted_bytes
        self._noted_bytes = self.size_bytes
        self._promise.wrote(size_bytes)
        return size_bytes

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(
                self._media.part_path(self._job_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640
            )
        return self._descriptor

    def _write(self, pieces: Sequence[memoryview | bytearray]) -> None:
        rest = [memoryview(piece) for piece in pieces]
        while rest:
            # As many at once as there may be: after each call the thread has to wait for the event loop's.
            written = os.writev(self._opened(), rest[:_PIECES_AT_ONCE])
            while rest and written >= len(rest[0]):
                written -= len(rest.pop(0))
            if written:
                rest[0] = rest[0][written:]
        for piece in pieces:
            self._digest.update(piece)
            self.size_bytes += len(piece)

    def _sync(self) -> None:
        os.fdatasync(self._opened())
        self._promise.look()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


async def _in_thread(function: Callable[[], T]) -> T:
    """Run in a thread, and wait for its end even when cancelled: it must not write to a file closed meanwhile."""
    running = asyncio.ensure_future(asyncio.to_thread(function))
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return running.result()
