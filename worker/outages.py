"""Patience with a store while it is away: an attempt sits an outage out rather than be thrown away."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.errors import StoreUnavailable

_OUTAGES = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError, StoreUnavailable)
"""Faults that pass by themselves. That of a server still loading its file is a connection error to the client."""
_PAUSE_SECONDS = 0.5

T = TypeVar("T")
logger = structlog.get_logger(__name__)


class Patience:
    """Repeats calls that meet an outage, for `seconds` at most and not beyond `stopping`.

    Only for calls that may be sent twice. Whether an attempt still has its work after a long outage is for the fence
    to say, not for a clock.
    """

    def __init__(self, seconds: float, stopping: threading.Event) -> None:
        self._seconds = seconds
        self._stopping = stopping

    def repeat(self, call: Callable[[], T]) -> T:
        """Return what the call returns.

        Raises:
            redis.exceptions.RedisError, StoreUnavailable: the outage outlasted the patience, or it is a fault of
                another kind.
        """
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                return call()
            except _OUTAGES as error:
                if time.monotonic() >= deadline or self._stopping.wait(_PAUSE_SECONDS):
                    raise
                logger.debug("store_away", error=type(error).__name__)


NO_PATIENCE = Patience(0, threading.Event())
"""Raises at once: for loops that run again soon anyway."""
