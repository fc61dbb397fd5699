"""Wakes requests that wait for a job: one blocking read of one stream for all of a gateway's clients."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.keys import Keys

_BLOCK_MILLISECONDS = 2000
"""Below the client's time-out for an answer, so that a connection that died silently is noticed."""
_PAUSE_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Watch:
    """One request's interest in one work."""

    def __init__(self, feed: "ActivityFeed", *, status_only: bool) -> None:
        self.status_only = status_only
        self._feed = feed
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Have `wait` return."""
        self._woken.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until something may have happened since the last `wait`, for so long; tell whether it may.

        What has happened is read from the work itself. Returns at once when the gateway stops.
        """
        if self._feed.is_closed:
            return False
        if not self._woken.is_set():
            try:
                await asyncio.wait_for(self._woken.wait(), seconds)
            except TimeoutError:
                return False
        self._woken.clear()
        return True


class ActivityFeed:
    """Follows the installation's activity stream from `start` to `close`."""

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._watches: dict[str, set[Watch]] = {}
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_closed = False

    def start(self) -> None:
        """Begin to follow, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._follow())

    def close(self) -> None:
        """End every wait now and from now on: the gateway stops."""
        self.is_closed = True
        self._wake_all()
        if self._task is not None:
            self._task.cancel()

    def close_soon(self) -> None:
        """Close from outside the event loop, as from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.close)

    @contextmanager
    def watch(self, work_id: str, *, status_only: bool = False) -> Iterator[Watch]:
        """Be woken for a work, or only for its changes of status.

        What happens from here on is not missed; read it only then.
        """
        watch = Watch(self, status_only=status_only)
        self._watches.setdefault(work_id, set()).add(watch)
        try:
            yield watch
        finally:
            watches = self._watches[work_id]
            watches.discard(watch)
            if not watches:
                del self._watches[work_id]

    async def _follow(self) -> None:
        last: str | None = None
        while True:
            try:
                if last is None:
                    last = await self._newest()
                    self._wake_all()
                answer = await self._client.xread({self._keys.activity: last}, block=_BLOCK_MILLISECONDS)
            except RedisError as error:
                logger.warning("activity_not_followed", error=type(error).__name__)
                # Of what happens meanwhile some may be gone when Redis is back: then everybody looks for himself.
                last = None
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            for _, entries in cast("list[tuple[str, list[tuple[str, dict[str, str]]]]]", answer):
                for entry_id, fields in entries:
                    last = entry_id
                    for watch in self._watches.get(fields["work"], ()):
                        if not watch.status_only or fields["event"] == "status":
                            watch.wake()

    async def _newest(self) -> str:
        entries = cast("list[tuple[str, object]]", await self._client.xrevrange(self._keys.activity, count=1))
        return entries[0][0] if entries else "0-0"

    def _wake_all(self) -> None:
        for watches in self._watches.values():
            for watch in watches:
                watch.wake()
