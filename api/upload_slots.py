"""How many uploads may be under way at once, in all and of one client: beyond that, a body isn't even read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.upload_pace import UploadTimer
from core.errors import TooManyUploads, UploadsFull

_MAY_STALL_SECONDS = 1.0
"""An upload that keeps us waiting for longer gives way when there is no other place."""


class UploadSlots:
    """The uploads under way in this gateway.

    When all slots are taken, the upload whose client keeps us waiting longest gives way: otherwise a few clients that
    send next to nothing would keep out everybody else. `observe` is called with their number when it changes.
    """

    def __init__(
        self, *, total: int, per_client: int, observe: Callable[[int], None] = lambda _under_way: None
    ) -> None:
        self._total = total
        self._per_client = per_client
        self._observe = observe
        self._clients: dict[UploadTimer, str] = {}

    @property
    def taken(self) -> int:
        """How many uploads are under way."""
        return len(self._clients)

    @contextmanager
    def slot(self, client: str, timer: UploadTimer) -> Iterator[None]:
        """Hold a slot for an upload of a client: a key's id, or an address where there is no key.

        Raises:
            TooManyUploads: the client has as many under way as one may have.
            UploadsFull: all clients together have, and none of them stalls.
        """
        if sum(each == client for each in self._clients.values()) >= self._per_client:
            raise TooManyUploads(
                f"{self._per_client} uploads of yours are under way, as many as one client may have at once "
                "(MAX_UPLOADS_PER_CLIENT). Send this one when one of them has ended."
            )
        if self.taken >= self._total:
            self._make_room()
        self._clients[timer] = client
        self._observe(self.taken)
        try:
            yield
        finally:
            self._clients.pop(timer, None)
            self._observe(self.taken)

    def _make_room(self) -> None:
        slowest = max(self._clients, key=lambda timer: timer.behind_seconds)
        if slowest.behind_seconds < _MAY_STALL_SECONDS:
            raise UploadsFull(
                f"{self._total} uploads are under way, as many as this gateway takes at once (MAX_UPLOADS). "
                "Try again shortly."
            )
        slowest.give_way()
        del self._clients[slowest]
