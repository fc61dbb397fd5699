"""Answers what is asked most: `GET /status/{job_id}` without a query, thousands of times a second.

The way through the application, its middleware, FastAPI's parameters and its answer's model, costs more than finding
and writing a status does (docs/decisions/0021). So a plain poll is answered before that way begins; everything else, a
status with `wait` or for a page of another origin among it, goes to the route, which documents both and answers alike.
"""

import re
from typing import NamedTuple

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import problems
from api.access import require
from api.audit import Audit
from api.forecast import Forecast, Outlook
from api.job_store import JobState, JobStore
from api.metrics import GatewayMetrics
from api.observation import Watch
from api.principal import Scope as Permission
from api.response_headers import completed
from api.views import JobPlace, JobView
from core.errors import ScriptoriumError
from core.job import JOB_ID_PATTERN

_POLL = re.compile(f"/status/({JOB_ID_PATTERN})")
_JSON = (b"content-type", b"application/json")
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


class _Route:
    """What the observation of requests and the audit read of a route."""

    path = path_format = "/status/{job_id}"


class StatusPolls:
    """Answers plain polls as the application would."""

    def __init__(self, *, jobs: JobStore, forecast: Forecast, audit: Audit, metrics: GatewayMetrics) -> None:
        self._jobs = jobs
        self._forecast = forecast
        self._audit = audit
        self._metrics = metrics
        self._admit = require(Permission.READ)
        self._written: dict[str, _Written] = {}
        """What was last answered of a job: most of all writing is the same again."""

    @staticmethod
    def job_of(scope: Scope) -> str | None:
        """Return the job that a request polls; None if it is no plain poll."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
            return None
        poll = _POLL.fullmatch(scope["path"])
        # Whom a browser lets read an answer is the middleware's to say.
        return None if poll is None or any(name == b"origin" for name, _ in scope["headers"]) else poll[1]

    async def answer(self, job_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain poll; `scope` names the application."""
        scope["route"] = _Route
        scope["path_params"] = {"job_id": job_id}
        watch = Watch(scope, self._metrics)
        try:
            request = Request(scope, receive)
            try:
                body = await self._status(job_id, request)
                watch.status, headers = 200, [(b"content-length", b"%d" % len(body)), _JSON]
            except Exception as error:  # noqa: BLE001 - answered and told of, whatever it is
                response = await self._problem(request, error)
                watch.status, headers, body = response.status_code, response.raw_headers, bytes(response.body)
            start = {"type": "http.response.start", "status": watch.status}
            await send(start | {"headers": [*completed(scope, headers), watch.header]})
            await send({"type": "http.response.body", "body": body})
        finally:
            watch.end()

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

    async def _problem(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, ScriptoriumError | RedisError):
            return await problems.unexpected(request, error)
        response = await problems.answer(request, error)
        await self._audit.answered(request.scope, response.status_code)
        return response
