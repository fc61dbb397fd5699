"""Answers what is asked most: `GET /status/{job_id}` without a query, thousands of times a second.

FastAPI's way from a request to a function's parameters, and from its value to an answer, costs more than finding and
writing a status does (docs/decisions/0021). So a plain poll is answered before that way begins; everything else, a
status with `wait` among it, goes to the route, which documents both and answers alike.
"""

import re

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.access import require
from api.audit import Audit
from api.forecast import Forecast
from api.job_store import JobStore
from api.principal import Scope as Permission
from api.views import JobView
from core.errors import ScriptoriumError
from core.job import JOB_ID_PATTERN

_POLL = re.compile(f"/status/({JOB_ID_PATTERN})")


class _Route:
    """What the observation of requests and the audit read of a route."""

    path = path_format = "/status/{job_id}"


class StatusPolls:
    """ASGI middleware that answers plain polls and hands everything else on."""

    def __init__(self, app: ASGIApp, *, jobs: JobStore, forecast: Forecast, audit: Audit) -> None:
        self._app = app
        self._jobs = jobs
        self._forecast = forecast
        self._audit = audit
        self._admit = require(Permission.READ)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or scope["query_string"]
            or not (poll := _POLL.fullmatch(scope["path"]))
        ):
            await self._app(scope, receive, send)
            return
        scope["route"] = _Route
        scope["path_params"] = {"job_id": poll[1]}
        request = Request(scope)
        response: Response
        try:
            principal = await self._admit(request)
            state = await self._jobs.look(poll[1], tenant=principal.tenant)
            view = JobView.of(state.job, state=state, estimate=await self._forecast.of(state))
            response = Response(view.model_dump_json(by_alias=True), media_type="application/json")
        except (ScriptoriumError, RedisError) as error:
            response = await problems.answer(request, error)
            await self._audit.answered(scope, response.status_code)
        await response(scope, receive, send)
