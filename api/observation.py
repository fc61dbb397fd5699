"""Watches every request from outside the routes: metrics, one log line and a request id."""

import time
from collections.abc import Mapping

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.correction_metrics import CorrectionMetrics
from api.job_store import LaneState
from api.request_ids import HEADER, give_request_id

_ROUTINE = frozenset({"/health", "/health/ready", "/metrics", "/status/{job_id}"})
"""Routes that are polled: logged at debug level only."""

logger = structlog.get_logger(__name__)


class GatewayMetrics:
    """The gateway's Prometheus metrics, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.corrections = CorrectionMetrics(self.registry)
        self._of_route: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "transcription_requests_total",
            "HTTP requests by method, route template and status",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "transcription_requests_in_progress", "HTTP requests being served", registry=self.registry
        )
        self.duration = Histogram(
            "transcription_request_duration_seconds",
            "Time from a request's head to its answer's end",
            ("route",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
            registry=self.registry,
        )
        self.upload_bytes = Counter(
            "transcription_upload_bytes_total", "Bytes of accepted uploads", registry=self.registry
        )
        self.uploads_under_way = Gauge(
            "transcription_uploads_under_way", "Uploads being received", registry=self.registry
        )
        self.accepted = Counter(
            "transcription_jobs_accepted_total",
            "Accepted requests, by whether a work of their own waits, one is shared, or they were accepted before, "
            "and by sensitivity label",
            ("outcome", "sensitivity"),
            registry=self.registry,
        )
        self.rate_limits_skipped = Counter(
            "transcription_rate_limits_skipped_total",
            "Requests that no rate limit counted because Redis was away",
            registry=self.registry,
        )
        self.audit_unstored = Counter(
            "transcription_audit_entries_unstored_total",
            "Entries of the audit log that Redis did not take; the gateway's log has them",
            registry=self.registry,
        )
        self._queue_depth = Gauge(
            "transcription_queue_depth", "Jobs waiting, by lane", ("lane",), registry=self.registry
        )
        self._queue_audio = Gauge(
            "transcription_queue_audio_seconds", "Audio waiting, by lane", ("lane",), registry=self.registry
        )
        self._dead_letters = Gauge(
            "transcription_dead_letters", "Failed works an operator may requeue or purge", registry=self.registry
        )
        self._webhooks_waiting = Gauge(
            "transcription_webhooks_waiting", "Webhook events to be delivered, now or later", registry=self.registry
        )
        self._webhook_attempts = Gauge(
            "transcription_webhook_attempts",
            "Attempts to deliver a webhook event since ever, by how they ended",
            ("outcome",),
            registry=self.registry,
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        # Looking labels up takes longer than counting.
        if (known := self._of_route.get((method, route, status))) is None:
            known = self.requests.labels(method, route, str(status)), self.duration.labels(route)
            self._of_route[method, route, status] = known
        requests, duration = known
        requests.inc()
        duration.observe(seconds)

    def set_webhooks(self, *, waiting: int, attempts: Mapping[str, int]) -> None:
        """Set the gauges that tell of the outbox, read at the time of the scrape."""
        self._webhooks_waiting.set(waiting)
        for outcome, times in attempts.items():
            self._webhook_attempts.labels(outcome).set(times)

    def set_queue(self, lanes: list[LaneState], *, dead_letters: int) -> None:
        """Set the gauges that tell of Redis, read at the time of the scrape."""
        self._dead_letters.set(dead_letters)
        for lane in lanes:
            self._queue_depth.labels(lane.lane).set(lane.pending_jobs)
            self._queue_audio.labels(lane.lane).set(lane.pending_audio_seconds)


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
