"""The outbox on the real servers: what the scripts put there, once each, and what becomes of it."""

import asyncio
import json
from collections.abc import Callable, Iterator

import pytest

from api.job_store import AcceptOutcome, CancelOutcome
from api.webhook_store import LoggedEvent
from core.errors import FailureCode, IdempotencyConflict, JobNotFound, NoWebhookEvent, OutboundFault
from core.keys import Keys
from core.webhooks import WebhookCall, WebhookForm, WebhookState
from tests.harness.stores import INFO, Jobs, new_job
from worker.outbox import Delivery, Outbox, Outcome

URL = "https://receiver.example/hook"
OTHER_URL = "https://other.example/hook"
SAME = "6" * 64


@pytest.fixture(params=["valkey", "redis"])
def jobs(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(request.getfixturevalue(f"{request.param}_url"), keys, runner)


@pytest.fixture
def outbox(jobs: Jobs) -> Outbox:
    return Outbox(jobs.client, jobs.keys)


def events(jobs: Jobs, job_id: str) -> list[LoggedEvent]:
    return list(jobs.webhooks(lambda store: store.log(job_id)).events)


def types(jobs: Jobs, job_id: str) -> list[str]:
    return [logged.event.type.removeprefix("transcription.") for logged in events(jobs, job_id)]


def taken(outbox: Outbox) -> Delivery:
    delivery = outbox.take(lease_seconds=60)
    assert delivery is not None
    return delivery


def be_due(jobs: Jobs, webhook_id: str) -> None:
    """Let an event that waits, or is under way, be due now."""
    assert jobs.client.zadd(jobs.keys.webhooks, {webhook_id: 1}, xx=True, ch=True)


def completed(jobs: Jobs, **fields: str) -> str:
    job_id = jobs.accept(webhook_url=URL, **fields)
    jobs.done(jobs.claimed())
    return job_id


def fail(jobs: Jobs) -> None:
    assert jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_EMPTY, "There is none.") == "failed"


def retry_in_vain(jobs: Jobs) -> None:
    work = jobs.claimed()
    assert jobs.worker.retry(work, FailureCode.INTERNAL_ERROR, "boom", delay_seconds=0, max_attempts=1) == "failed"


def crash(jobs: Jobs) -> None:
    for _ in range(2):
        jobs.lapse(jobs.claimed().work_id)
        jobs.reap()


def cancel_while_it_runs(jobs: Jobs) -> None:
    work = jobs.claimed()
    assert jobs.cancel(work.work_id) is CancelOutcome.REQUESTED
    assert jobs.worker.confirm_cancel(work) == "cancelled"


def cancel_while_it_waits(jobs: Jobs) -> None:
    (job_id,) = jobs.client.zrange(jobs.keys.pending("base"), 0, -1)
    assert jobs.cancel(str(job_id)) is CancelOutcome.CANCELLED


ENDS: dict[str, list[Callable[[Jobs], None]]] = {
    "completed": [lambda jobs: jobs.done(jobs.claimed())],
    "failed": [fail, retry_in_vain, crash],
    "cancelled": [cancel_while_it_runs, cancel_while_it_waits],
}


@pytest.mark.parametrize(("status", "end"), [(status, end) for status, ends in ENDS.items() for end in ends])
def test_every_end_of_a_job_is_one_event(jobs: Jobs, outbox: Outbox, status: str, end: Callable[[Jobs], None]) -> None:
    job_id = jobs.accept(webhook_url=URL)
    assert outbox.take(lease_seconds=60) is None
    end(jobs)
    delivery = taken(outbox)
    assert (delivery.url, delivery.event.job_id, delivery.event.type) == (URL, job_id, f"transcription.{status}")
    assert (delivery.event.failure is not None) is (status == "failed")
    assert outbox.take(lease_seconds=60) is None


@pytest.mark.parametrize(("status", "end"), [(status, ends[0]) for status, ends in ENDS.items()])
def test_a_receiver_is_called_as_its_job_says(
    jobs: Jobs, outbox: Outbox, status: str, end: Callable[[Jobs], None]
) -> None:
    call = WebhookCall(WebhookForm.ASSEMBLYAI, ("X-Secret", "hush: a value"))
    job_id = jobs.accept(webhook_url=URL, webhook_call=call)
    end(jobs)
    delivery = taken(outbox)
    assert delivery.call == call
    assert json.loads(delivery.event.body(delivery.call.form)) == {
        "transcript_id": job_id,
        "status": "completed" if status == "completed" else "error",
    }
    assert "hush" not in f"{delivery} {delivery.call} {jobs.get(job_id)}"
    jobs.accept(webhook_url=URL)
    jobs.done(jobs.claimed())
    assert taken(outbox).call == WebhookCall()


def test_a_job_without_a_url_has_no_event(jobs: Jobs, outbox: Outbox) -> None:
    job_id = jobs.accept()
    jobs.done(jobs.claimed())
    assert outbox.take(lease_seconds=60) is None
    assert events(jobs, job_id) == []
    with pytest.raises(NoWebhookEvent):
        jobs.webhooks(lambda store: store.replay(job_id))


