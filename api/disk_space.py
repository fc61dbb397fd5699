"""The disk space that uploads may take: what is free, less what those under way are still going to write.

Each gateway knows its own uploads. Whoever else writes to the disk, other gateways included, is noticed on the way: the
disk is looked at again and again while a file grows.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import NamedTuple

from core.errors import DiskFull
from core.media_store import MediaStore

_MIB = 1024 * 1024
_UNANNOUNCED_BYTES = 8 * _MIB
"""Promised to an upload that doesn't say how large it is, each time anew when its space is checked."""
_LOOK_SECONDS = 1.0
"""How long a look at the disk is good for new uploads, what ours have written since taken into account."""


class _Look(NamedTuple):
    at: float
    free_bytes: float
    written_bytes: int
    """What our uploads had written by then."""


class DiskSpace:
    """Promises space to uploads, the eldest first: when it grows short, the latest goes."""

    def __init__(self, media: MediaStore, *, min_free_bytes: int) -> None:
        self._media = media
        self._min_free_bytes = min_free_bytes
        self._promises: list[SpacePromise] = []
        self._written_bytes = 0
        self._last_look = _Look(-math.inf, 0, 0)

    @contextmanager
    def promised(self, announced_bytes: int | None) -> Iterator["SpacePromise"]:
        """Count an upload's bytes as long as it lasts. Whether there is room for them is for `check` to say."""
        promise = SpacePromise(self, announced_bytes)
        self._promises.append(promise)
        try:
            yield promise
        finally:
            self._promises.remove(promise)

    @property
    def is_known(self) -> bool:
        """Whether the last look is young enough to take an upload on its word."""
        return time.monotonic() <= self._last_look.at + _LOOK_SECONDS

    def look(self) -> None:
        """Ask the disk how much is free: in a thread, for a remote one may take its time."""
        written_bytes = self._written_bytes  # before the look: what is written meanwhile had better count twice
        self._last_look = _Look(time.monotonic(), self._media.free_bytes(), written_bytes)

    def wrote(self, size_bytes: int) -> None:
        """Note that so many bytes are on the disk."""
        self._written_bytes += size_bytes

    def has_room(self, promise: "SpacePromise") -> bool:
        """Tell, by the last look, whether what was promised to this upload and those before it leaves enough."""
        free_bytes = self._last_look.free_bytes - (self._written_bytes - self._last_look.written_bytes)
        elders = takewhile(lambda each: each is not promise, self._promises)
        unwritten_bytes = promise.unwritten_bytes + sum(each.unwritten_bytes for each in elders)
        return free_bytes - unwritten_bytes >= self._min_free_bytes

    def shortage(self) -> DiskFull:
        """Return the error that says so."""
        return DiskFull(
            f"Taking this file would leave less than {self._min_free_bytes / _MIB:g} MiB (MIN_FREE_DISK_MB) free, "
            "other uploads included. Try again later, or ask the operator for space."
        )


class SpacePromise:
    """What one upload is still going to write, as far as it has said."""

    def __init__(self, space: DiskSpace, announced_bytes: int | None) -> None:
        self._space = space
        self._is_announced = announced_bytes is not None
        self.unwritten_bytes = _UNANNOUNCED_BYTES if announced_bytes is None else announced_bytes

    def wrote(self, size_bytes: int) -> None:
        """Note that so many bytes are on the disk."""
        self.unwritten_bytes = max(0, self.unwritten_bytes - size_bytes)
        self._space.wrote(size_bytes)

    @property
    def needs_a_look(self) -> bool:
        """Whether the last look is too old, or leaves no room: no upload is refused on an old one."""
        return not (self._space.is_known and self._space.has_room(self))

    def look(self) -> None:
        """Ask the disk how much is free; blocks."""
        self._space.look()

    def check(self) -> None:
        """Check, by the last look, that there is room for the rest of it.

        Raises:
            DiskFull: this upload and those before it would leave too little.
        """
        if not self._is_announced:
            self.unwritten_bytes = _UNANNOUNCED_BYTES
        if not self._space.has_room(self):
            raise self._space.shortage()
