"""What a scrape of the gateway says: bounded labels, totals as counters, and nothing of a Redis that is away."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from api.correction_store import CorrectionTotals
from api.job_store import LaneState
from api.metrics import GatewayMetrics
from api.store_metrics import WEBHOOK_OUTCOMES, StoreMetrics, StoreReading
from core.worker_entry import WorkerState
from tests.worker_entries import worker_entry
from worker.outbox import Outcome

COUNTERS = {"accepted": 10, "cached": 2, "joined": 3, "lease_expiries": 4}


READING = StoreReading(
    lanes=[LaneState("base", 7, 70.5, 12.25, COUNTERS), LaneState("small", 0, 0.0, 0.0, {})],
    workers=[worker_entry(f"w{number}", "base", WorkerState.READY) for number in range(2)]
    + [worker_entry("w3", "base", WorkerState.STOPPING)],
    jobs_processing=3,
    dead_letters=5,
    corrections=CorrectionTotals(submissions=3, jobs=2, edits=5, words=40),
    webhooks_waiting=6,
    webhook_attempts={"delivered": 8, "retry": 1},
)


def samples(exposition: bytes) -> dict[str, float]:
    """Return every sample by its name and labels."""
    return {
        sample.name + "".join(f",{name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def test_a_reading_is_told_as_it_is() -> None:
    found = samples(GatewayMetrics().exposition(StoreMetrics(READING, media_free_bytes=1 << 40)))
    assert {name: value for name, value in found.items() if "lane" in name or "request" not in name}.items() >= {
        "transcription_store_up": 1,
        "transcription_media_free_bytes": 1 << 40,
        "transcription_queue_depth,lane=base": 7,
        "transcription_queue_audio_seconds,lane=base": 70.5,
        "transcription_queue_oldest_age_seconds,lane=base": 12.25,
        "transcription_queue_oldest_age_seconds,lane=small": 0,
        "transcription_workers,lane=base,state=ready": 2,
        "transcription_workers,lane=base,state=stopping": 1,
        "transcription_workers,lane=small,state=ready": 0,
        "transcription_jobs_processing": 3,
        "transcription_dead_letters": 5,
        "transcription_cache_hits_total,lane=base": 5,
        "transcription_cache_misses_total,lane=base": 5,
        "transcription_lease_expiries_total,lane=base": 4,
        "transcription_lease_expiries_total,lane=small": 0,
        "transcription_webhooks_waiting": 6,
        "transcription_webhook_attempts_total,outcome=delivered": 8,
    }.items()


def test_every_end_of_a_webhooks_attempt_is_told_also_before_the_first() -> None:
    assert set(WEBHOOK_OUTCOMES) == set(Outcome)
    found = samples(GatewayMetrics().exposition(StoreMetrics(READING, media_free_bytes=1)))
    assert found["transcription_webhook_attempts_total,outcome=given_up"] == 0


def test_of_a_redis_that_is_away_nothing_old_is_told() -> None:
    metrics = GatewayMetrics()
    metrics.exposition(StoreMetrics(READING, media_free_bytes=1))
    found = samples(metrics.exposition(StoreMetrics(None, media_free_bytes=1)))
    assert found["transcription_store_up"] == 0
    assert found["transcription_media_free_bytes"] == 1
    known = {name.partition(",")[0] for name in samples(metrics.exposition(StoreMetrics(READING, media_free_bytes=1)))}
    only_of_redis = known - {name.partition(",")[0] for name in samples(GatewayMetrics().exposition())}
    still_told = {name for name in found if name.partition(",")[0] in only_of_redis}
    assert still_told == {"transcription_store_up", "transcription_media_free_bytes"}


def test_a_disk_that_does_not_answer_has_no_figure() -> None:
    found = samples(GatewayMetrics().exposition(StoreMetrics(READING, media_free_bytes=None)))
    assert "transcription_media_free_bytes" not in found


@given(methods=st.lists(st.text(string.printable, min_size=1), max_size=30))
def test_methods_that_nobody_knows_are_one(methods: list[str]) -> None:
    metrics = GatewayMetrics()
    for method in ["GET", "POST", *methods]:
        metrics.observe_request(method, "/health", 405, 0.001)
    counted = {
        sample.labels["method"]
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "transcription_requests_total"
    }
    assert counted <= {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "other"}


@pytest.mark.parametrize("requests", [1, 1000])
def test_requests_are_counted_once_each(requests: int) -> None:
    metrics = GatewayMetrics()
    for _ in range(requests):
        metrics.observe_request("GET", "/status/{job_id}", 200, 0.002)
    found = samples(metrics.exposition())
    assert found["transcription_requests_total,method=GET,route=/status/{job_id},status=200"] == requests
    assert found["transcription_request_duration_seconds_bucket,le=0.0025,route=/status/{job_id}"] == requests


def test_alone_a_gateway_keeps_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    GatewayMetrics().observe_request("GET", "/health", 200, 0.1)
    assert list(tmp_path.iterdir()) == []
