"""A tracer on the real SDK whose spans stay in this process."""

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from core.otel_tracing import OtelTracer


class SeenSpans:
    """Spans of `tracer`, as soon as they have ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = OtelTracer(provider)

    def by_name(self) -> dict[str, ReadableSpan]:
        """Return them; of several with one name, the last."""
        return {span.name: span for span in self._exporter.get_finished_spans()}

    def span_id(self, name: str) -> int:
        """Return the id of a span."""
        context = self.by_name()[name].get_span_context()
        assert context is not None
        return context.span_id
