"""The attempts this worker runs now, shared by the threads that run, renew, watch and hand back."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.work import Work
from worker.job_store import Hold


class RunningJob:
    """One attempt of this process, whether it still has its work, and how long it has been computing."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._lock = threading.Lock()
        self._hold = Hold.HELD
        self._computing_since: float | None = None

    @property
    def hold(self) -> Hold:
        """What is known last."""
        return self._hold

    @property
    def computing_seconds(self) -> float:
        """How long the step of the transcriber that is under way has taken so far; 0 between two steps."""
        since = self._computing_since
        return 0.0 if since is None else time.monotonic() - since

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Enclose one step of the transcriber: a beginning, or one segment."""
        self._computing_since = time.monotonic()
        try:
            yield
        finally:
            self._computing_since = None

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
    def track(self, work: Work) -> Iterator[RunningJob]:
        """List a work while its attempt runs."""
        running = RunningJob(work)
        with self._lock:
            self._running[work.work_id] = running
        try:
            yield running
        finally:
            with self._lock:
                if self._running.get(work.work_id) is running:
                    del self._running[work.work_id]

    def snapshot(self) -> list[RunningJob]:
        """Return the attempts under way."""
        with self._lock:
            return list(self._running.values())

    def __len__(self) -> int:
        return len(self._running)
