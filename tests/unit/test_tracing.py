"""Spans through the tracer that OpenTelemetry is behind, and through the one with nothing behind it."""

import logging
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from core.errors import ConfigurationError
from core.otel_tracing import _sampler
from core.settings import CommonSettings
from core.tracing import NO_TRACES, build_tracer
from tests.harness.seen_spans import SeenSpans

ELSEWHERE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = ELSEWHERE[:-1] + "0"
MARK = "zqcanary"


@pytest.fixture
def seen() -> SeenSpans:
    return SeenSpans()


def parent_id(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def test_a_span_belongs_to_the_one_around_it_or_to_the_one_that_is_named(seen: SeenSpans) -> None:
    with seen.tracer.span("outer") as outer:
        assert seen.tracer.current().traceparent == outer.traceparent
        with seen.tracer.span("inner"):
            pass
        with seen.tracer.span("elsewhere", parent=ELSEWHERE) as elsewhere:
            assert elsewhere.trace_id == ELSEWHERE.split("-")[1]
    spans = seen.by_name()
    assert parent_id(spans["outer"]) is None
    assert parent_id(spans["inner"]) == seen.span_id("outer")
    assert parent_id(spans["elsewhere"]) == int(ELSEWHERE.split("-")[2], 16)


@pytest.mark.parametrize("sent", ["", MARK, "00-0-0-01", ELSEWHERE.replace("0af7", "zzzz"), f"{ELSEWHERE}\n{MARK}"])
def test_what_is_no_reference_begins_a_trace_and_is_told_nowhere(seen: SeenSpans, sent: str) -> None:
    with seen.tracer.span("around"), seen.tracer.span("request", parent=sent) as span:
        assert span.trace_id not in {None, ELSEWHERE.split("-")[1]}
    request = seen.by_name()["request"]
    assert request.parent is None
    assert MARK not in request.to_json()


def test_who_is_not_to_be_traced_is_not(seen: SeenSpans) -> None:
    with seen.tracer.span("request", parent=UNSAMPLED) as span:
        assert not span.is_recording
        assert span.traceparent is not None
        assert span.traceparent.endswith("-00")
        with seen.tracer.span("part"):
            pass
    assert seen.by_name() == {}


def test_facts_that_are_not_known_are_left_out(seen: SeenSpans) -> None:
    with seen.tracer.span("GET", {"a": 1, "b": None}) as span:
        span.note({"c": True, "d": None})
        span.event("something", {"e": 0.5, "f": None})
        span.rename("GET /status/{job_id}")
    (span_seen,) = seen.by_name().values()
    assert span_seen.name == "GET /status/{job_id}"
    assert dict(span_seen.attributes or {}) == {"a": 1, "c": True}
    assert [(event.name, dict(event.attributes or {})) for event in span_seen.events] == [("something", {"e": 0.5})]


def test_of_an_exception_its_class_is_told_and_no_word_of_it(seen: SeenSpans) -> None:
    with pytest.raises(ValueError, match=MARK), seen.tracer.span("part"):
        raise ValueError(MARK)
    part = seen.by_name()["part"]
    assert not part.status.is_ok
    assert part.attributes == {"error.type": "ValueError"}
    assert MARK not in part.to_json()


def test_each_step_is_a_span_that_is_over_before_its_item_is_used(seen: SeenSpans) -> None:
    def items() -> Iterator[int]:
        for number in (1, 2):
            assert seen.tracer.current().is_recording
            with seen.tracer.span(f"within {number}"):
                pass
            yield number

    steps = seen.tracer.steps("step", items())
    with seen.tracer.span("attempt") as attempt:
        for _ in steps:
            assert seen.tracer.current().traceparent == attempt.traceparent
    spans = seen.by_name()
    assert parent_id(spans["step"]) == seen.span_id("attempt")
    assert spans["within 1"].parent is not None
    assert spans["within 1"].parent != spans["within 2"].parent


def test_a_link_to_nothing_and_one_that_comes_late_are_dropped_silently(
    seen: SeenSpans, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        with seen.tracer.span("batch", links=[None, "", ELSEWHERE]) as span:
            span.link(None)
            span.link(ELSEWHERE)
        span.link(ELSEWHERE)
    assert [f"{link.context.span_id:016x}" for link in seen.by_name()["batch"].links] == [ELSEWHERE.split("-")[2]] * 2
    assert caplog.records == []


def test_outside_of_every_span_there_is_nothing_to_refer_to(seen: SeenSpans) -> None:
    outside = seen.tracer.current()
    outside.note({"a": 1})
    outside.fail("internal_error")
    assert (outside.traceparent, outside.trace_id, outside.is_recording) == (None, None, False)


@pytest.mark.parametrize(
    ("name", "described"),
    [
        ("always_on", "AlwaysOnSampler"),
        ("always_off", "AlwaysOffSampler"),
        ("traceidratio", "TraceIdRatioBased{0.25}"),
        ("parentbased_always_on", "ParentBased{root:AlwaysOnSampler,"),
        ("parentbased_always_off", "ParentBased{root:AlwaysOffSampler,"),
        ("parentbased_traceidratio", "ParentBased{root:TraceIdRatioBased{0.25},"),
    ],
)
def test_a_sampler_is_known_by_opentelemetrys_name(name: str, described: str) -> None:
    assert _sampler(name, 0.25).get_description().startswith(described)


def test_without_a_receiver_every_span_is_the_same_and_does_nothing() -> None:
    tracer = build_tracer(CommonSettings(_env_file=None, otel_exporter_otlp_endpoint=""), "gateway")
    assert tracer is NO_TRACES
    items = iter([1, 2])
    with tracer.span("attempt", {"a": 1}, parent=ELSEWHERE, links=[ELSEWHERE]) as span:
        span.note({"b": 2})
        span.event("something")
        span.link(ELSEWHERE)
        span.fail("error")
        assert {id(span), id(tracer.span("other"))} == {id(tracer.current())}
    assert (span.traceparent, span.trace_id, span.is_recording) == (None, None, False)
    assert tracer.steps("step", items) is items


def test_a_receiver_without_what_sends_to_it_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "core.otel_tracing", None)
    settings = CommonSettings(_env_file=None, otel_exporter_otlp_endpoint="http://127.0.0.1:4318")
    with pytest.raises(ConfigurationError) as refused:
        build_tracer(settings, "gateway")
    assert "pip install 'scriptorium[traces]'" in refused.value.detail
