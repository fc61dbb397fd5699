"""Traces of real processes, as a real receiver of OTLP gets them: from the request to the batch and the webhook."""

import base64
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness.cluster import Cluster
from tests.harness.collector import SOON, CollectedSpan, Collector
from tests.harness.file_server import File, FileServer
from tests.harness.receiver import Receiver
from tests.harness.service import FINISHED, until
from tests.harness.traces import traces
from tests.media import backward_wav, clip, garbage, silence_wav

MARK = "zqcanary"
"""In everything that is nobody's business."""
SPEECH = ("keeper", "climbed", "stairs", "lamp", "ships")
"""Words that are spoken in the clip."""
ADMIN_KEY = f"{MARK}-admin-key-of-enough-characters"
COLLECTORS_KEY = f"{MARK}-collector"
LEASE = {"LEASE_SECONDS": "2", "HEARTBEAT_SECONDS": "0.3", "REAP_SECONDS": "0.5"}


def traced(collector: Collector, **settings: str) -> dict[str, str]:
    return SOON | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url} | settings


class Client:
    """Somebody who asks one gateway."""

    def __init__(self, cluster: Cluster) -> None:
        self.http = httpx.Client(
            base_url=cluster.base_url(), headers={"X-API-Key": ADMIN_KEY}, trust_env=False, timeout=60
        )

    def submit(self, media: bytes, *, traceparent: str | None = None, **options: str) -> str:
        headers = {"Cache-Control": "no-cache"} | ({} if traceparent is None else {"traceparent": traceparent})
        answer = self.http.post(
            f"/transcribe?{MARK}", files={"file": (f"{MARK}.wav", media)}, data=options, headers=headers
        )
        return job_of(answer)

    def finished(self, job_id: str) -> str:
        def look() -> str | None:
            status = str(self.http.get(f"/status/{job_id}").json()["status"])
            return status if status in FINISHED else None

        return until(look, 120)


