"""Answers a request with the transcript of the job that it makes, as the APIs of others do.

The call waits for its job, and nothing of the job depends on the call: when the client goes away, the gateway stops or
the wait gets too long, the job goes on, and the same request sent again joins it. Every answer, an error's too, says
where the job is: `Location` and `X-Job-Id`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import Request
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.requests import ClientDisconnect

from api.activity import ActivityFeed
from api.audit import Audit, note
from api.audit_log import Action
from api.credentials import header
from api.job_store import Accepted, JobStore
from api.response_headers import announce
from api.submissions import SUBMISSION_ERRORS
from api.views import status_path
from api.waiting import JobWaiter, still_running
from core.errors import (
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFound,
    JobStillRunning,
    ScriptoriumError,
)
from core.job import Job
from core.transcript import Segment, Transcript

ON_DISCONNECT_HEADER: Final = "X-On-Disconnect"
"""`cancel` in it asks that the job be cancelled when the client goes away before its end."""
JOB_HEADERS: Final = {
    "Location": {"description": "Where to follow the job.", "schema": {"type": "string"}},
    "X-Job-Id": {"description": "The job's id.", "schema": {"type": "string"}},
}
"""For the OpenAPI document: what an answer says of its job."""
TEXT_EXAMPLES: Final = {
    "text/plain": {"example": "And so my fellow Americans\n"},
    "application/x-subrip": {"example": "1\n00:00:00,000 --> 00:00:04,000\nAnd so my fellow Americans\n"},
    "text/vtt": {"example": "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nAnd so my fellow Americans\n"},
}
"""For it as well: the formats that are no JSON."""
CALL_ERRORS: Final[tuple[type[ScriptoriumError], ...]] = (
    *SUBMISSION_ERRORS,
    JobFailed,
    JobCancelled,
    JobExpired,
    JobNotFound,
    JobStillRunning,
)
"""What a call may end in that uploads a file and waits for its transcript."""
_SIGN_OF_LIFE_SECONDS: Final = 15.0
_OUTAGE_PAUSE_SECONDS: Final = 1.0

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A completed job and what came of it."""

    job: Job
    transcript: Transcript


class SynchronousCalls:
    """Waits for the jobs of requests. An outage of Redis is sat out."""

    def __init__(
        self, *, jobs: JobStore, waiter: JobWaiter, activity: ActivityFeed, audit: Audit, wait_seconds: float
    ) -> None:
        self._jobs = jobs
        self._waiter = waiter
        self._activity = activity
        self._audit = audit
        self._wait_seconds = wait_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    async def transcribed(self, request: Request, accepted: Accepted) -> Transcribed:
        """Return what comes of a job that a request, whose body has been read, has made.

        Raises:
            JobFailed, JobCancelled, JobExpired, JobNotFound: nothing comes of it.
            JobStillRunning: it takes longer than a call may wait, or the gateway stops.
            ClientDisconnect: the client went away.
        """
        self.announce(request, accepted)
        finished = asyncio.ensure_future(self.finished(accepted.job_id))
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait({finished, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not finished.done():
                self._left(request, accepted.job_id)
                raise ClientDisconnect
            return finished.result()
        finally:
            finished.cancel()
            gone.cancel()

    def announce(self, request: Request, accepted: Accepted) -> None:
        """Have the answer to a request say where its job is; it will tell a transcript."""
        job_id = accepted.job_id
        self._audit.submitted(request)
        note(request, job_id, action=Action.TRANSCRIPT_READ)
        announce(request.scope, [(b"location", status_path(job_id).encode()), (b"x-job-id", job_id.encode())])

    async def finished(self, job_id: str) -> Transcribed:
        """Return what comes of a job.

        Raises:
            JobFailed, JobCancelled, JobExpired, JobNotFound: nothing comes of it.
            JobStillRunning: it takes longer than a call may wait, or the gateway stops.
        """
        deadline = time.monotonic() + self._wait_seconds
        while True:
            remaining = max(0.0, deadline - time.monotonic())
            try:
                job = (await self._waiter.finished(job_id, remaining)).job
                return Transcribed(job, await self._jobs.transcript(job))
            except (RedisConnectionError, RedisTimeoutError) as error:
                await self._sit_out(job_id, error, remaining)

    async def followed(self, request: Request, job_id: str) -> AsyncGenerator[Segment | None, None]:
        """Yield a job's segments as they are committed, and None as a sign of life, until the job is finished.

        Raises:
            JobStillRunning: the gateway stops.
            JobNotFound: the job was erased.
        """
        try:
            async with aclosing(self._segments(job_id)) as segments:
                async for segment in segments:
                    yield segment
        except (asyncio.CancelledError, GeneratorExit):
            self._left(request, job_id)
            raise

    async def _segments(self, job_id: str) -> AsyncGenerator[Segment | None, None]:
        seen = 0
        state = await self._jobs.look(job_id)
        with self._activity.watch(state.job.work.work_id) as watch:
            while True:
                try:
                    state = await self._jobs.look(job_id)
                    for segment in await self._jobs.segments(state.job.work.work_id, seen, state.segments):
                        yield segment
                        seen += 1
                except (RedisConnectionError, RedisTimeoutError) as error:
                    await self._sit_out(job_id, error, 1)
                    continue
                if state.job.status.is_finished:
                    return
                if self._activity.is_closed:
                    raise still_running(job_id)
                if not await watch.wait(_SIGN_OF_LIFE_SECONDS):
                    yield None

    def _left(self, request: Request, job_id: str) -> None:
        """Have a job cancelled whose client has gone away, if that is what it asked for."""
        asked = header(request, ON_DISCONNECT_HEADER.lower().encode())
        logger.info("client_left", job_id=job_id, cancels=asked == b"cancel")
        if asked == b"cancel":
            note(request, job_id, action=Action.JOB_CANCELLED)
            task = asyncio.create_task(self._cancel(job_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _cancel(self, job_id: str) -> None:
        try:
            await self._jobs.cancel(job_id)
        except (JobNotFound, RedisConnectionError, RedisTimeoutError) as error:
            logger.warning("job_not_cancelled", job_id=job_id, error=type(error).__name__)

    async def _sit_out(self, job_id: str, error: Exception, remaining_seconds: float) -> None:
        """Wait a moment for Redis.

        Raises:
            JobStillRunning: there is no time left.
        """
        logger.warning("call_waits_for_store", error=type(error).__name__)
        if not remaining_seconds or self._activity.is_closed:
            raise still_running(job_id) from error
        await asyncio.sleep(_OUTAGE_PAUSE_SECONDS)


async def _disconnected(request: Request) -> None:
    """Return when the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
