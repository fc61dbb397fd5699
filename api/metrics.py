"""What one gateway process counts, as Prometheus reads it; or what all that share a port have counted."""

from http import HTTPMethod
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_METHODS = frozenset(HTTPMethod)
_OTHER = "other"


class GatewayMetrics:
    """The gateway's own metrics.

    Args:
        shared_folder: Where this and other gateways keep what they count (`api.shared_metrics`); None: it is the only
            one that a scrape of its address can reach.
    """

    def __init__(self, shared_folder: Path | None = None) -> None:
        self.registry = CollectorRegistry()
        self._scraped = self.registry
        if shared_folder is not None:
            self._scraped = CollectorRegistry()
            MultiProcessCollector(self._scraped, path=str(shared_folder))  # type: ignore[no-untyped-call]
        self._of_route: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "transcription_requests_total",
            "HTTP requests by method, route template and status",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "transcription_requests_in_progress",
            "HTTP requests being served",
            registry=self.registry,
            multiprocess_mode="livesum",
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
            "transcription_uploads_under_way",
            "Uploads being received",
            registry=self.registry,
            multiprocess_mode="livesum",
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
        self.disk_process_deaths = Counter(
            "transcription_disk_process_deaths_total",
            "Times that the process that writes uploads has died; those under way were refused",
            registry=self.registry,
        )
        self.search_waiting = Gauge(
            "transcription_search_waiting",
            "Transcripts that came or were corrected and are still to be indexed",
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        self.search_failures = Counter(
            "transcription_search_failures_total",
            "Attempts to bring the index up to date that failed, and transcripts that could not be indexed",
            registry=self.registry,
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        # Looking labels up takes longer than counting.
        if (known := self._of_route.get((method, route, status))) is None:
            counted = method if method in _METHODS else _OTHER
            known = self.requests.labels(counted, route, str(status)), self.duration.labels(route)
            if counted is method:
                self._of_route[method, route, status] = known
        requests, duration = known
        requests.inc()
        duration.observe(seconds)

    def exposition(self, *others: Collector) -> bytes:
        """Return all metrics in Prometheus' text format, those of other collectors behind the gateway's own."""
        registry = CollectorRegistry()
        for collector in others:
            registry.register(collector)
        return generate_latest(self._scraped) + generate_latest(registry)
