"""What a job may do, on the real servers: every transition by both sides of the store, on Valkey and on Redis."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from api.job_store import AcceptOutcome, CancelOutcome, cursor_of
from core.errors import (
    FailureCode,
    IdempotencyConflict,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    NotADeadLetter,
    QueueFull,
)
from core.keys import Keys
from core.options import TranscriptionOptions
from core.work import JobStatus
from tests.harness.stores import HOUR_MS, INFO, LANE, Jobs, new_job, segment
from worker.job_store import Hold, Reaped


@pytest.fixture(params=["valkey", "redis"])
def jobs(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(request.getfixturevalue(f"{request.param}_url"), keys, runner)


def test_an_accepted_job_reads_back_as_it_was_given(jobs: Jobs) -> None:
    before = time.time()
    options = TranscriptionOptions(language="en", initial_prompt='Ünïcode "quoted"\n{"json": [1]}')
    job = jobs.get(jobs.accept(seconds=12.5, options=options))
    assert (job.status, job.file_name, job.cached) == (JobStatus.QUEUED, "speech.flac", False)
    work = job.work
    assert work.options == options
    assert (work.audio_seconds, work.cost_seconds, work.media_bytes) == (12.5, 12.5, 1000)
    assert (work.fence, work.attempts, work.errors, work.crashes) == (0, 0, 0, 0)
    assert abs(job.created_at.timestamp() - before) < 60
    assert job.created_at.tzinfo is not None


def test_an_accept_sent_twice_takes_effect_once(jobs: Jobs) -> None:
    new = new_job()
    assert [jobs.post(new).outcome for _ in range(2)] == [AcceptOutcome.ACCEPTED] * 2
    assert jobs.worker.pending(LANE) == 1
    assert jobs.gateway(lambda store: store.lanes())[0].counters["accepted"] == 1


def test_an_accepted_job_is_told_how_many_wait_before_it(jobs: Jobs) -> None:
    assert [jobs.post(new_job()).waiting for _ in range(3)] == [0, 1, 2]
    jobs.claimed()
    assert jobs.post(new_job()).waiting == 2


def test_a_job_runs_from_claim_to_result(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.claimed()
    assert (job.work_id, job.status, job.fence, job.attempts) == (job_id, JobStatus.PROCESSING, 1, 1)
    assert jobs.worker.report(job, progress_seconds=0, audio_seconds=12, info=INFO) is Hold.HELD
    assert jobs.worker.report(job, segments=[segment(1)], committed=0, progress_seconds=2) is Hold.HELD
    assert jobs.work(job_id).progress_seconds == 2
    assert jobs.work(job_id).audio_seconds == 12
    with pytest.raises(JobNotFinished):
        jobs.transcript(job_id)
    assert jobs.worker.report(job, segments=[segment(2)], committed=1, progress_seconds=3) is Hold.HELD
    assert jobs.worker.complete(job, INFO, transcribed_seconds=12) == "completed"
    done = jobs.get(job_id)
    assert (done.status, done.work.progress_seconds, done.work.info) == (JobStatus.COMPLETED, 12, INFO)
    assert done.finished_at is not None
    assert done.work.expires_at is not None
    transcript = jobs.transcript(job_id)
    assert transcript.segments == (segment(1), segment(2))
    assert transcript.info == INFO
    assert jobs.client.zcard(jobs.keys.leases) == 0


def test_an_empty_lane_gives_nothing(jobs: Jobs) -> None:
    assert jobs.worker.claim(LANE) is None


def test_each_job_is_claimed_once(jobs: Jobs) -> None:
    accepted = {jobs.accept() for _ in range(20)}
    claimed = [jobs.claimed().work_id for _ in range(20)]
    assert set(claimed) == accepted
    assert jobs.worker.claim(LANE) is None


def test_jobs_of_one_tenant_keep_their_order(jobs: Jobs) -> None:
    accepted = [jobs.accept(seconds=seconds) for seconds in (50, 1, 20, 3)]
    assert [jobs.claimed().work_id for _ in accepted] == accepted


def test_tenants_share_a_lane_by_audio_seconds(jobs: Jobs) -> None:
    crowd = [jobs.accept(tenant="crowd", seconds=10) for _ in range(50)]
    single = jobs.accept(tenant="single", seconds=10)
    order = [jobs.claimed().work_id for _ in range(51)]
    assert order.index(single) <= 1
    assert [job for job in order if job != single] == crowd


def test_a_tenant_of_twice_the_weight_gets_twice_the_audio(jobs: Jobs) -> None:
    heavy = {jobs.accept(tenant="heavy", weight=2.0) for _ in range(40)}
    for _ in range(40):
        jobs.accept(tenant="light")
    first = [jobs.claimed().work_id for _ in range(30)]
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


def test_a_tenant_does_not_pay_for_what_he_cancelled(jobs: Jobs) -> None:
    cancelled = [jobs.accept(tenant="hasty", seconds=1000) for _ in range(5)]
    for _ in range(20):
        jobs.accept(tenant="busy")
    for job_id in cancelled:
        jobs.cancel(job_id)
    jobs.accept(tenant="hasty")
    assert "hasty" in [jobs.claimed().tenant for _ in range(2)]


def test_lanes_are_apart(jobs: Jobs) -> None:
    small = jobs.accept(lane="small")
    jobs.accept()
    claimed = jobs.worker.claim("small")
    assert claimed is not None
    assert claimed.work_id == small
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


def test_the_one_that_waits_longest_is_known_whatever_its_place(jobs: Jobs) -> None:
    def oldest_age_seconds() -> float:
        (lane,) = jobs.gateway(lambda store: store.lanes())
        return lane.oldest_age_seconds

    def queued_before(job_id: str, seconds: float) -> None:
        jobs.client.zincrby(jobs.keys.queued(LANE), -1000 * seconds, job_id)

    early = jobs.accept(tenant="many", seconds=100)
    late, patient = jobs.accept(tenant="many", seconds=100), jobs.accept(tenant="one", seconds=1)
    assert 0 <= oldest_age_seconds() < 60
    queued_before(late, 3600)
    queued_before(patient, 600)
    assert 3600 <= oldest_age_seconds() < 3660
    # A claim takes the fairest one, which is another.
    assert jobs.claimed().work_id == patient
    assert 3600 <= oldest_age_seconds() < 3660
    jobs.cancel(late)
    assert 0 <= oldest_age_seconds() < 60
    queued_before(early, 60)
    work = jobs.claimed()
    assert work.work_id == early
    assert oldest_age_seconds() == 0
    # What comes back waits from then on.
    jobs.worker.handback(work)
    assert 0 <= oldest_age_seconds() < 60
    assert jobs.client.zcard(jobs.keys.queued(LANE)) == 1


def test_the_queue_position_counts_from_one(jobs: Jobs) -> None:
    accepted = [jobs.accept() for _ in range(3)]
    looks = [jobs.gateway(lambda store, job_id=job_id: store.look(job_id)) for job_id in accepted]  # type: ignore[misc]
    assert [look.queue_position for look in looks] == [1, 2, 3]
    assert [look.audio_seconds_ahead for look in looks] == [0, 10, 20]
    jobs.claimed()
    look = jobs.gateway(lambda store: store.look(accepted[0]))
    assert look.queue_position is None
    look = jobs.gateway(lambda store: store.look(accepted[1]))
    assert (look.queue_position, look.lane_remaining_seconds) == (1, [10])


def test_the_audio_ahead_is_that_of_all_tenants_up_to_the_jobs_turn(jobs: Jobs) -> None:
    for _ in range(10):
        jobs.accept(tenant="crowd", seconds=10)
    for _ in range(2):
        jobs.accept(tenant="heavy", seconds=30, weight=3.0)
    mine = jobs.accept(tenant="single", seconds=20)
    # Due at 20: two of the crowd's ten, both of the heavy tenant's (each counts a third).
    look = jobs.gateway(lambda store: store.look(mine))
    assert look.audio_seconds_ahead == pytest.approx(20 + 60)


# What a crash leaves


def test_a_lapsed_lease_requeues_the_job_and_fences_off_its_old_worker(jobs: Jobs) -> None:
    job_id = jobs.accept()
    old = jobs.claimed()
    jobs.worker.report(old, segments=[segment(1)], committed=0, progress_seconds=2)
    jobs.lapse(job_id)
    assert jobs.reap() == Reaped(requeued=1, failed=0, cancelled=0, released=0)
    new = jobs.claimed()
    assert (new.work_id, new.fence, new.crashes, new.attempts) == (job_id, old.fence + 1, 1, 2)
    assert jobs.worker.heartbeat(old) is Hold.LOST
    assert jobs.worker.report(old, segments=[segment(9)], committed=1, progress_seconds=9) is Hold.LOST
    assert jobs.worker.complete(old, INFO, transcribed_seconds=12) == "lost"
    assert jobs.worker.fail(old, FailureCode.AUDIO_UNDECODABLE, "late") == "lost"
    assert jobs.worker.handback(old) == "lost"
    assert jobs.worker.retry(old, FailureCode.INTERNAL_ERROR, "", delay_seconds=1, max_attempts=3) == "lost"
    assert jobs.worker.confirm_cancel(old) == "lost"
    assert (new.progress_seconds, new.resumed_from_seconds) == (2, 2)
    assert jobs.worker.committed_segments(new) == [segment(1)]
    assert jobs.worker.report(new, committed=1, progress_seconds=2) is Hold.HELD
    assert jobs.worker.report(new, segments=[segment(2)], committed=1, progress_seconds=3) is Hold.HELD
    assert jobs.worker.complete(new, INFO, transcribed_seconds=12) == "completed"
    assert jobs.transcript(job_id).segments == (segment(1), segment(2))


def test_a_heartbeat_keeps_the_lease(jobs: Jobs) -> None:
    jobs.accept()
    job = jobs.claimed()
    jobs.lapse(job.work_id)
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
    assert (job.status, job.work.failure, job.work.crashes) == (JobStatus.FAILED, FailureCode.WORKER_LOST, 2)
    with pytest.raises(JobFailed) as failed:
        jobs.transcript(job_id)
    assert failed.value.failure is FailureCode.WORKER_LOST
    assert jobs.buried(lambda letters: letters.count()) == 1


def test_reaping_twice_changes_nothing(jobs: Jobs) -> None:
    job_id = jobs.accept()
    jobs.claimed()
    jobs.lapse(job_id)
    jobs.reap()
    assert jobs.reap(jobs.worker_named("worker-b")) == Reaped(0, 0, 0, 0)
    assert jobs.work(job_id).crashes == 1


def test_a_job_taken_back_goes_to_the_head_of_its_lane(jobs: Jobs) -> None:
    first = jobs.accept(seconds=1000)
    jobs.claimed()
    for _ in range(5):
        jobs.accept(seconds=1, tenant="b")
    jobs.claimed()
    jobs.lapse(first)
    jobs.reap()
    assert jobs.claimed().work_id == first


# Errors and hand-backs


def test_a_retry_waits_for_its_time_and_counts_the_error(jobs: Jobs) -> None:
    job_id = jobs.accept()
    outcome = jobs.worker.retry(jobs.claimed(), FailureCode.INTERNAL_ERROR, "boom", delay_seconds=3600, max_attempts=3)
    assert outcome == "queued"
    assert jobs.worker.claim(LANE) is None
    assert jobs.reap() == Reaped(0, 0, 0, 0)
    jobs.release(job_id)
    assert jobs.reap().released == 1
    job = jobs.claimed()
    assert (job.errors, job.crashes, job.attempts) == (1, 0, 2)


def test_used_up_attempts_make_a_dead_letter_with_its_reason(jobs: Jobs) -> None:
    job_id = jobs.accept()
    for expected in ("queued", "queued", "failed"):
        outcome = jobs.worker.retry(
            jobs.claimed(), FailureCode.INTERNAL_ERROR, "the last error", delay_seconds=0, max_attempts=3
        )
        assert outcome == expected
        jobs.release(job_id)
        jobs.reap()
    work = jobs.work(job_id)
    assert work.failure is FailureCode.ATTEMPTS_EXHAUSTED
    assert "internal_error: the last error" in (work.failure_detail or "")


def test_a_hand_back_charges_no_attempt(jobs: Jobs) -> None:
    jobs.accept()
    assert jobs.worker.handback(jobs.claimed()) == "queued"
    job = jobs.claimed()
    assert (job.attempts, job.errors, job.crashes, job.fence) == (1, 0, 0, 2)


def test_a_permanent_failure_is_stored_with_its_code(jobs: Jobs) -> None:
    job_id = jobs.accept()
    assert jobs.worker.fail(jobs.claimed(), FailureCode.NO_AUDIO_STREAM, "The file has no audio.") == "failed"
    job = jobs.get(job_id)
    assert (job.status, job.work.failure) == (JobStatus.FAILED, FailureCode.NO_AUDIO_STREAM)


# Calls whose answer was lost on the way are sent again


def test_a_report_sent_twice_commits_once(jobs: Jobs) -> None:
    jobs.accept()
    job = jobs.claimed()
    for _ in range(2):
        jobs.worker.report(job, segments=[segment(1)], committed=0, progress_seconds=2)
    for _ in range(2):
        jobs.worker.report(job, segments=[segment(2), segment(3)], committed=1, progress_seconds=4)
    jobs.worker.complete(job, INFO, transcribed_seconds=12)
    assert [each.id for each in jobs.transcript(job.work_id).segments] == [1, 2, 3]


def test_a_completion_sent_twice_counts_once(jobs: Jobs) -> None:
    jobs.accept()
    job = jobs.claimed()
    assert [jobs.worker.complete(job, INFO, transcribed_seconds=12) for _ in range(2)] == ["completed", "completed"]
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
    assert jobs.worker.complete(job, INFO, transcribed_seconds=12) == "cancelled"
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
    with pytest.raises(JobNotFound):
        jobs.gateway(lambda store: store.erase(job_id))
    jobs.worker.report(job, segments=[segment(1)], progress_seconds=1)
    jobs.worker.complete(job, INFO, transcribed_seconds=12)
    assert jobs.cancel(job_id) is CancelOutcome.FINISHED
    assert jobs.gateway(lambda store: store.erase(job_id)).work_id == job_id
    with pytest.raises(JobNotFound):
        jobs.get(job_id)
    traces = [key for key in jobs.client.scan_iter(f"{jobs.keys.prefix}work:*") if job_id in str(key)]
    assert traces == []
    assert not jobs.client.exists(jobs.keys.jobs, jobs.keys.jobs_of("a"))


def test_a_cancellation_sent_twice_is_answered_alike(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    # Were the second answer that it is finished, the gateway would go on to erase it.
    job_id = jobs.accept()
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: "the same cancellation")
    assert [jobs.cancel(job_id) for _ in range(2)] == [CancelOutcome.CANCELLED] * 2
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: "another one")
    assert jobs.cancel(job_id) is CancelOutcome.FINISHED


def test_cancelling_an_unknown_job_says_so(jobs: Jobs) -> None:
    with pytest.raises(JobNotFound):
        jobs.cancel("f" * 32)


# Time


def test_an_expired_result_is_told_from_one_that_never_was(jobs: Jobs) -> None:
    job_id = jobs.accept()
    job = jobs.claimed()
    jobs.worker.report(job, segments=[segment(1)], progress_seconds=1)
    jobs.worker_named("worker-a", result_ttl_ms=1).complete(job, INFO, transcribed_seconds=12)
    time.sleep(0.05)
    with pytest.raises(JobExpired):
        jobs.transcript(job_id)
    assert not jobs.client.exists(jobs.keys.segments(job_id))


def test_queued_and_processing_jobs_never_expire(jobs: Jobs) -> None:
    waiting, running = jobs.accept(), jobs.accept()
    jobs.claimed()
    assert [jobs.client.ttl(jobs.keys.work(job)) for job in (waiting, running)] == [-1, -1]
    assert [jobs.client.ttl(jobs.keys.job(job)) for job in (waiting, running)] == [-1, -1]


def test_entries_of_expired_records_are_forgotten(jobs: Jobs) -> None:
    kept, gone = jobs.accept(), jobs.accept()
    jobs.client.delete(jobs.keys.job(gone))
    assert jobs.worker.forget_expired(older_than_ms=HOUR_MS) == 0
    assert jobs.worker.forget_expired(older_than_ms=-1000) == 1
    assert jobs.client.zrange(jobs.keys.jobs, 0, -1) == [f"{kept}:a"]
    assert jobs.client.zrange(jobs.keys.jobs_of("a"), 0, -1) == [kept]


def test_records_that_are_kept_hide_no_expired_ones(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.job_store._EXPIRED_BATCH", 2)
    kept = [jobs.accept() for _ in range(5)]
    gone = [jobs.accept() for _ in range(5)]
    for job_id in gone:
        jobs.client.delete(jobs.keys.job(job_id))
    forgotten = [jobs.worker.forget_expired(older_than_ms=-1000, limit=3) for _ in range(6)]
    assert sum(forgotten) == 5
    assert jobs.client.zrange(jobs.keys.jobs, 0, -1) == [f"{job_id}:a" for job_id in kept]


# Lists


def test_pages_hold_every_job_once_newest_first(jobs: Jobs) -> None:
    accepted = [jobs.accept() for _ in range(25)]
    # Jobs of one millisecond must not fall between two pages.
    jobs.client.zadd(jobs.keys.jobs_of("a"), dict.fromkeys(accepted[5:20], 1_700_000_000_000))
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


@pytest.mark.parametrize("behind", [None, 1])
def test_pages_may_lead_to_newer_jobs(jobs: Jobs, behind: int | None) -> None:
    # Jobs of one millisecond are in the order of their ids.
    made = sorted((jobs.get(jobs.accept()) for _ in range(9)), key=lambda job: (job.created_at, job.job_id))
    jobs.accept(tenant="b")
    cursor = None if behind is None else cursor_of(made[behind])
    seen: list[str] = []
    while True:
        page = jobs.gateway(
            lambda store, cursor=cursor: store.page(  # type: ignore[misc]
                tenant="a", is_wanted=lambda each: each != made[5], limit=3, cursor=cursor, oldest_first=True
            )
        )
        seen += [job.job_id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [job.job_id for job in made[0 if behind is None else behind + 1 :] if job != made[5]]


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


# Jobs that ask for the same

SAME = "5" * 64


def test_the_same_again_joins_the_work_under_way(jobs: Jobs) -> None:
    first = jobs.post(new_job(blake3=SAME))
    second = jobs.post(new_job(blake3=SAME))
    work = jobs.claimed()
    third = jobs.post(new_job(blake3=SAME))
    assert [each.outcome for each in (first, second, third)] == ["accepted", "joined", "joined"]
    assert [each.status for each in (first, second, third)] == ["queued", "queued", "processing"]
    assert jobs.worker.claim(LANE) is None
    jobs.done(work)
    for each in (first, second, third):
        job = jobs.get(each.job_id)
        assert (job.status, job.cached) == (JobStatus.COMPLETED, False)
        assert job.started_at is not None
        assert job.started_at >= job.created_at
        assert jobs.transcript(each.job_id).segments == (segment(1),)
    counters = jobs.gateway(lambda store: store.lanes())[0].counters
    assert [counters[name] for name in ("accepted", "joined", "completed", "transcribed")] == [3, 2, 3, 1]


def test_the_same_after_it_is_done_is_answered_from_the_result(jobs: Jobs) -> None:
    jobs.post(new_job(blake3=SAME))
    jobs.done(jobs.claimed())
    again = jobs.post(new_job(blake3=SAME))
    assert (again.outcome, again.status) == ("cached", "completed")
    job = jobs.get(again.job_id)
    assert job.cached
    assert job.created_at == job.started_at == job.finished_at
    assert jobs.transcript(again.job_id).segments == (segment(1),)
    assert jobs.worker.pending(LANE) == 0


def test_a_cached_answer_is_kept_as_long_as_any_other(jobs: Jobs) -> None:
    jobs.post(new_job(blake3=SAME))
    work = jobs.claimed()
    brief = jobs.worker_named("worker-a", result_ttl_ms=2000)
    brief.report(work, segments=[segment(1)], progress_seconds=1, info=INFO)
    brief.complete(work, INFO, transcribed_seconds=1)
    jobs.post(new_job(blake3=SAME))
    for key in (jobs.keys.result(work.work_id), jobs.keys.segments(work.work_id), jobs.keys.events(work.work_id)):
        assert jobs.client.pttl(key) > HOUR_MS / 2


@pytest.mark.parametrize(
    "other",
    [
        {"blake3": "6" * 64},
        {"blake3": SAME, "tenant": "b"},
        {"blake3": SAME, "lane": "small"},
        {"blake3": SAME, "options": TranscriptionOptions(language="de")},
        {},
    ],
)
def test_what_differs_in_anything_is_done_on_its_own(jobs: Jobs, other: dict[str, str]) -> None:
    jobs.post(new_job(blake3=SAME))
    assert jobs.post(new_job(**other)).outcome is AcceptOutcome.ACCEPTED  # type: ignore[arg-type]


def test_what_failed_or_was_cancelled_answers_nobody_else(jobs: Jobs) -> None:
    jobs.post(new_job(blake3=SAME))
    jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_UNDECODABLE, "no")
    second = jobs.post(new_job(blake3=SAME))
    assert second.outcome is AcceptOutcome.ACCEPTED
    jobs.claimed()
    jobs.cancel(second.job_id)
    assert jobs.post(new_job(blake3=SAME)).outcome is AcceptOutcome.ACCEPTED


@pytest.mark.parametrize("claimed", [False, True])
def test_cancelling_one_of_several_leaves_the_work_to_the_others(jobs: Jobs, claimed: bool) -> None:
    first, second = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    work = jobs.claimed() if claimed else None
    assert jobs.cancel(first) is CancelOutcome.CANCELLED
    assert jobs.cancel(first) is CancelOutcome.FINISHED
    assert jobs.get(first).status is JobStatus.CANCELLED
    work = work or jobs.claimed()
    assert jobs.worker.heartbeat(work) is Hold.HELD
    jobs.done(work)
    assert [jobs.get(job).status for job in (first, second)] == [JobStatus.CANCELLED, JobStatus.COMPLETED]
    with pytest.raises(JobCancelled):
        jobs.transcript(first)


@pytest.mark.parametrize("claimed", [False, True])
def test_cancelling_the_last_one_cancels_the_work(jobs: Jobs, claimed: bool) -> None:
    first, second = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    work = jobs.claimed() if claimed else None
    jobs.cancel(first)
    assert jobs.cancel(second) is (CancelOutcome.REQUESTED if work else CancelOutcome.CANCELLED)
    if work:
        assert jobs.worker.confirm_cancel(work) == "cancelled"
    assert [jobs.get(job).status for job in (first, second)] == [JobStatus.CANCELLED] * 2
    assert jobs.worker.claim(LANE) is None
    assert jobs.gateway(lambda store: store.lanes())[0].counters["cancelled"] == 2


def test_erasing_one_of_several_leaves_the_result_to_the_others(jobs: Jobs) -> None:
    first, second = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    jobs.done(jobs.claimed())
    assert jobs.gateway(lambda store: store.erase(first)).work_id is None
    with pytest.raises(JobNotFound):
        jobs.get(first)
    assert jobs.transcript(second).segments == (segment(1),)
    assert jobs.gateway(lambda store: store.erase(second)).work_id == first
    left = {str(key).removeprefix(jobs.keys.prefix) for key in jobs.client.scan_iter(f"{jobs.keys.prefix}*")}
    assert not [key for key in left if first in key or second in key or key.startswith(("digest", "work", "job:"))]


def test_a_work_whose_cancelled_job_has_expired_goes_with_the_last_one(jobs: Jobs) -> None:
    first, second = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    jobs.cancel(first)
    jobs.client.delete(jobs.keys.job(first))
    jobs.done(jobs.claimed())
    assert jobs.gateway(lambda store: store.erase(second)).work_id == first
    assert not list(jobs.client.scan_iter(f"{jobs.keys.prefix}work:*"))


def test_so_many_share_a_work_and_no_more(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.job_store._MAX_SHARING", 2)
    outcomes = [jobs.post(new_job(blake3=SAME)).outcome for _ in range(4)]
    assert outcomes == ["accepted", "joined", "accepted", "joined"]


# Idempotency keys


def test_the_same_key_and_body_is_the_same_job(jobs: Jobs) -> None:
    first = jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    again = jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    assert (again.outcome, again.job_id) == (AcceptOutcome.REPLAYED, first.job_id)
    jobs.done(jobs.claimed())
    again = jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    assert (again.outcome, again.job_id, again.status) == ("replayed", first.job_id, "completed")
    assert jobs.gateway(lambda store: store.lanes())[0].counters["accepted"] == 1


def test_the_same_key_with_another_body_is_a_conflict(jobs: Jobs) -> None:
    first = jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    with pytest.raises(IdempotencyConflict, match=first.job_id):
        jobs.post(new_job(blake3="6" * 64, idempotency_key="k"))
    assert jobs.worker.pending(LANE) == 1


def test_keys_belong_to_their_tenant(jobs: Jobs) -> None:
    jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    assert jobs.post(new_job(blake3="6" * 64, tenant="b", idempotency_key="k")).outcome is AcceptOutcome.ACCEPTED


def test_a_key_whose_job_was_erased_is_free_again(jobs: Jobs) -> None:
    first = jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    jobs.cancel(first.job_id)
    jobs.gateway(lambda store: store.erase(first.job_id))
    again = jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    assert (again.outcome, again.job_id != first.job_id) == (AcceptOutcome.ACCEPTED, True)


# A full lane


def test_a_full_lane_takes_no_more_jobs_and_stores_nothing_of_them(jobs: Jobs) -> None:
    jobs.accept()
    refused = new_job()
    with pytest.raises(QueueFull):
        jobs.post(refused, max_jobs=1)
    with pytest.raises(JobNotFound):
        jobs.get(refused.job_id)
    assert jobs.post(new_job(lane="small"), max_jobs=1).outcome is AcceptOutcome.ACCEPTED
    jobs.claimed()
    assert jobs.post(refused, max_jobs=1).outcome is AcceptOutcome.ACCEPTED


def test_a_lane_is_full_of_audio_as_well(jobs: Jobs) -> None:
    assert jobs.post(new_job(seconds=500), max_audio_seconds=100).outcome is AcceptOutcome.ACCEPTED
    with pytest.raises(QueueFull):
        jobs.post(new_job(seconds=1), max_audio_seconds=100)


def test_a_full_lane_still_answers_what_costs_it_nothing(jobs: Jobs) -> None:
    first = jobs.post(new_job(blake3=SAME, idempotency_key="k"))
    assert jobs.post(new_job(blake3=SAME, idempotency_key="k"), max_jobs=1).job_id == first.job_id
    assert jobs.post(new_job(blake3=SAME), max_jobs=1).outcome is AcceptOutcome.JOINED


def test_a_full_lane_says_when_to_come_back(jobs: Jobs) -> None:
    for _ in range(5):
        jobs.accept(seconds=12)
    for _ in range(3):
        jobs.done(jobs.claimed())
        time.sleep(0.02)
    with pytest.raises(QueueFull) as full:
        jobs.post(new_job(), max_jobs=2)
    assert full.value.retry_after_seconds in {1, 2}


# Dead letters


def buried(jobs: Jobs, **fields: str) -> str:
    job_id = jobs.post(new_job(**fields)).job_id  # type: ignore[arg-type]
    work = jobs.claimed()
    jobs.worker.report(work, segments=[segment(1)], progress_seconds=2, info=INFO)
    jobs.worker.retry(work, FailureCode.INTERNAL_ERROR, "boom", delay_seconds=0, max_attempts=2)
    jobs.release(job_id)
    jobs.reap()
    jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_UNDECODABLE, "no")
    return job_id


def test_a_dead_letter_tells_what_happened(jobs: Jobs) -> None:
    job_id = buried(jobs)
    letter = jobs.buried(lambda letters: letters.page(limit=10))[0]
    assert [job.job_id for job in letter.jobs] == [job_id]
    assert [(each.attempt, each.outcome, each.failure, each.detail) for each in letter.attempts] == [
        (1, "error", "internal_error", "boom"),
        (2, "failed", "audio_undecodable", "no"),
    ]
    assert [(each.from_ms, each.to_ms) for each in letter.attempts] == [(0, 2000), (2000, 2000)]
    assert all(each.worker == "worker-a" for each in letter.attempts)


def test_a_requeued_dead_letter_has_new_attempts_and_its_checkpoint(jobs: Jobs) -> None:
    job_id = buried(jobs)
    assert jobs.buried(lambda letters: letters.requeue(job_id)) == LANE
    assert jobs.buried(lambda letters: letters.count()) == 0
    assert jobs.client.ttl(jobs.keys.job(job_id)) == -1
    work = jobs.claimed()
    assert (work.errors, work.crashes, work.failure, work.expires_at) == (0, 0, None, None)
    assert jobs.worker.committed_segments(work) == [segment(1)]
    jobs.worker.report(work, segments=[segment(2)], committed=1, progress_seconds=3)
    assert jobs.worker.complete(work, INFO, transcribed_seconds=10) == "completed"
    assert jobs.transcript(job_id).segments == (segment(1), segment(2))
    counters = jobs.gateway(lambda store: store.lanes())[0].counters
    assert (counters["failed"], counters["completed"], counters["requeued"]) == (0, 1, 1)


def test_a_requeued_dead_letter_whose_checkpoint_has_expired_starts_over(jobs: Jobs) -> None:
    job_id = buried(jobs)
    jobs.client.delete(jobs.keys.segments(job_id), jobs.keys.events(job_id))
    jobs.buried(lambda letters: letters.requeue(job_id))
    work = jobs.claimed()
    assert (work.progress_seconds, work.resumed_from_seconds) == (0, 0)


def shared_and_buried(jobs: Jobs) -> tuple[str, str]:
    first, second = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_UNDECODABLE, "no")
    return first, second


def test_a_requeued_dead_letter_is_for_those_who_are_left(jobs: Jobs) -> None:
    first, second = shared_and_buried(jobs)
    jobs.gateway(lambda store: store.erase(second))
    jobs.buried(lambda letters: letters.requeue(first))
    # Nobody else waits for it: it is not done for the erased one.
    assert jobs.cancel(first) is CancelOutcome.CANCELLED
    assert jobs.worker.claim(LANE) is None
    counters = jobs.gateway(lambda store: store.lanes())[0].counters
    assert [counters[name] for name in ("accepted", "failed", "cancelled")] == [2, 1, 1]


def test_a_dead_letter_that_nobody_waits_for_is_none(jobs: Jobs) -> None:
    first, second = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(2))
    jobs.cancel(second)
    jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_UNDECODABLE, "no")
    jobs.gateway(lambda store: store.erase(first))
    assert jobs.buried(lambda letters: letters.count()) == 0
    with pytest.raises(NotADeadLetter):
        jobs.buried(lambda letters: letters.requeue(first))
    assert jobs.get(second).status is JobStatus.CANCELLED


def test_a_purge_counts_the_jobs_that_were_there(jobs: Jobs) -> None:
    first, second, third = (jobs.post(new_job(blake3=SAME)).job_id for _ in range(3))
    jobs.cancel(third)
    jobs.client.delete(jobs.keys.job(third))
    jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_UNDECODABLE, "no")
    assert jobs.buried(lambda letters: letters.purge(first)) == 2
    assert not jobs.client.exists(jobs.keys.jobs, jobs.keys.jobs_of("a"))
    with pytest.raises(JobNotFound):
        jobs.get(second)


def test_only_dead_letters_are_requeued_or_purged(jobs: Jobs) -> None:
    job_id = jobs.accept()
    for act in ("requeue", "purge"):
        with pytest.raises(NotADeadLetter):
            jobs.buried(lambda letters, act=act: getattr(letters, act)(job_id))  # type: ignore[misc]
    job = jobs.get(job_id)
    with pytest.raises(NotADeadLetter):
        jobs.buried(lambda letters: letters.of(job))


def test_a_purged_dead_letter_leaves_nothing(jobs: Jobs) -> None:
    job_id = buried(jobs, blake3=SAME)
    assert jobs.buried(lambda letters: letters.purge(job_id)) == 1
    with pytest.raises(JobNotFound):
        jobs.get(job_id)
    assert jobs.buried(lambda letters: letters.page(limit=10)) == []
    assert not list(jobs.client.scan_iter(f"{jobs.keys.prefix}work:*"))


# Claims and reapers after an outage


def test_a_claim_sent_twice_takes_one_job(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.accept(), jobs.accept()
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: "the same claim")
    first, again = jobs.claimed(), jobs.claimed()
    assert first == again
    assert jobs.worker.pending(LANE) == 1


def test_a_reaper_told_to_wait_takes_nothing_back(jobs: Jobs) -> None:
    job_id = jobs.accept()
    jobs.claimed()
    jobs.lapse(job_id)
    assert jobs.worker.reap(max_crashes=2, take_back=False) == Reaped(0, 0, 0, 0)
    assert jobs.reap().requeued == 1


# Events


def events(jobs: Jobs, work_id: str) -> list[dict[str, str]]:
    return [fields for _, fields in jobs.gateway(lambda store: store.events(work_id, after="0-0"))]


def test_every_change_is_an_event_once(jobs: Jobs) -> None:
    job_id = jobs.accept()
    work = jobs.claimed()
    jobs.worker.report(work, progress_seconds=0, info=INFO)
    for _ in range(2):
        jobs.worker.report(work, segments=[segment(1), segment(2)], committed=0, progress_seconds=3)
    for _ in range(2):
        jobs.worker.complete(work, INFO, transcribed_seconds=12)
    told = [
        (each["event"], each.get("status") or (each["first"], each["last"], each["progress_ms"]))
        for each in events(jobs, job_id)
    ]
    assert told == [
        ("status", "queued"),
        ("status", "processing"),
        ("progress", ("0", "0", "0")),
        ("progress", ("0", "2", "3000")),
        ("status", "completed"),
    ]


def test_every_event_of_a_job_that_somebody_knows_is_announced_to_the_gateways(jobs: Jobs) -> None:
    job_id = jobs.accept()
    assert not jobs.client.xrange(jobs.keys.activity)
    jobs.claimed()
    entries: Any = jobs.client.xrange(jobs.keys.activity)
    announced = [fields["work"] for _, fields in entries]
    assert announced == [job_id] * len(events(jobs, job_id)[1:])
