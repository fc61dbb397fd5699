"""Asks for many things at once what many requests ask for one by one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

V = TypeVar("V")


_PAUSE_SECONDS = 0.005
"""Between two questions, unless there is enough for one."""
_ENOUGH = 16
"""Keys that share the cost of a question well."""


class Gathering(Generic[V]):
    """Gathers the keys that are asked for in one turn of the event loop, or too soon behind the question before.

    A round trip to Redis costs the gateway more than what comes with it; with many clients at once, they share it. Who
    asks alone waits for nobody; among many, five milliseconds at most, less the more there are.
    """

    def __init__(self, ask: Callable[[Sequence[str]], Awaitable[Sequence[V]]], *, most: int) -> None:
        """`ask` returns what it found in the order of the keys, `most` of them at once."""
        self._ask = ask
        self._most = most
        self._waiting: list[tuple[str, asyncio.Future[V]]] = []
        self._asking: set[asyncio.Task[None]] = set()
        self._sending: asyncio.Handle | None = None
        self._next_at = 0.0

    async def get(self, key: str) -> V:
        """Return what is found under a key; raises what `ask` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V] = loop.create_future()
        self._waiting.append((key, answer))
        if self._sending is None:
            pauses = loop.time() < self._next_at
            self._sending = loop.call_at(self._next_at, self._send) if pauses else loop.call_soon(self._send)
        elif len(self._waiting) == _ENOUGH:
            self._sending.cancel()
            self._sending = loop.call_soon(self._send)
        return await answer

    def _send(self) -> None:
        self._sending = None
        waiting, self._waiting = self._waiting, []
        self._next_at = asyncio.get_running_loop().time() + _PAUSE_SECONDS
        for first in range(0, len(waiting), self._most):
            task = asyncio.ensure_future(self._answer(waiting[first : first + self._most]))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _answer(self, waiting: Sequence[tuple[str, asyncio.Future[V]]]) -> None:
        try:
            found = await self._ask([key for key, _ in waiting])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer to each
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), value in zip(waiting, found, strict=True):
            if not answer.done():  # its request was cancelled
                answer.set_result(value)
