"""How fast an upload must come: a client that sends too slowly, or for too long, loses its place to others."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from core.errors import UploadTimedOut, UploadTooSlow


@dataclass(frozen=True, slots=True)
class UploadPace:
    """Bounds of an upload's time. Only waiting for the client counts as its time, not what our own disk takes.

    A client starts with a credit of `grace_seconds`. Each second that it keeps us waiting costs one, each byte earns
    what it may take at the minimum rate, and there is never more than the grace: so whatever came before, a client that
    stalls is given up after the grace, and one that drips at half the rate after twice that.
    """

    min_bytes_per_second: float
    grace_seconds: float
    timeout_seconds: float
    """Of the whole body, however fast it comes."""

    async def timed(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield a body's chunks as they come.

        Raises:
            UploadTooSlow: the credit is used up.
            UploadTimedOut: there is no time left.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self.timeout_seconds
        credit = self.grace_seconds
        while True:
            asked = clock()
            try:
                async with asyncio.timeout_at(min(asked + credit, end)):
                    chunk = await anext(body, None)
            except TimeoutError:
                raise self._timed_out() if clock() >= end else self._too_slow() from None
            if chunk is None:
                return
            credit = min(self.grace_seconds, credit - (clock() - asked) + len(chunk) / self.min_bytes_per_second)
            yield chunk

    def _too_slow(self) -> UploadTooSlow:
        return UploadTooSlow(
            f"The body came at less than {self.min_bytes_per_second:g} bytes a second "
            f"(MIN_UPLOAD_BYTES_PER_SECOND) for more than {self.grace_seconds:g} s. Nothing of it was kept."
        )

    def _timed_out(self) -> UploadTimedOut:
        return UploadTimedOut(
            f"The body was not whole after {self.timeout_seconds:g} s (UPLOAD_TIMEOUT_SECONDS). Nothing of it was kept."
        )
