"""Clients of a server: so many at once, in one asyncio process, each with the next clip as soon as it has a text."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager

from bench.systems import Answer
from tests.media import Reference

Ask = Callable[[Reference], Awaitable[str]]
"""Sends a clip and returns its text."""
Connect = Callable[[], AbstractAsyncContextManager[Ask]]
"""What a client's connections live in; entered once for all clients."""


def answers(clips: Sequence[Reference], clients: int, connect: Connect) -> list[Answer]:
    """Return the texts of all clips as so many clients, who share the clips out among them, got them."""
    return asyncio.run(_answers(clips, clients, connect))


async def _answers(clips: Sequence[Reference], clients: int, connect: Connect) -> list[Answer]:
    waiting = iter(clips)
    async with connect() as ask, asyncio.TaskGroup() as group:
        tasks = [group.create_task(_client(waiting, ask)) for _ in range(clients)]
    return [answer for task in tasks for answer in task.result()]


async def _client(waiting: Iterator[Reference], ask: Ask) -> list[Answer]:
    got = []
    for clip in waiting:
        started = time.perf_counter()
        text = await ask(clip)
        got.append(Answer(clip, text, time.perf_counter() - started))
    return got