def test_calls_sent_twice_or_late_add_no_event(jobs: Jobs) -> None:
    job_id = jobs.accept(webhook_url=URL)
    old = jobs.claimed()
    jobs.lapse(job_id)
    jobs.reap()
    work = jobs.claimed()
    assert jobs.worker.complete(old, INFO, transcribed_seconds=12) == "lost"
    assert types(jobs, job_id) == []
    assert [jobs.worker.complete(work, INFO, transcribed_seconds=12) for _ in range(2)] == ["completed"] * 2
    assert jobs.worker.fail(old, FailureCode.AUDIO_EMPTY, "late") == "lost"
    assert jobs.worker.fail(work, FailureCode.AUDIO_EMPTY, "late") == "lost"
    assert jobs.cancel(job_id) is CancelOutcome.FINISHED
    assert types(jobs, job_id) == ["completed"]


def test_jobs_that_share_a_work_each_tell_their_own(jobs: Jobs, outbox: Outbox) -> None:
    first = new_job(blake3=SAME, webhook_url=URL)
    joined = new_job(blake3=SAME, webhook_url=OTHER_URL)
    silent = new_job(blake3=SAME)
    given_up = new_job(blake3=SAME, webhook_url=URL)
    for job in (first, joined, silent, given_up):
        jobs.post(job)
    jobs.cancel(given_up.job_id)
    jobs.done(jobs.claimed())
    cached = new_job(blake3=SAME, webhook_url=OTHER_URL)
    assert [jobs.post(cached).outcome, jobs.post(cached).outcome][0] is AcceptOutcome.CACHED
    told = {}
    while (delivery := outbox.take(lease_seconds=60)) is not None:
        told[delivery.event.job_id] = (delivery.url, delivery.event.type.rpartition(".")[2], delivery.event.cached)
    assert told == {
        first.job_id: (URL, "completed", False),
        joined.job_id: (OTHER_URL, "completed", False),
        given_up.job_id: (URL, "cancelled", False),
        cached.job_id: (OTHER_URL, "completed", True),
    }
    assert all(len(types(jobs, job_id)) == 1 for job_id in told)


def test_who_is_told_belongs_to_the_request_and_not_to_the_work(jobs: Jobs) -> None:
    asked = new_job(blake3=SAME, idempotency_key="k", webhook_url=URL)
    assert jobs.post(asked).outcome is AcceptOutcome.ACCEPTED
    again = new_job(blake3=SAME, idempotency_key="k", webhook_url=URL)
    assert jobs.post(again).outcome is AcceptOutcome.REPLAYED
    with pytest.raises(IdempotencyConflict):
        jobs.post(new_job(blake3=SAME, idempotency_key="k", webhook_url=OTHER_URL))
    assert asked.digest == new_job(blake3=SAME).digest


def test_a_requeued_dead_letter_tells_its_next_end_as_well(jobs: Jobs, outbox: Outbox) -> None:
    job_id = jobs.accept(webhook_url=URL)
    fail(jobs)
    jobs.buried(lambda letters: letters.requeue(job_id))
    jobs.done(jobs.claimed())
    assert types(jobs, job_id) == ["failed", "completed"]
    ids = [taken(outbox).event.webhook_id for _ in range(2)]
    assert ids == [f"{job_id}-1", f"{job_id}-2"]


@pytest.mark.parametrize("removal", ["erase", "purge"])
def test_a_removed_job_leaves_nothing_in_the_outbox(jobs: Jobs, outbox: Outbox, removal: str) -> None:
    job_id = jobs.accept(webhook_url=URL)
    fail(jobs)
    delivery = taken(outbox)
    assert outbox.settle(delivery, Outcome.RETRY, duration_seconds=1, delay_seconds=0)
    late = taken(outbox)
    if removal == "erase":
        jobs.gateway(lambda store: store.erase(job_id))
    else:
        jobs.buried(lambda letters: letters.purge(job_id))
    assert not outbox.settle(late, Outcome.DISABLED, duration_seconds=1, status=410)
    assert not list(jobs.client.scan_iter(f"{jobs.keys.prefix}*{job_id}*"))
    assert jobs.client.zcard(jobs.keys.webhooks) == 0
    with pytest.raises(JobNotFound):
        jobs.get(job_id)


def test_what_is_taken_is_nobody_elses_until_its_lease_lapses(jobs: Jobs, outbox: Outbox) -> None:
    job_id = completed(jobs)
    first = taken(outbox)
    assert outbox.take(lease_seconds=60) is None
    be_due(jobs, first.event.webhook_id)  # its taker was killed between sending and noting
    second = taken(outbox)
    assert second.event.webhook_id == first.event.webhook_id
    assert second.event.body() == first.event.body()
    assert not outbox.settle(first, Outcome.GIVEN_UP, duration_seconds=1, status=500)
    assert outbox.settle(second, Outcome.DELIVERED, duration_seconds=1, status=204)
    assert not outbox.settle(second, Outcome.DELIVERED, duration_seconds=1, status=204)
    (logged,) = events(jobs, job_id)
    assert (logged.event.state, [attempt.status for attempt in logged.attempts]) == (WebhookState.DELIVERED, [204])
    assert outbox.take(lease_seconds=60) is None


