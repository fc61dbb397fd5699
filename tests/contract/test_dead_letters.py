"""Dead letters on the real servers: who is shown with them, and what a requeue finds after some time."""

import asyncio
from collections.abc import Iterator

import pytest

from api.dead_letter_store import DeadLetter
from api.job_store import CancelOutcome
from core.errors import FailureCode, NotADeadLetter
from core.keys import Keys
from core.work import JobStatus
from tests.harness.stores import INFO, Jobs, new_job, segment

SAME = "5" * 64


@pytest.fixture(params=["valkey", "redis"])
def jobs(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(request.getfixturevalue(f"{request.param}_url"), keys, runner)


def fail(jobs: Jobs, failure: FailureCode = FailureCode.TIMED_OUT) -> str:
    """Claim the next work, commit a segment of two seconds, fail, and return the work's id."""
    work = jobs.claimed()
    jobs.worker.report(work, segments=[segment(1)], progress_seconds=2, info=INFO)
    assert jobs.worker.fail(work, failure, "no") == "failed"
    return work.work_id


def letters(jobs: Jobs, failure: FailureCode | None = None, *, limit: int = 100, offset: int = 0) -> list[DeadLetter]:
    return jobs.buried(lambda letters: letters.page(limit=limit, offset=offset, failure=failure))


def counters(jobs: Jobs) -> dict[str, int]:
    (lane,) = jobs.gateway(lambda store: store.lanes())
    return dict(lane.counters)


def test_they_are_listed_by_reason_latest_first(jobs: Jobs) -> None:
    codes = [FailureCode.TIMED_OUT, FailureCode.AUDIO_EMPTY, FailureCode.TIMED_OUT, FailureCode.TIMED_OUT]
    works = []
    for second, code in enumerate(codes):
        jobs.accept()
        works.append(fail(jobs, code))
        jobs.client.zadd(jobs.keys.dead, {works[-1]: 1_000_000_000_000 + 1000 * second})
    assert [each.work.work_id for each in letters(jobs)] == works[::-1]
    assert [each.work.work_id for each in letters(jobs, limit=2, offset=1)] == [works[2], works[1]]
    timed_out = [works[3], works[2], works[0]]
    assert [each.work.work_id for each in letters(jobs, FailureCode.TIMED_OUT)] == timed_out
    assert [each.work.work_id for each in letters(jobs, FailureCode.TIMED_OUT, limit=2, offset=1)] == timed_out[1:]
    assert letters(jobs, FailureCode.OUT_OF_MEMORY) == []
    assert jobs.buried(lambda letters: letters.count()) == 4
    assert jobs.buried(lambda letters: letters.count(FailureCode.TIMED_OUT)) == 3


def test_a_job_that_was_cancelled_before_has_not_failed(jobs: Jobs) -> None:
    shared = [jobs.post(new_job(blake3=SAME)).job_id for _ in range(3)]
    assert jobs.cancel(shared[0]) is CancelOutcome.CANCELLED
    work_id = fail(jobs)
    (letter,) = letters(jobs)
    assert letter.work.work_id == work_id == shared[0]
    assert [job.job_id for job in letter.jobs] == shared[1:]
    assert {job.status for job in letter.jobs} == {JobStatus.FAILED}
    cancelled = jobs.get(shared[0])
    with pytest.raises(NotADeadLetter):
        jobs.buried(lambda letters: letters.of(cancelled))
    jobs.buried(lambda letters: letters.requeue(work_id))
    assert jobs.get(shared[0]).status is JobStatus.CANCELLED


def test_a_dead_letter_without_a_job_that_waits_is_not_requeued(jobs: Jobs) -> None:
    cancelled, erased = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    jobs.cancel(cancelled)
    work_id = fail(jobs)
    jobs.gateway(lambda store: store.erase(erased))
    assert letters(jobs) == []
    with pytest.raises(NotADeadLetter):
        jobs.buried(lambda letters: letters.requeue(work_id))
    assert jobs.get(cancelled).status is JobStatus.CANCELLED


def test_a_requeue_counts_only_the_jobs_that_are_left(jobs: Jobs) -> None:
    erased, left = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    work_id = fail(jobs)
    assert counters(jobs)["failed"] == 2
    jobs.gateway(lambda store: store.erase(erased))
    jobs.buried(lambda letters: letters.requeue(work_id))
    assert counters(jobs)["failed"] == 1
    # It is the last one that waits, so the work goes with it.
    assert jobs.cancel(left) is CancelOutcome.CANCELLED
    assert jobs.work(left).status is JobStatus.CANCELLED


def test_a_requeue_after_the_segments_expired_starts_from_the_beginning(jobs: Jobs) -> None:
    jobs.accept()
    work_id = fail(jobs)
    jobs.client.delete(jobs.keys.segments(work_id))
    jobs.buried(lambda letters: letters.requeue(work_id))
    assert jobs.work(work_id).progress_seconds == 0
    work = jobs.claimed()
    assert (work.resumed_from_seconds, jobs.worker.committed_segments(work)) == (0, [])


def test_one_that_was_purged_meanwhile_is_left_out(jobs: Jobs) -> None:
    for _ in range(2):
        jobs.accept()
    first, second = fail(jobs), fail(jobs)
    job = jobs.get(first)
    jobs.buried(lambda letters: letters.purge(first))
    found = jobs.buried(lambda letters: letters.of_works([second, first]))
    assert [letter.work.work_id for letter in found] == [second]
    with pytest.raises(NotADeadLetter):
        jobs.buried(lambda letters: letters.of(job))
