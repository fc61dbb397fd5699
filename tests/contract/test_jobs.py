"""What a job may do, on the real servers: every transition by both sides of the store, on Valkey and on Redis."""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
import redis

from api.job_store import CancelOutcome, NewJob
from api.job_store import JobStore as GatewayStore
from core.errors import FailureCode, JobCancelled, JobExpired, JobFailed, JobNotFinished, JobNotFound
from core.job import Job, JobStatus
from core.keys import Keys
from core.options import TranscriptionOptions
from core.redis_clients import connect, connect_async
from core.transcript import Segment, Transcript, TranscriptInfo
from worker.job_store import Hold, Reaped
from worker.job_store import JobStore as WorkerStore

T = TypeVar("T")
LANE = "base"
INFO = TranscriptInfo(language="en", language_probability=1.0, duration_seconds=12.0)
HOUR_MS = 3_600_000


def segment(number: int) -> Segment:
    return Segment(
        id=number,
        seek=0,
        start=float(number),
        end=number + 1.0,
        text=f" part {number}",
        tokens=(1, 2),
        temperature=0.0,
        avg_logprob=-0.2,
        compression_ratio=1.1,
        no_speech_prob=0.01,
    )


class Jobs:
    """Both sides of the store over one server, with the gateway's side made synchronous."""

    def __init__(self, url: str, keys: Keys, runner: asyncio.Runner) -> None:
        self.url = url
        self.keys = keys
        self.runner = runner
        self.client = connect(url)
        self.worker = self.worker_named("worker-a")

    def worker_named(self, name: str, *, lease_ms: int = 30_000, result_ttl_ms: int = HOUR_MS) -> WorkerStore:
        return WorkerStore(
            self.client,
            worker=name,
            lease_ms=lease_ms,
            result_ttl_ms=result_ttl_ms,
            record_ttl_ms=HOUR_MS,
            keys=self.keys,
        )

    def gateway(self, call: Callable[[GatewayStore], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            client = connect_async(self.url)
            try:
                return await call(GatewayStore(client, result_ttl_ms=HOUR_MS, record_ttl_ms=HOUR_MS, keys=self.keys))
            finally:
                await client.aclose()

        return self.runner.run(run())

    def accept(self, *, tenant: str = "a", seconds: float = 10.0, weight: float = 1.0, lane: str = LANE) -> str:
        job_id = secrets.token_hex(16)
        job = NewJob(
            job_id=job_id,
            tenant=tenant,
            weight=weight,
            lane=lane,
            options=TranscriptionOptions(language="en", initial_prompt='Ünïcode "quoted"\n{"json": [1]}'),
            file_name="speech.flac",
            media_bytes=1000,
            media_sha256="0" * 64,
            audio_seconds=seconds,
            cost_seconds=seconds,
        )
        assert self.gateway(lambda store: store.accept(job))
        return job_id

    def claimed(self) -> Job:
        job = self.worker.claim(LANE)
        assert job is not None
        return job

    def get(self, job_id: str) -> Job:
        return self.gateway(lambda store: store.get(job_id))

    def transcript(self, job_id: str) -> Transcript:
        job = self.get(job_id)
        return self.gateway(lambda store: store.transcript(job))

    def cancel(self, job_id: str) -> CancelOutcome:
        return self.gateway(lambda store: store.cancel(job_id))

    def reap(self, worker: WorkerStore | None = None) -> Reaped:
        return (worker or self.worker).reap(max_crashes=2)

    def lapse(self, job_id: str) -> None:
        """Let a job's lease lapse now."""
        self.client.zadd(self.keys.leases, {job_id: 1})


@pytest.fixture(params=["valkey", "redis"])
def jobs(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(request.getfixturevalue(f"{request.param}_url"), keys, runner)


def test_an_accepted_job_reads_back_as_it_was_given(jobs: Jobs) -> None:
    before = time.time()
    job = jobs.get(jobs.accept(seconds=12.5))
    assert job.status is JobStatus.QUEUED
    assert job.options == TranscriptionOptions(language="en", initial_prompt='Ünïcode "quoted"\n{"json": [1]}')
    assert (job.audio_seconds, job.cost_seconds, job.media_bytes) == (12.5, 12.5, 1000)
    assert (job.fence, job.attempts, job.errors, job.crashes) == (0, 0, 0, 0)
    assert abs(job.created_at.timestamp() - before) < 60
    assert job.created_at.tzinfo is not None


def test_a_second_accept_of_the_same_id_changes_nothing(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.get(job_id)
    again = NewJob(job_id, "b", 1.0, "other", TranscriptionOptions(), None, 5, "1" * 64, None, 5)
    assert not jobs.gateway(lambda store: store.accept(again))
    assert jobs.get(job_id) == job
    assert jobs.worker.pending("other") == 0


def test_a_job_runs_from_claim_to_result(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.claimed()
    assert (job.job_id, job.status, job.fence, job.attempts) == (job_id, JobStatus.PROCESSING, 1, 1)
    assert jobs.worker.report(job, progress_seconds=0, info=INFO) is Hold.HELD
    assert jobs.worker.report(job, segments=[segment(1)], committed=0, progress_seconds=2) is Hold.HELD
    assert jobs.get(job_id).progress_seconds == 2
    assert jobs.get(job_id).audio_seconds == 12
    with pytest.raises(JobNotFinished):
        jobs.transcript(job_id)
    assert jobs.worker.report(job, segments=[segment(2)], committed=1, progress_seconds=3) is Hold.HELD
    assert jobs.worker.complete(job, INFO) == "completed"
    done = jobs.get(job_id)
    assert (done.status, done.progress_seconds, done.language) == (JobStatus.COMPLETED, 12, "en")
    assert done.finished_at is not None
    assert done.expires_at is not None
    transcript = jobs.transcript(job_id)
    assert transcript.segments == (segment(1), segment(2))
    assert transcript.info == INFO
    assert jobs.client.zcard(jobs.keys.leases) == 0


def test_an_empty_lane_gives_nothing(jobs: Jobs) -> None:
    assert jobs.worker.claim(LANE) is None


def test_each_job_is_claimed_once(jobs: Jobs) -> None:
    accepted = {jobs.accept() for _ in range(20)}
    claimed = [jobs.claimed().job_id for _ in range(20)]
    assert set(claimed) == accepted
    assert jobs.worker.claim(LANE) is None


def test_jobs_of_one_tenant_keep_their_order(jobs: Jobs) -> None:
    accepted = [jobs.accept(seconds=seconds) for seconds in (50, 1, 20, 3)]
    assert [jobs.claimed().job_id for _ in accepted] == accepted


def test_tenants_share_a_lane_by_audio_seconds(jobs: Jobs) -> None:
    crowd = [jobs.accept(tenant="crowd", seconds=10) for _ in range(50)]
    single = jobs.accept(tenant="single", seconds=10)
    order = [jobs.claimed().job_id for _ in range(51)]
    assert order.index(single) <= 1
    assert [job for job in order if job != single] == crowd


def test_a_tenant_of_twice_the_weight_gets_twice_the_audio(jobs: Jobs) -> None:
    heavy = {jobs.accept(tenant="heavy", weight=2.0) for _ in range(40)}
    for _ in range(40):
        jobs.accept(tenant="light")
    first = [jobs.claimed().job_id for _ in range(30)]
    assert sum(job in heavy for job in first) == pytest.approx(20, abs=1)


def test_a_tenant_who_was_idle_saves_up_nothing(jobs: Jobs) -> None:
    for _ in range(20):
        jobs.accept(tenant="busy")
    for _ in range(10):
        jobs.claimed()
    for _ in range(20):
        jobs.accept(tenant="late")
    tenants = [jobs.claimed().tenant for _ in range(10)]
    assert 4 <= tenants.count("late") <= 6


def test_lanes_are_apart(jobs: Jobs) -> None:
    small = jobs.accept(lane="small")
    jobs.accept()
    claimed = jobs.worker.claim("small")
    assert claimed is not None
    assert claimed.job_id == small
    assert jobs.worker.claim("small") is None


def test_the_queue_is_counted_in_jobs_and_audio_seconds(jobs: Jobs) -> None:
    for seconds in (10, 20, 30):
        jobs.accept(seconds=seconds)
    (lane,) = jobs.gateway(lambda store: store.lanes())
    assert (lane.pending_jobs, lane.pending_audio_seconds) == (3, 60)
    jobs.claimed()
    (lane,) = jobs.gateway(lambda store: store.lanes())
    assert (lane.pending_jobs, lane.pending_audio_seconds) == (2, 50)
    jobs.claimed(), jobs.claimed()
    (lane,) = jobs.gateway(lambda store: store.lanes())
    assert (lane.pending_jobs, lane.pending_audio_seconds) == (0, 0)
    assert lane.counters["accepted"] == 3


def test_the_queue_position_counts_from_one(jobs: Jobs) -> None:
    accepted = [jobs.get(jobs.accept()) for _ in range(3)]
    positions = [jobs.gateway(lambda store, job=job: store.queue_position(job)) for job in accepted]  # type: ignore[misc]
    assert positions == [1, 2, 3]
    jobs.claimed()
    assert jobs.gateway(lambda store: store.queue_position(accepted[0])) is None


# What a crash leaves


def test_a_lapsed_lease_requeues_the_job_and_fences_off_its_old_worker(jobs: Jobs) -> None:
    job_id = jobs.accept()
    old = jobs.claimed()
    jobs.worker.report(old, segments=[segment(1)], committed=0, progress_seconds=2)
    jobs.lapse(job_id)
    assert jobs.reap() == Reaped(requeued=1, failed=0, cancelled=0, released=0)
    new = jobs.claimed()
    assert (new.job_id, new.fence, new.crashes, new.attempts) == (job_id, old.fence + 1, 1, 2)
    assert jobs.worker.heartbeat(old) is Hold.LOST
    assert jobs.worker.report(old, segments=[segment(9)], committed=1, progress_seconds=9) is Hold.LOST
    assert jobs.worker.complete(old, INFO) == "lost"
    assert jobs.worker.fail(old, FailureCode.AUDIO_UNDECODABLE, "late") == "lost"
    assert jobs.worker.handback(old) == "lost"
    assert jobs.worker.retry(old, FailureCode.INTERNAL_ERROR, "", delay_seconds=1, max_attempts=3) == "lost"
    assert jobs.worker.confirm_cancel(old) == "lost"
    jobs.worker.report(new, segments=[segment(1)], committed=0, progress_seconds=2)
    assert jobs.worker.complete(new, INFO) == "completed"
    assert jobs.transcript(job_id).segments == (segment(1),)


def test_a_heartbeat_keeps_the_lease(jobs: Jobs) -> None:
    jobs.accept()
    job = jobs.claimed()
    jobs.lapse(job.job_id)
    assert jobs.worker.heartbeat(job) is Hold.HELD
    assert jobs.reap() == Reaped(0, 0, 0, 0)


def test_two_crashes_make_a_dead_letter(jobs: Jobs) -> None:
    job_id = jobs.accept()
    reaped = []
    for _ in range(2):
        jobs.claimed()
        jobs.lapse(job_id)
        reaped.append(jobs.reap())
    assert [(each.requeued, each.failed) for each in reaped] == [(1, 0), (0, 1)]
    job = jobs.get(job_id)
    assert (job.status, job.failure, job.crashes) == (JobStatus.FAILED, FailureCode.WORKER_LOST, 2)
    with pytest.raises(JobFailed) as failed:
        jobs.transcript(job_id)
    assert failed.value.failure is FailureCode.WORKER_LOST
    assert jobs.gateway(lambda store: store.dead_letters()) == 1


def test_reaping_twice_changes_nothing(jobs: Jobs) -> None:
    job_id = jobs.accept()
    jobs.claimed()
    jobs.lapse(job_id)
    jobs.reap()
    assert jobs.reap(jobs.worker_named("worker-b")) == Reaped(0, 0, 0, 0)
    assert jobs.get(job_id).crashes == 1


def test_a_job_taken_back_goes_to_the_head_of_its_lane(jobs: Jobs) -> None:
    first = jobs.accept(seconds=1000)
    jobs.claimed()
    for _ in range(5):
        jobs.accept(seconds=1, tenant="b")
    jobs.claimed()
    jobs.lapse(first)
    jobs.reap()
    assert jobs.claimed().job_id == first


# Errors and hand-backs


def test_a_retry_waits_for_its_time_and_counts_the_error(jobs: Jobs) -> None:
    job_id = jobs.accept()
    outcome = jobs.worker.retry(jobs.claimed(), FailureCode.INTERNAL_ERROR, "boom", delay_seconds=3600, max_attempts=3)
    assert outcome == "queued"
    assert jobs.worker.claim(LANE) is None
    assert jobs.reap() == Reaped(0, 0, 0, 0)
    jobs.client.zadd(jobs.keys.delayed, {job_id: 1})
    assert jobs.reap().released == 1
    job = jobs.claimed()
    assert (job.errors, job.crashes, job.attempts) == (1, 0, 2)


def test_used_up_attempts_make_a_dead_letter_with_its_reason(jobs: Jobs) -> None:
    job_id = jobs.accept()
    for expected in ("queued", "queued", "failed"):
        outcome = jobs.worker.retry(
            jobs.claimed(), FailureCode.ATTEMPTS_EXHAUSTED, "the last error", delay_seconds=0, max_attempts=3
        )
        assert outcome == expected
        jobs.client.zadd(jobs.keys.delayed, {job_id: 1}, xx=True)
        jobs.reap()
    job = jobs.get(job_id)
    assert (job.failure, job.failure_detail) == (FailureCode.ATTEMPTS_EXHAUSTED, "the last error")


def test_a_hand_back_charges_no_attempt(jobs: Jobs) -> None:
    jobs.accept()
    assert jobs.worker.handback(jobs.claimed()) == "queued"
    job = jobs.claimed()
    assert (job.attempts, job.errors, job.crashes, job.fence) == (1, 0, 0, 2)


def test_a_permanent_failure_is_stored_with_its_code(jobs: Jobs) -> None:
    job_id = jobs.accept()
    assert jobs.worker.fail(jobs.claimed(), FailureCode.NO_AUDIO_STREAM, "The file has no audio.") == "failed"
    job = jobs.get(job_id)
    assert (job.status, job.failure) == (JobStatus.FAILED, FailureCode.NO_AUDIO_STREAM)


# Calls whose answer was lost on the way are sent again


def test_a_report_sent_twice_commits_once(jobs: Jobs) -> None:
    jobs.accept()
    job = jobs.claimed()
    for _ in range(2):
        jobs.worker.report(job, segments=[segment(1)], committed=0, progress_seconds=2)
    for _ in range(2):
        jobs.worker.report(job, segments=[segment(2), segment(3)], committed=1, progress_seconds=4)
    jobs.worker.complete(job, INFO)
    assert [each.id for each in jobs.transcript(job.job_id).segments] == [1, 2, 3]


def test_a_completion_sent_twice_counts_once(jobs: Jobs) -> None:
    jobs.accept()
    job = jobs.claimed()
    assert [jobs.worker.complete(job, INFO) for _ in range(2)] == ["completed", "completed"]
    (lane,) = jobs.gateway(lambda store: store.lanes())
    assert lane.counters["completed"] == 1


# Cancelling and erasing


def test_a_waiting_job_is_cancelled_at_once(jobs: Jobs) -> None:
    job_id = jobs.accept()
    assert jobs.cancel(job_id) is CancelOutcome.CANCELLED
    assert jobs.get(job_id).status is JobStatus.CANCELLED
    assert jobs.worker.claim(LANE) is None
    with pytest.raises(JobCancelled):
        jobs.transcript(job_id)
    assert jobs.gateway(lambda store: store.lanes())[0].pending_audio_seconds == 0


def test_a_job_that_waits_for_its_retry_is_cancelled_at_once(jobs: Jobs) -> None:
    job_id = jobs.accept()
    jobs.worker.retry(jobs.claimed(), FailureCode.INTERNAL_ERROR, "", delay_seconds=0, max_attempts=3)
    assert jobs.cancel(job_id) is CancelOutcome.CANCELLED
    assert jobs.reap().released == 0


def test_a_running_job_hears_of_its_cancellation_and_confirms_it(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.claimed()
    assert jobs.cancel(job_id) is CancelOutcome.REQUESTED
    assert jobs.get(job_id).status is JobStatus.PROCESSING
    assert jobs.get(job_id).cancel_requested
    assert jobs.worker.heartbeat(job) is Hold.CANCEL
    assert jobs.worker.report(job, segments=[segment(1)], progress_seconds=1) is Hold.CANCEL
    assert jobs.worker.confirm_cancel(job) == "cancelled"
    assert jobs.get(job_id).status is JobStatus.CANCELLED
    assert not jobs.client.exists(jobs.keys.segments(job_id))


def test_a_cancellation_asked_for_before_completion_wins(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.claimed()
    jobs.cancel(job_id)
    assert jobs.worker.complete(job, INFO) == "cancelled"
    assert jobs.get(job_id).status is JobStatus.CANCELLED


def test_a_cancelled_job_whose_worker_dies_stays_cancelled(jobs: Jobs) -> None:
    job_id = jobs.accept()
    jobs.claimed()
    jobs.cancel(job_id)
    jobs.lapse(job_id)
    assert jobs.reap().cancelled == 1
    assert jobs.get(job_id).status is JobStatus.CANCELLED


def test_a_finished_job_has_nothing_to_cancel_and_can_be_erased(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.claimed()
    assert not jobs.gateway(lambda store: store.erase(job_id))
    jobs.worker.report(job, segments=[segment(1)], progress_seconds=1)
    jobs.worker.complete(job, INFO)
    assert jobs.cancel(job_id) is CancelOutcome.FINISHED
    assert jobs.gateway(lambda store: store.erase(job_id))
    with pytest.raises(JobNotFound):
        jobs.get(job_id)
    traces = [key for key in jobs.client.scan_iter(f"{jobs.keys.prefix}*") if job_id in str(key)]
    assert traces == []
    assert jobs.client.zscore(jobs.keys.jobs, job_id) is None


def test_cancelling_an_unknown_job_says_so(jobs: Jobs) -> None:
    with pytest.raises(JobNotFound):
        jobs.cancel("f" * 32)


# Time


def test_an_expired_result_is_told_from_one_that_never_was(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.claimed()
    jobs.worker.report(job, segments=[segment(1)], progress_seconds=1)
    jobs.worker_named("worker-a", result_ttl_ms=1).complete(job, INFO)
    time.sleep(0.05)
    with pytest.raises(JobExpired):
        jobs.transcript(job_id)
    assert not jobs.client.exists(jobs.keys.segments(job_id))


def test_queued_and_processing_jobs_never_expire(jobs: Jobs) -> None:
    waiting, running = jobs.accept(), jobs.accept()
    jobs.claimed()
    assert [jobs.client.ttl(jobs.keys.job(job)) for job in (waiting, running)] == [-1, -1]


def test_entries_of_expired_records_are_forgotten(jobs: Jobs) -> None:
    kept, gone = jobs.accept(), jobs.accept()
    jobs.client.delete(jobs.keys.job(gone))
    assert jobs.worker.forget_expired(older_than_ms=HOUR_MS) == 0
    assert jobs.worker.forget_expired(older_than_ms=-1000) == 1
    assert jobs.client.zrange(jobs.keys.jobs, 0, -1) == [kept]


# Lists


def test_pages_hold_every_job_once_newest_first(jobs: Jobs) -> None:
    accepted = [jobs.accept() for _ in range(25)]
    # Jobs of one millisecond must not fall between two pages.
    jobs.client.zadd(jobs.keys.jobs, dict.fromkeys(accepted[5:20], 1_700_000_000_000))
    seen: list[str] = []
    cursor = None
    while True:
        page = jobs.gateway(
            lambda store, cursor=cursor: store.page(tenant="a", status=None, lane=None, limit=4, cursor=cursor)  # type: ignore[misc]
        )
        seen += [job.job_id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 25
    assert seen[:5] == accepted[:19:-1]


def test_pages_are_filtered(jobs: Jobs) -> None:
    jobs.accept(tenant="b")
    cancelled = jobs.accept()
    jobs.accept()
    jobs.cancel(cancelled)
    page = jobs.gateway(
        lambda store: store.page(tenant="a", status=JobStatus.CANCELLED, lane=LANE, limit=10, cursor=None)
    )
    assert [job.job_id for job in page.jobs] == [cancelled]
    assert page.next_cursor is None


def test_scripts_survive_a_server_that_forgot_them(jobs: Jobs) -> None:
    jobs.accept()
    jobs.client.script_flush()
    assert jobs.claimed().status is JobStatus.PROCESSING


def test_a_server_without_memory_refuses_the_job_and_keeps_nothing(jobs: Jobs) -> None:
    jobs.client.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            jobs.accept()
    finally:
        jobs.client.config_set("maxmemory", "0")
    assert list(jobs.client.scan_iter(f"{jobs.keys.prefix}*")) == []
