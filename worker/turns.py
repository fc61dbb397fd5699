"""A turn: work on a lane until it is empty or the worker stops. Turns carry no job, so they may be lost or doubled."""

import threading

import structlog

from worker.job_runner import JobRunner
from worker.job_store import JobStore

logger = structlog.get_logger(__name__)


class Turns:
    """Takes turns, at most `slots` at once.

    The pool has more threads than slots, so that maintenance never waits behind a lane that is never empty.
    """

    def __init__(self, *, store: JobStore, runner: JobRunner, slots: int, stopping: threading.Event) -> None:
        self._store = store
        self._runner = runner
        self._slots = threading.BoundedSemaphore(slots)
        self._stopping = stopping

    def take(self, lane: str) -> list[str]:
        """Run work after work of a lane; return the ids of those this turn ran.

        Raises:
            redis.exceptions.RedisError: Redis does not answer; the reaper sends new turns when it does again.
        """
        ran: list[str] = []
        while not self._stopping.is_set() and self._slots.acquire(blocking=False):
            try:
                while not self._stopping.is_set() and (work := self._store.claim(lane)) is not None:
                    ran.append(work.work_id)
                    self._runner.run(work)
            finally:
                self._slots.release()
            # A turn that came between the last claim and the release found no slot: look once more on its behalf.
            if self._store.pending(lane) == 0:
                break
        return ran
