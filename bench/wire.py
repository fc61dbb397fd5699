"""A client that costs little: HTTP/1.1 over kept connections, read no further than a load test needs.

The clients of a load test run on the same cores as the servers; an ordinary client library takes more of them than the
gateway does.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple, Self, cast

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class WireAnswer(NamedTuple):
    """An answer as far as it is looked at."""

    status: int
    head: bytes
    body: bytes


class WireConnection(asyncio.Protocol):
    """One kept connection: ask, wait for the whole answer, ask again."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: deque[asyncio.Future[WireAnswer]] = deque()
        self._transport: asyncio.Transport | None = None
        self._head_end = -1
        self._body_bytes = 0
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, port: int, *, source: str | None = None) -> Self:
        """Connect to a server on loopback, from one of loopback's addresses."""
        _, protocol = await asyncio.get_running_loop().create_connection(
            cls, "127.0.0.1", port, local_addr=(source, 0) if source else None
        )
        return protocol

    def ask(self, request: bytes) -> "asyncio.Future[WireAnswer]":
        """Send a request, or as much of it as `write` does not, and return its answer to come.

        Raises (when awaited):
            ConnectionError: the connection ended first.
        """
        answer: asyncio.Future[WireAnswer] = self._loop.create_future()
        if self._transport is None or self._transport.is_closing():
            answer.set_exception(ConnectionResetError("the server closed the connection"))
            return answer
        self._waiting.append(answer)
        self._transport.write(request)
        return answer

    def write(self, piece: bytes) -> None:
        """Send more of the body of the request that was sent last, unless the connection has ended."""
        if self._transport is not None:
            self._transport.write(piece)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._transport = None
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(ConnectionResetError(f"the server closed the connection: {exc}"))
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._buffer += data
        while True:
            if self._head_end < 0:
                self._head_end = self._buffer.find(_HEAD_END)
                if self._head_end < 0:
                    return
                length = _LENGTH.search(self._buffer, 0, self._head_end)
                self._body_bytes = int(length[1]) if length else 0
            end = self._head_end + len(_HEAD_END) + self._body_bytes
            if len(self._buffer) < end:
                return
            head, body = bytes(self._buffer[: self._head_end]), bytes(self._buffer[self._head_end + 4 : end])
            del self._buffer[:end]
            self._head_end = -1
            found = WireAnswer(int(head[9:12]), head, body)
            if not (answer := self._waiting.popleft()).done():
                answer.set_result(found)


class EventCounter(asyncio.Protocol):
    """One connection that follows server-sent events; counts them and keeps nothing."""

    def __init__(self, request: bytes) -> None:
        self.status = 0
        self.events = 0
        self.answered = asyncio.Event()
        self._request = request
        self._transport: asyncio.Transport | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self.status == 0:
            self.status = int(data[9:12])
            self.answered.set()
        self.events += data.count(b"\nid: ") + data.count(b"event: queue")
        if data.endswith(b"0\r\n\r\n") and not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See `asyncio.Protocol`."""
        if not self.ended.done():
            self.ended.set_result(None)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


def loopback_address(number: int) -> str:
    """Return an address of loopback's for each number, as who connects from elsewhere has one of his own."""
    return f"127.{16 + (number >> 14)}.{number >> 7 & 127}.{1 + (number & 127)}"


def get(path: str) -> bytes:
    """Return a GET request's bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


async def answered_per_second(port: int, requests: Sequence[bytes], *, seconds: float) -> float:
    """Ask each over and over on a connection of its own, from an address of its own; return the answers a second.

    Raises:
        RuntimeError: an answer is none of 200.
    """
    asking = [await WireConnection.open(port, source=loopback_address(number)) for number in range(len(requests))]
    started = time.perf_counter()

    async def ask(connection: WireConnection, request: bytes) -> int:
        answered = 0
        while time.perf_counter() < started + seconds:
            answer = await connection.ask(request)
            if answer.status != HTTPStatus.OK:
                raise RuntimeError(f"answered {answer.status}: {answer.body.decode()}")
            answered += 1
        return answered

    answered = sum(await asyncio.gather(*map(ask, asking, requests)))
    rate = answered / (time.perf_counter() - started)
    for connection in asking:
        connection.close()
    return rate
