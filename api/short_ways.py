"""Answers what is asked most before the way through the application begins.

Its middleware, FastAPI's parameters and the model of the answer cost more than finding a status does, and a sixth of
what taking an upload does (docs/decisions/0021, 0046). Whatever needs any of that goes to the route, which documents
both and answers alike.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api import problems
from api.audit import Audit
from api.metrics import GatewayMetrics
from api.observation import Watch
from api.response_headers import completed

_JSON = (b"content-type", b"application/json")


class RouteName:
    """What the observation of requests and the audit read of a route."""

    def __init__(self, path: str) -> None:
        """`path` is the template of its path."""
        self.path = self.path_format = path


class JsonAnswer(NamedTuple):
    """An answer as it is sent."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()
    """Besides what every answer has."""


class ShortWay(Protocol):
    """Answers some of the requests of one route, as that route would."""

    route: RouteName

    def takes(self, scope: Scope) -> dict[str, str] | None:
        """Return the parameters in the path of a request; None if it is none of those."""
        ...

    async def answer(self, request: Request) -> JsonAnswer:
        """Answer one of those; errors are raised as in routes."""
        ...


class ShortWays:
    """All that there are."""

    def __init__(self, ways: Sequence[ShortWay], *, audit: Audit, metrics: GatewayMetrics) -> None:
        self._ways = ways
        self._audit = audit
        self._metrics = metrics

    def of(self, scope: Scope) -> ShortWay | None:
        """Return the one that a request goes, if there is one; then the request is its route's from here on."""
        if scope["type"] != "http" or scope["query_string"]:
            return None
        for way in self._ways:
            if (parameters := way.takes(scope)) is not None:
                # Whom a browser lets read an answer is the middleware's to say.
                if any(name == b"origin" for name, _ in scope["headers"]):
                    return None
                scope["route"] = way.route
                scope["path_params"] = parameters
                return way
        return None

    async def serve(self, way: ShortWay, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by one of them; `scope` names the application."""
        watch = Watch(scope, self._metrics)
        try:
            request = Request(scope, receive)
            try:
                watch.status, body, own = await way.answer(request)
                headers = [(b"content-length", b"%d" % len(body)), _JSON, *own]
            except Exception as error:  # noqa: BLE001 - answered and told of, whatever it is
                response = await problems.answer(request, error)
                watch.status, headers, body = response.status_code, response.raw_headers, bytes(response.body)
            await self._audit.answered(scope, watch.status)
            start = {"type": "http.response.start", "status": watch.status}
            await send(start | {"headers": [*completed(scope, headers), watch.header]})
            await send({"type": "http.response.body", "body": body})
        finally:
            watch.end()
