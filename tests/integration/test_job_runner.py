"""How an attempt ends, whatever the transcriber does: on the real store, with transcribers made for it."""

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from core.errors import FailureCode, StoreUnavailable, TranscriptionFailure
from core.job import Job
from core.keys import Keys
from core.media_files import MediaFiles
from core.media_stores import MediaStores
from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo
from core.work import JobStatus
from tests.harness.file_server import Asked, File, FileServer, audio_fetcher
from tests.harness.service import until
from tests.harness.stores import Jobs
from worker.job_runner import JobRunner
from worker.job_store import Hold
from worker.malware_scan import MalwareScan, NoMalwareScan
from worker.metrics import WorkerMetrics
from worker.outages import NO_PATIENCE, Patience
from worker.running_jobs import RunningJobs
from worker.transcriber import Checkpoint, Passage

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

    def __init__(
        self, before_segment: Callable[[int], None] = lambda _number: None, *, info: TranscriptInfo = INFO
    ) -> None:
        self._before_segment = before_segment
        self._info = info
        self.asked_for = 0
        self.began_behind = 0

    def transcribe(
        self, _media: Path, _options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        self.began_behind = len(checkpoint.segments) if checkpoint else 0
        yield Passage(self._info, (), self.began_behind, self._info.duration_seconds)
        for number in range(self.began_behind + 1, 4):
            self.asked_for = number
            self._before_segment(number)
            yield Passage(self._info, (segment(number),), number, self._info.duration_seconds)


class Bench:
    """A store, one accepted job at a time, and a runner for a transcriber."""

    def __init__(self, jobs: Jobs, folder: Path) -> None:
        self.jobs = jobs
        self.store = jobs.worker
        self.keys = jobs.keys
        self.client = jobs.client
        self.media: MediaFiles = MediaFiles.under(folder)
        self.media_patience = NO_PATIENCE
        self.running = RunningJobs()
        self.metrics = WorkerMetrics()
        self.fetcher = audio_fetcher()
        self.malware_scan: MalwareScan = NoMalwareScan()

    def accept(self, **fields: str | None) -> str:
        return self.jobs.accept(seconds=3, **fields)

    def try_again(self, job_id: str) -> None:
        """Let a retry that waits for its time have come to it."""
        self.jobs.release(job_id)
        self.store.reap(max_crashes=2)

    def cancel(self, job_id: str) -> None:
        # The caller may be inside the runner's loop: in a loop of its own.
        with asyncio.Runner() as runner:
            Jobs(self.jobs.url, self.keys, runner).cancel(job_id)

    def get(self, job_id: str) -> Job:
        return self.jobs.get(job_id)

    def runner(self, transcriber: Transcribes) -> JobRunner:
        return JobRunner(
            store=self.store,
            media=MediaStores(self.media),
            media_patience=self.media_patience,
            fetcher=self.fetcher,
            malware_scan=self.malware_scan,
            transcriber=transcriber,
            running=self.running,
            metrics=self.metrics,
            max_attempts=3,
        )

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"transcription_{name}", labels) or 0.0

    def run(self, transcriber: Transcribes) -> str:
        return self.runner(transcriber).run(self.jobs.claimed())


@pytest.fixture
def bench(valkey_url: str, keys: Keys, tmp_path: Path) -> Iterator[Bench]:
    with asyncio.Runner() as runner:
        yield Bench(Jobs(valkey_url, keys, runner), tmp_path)


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


@pytest.mark.parametrize("request_id", ["8c1f", None], ids=["of a request", "from before ids were kept"])
def test_a_jobs_lines_in_the_log_carry_the_id_of_its_request(bench: Bench, request_id: str | None) -> None:
    bench.accept(request_id=request_id)
    with capture_logs(processors=[merge_contextvars]) as lines:
        assert bench.run(Transcribes()) == "completed"
    assert [line["event"] for line in lines] == ["attempt_started", "attempt_ended"]
    assert {line.get("request_id") for line in lines} == {request_id}


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
        bench.try_again(job_id)
    job = bench.get(job_id).work
    assert (job.status, job.failure, job.errors) == (JobStatus.FAILED, FailureCode.ATTEMPTS_EXHAUSTED, 3)
    assert named in (job.failure_detail or "")
    assert "secret" not in (job.failure_detail or "")


@dataclass(frozen=True)
class AwayAtFirst(MediaFiles):
    """A store that doesn't answer the first calls for audio."""

    calls: int = 0
    asked: list[str] = field(default_factory=list, compare=False)

    @contextmanager
    def at_hand(self, job_id: str, is_wanted: Callable[[], bool]) -> Iterator[Path]:
        self.asked.append(job_id)
        if len(self.asked) <= self.calls and is_wanted():
            raise StoreUnavailable("The media store does not answer.")
        yield self.path(job_id)


