"""Follows a job as server-sent events, from the stream its scripts write.

Every event has an id that says where in the stream it is, so whoever was cut off, be it that the gateway was restarted,
goes on behind the last one he has seen, at whichever gateway. One entry of the stream may commit several segments:
`1795261816359-0:2` is the second event of an entry, `1795261816359-0` its last.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel
from redis.exceptions import RedisError

from api.activity import ActivityFeed
from api.forecast import Forecast
from api.job_store import JobState, JobStore
from api.transcript_formats import plain_segment
from api.views import JobEvent, JobFailure, Progress, QueueEvent
from core.errors import JobNotFound
from core.work import JobStatus

_POSITION = re.compile(r"([0-9]{1,18}-[0-9]{1,18})(?::([0-9]{1,9}))?")
"""As long as Redis can count to, in 64 bits."""
_START = "0-0"
_KEEPALIVE_SECONDS = 15.0
_OUTAGE_PAUSE_SECONDS = 1.0

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a job's events: behind `seen` events of an entry, or behind all of them if that is None."""

    entry: str = _START
    seen: int | None = None

    @classmethod
    def parse(cls, event_id: str | None) -> "Position":
        """Read a `Last-Event-ID`; one that is none of ours means from the start."""
        match = _POSITION.fullmatch(event_id or "")
        return cls(match[1], int(match[2]) if match[2] else None) if match else cls()


class JobEvents:
    """The events of jobs, live and from the past."""

    def __init__(self, store: JobStore, feed: ActivityFeed, forecast: Forecast) -> None:
        self._store = store
        self._feed = feed
        self._forecast = forecast

    async def is_over(self, state: JobState, position: Position) -> bool:
        """Tell whether nothing will come behind a position.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.
        """
        if not state.job.status.is_finished or position == Position():
            return False
        if state.job.last_event is not None:
            return _order(position.entry) >= _order(state.job.last_event)
        return not await self._store.events(
            state.job.work.work_id, after=position.entry, inclusive=position.seen is not None
        )

    async def follow(self, state: JobState, position: Position) -> AsyncIterator[bytes]:
        """Yield the job's events behind a position, as they go over the wire, until the job is finished.

        An outage of Redis is sat out. Ends early when the gateway stops; clients re-attach elsewhere.
        """
        job_id = state.job.job_id
        reached = position
        queued: QueueEvent | None = None
        with self._feed.watch(state.job.work.work_id) as watch:
            while True:
                try:
                    async for behind, event in self._behind(state, reached):
                        yield event
                        reached = behind
                    if state.job.status.is_finished:  # before the events were read, so the last was among them
                        return
                    state = await self._store.look(job_id)
                    if state.job.status.is_finished:
                        continue
                    if (now := await self._queue(state)) is not None and now != queued:
                        queued = now
                        yield _event("queue", now)
                except JobNotFound:  # erased
                    return
                except RedisError as error:
                    logger.warning("events_wait_for_store", error=type(error).__name__)
                    await asyncio.sleep(_OUTAGE_PAUSE_SECONDS)
                    continue
                if self._feed.is_closed:
                    return
                if not await watch.wait(_KEEPALIVE_SECONDS):
                    yield KEEPALIVE_COMMENT

    async def _behind(self, state: JobState, position: Position) -> AsyncIterator[tuple[Position, bytes]]:
        """Yield what the stream holds behind a position, each with the position behind it."""
        work_id = state.job.work.work_id
        while entries := await self._store.events(work_id, after=position.entry, inclusive=position.seen is not None):
            for entry, fields in entries:
                skip = position.seen or 0 if entry == position.entry else 0
                events = await self._events(state, fields)
                for number, (name, data) in enumerate(events[skip:], skip + 1):
                    position = Position(entry, number if number < len(events) else None)
                    event_id = entry if position.seen is None else f"{entry}:{number}"
                    yield position, _event(name, data, event_id)
                position = Position(entry)
                if fields["event"] == "cancelled" and fields["job"] == state.job.job_id:
                    return

    async def _events(self, state: JobState, fields: dict[str, str]) -> list[tuple[str, BaseModel]]:
        """Return the events that one entry of the stream stands for."""
        job = state.job
        match fields["event"]:
            case "status":
                status = JobStatus(fields["status"])
                failure = None
                if status is JobStatus.FAILED and job.work.failure is None:  # it has failed since we looked
                    job = (await self._store.look(job.job_id)).job
                if status is JobStatus.FAILED and job.work.failure is not None:
                    failure = JobFailure(code=job.work.failure, detail=job.work.failure_detail or "")
                attempt = int(fields["attempt"])
                return [("status", JobEvent(job_id=job.job_id, status=status, attempt=attempt, failure=failure))]
            case "progress":
                segments = await self._store.segments(job.work.work_id, int(fields["first"]), int(fields["last"]))
                total = int(fields["audio_ms"]) / 1000 if fields["audio_ms"] else None
                progress = Progress.of(int(fields["progress_ms"]) / 1000, total)
                return [*(("segment", plain_segment(segment)) for segment in segments), ("progress", progress)]
            case "cancelled" if fields["job"] == job.job_id:
                return [("status", JobEvent(job_id=job.job_id, status=JobStatus.CANCELLED, attempt=job.work.attempts))]
            case _:  # the cancellation of another job that shared the work
                return []

    async def _queue(self, state: JobState) -> QueueEvent | None:
        if state.queue_position is None:
            return None
        return QueueEvent.of(state, await self._forecast.of(state))


def _order(entry: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry.split("-"))


def _event(name: str, data: BaseModel, event_id: str | None = None) -> bytes:
    return format_sse_event(event=name, data_str=data.model_dump_json(exclude_none=True), id=event_id)
