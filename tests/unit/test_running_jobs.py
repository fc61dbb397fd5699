"""A worker knows which attempts it runs, and never takes a lost one for its own again."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import product

import pytest

from core.options import TranscriptionOptions
from core.work import JobStatus, Work
from worker.job_store import Hold
from worker.running_jobs import RunningJob, RunningJobs


def job(work_id: str = "a", *, fence: int = 1) -> Work:
    return Work(
        work_id=work_id,
        tenant="t",
        lane="base",
        status=JobStatus.PROCESSING,
        options=TranscriptionOptions(),
        media_bytes=1,
        media_blake3="0" * 64,
        audio_seconds=None,
        cost_seconds=1,
        created_at=datetime.now(UTC),
        started_at=None,
        claimed_at=None,
        finished_at=None,
        expires_at=None,
        fence=fence,
        attempts=fence,
        errors=0,
        crashes=0,
        worker="w",
        progress_seconds=0,
        resumed_from_seconds=0,
        info=None,
        request_id=None,
        failure=None,
        failure_detail=None,
    )


def test_an_attempt_holds_its_job_at_first() -> None:
    assert RunningJob(job()).hold is Hold.HELD


@pytest.mark.parametrize(("known", "heard"), list(product(Hold, Hold)))
def test_a_hold_only_ever_gets_worse(known: Hold, heard: Hold) -> None:
    grave = [Hold.HELD, Hold.CANCEL, Hold.LOST]
    running = RunningJob(job())
    running.note(known)
    worse = max(known, heard, key=grave.index)
    assert running.note(heard) is worse
    assert running.hold is worse


def test_a_lost_job_stays_lost_whoever_hears_what_first() -> None:
    running = RunningJob(job())
    barrier = threading.Barrier(3)

    def hear(hold: Hold) -> None:
        barrier.wait(10)
        for _ in range(2_000):
            running.note(hold)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(hear, Hold))
    assert running.hold is Hold.LOST


def test_a_job_is_listed_while_its_attempt_runs() -> None:
    jobs = RunningJobs()
    with jobs.track(job("a")) as first, jobs.track(job("b")) as second:
        assert len(jobs) == 2
        assert {running.work.work_id for running in jobs.snapshot()} == {"a", "b"}
        first.note(Hold.CANCEL)
        assert {running.work.work_id: running.hold for running in jobs.snapshot()} == {"a": Hold.CANCEL, "b": Hold.HELD}
        assert second.hold is Hold.HELD
    assert (len(jobs), jobs.snapshot()) == (0, [])


def test_an_attempt_that_breaks_is_not_listed_any_more() -> None:
    jobs = RunningJobs()
    with pytest.raises(ZeroDivisionError), jobs.track(job()):
        raise ZeroDivisionError
    assert jobs.snapshot() == []


def test_the_end_of_an_old_attempt_does_not_hide_the_new_one() -> None:
    # A job whose lease had lapsed comes back to the same worker while its first attempt is still running.
    jobs = RunningJobs()
    old = jobs.track(job(fence=1))
    new = jobs.track(job(fence=2))
    old.__enter__()
    second = new.__enter__()
    old.__exit__(None, None, None)
    assert jobs.snapshot() == [second]
    new.__exit__(None, None, None)
    assert jobs.snapshot() == []


def test_a_snapshot_is_not_changed_by_what_comes_later() -> None:
    jobs = RunningJobs()
    with jobs.track(job("a")):
        snapshot = jobs.snapshot()
        with jobs.track(job("b")):
            assert len(snapshot) == 1
    assert len(snapshot) == 1


def test_threads_list_and_unlist_their_jobs_at_once() -> None:
    jobs = RunningJobs()
    barrier = threading.Barrier(8)
    most: list[int] = []

    def run(number: int) -> None:
        for turn in range(50):
            with jobs.track(job(f"{number}-{turn}")):
                if turn == 0:
                    barrier.wait(10)
                    most.append(len(jobs.snapshot()))
                    barrier.wait(10)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, range(8)))
    assert most == [8] * 8
    assert len(jobs) == 0
