"""Waits for jobs: for another status, or for their end, as long-polling and synchronous routes do."""

import time
from collections.abc import Callable

from api.activity import ActivityFeed
from api.job_store import JobState, JobStore
from core.errors import JobStillRunning
from core.work import JobStatus


class JobWaiter:
    """Waits for what workers do. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, jobs: JobStore, activity: ActivityFeed) -> None:
        self._jobs = jobs
        self._activity = activity

    async def until(self, state: JobState, seconds: float, is_enough: Callable[[JobStatus], bool]) -> JobState:
        """Return the job once its status is one that was waited for, or after so many seconds as it is."""
        deadline = time.monotonic() + seconds
        with self._activity.watch(state.job.work.work_id, status_only=True) as watch:
            while True:
                state = await self._jobs.look(state.job.job_id)
                remaining = deadline - time.monotonic()
                if is_enough(state.job.status) or remaining <= 0 or self._activity.is_closed:
                    return state
                await watch.wait(remaining)

    async def finished(self, job_id: str, seconds: float) -> JobState:
        """Return the job once it is finished.

        Raises:
            JobStillRunning: it is not, after so many seconds, or when the gateway stops. The job goes on.
            JobNotFound: it was erased meanwhile.
        """
        state = await self._jobs.look(job_id)
        if not state.job.status.is_finished:
            state = await self.until(state, seconds, lambda status: status.is_finished)
        if not state.job.status.is_finished:
            raise still_running(job_id)
        return state


def still_running(job_id: str) -> JobStillRunning:
    """Return the error of a call that waits no longer: it says where its job is."""
    return JobStillRunning(
        f"Job '{job_id}' is not finished and goes on. Follow it at /status/{job_id}, fetch its transcript at "
        f"/result/{job_id}; the same request joins it."
    )
