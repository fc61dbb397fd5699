"""A plain upload takes a shorter way than the route that documents it, and is answered alike."""

from typing import Any

import httpx
import pytest

from tests.harness.answers import common_headers
from tests.harness.service import Service
from tests.media import silence_wav

WAV = silence_wav(1)
NO_CACHE = {"Cache-Control": "no-cache"}
BOUNDARY = "multipart/form-data; boundary=b"

REQUESTS: dict[str, tuple[int, dict[str, Any]]] = {
    "accepted": (202, {"files": {"file": ("a.wav", WAV)}}),
    "options": (202, {"files": {"file": WAV}, "data": {"language": "de", "word_timestamps": "true"}}),
    "unknown option": (422, {"files": {"file": WAV}, "data": {"langage": "de"}}),
    "option of a wrong kind": (422, {"files": {"file": WAV}, "data": {"temperature": "warm"}}),
    "no file": (422, {"files": {"other": WAV}}),
    "empty file": (422, {"files": {"file": b""}}),
    "text": (415, {"files": {"file": b"These are words, and no sound."}}),
    "no body": (422, {}),
    "not a form": (415, {"content": WAV, "headers": {"Content-Type": "audio/wav"}}),
    "no boundary": (400, {"content": WAV, "headers": {"Content-Type": "multipart/form-data"}}),
    "cut short": (400, {"content": b"--b\r\n", "headers": {"Content-Type": BOUNDARY}}),
    "damaged": (400, {"content": b"no boundary here", "headers": {"Content-Type": BOUNDARY}}),
}


def both(service: Service, **request: Any) -> tuple[httpx.Response, httpx.Response]:  # noqa: ANN401 - as httpx takes it
    """Post by the short way, and by the route: what a browser's page sends goes there."""
    headers = NO_CACHE | request.pop("headers", {})
    return (
        service.client.post("/transcribe", headers=headers, **request),
        service.client.post("/transcribe", headers=headers | {"Origin": "https://app.example.com"}, **request),
    )


@pytest.mark.parametrize("name", REQUESTS)
def test_an_upload_is_answered_alike(scripted_service: Service, name: str) -> None:
    status, request = REQUESTS[name]
    short, route = both(scripted_service, **request)
    assert short.status_code == route.status_code == status, short.text
    assert common_headers(short, but={"location"}) == common_headers(route, but={"location"})
    first, second = short.json(), route.json()
    assert list(first) == list(second)
    if status == 202:
        for answer, document in ((short, first), (route, second)):
            job_id = document.pop("job_id")
            assert answer.headers["location"] == f"/status/{job_id}"
            assert document.pop("message") == f"Accepted. Follow it at /status/{job_id}"
            scripted_service.client.delete(f"/job/{job_id}").raise_for_status()
    assert first == second


def test_an_upload_shares_the_work_of_the_same_file_either_way(scripted_service: Service) -> None:
    first = scripted_service.client.post("/transcribe", files={"file": WAV})
    again = scripted_service.client.post("/transcribe", files={"file": WAV}, headers={"Origin": "https://a.example"})
    anew = scripted_service.client.post("/transcribe", files={"file": WAV}, headers=NO_CACHE)
    assert [answer.status_code for answer in (first, again, anew)] == [202, 202, 202]
    assert "share" in again.json()["message"] or again.json()["cached"]
    assert anew.json()["message"].startswith("Accepted.")


def test_an_upload_with_an_idempotency_key_is_replayed(scripted_service: Service) -> None:
    headers = NO_CACHE | {"Idempotency-Key": "plain-uploads"}
    first, again = (scripted_service.client.post("/transcribe", files={"file": WAV}, headers=headers) for _ in range(2))
    assert first.json()["job_id"] == again.json()["job_id"]
    assert again.headers["idempotency-replayed"] == "true"
    refused = scripted_service.client.post("/transcribe", files={"file": WAV}, headers={"Idempotency-Key": "x" * 256})
    assert refused.status_code == 422
    assert "idempotency-key" in refused.text.lower()


def test_uploads_are_counted_under_their_route_and_audited(scripted_service: Service) -> None:
    before = scripted_service.answered("POST", "/transcribe", 202)
    job_id = scripted_service.submit(WAV)
    assert scripted_service.answered("POST", "/transcribe", 202) == before + 1
    (entry,) = [
        entry
        for entry in scripted_service.client.get("/audit", params={"object_id": job_id}).json()["entries"]
        if entry["action"] == "job.submitted"
    ]
    assert entry["status"] == 202
