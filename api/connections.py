"""A client's connection, guarded against those who hold it and say nothing.

uvicorn alone waits for ever for the head of a request and keeps in memory whatever comes of it, goes on reading a body
whose request it has answered, and waits for ever for a client to take its answer. Here each of these has an end. What a
body may be is the routes' business.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import response_headers
from api.joined_writes import JoinedWrites

_MAX_HEAD_BYTES = 64 * 1024
"""What may come without any of it being a whole head, or part of a body: trailers and chunk extensions as well."""
_MAX_LINGER_BYTES = 32 * 1024 * 1024
"""How much of a body is still read when its request has been answered: a connection closed on unread data is reset,
and many a client never gets to read why."""
_READ_BYTES = 256 * 1024
"""Read at most at once; as many as uvloop reads by itself."""
OTHER_FILES = 256
"""Open files that are no connections: uploads have theirs counted apart, what is left is Redis, logs and libraries."""
_NOT_HTTP = {
    "type": "about:blank",
    "code": "malformed_request",
    "title": "The request is not valid HTTP",
    "status": 400,
}
"""The problem of what never becomes a request, and so reaches no route."""


@dataclass(slots=True)
class Connections:
    """The bounds of all connections of a gateway, and those of them that may be closed to make room."""

    most: int
    head_seconds: float
    """From the connection, or from the first byte of a later request, to the end of the head."""
    stalled_seconds: float
    """How long a client may take none of its answer."""
    waiting: "dict[GuardedProtocol, None]" = field(default_factory=dict)
    """Connections without a request, those that have waited longest first."""
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(_READ_BYTES)))
    """What comes of any of them, until it is parsed."""

    def accept(self, **options: Any) -> "_OneBuffer":  # noqa: ANN401 - uvicorn's own
        """Return the protocol of a new connection."""
        return _OneBuffer(GuardedProtocol(guard=self, **options), self.buffer)


class _OneBuffer(asyncio.BufferedProtocol):
    """A connection's side to the event loop, which reads what comes into the buffer that all of them have.

    Parsing a piece copies what is kept of it, so the next one may come to the same place. uvicorn's protocol by itself
    is handed each piece as an object of its own: of an upload that is one copy more.
    """

    def __init__(self, protocol: "GuardedProtocol", buffer: memoryview) -> None:
        self._protocol = protocol
        self._buffer = buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._protocol.connection_made(cast("asyncio.Transport", transport))

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - it is as large as it is
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._protocol.data_received(self._buffer[:nbytes])

    def eof_received(self) -> None:
        self._protocol.eof_received()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection, with an end to every wait for the client."""

    def __init__(self, *arguments: Any, guard: Connections, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._guard = guard
        self._head_due: asyncio.TimerHandle | None = None
        self._write_check: asyncio.TimerHandle | None = None
        self._idle_bytes = 0
        self._lingers = False
        """Whether a body still comes whose request has been answered."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Wait for a first request; if there are too many connections, the one that waits longest is closed."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
        self._guard.waiting[self] = None
        self._await_head()
        if len(self.connections) > self._guard.most:
            next(iter(self._guard.waiting)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes | memoryview) -> None:
        """Read on; close a connection on which much comes that says nothing."""
        if self in self._guard.waiting:
            self._await_head()
        self._idle_bytes += len(data)
        super().data_received(data)  # type: ignore[arg-type]  # the parser takes either
        if self._idle_bytes > (_MAX_LINGER_BYTES if self._lingers else _MAX_HEAD_BYTES):
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Serve the request."""
        self._stop_waiting()
        self._idle_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand the piece on, or drop it if nobody wants it any more."""
        if not self.cycle.response_complete:
            self._idle_bytes = 0
            if not self.cycle.body:
                # As it is: uvicorn would append it to an empty array, and copy that when it is asked for it.
                self.cycle.body, body = body, b""  # type: ignore[assignment]  # it is read as an array is
            elif isinstance(self.cycle.body, bytes):
                # What is appended to must be an array: each of a thousand little pieces would copy all before it.
                self.cycle.body = bytearray(self.cycle.body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Go on to the next request."""
        self._lingers = False
        self._idle_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for another request, or for the rest of a body that nobody wants."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._guard.waiting[self] = None
            self._lingers = self.cycle.more_body
            if self._lingers:
                self._await_head()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as every other error is answered, and close."""
        body = json.dumps({**_NOT_HTTP, "detail": msg}).encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *response_headers.unconditional(),
        ]
        lines = [b"HTTP/1.1 400 Bad Request", *(b"%b: %b" % header for header in headers), b"", body]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()

    def pause_writing(self) -> None:
        """See to it that the client takes what it has asked for."""
        super().pause_writing()
        self._watch_writing(unsent_bytes=None)

    def resume_writing(self) -> None:
        """Send on."""
        self._stop_watching()
        super().resume_writing()

    def _await_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(self._guard.head_seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        self._guard.waiting.pop(self, None)
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _watch_writing(self, unsent_bytes: int | None) -> None:
        left = self.transport.get_write_buffer_size()
        if unsent_bytes is not None and left >= unsent_bytes:
            self.transport.abort()
            return
        self._write_check = self.loop.call_later(self._guard.stalled_seconds, self._watch_writing, left)

    def _stop_watching(self) -> None:
        if self._write_check is not None:
            self._write_check.cancel()
            self._write_check = None
