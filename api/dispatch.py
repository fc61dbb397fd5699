"""Sends turns: "somebody work on this lane". Best effort, off the event loop; the workers' reaper covers a lost one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from celery import Celery

from core.lanes import TURN_TASK, turn_queue

_BACKLOG_LIMIT = 64
"""Turns waiting to be sent; beyond it more would wake nobody who isn't awake already."""
_ENOUGH_WAITING = 256
"""Jobs of a lane that wait: each had its turn sent, so nobody sleeps whom one more turn would wake."""
_PAUSE_SECONDS = 0.01
"""Between two turns of a flood: to send one takes as much of the processor as to take a small upload."""

logger = structlog.get_logger(__name__)


class TurnSender:
    """Sends turns from a thread of its own, so that a broker that is away delays no answer."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="turns")
        self._lock = threading.Lock()
        self._backlog = 0

    def send(self, lane: str, *, waiting: int = 0) -> None:
        """Send a turn soon, unless so many jobs wait already that none is needed; returns at once and never raises."""
        with self._lock:
            if waiting >= _ENOUGH_WAITING or self._backlog >= _BACKLOG_LIMIT:
                return
            self._backlog += 1
        self._thread.submit(self._send, lane)

    def close(self) -> None:
        """Send what is waiting, then stop."""
        self._thread.shutdown(wait=True)

    def _send(self, lane: str) -> None:
        try:
            self._celery.send_task(TURN_TASK, args=[lane], queue=turn_queue(lane), retry=False)
        except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the job is safe in Redis
            logger.warning("turn_not_sent", lane=lane, error=type(error).__name__)
        finally:
            with self._lock:
                self._backlog -= 1
                more = self._backlog > 0
            if more:
                time.sleep(_PAUSE_SECONDS)
