"""The worker's Prometheus metrics, in a registry of their own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app, start_http_server

from core.errors import ConfigurationError
from worker.health import with_health


class WorkerMetrics:
    """What one worker process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.running = Gauge("transcription_jobs_running", "Attempts under way", registry=self.registry)
        self.attempts = Counter(
            "transcription_attempts_total",
            "Attempts by how they ended, and by sensitivity label",
            ("outcome", "sensitivity"),
            registry=self.registry,
        )
        self.failures = Counter(
            "transcription_failures_total",
            "Failed attempts by failure code",
            ("code",),
            registry=self.registry,
        )
        self.malware_scans = Counter(
            "transcription_malware_scans_total",
            "Media shown to the malware scanner, by what came of it: clean, found, failed or unwanted",
            ("outcome",),
            registry=self.registry,
        )
        self.audio_seconds = Counter(
            "transcription_audio_seconds_total", "Audio of completed jobs", registry=self.registry
        )
        self.rtf = Histogram(
            "transcription_rtf",
            "Processing seconds per audio second of completed jobs",
            buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=self.registry,
        )
        self.fetches = Counter(
            "transcription_fetches_total",
            "Fetches of audio from a URL by how they ended: fetched, stopped, error, or a failure code",
            ("outcome",),
            registry=self.registry,
        )
        self.fetched_bytes = Counter(
            "transcription_fetched_bytes_total", "Bytes fetched from URLs", registry=self.registry
        )
        self.reaped = Counter(
            "transcription_reaped_total",
            "Jobs the reaper moved, by what it did",
            ("action",),
            registry=self.registry,
        )
        self.turns_topped_up = Counter(
            "transcription_turns_topped_up_total",
            "Turns sent because a lane had too few",
            registry=self.registry,
        )
        self.loop_errors = Counter(
            "transcription_worker_loop_errors_total",
            "Runs of a background loop that ended in an error",
            ("loop",),
            registry=self.registry,
        )
        self.model_load_seconds = Gauge(
            "transcription_model_load_seconds", "Time to load and warm the model", registry=self.registry
        )

        self.batch_size = Histogram(
            "transcription_batch_size",
            "Chunks of speech computed together",
            buckets=(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64),
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "transcription_batch_seconds",
            "Time to compute a batch",
            buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
            registry=self.registry,
        )
        self.texts_refused = Counter(
            "transcription_texts_refused_total",
            "Texts of chunks that the guard refused, by what was wrong",
            ("fault",),
            registry=self.registry,
        )

    def observe_batch(self, size: int, seconds: float) -> None:
        """Count a batch."""
        self.batch_size.observe(size)
        self.batch_seconds.observe(seconds)

    def observe_completed(self, audio_seconds: float, processing_seconds: float) -> None:
        """Count a completed job."""
        self.audio_seconds.inc(audio_seconds)
        if audio_seconds > 0:
            self.rtf.observe(processing_seconds / audio_seconds)

    def serve(self, host: str, port: int, *, is_ready: Callable[[], bool] = lambda: True) -> int:
        """Serve /metrics, /health and /health/ready from a daemon thread.

        Args:
            host: Address to listen on.
            port: 0 for one that is free.
            is_ready: What /health/ready says.

        Returns:
            The port.

        Raises:
            ConfigurationError: the port is taken, or the address is none of this machine's.
        """
        try:
            server, _ = start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise ConfigurationError(
                f"Can't serve metrics on {host}:{port} (METRICS_HOST, METRICS_PORT): {error.strerror}."
            ) from error
        server.set_app(with_health(make_wsgi_app(self.registry), is_ready=is_ready))
        return int(server.server_port)
