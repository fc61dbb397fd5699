"""What a worker and beat count, each process in a registry of its own, and how they serve it.

A counter whose labels are few and known is there from the start: one that came to be with its first event would hide
that event from `rate()`.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app, start_http_server

from core.errors import ConfigurationError, FailureCode
from core.languages import LANGUAGE_NAMES
from core.transcript import TranscriptInfo
from worker.health import with_health

_DURATIONS: Final = ((30, "le30"), (300, "le300"), (3600, "le3600"))
_LONGER: Final = "longer"
"""Labels of jobs by the seconds of their audio."""
_NO_LANGUAGE: Final = "none"
_OTHER_LANGUAGE: Final = "other"


class Figures(Protocol):
    """How the text of a chunk fits its speech (`worker.engine.observer.ChunkFigures`)."""

    @property
    def avg_logprob(self) -> float | None:
        """None where nothing is said."""

    @property
    def speech_coverage(self) -> float | None:
        """From 0 to 1; None where there is no speech."""

    @property
    def has_text_on_silence(self) -> bool:
        """Whether there is text where there is no speech."""


class ProcessMetrics:
    """What every process with background loops counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.loop_errors = Counter(
            "transcription_worker_loop_errors_total",
            "Runs of a background loop that ended in an error",
            ("loop",),
            registry=self.registry,
        )

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


class BeatMetrics(ProcessMetrics):
    """What beat counts."""

    def __init__(self) -> None:
        super().__init__()
        self.cleaned_up = Counter(
            "transcription_cleaned_up_total",
            "What the clean-up removed, by kind: audio_files, kept_audio_files (for want of space), orphans, records "
            "or audit_entries",
            ("kind",),
            registry=self.registry,
        )
        self.last_clean_up = Gauge(
            "transcription_clean_up_last_run_timestamp_seconds",
            "When the latest clean-up of this process ended; 0 before the first",
            registry=self.registry,
        )

    def observe_clean_up(self, removed: Mapping[str, int]) -> None:
        """Count what a clean-up that has ended removed, by kind."""
        for kind, number in removed.items():
            self.cleaned_up.labels(kind).inc(number)
        self.last_clean_up.set_to_current_time()


class WorkerMetrics(ProcessMetrics):
    """What one worker process counts. Satisfies the observers of the engine and of the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Gauge("transcription_worker_slots", "Attempts that may run at once", registry=self.registry)
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
        for code in FailureCode:
            self.failures.labels(code)
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
        self.job_latency = Histogram(
            "transcription_job_latency_seconds",
            "Time from the acceptance of a job to its completion, by the length of its audio in seconds",
            ("duration",),
            buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400),
            registry=self.registry,
        )
        for duration in (*(label for _, label in _DURATIONS), _LONGER):
            self.job_latency.labels(duration)
        self.languages = Counter(
            "transcription_languages_total",
            "Completed jobs by Whisper's code of their language; none where nobody speaks",
            ("language",),
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
            "Jobs the reaper moved, by what it did: requeued, failed, cancelled or released",
            ("action",),
            registry=self.registry,
        )
        self.turns_topped_up = Counter(
            "transcription_turns_topped_up_total",
            "Turns sent because a lane had too few",
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
        self.batch_fill = Histogram(
            "transcription_batch_fill",
            "Chunks computed together, of as many as windows of their length may be",
            buckets=(0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1),
            registry=self.registry,
        )
        self.chunks = Counter(
            "transcription_chunks_total",
            "Chunks of speech that have their text; with quality=accurate, blocks of up to five minutes",
            registry=self.registry,
        )
        self.texts_refused = Counter(
            "transcription_texts_refused_total",
            "Texts of chunks that the guard refused, by what was wrong: repetitive, unlikely, beyond or empty",
            ("fault",),
            registry=self.registry,
        )
        for fault in ("repetitive", "unlikely", "beyond", "empty"):
            self.texts_refused.labels(fault)
        self.context_fallbacks = Counter(
            "transcription_context_fallbacks_total",
            "Times that a chunk was heard again because the guard refused its text, by the way: with more padding, "
            "in Whisper's full window, or in that without repeats",
            ("window",),
            registry=self.registry,
        )
        for window in ("padded", "full", "no_repeats"):
            self.context_fallbacks.labels(window)
        self.avg_logprob = Histogram(
            "transcription_avg_logprob",
            "Mean log probability of the tokens of a chunk's text",
            buckets=(-2, -1.5, -1, -0.8, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, 0),
            registry=self.registry,
        )
        self.speech_coverage = Histogram(
            "transcription_speech_coverage",
            "Share of the speech in a chunk, as the voice activity detector hears it, that lies under text",
            buckets=(0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1),
            registry=self.registry,
        )
        self.text_on_silence = Counter(
            "transcription_text_on_silence_total",
            "Chunks with text where the voice activity detector heard no speech",
            registry=self.registry,
        )
        self.decode_seconds = Histogram(
            "transcription_decode_seconds",
            "Time that a job waited for its file to be decoded",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=self.registry,
        )
        self.decode_errors = Counter(
            "transcription_decode_errors_total",
            "Files that could not be decoded, by container and codec as far as they were known, and by failure code",
            ("container", "codec", "code"),
            registry=self.registry,
        )

    def observe_batch(self, size: int, most: int, seconds: float) -> None:
        """Count a batch of so many chunks, of as many as there could have been."""
        self.batch_size.observe(size)
        self.batch_fill.observe(size / most)
        self.batch_seconds.observe(seconds)

    def observe_fault(self, fault: str) -> None:
        """Count a text that was refused."""
        self.texts_refused.labels(fault).inc()

    def observe_fallback(self, window: str) -> None:
        """Count a chunk that is heard again."""
        self.context_fallbacks.labels(window).inc()

    def observe_chunk(self, figures: Figures) -> None:
        """Count a chunk that has its text."""
        self.chunks.inc()
        if figures.avg_logprob is not None:
            self.avg_logprob.observe(figures.avg_logprob)
        if figures.speech_coverage is not None:
            self.speech_coverage.observe(figures.speech_coverage)
        if figures.has_text_on_silence:
            self.text_on_silence.inc()

    def observe_decoded(self, seconds: float) -> None:
        """Count a file that was decoded to its end."""
        self.decode_seconds.observe(seconds)

    def observe_decode_error(self, container: str, codec: str, code: FailureCode) -> None:
        """Count a file that could not be decoded."""
        self.decode_errors.labels(container, codec, code).inc()

    def observe_completed(
        self, info: TranscriptInfo, *, audio_seconds: float, processing_seconds: float, accepted_at: float
    ) -> None:
        """Count a completed job.

        Args:
            info: Facts about the transcript.
            audio_seconds: Of it, what was transcribed by the attempt that completed it.
            processing_seconds: What that took.
            accepted_at: By Redis' clock, in seconds since 1970. Where this machine's is behind, a latency of 0 is seen.
        """
        self.audio_seconds.inc(audio_seconds)
        if audio_seconds > 0:
            self.rtf.observe(processing_seconds / audio_seconds)
        duration = next((label for most, label in _DURATIONS if info.duration_seconds <= most), _LONGER)
        self.job_latency.labels(duration).observe(max(0.0, time.time() - accepted_at))
        self.languages.labels(_language_label(info)).inc()


def _language_label(info: TranscriptInfo) -> str:
    if not info.language_probability:
        return _NO_LANGUAGE
    return info.language if info.language in LANGUAGE_NAMES else _OTHER_LANGUAGE