def job_of(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def of_client(*, sampled: bool = True) -> tuple[str, str, str]:
    """Return a `traceparent`, the id of the trace and the id of the client's own span."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    return f"00-{trace_id}-{span_id}-{sampled:02x}", trace_id, span_id


def named(spans: Sequence[CollectedSpan], name: str) -> list[CollectedSpan]:
    return [span for span in spans if span.name == name]


def one(spans: Sequence[CollectedSpan], name: str, facts: Mapping[str, Any] | None = None) -> CollectedSpan:
    found = [span for span in named(spans, name) if (facts or {}).items() <= span.facts.items()]
    assert len(found) == 1, found
    return found[0]


def ended(spans: Sequence[CollectedSpan]) -> bool:
    return any(span.facts.get("scriptorium.outcome") == "completed" for span in named(spans, "attempt"))


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def cluster(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(
        tmp_path_factory.mktemp("traces"),
        proxied=False,
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        MAX_FILE_SIZE_MB="2",
        WEBHOOK_SECRET=f"whsec_{base64.b64encode(MARK.encode() * 4).decode()}",
        OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
        **traced(collector, OTEL_EXPORTER_OTLP_HEADERS=f"x-key={COLLECTORS_KEY}"),
        **LEASE,
    ) as running:
        running.start(workers=1, beat=True)
        yield running


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return Client(cluster)


def test_a_clients_trace_goes_on_through_gateway_and_worker_to_the_batch(client: Client, collector: Collector) -> None:
    traceparent, trace_id, span_id = of_client()
    job_id = client.submit(silence_wav(12), traceparent=traceparent)

    spans = collector.trace(trace_id, until_there=ended)

    request = one(spans, "POST /transcribe")
    assert (request.process, request.kind, request.parent_id) == ("scriptorium-gateway", "server", span_id)
    assert request.facts == {
        "http.request.method": "POST",
        "http.route": "/transcribe",
        "http.response.status_code": 202,
    }
    receive, accept = one(spans, "receive upload"), one(spans, "accept job")
    assert receive.parent_id == accept.parent_id == request.span_id
    assert one(spans, "store upload").parent_id == receive.span_id
    assert (receive.facts["scriptorium.media_bytes"], receive.facts["scriptorium.audio_seconds"]) == (384_044, 12)
    assert accept.facts == {
        "scriptorium.job_id": job_id,
        "scriptorium.lane": "base",
        "scriptorium.outcome": "accepted",
    }
    attempt = one(spans, "attempt")
    assert (attempt.process, attempt.kind, attempt.parent_id) == ("scriptorium-worker", "consumer", request.span_id)
    assert attempt.facts == {
        "scriptorium.job_id": job_id,
        "scriptorium.lane": "base",
        "scriptorium.attempt": 1,
        "scriptorium.audio_seconds": 12,
        "scriptorium.outcome": "completed",
    }
    assert len(named(spans, "batch")) == 3
    assert len(named(spans, "redis report")) == 4
    assert {span.parent_id for span in spans if span.name in {"batch", "redis report", "redis complete"}} == {
        attempt.span_id
    }
    assert not any(span.is_failed for span in spans)
    assert collector.headers["x-key"] == COLLECTORS_KEY


def test_what_a_client_does_not_have_traced_is_not(client: Client, collector: Collector) -> None:
    traceparent, untraced_id, _ = of_client(sampled=False)
    assert client.finished(client.submit(silence_wav(1), traceparent=traceparent)) == "completed"
    traceparent, trace_id, _ = of_client()
    client.submit(silence_wav(1), traceparent=traceparent)
    collector.trace(trace_id, until_there=ended)
    assert untraced_id not in {span.trace_id for span in collector.spans()}


def test_polls_and_probes_begin_no_trace_and_a_long_poll_joins_one(client: Client, collector: Collector) -> None:
    job_id = client.submit(silence_wav(1))
    client.finished(job_id)
    for path in ("/health", "/health/ready", "/metrics", f"/status/{job_id}", f"/status/{job_id}?wait=1"):
        assert client.http.get(path).status_code == 200
    traceparent, trace_id, span_id = of_client()
    client.http.get(f"/status/{job_id}?wait=1", headers={"traceparent": traceparent})
    (poll,) = collector.trace(trace_id, until_there=lambda spans: len(spans) == 1)
    assert (poll.name, poll.parent_id) == ("GET /status/{job_id}", span_id)
    assert {span.name for span in collector.spans() if span.kind == "server"} <= {"POST /transcribe", poll.name}


def test_lines_of_both_logs_name_the_trace(client: Client, cluster: Cluster, collector: Collector) -> None:
    traceparent, trace_id, _ = of_client()
    client.submit(silence_wav(1), traceparent=traceparent)
    collector.trace(trace_id, until_there=ended)
    logs = {path.name.partition("-")[0]: path for path in cluster.logs.iterdir()}
    for process, event in (("gateway", "job_accepted"), ("worker", "attempt_started"), ("worker", "attempt_ended")):
        lines = [json.loads(line) for line in logs[process].read_text().splitlines() if line.startswith("{")]
        assert [line["event"] for line in lines if line.get("trace_id") == trace_id and line["event"] == event]


def test_a_job_lost_with_its_worker_goes_on_in_the_same_trace(
    client: Client, cluster: Cluster, collector: Collector
) -> None:
    traceparent, trace_id, _ = of_client()
    doomed = cluster.running_workers()[0]
    job_id = client.submit(silence_wav(12), traceparent=traceparent, initial_prompt="scripted:die@10")
    until(lambda: True if not doomed.is_running else None, 30, cluster.log_tails)
    cluster.start_worker()

    spans = collector.trace(trace_id, until_there=ended)

    # What was under way in a process that was killed is told by nobody; what it had done before is, and what follows.
    attempt = one(spans, "attempt")
    assert attempt.facts["scriptorium.attempt"] == 2
    assert attempt.facts["scriptorium.job_id"] == job_id
    assert attempt.parent_id == one(spans, "POST /transcribe").span_id


def test_each_attempt_that_fails_is_a_span_of_the_trace(client: Client, collector: Collector) -> None:
    traceparent, trace_id, _ = of_client()
    client.submit(silence_wav(12), traceparent=traceparent, initial_prompt="scripted:error@10")
    spans = collector.trace(trace_id, until_there=ended)
    first, second = sorted(named(spans, "attempt"), key=lambda span: int(span.facts["scriptorium.attempt"]))
    assert first.parent_id == second.parent_id == one(spans, "POST /transcribe").span_id
    assert (first.facts["scriptorium.outcome"], first.facts["error.type"]) == ("queued", "internal_error")
    assert (first.is_failed, second.is_failed) == (True, False)


def test_a_webhook_and_a_fetch_belong_to_the_request(client: Client, collector: Collector) -> None:
    traceparent, trace_id, _ = of_client()
    with Receiver() as receiver, FileServer(lambda _: File.of(silence_wav(1))) as server:
        answer = client.http.post(
            "/transcribe",
            json={"url": server.url(f"/{MARK}?{MARK}"), "webhook_url": receiver.url(f"/{MARK}-hook?{MARK}")},
            headers={"traceparent": traceparent},
        )
        job_id = job_of(answer)
        spans = collector.trace(trace_id, until_there=lambda spans: bool(named(spans, "deliver webhook")))
    request, delivery = one(spans, "POST /transcribe"), one(spans, "deliver webhook")
    assert (delivery.process, delivery.kind, delivery.parent_id) == ("scriptorium-beat", "client", request.span_id)
    assert delivery.facts == {
        "scriptorium.job_id": job_id,
        "scriptorium.attempt": 1,
        "scriptorium.outcome": "delivered",
        "http.response.status_code": 204,
    }
    fetch = one(spans, "fetch audio")
    assert fetch.facts == {"scriptorium.media_bytes": 32_044}
    assert fetch.parent_id == one(spans, "attempt").span_id


# With speech


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Collector]]:
    """A service with the real model, one batch at a time, and who is sent its traces."""
    with (
        Collector() as collector,
        Cluster(
            tmp_path_factory.mktemp("speech"),
            proxied=False,
            MODEL_REPLICAS="1",
            BATCH_SIZE="4",
            AUTH_MODE="api_key",
            ADMIN_KEY=ADMIN_KEY,
            MAX_FILE_SIZE_MB="2",
            **traced(collector),
        ) as cluster,
    ):
        cluster.start(workers=1)
        yield Client(cluster), collector


def test_a_batch_of_several_jobs_is_linked_with_each(speech: tuple[Client, Collector]) -> None:
    client, collector = speech
    clients = [of_client() for _ in range(8)]
    audio = clip("lighthouse").read_bytes()
    jobs = [client.submit(audio, traceparent=traceparent, language="en") for traceparent, _, _ in clients]

    traces = [collector.trace(trace_id, until_there=ended) for _, trace_id, _ in clients]

    attempts = {one(spans, "attempt").span_id: one(spans, "attempt") for spans in traces}
    assert [attempt.facts["scriptorium.job_id"] for attempt in attempts.values()] == jobs
    batches = [span for spans in traces for span in named(spans, "batch")]
    shared = [batch for batch in batches if batch.links]
    assert shared
    for batch in batches:
        parties = {batch.parent_id, *batch.links}
        assert parties <= attempts.keys()
        assert len(parties) <= int(batch.facts["scriptorium.batch_size"]) <= 4
        assert all(batch.span_id in attempts[other].links for other in batch.links)
    for attempt in attempts.values():
        assert attempt.links or any(batch.parent_id == attempt.span_id for batch in batches)
    for spans in traces:
        attempt = one(spans, "attempt")
        cut = {span.span_id for span in named(spans, "cut chunk")}
        assert cut
        assert {span.parent_id for span in named(spans, "cut chunk")} == {attempt.span_id}
        assert {span.parent_id for span in named(spans, "decode")} <= cut


def test_a_chunk_that_is_heard_again_is_an_event_of_its_attempt(speech: tuple[Client, Collector]) -> None:
    client, collector = speech
    traceparent, trace_id, _ = of_client()
    client.submit(backward_wav("lighthouse"), traceparent=traceparent, language="en")
    spans = collector.trace(trace_id, until_there=ended)
    refused = [facts for name, facts in one(spans, "attempt").events if name == "text refused"]
    assert refused
    assert {facts["scriptorium.fault"] for facts in refused} <= {"repetitive", "unlikely", "beyond", "empty"}
    assert len(named(spans, "batch")) > 1


def test_the_careful_way_is_traced_segment_by_segment(speech: tuple[Client, Collector]) -> None:
    client, collector = speech
    traceparent, trace_id, _ = of_client()
    client.submit(clip("snow").read_bytes(), traceparent=traceparent, quality="accurate")
    spans = collector.trace(trace_id, until_there=ended)
    segments = named(spans, "transcribe segment")
    assert {span.parent_id for span in segments} == {one(spans, "attempt").span_id}
    assert {span.parent_id for span in named(spans, "cut chunk")} <= {span.span_id for span in segments}


def test_no_span_tells_what_is_nobodys_business(
    speech: tuple[Client, Collector], cluster: Cluster, collector: Collector
) -> None:
    client, collector_of_speech = speech
    unspoken = {"initial_prompt": f"{MARK} prompt", "hotwords": f"{MARK} hotwords"}
    for media in (clip("lighthouse").read_bytes(), b"fLaC" + garbage(1, 5000)):
        client.finished(client.submit(media, **unspoken))
    for each in (client, Client(cluster)):
        ask_for_what_is_refused(each)
    last, last_of_speech = of_client(), of_client()
    Client(cluster).submit(silence_wav(1), traceparent=last[0])
    client.submit(silence_wav(1), traceparent=last_of_speech[0])
    collector.trace(last[1], until_there=ended)
    collector_of_speech.trace(last_of_speech[1], until_there=ended)

    spans = [*collector.spans(), *collector_of_speech.spans()]
    assert {200, 202, 401, 404, 405, 413, 415, 422} <= {span.facts.get("http.response.status_code") for span in spans}
    secret = re.compile(rf"{MARK}|\b(?:{'|'.join(SPEECH)})\b|127\.0\.0\.1|/tmp", re.IGNORECASE)
    assert [span.text for span in spans if secret.search(span.text)] == []


def ask_for_what_is_refused(client: Client) -> None:
    canary = {"traceparent": MARK, "tracestate": f"{MARK}=1", "baggage": f"{MARK}=1", "X-Request-ID": MARK}
    for headers in (canary, canary | {"traceparent": of_client()[0]}):
        for method, path in (
            ("GET", "/jobs"),
            ("GET", f"/nowhere/{MARK}"),
            ("GET", f"/result/{MARK}"),
            ("PUT", "/jobs"),
            ("PROPFIND", f"/{MARK}"),
            ("DELETE", f"/job/{'0' * 32}"),
        ):
            client.http.request(method, f"{path}?{MARK}", headers=headers)
        client.http.get("/jobs", headers=headers | {"X-API-Key": MARK})
        for media, options in (
            (bytes(3 * 1024 * 1024), {}),
            (MARK.encode(), {}),
            (silence_wav(1), {MARK: MARK}),
        ):
            client.http.post("/transcribe", files={"file": (MARK, media)}, data=options, headers=headers)


# Off


WITHOUT = """
import sys
for name in {names}:
    sys.modules[name] = None  # whoever imports it now is told that there is none
from {module} import main
sys.exit(main())
"""


def test_where_nobody_receives_traces_everything_works_without_opentelemetry(tmp_path: Path) -> None:
    """FastAPI itself imports OpenTelemetry's API; a gateway finds no more than that, and a worker nothing."""
    sdk = ["opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto"]
    with Cluster(tmp_path / "cluster", TRANSCRIBER="scripted") as cluster:
        cluster.start_gateway(program=("-c", WITHOUT.format(names=sdk, module="api.__main__")))
        cluster.start_worker(program=("-c", WITHOUT.format(names=["opentelemetry"], module="worker.__main__")))
        cluster.await_ready()
        client = Client(cluster)
        job_id = client.submit(silence_wav(12), traceparent=of_client()[0])
        assert client.finished(job_id) == "completed"
        assert traces(cluster.redis, ["traceparent"]) == []


def test_where_nobody_receives_traces_a_request_passes_nothing_of_them() -> None:
    """No module is imported but those that FastAPI and redis-py import by themselves, and no middleware is there."""
    program = (
        "import sys, fastapi, redis.asyncio\n"
        "own = {name for name in sys.modules if name.startswith('opentelemetry')}\n"
        "from api.app import create_app\n"
        "from api.settings import GatewaySettings\n"
        "app = create_app(GatewaySettings(_env_file=None))\n"
        "print(sorted({name for name in sys.modules if name.startswith('opentelemetry')} - own))\n"
        "print([each.cls.__name__ for each in app.user_middleware])\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    modules, middleware = told.splitlines()
    assert modules == "[]"
    assert "Observation" in middleware
    assert "RequestTraces" not in middleware


def test_a_receiver_that_is_away_holds_nothing_up(tmp_path: Path) -> None:
    settings = SOON | {"TRANSCRIBER": "scripted", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    with Cluster(tmp_path / "cluster", proxied=False, **settings) as cluster:
        cluster.start(workers=1)
        client = Client(cluster)
        assert client.finished(client.submit(silence_wav(12))) == "completed"
        processes = [*cluster.gateways, *cluster.workers]
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)
        assert [worker.exit_status for worker in cluster.workers] == [0]
