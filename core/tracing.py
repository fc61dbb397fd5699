"""Traces: the way of a request and its job through gateway, worker and webhooks, as spans. Off by default.

A span tells what was done, for how long and with what numbers; nothing that a user sends or is sent is in one. Where no
receiver is set up, `NO_TRACES` takes the tracer's place and nothing of OpenTelemetry is imported (docs/decisions/0035).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Literal, Protocol, Self, TypeVar

from core.errors import ConfigurationError
from core.settings import CommonSettings

Fact = str | int | float | bool
Facts = Mapping[str, Fact | None]
"""By their names; None of what is not known, which is left out."""
SpanKind = Literal["internal", "server", "client", "consumer"]
T = TypeVar("T")

NO_FACTS: Facts = MappingProxyType({})

JOB_ID = "scriptorium.job_id"
LANE = "scriptorium.lane"
ATTEMPT = "scriptorium.attempt"
OUTCOME = "scriptorium.outcome"
AUDIO_SECONDS = "scriptorium.audio_seconds"
MEDIA_BYTES = "scriptorium.media_bytes"
BATCH_SIZE = "scriptorium.batch_size"
BATCH_KIND = "scriptorium.batch_kind"
FAULT = "scriptorium.fault"
STATUS_CODE = "http.response.status_code"
"""Names of facts: ours, and those that OpenTelemetry has names for."""


class Span(Protocol):
    """Something that is being done. What comes after its end is dropped."""

    @property
    def traceparent(self) -> str | None:
        """What refers to it from elsewhere: the value of W3C's header `traceparent`; None where nothing is traced."""

    @property
    def is_recording(self) -> bool:
        """Whether it is under way, and will be sent to somebody."""

    @property
    def trace_id(self) -> str | None:
        """Id of its trace, for log lines; None where nothing is traced."""

    def rename(self, name: str) -> None:
        """Give it a better name than was known at its start."""

    def note(self, facts: Facts) -> None:
        """Add what has become known of it."""

    def event(self, name: str, facts: Facts = NO_FACTS) -> None:
        """Note that something has happened now."""

    def link(self, traceparent: str | None) -> None:
        """Refer to another span, maybe of another trace."""

    def fail(self, error: str) -> None:
        """Say that it has gone wrong, and by what kind of error."""


class Tracer(Protocol):
    """Begins spans. Used by many threads and tasks at once, each with a current span of its own."""

    def span(
        self,
        name: str,
        facts: Facts = NO_FACTS,
        *,
        kind: SpanKind = "internal",
        parent: str | None = None,
        links: Iterable[str | None] = (),
    ) -> AbstractContextManager[Span]:
        """Enclose what is done in a span, which is the current one meanwhile.

        It belongs to `parent`, a `traceparent` from elsewhere, or to the current one, or begins a trace. An exception
        that leaves it is noted by its class alone: a message may quote what users have sent.
        """

    def steps(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items; the making of each is a span."""

    def current(self) -> Span:
        """Return the span that encloses this, or one that takes and does nothing."""

    def close(self) -> None:
        """Send what is left. It takes seconds where nobody answers."""


class NoSpan:
    """A span that nobody looks at, and its own context."""

    traceparent = trace_id = None
    is_recording = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def rename(self, name: str) -> None:
        """Do nothing."""

    def note(self, facts: Facts) -> None:
        """Do nothing."""

    def event(self, name: str, facts: Facts = NO_FACTS) -> None:
        """Do nothing."""

    def link(self, traceparent: str | None) -> None:
        """Do nothing."""

    def fail(self, error: str) -> None:
        """Do nothing."""


class NoTracer:
    """A tracer that traces nothing: every span is the same one."""

    def __init__(self) -> None:
        self._span = NoSpan()

    def span(
        self,
        name: str,  # noqa: ARG002
        facts: Facts = NO_FACTS,  # noqa: ARG002
        *,
        kind: SpanKind = "internal",  # noqa: ARG002
        parent: str | None = None,  # noqa: ARG002
        links: Iterable[str | None] = (),  # noqa: ARG002
    ) -> NoSpan:
        """Return the span that does nothing."""
        return self._span

    def steps(self, name: str, items: Iterable[T]) -> Iterator[T]:  # noqa: ARG002
        """Return an iterator over the items, as it is."""
        return iter(items)

    def current(self) -> NoSpan:
        """Return the span that does nothing."""
        return self._span

    def close(self) -> None:
        """Do nothing."""


NO_TRACES: Tracer = NoTracer()


def build_tracer(settings: CommonSettings, process: str) -> Tracer:
    """Return the tracer of a process: `gateway`, `worker` or `beat`.

    Raises:
        ConfigurationError: traces are to be sent, and what sends them isn't installed.
    """
    if not settings.otel_exporter_otlp_endpoint:
        return NO_TRACES
    try:
        from core.otel_tracing import OtelTracer
    except ImportError as error:
        raise ConfigurationError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT needs the extra `traces` ({error.name} is missing): "
            "pip install 'scriptorium[traces]'."
        ) from error
    return OtelTracer.sending(settings, process)
