"""An uploaded file on its way to disk, under a name that says so until it is whole and synced."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

from api.direct_file import DirectFile
from api.disk_space import SpacePromise
from core.media_files import MediaFiles

_SYNC_BYTES = 8 * 1024 * 1024
"""Bytes written between two syncs, each with a look at the free space: the last sync, which the client waits for, then
takes as long for a large file as for a small one."""

T = TypeVar("T")


class PartFile:
    """Written in threads, a step at a time. Left without `commit`, it vanishes."""

    def __init__(self, job_id: str, media: MediaFiles, promise: SpacePromise) -> None:
        self._job_id = job_id
        self._media = media
        self._promise = promise
        self._file: DirectFile | None = None
        self._unsynced_bytes = 0
        self._noted_bytes = 0
        self._committed = False
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            self._file.close()
            if not self._committed:
                self._media.remove(self._job_id)

    async def write(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append.

        Raises:
            DiskFull: too little space would be left.
        """
        file = await _in_thread(lambda: self._write(pieces))
        self._unsynced_bytes += self._note_written()
        if self._unsynced_bytes >= _SYNC_BYTES:
            self._unsynced_bytes = 0
            await _in_thread(lambda: self._sync(file))
            self._promise.check()

    async def commit(self, pieces: Sequence[memoryview | bytearray], inspect: Callable[[Path], T]) -> tuple[str, T]:
        """Append the last of it and make it durable under its final name.

        Returns its SHA-256 in hexadecimal, and what `inspect` found in it. What `inspect` refuses is never synced.
        """

        def finish() -> tuple[str, T]:
            file = self._write(pieces)
            file.finish()
            found = inspect(self._media.part_path(self._job_id))
            file.sync()
            self._media.commit(self._job_id)
            self._committed = True
            return file.sha256, found

        found = await _in_thread(finish)
        self._note_written()
        return found

    def _note_written(self) -> int:
        """Tell the loop's accounts, which no thread touches, what was written since the last time."""
        size_bytes = self.size_bytes - self._noted_bytes
        self._noted_bytes = self.size_bytes
        self._promise.wrote(size_bytes)
        return size_bytes

    def _write(self, pieces: Sequence[memoryview | bytearray]) -> DirectFile:
        file = self._file = self._file or DirectFile(self._media.part_path(self._job_id), 0o640)
        file.append(pieces)
        self.size_bytes += sum(len(piece) for piece in pieces)
        return file

    def _sync(self, file: DirectFile) -> None:
        file.sync()
        self._promise.look()


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
