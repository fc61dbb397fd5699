"""Recovery that no single process can stop: every worker runs it, and running it twice changes nothing."""

import time
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError

from worker.job_store import JobStore
from worker.metrics import WorkerMetrics
from worker.tasks import TurnQueue

logger = structlog.get_logger(__name__)


class Reaper:
    """Takes back works of silent workers, releases due retries, and tops up the turns of this worker's lane.

    After an outage every lease may have lapsed while its worker lives. So for one lease from Redis' return, be it that
    the server was restarted or that it could not be reached, nothing is taken back.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        turns: TurnQueue,
        metrics: WorkerMetrics,
        lane: str,
        max_crashes: int,
        lease_seconds: float,
        idle_slots: Callable[[], int],
    ) -> None:
        self._store = store
        self._turns = turns
        self._metrics = metrics
        self._lane = lane
        self._max_crashes = max_crashes
        self._lease_seconds = lease_seconds
        self._idle_slots = idle_slots
        self._reachable_since = -float("inf")

    def run(self) -> None:
        """Do it once.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.
        """
        reaped = self._store.reap(max_crashes=self._max_crashes, take_back=self._leases_count())
        for action in ("requeued", "failed", "cancelled", "released"):
            count: int = getattr(reaped, action)
            self._metrics.reaped.labels(action).inc(count)
            if count:
                logger.warning("works_reaped", action=action, count=count)
        self._top_up()

    def _leases_count(self) -> bool:
        """Tell whether every worker that lives has had the time to renew its leases."""
        try:
            uptime = self._store.server_uptime_seconds()
        except RedisError:
            self._reachable_since = float("inf")
            raise
        self._reachable_since = min(self._reachable_since, time.monotonic())
        return min(uptime, time.monotonic() - self._reachable_since) >= self._lease_seconds

    def _top_up(self) -> None:
        """Send turns for jobs that nobody may have heard of: all that this worker could take, for some may be lost."""
        idle = self._idle_slots()
        if not idle or not self._store.pending(self._lane):
            return
        missing = idle - self._turns.length(self._lane)
        if missing > 0:
            self._turns.send(self._lane, missing)
            self._metrics.turns_topped_up.inc(missing)
            logger.info("turns_topped_up", lane=self._lane, turns=missing)
