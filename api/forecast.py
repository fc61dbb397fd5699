"""Tells when a job will be done, from what the gateway knows of its lane; asks Redis for that once a second."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from api.eta import Estimate, Pace, estimate_running, estimate_waiting
from api.job_store import JobState, JobStore
from core.work import JobStatus, Work

_FRESH_SECONDS = 1.0


@dataclass(slots=True)
class _Lane:
    pace: Pace
    slots: int
    read_at: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What of a work bears on when it will be completed."""

    lane: str
    audio_seconds: float
    """What there is to do in all, for the attempt under way if there is one."""
    is_guess: bool
    done_seconds: float = 0.0
    """Of that."""
    claimed_at: datetime | None = None
    """When the attempt under way began; None if there is none."""

    @classmethod
    def of(cls, work: Work) -> "Outlook":
        """Return the outlook of a work that is not finished."""
        if work.status is not JobStatus.PROCESSING or work.claimed_at is None:
            return cls(work.lane, work.cost_seconds, work.is_cost_guessed)
        start = work.options.clip_start_seconds
        begin = max(start, work.resumed_from_seconds)
        return cls(
            work.lane,
            work.cost_seconds - max(0.0, begin - start),
            work.is_cost_guessed,
            done_seconds=max(0.0, work.progress_seconds - begin),
            claimed_at=work.claimed_at,
        )


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
        return None if state.job.status.is_finished else await self.by(Outlook.of(state.job.work), state)

    async def by(self, outlook: "Outlook", state: JobState) -> Estimate | None:
        """Return the same of an unfinished job whose work is known by its outlook alone.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.
        """
        if outlook.claimed_at is not None:
            return estimate_running(
                (await self._lane(outlook.lane)).pace,
                remaining_seconds=max(0.0, outlook.audio_seconds - outlook.done_seconds),
                done_seconds=outlook.done_seconds,
                elapsed_seconds=max(0.0, (datetime.now(UTC) - outlook.claimed_at).total_seconds()),
                is_guess=outlook.is_guess,
            )
        if state.queue_position is None:
            return None
        lane = await self._lane(outlook.lane)
        return estimate_waiting(
            lane.pace,
            position=state.queue_position,
            audio_seconds_ahead=state.audio_seconds_ahead,
            audio_seconds=outlook.audio_seconds,
            running=state.lane_remaining_seconds,
            slots=lane.slots,
            is_guess=outlook.is_guess,
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
