"""What the client's calls send and make of the answers, with blocking calls and with coroutines alike."""

import gzip
import io
import json
import os
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from scriptorium.client import (
    AsyncScriptorium,
    Corrections,
    Erased,
    Job,
    JobCancelled,
    JobFailed,
    NotAService,
    Options,
    ProgressEvent,
    QueueEvent,
    Scriptorium,
    SegmentEvent,
    ServiceRefused,
    ServiceUnreachable,
    StatusEvent,
    TimedOut,
    Transcript,
)
from scriptorium.client.sources import Form
from tests.harness.both_clients import Both, Pieces, blocking, with_coroutines

Call: TypeAlias = Callable[[Any], Any]
JOB_ID = "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
ACCEPTED = {"job_id": JOB_ID, "status": "queued", "cached": False, "message": "Accepted."}
TRANSCRIPT = {
    "text": "Hello there.",
    "language": "en",
    "language_probability": 0.98,
    "duration_seconds": 12.5,
    "segments": [{"id": 1, "start": 0.0, "end": 3.0, "text": "Hello there.", "speaker": 2}],
}


@pytest.fixture(params=[blocking, with_coroutines])
def both(request: pytest.FixtureRequest) -> Both:
    run: Both = request.param
    return run


class Script:
    """A service that gives one answer after the other, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.asked]


def job(status: str = "queued", **fields: object) -> dict[str, Any]:
    return {"job_id": JOB_ID, "status": status, **fields}


def ok(document: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=document)


def refused(status: int, code: str, **headers: str) -> httpx.Response:
    problem = {"code": code, "title": "No", "detail": code, "status": status}
    return httpx.Response(status, json=problem, headers={"content-type": "application/problem+json", **headers})


def parts(request: httpx.Request) -> list[tuple[str, bytes]]:
    """Return the parts of a multipart form, each as its `Content-Disposition` and its content."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    first, *found, last = request.content.split(b"--" + boundary)
    assert (first, last) == (b"", b"--\r\n")
    split = [part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n") for part in found]
    return [(head.decode().splitlines()[0].partition("form-data; ")[2], content) for head, _, content in split]


def test_a_file_is_sent_as_a_form_with_its_options_before_it(both: Both, tmp_path: Path) -> None:
    path = tmp_path / 'in"ter\nview ü.mp3'
    path.write_bytes(b"audio" * 100_000)
    service = Script(ok(ACCEPTED, 202))
    told: list[tuple[int, int | None]] = []
    options = Options(language="en", word_timestamps=True, redact=["email", "phone"])
    found = both(
        service,
        lambda client: client.submit(
            path, options=options, language="de", temperature=0.5, on_upload=lambda *sent: told.append(sent)
        ),
    )
    assert found == Job(job_id=JOB_ID, status="queued")
    (request,) = service.asked
    assert int(request.headers["content-length"]) == len(request.content)
    assert parts(request) == [
        ('name="language"', b"de"),
        ('name="word_timestamps"', b"true"),
        ('name="redact"', b"email,phone"),
        ('name="temperature"', b"0.5"),
        ('name="file"; filename="in%22ter%0Aview ü.mp3"', path.read_bytes()),
    ]
    assert told == [(0, 500_000), (262_144, 500_000), (500_000, 500_000)]


def test_an_upload_that_breaks_off_begins_anew_under_the_same_key(both: Both) -> None:
    file = io.BytesIO(b"not this, this")
    file.seek(10)
    service = Script(httpx.WriteError("reset"), refused(429, "queue_full"), ok(ACCEPTED, 202))
    both(service, lambda client: client.submit(file, file_name="a.wav"))
    assert [parts(request) for request in service.asked] == [[('name="file"; filename="a.wav"', b"this")]] * 3
    assert len({request.headers["idempotency-key"] for request in service.asked}) == 1
    assert not file.closed


def test_every_job_has_a_key_of_its_own_unless_one_is_given(both: Both) -> None:
    service = Script(*(ok(ACCEPTED, 202) for _ in range(4)))
    for _ in range(2):
        both(service, lambda client: client.submit(io.BytesIO(b"x"), fresh=True))
        both(service, lambda client: client.submit(io.BytesIO(b"x"), idempotency_key="mine"))
    keys = [request.headers["idempotency-key"] for request in service.asked]
    assert (len(set(keys)), keys[1], keys[3]) == (3, "mine", "mine")
    assert [request.headers.get("cache-control") for request in service.asked] == ["no-cache", None, "no-cache", None]


class Pipe(io.BytesIO):
    """What can be read once only."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_arguments: int) -> int:
        raise io.UnsupportedOperation


def test_a_pipe_is_sent_as_it_comes_and_only_once(both: Both) -> None:
    service = Script(ok(ACCEPTED, 202), httpx.WriteError("reset"))
    told: list[tuple[int, int | None]] = []
    both(service, lambda client: client.submit(Pipe(b"speech"), on_upload=lambda *sent: told.append(sent)))
    assert service.asked[0].headers["transfer-encoding"] == "chunked"
    assert parts(service.asked[0]) == [('name="file"; filename="audio"', b"speech")]
    assert told == [(0, None), (6, None)]
    with pytest.raises(ServiceUnreachable):
        both(service, lambda client: client.submit(Pipe(b"speech")))


class Counting(io.BytesIO):
    """Notes how much is read at once."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.most = max(self.most, len(piece))
        return piece


def test_no_file_is_ever_held_as_a_whole() -> None:
    file = Counting(b"x" * 3_000_000)
    form = Form({}, file, file_name="a.wav")
    assert sum(len(piece) for piece in form.pieces()) == form.size_bytes
    assert file.most <= 262_144


def test_a_file_that_grows_is_sent_as_long_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "live.wav"
    path.write_bytes(b"x" * 1000)
    with path.open("rb") as file:
        form = Form({}, file, file_name="a.wav")
        with path.open("ab") as other:
            other.write(b"y" * 1000)
        assert sum(len(piece) for piece in form.pieces()) == form.size_bytes


def test_a_file_that_shrinks_is_said_so(both: Both, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"x" * 1_000_000)

    def shorten(sent: int, _total: int | None) -> None:
        if sent == 0:
            os.truncate(path, 600_000)

    with pytest.raises(OSError, match="now ends after 600000"):
        both(Script(), lambda client: client.submit(path, on_upload=shorten))


def test_a_url_is_sent_as_json(both: Both) -> None:
    service = Script(httpx.ReadError("reset"), ok(ACCEPTED, 202))
    both(service, lambda client: client.submit("https://example.com/a.mp3", diarize=True, max_speakers=2))
    for request in service.asked:
        assert json.loads(request.content) == {"url": "https://example.com/a.mp3", "diarize": True, "max_speakers": 2}
    assert len({request.headers["idempotency-key"] for request in service.asked}) == 1


def test_a_string_that_is_no_url_is_not_taken_for_a_path(both: Both) -> None:
    with pytest.raises(ValueError, match="Path"):
        both(Script(), lambda client: client.submit("interview.mp3"))


def test_a_file_that_is_not_there_is_said_so(both: Both, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        both(Script(), lambda client: client.submit(tmp_path / "nothing.mp3"))


def test_a_newer_service_may_say_more(both: Both) -> None:
    service = Script(ok(job("dreaming", mood="good", progress={"audio_seconds_done": 1, "dreams": 2})))
    found = both(service, lambda client: client.job(JOB_ID))
    assert (found.status, found.is_finished, found.progress.audio_seconds_done) == ("dreaming", False, 1)


def test_an_answer_that_is_no_job_is_none_of_ours(both: Both) -> None:
    with pytest.raises(NotAService, match="GET /status/1"):
        both(Script(ok({"id": 3})), lambda client: client.job("1"))


def test_an_answer_may_come_compressed(both: Both) -> None:
    content = gzip.compress(json.dumps(job("completed")).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    found = both(lambda _: httpx.Response(200, headers=headers, content=content), lambda client: client.job(JOB_ID))
    assert found.status == "completed"


def test_an_id_can_not_lead_elsewhere(both: Both) -> None:
    service = Script(ok(job()))
    both(service, lambda client: client.job("../keys?a=b"))
    assert service.paths == ["GET /status/..%2Fkeys%3Fa%3Db"]


def test_a_refusal_has_all_that_is_said(both: Both) -> None:
    problem = {
        "code": "invalid_options",
        "title": "One or more options are not valid",
        "status": 422,
        "errors": [{"option": "beam_size", "message": "is too large"}],
        "job_id": JOB_ID,
    }
    with pytest.raises(ServiceRefused) as raised:
        both(Script(ok(problem, 422)), lambda client: client.stats())
    error = raised.value
    assert (error.status, error.code, error.job_id) == (422, "invalid_options", JOB_ID)
    assert error.errors == [{"option": "beam_size", "message": "is too large"}]
    assert error.retry_after is None
    with pytest.raises(ServiceRefused) as raised:
        both(Script(refused(429, "queue_full", **{"retry-after": "9000"})), lambda client: client.stats())
    assert raised.value.retry_after == 9000


def test_a_job_is_waited_for_by_long_polls(both: Both) -> None:
    service = Script(ok(job()), httpx.ReadError("reset"), ok(job("processing")), ok(job("failed")))
    assert both(service, lambda client: client.wait(JOB_ID)).status == "failed"
    assert service.paths == [f"GET /status/{JOB_ID}?wait=30.0"] * 4


def test_whoever_waits_may_be_told_of_every_change(both: Both) -> None:
    progress = {"progress": {"audio_seconds_done": 3}}
    answers = [job(), job(), job("processing"), job("processing", **progress), job("completed", **progress)]
    service = Script(*map(ok, answers))
    told: list[Job] = []
    both(service, lambda client: client.wait(JOB_ID, on_change=told.append))
    assert told == [Job.model_validate(answer) for answer in (answers[0], *answers[2:])]
    assert service.paths[0] == f"GET /status/{JOB_ID}"


def test_a_wait_can_be_over_before_the_job_is(both: Both) -> None:
    with pytest.raises(TimedOut, match="It goes on") as raised:
        both(lambda _: ok(job("processing")), lambda client: client.wait(JOB_ID, timeout_seconds=0.01))
    assert raised.value.job.status == "processing"


def test_a_transcript_is_typed(both: Both) -> None:
    service = Script(ok(TRANSCRIPT))
    found = both(service, lambda client: client.result(JOB_ID, corrected=True, wait_seconds=5))
    assert found == Transcript.model_validate(TRANSCRIPT)
    assert (found.segments[0].speaker, found.segments[0].words) == (2, None)
    assert service.paths == [f"GET /result/{JOB_ID}?corrected=true&wait=5"]


def test_a_job_without_a_transcript_says_why(both: Both) -> None:
    failure = {"code": "audio_undecodable", "detail": "The file is not decodable audio."}
    service = Script(refused(422, "audio_undecodable"), ok(job("failed", failure=failure)))
    with pytest.raises(JobFailed, match="not decodable") as failed:
        both(service, lambda client: client.result(JOB_ID))
    assert (failed.value.code, failed.value.job.job_id) == ("audio_undecodable", JOB_ID)
    with pytest.raises(JobCancelled):
        both(Script(refused(409, "job_cancelled"), ok(job("cancelled"))), lambda client: client.result(JOB_ID))
    for status, code in ((409, "job_not_finished"), (422, "invalid_options"), (410, "job_expired")):
        with pytest.raises(ServiceRefused) as refusal:
            both(Script(refused(status, code), ok(job("completed"))), lambda client: client.result(JOB_ID))
        assert refusal.value.code == code


def test_formats_are_rendered_by_the_service(both: Both) -> None:
    service = Script(httpx.Response(200, content="1\n…".encode()))
    assert both(service, lambda client: client.render(JOB_ID, "srt", max_lines=1)) == "1\n…"
    assert service.paths == [f"GET /result/{JOB_ID}?format=srt&max_lines=1"]


def test_transcribing_is_submitting_waiting_and_fetching(both: Both) -> None:
    service = Script(ok(ACCEPTED, 202), ok(job("completed")), ok(TRANSCRIPT))
    found = both(service, lambda client: client.transcribe(io.BytesIO(b"x"), quality="fast"))
    assert found.text == "Hello there."
    assert service.paths == ["POST /transcribe", f"GET /status/{JOB_ID}?wait=30.0", f"GET /result/{JOB_ID}"]


def test_listings_are_paged_through(both: Both) -> None:
    service = Script(
        ok({"jobs": [job(), job()], "next_cursor": "c1"}),
        ok({"jobs": [], "next_cursor": "c2"}),
        ok({"jobs": [job("failed")], "next_cursor": None}),
    )
    found = both(service, lambda client: client.jobs(model="base"))
    assert [each.status for each in found] == ["queued", "queued", "failed"]
    assert [path.partition("?")[2] for path in service.paths] == [
        "model=base&limit=200",
        "model=base&limit=200&cursor=c1",
        "model=base&limit=200&cursor=c2",
    ]


def test_dead_letters_are_paged_through_and_moved(both: Both) -> None:
    attempt = {"attempt": 1, "worker": "w", "outcome": "crashed", "started_at_ms": 0, "ended_at_ms": 9, "from_ms": 0}
    letter = {"job": job("failed"), "job_ids": [JOB_ID], "attempts": [{**attempt, "to_ms": 5}]}
    service = Script(
        ok({"dead_letters": [letter] * 200, "total": 201}),
        ok({"dead_letters": [letter], "total": 201}),
        ok(letter),
        *(ok({"outcome": "requeued", "job_ids": [JOB_ID]}) for _ in range(4)),
    )
    found = both(service, lambda client: client.dead_letters(failure="worker_lost"))
    assert (len(found), found[0].attempts[0].outcome) == (201, "crashed")
    assert both(service, lambda client: client.dead_letter(JOB_ID)) == found[0]
    calls: list[Call] = [
        lambda client: client.requeue(JOB_ID),
        lambda client: client.requeue_all(failure="worker_lost"),
        lambda client: client.purge(JOB_ID),
        lambda client: client.purge_all(),
    ]
    for call in calls:
        assert both(service, call) == (JOB_ID,)
    assert service.paths[3:] == [
        f"POST /dead-letters/{JOB_ID}/requeue",
        "POST /dead-letters/requeue?failure=worker_lost",
        f"DELETE /dead-letters/{JOB_ID}",
        "DELETE /dead-letters",
    ]


def test_cancelling_leaves_a_finished_job_as_it_is(both: Both) -> None:
    service = Script(ok(job("completed")))
    assert both(service, lambda client: client.cancel(JOB_ID)).status == "completed"
    service = Script(ok(job("processing")), ok(job(outcome="cancel_requested")), ok(job(cancel_requested=True)))
    assert both(service, lambda client: client.cancel(JOB_ID)).cancel_requested
    assert service.paths == [f"GET /status/{JOB_ID}", f"DELETE /job/{JOB_ID}", f"GET /status/{JOB_ID}"]


def test_a_removal_that_may_have_been_done_is_not_done_twice(both: Both) -> None:
    service = Script(ok(job("processing")), httpx.ReadError("reset"))
    with pytest.raises(ServiceUnreachable):
        both(service, lambda client: client.cancel(JOB_ID))


def test_erasing_cancels_what_is_not_finished(both: Both) -> None:
    service = Script(
        ok({"job_id": JOB_ID, "outcome": "cancel_requested", "message": ""}, 202),
        ok(job("cancelled")),
        ok({"job_id": JOB_ID, "outcome": "erased", "message": "", "erased": {"records": 1}}),
    )
    assert both(service, lambda client: client.erase(JOB_ID)) == Erased(job_id=JOB_ID, erased={"records": 1})


def test_corrections_name_segments_or_all_of_it(both: Both) -> None:
    answer = {"job_id": JOB_ID, "words": 2, "edits": 1, "segments": []}
    service = Script(ok(answer), ok(answer), ok(answer))
    for call in (
        lambda client: client.correct(JOB_ID, segments={2: "Hello, there."}),
        lambda client: client.correct(JOB_ID, "Hello, there."),
        lambda client: client.corrections(JOB_ID),
    ):
        assert both(service, call) == Corrections.model_validate(answer)
    assert [json.loads(request.content) for request in service.asked[:2]] == [
        {"segments": [{"segment_id": 2, "text": "Hello, there."}]},
        {"text": "Hello, there."},
    ]


def test_searching_yields_places(both: Both) -> None:
    hit = {
        "job_id": JOB_ID,
        "file_name": "a.mp3",
        "created_at": "2026-11-30T04:00:00Z",
        "segment_id": 4,
        "start": 1.5,
        "end": 2.5,
        "text": "ask not",
        "marks": [[0, 3]],
    }
    service = Script(ok({"hits": [hit], "next_cursor": "x"}), ok({"hits": [hit], "next_cursor": None}))
    first, _ = both(service, lambda client: client.search("ask me & more"))
    assert (first.segment_id, first.text[slice(*first.marks[0])]) == (4, "ask")
    assert service.paths[1] == "GET /search?q=ask+me+%26+more&cursor=x"


def test_a_service_that_is_not_ready_is_an_answer(both: Both) -> None:
    health = {"status": "no_workers", "version": "1", "redis": True, "queue": [], "workers": []}
    found = both(Script(ok(health, 503)), lambda client: client.health())
    assert (found.status, found.is_ready) == ("no_workers", False)


def audio(content: bytes, status: int = 200, *, breaks_off: bool = False) -> httpx.Response:
    return httpx.Response(status, stream=Pieces([content[:2], content[2:]], breaks_off=breaks_off))


def test_audio_that_breaks_off_goes_on_where_it_did(both: Both, tmp_path: Path) -> None:
    service = Script(audio(b"RIFF", breaks_off=True), audio(b"-rest", 206, breaks_off=True), audio(b"-of it", 206))
    path = tmp_path / "a.wav"
    assert both(service, lambda client: client.audio(JOB_ID, path)) == path
    assert path.read_bytes() == b"RIFF-rest-of it"
    assert [request.headers.get("range") for request in service.asked] == [None, "bytes=4-", "bytes=9-"]
    assert os.listdir(tmp_path) == ["a.wav"]  # noqa: PTH208 - the names


def test_audio_is_taken_anew_from_who_knows_no_ranges(both: Both, tmp_path: Path) -> None:
    service = Script(audio(b"RIFF-re", breaks_off=True), audio(b"RIFF"))
    path = both(service, lambda client: client.audio(JOB_ID, tmp_path / "a.wav"))
    assert path.read_bytes() == b"RIFF"


def test_audio_that_does_not_come_leaves_no_file(both: Both, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with pytest.raises(ServiceRefused):
        both(Script(refused(410, "audio_expired")), lambda client: client.audio(JOB_ID, path))
    with pytest.raises(ServiceUnreachable):
        both(Script(audio(b"", breaks_off=True)), lambda client: client.audio(JOB_ID, path))
    assert list(tmp_path.iterdir()) == []


def event(name: str, data: object, event_id: str | None = None) -> bytes:
    given = f"id: {event_id}\n" if event_id else ""
    return f"event: {name}\ndata: {json.dumps(data)}\n{given}\n".encode()


def stream(*pieces: bytes, breaks_off: bool = False) -> httpx.Response:
    return httpx.Response(
        200, headers={"content-type": "text/event-stream"}, stream=Pieces(pieces, breaks_off=breaks_off)
    )


SEGMENT = {"id": 1, "start": 0.0, "end": 1.0, "text": "Hello"}
COMPLETED = event("status", job("completed", attempt=1), "3-0")


def last_ids(service: Script) -> list[str | None]:
    return [request.headers.get("last-event-id") for request in service.asked]


def test_events_go_on_behind_the_last_one_whatever_breaks(both: Both) -> None:
    service = Script(
        stream(
            event("status", job(attempt=0), "1-0"),
            event("queue", {"position": 1}),
            event("segment", SEGMENT, "2-0:1")[:-1],  # cut off within an event
            breaks_off=True,
        ),
        httpx.ConnectError("refused"),
        stream(
            event("queue", {"position": 1}), event("surprise", {"is": 1}, "1-1"), event("segment", SEGMENT, "2-0:1")
        ),
        stream(b": keep-alive\n\n", event("progress", {"audio_seconds_done": 1.0}, "2-0"), COMPLETED),
    )
    found = both(service, lambda client: client.events(JOB_ID))
    assert [type(each) for each in found] == [StatusEvent, QueueEvent, SegmentEvent, ProgressEvent, StatusEvent]
    assert [each.event_id for each in found] == ["1-0", None, "2-0:1", "2-0", "3-0"]
    assert found[2].segment.text == "Hello"
    assert last_ids(service) == [None, "1-0", "1-0", "2-0:1"]


def test_events_end_with_the_last_one_though_its_connection_breaks(both: Both) -> None:
    service = Script(stream(COMPLETED, breaks_off=True), httpx.Response(HTTPStatus.NO_CONTENT))
    assert len(both(service, lambda client: client.events(JOB_ID, "2-0"))) == 1
    assert last_ids(service) == ["2-0", "3-0"]


@pytest.mark.usefixtures("no_pauses")
def test_a_gateway_that_stops_before_anything_comes_is_asked_again(both: Both) -> None:
    service = Script(stream(), ok(job("completed")), stream(COMPLETED))
    assert len(both(service, lambda client: client.events(JOB_ID))) == 1


@pytest.mark.usefixtures("no_pauses")
def test_events_of_a_finished_job_that_has_none_left_end(both: Both) -> None:
    service = Script(stream(), ok(job("completed")), stream())
    assert both(service, lambda client: client.events(JOB_ID)) == []


def test_events_of_a_job_that_was_requeued_go_on(both: Both) -> None:
    service = Script(
        stream(event("status", job("failed", attempt=3), "1-0"), event("status", job(attempt=3), "2-0")),
        stream(COMPLETED),
    )
    statuses = [each.status for each in both(service, lambda client: client.events(JOB_ID))]
    assert statuses == ["failed", "queued", "completed"]


def test_events_of_no_job_are_refused(both: Both) -> None:
    with pytest.raises(ServiceRefused):
        both(Script(refused(404, "job_not_found")), lambda client: client.events(JOB_ID))


def test_what_is_no_event_is_none_of_ours(both: Both) -> None:
    for wrong in (event("status", {"state": 3}), b"event: status\ndata: {\n\n"):
        with pytest.raises(NotAService):
            both(Script(stream(wrong)), lambda client: client.events(JOB_ID))


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scriptorium.client.calls.following._PAUSE_SECONDS", 0.0)


def test_whoever_stops_listening_closes_the_connection() -> None:
    closed: list[bool] = []

    class Endless(Pieces):
        def close(self) -> None:
            closed.append(True)

    answer = httpx.Response(200, stream=Endless([event("status", job(attempt=0), "1-0")] * 3))
    with Scriptorium(transport=httpx.MockTransport(lambda _: answer)) as client:
        events = client.events(JOB_ID)
        next(events)
        assert closed == []
        events.close()
        assert closed == [True]


def test_nothing_is_read_from_the_environment_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTORIUM_SERVER", "https://speech.example")
    monkeypatch.setenv("SCRIPTORIUM_API_KEY", "scr_1\n")
    for kind in (Scriptorium, AsyncScriptorium):
        assert kind().server == "http://127.0.0.1:8000"
        assert kind.from_environment().server == "https://speech.example"
    monkeypatch.setenv("SCRIPTORIUM_API_KEY", "clé")
    with pytest.raises(ValueError, match="ASCII"):
        Scriptorium.from_environment()
