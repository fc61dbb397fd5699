"""A span around every request that may lead to a job; polls and probes are traced for a client that asks for it."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.tracing import STATUS_CODE, Tracer

_HEADER = b"traceparent"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ROUTINE = ("/health", "/metrics", "/status/")
"""Beginnings of paths that are asked for again and again: of themselves they begin no trace."""
_SERVER_ERROR = 500


class RequestTraces:
    """ASGI middleware; there is none of it where nothing is traced."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(_HEADER)
        if sent is None and scope["path"].startswith(_ROUTINE):
            await self._app(scope, receive, send)
            return
        # What a client calls a method is none of its business to write into a trace, nor are a path and a query.
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        parent = None if sent is None else sent.decode("latin-1")
        with self._tracer.span(method, {"http.request.method": method}, kind="server", parent=parent) as span:
            structlog.contextvars.bind_contextvars(trace_id=span.trace_id)

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = int(message["status"])
                    span.note({STATUS_CODE: status})
                    if status >= _SERVER_ERROR:
                        span.fail(str(status))
                await send(message)

            try:
                await self._app(scope, receive, send_noted)
            finally:
                if route := getattr(scope.get("route"), "path", None):
                    span.rename(f"{method} {route}")
                    span.note({"http.route": route})
