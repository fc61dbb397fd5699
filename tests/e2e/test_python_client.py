"""`scriptorium.client` against the real service: while it is well, busy, killed, or hard to reach."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scriptorium.client import (
    AsyncScriptorium,
    Event,
    JobCancelled,
    JobFailed,
    ProgressEvent,
    Scriptorium,
    SegmentEvent,
    ServiceRefused,
    StatusEvent,
)
from tests.harness.process_tree import running
from tests.harness.proxy import Proxy
from tests.harness.service import Service
from tests.media import references, silence_wav, word_error_rate

GARDEN = next(reference for reference in references() if reference.id == "garden")
SUBMISSIONS_A_SECOND = 18


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that many may use at once, and nobody too often."""
    with Service(
        tmp_path_factory.mktemp("busy"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.15",
        WORKER_CONCURRENCY="64",
        MAX_UPLOADS_PER_CLIENT="64",
        RATE_LIMIT_SUBMIT=f"{SUBMISSIONS_A_SECOND}/second",
    ) as running:
        yield running


@pytest.fixture
def client(busy: Service) -> Iterator[Scriptorium]:
    with Scriptorium(address(busy)) as running:
        yield running


def address(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def wav(folder: Path, seconds: float) -> Path:
    path = folder / f"{folder.name}.wav"
    path.write_bytes(silence_wav(seconds, rate=8000))
    return path


def segment_ids(events: list[Event]) -> list[int]:
    return [event.segment.id for event in events if isinstance(event, SegmentEvent)]


def test_speech_in_words_out(service: Service) -> None:
    with Scriptorium(address(service)) as client:
        transcript = client.transcribe(GARDEN.path, language="en", word_timestamps=True)
        assert word_error_rate([(GARDEN.text, transcript.text)]) <= 10
        assert transcript.duration_seconds == pytest.approx(GARDEN.duration_seconds, abs=0.1)
        words = [word.word for segment in transcript.segments for word in segment.words or ()]
        assert words == transcript.text.split()
        assert client.transcribe(GARDEN.path, language="en", word_timestamps=True) == transcript
        newest = next(client.jobs(status="completed"))
        assert (newest.cached, newest.file_name) == (True, "garden.flac")
        assert client.render(newest.job_id, "text").split() == words


def test_a_job_is_followed_to_its_end(client: Scriptorium, tmp_path: Path) -> None:
    job = client.submit(wav(tmp_path, 20), fresh=True)
    events = list(client.events(job.job_id))
    assert [event.status for event in events if isinstance(event, StatusEvent)] == ["queued", "processing", "completed"]
    transcript = client.result(job.job_id)
    assert tuple(event.segment for event in events if isinstance(event, SegmentEvent)) == transcript.segments
    assert [each.progress.percent for each in events if isinstance(each, ProgressEvent)] == [0, 25, 50, 75, 100]
    ids = [event.event_id for event in events if event.event_id]
    assert [each.event_id for each in client.events(job.job_id, ids[2])] == ids[3:]
    assert list(client.events(job.job_id, ids[-1])) == []


def test_corrections_and_erasure(client: Scriptorium, tmp_path: Path) -> None:
    job = client.wait(client.submit(wav(tmp_path, 10), fresh=True).job_id)
    client.correct(job.job_id, segments={2: "Something else."})
    assert [each.text for each in client.corrections(job.job_id).segments] == ["Something else."]
    assert client.result(job.job_id, corrected=True).segments[1].text == "Something else."
    assert client.cancel(job.job_id) == client.job(job.job_id)
    assert client.erase(job.job_id).erased["corrections"] == 1
    with pytest.raises(ServiceRefused, match="No such job"):
        client.job(job.job_id)


def test_a_running_job_is_cancelled_and_erased(client: Scriptorium, tmp_path: Path) -> None:
    path = wav(tmp_path, 60)
    cancelled = client.submit(path, fresh=True).job_id
    client.cancel(cancelled)
    assert client.wait(cancelled).status == "cancelled"
    with pytest.raises(JobCancelled):
        client.result(cancelled)
    erased = client.submit(path, fresh=True).job_id
    next(event for event in client.events(erased) if isinstance(event, SegmentEvent))
    assert client.erase(erased).erased["records"] == 1
    assert erased not in {job.job_id for job in client.jobs()}


def test_what_can_not_be_transcribed_has_a_reason_and_is_a_dead_letter(client: Scriptorium, tmp_path: Path) -> None:
    path = tmp_path / "broken.flac"
    path.write_bytes(GARDEN.path.read_bytes()[:2000])
    with pytest.raises(JobFailed) as raised:
        client.transcribe(path, fresh=True)
    failed = raised.value.job
    assert raised.value.code == "audio_undecodable"
    assert failed.job_id in [letter.job.job_id for letter in client.dead_letters(failure="audio_undecodable")]
    assert client.dead_letter(failed.job_id).attempts[0].outcome == "failed"
    assert client.requeue(failed.job_id) == (failed.job_id,)
    assert client.wait(failed.job_id).status == "failed"
    assert client.purge(failed.job_id) == (failed.job_id,)


def test_operators_are_told_what_goes_on(client: Scriptorium) -> None:
    health = client.health()
    assert health.is_ready
    assert [worker.lane for worker in health.workers] == ["base"]
    assert client.stats().accepted >= 0


class Noting(httpx.AsyncHTTPTransport):
    """Notes what was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: Counter[int] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        self.statuses[response.status_code] += 1
        return response


def test_fifty_at_once_get_through_though_only_a_few_may_at_a_time(busy: Service, tmp_path: Path) -> None:
    path = wav(tmp_path, 5)
    noting = Noting()

    async def transcribe_all() -> list[str]:
        async with AsyncScriptorium(address(busy), transport=noting) as client:
            found = await asyncio.gather(*(client.transcribe(path, fresh=True) for _ in range(50)))
            jobs = [job async for job in client.jobs(status="completed") if job.file_name == path.name]
            assert len(jobs) == 50
            return [transcript.text for transcript in found]

    assert asyncio.run(transcribe_all()) == ["Segment 1 from 0.0 to 5.0 seconds."] * 50
    assert noting.statuses[202] == 50
    assert noting.statuses[429] > 0


def test_gateways_that_are_killed_cost_nobody_anything(busy: Service, tmp_path: Path) -> None:
    """One waits and two listen meanwhile, with blocking calls and with coroutines."""

    async def follow() -> None:
        async with AsyncScriptorium(address(busy)) as client:
            with Scriptorium(address(busy)) as blocking:
                job_id = (await client.submit(wav(tmp_path, 60), fresh=True)).job_id
                waiter = asyncio.create_task(asyncio.to_thread(blocking.wait, job_id))
                listener = asyncio.create_task(asyncio.to_thread(lambda: list(blocking.events(job_id))))
                events: list[Event] = []
                deaths = iter([signal.SIGTERM, signal.SIGKILL])
                async for event in client.events(job_id):
                    events.append(event)
                    if isinstance(event, SegmentEvent) and event.segment.id in {3, 7}:
                        kill_gateway(busy, next(deaths))
                assert list(deaths) == []
                assert (await waiter).status == "completed"
                for found in (events, await listener):
                    assert segment_ids(found) == list(range(1, 13))
                    ids = [each.event_id for each in found if each.event_id]
                    assert len(set(ids)) == len(ids)
                    assert found[-1] == events[-1]

    asyncio.run(follow())


def kill_gateway(service: Service, number: signal.Signals) -> None:
    (gateway,) = running(service.process_id, "api")
    os.kill(gateway, number)


def test_an_upload_that_breaks_off_is_one_job(busy: Service, tmp_path: Path) -> None:
    path = wav(tmp_path, 60)
    told: list[int] = []
    with Proxy(busy.port) as proxy, Scriptorium(f"http://127.0.0.1:{proxy.port}") as client:

        def on_upload(sent: int, total: int | None) -> None:
            assert total == path.stat().st_size
            if told.count(0) == 1 and sent > total / 2:
                proxy.refuse()
                proxy.restore()
            told.append(sent)

        job = client.submit(path, on_upload=on_upload, fresh=True)
        assert told.count(0) == 2
        assert told[-1] == path.stat().st_size
        assert [each.job_id for each in client.jobs() if each.file_name == path.name] == [job.job_id]
        client.erase(job.job_id)


class Forgetful(httpx.HTTPTransport):
    """Loses the first answer, after the service has given it."""

    lost = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if self.lost:
            return response
        self.lost = response.status_code
        response.close()
        raise httpx.ReadError("Connection reset by peer")


def test_an_answer_that_is_lost_is_one_job(busy: Service, tmp_path: Path) -> None:
    path = wav(tmp_path, 5)
    transport = Forgetful()
    with Scriptorium(address(busy), transport=transport) as client:
        job = client.submit(path, fresh=True)
        assert transport.lost == 202
        assert [each.job_id for each in client.jobs() if each.file_name == path.name] == [job.job_id]
