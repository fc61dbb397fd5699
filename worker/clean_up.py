"""Removes what is no longer needed. Running it twice, or on two workers at once, changes nothing."""

from dataclasses import dataclass
from itertools import islice

import structlog

from core.media_files import MediaFiles, StoredFile
from worker.job_store import JobStore

_BATCH = 500

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CleanUpReport:
    """What one clean-up removed."""

    audio_files: int
    """Of jobs that were finished."""
    orphans: int
    """Uploads that never became a job."""
    records: int
    """Entries of jobs that had expired."""

    def __str__(self) -> str:
        return f"removed {self.audio_files} audio files, {self.orphans} orphans, {self.records} expired entries"


def clean_up(store: JobStore, media: MediaFiles, *, orphan_seconds: float, record_age_ms: int) -> CleanUpReport:
    """Remove the audio of completed and cancelled works, orphaned uploads, and what is left of expired jobs.

    An upload without a job is an orphan once it is older than `orphan_seconds`: until then its gateway may be
    about to accept it.

    Raises:
        redis.exceptions.RedisError: Redis does not answer; nothing was removed that is needed.
    """
    audio_files = orphans = 0
    found = media.scan()
    while files := list(islice(found, _BATCH)):
        for file, needed in zip(files, store.media_needed([file.job_id for file in files]), strict=True):
            if needed:
                continue
            if needed is None or file.is_part:
                if file.age_seconds > orphan_seconds:
                    orphans += _remove(file)
            else:
                audio_files += _remove(file)
    records = 0
    while retained := store.ended_retentions():
        # First the audio: if this ends in between, the next clean-up finds the job again.
        audio_files += sum(len(media.remove(each.work_id)) for each in retained if not each.has_work)
        if not (swept := store.sweep(retained)):
            break
        records += swept
    records += store.forget_expired(older_than_ms=record_age_ms)
    store.trim_activity()
    report = CleanUpReport(audio_files, orphans, records)
    if audio_files or orphans or report.records:
        logger.info("cleaned_up", audio_files=audio_files, orphans=orphans, records=report.records)
    return report


def _remove(file: StoredFile) -> int:
    try:
        file.path.unlink()
    except FileNotFoundError:  # another worker's clean-up was faster
        return 0
    return 1
