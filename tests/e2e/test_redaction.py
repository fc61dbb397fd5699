"""Spoken addresses and numbers of a job that wants them gone are gone: from every answer, event and Redis command."""

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import spacy

from core.pii import MODEL_KINDS, PATTERN_KINDS
from tests.harness.process_tree import running
from tests.harness.service import Service, until
from tests.media import AUDIO, silence_wav

CALLER = (AUDIO / "personal" / "caller.flac").read_bytes()
SWITCHBOARD = (AUDIO / "personal" / "switchboard.flac").read_bytes()
SECRET = re.compile(
    r"john|smith|example|212\W{0,3}555|555\W{0,3}0123|1111\W?1111|reading.?room|library\.org|at 415|415\W{1,3}5|"
    r"5\W*5\W*5\W*2\W*6\W*7\W*1",
    re.IGNORECASE,
)
FORMATS = ("json", "verbose_json", "text", "srt", "vtt", "tsv")
WAYS = [{}, {"quality": "accurate"}, {"word_timestamps": "true", "language": "en"}]
KINDS = "email,phone,card"


@contextmanager
def overheard(client: redis.Redis) -> Iterator[list[str]]:
    """Collect every command that anybody sends to Redis, those inside of scripts included."""
    commands: list[str] = []
    marker = "no more of this"
    listening = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:  # type: ignore[no-untyped-call]
            listening.set()
            for command in monitor.listen():
                if marker in command["command"]:
                    return
                commands.append(command["command"])

    listener = threading.Thread(target=listen)
    listener.start()
    listening.wait()
    yield commands
    client.echo(marker)
    listener.join(30)
    assert not listener.is_alive()


def everything_told(service: Service, job_id: str) -> dict[str, str]:
    """Return what the service tells of a finished job, by where."""
    told = {each: service.client.get(f"/result/{job_id}", params={"format": each}).text for each in FORMATS}
    told["events"] = service.client.get(f"/events/{job_id}").text
    told["status"] = service.client.get(f"/status/{job_id}").text
    return told


def stored(client: redis.Redis, job_id: str) -> str:
    """Return all that Redis holds under keys of a job, in whatever type."""
    readers: dict[str, Callable[[str], object]] = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda key: client.lrange(key, 0, -1),
        "stream": client.xrange,
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1),
    }
    keys = list(client.scan_iter(match=f"*{job_id}*"))
    assert keys
    return "\n".join(str(readers[str(client.type(key))](key)) for key in keys)


def without_numbers(told: str) -> str:
    """Return what is told without ids and times, in which any digits may stand."""
    return re.sub(r"\b[0-9a-f]{16,}\b|\d+-\d+|\d{2}:\d{2}:\d{2}[.,]\d{3}|\d*\.\d+|\b\d{13}\b", "", told)


def test_words_that_are_to_be_redacted_are_never_told_or_stored(service: Service) -> None:
    with overheard(service.redis()) as commands:
        jobs = [
            (way, service.submit(clip, name="call.flac", redact=KINDS, **way))
            for clip in (CALLER, SWITCHBOARD)
            for way in WAYS
        ]
        for _, job_id in jobs:
            assert service.finished(job_id)["status"] == "completed"
    for way, job_id in jobs:
        told = everything_told(service, job_id)
        texts = {name: text for name, text in told.items() if name not in {"status", "events", "tsv"}}
        for text in texts.values():
            assert "[EMAIL]" in text
            assert "[PHONE]" in text
            assert "1999" in text
        for where, text in told.items():
            assert not SECRET.search(without_numbers(text)), (way, where, text)
        assert not SECRET.search(without_numbers(stored(service.redis(), job_id)))
        transcript = service.client.get(f"/result/{job_id}").json()
        assert transcript["redacted"]["email"] == transcript["redacted"]["phone"] == 1
    text = "\n".join(commands)
    assert "[EMAIL]" in text
    assert not SECRET.search(without_numbers(text))
    assert not SECRET.search(without_numbers("\n".join(service.lines)))


