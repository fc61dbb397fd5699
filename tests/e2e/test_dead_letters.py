"""Dead letters over HTTP: how they come about, what is told of them, and what an operator can do with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.keys import Keys
from core.work import AttemptRecord
from tests.harness.service import Service, until
from tests.media import silence_wav, video_without_audio

SCRIPTED = {
    "TRANSCRIBER": "scripted",
    "SCRIPTED_RTF": "0.05",
    "WORKER_CONCURRENCY": "1",
    "CLEAN_UP_SECONDS": "1",
    "REAP_SECONDS": "1",
}
TINY = silence_wav(1, rate=8000)
HALF_MINUTE = silence_wav(30, rate=8000)
LONG = silence_wav(300, rate=8000)
ALWAYS = "scripted:error"
AT_TEN = "scripted:error@10"
"""Spares an attempt that begins at the tenth second, or behind it."""
UNKNOWN = "0" * 32


@pytest.fixture(scope="module")
def one_attempt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose jobs fail with their first error."""
    with Service(tmp_path_factory.mktemp("dead-letters"), **SCRIPTED, MAX_ATTEMPTS="1") as running:
        yield running


@pytest.fixture
def service(one_attempt: Service) -> Iterator[Service]:
    """It, with no dead letter before and after the test."""
    yield one_attempt
    one_attempt.client.delete("/dead-letters")
    until(lambda: None if one_attempt.media_files() else True, 20, one_attempt.output)


def failed(service: Service, media: bytes = TINY, **options: str) -> str:
    """Post a file that fails for good, wait until it has, and return the job."""
    job_id = service.submit(media, **({"initial_prompt": ALWAYS} | options))
    assert service.finished(job_id)["status"] == "failed"
    return job_id


def failed_without_sound(service: Service) -> str:
    """Post a film without sound, which fails for a reason of its own."""
    return failed(service, video_without_audio(), initial_prompt="")


def listed(service: Service, **parameters: str | int) -> list[str]:
    """Return the jobs of the dead letters that are listed."""
    answer = service.client.get("/dead-letters", params=parameters)
    assert answer.status_code == 200, answer.text
    return [letter["job"]["job_id"] for letter in answer.json()["dead_letters"]]


