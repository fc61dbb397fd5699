"""Jobs with a retention on the real servers: all of them goes that long after their end, and nothing of others."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.job_store import AcceptOutcome
from core.errors import FailureCode, IdempotencyConflict, JobNotFound
from core.keys import Keys
from core.media_files import MediaFiles
from core.media_stores import MediaStores
from core.work import JobStatus
from tests.harness.service import until
from tests.harness.stores import HOUR_MS, Jobs, new_job, segment
from tests.harness.traces import traces
from worker.clean_up import AudioPolicy, clean_up

SAME = "7" * 64
URL = "https://receiver.example/hook"
TENANT = "tenant-with-a-name"
SHORT_MS = 300


@pytest.fixture(params=["valkey", "redis"])
def jobs(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(request.getfixturevalue(f"{request.param}_url"), keys, runner)


@pytest.fixture
def folder(tmp_path: Path) -> MediaFiles:
    return MediaFiles.under(tmp_path)


@pytest.fixture
def apart(tmp_path: Path) -> MediaFiles:
    return MediaFiles.under(tmp_path / "apart")


@pytest.fixture
def media(folder: MediaFiles, apart: MediaFiles) -> MediaStores:
    return MediaStores(folder, {"confidential": apart})


def clean(jobs: Jobs, media: MediaStores) -> None:
    """Run the clean-up as every minute, for which nothing but a retention is over."""
    audio = AudioPolicy(orphan_seconds=3600, keep_ms=HOUR_MS, roomy_bytes=0)
    clean_up(jobs.worker, media, audio, audit_age_ms=HOUR_MS, record_age_ms=2 * HOUR_MS)


def await_end_of(jobs: Jobs, job_id: str) -> None:
    until(lambda: None if jobs.client.exists(jobs.keys.job(job_id)) else True, 10)


def lifetime(jobs: Jobs, name: str) -> int:
    """Return for how many milliseconds from now a key is kept; -1: for ever."""
    left: int = jobs.client.pttl(name)
    assert left != -2, name
    return left


def complete(jobs: Jobs) -> None:
    jobs.done(jobs.claimed(), segments=2)


def fail(jobs: Jobs) -> None:
    assert jobs.worker.fail(jobs.claimed(), FailureCode.AUDIO_EMPTY, "There is none.") == "failed"


def cancel(jobs: Jobs) -> None:
    work = jobs.claimed()
    jobs.worker.report(work, segments=[segment(1)], progress_seconds=1)
    jobs.cancel(work.work_id)
    assert jobs.worker.confirm_cancel(work) == "cancelled"


@pytest.mark.parametrize("end", [complete, fail, cancel])
def test_after_its_retention_nothing_of_a_job_is_left(
    jobs: Jobs, media: MediaStores, apart: MediaFiles, end: Callable[[Jobs], None]
) -> None:
    new = new_job(
        tenant=TENANT,
        blake3=SAME,
        webhook_url=URL,
        idempotency_key="k",
        retention_ms=SHORT_MS,
        sensitivity="confidential",
    )
    job_id = jobs.post(new).job_id
    audio = apart.path(job_id)
    audio.write_bytes(b"speech")
    end(jobs)
    assert traces(jobs.client, [job_id], prefix=jobs.keys.prefix)
    await_end_of(jobs, job_id)
    with pytest.raises(JobNotFound):
        jobs.get(job_id)
    # What holds a word of it or whom it concerned goes by itself; lists of ids wait for the clean-up.
    kept = {trace.rpartition(" in ")[2].removeprefix(jobs.keys.prefix) for trace in all_traces(jobs, job_id)}
    lists = {
        "jobs",
        f"tenant:{TENANT}:jobs",
        "searchable",
        "expiring",
        "dead",
        "activity",
        "webhooks",
        f"webhooks:{job_id}",
    }
    assert {name for name in kept if not name.startswith("claim:")} <= lists
    clean(jobs, media)
    jobs.client.delete(jobs.keys.activity)  # kept for a minute
    assert [trace for trace in all_traces(jobs, job_id) if ":claim:" not in trace] == []  # kept for a lease
    assert not audio.exists()


def all_traces(jobs: Jobs, job_id: str) -> list[str]:
    return traces(jobs.client, [job_id, TENANT, "speech.flac", "part 1", URL], prefix=jobs.keys.prefix)


def test_the_audio_of_a_failed_job_is_kept_as_long_as_it_may_be_requeued(
    jobs: Jobs, media: MediaStores, folder: MediaFiles
) -> None:
    job_id = jobs.post(new_job(retention_ms=HOUR_MS)).job_id
    folder.path(job_id).write_bytes(b"speech")
    fail(jobs)
    clean(jobs, media)
    assert folder.path(job_id).exists()
    jobs.buried(lambda letters: letters.requeue(job_id))
    assert lifetime(jobs, jobs.keys.job(job_id)) == -1
    assert jobs.client.zcard(jobs.keys.expiring) == 0
    assert jobs.get(job_id).expires_at is None
    complete(jobs)
    assert 0 < lifetime(jobs, jobs.keys.job(job_id)) <= HOUR_MS


def test_a_retention_is_the_end_of_record_and_result_alike(jobs: Jobs) -> None:
    short, plain = (jobs.post(new_job(retention_ms=ms)).job_id for ms in (HOUR_MS // 2, None))
    for _ in range(2):
        complete(jobs)
    keys = jobs.keys
    for name in (keys.job(short), keys.work(short), keys.result(short), keys.segments(short), keys.events(short)):
        assert 0 < lifetime(jobs, name) <= HOUR_MS // 2
    assert HOUR_MS < lifetime(jobs, keys.job(plain)) <= 2 * HOUR_MS
    job = jobs.get(short)
    assert job.finished_at is not None
    assert job.expires_at is not None
    assert round((job.expires_at - job.finished_at).total_seconds() * 1000) == HOUR_MS // 2
    assert (job.work.retention_hours, jobs.work(plain).retention_hours) == (0.5, None)


def test_an_idempotency_key_goes_with_its_job_and_lives_no_longer_than_it_would(jobs: Jobs) -> None:
    lifetimes = []
    for key, retention_ms in (("short", HOUR_MS // 4), ("long", 4 * HOUR_MS)):
        jobs.post(new_job(idempotency_key=key, retention_ms=retention_ms))
        complete(jobs)
        (name,) = jobs.client.scan_iter(f"{jobs.keys.prefix}idempotency:*")
        lifetimes.append(lifetime(jobs, str(name)))
        jobs.client.delete(name)
    assert 0 < lifetimes[0] <= HOUR_MS // 4
    assert HOUR_MS // 4 < lifetimes[1] <= HOUR_MS


def test_a_job_that_comes_later_keeps_the_transcript_but_not_the_first_jobs_record(
    jobs: Jobs, media: MediaStores
) -> None:
    new = {"tenant": TENANT, "blake3": SAME, "retention_ms": 1500}
    first = jobs.post(new_job(**new)).job_id  # type: ignore[arg-type]
    complete(jobs)
    until(lambda: True if lifetime(jobs, jobs.keys.job(first)) < 1000 else None, 10)
    second = jobs.post(new_job(**new))  # type: ignore[arg-type]
    assert second.outcome is AcceptOutcome.CACHED
    assert lifetime(jobs, jobs.keys.job(first)) < 1000 < lifetime(jobs, jobs.keys.job(second.job_id))
    await_end_of(jobs, first)
    clean(jobs, media)
    assert jobs.client.zrange(jobs.keys.jobs_of(TENANT), 0, -1) == [second.job_id]
    assert len(jobs.transcript(second.job_id).segments) == 2
    await_end_of(jobs, second.job_id)
    clean(jobs, media)
    assert not jobs.client.exists(jobs.keys.work(first), jobs.keys.jobs, jobs.keys.expiring)


def test_one_that_is_cancelled_while_others_go_on_goes_by_itself(jobs: Jobs) -> None:
    first, second = (jobs.post(new_job(blake3=SAME, retention_ms=SHORT_MS)).job_id for _ in range(2))
    jobs.cancel(first)
    await_end_of(jobs, first)
    assert jobs.get(second).status is JobStatus.QUEUED
    complete(jobs)
    assert jobs.get(second).status is JobStatus.COMPLETED


@pytest.mark.parametrize(
    ("ours", "theirs", "share"),
    [
        ({}, {}, True),
        ({"retention_ms": HOUR_MS}, {"retention_ms": HOUR_MS}, True),
        ({"retention_ms": HOUR_MS}, {"retention_ms": 2 * HOUR_MS}, False),
        ({"retention_ms": HOUR_MS}, {}, False),
        ({"sensitivity": "public"}, {"sensitivity": "public"}, True),
        ({"sensitivity": "public"}, {"sensitivity": "confidential"}, False),
        ({"sensitivity": "public"}, {}, False),
        ({"webhook_url": URL}, {}, True),
    ],
)
def test_jobs_share_only_what_is_kept_as_long_and_labelled_alike(
    jobs: Jobs, ours: dict[str, object], theirs: dict[str, object], share: bool
) -> None:
    jobs.post(new_job(blake3=SAME, **ours))  # type: ignore[arg-type]
    outcome = jobs.post(new_job(blake3=SAME, **theirs)).outcome  # type: ignore[arg-type]
    assert outcome is (AcceptOutcome.JOINED if share else AcceptOutcome.ACCEPTED)


def test_what_a_key_adds_is_no_part_of_the_request(jobs: Jobs) -> None:
    keys_own = {"retention_ms": HOUR_MS, "webhook_url": URL, "sensitivity": "public"}
    inherited = frozenset({"retention_hours", "webhook_url", "sensitivity"})
    first = jobs.post(new_job(blake3=SAME, idempotency_key="k", inherited=inherited, **keys_own))  # type: ignore[arg-type]
    again = jobs.post(new_job(blake3=SAME, idempotency_key="k", inherited=inherited, retention_ms=2 * HOUR_MS))
    assert (again.outcome, again.job_id) == (AcceptOutcome.REPLAYED, first.job_id)
    for name, value in keys_own.items():
        with pytest.raises(IdempotencyConflict):
            jobs.post(new_job(blake3=SAME, idempotency_key="k", **{name: value}))  # type: ignore[arg-type]


def test_what_was_told_to_gateways_is_kept_for_a_minute(jobs: Jobs, media: MediaStores) -> None:
    jobs.client.xadd(jobs.keys.activity, {"work": "old", "event": "status"}, id="1000-0")
    job_id = jobs.accept()
    jobs.claimed()
    clean(jobs, media)
    assert traces(jobs.client, ["old"], prefix=jobs.keys.activity) == []
    assert len(traces(jobs.client, [job_id], prefix=jobs.keys.activity)) == 1
