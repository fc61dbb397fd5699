"""How fast an upload must come: a client that sends too slowly, or for too long, loses its place to others."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

from core.body_credit import Credit
from core.errors import ScriptoriumError, UploadTimedOut, UploadTooSlow


@dataclass(frozen=True, slots=True)
class UploadPace:
    """Bounds of an upload's time. Only waiting for the client counts as its time, not what our own disk takes.

    How slow a client may be for how long is `Credit`'s to say.
    """

    min_bytes_per_second: float
    grace_seconds: float
    timeout_seconds: float
    """Of the whole body, however fast it comes."""


class UploadTimer:
    """Times one upload."""

    def __init__(self, pace: UploadPace) -> None:
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + pace.timeout_seconds
        self._credit = Credit(min_bytes_per_second=pace.min_bytes_per_second, grace_seconds=pace.grace_seconds)
        self._asked = self._loop.time()
        self._waiting: asyncio.Task[object] | None = None
        """Who waits for the client just now."""
        self._watch: asyncio.TimerHandle | None = None
        self._is_given_up = False
        self._gives_way = False

    @property
    def behind_seconds(self) -> float:
        """How long, more than its bytes have earned, the client has kept us waiting; up to the grace."""
        waited = self._loop.time() - self._asked if self._waiting else 0.0
        return self._credit.behind_seconds + waited

    def give_way(self) -> None:
        """End the upload if it waits for its client: somebody else needs its place."""
        if self._waiting:
            self._gives_way = True
            self._give_up(self._waiting)

    async def chunks(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield a body's chunks as they come.

        Raises:
            UploadTooSlow: the credit is used up, or the upload had to give way.
            UploadTimedOut: there is no time left.
        """
        task = cast("asyncio.Task[object]", asyncio.current_task())
        cancelling = task.cancelling()
        try:
            while True:
                self._asked, self._waiting = self._loop.time(), task
                if self._watch is None:
                    self._watch = self._loop.call_at(self._deadline, self._look)
                try:
                    chunk = await anext(body, None)
                except asyncio.CancelledError:
                    if self._is_given_up and task.uncancel() <= cancelling:
                        raise self._error() from None
                    raise
                finally:
                    self._waiting = None
                if chunk is None:
                    return
                self._credit.settle(waited_seconds=self._loop.time() - self._asked, size_bytes=len(chunk))
                yield chunk
        finally:
            if self._watch is not None:
                self._watch.cancel()

    @property
    def _deadline(self) -> float:
        """Until when the client may keep us waiting. It never comes nearer: a second of waiting costs no more than one.

        So the watch is set once and looks again when it goes off, instead of being set for every chunk.
        """
        return min(self._asked + self._credit.seconds, self._end)

    def _look(self) -> None:
        self._watch = None
        if not self._waiting:
            return
        if self._loop.time() < self._deadline:
            self._watch = self._loop.call_at(self._deadline, self._look)
        else:
            self._give_up(self._waiting)

    def _give_up(self, waiting: "asyncio.Task[object]") -> None:
        if not self._is_given_up:
            self._is_given_up = True
            waiting.cancel()

    def _error(self) -> ScriptoriumError:
        if self._gives_way:
            return UploadTooSlow(
                "The gateway had as many uploads as it takes at once (MAX_UPLOADS), and this one kept it waiting "
                "longest. Nothing of it was kept; try again."
            )
        if self._loop.time() >= self._end:
            return UploadTimedOut(
                f"The body was not whole after {self._pace.timeout_seconds:g} s (UPLOAD_TIMEOUT_SECONDS). "
                "Nothing of it was kept."
            )
        return UploadTooSlow(
            f"The body came at less than {self._pace.min_bytes_per_second:g} bytes a second "
            f"(MIN_UPLOAD_BYTES_PER_SECOND) for more than {self._pace.grace_seconds:g} s. Nothing of it was kept."
        )
