"""Watches every request from outside the routes: metrics, one log line and a request id."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import GatewayMetrics
from api.request_ids import HEADER, give_request_id

_ROUTINE = frozenset({"/health", "/health/ready", "/metrics", "/status/{job_id}"})
"""Routes that are polled: logged at debug level only."""

logger = structlog.get_logger(__name__)


class Watch:
    """One request that is being observed, from its head to its answer's end."""

    __slots__ = ("_metrics", "_scope", "_started", "request_id", "status")

    def __init__(self, scope: Scope, metrics: GatewayMetrics) -> None:
        self._scope = scope
        self._metrics = metrics
        self._started = time.perf_counter()
        self.status = 500
        """Of the answer, once it is known."""
        self.request_id = give_request_id(scope)
        # Not unbound: the server runs each request in a context of its own.
        structlog.contextvars.bind_contextvars(request_id=self.request_id)
        metrics.in_progress.inc()

    @property
    def header(self) -> tuple[bytes, bytes]:
        """What the answer's head says of it."""
        return HEADER, self.request_id.encode()

    def end(self) -> None:
        """Count and log it."""
        self._metrics.in_progress.dec()
        seconds = time.perf_counter() - self._started
        # The template, not the path: label sets stay bounded and logs hold no ids of strangers' making.
        route = getattr(self._scope.get("route"), "path", "unmatched")
        self._metrics.observe_request(self._scope["method"], route, self.status, seconds)
        log = logger.debug if route in _ROUTINE else logger.info
        log("request", method=self._scope["method"], route=route, status=self.status, ms=round(seconds * 1000, 1))


class Observation:
    """ASGI middleware; pure, so that it neither buffers bodies nor hides disconnects."""

    def __init__(self, app: ASGIApp, metrics: GatewayMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watch = Watch(scope, self._metrics)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                watch.status = int(message["status"])
                message.setdefault("headers", []).append(watch.header)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            watch.end()
