"""A TCP proxy on loopback that can fail the way networks do: refused, or half-open without a FIN or an RST."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Self

from cli.ports import free_port

_CHUNK_BYTES = 65_536
_START_SECONDS = 10


class Proxy:
    """Passes connections on to a port of this machine, until told otherwise.

    A connection that went half-open never comes back, as when a router forgot it: only its ends' own time-outs help.
    The server's side of it stays open too, so that a command that blocks there goes on blocking.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._swallows_new = False
        self.port = free_port()
        self.rewrite: Callable[[bytes], bytes] = bytes
        """Makes of what a client has sent, piece by piece, what the server gets."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, *exception: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self) -> None:
        """Reset every connection and refuse new ones."""
        self._run(self._refuse())

    def go_half_open(self) -> None:
        """Let nothing more through: existing connections and new ones stay open, and every byte is swallowed."""
        self._loop.call_soon_threadsafe(self._swallow)

    def restore(self) -> None:
        """Pass new connections on again; half-open ones stay as they are."""
        self._swallows_new = False
        if self._server is None:
            self._run(self._listen())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer)
        self._connections.add(connection)
        if self._swallows_new:
            connection.swallows = True
            return
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            connection.reset()
            self._connections.discard(connection)
            return
        connection.writers.append(server_writer)
        # Cancelled at the proxy's end only; asyncio.streams would report that as an error.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(
                connection.pump(reader, server_writer, lambda data: self.rewrite(data)),  # noqa: PLW0108 - it may be set later
                connection.pump(server_reader, writer, bytes),
            )
        if not connection.swallows:
            connection.reset()
            self._connections.discard(connection)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.reset()
        self._connections.clear()

    def _swallow(self) -> None:
        self._swallows_new = True
        for connection in self._connections:
            connection.swallows = True

    async def _close(self) -> None:
        await self._refuse()
        pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    def _run(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_START_SECONDS)


class _Connection:
    """A client's connection and, once made, the one to the server."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.writers = [client]
        self.swallows = False

    async def pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, rewrite: Callable[[bytes], bytes]
    ) -> None:
        """Pass bytes on until either end closes; on a half-open connection not even that is passed on."""
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK_BYTES):
                if not self.swallows:
                    sink.write(rewrite(data))
                    await sink.drain()
        if not self.swallows:
            sink.close()

    def reset(self) -> None:
        """Close with an RST, as the kernel of a dead process does for unread data."""
        for writer in self.writers:
            raw: socket.socket | None = writer.get_extra_info("socket")
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
