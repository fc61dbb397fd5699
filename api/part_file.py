"""An uploaded file on its way into its store, where nobody sees it before it is whole and durable."""

import asyncio
from collections.abc import Sequence
from typing import Self

from api.disk_space import SpacePromise
from api.part_writers import PartWriter, StoredFile

_SYNC_BYTES = 8 * 1024 * 1024
"""Bytes written between two syncs, each with a look at the free space: the last sync, which the client waits for, then
takes as long for a large file as for a small one."""


class PartFile:
    """Keeps to the space that was promised. Left without `commit`, it vanishes."""

    def __init__(self, writer: PartWriter, promise: SpacePromise) -> None:
        self._writer = writer
        self._promise = promise
        self._unsynced_bytes = 0
        self._committed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        if not self._committed:
            await self._writer.discard()

    async def write(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append.

        Raises:
            DiskFull: too little space would be left.
            StoreUnavailable: the store doesn't answer.
        """
        await self._writer.append(pieces)
        self._unsynced_bytes += self._note_written(pieces)
        if self._unsynced_bytes >= _SYNC_BYTES:
            self._unsynced_bytes = 0
            await self._writer.sync()
            await asyncio.to_thread(self._promise.look)
            self._promise.check()

    async def commit(self, pieces: Sequence[memoryview | bytearray]) -> StoredFile:
        """Append the last of it and make it durable under its final name.

        Raises:
            UnsupportedMedia: it certainly is neither audio nor video; it never has the name.
            StoreUnavailable: the store doesn't answer.
        """
        stored = await self._writer.commit(pieces)
        self._committed = True
        self._note_written(pieces)
        return stored

    def _note_written(self, pieces: Sequence[memoryview | bytearray]) -> int:
        size_bytes = sum(len(piece) for piece in pieces)
        self._promise.wrote(size_bytes)
        return size_bytes
