"""What Prometheus reads of a service that has transcribed speech: every figure there, each plausible, each once."""

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cli.ports import free_port
from core.languages import LANGUAGE_NAMES
from tests.harness.process_tree import alive, running
from tests.harness.service import Service, until
from tests.media import clip, references, silence_wav, truncated_flac
from worker.media_labels import UNKNOWN, codec_label

SCRIPTED = {"TRANSCRIBER": "scripted", "SCRIPTED_RTF": "0", "WORKER_CONCURRENCY": "2"}
TINY = silence_wav(0.5)
CLIENT = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
"""Every request over a connection of its own, which any of several gateways may take."""


class Scrape:
    """One answer of a /metrics."""

    def __init__(self, url: str) -> None:
        answer = CLIENT.get(f"{url}/metrics")
        assert answer.status_code == 200
        self._families = list(text_string_to_metric_families(answer.text))

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the samples with a name and labels, others left open; there is at least one."""
        found = [
            sample.value
            for family in self._families
            for sample in family.samples
            if sample.name == f"transcription_{name}" and labels.items() <= sample.labels.items()
        ]
        assert found, (name, labels)
        return sum(found)

    def labels(self, name: str, label: str) -> set[str]:
        """Return the values of a label of a metric."""
        return {
            sample.labels[label]
            for family in self._families
            for sample in family.samples
            if sample.name == f"transcription_{name}" and label in sample.labels
        }

    def mean(self, histogram: str) -> float:
        """Return the mean of what a histogram has seen."""
        return self.total(f"{histogram}_sum") / self.total(f"{histogram}_count")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the real model that has transcribed every clip, silence, one clip again and two bad files."""
    with Service(
        tmp_path_factory.mktemp("metrics"), WORKER_CONCURRENCY="4", CLEAN_UP_SECONDS="0.5", LOG_FORMAT="json"
    ) as service:
        jobs = [service.submit(reference.path, quality="fast") for reference in references()]
        jobs.append(service.submit(clip("garden"), quality="accurate"))
        jobs.append(service.submit(silence_wav(5), vad_filter="false", quality="fast"))
        jobs.append(service.submit(truncated_flac()))
        for job_id in jobs:
            service.finished(job_id)
        for _ in range(2):
            service.finished(service.post(clip("garden"), quality="fast").json()["job_id"])
        yield service


@pytest.fixture(scope="module")
def gateway(spoken: Service) -> Scrape:
    return Scrape(f"http://127.0.0.1:{spoken.port}")


@pytest.fixture(scope="module")
def worker(spoken: Service) -> Scrape:
    (entry,) = spoken.client.get("/health/ready").json()["workers"]
    return Scrape(f"http://127.0.0.1:{entry['metrics_port']}")


CLIPS = len(references())
AUDIO_SECONDS = (
    sum(reference.duration_seconds * (3 if reference.id == "garden" else 1) for reference in references()) + 5
)
"""Of what was transcribed."""


def test_the_gateway_has_counted_requests(gateway: Scrape) -> None:
    assert gateway.total("requests_total", method="POST", route="/transcribe", status="202") == CLIPS + 5
    assert gateway.total("requests_in_progress") == 1  # this one
    assert gateway.total("request_duration_seconds_count", route="/transcribe") == CLIPS + 5
    assert gateway.total("request_duration_seconds_sum", route="/transcribe") > 0
    sizes = sum(reference.path.stat().st_size for reference in references())
    assert gateway.total("upload_bytes_total") > sizes
    assert gateway.total("uploads_under_way") == 0
    assert gateway.total("jobs_accepted_total") == CLIPS + 5
    assert gateway.total("rate_limits_skipped_total") == gateway.total("audit_entries_unstored_total") == 0


