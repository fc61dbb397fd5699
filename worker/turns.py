"""A turn: work on a lane until it is empty or the worker stops. Turns carry no job, so they may be lost or doubled."""

import threading
from collections import deque
from dataclasses import dataclass

from worker.job_runner import JobRunner
from worker.job_store import JobStore

_LATEST = 20
"""Ids that a turn tells of: Celery cuts what a task returns after 1024 characters, and a turn may last for days."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did. Its text is the task's result, which Flower shows."""

    lane: str
    works: int
    latest: tuple[str, ...]
    """Ids of those that it ran last, in order; a work has the id of the first job that asked for it."""

    def __str__(self) -> str:
        if not self.works:
            return f"lane {self.lane}: nothing to do"
        jobs = "1 job" if self.works == 1 else f"{self.works} jobs"
        shown = "" if len(self.latest) == self.works else f", the last {len(self.latest)} of them"
        return f"lane {self.lane}: {jobs}{shown}: {' '.join(self.latest)}"


class Turns:
    """Takes turns, as many at once as the pool has threads."""

    def __init__(self, *, store: JobStore, runner: JobRunner, stopping: threading.Event) -> None:
        self._store = store
        self._runner = runner
        self._stopping = stopping

    def take(self, lane: str) -> Turn:
        """Run work after work of a lane; return what this turn did.

        Raises:
            redis.exceptions.RedisError: Redis does not answer; the reaper sends new turns when it does again.
        """
        works = 0
        latest: deque[str] = deque(maxlen=_LATEST)
        while not self._stopping.is_set() and (work := self._store.claim(lane)) is not None:
            works += 1
            latest.append(work.work_id)
            self._runner.run(work)
        return Turn(lane, works, tuple(latest))
