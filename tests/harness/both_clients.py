"""Calls of `scriptorium.client` made with both clients, against a service that is a function."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

import httpx

from scriptorium.client import AsyncScriptorium, RetryPolicy, Scriptorium

SERVER = "http://scriptorium.example:8000"
IMPATIENT = RetryPolicy(outage_seconds=0.05, busy_seconds=0.05, first_pause_seconds=0.001, longest_pause_seconds=0.001)
"""Tries again at once, a few dozen times."""

Handler: TypeAlias = Callable[[httpx.Request], httpx.Response]
Both: TypeAlias = Callable[[Handler, Callable[[Any], Any]], Any]
"""Makes a call with one of the clients and returns its result; of one with many results, the list of them."""

T = TypeVar("T")


def blocking(handler: Handler, call: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
    with Scriptorium(SERVER, retry=IMPATIENT, transport=httpx.MockTransport(handler)) as client:
        found = call(client)
        return list(found) if isinstance(found, Generator) else found


def with_coroutines(handler: Handler, call: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
    async def run() -> Any:  # noqa: ANN401 - the same
        async with AsyncScriptorium(SERVER, retry=IMPATIENT, transport=httpx.MockTransport(handler)) as client:
            found = call(client)
            if isinstance(found, AsyncGenerator):
                return [each async for each in found]
            assert isinstance(found, Coroutine)
            return await found

    return asyncio.run(run())


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The content of an answer that comes piece by piece, and may break off."""

    def __init__(self, pieces: Sequence[bytes], *, breaks_off: bool = False) -> None:
        self._pieces = pieces
        self._breaks_off = breaks_off

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        if self._breaks_off:
            raise httpx.ReadError("Connection reset by peer")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece
