"""Calls that wait for their jobs: nothing that becomes of a call becomes of its job."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from core.keys import Keys
from tests.harness.cluster import Cluster
from tests.harness.service import FINISHED, until
from tests.media import silence_wav

ADMIN_KEY = "a-key-of-the-operator-that-nobody-else-has"
WAIT_SECONDS = 3
RTF = 0.1
SHORT, LONG = 10.0, 45.0
"""Audio seconds: done well within a call's wait, and not within it."""
_numbers = itertools.count()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(
        tmp_path_factory.mktemp("synchronous"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF=str(RTF),
        WORKER_CONCURRENCY="4",
        SYNC_WAIT_SECONDS=str(WAIT_SECONDS),
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        LOG_FORMAT="json",
    ) as running:
        running.start(workers=1)
        yield running


class Somebody:
    """Somebody with a key, and a tenant, of his own."""

    def __init__(self, cluster: Cluster, *scopes: str, url: str | None = None, **limits: str) -> None:
        self.url = url or cluster.base_url()
        self.tenant = f"tenant-{next(_numbers)}"
        self.cluster = cluster
        made = httpx.post(
            f"{cluster.base_url()}/keys",
            json={"name": "x", "tenant": self.tenant, "scopes": scopes or ["submit", "read"], **limits},
            headers={"X-API-Key": ADMIN_KEY},
            trust_env=False,
        )
        self.key: str = made.json()["key"]
        self.headers = {"Authorization": f"Bearer {self.key}"}

    def sdk(self, **options: Any) -> openai.OpenAI:  # noqa: ANN401 - as the SDK takes it
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.key, **({"max_retries": 0} | options))

    def call(self, seconds: float, *, path: str = "/v1/audio/transcriptions", **options: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
        headers = self.headers | options.pop("headers", {})
        return httpx.post(
            f"{self.url}{path}",
            files={"file": ("a.wav", silence_wav(seconds, rate=100))},
            data=options.pop("data", {}),
            headers=headers,
            **({"trust_env": False, "timeout": 30} | options),
        )

    def get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.cluster.base_url()}{path}", headers=self.headers, trust_env=False)
        document: dict[str, Any] = answer.json()
        return document

    def jobs(self, count: int = 1) -> list[str]:
        """Return the ids of his jobs, newest first, once there are so many."""

        def look() -> list[str] | None:
            found = [job["job_id"] for job in self.get("/jobs")["jobs"]]
            return found if len(found) >= count else None

        return until(look, 20)

    def finished(self, job_id: str) -> str:
        def look() -> str | None:
            status: str = self.get(f"/status/{job_id}")["status"]
            return status if status in FINISHED else None

        return until(look, 30, self.cluster.log_tails)


def work_of(cluster: Cluster, job_id: str) -> object:
    return cluster.redis.hget(Keys().job(job_id), "work_id")


def in_background(call: Callable[[], httpx.Response]) -> "Future[httpx.Response]":
    pool = ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)
    return future


def leave(somebody: Somebody, seconds: float, **options: Any) -> str:  # noqa: ANN401 - as httpx takes it
    """Call, go away before the answer, and return the id of the job."""
    with pytest.raises(httpx.ReadTimeout):
        somebody.call(seconds, timeout=httpx.Timeout(10, read=0.5), **options)
    return somebody.jobs()[0]