def test_the_gateway_tells_of_the_queue(gateway: Scrape, spoken: Service) -> None:
    assert gateway.total("store_up") == 1
    for name in ("queue_depth", "queue_audio_seconds", "queue_oldest_age_seconds", "lease_expiries_total"):
        assert gateway.total(name, lane="base") == 0
    assert gateway.total("workers", lane="base", state="ready") == 1
    assert gateway.total("workers", lane="base", state="stopping") == 0
    assert gateway.total("jobs_processing") == 0
    assert gateway.total("dead_letters") == 1
    assert gateway.total("webhooks_waiting") == 0
    # The first of the two found none that might be shared: the others were asked for without.
    assert gateway.total("cache_hits_total", lane="base") == 1
    assert gateway.total("cache_misses_total", lane="base") == CLIPS + 4
    disk = os.statvfs(spoken.data_dir)
    assert 0 < gateway.total("media_free_bytes") <= disk.f_frsize * disk.f_blocks


def test_the_worker_has_counted_jobs(worker: Scrape) -> None:
    completed = CLIPS + 3
    assert worker.total("worker_slots") == 4
    assert worker.total("jobs_running") == 0
    assert worker.total("attempts_total", outcome="completed") == completed
    assert worker.total("attempts_total", outcome="failed") == 1
    assert worker.total("failures_total", code="audio_undecodable") == worker.total("failures_total") == 1
    assert worker.total("audio_seconds_total") == pytest.approx(AUDIO_SECONDS, abs=1)
    assert worker.total("rtf_count") == completed
    assert 0 < worker.mean("rtf") < 10
    assert worker.total("job_latency_seconds_count") == completed
    assert worker.total("job_latency_seconds_count", duration="longer") == 0
    assert 0 < worker.mean("job_latency_seconds") < 120
    assert worker.total("languages_total") == completed
    assert worker.total("languages_total", language="en") >= CLIPS
    assert worker.labels("languages_total", "language") <= {*LANGUAGE_NAMES, "none", "other"}
    assert worker.total("turns_topped_up_total") >= 0
    assert worker.total("reaped_total") == worker.total("worker_loop_errors_total") == 0


def test_the_worker_has_counted_what_its_engine_did(worker: Scrape) -> None:
    assert 0 < worker.total("model_load_seconds") < 120
    assert worker.total("chunks_total") >= CLIPS + 2
    assert worker.total("batch_size_sum") >= CLIPS
    assert worker.total("batch_fill_count") == worker.total("batch_size_count") == worker.total("batch_seconds_count")
    assert 0 < worker.mean("batch_fill") <= 1
    assert worker.mean("batch_size") >= 1
    assert worker.mean("batch_seconds") > 0
    texts, unlikely = (worker.total("avg_logprob_bucket", le=le) for le in ("+Inf", "-1.0"))
    assert texts >= CLIPS > 2 * unlikely
    assert 0.9 < worker.mean("speech_coverage") <= 1
    assert worker.total("text_on_silence_total") <= 1
    for window in ("padded", "full", "no_repeats"):
        assert 0 <= worker.total("context_fallbacks_total", window=window) <= 2


def test_the_worker_has_counted_what_its_decoder_did(worker: Scrape) -> None:
    assert worker.total("decode_seconds_count") == CLIPS + 3
    assert 0 < worker.mean("decode_seconds") < 10
    labels = {"container": "flac", "codec": "flac", "code": "audio_undecodable"}
    assert worker.total("decode_errors_total", **labels) == worker.total("decode_errors_total") == 1
    assert worker.labels("decode_errors_total", "codec") <= {codec_label("flac"), UNKNOWN}


def test_beat_has_counted_what_it_removed(spoken: Service) -> None:
    port = int(re.search(r'"metrics_port":(\d+)', spoken.wait_for_line('"event":"beat_starting"'))[1])  # type: ignore[index]
    url = f"http://127.0.0.1:{port}"
    until(lambda: True if Scrape(url).total("cleaned_up_total", kind="audio_files") >= CLIPS else None, 30)
    scrape = Scrape(url)
    kinds = {"audio_files", "kept_audio_files", "orphans", "records", "audit_entries"}
    assert scrape.labels("cleaned_up_total", "kind") == kinds
    assert scrape.total("clean_up_last_run_timestamp_seconds") > 1.7e9


# Labels