def test_a_failed_attempt_is_noted_and_the_next_one_waits(jobs: Jobs, outbox: Outbox) -> None:
    job_id = completed(jobs)
    assert outbox.settle(
        taken(outbox), Outcome.RETRY, duration_seconds=20, fault=OutboundFault.TIMED_OUT, delay_seconds=300
    )
    assert outbox.take(lease_seconds=60) is None
    (logged,) = events(jobs, job_id)
    (attempt,) = logged.attempts
    assert (logged.event.state, logged.event.tries) == (WebhookState.DUE, 1)
    assert (attempt.duration_ms, attempt.status, attempt.fault) == (20_000, None, OutboundFault.TIMED_OUT)
    assert logged.next_attempt_at is not None
    assert 0 <= logged.next_attempt_at.timestamp() * 1000 - 320_000 - attempt.at_ms < 10_000
    be_due(jobs, logged.event.webhook_id)
    assert outbox.settle(taken(outbox), Outcome.GIVEN_UP, duration_seconds=0.1, status=500)
    (logged,) = events(jobs, job_id)
    assert (logged.event.state, logged.next_attempt_at) == (WebhookState.GIVEN_UP, None)
    assert [each.status for each in logged.attempts] == [None, 500]
    assert jobs.webhooks(lambda store: store.attempts_by_outcome()) == {"retry": 1, "given_up": 1}
    assert jobs.webhooks(lambda store: store.waiting()) == 0


def test_what_was_not_tried_waits_without_an_attempt(jobs: Jobs, outbox: Outbox) -> None:
    job_id = completed(jobs)
    assert outbox.put_back(taken(outbox), delay_seconds=300)
    assert outbox.take(lease_seconds=60) is None
    (logged,) = events(jobs, job_id)
    assert (logged.event.state, logged.event.tries, logged.attempts) == (WebhookState.DUE, 0, [])


def test_nobody_who_wants_nothing_any_more_is_told(jobs: Jobs, outbox: Outbox) -> None:
    job_id = jobs.accept(webhook_url=URL)
    fail(jobs)
    jobs.buried(lambda letters: letters.requeue(job_id))
    fail(jobs)
    assert outbox.settle(taken(outbox), Outcome.DISABLED, duration_seconds=0.1, status=410)
    assert outbox.take(lease_seconds=60) is None
    assert [logged.event.state for logged in events(jobs, job_id)] == [WebhookState.DISABLED] * 2
    assert jobs.webhooks(lambda store: store.log(job_id)).is_disabled
    jobs.buried(lambda letters: letters.requeue(job_id))
    jobs.done(jobs.claimed())
    assert types(jobs, job_id) == ["failed", "failed"]


def test_a_replay_makes_the_latest_event_due_anew(jobs: Jobs, outbox: Outbox) -> None:
    job_id = completed(jobs)
    assert outbox.settle(taken(outbox), Outcome.DISABLED, duration_seconds=0.1, status=410)
    webhook_id = jobs.webhooks(lambda store: store.replay(job_id))
    delivery = taken(outbox)
    assert (delivery.event.webhook_id, delivery.event.tries) == (webhook_id, 0)
    assert not jobs.webhooks(lambda store: store.log(job_id)).is_disabled
    assert outbox.settle(delivery, Outcome.DELIVERED, duration_seconds=0.1, status=200)
    (logged,) = events(jobs, job_id)
    assert [attempt.status for attempt in logged.attempts] == [410, 200]


def test_everything_goes_with_the_jobs_record(jobs: Jobs, outbox: Outbox) -> None:
    job_id = completed(jobs)
    assert outbox.settle(taken(outbox), Outcome.RETRY, duration_seconds=0, status=500, delay_seconds=0)
    webhook_id = f"{job_id}-1"
    record_ms = jobs.client.pexpiretime(jobs.keys.job(job_id))
    for name in (jobs.keys.webhook(webhook_id), jobs.keys.webhooks_of(job_id), jobs.keys.webhook_attempts(webhook_id)):
        assert abs(jobs.client.pexpiretime(name) - record_ms) < 5000
    jobs.client.delete(jobs.keys.job(job_id), jobs.keys.webhook(webhook_id))
    assert outbox.take(lease_seconds=60) is None
    assert jobs.webhooks(lambda store: store.waiting()) == 0


def test_a_body_is_small_and_holds_nothing_of_the_audio_or_the_transcript(jobs: Jobs, outbox: Outbox) -> None:
    jobs.accept(webhook_url=URL)
    assert jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_EMPTY, "ü" * 50_000) == "failed"
    failed = taken(outbox).event.body()
    assert len(failed) < 20_000
    completed(jobs)
    body = taken(outbox).event.body()
    assert b"part 1" not in body
    assert b"speech.flac" not in body
