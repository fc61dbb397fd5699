"""A hung inference is charged to its own job; the others of the process are handed back; the process is ended."""

import asyncio
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from core.keys import Keys
from core.media_files import MediaFiles
from core.media_stores import MediaStores
from core.options import TranscriptionOptions
from core.transcript import TranscriptInfo
from core.work import JobStatus
from tests.harness.file_server import audio_fetcher
from tests.harness.service import until
from tests.harness.stores import INFO, Jobs
from worker.handover import Handover
from worker.job_runner import JobRunner
from worker.malware_scan import NoMalwareScan
from worker.metrics import WorkerMetrics
from worker.running_jobs import RunningJobs
from worker.transcriber import Checkpoint, Passage
from worker.turns import Turns
from worker.watchdog import Watchdog


class Hangs:
    """A transcriber that hangs in its first step until the test lets it go."""

    device = "none"
    compute_type = "none"

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def transcribe(
        self, _media: Path, _options: TranscriptionOptions, _checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        self.let_go.wait(20)
        yield Passage(TranscriptInfo(language="en", language_probability=1, duration_seconds=1), (), 1, 1)


class NoTurns:
    """Counts the turns sent."""

    sent = 0

    def send(self, _lane: str, turns: int) -> None:
        self.sent += turns


@pytest.fixture
def jobs(valkey_url: str, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(valkey_url, keys, runner)


def test_a_hung_job_is_an_error_and_its_neighbours_lose_nothing(jobs: Jobs, tmp_path: Path) -> None:
    hung, neighbour = jobs.accept(), jobs.accept()
    running, transcriber, turns, ended = RunningJobs(), Hangs(), NoTurns(), []
    stopping = threading.Event()
    runner = JobRunner(
        store=jobs.worker,
        media=MediaStores(MediaFiles.under(tmp_path)),
        fetcher=audio_fetcher(),
        malware_scan=NoMalwareScan(),
        transcriber=transcriber,
        running=running,
        metrics=WorkerMetrics(),
        max_attempts=3,
    )
    watchdog = Watchdog(
        running=running,
        runner=runner,
        handover=Handover(store=jobs.worker, turns=turns, lane="base"),  # type: ignore[arg-type]
        limit_seconds=0.2,
        stopping=stopping,
        end_process=lambda: ended.append(True),
    )
    outcomes: list[str] = []
    idle_slot = Turns(store=jobs.worker, runner=runner, stopping=stopping)
    thread = threading.Thread(target=lambda work: outcomes.append(runner.run(work)), args=(jobs.claimed(),))
    with running.track(jobs.claimed()):
        watchdog.look()
        assert ended == []
        thread.start()
        until(lambda: True if max(each.computing_seconds for each in running.snapshot()) > 0.3 else None, 10)
        watchdog.look()
    assert ended == [True]
    work = jobs.work(hung)
    assert (work.status, work.errors, work.crashes, work.attempts) == (JobStatus.QUEUED, 1, 0, 1)
    work = jobs.work(neighbour)
    assert (work.status, work.errors, work.crashes, work.attempts) == (JobStatus.QUEUED, 0, 0, 0)
    assert turns.sent == 1
    # A slot of this process that is free takes nothing of what was handed back.
    assert idle_slot.take("base").works == 0
    # The thread wakes after all: what it says is refused.
    transcriber.let_go.set()
    thread.join(10)
    assert outcomes == ["lost"]
    assert jobs.work(hung).status is JobStatus.QUEUED


def test_a_slow_store_is_no_hung_inference(jobs: Jobs) -> None:
    jobs.accept()
    running = RunningJobs()
    with running.track(jobs.claimed()) as attempt:
        with attempt.computing():
            assert attempt.computing_seconds >= 0
        jobs.worker.report(attempt.work, progress_seconds=0, info=INFO)
        assert attempt.computing_seconds == 0