def test_odd_requests_make_no_labels_of_their_own(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED) as service:
        url = f"http://127.0.0.1:{service.port}"
        before = Scrape(url)
        for number in range(1, 30):
            for path in (
                f"/nowhere/{number}",
                f"/status/{number:032x}",
                f"/result/{number}?format=%00",
                "/" + "x" * number,
            ):
                service.client.get(path)
        for method in ("PROPFIND", "M-SEARCH", "PURGE", "BREW", "get", "OPTIONS", "HEAD"):
            service.client.request(method, "/status/1")
        after = Scrape(url)
        assert after.labels("requests_total", "method") - before.labels("requests_total", "method") <= {
            "other",
            "OPTIONS",
            "HEAD",
            "GET",
        }
        routes = set(service.client.get("/openapi.json").json()["paths"]) | {"/openapi.json", "/docs", "/redoc"}
        assert after.labels("requests_total", "route") - routes <= {"unmatched"}
        assert after.labels("requests_total", "status") <= {"200", "400", "404", "405", "422", "503"}


# Several processes


def gateways(service: Service) -> list[int]:
    return running(service.process_id, "api")


def test_two_gateways_on_one_port_are_counted_together_also_when_one_was_killed(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED, GATEWAYS="2") as service:
        url = f"http://127.0.0.1:{service.port}"
        lost = "/status/" + "0" * 32

        def ask(times: int) -> None:
            """Ask over as many connections, of which either gateway takes some."""
            with ThreadPoolExecutor(8) as threads:
                answers = list(threads.map(lambda _: CLIENT.get(url + lost), range(times)))
            assert {answer.status_code for answer in answers} == {404}

        def asked() -> set[float]:
            """Return how often the gateways say that they were asked, in twenty scrapes."""
            return {Scrape(url).total("requests_total", route="/status/{job_id}", status="404") for _ in range(20)}

        ask(200)
        until(lambda: True if asked() == {200} else None, 10)
        victim, other = gateways(service)
        os.kill(victim, signal.SIGKILL)
        until(lambda: None if alive(victim) else True, 10)
        assert asked() == {200}
        ask(50)
        until(lambda: True if len(gateways(service)) == 2 else None, 30)
        ask(50)
        # An answer may be there a moment before it is counted, and who is paused counts nothing.
        until(lambda: True if asked() == {300} else None, 10)
        # Only the one that was started anew.
        os.kill(other, signal.SIGSTOP)
        try:
            ask(30)
            until(lambda: True if asked() == {330} else None, 10)
        finally:
            os.kill(other, signal.SIGCONT)
        scrape = Scrape(url)
        assert asked() == {330}
        # What is measured by each alone is summed, what is read from Redis is told once.
        assert scrape.total("request_duration_seconds_count", route="/status/{job_id}") == 330
        assert scrape.total("requests_in_progress") == 1
        assert scrape.total("uploads_under_way") == 0
        service.finished(service.submit(TINY))
        assert Scrape(url).total("cache_misses_total") == 1
        assert Scrape(url).total("workers", state="ready") == 1
        assert Scrape(url).total("jobs_accepted_total") == 1


def test_a_stop_and_start_of_all_begins_to_count_anew(tmp_path: Path) -> None:
    for _ in range(2):
        with Service(tmp_path, **SCRIPTED, GATEWAYS="2") as service:
            service.client.get("/nowhere")
            scrape = Scrape(f"http://127.0.0.1:{service.port}")
            assert scrape.total("requests_total", route="unmatched") == 1


def test_every_process_has_a_port_of_its_own_behind_the_one_that_was_chosen(tmp_path: Path) -> None:
    first = free_port()
    with Service(tmp_path, **SCRIPTED, WORKERS="2", METRICS_PORT=str(first)) as service:
        told = [entry["metrics_port"] for entry in service.client.get("/health/ready").json()["workers"]]
        assert sorted(told) == [first, first + 1]
        for port in told:
            assert Scrape(f"http://127.0.0.1:{port}").total("worker_slots") == 2
        assert Scrape(f"http://127.0.0.1:{first + 2}").total("clean_up_last_run_timestamp_seconds") >= 0
