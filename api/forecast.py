"""Tells when a job will be done, from what the gateway knows of its lane; asks Redis for that once a second."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from api.eta import Estimate, Pace, estimate_running, estimate_waiting
from api.job_store import JobState, JobStore
from core.work import JobStatus

_FRESH_SECONDS = 1.0


@dataclass(slots=True)
class _Lane:
    pace: Pace
    slots: int
    read_at: float


class Forecast:
    """Estimates; a lane's pace is read at most once a second, whatever number of clients ask."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._lanes: dict[str, _Lane] = {}

    async def of(self, state: JobState) -> Estimate | None:
        """Return when a job will be completed; None if it is finished, or nothing can be known yet.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.
        """
        work = state.job.work
        if state.job.status.is_finished:
            return None
        if work.status is JobStatus.PROCESSING and work.claimed_at is not None:
            lane = await self._lane(work.lane)
            begin = max(work.options.clip_start_seconds, work.resumed_from_seconds)
            done = max(0.0, work.progress_seconds - begin)
            total = work.cost_seconds - max(0.0, begin - work.options.clip_start_seconds)
            return estimate_running(
                lane.pace,
                remaining_seconds=max(0.0, total - done),
                done_seconds=done,
                elapsed_seconds=max(0.0, (datetime.now(UTC) - work.claimed_at).total_seconds()),
                is_guess=work.is_cost_guessed,
            )
        return await self.of_waiting(work.lane, state, audio_seconds=work.cost_seconds, is_guess=work.is_cost_guessed)

    async def of_waiting(
        self, lane_name: str, state: JobState, *, audio_seconds: float, is_guess: bool
    ) -> Estimate | None:
        """Return the same of a job that isn't running, of which the lane and the length are known already.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.
        """
        if state.queue_position is None:
            return None
        lane = await self._lane(lane_name)
        return estimate_waiting(
            lane.pace,
            position=state.queue_position,
            audio_seconds_ahead=state.audio_seconds_ahead,
            audio_seconds=audio_seconds,
            running=state.lane_remaining_seconds,
            slots=lane.slots,
            is_guess=is_guess,
        )

    async def _lane(self, name: str) -> _Lane:
        lane = self._lanes.get(name)
        if lane is not None and time.monotonic() - lane.read_at <= _FRESH_SECONDS:
            return lane
        if lane is not None:  # while one request reads anew, the others go by what is known
            lane.read_at = time.monotonic()
        workers = await self._store.workers()
        self._lanes[name] = lane = _Lane(
            pace=Pace(await self._store.pace(name)),
            slots=sum(worker.concurrency for worker in workers if worker.lane == name),
            read_at=time.monotonic(),
        )
        return lane
