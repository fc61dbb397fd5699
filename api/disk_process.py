"""A process beside the gateway that writes its uploads into folders (docs/decisions/0045).

In threads, each of the dozen calls that make a file durable waits for the interpreter's lock and takes it from the
event loop; here the loop copies bytes into memory that both have, and hears when they are on the disk. The process ends
with the gateway, however that ends, and is started again when it dies.
"""

import asyncio
import itertools
import json
import mmap
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from prometheus_client import Counter

from api.disk_service import MESSAGE_BYTES, SLOT_BYTES, SLOTS, Order
from api.part_writers import PartWriter, PartWriters, StoredFile, to_its_end
from core.direct_file import BLOCK_BYTES
from core.errors import StoreUnavailable, UnsupportedMedia
from core.media_files import MediaFiles
from core.media_store import MediaStore

logger = structlog.get_logger(__name__)

_PROGRAM = "api.disk_service"
_CLOSE_SECONDS: Final = 5.0
"""For uploads that were cancelled to leave nothing, and then for the process to end."""


class DiskProcess:
    """Belongs to the event loop that it is first used in."""

    def __init__(self, *, elsewhere: PartWriters, deaths: Counter) -> None:
        """`elsewhere` makes the writers for what is no folder."""
        self._elsewhere = elsewhere
        self._deaths = deaths
        self._numbers = itertools.count()
        self._connection: _Connection | None = None

    @asynccontextmanager
    async def running(self, *, at_once: bool) -> AsyncIterator[None]:
        """Have it run within the block, from its beginning or from the first upload on."""
        if at_once:
            self.connection()
        yield
        if self._connection is not None:
            await self._connection.close()

    def begin(self, media: MediaStore, job_id: str) -> PartWriter:
        """Return a writer for the audio of a job that has none."""
        if isinstance(media, MediaFiles):
            return _ProcessWriter(self, next(self._numbers), media, job_id)
        return self._elsewhere.begin(media, job_id)

    def connection(self) -> "_Connection":
        """Return the one with the process that lives."""
        if self._connection is None or self._connection.is_broken:
            self._connection = _Connection(self._deaths)
        return self._connection


