"""A connection that was reset is replaced without a word."""

import asyncio
import socket
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import uvloop

from core.redis_clients import connect_async

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_gateway_notices_no_reset(valkey_url: str, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def use_a_reset_connection() -> None:
        relayed: list[asyncio.StreamWriter] = []
        port = urlsplit(valkey_url).port

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            relayed.append(writer)
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)

            async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
                while data := await source.read(65536):
                    sink.write(data)

            await asyncio.gather(pump(reader, server_writer), pump(server_reader, writer), return_exceptions=True)
            server_writer.close()

        server = await asyncio.start_server(relay, "127.0.0.1", 0)
        address = valkey_url.replace(str(port), str(server.sockets[0].getsockname()[1]))
        pool = connect_async(address)
        async with pool.client() as client:
            await client.ping()
            for writer in relayed:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                writer.close()
            await asyncio.sleep(0.2)
            assert await client.ping()
        await pool.aclose()
        server.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(use_a_reset_connection(), 20))


def test_more_commands_than_connections_wait_their_turn(valkey_url: str) -> None:
    async def ask_all_at_once() -> list[object]:
        client = connect_async(valkey_url)
        try:
            # Each holds its connection for a while, and there are more of them than connections.
            return await asyncio.gather(*(client.blpop([f"nothing-{number}"], timeout=0.05) for number in range(400)))
        finally:
            await client.aclose()

    assert asyncio.run(ask_all_at_once()) == [None] * 400
