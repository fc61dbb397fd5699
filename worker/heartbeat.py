"""The worker's sign of life: renews the leases of its works and its own entry, from a thread of its own."""

from collections.abc import Callable

import structlog

from core.worker_entry import WorkerEntry
from worker.job_store import Hold, JobStore
from worker.running_jobs import RunningJobs

logger = structlog.get_logger(__name__)


class Heartbeat:
    """One beat tells Redis what this worker has, and the running jobs what Redis answers."""

    def __init__(
        self, *, store: JobStore, running: RunningJobs, entry: Callable[[], WorkerEntry], ttl_seconds: float
    ) -> None:
        self._store = store
        self._running = running
        self._entry = entry
        self._ttl_seconds = ttl_seconds

    def beat(self) -> None:
        """Renew everything once.

        Raises:
            redis.exceptions.RedisError: Redis does not answer; the leases hold until the next beats.
        """
        for running in self._running.snapshot():
            if running.hold is not Hold.LOST and running.note(self._store.heartbeat(running.work)) is Hold.LOST:
                logger.warning("work_lost", work_id=running.work.work_id, fence=running.work.fence)
        self._store.announce(self._entry(), ttl_seconds=self._ttl_seconds)
