"""Who writes what is uploaded, so that the event loop never waits for a disk or for a bucket."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import BinaryIO, NamedTuple, Protocol, TypeVar

from api.media_kinds import inspected_seconds
from core.media_store import MediaStore, MediaWriter

T = TypeVar("T")


class StoredFile(NamedTuple):
    """What is known of a file that is whole and durable."""

    blake3: str
    """In hexadecimal."""
    audio_seconds: float | None
    """What the file's own header tells, if it tells anything."""


class PartWriter(Protocol):
    """A file on its way into a store; one call at a time. To be ended by `commit` or by `discard`.

    A call that is cancelled ends before it says so: what is under way is never cut off. What they raise is what those
    of `core.media_store.MediaWriter` raise.
    """

    async def append(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append."""

    async def sync(self) -> None:
        """Have what was appended on its way, so that not all of it is left for `commit`."""

    async def commit(self, pieces: Sequence[memoryview | bytearray]) -> StoredFile:
        """Append the last of it and make it durable under its name.

        Raises:
            UnsupportedMedia: it certainly is neither audio nor video; it never has the name.
        """

    async def discard(self) -> None:
        """Leave nothing of it, unless it was committed."""


class PartWriters(Protocol):
    """Makes them."""

    def begin(self, media: MediaStore, job_id: str) -> PartWriter:
        """Return a writer for the audio of a job that has none; nothing is made before something is appended."""


class ThreadedWriters:
    """Writers that block threads of this process: for stores that have us wait and take little else of us."""

    def __init__(self, inspect: Callable[[BinaryIO], float | None] = inspected_seconds) -> None:
        """`inspect` looks at a whole file: it refuses what is no media and returns its length."""
        self._inspect = inspect

    def begin(self, media: MediaStore, job_id: str) -> "PartWriter":
        """Return one."""
        return _ThreadedWriter(media, job_id, self._inspect)


class _ThreadedWriter:
    def __init__(self, media: MediaStore, job_id: str, inspect: Callable[[BinaryIO], float | None]) -> None:
        self._media = media
        self._job_id = job_id
        self._inspect = inspect
        self._begun: MediaWriter | None = None

    async def append(self, pieces: Sequence[memoryview | bytearray]) -> None:
        await to_its_end(asyncio.to_thread(lambda: self._writer().append(pieces)))

    async def sync(self) -> None:
        await to_its_end(asyncio.to_thread(lambda: self._writer().sync()))

    async def commit(self, pieces: Sequence[memoryview | bytearray]) -> StoredFile:
        def finish() -> StoredFile:
            done = self._writer().commit(pieces, self._inspect)
            self._begun = None
            return StoredFile(*done)

        return await to_its_end(asyncio.to_thread(finish))

    async def discard(self) -> None:
        if self._begun is not None:
            await to_its_end(asyncio.to_thread(self._begun.discard))

    def _writer(self) -> MediaWriter:
        self._begun = self._begun or self._media.begin(self._job_id)
        return self._begun


async def to_its_end(work: Awaitable[T]) -> T:
    """Wait for work until it is done, even when cancelled: it must not write to a file closed meanwhile."""
    running = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return running.result()
