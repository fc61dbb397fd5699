"""Following a job live: every event once, whatever breaks in between; long polls end when something happens."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.harness.process_tree import running
from tests.harness.service import Service, until
from tests.media import silence_wav

SECONDS_20 = silence_wav(20, rate=8000)
SECONDS_60 = silence_wav(60, rate=8000)


class Event(NamedTuple):
    name: str
    data: dict[str, object]
    id: str | None


def events(service: Service, job_id: str, last: str | None = None) -> Iterator[Event]:
    """Yield a job's events as an EventSource reads them, until the stream ends."""
    headers = {"Last-Event-ID": last} if last else {}
    with service.client.stream("GET", f"/events/{job_id}", headers=headers) as answer:
        if answer.status_code == 204:
            return
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                yield Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
                fields = {}


def lasting(found: Iterator[Event]) -> list[Event]:
    """Return the events that have an id; the others tell of the moment."""
    return [event for event in found if event.id is not None]


def test_a_job_is_followed_from_its_queue_to_its_end(scripted_service: Service) -> None:
    ahead = scripted_service.submit(SECONDS_20)
    until(lambda: True if scripted_service.status(ahead)["status"] == "processing" else None, 20)
    job_id = scripted_service.submit(SECONDS_20)
    found = list(events(scripted_service, job_id))
    assert [event.data["status"] for event in found if event.name == "status"] == ["queued", "processing", "completed"]
    segments = [event.data for event in found if event.name == "segment"]
    assert segments == scripted_service.client.get(f"/result/{job_id}").json()["segments"]
    done = [event.data["audio_seconds_done"] for event in found if event.name == "progress"]
    assert done == [0, 5, 10, 15, 20]
    (queue, *_) = [event for event in found if event.name == "queue"]
    assert (queue.data["position"], queue.id) == (1, None)
    ids = [event.id for event in found if event.id]
    assert len(set(ids)) == len(ids)
    assert scripted_service.finished(ahead)["status"] == "completed"


def test_whoever_re_attaches_anywhere_gets_the_rest_and_nothing_twice(scripted_service: Service) -> None:
    job_id = scripted_service.submit(SECONDS_20)
    scripted_service.finished(job_id)
    whole = lasting(events(scripted_service, job_id))
    for number, event in enumerate(whole, 1):
        assert lasting(events(scripted_service, job_id, event.id)) == whole[number:]
    assert list(events(scripted_service, job_id, whole[-1].id)) == []


def test_after_the_last_event_an_event_source_is_told_to_stop(scripted_service: Service) -> None:
    job_id = scripted_service.submit(silence_wav(1, rate=8000))
    (*_, last) = lasting(events(scripted_service, job_id))
    answer = scripted_service.client.get(f"/events/{job_id}", headers={"Last-Event-ID": last.id or ""})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "nonsense", ["yes", "1-1-1", "-", "9" * 50, "18446744073709551616-0", f"{2**64 - 1}-{2**64 - 1}"]
)
def test_an_unknown_last_event_id_means_from_the_start(scripted_service: Service, nonsense: str) -> None:
    job_id = scripted_service.submit(silence_wav(1, rate=8000))
    scripted_service.finished(job_id)
    assert lasting(events(scripted_service, job_id, nonsense)) == lasting(events(scripted_service, job_id))


def test_events_of_an_unknown_job_are_not_found(scripted_service: Service) -> None:
    answer = scripted_service.client.get(f"/events/{'0' * 32}")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_a_cancelled_job_ends_its_stream(scripted_service: Service) -> None:
    job_id = scripted_service.submit(SECONDS_60)
    told = []
    for event in events(scripted_service, job_id):
        told.append(event)
        if event.name == "segment" and event.data["id"] == 1:
            scripted_service.client.delete(f"/job/{job_id}")
    assert told[-1].data["status"] == "cancelled"


def test_a_job_that_is_cancelled_while_others_wait_hears_no_more_of_it(scripted_service: Service) -> None:
    mine, theirs = (scripted_service.post(SECONDS_60, initial_prompt="both").json()["job_id"] for _ in range(2))
    told = []
    for event in events(scripted_service, mine):
        told.append(event)
        if event.name == "segment" and event.data["id"] == 1:
            scripted_service.client.delete(f"/job/{mine}")
    assert told[-1].data == {"job_id": mine, "status": "cancelled", "attempt": 1}
    assert list(events(scripted_service, mine, told[-1].id)) == []
    others = lasting(events(scripted_service, theirs))
    assert others[-1].data["status"] == "completed"
    assert [event.data["id"] for event in others if event.name == "segment"] == list(range(1, 13))
    again = lasting(events(scripted_service, mine))
    assert again[-1].data["status"] == "cancelled"