def test_an_attempt_waits_for_a_media_store_that_comes_back(bench: Bench) -> None:
    bench.media = AwayAtFirst(bench.media.folder, calls=2)
    bench.media_patience = Patience(60, threading.Event())
    job_id = bench.accept()
    assert bench.run(Transcribes()) == "completed"
    assert bench.media.asked == [job_id] * 3
    assert bench.get(job_id).work.errors == 0


def test_a_media_store_that_stays_away_is_an_error_of_its_own_name(bench: Bench) -> None:
    bench.media = AwayAtFirst(bench.media.folder, calls=1_000)
    job_id = bench.accept()
    assert bench.run(Transcribes()) == "queued"
    assert bench.metrics.registry.get_sample_value("transcription_failures_total", {"code": "media_unavailable"}) == 1
    assert bench.get(job_id).status is JobStatus.QUEUED


def test_a_job_cancelled_while_its_media_store_is_away_waits_no_longer(bench: Bench) -> None:
    bench.media = AwayAtFirst(bench.media.folder, calls=1_000)
    bench.media_patience = Patience(3600, threading.Event())
    job_id = bench.accept()
    transcriber = Transcribes()

    def cancel() -> None:
        until(lambda: bench.running.snapshot() or None, 20)
        bench.cancel(job_id)
        for running in bench.running.snapshot():
            running.note(Hold.CANCEL)

    with ThreadPoolExecutor(1) as threads:
        cancelled = threads.submit(cancel)
        assert bench.run(transcriber) == "cancelled"
        cancelled.result()
    assert transcriber.asked_for == 0


@pytest.mark.parametrize(
    ("seconds", "duration"),
    [(3.0, "le30"), (30.0, "le30"), (30.1, "le300"), (3600.0, "le3600"), (3600.5, "longer")],
)
def test_a_completed_job_is_counted_by_its_length_and_its_language(bench: Bench, seconds: float, duration: str) -> None:
    bench.accept()
    info = TranscriptInfo(language="de", language_probability=0.9, duration_seconds=seconds)
    assert bench.run(Transcribes(info=info)) == "completed"
    assert bench.counted("job_latency_seconds_count", duration=duration) == 1
    assert 0 <= bench.counted("job_latency_seconds_sum", duration=duration) < 60
    assert bench.counted("languages_total", language="de") == 1


@pytest.mark.parametrize(
    ("language", "probability", "label"),
    [("xx", 0.9, "other"), ('en"} 1\n', 0.9, "other"), ("en", 0.0, "none"), ("yue", 1.0, "yue")],
)
def test_a_language_that_whisper_does_not_have_makes_no_label_of_its_own(
    bench: Bench, language: str, probability: float, label: str
) -> None:
    bench.accept()
    info = TranscriptInfo(language=language, language_probability=probability, duration_seconds=3.0)
    assert bench.run(Transcribes(info=info)) == "completed"
    assert bench.counted("languages_total", language=label) == 1


def test_a_job_that_fails_has_no_latency(bench: Bench) -> None:
    bench.accept()
    assert bench.run(Transcribes(raising(RuntimeError()))) == "queued"
    assert bench.counted("job_latency_seconds_count", duration="le30") == 0
    assert bench.counted("failures_total", code="internal_error") == 1


def test_an_attempt_after_an_error_goes_on_behind_what_is_committed(bench: Bench) -> None:
    job_id = bench.accept()
    bench.run(Transcribes(raising(RuntimeError())))
    bench.try_again(job_id)
    transcriber = Transcribes()
    assert bench.run(transcriber) == "completed"
    assert transcriber.began_behind == 1
    assert bench.jobs.transcript(job_id).segments == (segment(1), segment(2), segment(3))
    (latest, *_) = bench.jobs.gateway(lambda store: store.pace("base"))
    assert latest.audio_seconds == 2  # what this attempt did


def test_an_attempt_that_finds_everything_done_only_completes(bench: Bench) -> None:
    job_id = bench.accept()
    work = bench.jobs.claimed()
    bench.store.report(work, segments=[segment(n) for n in (1, 2, 3)], progress_seconds=3, info=INFO)
    bench.store.handback(work)
    assert bench.run(Transcribes()) == "completed"
    assert bench.jobs.transcript(job_id).segments == (segment(1), segment(2), segment(3))


def test_a_fault_of_the_media_fails_at_once(bench: Bench) -> None:
    job_id = bench.accept()
    failure = TranscriptionFailure(FailureCode.AUDIO_UNDECODABLE, "The file is cut short.")
    assert bench.run(Transcribes(raising(failure))) == "failed"
    job = bench.get(job_id).work
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
            handing_back = threading.Thread(target=lambda: bench.store.handback(running.work))
            handing_back.start()
            handing_back.join()
            running.note(Hold.LOST)

    transcriber = Transcribes(hand_back)
    assert bench.run(transcriber) == "lost"
    assert transcriber.asked_for == 2
    job = bench.get(job_id).work
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)


