"""The jobs this worker runs now, shared by the threads that run, renew and hand back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.job import Job
from worker.job_store import Hold


class RunningJob:
    """One attempt of this process, and whether it still has its job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._lock = threading.Lock()
        self._hold = Hold.HELD

    @property
    def hold(self) -> Hold:
        """What is known last."""
        return self._hold

    def note(self, hold: Hold) -> Hold:
        """Take note of an answer from Redis and return what holds now; what is lost stays lost."""
        with self._lock:
            if self._hold is not Hold.LOST and not (self._hold is Hold.CANCEL and hold is Hold.HELD):
                self._hold = hold
            return self._hold


class RunningJobs:
    """The set of attempts under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, RunningJob] = {}

    @contextmanager
    def track(self, job: Job) -> Iterator[RunningJob]:
        """List a job while its attempt runs."""
        running = RunningJob(job)
        with self._lock:
            self._running[job.job_id] = running
        try:
            yield running
        finally:
            with self._lock:
                if self._running.get(job.job_id) is running:
                    del self._running[job.job_id]

    def snapshot(self) -> list[RunningJob]:
        """Return the attempts under way."""
        with self._lock:
            return list(self._running.values())

    def __len__(self) -> int:
        return len(self._running)
