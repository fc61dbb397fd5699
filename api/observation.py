"""Watches every request from outside the routes: metrics, one log line and a request id."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import GatewayMetrics
from api.request_ids import HEADER, give_request_id

_ROUTINE = frozenset({"/health", "/health/ready", "/metrics", "/status/{job_id}"})
"""Routes that are polled: logged at debug level only."""

logger = structlog.get_logger(__name__)


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
        request_id = give_request_id(scope)
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message.setdefault("headers", []).append((HEADER, request_id.encode()))
            await send(message)

        started = time.perf_counter()
        # Not unbound: the server runs each request in a context of its own.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with self._metrics.in_progress.track_inprogress():
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                seconds = time.perf_counter() - started
                # The template, not the path: label sets stay bounded and logs hold no ids of strangers' making.
                route = getattr(scope.get("route"), "path", "unmatched")
                self._metrics.observe_request(scope["method"], route, status, seconds)
                log = logger.debug if route in _ROUTINE else logger.info
                log("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
