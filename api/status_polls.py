"""Answers what is asked most: `GET /status/{job_id}` without a query, thousands of times a second."""

import re
from http import HTTPStatus
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import Scope

from api.access import require
from api.forecast import Forecast, Outlook
from api.job_store import JobState, JobStore
from api.principal import Scope as Permission
from api.short_ways import JsonAnswer, RouteName
from api.views import JobPlace, JobView
from core.job import JOB_ID_PATTERN

_POLL = re.compile(f"/status/({JOB_ID_PATTERN})")
_MOST_REMEMBERED = 8192
"""Jobs whose status is kept as it was last written, somewhat more than 1 KiB each."""
_PLACE_BEGINS, _PLACE_ENDS = b'"queue_position":', b',"language":'
"""Around what `JobPlace` holds, in a `JobView`."""


class _Written(NamedTuple):
    """A status as it was written, on both sides of its place in the queue and its ETA if the job isn't finished."""

    version: int
    """Of the job."""
    before: bytes
    after: bytes
    outlook: Outlook | None
    """None where nothing is to be put in."""

    @classmethod
    def of(cls, state: JobState, body: bytes) -> "_Written":
        """Take a status apart."""
        if state.job.status.is_finished:
            return cls(state.version, body, b"", None)
        # No text within has these quotes: JSON escapes them.
        begin = body.index(_PLACE_BEGINS)
        end = body.index(_PLACE_ENDS, begin)
        return cls(state.version, body[:begin], body[end:], Outlook.of(state.job.work))


class StatusPolls:
    """The short way of a poll."""

    route = RouteName("/status/{job_id}")

    def __init__(self, *, jobs: JobStore, forecast: Forecast) -> None:
        self._jobs = jobs
        self._forecast = forecast
        self._admit = require(Permission.READ)
        self._written: dict[str, _Written] = {}
        """What was last answered of a job: most of all writing is the same again."""

    def takes(self, scope: Scope) -> dict[str, str] | None:
        """Return the job that a request polls; None if it is no poll."""
        if scope["method"] != "GET" or (poll := _POLL.fullmatch(scope["path"])) is None:
            return None
        return {"job_id": poll[1]}

    async def answer(self, request: Request) -> JsonAnswer:
        """Answer a poll."""
        return JsonAnswer(HTTPStatus.OK, await self._status(request.path_params["job_id"], request))

    async def _status(self, job_id: str, request: Request) -> bytes:
        principal = await self._admit(request)
        state = await self._jobs.look(job_id, tenant=principal.tenant)
        written = self._written.get(job_id)
        if written is not None and written.version == state.version:
            return await self._placed(written, state)
        view = JobView.of(state.job, state=state, estimate=await self._forecast.of(state))
        body = view.model_dump_json(by_alias=True).encode()
        if written is None and len(self._written) >= _MOST_REMEMBERED:
            del self._written[next(iter(self._written))]  # the oldest
        self._written[job_id] = _Written.of(state, body)
        return body

    async def _placed(self, written: _Written, state: JobState) -> bytes:
        """Return what was written before, with the place and the ETA that an unfinished job has now."""
        if written.outlook is None:
            return written.before
        place = JobPlace.of(state, await self._forecast.by(written.outlook, state))
        return written.before + place.model_dump_json()[1:-1].encode() + written.after
