"""A plain poll takes a shorter way than the route that documents it, and is answered alike."""

import httpx
import pytest

from tests.harness.answers import common_headers
from tests.harness.service import Service, until
from tests.media import silence_wav

VARYING = {"eta", "audio_seconds_ahead"}
"""What may change between two polls."""
DAMAGED = b"ID3" + bytes(2000)


def both(service: Service, job_id: str) -> tuple[httpx.Response, httpx.Response]:
    """Return a job's status by the short way and by the route."""
    return service.client.get(f"/status/{job_id}"), service.client.get(f"/status/{job_id}", params={"wait": "0"})


@pytest.mark.parametrize("status", ["queued", "processing", "completed", "failed", "cancelled"])
def test_a_job_in_any_status_is_shown_alike(scripted_service: Service, status: str) -> None:
    ahead = scripted_service.submit(silence_wav(120, rate=8000))
    job_id = ahead if status == "processing" else scripted_service.submit(silence_wav(1), word_timestamps="true")
    if status == "failed":
        ahead, job_id = job_id, scripted_service.submit(DAMAGED)
    if status in {"cancelled", "completed", "failed"}:
        scripted_service.client.delete(f"/job/{job_id if status == 'cancelled' else ahead}")
    until(lambda: True if scripted_service.status(job_id)["status"] == status else None, 60)
    both(scripted_service, job_id)  # from here on, what was written of it may be used again
    short, route = both(scripted_service, job_id)
    assert short.status_code == route.status_code == 200
    assert common_headers(short) == common_headers(route)
    first, second = short.json(), route.json()
    assert list(first) == list(second)
    if status in {"queued", "processing"}:
        for name in VARYING | ({"progress", "segments"} if status == "processing" else set()):
            del first[name], second[name]
    assert first == second
    scripted_service.client.delete(f"/job/{ahead}")
    scripted_service.client.delete(f"/job/{job_id}")


@pytest.mark.parametrize("job_id", ["0" * 32, "nonsense", "0" * 31 + "G"])
def test_no_job_is_none_either_way(scripted_service: Service, job_id: str) -> None:
    short, route = both(scripted_service, job_id)
    assert short.status_code == 404
    assert short.json() == route.json()
    assert common_headers(short) == common_headers(route)


def test_polls_are_counted_under_their_route(scripted_service: Service) -> None:
    before = scripted_service.answered("GET", "/status/{job_id}", 404)
    scripted_service.client.get("/status/" + "0" * 32)
    assert scripted_service.answered("GET", "/status/{job_id}", 404) == before + 1


def test_a_finished_job_that_is_requeued_is_shown_as_it_is_now(scripted_service: Service) -> None:
    job_id = scripted_service.submit(DAMAGED)
    until(lambda: True if scripted_service.status(job_id)["status"] == "failed" else None, 60)
    failed = scripted_service.status(job_id)
    assert scripted_service.status(job_id) == failed
    scripted_service.client.post(f"/dead-letters/{job_id}/requeue").raise_for_status()
    until(
        lambda: True if scripted_service.status(job_id)["finished_at"] not in {None, failed["finished_at"]} else None,
        60,
    )
    assert scripted_service.status(job_id)["created_at"] == failed["created_at"]
    scripted_service.client.delete(f"/job/{job_id}").raise_for_status()


def test_an_erased_job_is_gone_for_polls(scripted_service: Service) -> None:
    job_id = scripted_service.submit(silence_wav(1))
    scripted_service.finished(job_id)
    assert scripted_service.client.get(f"/status/{job_id}").status_code == 200
    scripted_service.client.delete(f"/job/{job_id}").raise_for_status()
    assert scripted_service.client.get(f"/status/{job_id}").status_code == 404


def test_a_poll_from_a_page_of_another_origin_goes_the_routes_way(scripted_service: Service) -> None:
    job_id = scripted_service.submit(silence_wav(1))
    plain, _ = both(scripted_service, job_id)
    page = scripted_service.client.get(f"/status/{job_id}", headers={"Origin": "https://app.example.com"})
    assert page.json().keys() == plain.json().keys()
    assert page.status_code == 200
