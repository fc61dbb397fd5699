"""An uploaded file on its way into its store, where nobody sees it before it is whole and durable."""

import asyncio
from collections.abc import Callable, Sequence
from typing import BinaryIO, Self, TypeVar

from api.disk_space import SpacePromise
from core.media_store import MediaStore, MediaWriter

_SYNC_BYTES = 8 * 1024 * 1024
"""Bytes written between two syncs, each with a look at the free space: the last sync, which the client waits for, then
takes as long for a large file as for a small one."""

T = TypeVar("T")


class PartFile:
    """Written in threads, a step at a time. Left without `commit`, it vanishes."""

    def __init__(self, job_id: str, media: MediaStore, promise: SpacePromise) -> None:
        self._job_id = job_id
        self._media = media
        self._promise = promise
        self._writer: MediaWriter | None = None
        self._unsynced_bytes = 0
        self._noted_bytes = 0
        self._committed = False
        self.size_bytes = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._writer is not None and not self._committed:
            await _in_thread(self._writer.discard)

    async def write(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append.

        Raises:
            DiskFull: too little space would be left.
            StoreUnavailable: the store doesn't answer.
        """
        writer = await _in_thread(lambda: self._write(pieces))
        self._unsynced_bytes += self._note_written()
        if self._unsynced_bytes >= _SYNC_BYTES:
            self._unsynced_bytes = 0
            await _in_thread(lambda: self._sync(writer))
            self._promise.check()

    async def commit(self, pieces: Sequence[memoryview | bytearray], inspect: Callable[[BinaryIO], T]) -> tuple[str, T]:
        """Append the last of it and make it durable under its final name.

        Returns its SHA-256 in hexadecimal, and what `inspect` found in it. What `inspect` refuses never has the name.

        Raises:
            StoreUnavailable: the store doesn't answer.
        """

        def finish() -> tuple[str, T]:
            done = self._write(pieces).commit(inspect)
            self._committed = True
            return done

        found = await _in_thread(finish)
        self._note_written()
        return found

    def _note_written(self) -> int:
        """Tell the loop's accounts, which no thread touches, what was written since the last time."""
        size_bytes = self.size_bytes - self._noted_bytes
        self._noted_bytes = self.size_bytes
        self._promise.wrote(size_bytes)
        return size_bytes

    def _write(self, pieces: Sequence[memoryview | bytearray]) -> MediaWriter:
        writer = self._writer = self._writer or self._media.begin(self._job_id)
        writer.append(pieces)
        self.size_bytes += sum(len(piece) for piece in pieces)
        return writer

    def _sync(self, writer: MediaWriter) -> None:
        writer.sync()
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