def test_a_client_that_goes_away_loses_nothing_and_its_retry_joins(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    first = leave(somebody, SHORT)
    answer = somebody.call(SHORT)
    assert answer.status_code == 200
    assert "Segment 2" in answer.json()["text"]
    assert somebody.finished(first) == "completed"
    assert answer.headers["x-job-id"] != first
    assert work_of(cluster, first) == work_of(cluster, answer.headers["x-job-id"])


def test_a_client_may_ask_that_its_job_end_with_it(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    assert somebody.finished(leave(somebody, LONG, headers={"X-On-Disconnect": "cancel"})) == "cancelled"


def test_a_stream_may_ask_for_that_as_well(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    with somebody.sdk(default_headers={"X-On-Disconnect": "cancel"}) as sdk:
        stream = sdk.audio.transcriptions.create(
            file=("a.wav", silence_wav(LONG, rate=100)), model="whisper-1", stream=True
        )
        assert next(iter(stream)).type == "transcript.text.delta"
        stream.close()
    assert somebody.finished(somebody.jobs()[0]) == "cancelled"


def test_a_stream_that_is_left_loses_nothing(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    with somebody.sdk() as sdk:
        stream = sdk.audio.transcriptions.create(
            file=("a.wav", silence_wav(SHORT, rate=100)), model="whisper-1", stream=True
        )
        assert next(iter(stream)).type == "transcript.text.delta"
        stream.close()
    (job_id,) = somebody.jobs()
    assert somebody.finished(job_id) == "completed"


def test_text_comes_before_the_job_is_finished(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    with somebody.sdk() as sdk:
        stream = sdk.audio.transcriptions.create(
            file=("a.wav", silence_wav(SHORT, rate=100)), model="whisper-1", stream=True
        )
        events = iter(stream)
        first = next(events)
        assert first.type == "transcript.text.delta"
        assert somebody.get(f"/status/{somebody.jobs()[0]}")["status"] == "processing"
        rest = list(events)
    assert rest[-1].type == "transcript.text.done"
    deltas = [event.delta for event in [first, *rest] if event.type == "transcript.text.delta"]
    assert len(deltas) == 2
    assert "".join(deltas) == rest[-1].text


def test_a_wait_that_is_too_long_is_answered_with_the_jobs_address(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    answer = somebody.call(LONG)
    assert answer.status_code == 504
    job_id = answer.headers["x-job-id"]
    assert (answer.headers["location"], answer.json()["error"]["code"]) == (f"/status/{job_id}", "job_still_running")
    assert f"/status/{job_id}" in answer.json()["error"]["message"]
    assert somebody.finished(job_id) == "completed"


def test_the_sdks_own_retry_joins_the_job_and_gets_the_transcript(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    with somebody.sdk(max_retries=2) as sdk:
        text = sdk.audio.transcriptions.create(file=("a.wav", silence_wav(LONG, rate=100)), model="whisper-1").text
    assert "Segment 9" in text
    jobs = somebody.jobs(2)
    assert len({work_of(cluster, job_id) for job_id in jobs}) == 1


def test_a_gateway_that_stops_says_where_the_job_is(cluster: Cluster) -> None:
    gateway = cluster.start_gateway(SYNC_WAIT_SECONDS="600")
    cluster.await_ready()
    url = cluster.gateways.pop(gateway)
    somebody = Somebody(cluster, url=url)
    call = in_background(lambda: somebody.call(LONG))
    streamed = in_background(lambda: somebody.call(LONG, data={"stream": "true", "prompt": "another"}))
    jobs = somebody.jobs(2)
    gateway.terminate()
    answer = call.result(30)
    assert answer.status_code == 504
    assert answer.headers["x-job-id"] in jobs
    assert answer.headers["retry-after"]
    *_, told, end = [line for line in streamed.result(30).text.splitlines() if line.startswith("data: ")]
    assert end == "data: [DONE]"
    assert "job_still_running" in told
    assert [somebody.finished(job_id) for job_id in jobs] == ["completed", "completed"]


def test_a_job_that_is_cancelled_meanwhile_is_told_of_and_not_sent_again(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    call = in_background(lambda: somebody.call(LONG))
    (job_id,) = somebody.jobs()
    httpx.delete(f"{somebody.url}/job/{job_id}", headers=somebody.headers, trust_env=False)
    answer = call.result(30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "job_cancelled")
    assert answer.headers["x-should-retry"] == "false"


def test_an_outage_of_the_store_is_sat_out(cluster: Cluster) -> None:
    gateway = cluster.start_gateway(SYNC_WAIT_SECONDS="600")
    cluster.await_ready()
    somebody = Somebody(cluster, url=cluster.gateways.pop(gateway))
    call = in_background(lambda: somebody.call(LONG, timeout=60))
    somebody.jobs()
    cluster.kill_valkey()
    until(lambda: "activity_not_followed" in gateway.log_file.read_text() or None, 20)
    cluster.start_valkey()
    answer = call.result(60)
    assert (answer.status_code, "Segment 9" in answer.text) == (200, True), answer.text
    gateway.kill()


# Who may


def test_a_stranger_is_unauthenticated(cluster: Cluster) -> None:
    with (
        openai.OpenAI(base_url=f"{cluster.base_url()}/v1", api_key="scr_nobody", max_retries=0) as sdk,
        pytest.raises(openai.AuthenticationError) as refused,
    ):
        sdk.models.list()
    assert (refused.value.code, refused.value.type) == ("invalid_api_key", "invalid_request_error")


@pytest.mark.parametrize("scope", ["submit", "read"])
def test_a_call_needs_both_to_submit_and_to_read(cluster: Cluster, scope: str) -> None:
    somebody = Somebody(cluster, scope)
    with somebody.sdk() as sdk, pytest.raises(openai.PermissionDeniedError) as refused:
        sdk.audio.transcriptions.create(file=("a.wav", silence_wav(1)), model="whisper-1")
    assert refused.value.code == "scope_missing"


def test_whoever_asks_too_often_is_told_when_to_come_back(cluster: Cluster) -> None:
    somebody = Somebody(cluster, submit_rate="1/hour")
    with somebody.sdk() as sdk:
        sdk.audio.transcriptions.create(file=("a.wav", silence_wav(1, rate=100)), model="whisper-1")
        with pytest.raises(openai.RateLimitError) as refused:
            sdk.audio.transcriptions.create(file=("a.wav", silence_wav(1, rate=100)), model="whisper-1")
    assert (refused.value.code, refused.value.type) == ("rate_limit_exceeded", "requests")
    assert int(refused.value.response.headers["retry-after"]) > 60
    assert refused.value.response.headers["x-ratelimit-remaining"] == "0"


def test_a_call_is_a_submission_and_a_reading_in_the_audit_log(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    job_id = somebody.call(1).headers["x-job-id"]
    answer = httpx.get(
        f"{cluster.base_url()}/audit",
        params={"tenant": somebody.tenant},
        headers={"X-API-Key": ADMIN_KEY},
        trust_env=False,
    )
    entries = [(entry["action"], entry["status"], entry["object_id"]) for entry in answer.json()["entries"]]
    assert entries == [("transcript.read", 200, job_id), ("job.submitted", 202, job_id)]
    (gateway, *_) = cluster.gateways
    said = [line for line in gateway.log_file.read_text().splitlines() if '"audit"' in line and job_id in line]
    assert ["job.submitted" in line for line in said] == [True, False]


def test_calls_at_once_wait_side_by_side(cluster: Cluster) -> None:
    somebody = Somebody(cluster)
    answers: list[int] = []

    def call(number: int) -> None:
        answers.append(somebody.call(1 + number / 10).status_code)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 12
