"""Corrections through the real service: in every format of the result, in the metrics, and nobody else's."""

import re
from typing import Any

import pytest

from api.transcript_formats import ResultFormat
from core.keys import Keys
from tests.harness.service import Service, until
from tests.harness.traces import traces
from tests.media import garbage, silence_wav

HEARD = "Segment 1 from 0.0 to 1.3 seconds."
RIGHT = "Segment one, from 0.0 to 1.3 seconds: quiet."
LONG = silence_wav(3600, rate=100)


@pytest.fixture
def job_id(scripted_service: Service) -> str:
    job_id = scripted_service.submit(silence_wav(1.3, rate=8000))
    assert scripted_service.finished(job_id)["status"] == "completed"
    return job_id


def correct(service: Service, job_id: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = service.client.post(f"/result/{job_id}/corrections", json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def metric(service: Service, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", service.client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("body", [{"text": RIGHT}, {"segments": [{"segment_id": 1, "text": RIGHT}]}])
def test_a_correction_is_in_every_format_of_the_result_that_asks_for_it(
    scripted_service: Service, job_id: str, body: dict[str, Any]
) -> None:
    told = correct(scripted_service, job_id, body)
    assert (told["edits"], told["words"], len(told["segments"])) == (2, 7, 1)
    assert told["segments"][0] == {
        "segment_id": 1,
        "start": 0.0,
        "end": 1.3,
        "heard": HEARD,
        "text": RIGHT,
        "edits": 2,
    }
    assert scripted_service.client.get(f"/result/{job_id}/corrections").json() == told
    for result_format in ResultFormat:
        query = f"/result/{job_id}?format={result_format}"
        # A subtitle has its text on several lines.
        heard, corrected = (
            " ".join(scripted_service.client.get(f"{query}{more}").text.split()) for more in ("", "&corrected=true")
        )
        assert (HEARD in heard, "quiet" in heard) == (True, False)
        assert (HEARD in corrected, "one, from 0.0 to 1.3" in corrected, "quiet" in corrected) == (False, True, True)


def test_people_tell_how_much_they_correct(scripted_service: Service, job_id: str) -> None:
    names = ("transcription_corrections_total", "transcription_corrected_jobs_total")
    before = [metric(scripted_service, name) for name in names]
    for _ in range(2):  # the second says nothing new
        correct(scripted_service, job_id, {"text": RIGHT})
    assert [metric(scripted_service, name) for name in names] == [number + 1 for number in before]
    assert 0 < metric(scripted_service, "transcription_human_correction_rate") <= 2 / 7
    assert metric(scripted_service, "transcription_results_total") >= 1
    assert correct(scripted_service, job_id, {"text": HEARD})["segments"] == []


def test_an_erased_job_leaves_no_word_of_its_corrections(scripted_service: Service, job_id: str) -> None:
    correct(scripted_service, job_id, {"text": "an unheard-of word"})
    assert scripted_service.client.delete(f"/job/{job_id}").json()["erased"]["corrections"] == 1
    assert traces(scripted_service.redis(), ["unheard-of", Keys().corrections(job_id)]) == []
    for answer in (
        scripted_service.client.get(f"/result/{job_id}/corrections"),
        scripted_service.client.post(f"/result/{job_id}/corrections", json={"text": RIGHT}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_without_a_transcript_there_is_nothing_to_correct(scripted_service: Service) -> None:
    failed = scripted_service.submit(garbage(1, 200))
    scripted_service.finished(failed)
    running = scripted_service.submit(LONG)
    until(lambda: True if scripted_service.status(running)["status"] == "processing" else None, 30)
    for job_id, refused in (
        (failed, (422, "audio_undecodable")),
        (running, (409, "job_not_finished")),
        ("0" * 32, (404, "job_not_found")),
    ):
        answer = scripted_service.client.post(f"/result/{job_id}/corrections", json={"text": "x"})
        assert (answer.status_code, answer.json()["code"]) == refused
    scripted_service.client.delete(f"/job/{running}")
    scripted_service.finished(running)
    scripted_service.client.delete(f"/job/{failed}").raise_for_status()  # or its audio stays, for a requeue


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_options"),
        ({"text": "x", "segments": [{"segment_id": 1, "text": "x"}]}, 422, "invalid_options"),
        ({"segments": []}, 422, "invalid_options"),
        ({"segments": [{"segment_id": 2, "text": "x"}]}, 422, "invalid_options"),
        ({"segments": [{"segment_id": 1, "text": "x"}, {"segment_id": 1, "text": "y"}]}, 422, "invalid_options"),
        ({"segments": [{"segment_id": 1, "text": "x" * 4001}]}, 422, "invalid_options"),
        ({"text": "bell \x07"}, 422, "invalid_options"),
        ({"text": "word " * 10_001}, 413, "corrections_too_large"),
        ({"text": "x" * 600_000}, 400, "malformed_body"),
    ],
)
def test_what_is_no_correction_is_refused(
    scripted_service: Service, job_id: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = scripted_service.client.post(f"/result/{job_id}/corrections", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert scripted_service.client.get(f"/result/{job_id}/corrections").json()["corrected_at"] is None