class _Connection:
    """One such process, and the memory that it shares with this one."""

    def __init__(self, deaths: Counter) -> None:
        self._deaths = deaths
        self._free: asyncio.LifoQueue[int] = asyncio.LifoQueue()
        """Slots; the one that was used last comes first, so that memory is taken for no more than are used at once."""
        for slot in reversed(range(SLOTS)):
            self._free.put_nowait(slot)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._files: set[int] = set()
        """Those that are written."""
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.is_broken = False
        memory = os.memfd_create("uploads", os.MFD_CLOEXEC)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            os.ftruncate(memory, SLOTS * SLOT_BYTES)
            self._memory = mmap.mmap(memory, SLOTS * SLOT_BYTES)
            self._process = subprocess.Popen(  # noqa: S603 - ours
                [sys.executable, "-m", _PROGRAM, str(theirs.fileno()), str(memory)],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), memory),
            )
        finally:
            theirs.close()
            os.close(memory)
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)

    async def done(
        self, action: str, file: int, media: MediaFiles, job_id: str, pieces: Sequence[memoryview | bytearray] = ()
    ) -> dict[str, Any]:
        """Have it do one thing; return what it says.

        Raises:
            OSError, UnsupportedMedia: as it was raised there.
            StoreUnavailable: it died.
        """
        slot = await self._free.get()
        if self.is_broken:
            self._free.put_nowait(slot)
            raise _ended()
        start = end = slot * SLOT_BYTES
        for piece in pieces:
            self._memory[end : end + len(piece)] = piece
            end += len(piece)
        self._answers[slot] = answer = self._loop.create_future()
        order = Order(slot, action, file, str(media.folder), job_id, end - start)
        with suppress(BrokenPipeError):  # then it has died, which `_read` sees
            self._socket.send(order.encode())  # at once: the socket takes a message for each slot
        # Even when cancelled: until it has come, nobody else may have the slot.
        return _read_answer(await to_its_end(answer))

    def note_begun(self, file: int) -> None:
        """Note that a file is written from now on."""
        self._files.add(file)
        self._is_idle.clear()

    def note_ended(self, file: int) -> None:
        """Note that a file has come to its end."""
        self._files.discard(file)
        if not self._files:
            self._is_idle.set()

    async def close(self) -> None:
        """Hang up once no file is written any more, or after some seconds, and wait for the process' end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._is_idle.wait()
        if not self.is_broken:
            self._hang_up()
            await asyncio.to_thread(self._await_end)

    def _await_end(self) -> None:
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        while True:
            try:
                message = self._socket.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            except ConnectionResetError:
                message = b""
            if not message:
                self._process.kill()  # it is gone, or as good as that: nobody hears it
                self._deaths.inc()
                logger.error("disk_process_died", exit_status=self._process.wait(), orders=len(self._answers))
                self._hang_up()
                return
            slot, answer = json.loads(message)
            self._answers.pop(slot).set_result(answer)
            self._free.put_nowait(slot)

    def _hang_up(self) -> None:
        self.is_broken = True
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for slot, answer in self._answers.items():
            answer.set_exception(_ended())
            self._free.put_nowait(slot)
        self._answers.clear()


class _ProcessWriter:
    """A file in one of the folders."""

    def __init__(self, process: DiskProcess, number: int, media: MediaFiles, job_id: str) -> None:
        self._process = process
        self._number = number
        self._media = media
        self._job_id = job_id
        self._connection: _Connection | None = None
        """The one that the file was begun with."""
        self._rest: Sequence[memoryview | bytearray] = ()
        """What came last and fills no block yet."""

    async def append(self, pieces: Sequence[memoryview | bytearray]) -> None:
        rest = [*self._rest, *pieces]
        while (size := _size(rest)) >= BLOCK_BYTES:
            taken, rest = _split(rest, min(size - size % BLOCK_BYTES, SLOT_BYTES))
            await self._done("append", taken)
        self._rest = rest

    async def sync(self) -> None:
        await self._done("sync")

    async def commit(self, pieces: Sequence[memoryview | bytearray]) -> StoredFile:
        rest = [*self._rest, *pieces]
        while _size(rest) > SLOT_BYTES:
            taken, rest = _split(rest, SLOT_BYTES)
            await self._done("append", taken)
        return StoredFile(**await self._done("commit", rest, ends=True))

    async def discard(self) -> None:
        if self._connection is not None and not self._connection.is_broken:
            await to_its_end(self._done("discard", ends=True))

    async def _done(
        self, action: str, pieces: Sequence[memoryview | bytearray] = (), *, ends: bool = False
    ) -> dict[str, Any]:
        if self._connection is None:
            self._connection = self._process.connection()
            self._connection.note_begun(self._number)
        answer = await self._connection.done(action, self._number, self._media, self._job_id, pieces)
        if ends:
            self._connection.note_ended(self._number)
        return answer


def _size(pieces: Sequence[memoryview | bytearray]) -> int:
    return sum(len(piece) for piece in pieces)


def _split(
    pieces: Sequence[memoryview | bytearray], size: int
) -> tuple[list[memoryview | bytearray], list[memoryview | bytearray]]:
    """Return the first so many bytes and the rest; nothing is copied."""
    first: list[memoryview | bytearray] = []
    for number, piece in enumerate(pieces):
        if size < len(piece):
            whole = memoryview(piece)
            return [*first, whole[:size]], [whole[size:], *pieces[number + 1 :]]
        first.append(piece)
        size -= len(piece)
    return first, []


def _read_answer(answer: dict[str, Any]) -> dict[str, Any]:
    if "unsupported" in answer:
        raise UnsupportedMedia(answer["unsupported"])
    if "errno" in answer:
        raise OSError(answer["errno"], answer["strerror"])
    if "fault" in answer:
        raise RuntimeError(f"the disk process failed: {answer['fault']}")
    return answer


def _ended() -> StoreUnavailable:
    return StoreUnavailable("The process that writes uploads has ended; it is started again. Try again.")
