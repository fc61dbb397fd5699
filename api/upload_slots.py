"""How many uploads may be under way at once, in all and of one client: beyond that, a body isn't even read."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import TooManyUploads, UploadsFull


class UploadSlots:
    """Counts the uploads under way in this gateway."""

    def __init__(self, *, total: int, per_client: int) -> None:
        self._total = total
        self._per_client = per_client
        self._by_client: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many uploads are under way."""
        return self._by_client.total()

    @contextmanager
    def slot(self, client: str) -> Iterator[None]:
        """Hold a slot for an upload of a client: a key's id, or an address where there is no key.

        Raises:
            TooManyUploads: the client has as many under way as one may have.
            UploadsFull: all clients together have.
        """
        if self._by_client[client] >= self._per_client:
            raise TooManyUploads(
                f"{self._per_client} uploads of yours are under way, as many as one client may have at once "
                "(MAX_UPLOADS_PER_CLIENT). Send this one when one of them has ended."
            )
        if self.taken >= self._total:
            raise UploadsFull(
                f"{self._total} uploads are under way, as many as this gateway takes at once (MAX_UPLOADS). "
                "Try again shortly."
            )
        self._by_client[client] += 1
        try:
            yield
        finally:
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]
