"""A work whose audio is to be fetched: what its record holds, and when the URL is forgotten."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.job_store import AcceptOutcome
from core.errors import FailureCode, IdempotencyConflict
from core.keys import Keys
from core.media_files import MediaFiles
from core.media_stores import MediaStores
from core.options import TranscriptionOptions
from tests.harness.stores import HOUR_MS, INFO, Jobs, new_job, segment
from worker.clean_up import AudioPolicy, CleanUpReport, clean_up
from worker.job_store import Hold

URL = "https://example.com/audio?token=secret"
OTHER_URL = "https://example.com/other"


@pytest.fixture(params=["valkey", "redis"])
def jobs(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(request.getfixturevalue(f"{request.param}_url"), keys, runner)


def is_stored(jobs: Jobs) -> bool:
    """Tell whether a work's URL is anywhere in Redis."""
    works = (key for key in jobs.client.scan_iter(f"{jobs.keys.prefix}work:*") if jobs.client.type(key) == "hash")
    return any(URL in str(jobs.client.hgetall(key)) for key in works)


def test_nothing_is_known_of_the_audio_until_it_is_fetched(jobs: Jobs) -> None:
    job_id = jobs.accept(source_url=URL, seconds=600)
    claimed = jobs.claimed()
    assert (claimed.work_id, claimed.source_url) == (job_id, URL)
    assert (claimed.media_bytes, claimed.media_blake3, claimed.audio_seconds) == (None, None, None)
    assert (claimed.cost_seconds, claimed.is_cost_guessed) == (600, True)
    assert URL not in repr(claimed)
    assert jobs.worker.fetched(claimed, media_bytes=1234) is Hold.HELD
    assert jobs.worker.fetched(claimed, media_bytes=1234) is Hold.HELD  # sent twice
    work = jobs.work(job_id)
    assert (work.source_url, work.media_bytes) == (None, 1234)
    assert not is_stored(jobs)
    jobs.worker.report(claimed, progress_seconds=0, audio_seconds=12, cost_seconds=12, info=INFO)
    work = jobs.work(job_id)
    assert (work.audio_seconds, work.cost_seconds, work.is_cost_guessed) == (12, 12, False)


def test_a_cost_that_is_known_at_last_keeps_the_lanes_accounts(jobs: Jobs) -> None:
    """The guess was charged when it was queued; what is charged when it is queued again is what it costs."""
    first, second = jobs.accept(source_url=URL, seconds=600), jobs.accept(seconds=10)
    claimed = jobs.claimed()
    jobs.worker.report(claimed, progress_seconds=0, audio_seconds=12, cost_seconds=12)
    jobs.worker.handback(claimed)
    (lane,) = jobs.gateway(lambda store: store.lanes())
    assert (lane.pending_jobs, lane.pending_audio_seconds) == (2, 22)
    assert [jobs.claimed().work_id, jobs.claimed().work_id] == [first, second]
    (lane,) = jobs.gateway(lambda store: store.lanes())
    assert (lane.pending_jobs, lane.pending_audio_seconds) == (0, 0)


def test_a_late_worker_forgets_no_url(jobs: Jobs) -> None:
    job_id = jobs.accept(source_url=URL)
    late = jobs.claimed()
    jobs.lapse(job_id)
    jobs.reap()
    assert jobs.worker.fetched(late, media_bytes=1) is Hold.LOST
    assert jobs.claimed().source_url == URL


def test_a_worker_that_has_fetched_hears_of_the_cancellation(jobs: Jobs) -> None:
    job_id = jobs.accept(source_url=URL)
    claimed = jobs.claimed()
    jobs.cancel(job_id)
    assert jobs.worker.fetched(claimed, media_bytes=1) is Hold.CANCEL


@pytest.mark.parametrize("claimed", [False, True])
def test_the_url_of_a_cancelled_job_is_forgotten(jobs: Jobs, claimed: bool) -> None:
    job_id = jobs.accept(source_url=URL)
    assert is_stored(jobs)
    work = jobs.claimed() if claimed else None
    jobs.cancel(job_id)
    if work is not None:
        jobs.worker.confirm_cancel(work)
    assert not is_stored(jobs)


def test_a_dead_letter_keeps_its_url_until_it_is_erased(jobs: Jobs) -> None:
    job_id = jobs.accept(source_url=URL)
    jobs.worker.fail(jobs.claimed(), FailureCode.URL_NOT_SERVED, "404")
    jobs.buried(lambda letters: letters.requeue(job_id))
    again = jobs.claimed()
    assert again.source_url == URL
    jobs.worker.fail(again, FailureCode.URL_NOT_SERVED, "404")
    jobs.gateway(lambda store: store.erase(job_id))
    assert not is_stored(jobs)
    assert not list(jobs.client.scan_iter(f"{jobs.keys.prefix}*{job_id}*"))


def test_a_completed_job_is_like_any_other(jobs: Jobs) -> None:
    job_id = jobs.accept(source_url=URL)
    claimed = jobs.claimed()
    jobs.worker.fetched(claimed, media_bytes=1)
    jobs.done(claimed)
    assert jobs.transcript(job_id).segments == (segment(1),)


def test_a_request_with_a_url_is_known_by_its_key(jobs: Jobs) -> None:
    first = jobs.post(new_job(source_url=URL, idempotency_key="k"))
    again = jobs.post(new_job(source_url=URL, idempotency_key="k"))
    assert (again.outcome, again.job_id) == (AcceptOutcome.REPLAYED, first.job_id)
    with pytest.raises(IdempotencyConflict):
        jobs.post(new_job(source_url=OTHER_URL, idempotency_key="k"))
    with pytest.raises(IdempotencyConflict):
        jobs.post(new_job(source_url=URL, options=TranscriptionOptions(language="de"), idempotency_key="k"))


def test_the_same_url_again_is_another_work(jobs: Jobs) -> None:
    assert jobs.accept(source_url=URL) != jobs.accept(source_url=URL)
    assert jobs.worker.pending("base") == 2


def test_what_a_dead_worker_left_of_a_fetch_goes_while_the_job_goes_on(jobs: Jobs, tmp_path: Path) -> None:
    def clean() -> CleanUpReport:
        return clean_up(
            jobs.worker,
            MediaStores(media),
            AudioPolicy(orphan_seconds=100, keep_ms=0, roomy_bytes=0),
            record_age_ms=HOUR_MS,
            audit_age_ms=HOUR_MS,
        )

    media = MediaFiles.under(tmp_path)
    job_id = jobs.accept(source_url=URL)
    claimed = jobs.claimed()
    media.path(job_id).touch()
    part = media.part_path(job_id)
    part.touch()
    assert clean().orphans == 0
    os.utime(part, (1, 1))
    os.utime(media.path(job_id), (1, 1))
    assert clean() == CleanUpReport(audio_files=0, kept_audio_files=0, orphans=1, records=0, audit_entries=0)
    assert [(file.job_id, file.is_part) for file in media.scan()] == [(job_id, False)]
    jobs.done(claimed)
    assert clean().audio_files == 1
    assert not list(media.scan())