def test_a_gateway_that_is_killed_costs_no_event_and_doubles_none(tmp_path: Path) -> None:
    with Service(tmp_path, TRANSCRIBER="scripted", SCRIPTED_RTF="0.15", WORKER_CONCURRENCY="1") as service:
        job_id = service.submit(SECONDS_60)
        seen: list[Event] = []
        deaths = 0
        deadline = time.monotonic() + 60
        while not (seen and seen[-1].data.get("status") == "completed"):
            assert time.monotonic() < deadline, seen
            try:
                for event in events(service, job_id, seen[-1].id if seen else None):
                    if event.id is not None:
                        seen.append(event)
                    if event.name == "segment" and event.data["id"] in {3, 7} and deaths < 2:
                        (gateway,) = running(service.process_id, "api")
                        os.kill(gateway, signal.SIGKILL if deaths else signal.SIGTERM)
                        deaths += 1
            except httpx.HTTPError:
                time.sleep(0.1)
        assert deaths == 2
        assert [event.data["id"] for event in seen if event.name == "segment"] == list(range(1, 13))
        assert len({event.id for event in seen}) == len(seen)


def test_a_gateway_that_stops_does_not_wait_for_those_who_follow(tmp_path: Path) -> None:
    with Service(tmp_path, TRANSCRIBER="scripted", SCRIPTED_RTF="1", WORKER_CONCURRENCY="1") as service:
        job_id = service.submit(SECONDS_60)
        with service.client.stream("GET", f"/events/{job_id}") as answer:
            lines = answer.iter_lines()
            next(lines)
            (gateway,) = running(service.process_id, "api")
            os.kill(gateway, signal.SIGTERM)
            began = time.monotonic()
            list(lines)
            # Well before the grace that uvicorn gives to requests.
            assert time.monotonic() - began < 15


def test_a_long_poll_ends_when_the_status_changes(scripted_service: Service) -> None:
    running = scripted_service.submit(SECONDS_60)
    waiting = scripted_service.submit(SECONDS_20)
    answer = scripted_service.client.get(f"/status/{waiting}", params={"wait": 60}).json()
    assert answer["status"] == "processing"
    answer = scripted_service.client.get(f"/status/{waiting}", params={"wait": 60}).json()
    assert answer["status"] == "completed"
    assert scripted_service.client.get(f"/status/{waiting}", params={"wait": 60}).json()["status"] == "completed"
    assert scripted_service.status(running)["status"] == "completed"


def test_a_long_poll_answers_when_its_time_is_over(scripted_service: Service) -> None:
    job_id = scripted_service.submit(SECONDS_60)
    until(lambda: True if scripted_service.status(job_id)["status"] == "processing" else None, 20)
    began = time.monotonic()
    assert scripted_service.client.get(f"/status/{job_id}", params={"wait": 1}).json()["status"] == "processing"
    assert time.monotonic() - began >= 1
    scripted_service.client.delete(f"/job/{job_id}")
    scripted_service.finished(job_id)


def test_the_result_can_be_waited_for(scripted_service: Service) -> None:
    job_id = scripted_service.submit(SECONDS_20)
    early = scripted_service.client.get(f"/result/{job_id}", params={"wait": 0.2})
    assert (early.status_code, early.json()["code"]) == (409, "job_not_finished")
    answer = scripted_service.client.get(f"/result/{job_id}", params={"wait": 60})
    assert (answer.status_code, len(answer.json()["segments"])) == (200, 4)
    again = scripted_service.client.get(f"/result/{job_id}", params={"wait": 60, "format": "text"})
    assert again.text.startswith("Segment 1")


@pytest.mark.parametrize("wait", ["-1", "61", "soon"])
def test_a_long_poll_is_bounded(scripted_service: Service, wait: str) -> None:
    answer = scripted_service.client.get(f"/status/{'0' * 32}", params={"wait": wait})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_options")


def test_jobs_are_done_within_what_was_foretold(scripted_service: Service) -> None:
    """Files of mixed lengths, one slot, once the lane has a history."""
    lengths = [5, 20, 10, 15, 5, 30, 10, 25]
    for _ in range(4):
        scripted_service.finished(scripted_service.submit(silence_wav(10, rate=8000)))
    jobs = [scripted_service.submit(silence_wav(length, rate=8000)) for length in lengths]
    foretold = [(time.monotonic(), scripted_service.status(job)["eta"]) for job in jobs]
    assert [eta["seconds"] for _, eta in foretold] == sorted(eta["seconds"] for _, eta in foretold)
    inside = 0
    for job, (asked, eta) in zip(jobs, foretold, strict=True):
        while scripted_service.client.get(f"/status/{job}", params={"wait": 30}).json()["status"] != "completed":
            pass
        took = time.monotonic() - asked
        inside += 0.8 * eta["low_seconds"] - 0.3 <= took <= 1.25 * eta["high_seconds"] + 0.3
        assert eta["low_seconds"] <= eta["seconds"] <= eta["high_seconds"]
    assert inside >= len(jobs) - 1
