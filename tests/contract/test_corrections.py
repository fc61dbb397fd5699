"""Corrections on the real servers: kept as long as their transcript, and each counted as it is now."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from api.correction_store import CorrectionStore, CorrectionTotals
from api.corrections import Correction, Corrections
from core.errors import CorrectionsTooLarge, FailureCode, JobExpired
from core.keys import Keys
from core.redis_clients import connect_async
from tests.harness.stores import HOUR_MS, Jobs, new_job
from tests.harness.traces import traces

T = TypeVar("T")
SAME = "3" * 64
WORDS = 20
FIRST = Correction("said first", edits=2)
SECOND = Correction("said second", edits=3)


class CorrectedJobs(Jobs):
    """Jobs, and what is corrected of them."""

    def corrections(self, call: Callable[[CorrectionStore], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            client = connect_async(self.url)
            try:
                return await call(CorrectionStore(client, self.keys))
            finally:
                await client.aclose()

        return self.runner.run(run())

    def keep(self, job_id: str, wanted: dict[int, Correction | None]) -> None:
        self.corrections(lambda store: store.keep(job_id, wanted, words=WORDS))

    def of(self, job_id: str) -> Corrections:
        return self.corrections(lambda store: store.of(job_id))

    def totals(self) -> CorrectionTotals:
        return self.corrections(lambda store: store.totals())

    def completed(self, **fields: Any) -> str:  # noqa: ANN401 - as new_job takes them
        job_id = self.accept(**fields)
        self.done(self.claimed(), segments=3)
        return job_id


@pytest.fixture(params=["valkey", "redis"])
def jobs(request: pytest.FixtureRequest, keys: Keys) -> Iterator[CorrectedJobs]:
    with asyncio.Runner() as runner:
        yield CorrectedJobs(request.getfixturevalue(f"{request.param}_url"), keys, runner)


def test_a_segment_that_is_corrected_again_counts_as_it_is_now(jobs: CorrectedJobs) -> None:
    job_id = jobs.completed()
    assert jobs.of(job_id) == Corrections()
    jobs.keep(job_id, {1: FIRST, 2: SECOND})
    assert jobs.totals() == CorrectionTotals(submissions=1, jobs=1, edits=5, words=WORDS)
    jobs.keep(job_id, {1: SECOND})
    found = jobs.of(job_id)
    assert (found.segments, found.edits) == ({1: SECOND, 2: SECOND}, 6)
    assert found.corrected_at is not None
    assert jobs.totals() == CorrectionTotals(submissions=2, jobs=1, edits=6, words=WORDS)
    jobs.keep(job_id, {1: None, 2: FIRST})
    assert jobs.of(job_id).segments == {2: FIRST}
    assert jobs.totals() == CorrectionTotals(submissions=3, jobs=1, edits=2, words=WORDS)
    jobs.keep(jobs.completed(), {3: SECOND})
    assert jobs.totals() == CorrectionTotals(submissions=4, jobs=2, edits=5, words=2 * WORDS)


def test_the_same_sent_twice_changes_nothing(jobs: CorrectedJobs) -> None:
    job_id = jobs.completed()
    jobs.keep(job_id, {1: FIRST})
    before = jobs.of(job_id), jobs.totals()
    jobs.keep(job_id, {1: FIRST, 2: None})
    assert (jobs.of(job_id), jobs.totals()) == before


def test_a_transcript_found_right_counts_without_an_edit(jobs: CorrectedJobs) -> None:
    job_id = jobs.completed()
    jobs.keep(job_id, {1: None})
    assert jobs.of(job_id).corrected_at is not None
    assert jobs.totals() == CorrectionTotals(submissions=1, jobs=1, edits=0, words=WORDS)


def test_only_what_was_transcribed_is_corrected(jobs: CorrectedJobs) -> None:
    queued = jobs.accept()
    failed = jobs.accept()
    cancelled = jobs.accept()
    assert jobs.claimed().work_id == queued
    assert jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_EMPTY, "no") == "failed"
    jobs.cancel(cancelled)
    expired = jobs.accept()
    jobs.done(jobs.claimed())
    jobs.client.delete(jobs.keys.result(expired))
    for job_id in (queued, failed, cancelled, expired, "0" * 32):
        with pytest.raises(JobExpired):
            jobs.keep(job_id, {1: FIRST})
    assert jobs.totals() == CorrectionTotals()
    assert list(jobs.client.scan_iter(f"{jobs.keys.prefix}corrections:*")) == []


def test_too_much_is_refused_and_changes_nothing(jobs: CorrectedJobs) -> None:
    job_id = jobs.completed()
    jobs.keep(job_id, {1: FIRST})
    large = Correction("x" * 600_000, edits=1)
    jobs.keep(job_id, {2: large})
    before = jobs.of(job_id), jobs.totals()
    with pytest.raises(CorrectionsTooLarge):
        jobs.keep(job_id, {1: SECOND, 3: large})
    assert (jobs.of(job_id), jobs.totals()) == before
    jobs.keep(job_id, {2: None, 3: large})  # in the place of the other it has room
    assert set(jobs.of(job_id).segments) == {1, 3}


def test_they_go_with_the_result_and_stay_as_long_if_it_is_kept_longer(jobs: CorrectedJobs) -> None:
    job_id = jobs.post(new_job(blake3=SAME)).job_id
    jobs.done(jobs.claimed())
    jobs.keep(job_id, {1: FIRST})
    name = jobs.keys.corrections(job_id)
    assert 0 < jobs.client.pttl(name) <= HOUR_MS
    jobs.client.pexpire(jobs.keys.result(job_id), 1000)
    jobs.client.pexpire(name, 1000)
    jobs.post(new_job(blake3=SAME))  # has the result kept anew
    assert 1000 < jobs.client.pttl(name) <= HOUR_MS
    assert jobs.client.pexpiretime(name) <= jobs.client.pexpiretime(jobs.keys.result(job_id))


def test_a_retention_is_their_end_too_whoever_comes_later(jobs: CorrectedJobs) -> None:
    job_id = jobs.post(new_job(blake3=SAME, retention_ms=HOUR_MS // 2)).job_id
    jobs.done(jobs.claimed())
    jobs.keep(job_id, {1: FIRST})
    name = jobs.keys.corrections(job_id)
    assert 0 < jobs.client.pttl(name) <= HOUR_MS // 2
    jobs.client.pexpire(jobs.keys.job(job_id), 1000)
    jobs.post(new_job(blake3=SAME, retention_ms=HOUR_MS // 2))
    assert 0 < jobs.client.pttl(name) <= 1000 < jobs.client.pttl(jobs.keys.result(job_id))


def test_erasing_a_job_erases_its_own_alone_and_says_how_many(jobs: CorrectedJobs) -> None:
    first, second = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    jobs.done(jobs.claimed(), segments=3)
    jobs.keep(first, {1: FIRST, 2: SECOND})
    jobs.keep(second, {1: FIRST})
    assert jobs.gateway(lambda store: store.erase(first)).erased.corrections == 2
    assert traces(jobs.client, [first, SECOND.text], prefix=jobs.keys.prefix + "corrections") == []
    assert jobs.of(second).segments == {1: FIRST}
    assert jobs.gateway(lambda store: store.erase(second)).erased.corrections == 1
    assert traces(jobs.client, [second, FIRST.text], prefix=jobs.keys.prefix + "corrections") == []
    assert jobs.totals().edits == 7  # numbers stay
    uncorrected = jobs.completed()
    assert jobs.gateway(lambda store: store.erase(uncorrected)).erased.corrections == 0
