"""Jobs while they wait and run, at the pace of the scripted transcriber: one job at once, a tenth of real time."""

import pytest

from tests.harness.service import Service, until
from tests.media import silence_wav

LONG_SECONDS = 60
LONG = silence_wav(LONG_SECONDS, rate=8000)
SHORT = silence_wav(5, rate=8000)


def processing(service: Service, job_id: str) -> None:
    until(lambda: True if service.status(job_id)["status"] == "processing" else None, 20, service.output)


def test_progress_grows_segment_by_segment(scripted_service: Service) -> None:
    job_id = scripted_service.submit(LONG)
    seen: list[float] = []
    while (status := scripted_service.status(job_id))["status"] != "completed":
        assert status["status"] in {"queued", "processing"}
        seen.append(status["progress"]["audio_seconds_done"])
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert status["progress"] == {"audio_seconds_done": 60.0, "audio_seconds_total": 60.0, "percent": 100.0}
    assert status["segments"] == 12


def test_the_result_of_an_unfinished_job_is_a_conflict(scripted_service: Service) -> None:
    job_id = scripted_service.submit(LONG)
    answer = scripted_service.client.get(f"/result/{job_id}")
    assert (answer.status_code, answer.json()["code"], answer.json()["job_id"]) == (409, "job_not_finished", job_id)
    scripted_service.client.delete(f"/job/{job_id}")
    scripted_service.finished(job_id)


def test_waiting_jobs_know_their_place(scripted_service: Service) -> None:
    running = scripted_service.submit(LONG)
    processing(scripted_service, running)
    waiting = [scripted_service.submit(SHORT) for _ in range(3)]
    assert [scripted_service.status(job)["queue_position"] for job in waiting] == [1, 2, 3]
    ready = scripted_service.client.get("/health/ready").json()
    assert ready["queue"] == [{"model": "base", "pending_jobs": 3, "pending_audio_seconds": 15.0}]
    assert scripted_service.client.get("/stats").json()["processing_jobs"] == 1
    for job_id in (running, *waiting):
        scripted_service.client.delete(f"/job/{job_id}")
        scripted_service.finished(job_id)


def test_a_waiting_job_is_cancelled_at_once(scripted_service: Service) -> None:
    running = scripted_service.submit(LONG)
    processing(scripted_service, running)
    job_id = scripted_service.submit(SHORT)
    answer = scripted_service.client.delete(f"/job/{job_id}")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "cancelled")
    assert scripted_service.status(job_id)["status"] == "cancelled"
    answer = scripted_service.client.get(f"/result/{job_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_cancelled")
    scripted_service.client.delete(f"/job/{running}")
    scripted_service.finished(running)


def test_a_running_job_stops_between_two_segments(scripted_service: Service) -> None:
    job_id = scripted_service.submit(LONG)
    processing(scripted_service, job_id)
    answer = scripted_service.client.delete(f"/job/{job_id}")
    assert (answer.status_code, answer.json()["outcome"]) == (202, "cancel_requested")
    status = scripted_service.finished(job_id)
    assert status["status"] == "cancelled"
    assert status["progress"]["audio_seconds_done"] < LONG_SECONDS


def test_the_clean_up_removes_what_is_finished_and_keeps_what_is_not(scripted_service: Service) -> None:
    running = scripted_service.submit(LONG)
    processing(scripted_service, running)
    waiting = scripted_service.submit(SHORT)
    cancelled = scripted_service.submit(SHORT)
    scripted_service.client.delete(f"/job/{cancelled}")
    until(lambda: None if cancelled in scripted_service.media_files() else True, 20, scripted_service.output)
    assert {running, waiting} <= set(scripted_service.media_files())
    assert scripted_service.finished(waiting)["status"] == "completed"
    until(lambda: True if scripted_service.media_files() == [] else None, 20, scripted_service.output)


@pytest.mark.parametrize("jobs", [30])
def test_a_burst_is_worked_off_completely(scripted_service: Service, jobs: int) -> None:
    tiny = silence_wav(0.5, rate=8000)
    submitted = [scripted_service.submit(tiny) for _ in range(jobs)]
    assert [scripted_service.finished(job)["status"] for job in submitted] == ["completed"] * jobs
    assert len(set(submitted)) == jobs
