"""How an attempt ends, whatever the transcriber does: on the real store, with transcribers made for it."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.job_store import JobStore as GatewayStore
from api.job_store import NewJob
from core.errors import FailureCode, TranscriptionFailure
from core.job import Job, JobStatus
from core.keys import Keys
from core.media_files import MediaFiles
from core.options import TranscriptionOptions
from core.redis_clients import connect, connect_async
from core.transcript import Segment, TranscriptInfo
from worker.job_runner import JobRunner
from worker.job_store import Hold, JobStore
from worker.metrics import WorkerMetrics
from worker.running_jobs import RunningJobs
from worker.transcriber import Transcription

INFO = TranscriptInfo(language="en", language_probability=1.0, duration_seconds=3.0)


def segment(number: int) -> Segment:
    return Segment(
        id=number,
        seek=0,
        start=number - 1.0,
        end=float(number),
        text=f" {number}",
        tokens=(),
        temperature=0.0,
        avg_logprob=-0.1,
        compression_ratio=1.0,
        no_speech_prob=0.0,
    )


class Transcribes:
    """A transcriber that does what the test says before each of three segments."""

    device = "none"
    compute_type = "none"

    def __init__(self, before_segment: Callable[[int], None] = lambda _number: None) -> None:
        self._before_segment = before_segment
        self.asked_for = 0

    def transcribe(self, _media: Path, _options: TranscriptionOptions) -> Transcription:
        return Transcription(INFO, self._segments())

    def _segments(self) -> Iterator[Segment]:
        for number in (1, 2, 3):
            self.asked_for = number
            self._before_segment(number)
            yield segment(number)


class Bench:
    """A store, one accepted job at a time, and a runner for a transcriber."""

    def __init__(self, url: str, keys: Keys, folder: Path) -> None:
        self.url, self.keys = url, keys
        self.media = MediaFiles.under(folder)
        self.client = connect(url)
        self.store = JobStore(
            self.client, worker="w", lease_ms=30_000, result_ttl_ms=60_000, record_ttl_ms=60_000, keys=keys
        )
        self.running = RunningJobs()
        self.metrics = WorkerMetrics()

    def accept(self) -> str:
        job_id = secrets.token_hex(16)
        new = NewJob(job_id, "t", 1.0, "base", TranscriptionOptions(), None, 1, "0" * 64, 3.0, 3.0)
        asyncio.run(self._gateway("accept", new))
        return job_id

    def cancel(self, job_id: str) -> None:
        asyncio.run(self._gateway("cancel", job_id))

    def get(self, job_id: str) -> Job:
        return Job.from_record(self.client.hgetall(self.keys.job(job_id)))  # type: ignore[arg-type]

    def run(self, transcriber: Transcribes) -> str:
        runner = JobRunner(
            store=self.store,
            media=self.media,
            transcriber=transcriber,
            running=self.running,
            metrics=self.metrics,
            max_attempts=3,
        )
        job = self.store.claim("base")
        assert job is not None
        return runner.run(job)

    async def _gateway(self, method: str, argument: object) -> None:
        client = connect_async(self.url)
        store = GatewayStore(client, result_ttl_ms=60_000, record_ttl_ms=60_000, keys=self.keys)
        await getattr(store, method)(argument)
        await client.aclose()


@pytest.fixture
def bench(valkey_url: str, keys: Keys, tmp_path: Path) -> Bench:
    return Bench(valkey_url, keys, tmp_path)


def raising(error: Exception) -> Callable[[int], None]:
    def before(number: int) -> None:
        if number == 2:
            raise error

    return before


def test_a_job_that_goes_well_is_completed(bench: Bench) -> None:
    job_id = bench.accept()
    assert bench.run(Transcribes()) == "completed"
    assert bench.get(job_id).status is JobStatus.COMPLETED
    assert bench.client.llen(bench.keys.segments(job_id)) == 3
    assert len(bench.running) == 0


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (RuntimeError("a secret path"), "internal_error"),
        (MemoryError(), "out_of_memory"),
        (TranscriptionFailure(FailureCode.MEDIA_MISSING, "gone"), "media_missing"),
    ],
)
def test_a_fault_of_ours_is_tried_again_and_then_a_dead_letter(bench: Bench, error: Exception, named: str) -> None:
    job_id = bench.accept()
    for outcome in ("queued", "queued", "failed"):
        assert bench.run(Transcribes(raising(error))) == outcome
        # It waits for its time; here its time has come.
        bench.client.zadd(bench.keys.delayed, {job_id: 1}, xx=True)
        bench.store.reap(max_crashes=2)
    job = bench.get(job_id)
    assert (job.status, job.failure, job.errors) == (JobStatus.FAILED, FailureCode.ATTEMPTS_EXHAUSTED, 3)
    assert named in (job.failure_detail or "")
    assert "secret" not in (job.failure_detail or "")


def test_an_attempt_after_an_error_starts_its_transcript_anew(bench: Bench) -> None:
    job_id = bench.accept()
    bench.run(Transcribes(raising(RuntimeError())))
    bench.client.zadd(bench.keys.delayed, {job_id: 1})
    bench.store.reap(max_crashes=2)
    assert bench.run(Transcribes()) == "completed"
    assert bench.client.llen(bench.keys.segments(job_id)) == 3


def test_a_fault_of_the_media_fails_at_once(bench: Bench) -> None:
    job_id = bench.accept()
    failure = TranscriptionFailure(FailureCode.AUDIO_UNDECODABLE, "The file is cut short.")
    assert bench.run(Transcribes(raising(failure))) == "failed"
    job = bench.get(job_id)
    assert (job.failure, job.failure_detail) == (FailureCode.AUDIO_UNDECODABLE, "The file is cut short.")


def test_a_cancelled_job_stops_before_its_next_segment(bench: Bench) -> None:
    job_id = bench.accept()
    transcriber = Transcribes(lambda number: bench.cancel(job_id) if number == 2 else None)
    assert bench.run(transcriber) == "cancelled"
    assert transcriber.asked_for == 2
    assert bench.get(job_id).status is JobStatus.CANCELLED


def test_a_job_handed_back_by_another_thread_is_left_alone(bench: Bench) -> None:
    job_id = bench.accept()

    def hand_back(number: int) -> None:
        if number == 2:
            (running,) = bench.running.snapshot()
            handing_back = threading.Thread(target=lambda: bench.store.handback(running.job))
            handing_back.start()
            handing_back.join()
            running.note(Hold.LOST)

    transcriber = Transcribes(hand_back)
    assert bench.run(transcriber) == "lost"
    assert transcriber.asked_for == 2
    job = bench.get(job_id)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)


def test_a_store_that_goes_away_loses_the_attempt_and_not_the_worker(bench: Bench, tmp_path: Path) -> None:
    job_id = bench.accept()
    away = Bench("redis://127.0.0.1:1", bench.keys, tmp_path)
    runner = JobRunner(
        store=away.store,
        media=bench.media,
        transcriber=Transcribes(),
        running=RunningJobs(),
        metrics=WorkerMetrics(),
        max_attempts=3,
    )
    job = bench.store.claim("base")
    assert job is not None
    assert runner.run(job) == "lost"
    assert bench.get(job_id).status is JobStatus.PROCESSING  # until its lease lapses
