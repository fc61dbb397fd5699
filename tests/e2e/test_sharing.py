"""The same request twice: idempotency keys, and jobs that share one transcription. And lanes that are full."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.harness.service import Service
from tests.media import silence_wav


def audio(seconds: float) -> bytes:
    return silence_wav(seconds, rate=8000)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("sharing"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.05",
        WORKER_CONCURRENCY="1",
        CLEAN_UP_SECONDS="1",
        MAX_QUEUE_JOBS="3",
        MAX_QUEUE_AUDIO_SECONDS="300",
    ) as running:
        yield running


def post(service: Service, seconds: float, **headers: str) -> httpx.Response:
    return service.post(audio(seconds), headers={name.replace("_", "-"): value for name, value in headers.items()})


def stats(service: Service) -> dict[str, int]:
    found: dict[str, int] = service.client.get("/stats").json()
    return found


def test_the_same_again_is_answered_from_the_result(service: Service) -> None:
    first = post(service, 7).json()
    assert (first["status"], first["cached"]) == ("queued", False)
    service.finished(first["job_id"])
    before = stats(service)
    again = post(service, 7)
    assert again.status_code == 202
    assert (again.json()["status"], again.json()["cached"]) == ("completed", True)
    assert again.json()["job_id"] != first["job_id"]
    status = service.status(again.json()["job_id"])
    assert (status["status"], status["cached"], status["progress"]["percent"]) == ("completed", True, 100)
    results = [service.client.get(f"/result/{job['job_id']}").json() for job in (first, again.json())]
    assert results[0] == results[1]
    after = stats(service)
    assert after["cached"] - before["cached"] == 1
    assert after["audio_seconds_completed"] == before["audio_seconds_completed"]


def test_the_same_under_way_is_joined_and_its_audio_kept_once(service: Service) -> None:
    before = stats(service)
    jobs = [post(service, 30).json()["job_id"] for _ in range(5)]
    assert len(set(jobs)) == 5
    assert set(jobs) & set(service.media_files()) == {jobs[0]}
    assert service.client.delete(f"/job/{jobs[0]}").json()["outcome"] == "cancelled"
    documents = [service.finished(job) for job in jobs]
    assert [document["status"] for document in documents] == ["cancelled"] + ["completed"] * 4
    assert service.client.get(f"/result/{jobs[0]}").json()["code"] == "job_cancelled"
    assert len({service.client.get(f"/result/{job}?format=text").text for job in jobs[1:]}) == 1
    # Erasing the one that brought the audio takes nothing from the others.
    for job in jobs[:2]:
        assert service.client.delete(f"/job/{job}").json()["outcome"] == "erased"
    assert service.client.get(f"/result/{jobs[4]}").status_code == 200
    after = stats(service)
    assert (after["joined"] - before["joined"], after["completed"] - before["completed"]) == (4, 4)
    assert after["audio_seconds_completed"] - before["audio_seconds_completed"] == 30


def test_no_cache_asks_for_a_transcription_of_its_own(service: Service) -> None:
    service.finished(post(service, 6).json()["job_id"])
    assert post(service, 6, Cache_Control="no-cache").json()["status"] == "queued"


def test_other_options_are_another_request(service: Service) -> None:
    service.finished(post(service, 5).json()["job_id"])
    assert service.post(audio(5), language="de").json()["status"] == "queued"
    assert service.post(audio(5), model="base").json()["cached"]  # the default by its name


def test_a_hundred_at_once_under_one_key_are_one_job(service: Service) -> None:
    before = stats(service)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(service, 8, Idempotency_Key="one"), range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert sum(answer.headers.get("idempotency-replayed") == "true" for answer in answers) == 99
    assert stats(service)["accepted"] - before["accepted"] == 1
    service.finished(answers[0].json()["job_id"])


def test_a_key_with_another_body_is_refused_and_leaves_nothing(service: Service) -> None:
    first = post(service, 4, Idempotency_Key="two").json()["job_id"]
    for answer in (post(service, 3, Idempotency_Key="two"),):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")
        assert first in answer.json()["detail"]
    service.finished(first)
    assert post(service, 4, Idempotency_Key="two").json()["job_id"] == first


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(service: Service, key: str) -> None:
    answer = post(service, 3, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_options")
    assert answer.json()["errors"][0]["option"].lower() == "idempotency-key"


def test_a_full_queue_says_so_and_when_to_come_back(service: Service) -> None:
    service.finished(service.submit(audio(5)))
    running = service.submit(audio(200))
    service.client.get(f"/status/{running}?wait=10")
    waiting = [service.submit(audio(30)) for _ in range(3)]
    media = service.media_files()
    refused = post(service, 9, Cache_Control="no-cache")
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert 1 <= int(refused.headers["retry-after"]) <= 600
    assert set(service.media_files()) <= set(media)  # of the jobs before this one some are done meanwhile
    for job in (running, *waiting):
        service.client.delete(f"/job/{job}")
        service.finished(job)
    long = service.submit(audio(290))
    also = service.submit(audio(20))
    assert post(service, 299, Cache_Control="no-cache").json()["code"] == "queue_full"
    for job in (long, also):
        service.client.delete(f"/job/{job}")
        service.finished(job)