def test_without_being_asked_nothing_is_redacted(service: Service) -> None:
    for clip in (CALLER, SWITCHBOARD):
        transcript = service.transcribed(clip)
        assert SECRET.search(transcript["text"])
        assert "redacted" not in transcript


def test_jobs_that_want_other_things_redacted_share_no_work(service: Service) -> None:
    answers = [service.post(CALLER, redact=kinds).json() for kinds in ("email,phone", "phone, email", "phone", "")]
    works = [service.client.get(f"/status/{answer['job_id']}").json()["options"]["redact"] for answer in answers]
    assert works == [["email", "phone"], ["email", "phone"], ["phone"], []]
    for answer in answers:
        service.finished(answer["job_id"])
    texts = [service.client.get(f"/result/{answer['job_id']}").json()["text"] for answer in answers]
    assert texts[0] == texts[1] != texts[2] != texts[3]


def test_workers_say_what_they_redact_and_names_are_refused_with_what_to_install(service: Service) -> None:
    (worker,) = service.client.get("/health/ready").json()["workers"]
    assert worker["redacts"] == list(PATTERN_KINDS)
    before = service.media_files()
    refused = service.post(CALLER, redact="email,name")
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["code"] == "invalid_options"
    assert "REDACT_NAME_MODEL=en_core_web_sm" in problem["detail"]
    assert service.media_files() == before
    assert service.post(CALLER, redact="faces").json()["code"] == "invalid_options"


@pytest.fixture(scope="module")
def name_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spaCy pipeline made for this test, loaded as any other: it takes a word of the script for a person."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Segment"}])  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("spacy") / "names"
    pipeline.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def named(name_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("named"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.05",
        REDACT_NAME_MODEL=str(name_model),
        LEASE_SECONDS="3",
        HEARTBEAT_SECONDS="1",
        REAP_SECONDS="1",
    ) as running:
        yield running


def test_names_are_redacted_where_there_is_a_model_of_names(named: Service) -> None:
    (worker,) = named.client.get("/health/ready").json()["workers"]
    assert worker["redacts"] == [*PATTERN_KINDS, *MODEL_KINDS]
    transcript = named.transcribed(silence_wav(12), redact="name,email")
    assert [segment["text"] for segment in transcript["segments"]] == [
        "[NAME] 1 from 0.0 to 5.0 seconds.",
        "[NAME] 2 from 5.0 to 10.0 seconds.",
        "[NAME] 3 from 10.0 to 12.0 seconds.",
    ]
    assert transcript["redacted"] == {"email": 0, "name": 3}


def test_in_a_language_that_the_model_does_not_know_nothing_is_better_than_something_unredacted(named: Service) -> None:
    with overheard(named.redis()) as commands:
        job_id = named.submit(silence_wav(1), redact="name", language="de")
        until(lambda: True if any("redaction_unavailable" in command for command in commands) else None, 30)
    assert named.status(job_id)["status"] != "completed"
    assert not any("Segment 1" in command for command in commands)
    named.client.delete(f"/job/{job_id}")


def test_a_killed_worker_leaves_nothing_unredacted_and_counts_on(named: Service) -> None:
    with overheard(named.redis()) as commands:
        job_id = named.submit(silence_wav(60), redact="name")
        until(lambda: True if named.status(job_id)["segments"] else None, 30, named.output)
        (worker,) = running(named.process_id, "worker")
        os.kill(worker, signal.SIGKILL)
        after = named.finished(job_id)
    assert (after["status"], after["attempt"]) == ("completed", 2)
    transcript = named.client.get(f"/result/{job_id}").json()
    assert [segment["id"] for segment in transcript["segments"]] == list(range(1, 13))
    assert all(segment["text"].startswith("[NAME] ") for segment in transcript["segments"])
    assert transcript["redacted"] == {"name": 12}
    assert not any("Segment" in command for command in commands)