def shown(service: Service, job_id: str) -> dict[str, Any]:
    answer = service.client.get(f"/dead-letters/{job_id}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def moved(answer: httpx.Response, outcome: str) -> list[str]:
    assert (answer.status_code, answer.json()["outcome"]) == (200, outcome), answer.text
    job_ids: list[str] = answer.json()["job_ids"]
    return job_ids


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def every_route(service: Service, job_id: str) -> set[tuple[int, str]]:
    """Return how each route that is about one dead letter refuses a job."""
    path = f"/dead-letters/{job_id}"
    client = service.client
    return {refused(answer) for answer in (client.get(path), client.post(f"{path}/requeue"), client.delete(path))}


def gauge(exposition: str, name: str) -> float:
    (value,) = [line.split()[1] for line in exposition.splitlines() if line.split()[0] == name]
    return float(value)


def test_used_up_attempts_are_all_in_the_history(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED, MAX_ATTEMPTS="2") as service:
        job_id = failed(service)
        assert listed(service) == [job_id]
        letter = shown(service, job_id)
        (worker,) = service.client.get("/health/ready").json()["workers"]
    job, attempts = letter["job"], letter["attempts"]
    assert (job["status"], job["attempt"], job["failure"]["code"]) == ("failed", 2, "attempts_exhausted")
    assert "2 of 2" in job["failure"]["detail"]
    assert "internal_error" in job["failure"]["detail"]
    assert letter["job_ids"] == [job_id]
    assert [attempt["attempt"] for attempt in attempts] == [1, 2]
    for attempt in attempts:
        assert (attempt["worker"], attempt["outcome"], attempt["failure"]) == (
            worker["name"],
            "error",
            "internal_error",
        )
        assert attempt["detail"]
        assert (attempt["from_ms"], attempt["to_ms"]) == (0, 0)
        assert attempt["started_at_ms"] <= attempt["ended_at_ms"]
    # It was not tried again at once.
    assert attempts[1]["started_at_ms"] - attempts[0]["ended_at_ms"] >= 1000


def test_a_requeued_job_goes_on_behind_its_segments(service: Service) -> None:
    job_id = service.submit(HALF_MINUTE, initial_prompt=AT_TEN)
    status = service.finished(job_id)
    assert (status["status"], status["segments"]) == ("failed", 2)
    assert status["progress"]["audio_seconds_done"] == 10
    (first,) = shown(service, job_id)["attempts"]
    assert (first["outcome"], first["from_ms"], first["to_ms"]) == ("error", 0, 10_000)

    assert moved(service.client.post(f"/dead-letters/{job_id}/requeue"), "requeued") == [job_id]
    status = service.finished(job_id)
    assert (status["status"], status["attempt"], status["failure"]) == ("completed", 2, None)
    transcript = service.client.get(f"/result/{job_id}").json()
    assert [(each["id"], each["start"], each["end"]) for each in transcript["segments"]] == [
        (number, 5.0 * (number - 1), 5.0 * number) for number in range(1, 7)
    ]
    history = [
        AttemptRecord.model_validate_json(entry) for entry in service.redis().lrange(Keys().attempts(job_id), 0, -1)
    ]
    assert [(each.attempt, each.outcome, each.from_ms, each.to_ms) for each in history] == [
        (1, "error", 0, 10_000),
        (2, "completed", 10_000, 30_000),
    ]
    assert listed(service) == []
    assert every_route(service, job_id) == {(409, "not_a_dead_letter")}


def test_only_a_job_that_failed_is_a_dead_letter(service: Service) -> None:
    completed = service.submit(TINY)
    assert service.finished(completed)["status"] == "completed"
    running, waiting = service.submit(LONG), service.submit(TINY)
    cancelled = service.submit(TINY)
    service.client.delete(f"/job/{cancelled}")
    for job_id in (completed, running, waiting, cancelled):
        assert every_route(service, job_id) == {(409, "not_a_dead_letter")}
    for job_id in (waiting, running):
        service.client.delete(f"/job/{job_id}")
        service.finished(job_id)
    assert every_route(service, UNKNOWN) == {(404, "job_not_found")}
    assert every_route(service, "no-id") == {(404, "job_not_found")}


def test_a_requeue_needs_the_audio(service: Service) -> None:
    lost, whole = failed(service), failed(service)
    (service.data_dir / "media" / lost).unlink()
    assert refused(service.client.post(f"/dead-letters/{lost}/requeue")) == (410, "audio_expired")
    assert shown(service, lost)["job"]["status"] == "failed"
    assert moved(service.client.post("/dead-letters/requeue"), "requeued") == [whole]
    service.finished(whole)
    assert moved(service.client.delete(f"/dead-letters/{lost}"), "purged") == [lost]


def test_all_of_one_failure_are_requeued_oldest_first(service: Service) -> None:
    errors = [failed(service) for _ in range(3)]
    silent = failed_without_sound(service)
    assert listed(service) == [silent, *reversed(errors)]
    assert listed(service, failure="no_audio_stream") == [silent]
    assert listed(service, failure="attempts_exhausted", limit=2, offset=1) == [errors[1], errors[0]]
    assert service.client.get("/dead-letters", params={"failure": "attempts_exhausted"}).json()["total"] == 3
    answer = service.client.post("/dead-letters/requeue", params={"failure": "attempts_exhausted"})
    assert moved(answer, "requeued") == errors
    for job_id in errors:
        assert service.finished(job_id)["attempt"] == 2
    assert shown(service, silent)["job"]["attempt"] == 1


def test_all_of_one_failure_are_purged(service: Service) -> None:
    error, silent = failed(service), failed_without_sound(service)
    answer = service.client.delete("/dead-letters", params={"failure": "no_audio_stream"})
    assert moved(answer, "purged") == [silent]
    assert listed(service) == [error]
    assert error in service.media_files()
    assert silent not in service.media_files()
    assert moved(service.client.delete("/dead-letters"), "purged") == [error]
    assert service.client.get("/dead-letters").json() == {"dead_letters": [], "total": 0}
    for call in (service.client.post("/dead-letters/requeue"), service.client.delete("/dead-letters")):
        assert call.json()["job_ids"] == []


def test_a_purged_job_leaves_nothing(service: Service) -> None:
    job_id = failed(service, HALF_MINUTE, initial_prompt=AT_TEN)
    assert job_id in service.media_files()
    assert moved(service.client.delete(f"/dead-letters/{job_id}"), "purged") == [job_id]
    assert job_id not in service.media_files()
    for path in ("status", "result", "dead-letters"):
        assert refused(service.client.get(f"/{path}/{job_id}")) == (404, "job_not_found")
    assert job_id not in service.client.get("/jobs").text
    assert not list(service.redis().scan_iter(f"*{job_id}*"))


def test_jobs_that_share_a_work_are_one_dead_letter(service: Service) -> None:
    blocker = service.submit(LONG)
    shared = [service.post(TINY, initial_prompt=ALWAYS).json()["job_id"] for _ in range(3)]
    given_up = shared.pop()
    service.client.delete(f"/job/{given_up}")
    service.client.delete(f"/job/{blocker}")
    for job_id in shared:
        assert service.finished(job_id)["status"] == "failed"
    assert service.client.get("/dead-letters").json()["total"] == 1
    for job_id in shared:
        letter = shown(service, job_id)
        assert letter["job"]["job_id"] == job_id
        assert letter["job_ids"] == shared
    assert refused(service.client.get(f"/dead-letters/{given_up}")) == (409, "not_a_dead_letter")

    assert moved(service.client.post(f"/dead-letters/{shared[1]}/requeue"), "requeued") == shared
    for job_id in shared:
        assert service.finished(job_id)["attempt"] == 2
    assert service.status(given_up)["status"] == "cancelled"
    assert moved(service.client.delete(f"/dead-letters/{shared[1]}"), "purged") == shared
    assert shared[0] not in service.media_files()


def test_statistics_and_metrics_count_them(service: Service) -> None:
    def counts() -> tuple[int, int]:
        stats = service.client.get("/stats").json()
        assert gauge(service.client.get("/metrics").text, "transcription_dead_letters") == stats["dead_letters"]
        return stats["dead_letters"], stats["failed"]

    letters, failures = counts()
    assert letters == 0
    first, second = failed(service), failed(service)
    assert counts() == (2, failures + 2)
    service.client.post(f"/dead-letters/{first}/requeue")
    assert service.finished(first)["status"] == "failed"
    assert counts() == (2, failures + 2)
    service.client.delete(f"/dead-letters/{second}")
    assert counts() == (1, failures + 2)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/requeue"), ("DELETE", "")])
def test_an_unknown_failure_moves_nothing(service: Service, method: str, path: str) -> None:
    job_id = failed(service)
    answer = service.client.request(method, f"/dead-letters{path}", params={"failure": "boredom"})
    assert refused(answer) == (422, "invalid_options")
    assert answer.json()["errors"][0]["option"] == "failure"
    assert shown(service, job_id)["job"]["attempt"] == 1
