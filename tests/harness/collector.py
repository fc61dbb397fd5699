"""A real receiver of OTLP over HTTP, on loopback: keeps every span that gateways, workers and beats send."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from tests.harness.receiver import Receiver, Reply
from tests.harness.service import until

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}
"""Milliseconds between two sendings; five seconds by default."""


@dataclass(frozen=True, slots=True)
class CollectedSpan:
    """One span, as it was sent."""

    process: str
    """The resource's `service.name`."""
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty of a trace's first span."""
    kind: str
    is_failed: bool
    facts: Mapping[str, Any]
    events: Sequence[tuple[str, Mapping[str, Any]]]
    links: frozenset[str]
    """Ids of the spans that it refers to."""
    text: str
    """All of it, as text."""


class Collector:
    """Listens while the context is open."""

    def __init__(self) -> None:
        self._receiver = Receiver(lambda _: Reply(200))

    def __enter__(self) -> Self:
        self._receiver.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._receiver.__exit__(*exception)

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to be."""
        return self._receiver.url("").rstrip("/")

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that came last."""
        return self._receiver.received[-1].headers

    def spans(self) -> list[CollectedSpan]:
        """Return what has come so far, in the order of its coming."""
        return [
            _read(span, _facts(resource.resource.attributes))
            for received in list(self._receiver.received)
            for resource in _request(received.path, received.body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def trace(self, trace_id: str, *, until_there: Callable[[Sequence[CollectedSpan]], bool]) -> list[CollectedSpan]:
        """Return the spans of a trace as soon as there are those that are waited for."""

        def look() -> list[CollectedSpan] | None:
            found = [span for span in self.spans() if span.trace_id == trace_id]
            return found if until_there(found) else None

        return until(look, 60, lambda: "\n".join(f"{each.name} {each.facts}" for each in self.spans()))


def _request(path: str, body: bytes) -> ExportTraceServiceRequest:
    assert path == "/v1/traces"
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    return request


def _facts(attributes: Sequence[KeyValue]) -> dict[str, Any]:
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes}


def _read(span: trace_pb2.Span, resource: Mapping[str, Any]) -> CollectedSpan:
    return CollectedSpan(
        process=resource["service.name"],
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        is_failed=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
        facts=_facts(span.attributes),
        events=[(event.name, _facts(event.attributes)) for event in span.events],
        links=frozenset(link.span_id.hex() for link in span.links),
        text=f"{span} {resource}",
    )
