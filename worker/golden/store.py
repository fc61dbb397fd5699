"""Runs of the golden set in Redis: the latest ones, the baseline, when the next is due, and who runs it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol, cast

from redis import Redis
from redis.exceptions import LockError

from core.golden import RUNS_KEPT, GoldenRun
from core.keys import Keys

_LEASE_SECONDS: Final = 120.0
"""For a runner that dies; one that lives renews it all the time."""


class Lease(Protocol):
    """The right to run the set, of one process at a time."""

    def reacquire(self) -> bool:
        """Renew it.

        Raises:
            redis.exceptions.LockError: somebody else has it.
        """
        ...


class GoldenStore:
    """Runs. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()

    @contextmanager
    def lease(self) -> Iterator[Lease | None]:
        """Yield the right to run, None if somebody has it."""
        lock = self._client.lock(self._keys.golden_lease, timeout=_LEASE_SECONDS, blocking=False, thread_local=False)
        if not lock.acquire():
            yield None
            return
        try:
            yield cast("Lease", lock)
        finally:
            with suppress(LockError):  # it has lapsed, and is somebody else's by now
                lock.release()

    def is_due(self) -> bool:
        """Tell whether a run is due; the first one always is."""
        due_at = self._client.get(self._keys.golden_due)
        return due_at is None or float(str(due_at)) <= time.time()

    def set_due(self, *, in_seconds: float) -> None:
        """Have the next run begin in so many seconds."""
        self._client.set(self._keys.golden_due, repr(time.time() + in_seconds))

    def add(self, run: GoldenRun) -> None:
        """Keep a run; it is the baseline if there is none for its set and model."""
        baseline = self.baseline()
        is_first = baseline is None or not baseline.is_comparable_with(run)
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.lpush(self._keys.golden_runs, run.model_dump_json())
            pipeline.ltrim(self._keys.golden_runs, 0, RUNS_KEPT - 1)
            if is_first:
                pipeline.set(self._keys.golden_baseline, run.model_dump_json())
            pipeline.execute()

    def runs(self) -> list[GoldenRun]:
        """Return the runs that are kept, the latest first."""
        return [
            GoldenRun.model_validate_json(run)
            for run in cast("list[str]", self._client.lrange(self._keys.golden_runs, 0, -1))
        ]

    def set_baseline(self, run: GoldenRun) -> None:
        """Have other runs compared with this one."""
        self._client.set(self._keys.golden_baseline, run.model_dump_json())

    def baseline(self) -> GoldenRun | None:
        """Return the run that others are compared with."""
        stored = cast("str | None", self._client.get(self._keys.golden_baseline))
        return None if stored is None else GoldenRun.model_validate_json(stored)
