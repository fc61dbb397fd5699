"""A turn: work on a lane until it is empty or the worker stops. Turns carry no job, so they may be lost or doubled."""

import threading

from worker.job_runner import JobRunner
from worker.job_store import JobStore


class Turns:
    """Takes turns, as many at once as the pool has threads."""

    def __init__(self, *, store: JobStore, runner: JobRunner, stopping: threading.Event) -> None:
        self._store = store
        self._runner = runner
        self._stopping = stopping

    def take(self, lane: str) -> list[str]:
        """Run work after work of a lane; return the ids of those this turn ran.

        Raises:
            redis.exceptions.RedisError: Redis does not answer; the reaper sends new turns when it does again.
        """
        ran: list[str] = []
        while not self._stopping.is_set() and (work := self._store.claim(lane)) is not None:
            ran.append(work.work_id)
            self._runner.run(work)
        return ran
