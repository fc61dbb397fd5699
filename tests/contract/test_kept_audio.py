"""Audio that is kept to be heard again: for how long, of which jobs, and what a short disk makes of it."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.keys import Keys
from core.media_files import MediaFiles
from core.media_stores import MediaStores
from core.options import TranscriptionOptions
from tests.harness.stores import HOUR_MS, Jobs, new_job
from worker.clean_up import AudioPolicy, CleanUpReport, clean_up

SAME = "7" * 64
KEEP_MS = HOUR_MS // 2
FILE_BYTES = 100


@dataclass(frozen=True)
class Disk(MediaFiles):
    """A disk of a thousand bytes."""

    def free_bytes(self) -> int:
        return 1000 - sum(path.stat().st_size for path in self.folder.iterdir())


@pytest.fixture
def jobs(valkey_url: str, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(valkey_url, keys, runner)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def stored(jobs: Jobs, disk: Disk, *, age_seconds: float = 0, **fields: object) -> str:
    """Accept a job with its audio."""
    job_id = jobs.post(new_job(**fields)).job_id  # type: ignore[arg-type]
    path = disk.path(job_id)
    path.write_bytes(bytes(FILE_BYTES))
    modified = path.stat().st_mtime - age_seconds
    os.utime(path, (modified, modified))
    return job_id


def completed(jobs: Jobs, disk: Disk, *, age_seconds: float = 0, **fields: object) -> str:
    job_id = stored(jobs, disk, age_seconds=age_seconds, **fields)
    jobs.done(jobs.claimed())
    return job_id


def clean(jobs: Jobs, disk: Disk, *, keep_ms: int = KEEP_MS, roomy_bytes: float = 0) -> CleanUpReport:
    audio = AudioPolicy(orphan_seconds=3600, keep_ms=keep_ms, roomy_bytes=roomy_bytes)
    return clean_up(jobs.worker, MediaStores(disk), audio, record_age_ms=HOUR_MS, audit_age_ms=HOUR_MS)


def ago(jobs: Jobs, job_id: str, field: str, milliseconds: int) -> None:
    """Have something of a work's been so long ago."""
    jobs.client.hincrby(jobs.keys.work(job_id), field, -milliseconds)


def test_it_is_kept_for_so_long_and_no_longer(jobs: Jobs, disk: Disk) -> None:
    job_id = completed(jobs, disk)
    assert clean(jobs, disk).audio_files == 0
    ago(jobs, job_id, "kept_from_ms", KEEP_MS)
    assert clean(jobs, disk).audio_files == 1
    assert disk.stat(job_id) is None


def test_it_is_not_kept_at_all_if_it_is_not_to_be(jobs: Jobs, disk: Disk) -> None:
    completed(jobs, disk)
    assert clean(jobs, disk, keep_ms=0).audio_files == 1


def test_it_is_not_kept_longer_than_the_result(jobs: Jobs, disk: Disk) -> None:
    job_id = completed(jobs, disk)
    assert clean(jobs, disk, keep_ms=100 * HOUR_MS).audio_files == 0
    ago(jobs, job_id, "expires_at_ms", HOUR_MS)
    assert clean(jobs, disk, keep_ms=100 * HOUR_MS).audio_files == 1


def test_whoever_comes_to_share_a_work_has_its_audio_kept_anew(jobs: Jobs, disk: Disk) -> None:
    job_id = completed(jobs, disk, blake3=SAME)
    ago(jobs, job_id, "kept_from_ms", KEEP_MS)
    jobs.post(new_job(blake3=SAME))
    assert clean(jobs, disk).audio_files == 0


def test_it_is_not_kept_of_what_was_redacted_or_cancelled(jobs: Jobs, disk: Disk) -> None:
    completed(jobs, disk, options=TranscriptionOptions.model_validate({"redact": ["email"]}))
    jobs.cancel(stored(jobs, disk))
    assert clean(jobs, disk).audio_files == 2


def test_a_short_disk_has_the_oldest_go_until_there_is_room(jobs: Jobs, disk: Disk) -> None:
    young, old, older = (completed(jobs, disk, age_seconds=age) for age in (10, 20, 30))
    waiting = stored(jobs, disk, age_seconds=40)
    assert disk.free_bytes() == 600
    assert clean(jobs, disk, roomy_bytes=600).kept_audio_files == 0
    assert clean(jobs, disk, roomy_bytes=750).kept_audio_files == 2
    assert {path.name for path in disk.folder.iterdir()} == {young, waiting}
    assert (disk.stat(old), disk.stat(older)) == (None, None)
    # What is needed stays, whatever is short.
    assert clean(jobs, disk, roomy_bytes=5000).kept_audio_files == 1
    assert {path.name for path in disk.folder.iterdir()} == {waiting}