def test_a_store_that_goes_away_loses_the_attempt_and_not_the_worker(bench: Bench, tmp_path: Path) -> None:
    job_id = bench.accept()
    with asyncio.Runner() as runner:
        away = Bench(Jobs("redis://127.0.0.1:1", bench.keys, runner), tmp_path)
        assert away.runner(Transcribes()).run(bench.jobs.claimed()) == "lost"
    assert bench.get(job_id).status is JobStatus.PROCESSING  # until its lease lapses


def test_the_audio_of_a_url_is_fetched_first_and_the_url_forgotten(bench: Bench) -> None:
    seen: list[float] = []

    def serve(_: Asked) -> File:
        (running,) = bench.running.snapshot()
        seen.append(running.computing_seconds)
        return File.of(b"audio")

    with FileServer(serve) as server:
        job_id = bench.accept(source_url=server.url("/a?token=secret"))
        assert bench.jobs.work(job_id).is_cost_guessed
        assert bench.run(Transcribes()) == "completed"
    assert seen == [0.0]  # to the watchdog nothing hangs, however long it takes
    assert bench.media.path(job_id).read_bytes() == b"audio"
    work = bench.jobs.work(job_id)
    assert (work.media_bytes, work.source_url, work.audio_seconds, work.cost_seconds) == (5, None, 3.0, 3.0)
    assert "secret" not in str(bench.client.hgetall(bench.keys.work(job_id)))


def test_a_clip_of_a_url_costs_what_there_is_of_it(bench: Bench) -> None:
    options = TranscriptionOptions(clip_start_seconds=1, clip_end_seconds=100)
    with FileServer(lambda _: File.of(b"audio")) as server:
        job_id = bench.jobs.accept(source_url=server.url(), options=options)
        assert bench.run(Transcribes()) == "completed"
    assert bench.jobs.work(job_id).cost_seconds == 2.0


def test_a_url_that_serves_nothing_fails_at_once_and_may_be_requeued(bench: Bench) -> None:
    with FileServer(lambda _: File(status=404)) as server:
        job_id = bench.accept(source_url=server.url())
        assert bench.run(Transcribes()) == "failed"
        work = bench.jobs.work(job_id)
        assert (work.failure, work.attempts) == (FailureCode.URL_NOT_SERVED, 1)
        assert server.url() not in (work.failure_detail or "")
        server.serve = lambda _: File.of(b"audio")
        bench.jobs.buried(lambda letters: letters.requeue(job_id))
        assert bench.run(Transcribes()) == "completed"


def test_a_url_in_trouble_is_tried_again(bench: Bench) -> None:
    files = [File(status=503), File([b"half"], headers={"content-length": "8"}), File.of(b"audio")]
    with FileServer(lambda _: files.pop(0)) as server:
        job_id = bench.accept(source_url=server.url())
        for _ in range(2):
            assert bench.run(Transcribes()) == "queued"
            assert not any(bench.media.folder.iterdir())
            bench.try_again(job_id)
        assert bench.run(Transcribes()) == "completed"
    assert bench.jobs.work(job_id).errors == 2


def test_a_url_in_trouble_for_good_is_a_dead_letter(bench: Bench) -> None:
    with FileServer(lambda _: File(status=503)) as server:
        job_id = bench.accept(source_url=server.url())
        for outcome in ("queued", "queued", "failed"):
            assert bench.run(Transcribes()) == outcome
            bench.try_again(job_id)
    work = bench.jobs.work(job_id)
    assert work.failure is FailureCode.ATTEMPTS_EXHAUSTED
    assert "url_unreachable" in (work.failure_detail or "")


def test_a_job_cancelled_while_its_audio_is_fetched_stops_and_leaves_nothing(bench: Bench) -> None:
    def body() -> Iterator[bytes]:
        yield b"audio"
        bench.cancel(job_id)
        (running,) = bench.running.snapshot()
        running.note(bench.store.heartbeat(running.work))
        released.wait(30)

    released = threading.Event()
    with FileServer(lambda _: File(body())) as server:
        job_id = bench.accept(source_url=server.url())
        assert bench.run(Transcribes()) == "cancelled"
        released.set()
    assert not any(bench.media.folder.iterdir())
    assert "source_url" not in bench.client.hgetall(bench.keys.work(job_id))


def test_an_attempt_that_lost_its_job_while_it_fetched_changes_nothing(bench: Bench) -> None:
    def body() -> Iterator[bytes]:
        bench.jobs.lapse(job_id)
        assert bench.store.reap(max_crashes=2).requeued == 1
        assert bench.store.claim("base") is not None
        yield b"audio"

    with FileServer(lambda _: File(body())) as server:
        job_id = bench.accept(source_url=server.url())
        assert bench.run(Transcribes()) == "lost"
        work = bench.jobs.work(job_id)
        assert (work.status, work.source_url, work.media_bytes) == (JobStatus.PROCESSING, server.url(), None)
