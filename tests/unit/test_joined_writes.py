"""Heads go out with what follows them at once, and nothing is ever kept back for long."""

import asyncio
from typing import cast

from api.joined_writes import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Recorder:
    """A transport that notes what reaches it."""

    def __init__(self) -> None:
        self.seen: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.seen.append(data)

    def close(self) -> None:
        self.seen.append("close")

    def abort(self) -> None:
        self.seen.append("abort")

    def get_write_buffer_size(self) -> int:
        return 7

    def is_closing(self) -> bool:
        return False


async def joined() -> tuple[Recorder, JoinedWrites]:
    recorder = Recorder()
    return recorder, JoinedWrites(cast("asyncio.Transport", recorder), asyncio.get_running_loop())


def test_head_and_body_are_one_write() -> None:
    async def scenario() -> list[bytes | str]:
        recorder, transport = await joined()
        transport.write(HEAD)
        transport.write(b"body")
        await asyncio.sleep(0)
        transport.write(b"more")
        return recorder.seen

    assert asyncio.run(scenario()) == [HEAD + b"body", b"more"]


def test_a_head_alone_is_sent_at_the_loops_next_turn() -> None:
    async def scenario() -> list[bytes | str]:
        recorder, transport = await joined()
        transport.write(HEAD)
        assert recorder.seen == []
        assert transport.get_write_buffer_size() == 7 + len(HEAD)
        await asyncio.sleep(0)
        return recorder.seen

    assert asyncio.run(scenario()) == [HEAD]


def test_what_is_closed_is_written_first_and_what_is_aborted_is_not() -> None:
    async def scenario(end: str) -> list[bytes | str]:
        recorder, transport = await joined()
        transport.write(HEAD)
        getattr(transport, end)()
        await asyncio.sleep(0)
        return recorder.seen

    assert asyncio.run(scenario("close")) == [HEAD, "close"]
    assert asyncio.run(scenario("abort")) == ["abort"]


def test_everything_else_is_the_transports() -> None:
    async def scenario() -> object:
        _, transport = await joined()
        return transport.is_closing()

    assert asyncio.run(scenario()) is False
