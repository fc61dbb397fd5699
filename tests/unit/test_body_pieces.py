"""A body's pieces are handed on as they come, and a body of a thousand little ones costs no more for that."""

import asyncio
from typing import Any, cast

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api.connections import Connections

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


class Transport:
    """A transport over which nothing goes."""

    def get_extra_info(self, name: str) -> None:
        """Know nothing."""

    def pause_reading(self) -> None:
        """Go on."""

    resume_reading = pause_reading

    def is_closing(self) -> bool:
        return False


def held(*pieces: bytes) -> Any:  # noqa: ANN401 - what it is, is the question
    """Return what is held of a body after these pieces of it, before anybody reads it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Read nothing."""

    async def scenario() -> object:
        guard = Connections(10, 60.0, 60.0)
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
        config.load()
        protocol = guard.accept(config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(cast("asyncio.Transport", Transport()))
        for data in (HEAD, b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)):
            protocol.get_buffer(-1)[: len(data)] = data
            protocol.buffer_updated(len(data))
        return protocol._protocol.cycle.body  # noqa: SLF001 - before anybody reads it

    return asyncio.run(scenario())


def test_a_piece_alone_is_not_copied() -> None:
    body = held(b"a" * 1000)
    assert body == b"a" * 1000
    assert isinstance(body, bytes)


def test_what_comes_behind_it_is_appended_in_place() -> None:
    body = held(*[b"a", b"bc"] * 500)
    assert body == b"abc" * 500
    assert isinstance(body, bytearray)  # appended to bytes, each piece would copy all before it
