"""Traces by OpenTelemetry, sent as OTLP over HTTP. The one module that imports it, itself only where they are sent."""

import os
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Link, SpanContext, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers

from core.settings import CommonSettings
from core.tracing import NO_FACTS, Facts, SpanKind
from core.version import VERSION

_KINDS: Final = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
}
_W3C: Final = TraceContextTextMapPropagator()
_END: Final = object()
_CLOSE_SECONDS: Final = 5.0
"""The SDK would wait half a minute for a receiver that doesn't answer, and longer than a process has to end."""
T = TypeVar("T")


class OtelSpan:
    """A `Span` on OpenTelemetry's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str | None:
        """The value of W3C's header `traceparent`; None outside of every span."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, trace.set_span_in_context(self._span))
        return carrier.get("traceparent")

    @property
    def is_recording(self) -> bool:
        """Whether it is under way, and the sampler has chosen it."""
        return self._span.is_recording()

    @property
    def trace_id(self) -> str | None:
        """Id of its trace in hexadecimal; None outside of every span."""
        context = self._span.get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else None

    def rename(self, name: str) -> None:
        """Give it a better name."""
        self._span.update_name(name)

    def note(self, facts: Facts) -> None:
        """Add facts."""
        self._span.set_attributes(_known(facts))

    def event(self, name: str, facts: Facts = NO_FACTS) -> None:
        """Note that something has happened now."""
        self._span.add_event(name, _known(facts))

    def link(self, traceparent: str | None) -> None:
        """Refer to another span."""
        context = _context_of(traceparent)
        # A span that ended meanwhile would complain to the log.
        if context.is_valid and self.is_recording:
            self._span.add_link(context)

    def fail(self, error: str) -> None:
        """Say that it has gone wrong."""
        self._span.set_status(StatusCode.ERROR)
        self._span.set_attribute("error.type", error)


class OtelTracer:
    """A `Tracer` on OpenTelemetry's."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("scriptorium", VERSION)

    @classmethod
    def sending(cls, settings: CommonSettings, process: str) -> "OtelTracer":
        """Return one whose spans a thread sends every few seconds; what nobody takes is dropped and logged."""
        resource = Resource.create(
            {
                "service.name": f"scriptorium-{process}",
                "service.version": VERSION,
                "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
            }
        )
        # Not left to the SDK, which reads the environment alone and knows nothing of `.env`.
        exporter = OTLPSpanExporter(
            endpoint=f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces",
            headers=parse_env_headers(settings.otel_exporter_otlp_headers, liberal=True) or None,
        )
        sampler = _sampler(settings.otel_traces_sampler, settings.otel_traces_sampler_arg)
        # Not left to the SDK either: the end of our processes is our own matter.
        provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return cls(provider)

    @contextmanager
    def span(
        self,
        name: str,
        facts: Facts = NO_FACTS,
        *,
        kind: SpanKind = "internal",
        parent: str | None = None,
        links: Iterable[str | None] = (),
    ) -> Iterator[OtelSpan]:
        """Enclose what is done in a span."""
        contexts = [_context_of(each) for each in links]
        with self._tracer.start_as_current_span(
            name,
            context=None if parent is None else _read(parent),
            kind=_KINDS[kind],
            attributes=_known(facts),
            links=[Link(context) for context in contexts if context.is_valid],
            # Both would quote the message.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            ours = OtelSpan(span)
            try:
                yield ours
            except Exception as error:
                ours.fail(type(error).__name__)
                raise

    def steps(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items; the making of each is a span, and so is finding out that there are no more."""
        iterator = iter(items)
        while True:
            with self.span(name):
                item = next(iterator, _END)
            if item is _END:
                return
            yield item  # type: ignore[misc]  # `_END` is no item

    def current(self) -> OtelSpan:
        """Return the current span; outside of every span, one that does nothing."""
        return OtelSpan(trace.get_current_span())

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces-closing", daemon=True)
        closing.start()
        closing.join(_CLOSE_SECONDS)


def _sampler(name: str, ratio: float) -> Sampler:
    """Return a sampler by OpenTelemetry's name for it."""
    root: Sampler
    match name.removeprefix("parentbased_"):
        case "always_on":
            root = ALWAYS_ON
        case "always_off":
            root = ALWAYS_OFF
        case _:
            root = TraceIdRatioBased(ratio)
    return ParentBased(root) if name.startswith("parentbased_") else root


def _known(facts: Facts) -> dict[str, str | int | float | bool]:
    return {name: fact for name, fact in facts.items() if fact is not None}


def _read(traceparent: str) -> Context:
    """Return the context that a `traceparent` names; an empty one if it is none."""
    return _W3C.extract({"traceparent": traceparent}, Context())


def _context_of(traceparent: str | None) -> SpanContext:
    return trace.get_current_span(_read(traceparent or "")).get_span_context()
