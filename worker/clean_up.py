"""Removes what is no longer needed. Running it twice, or on two workers at once, changes nothing."""

from dataclasses import asdict, dataclass
from itertools import islice

import structlog

from core.media_stores import MediaStores
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
    audit_entries: int
    """That were as old as they may be."""

    def __str__(self) -> str:
        return (
            f"removed {self.audio_files} audio files, {self.orphans} orphans, {self.records} expired entries, "
            f"{self.audit_entries} audit entries"
        )


def clean_up(
    store: JobStore, media: MediaStores, *, orphan_seconds: float, record_age_ms: int, audit_age_ms: int
) -> CleanUpReport:
    """Remove the audio of completed and cancelled works, orphaned uploads, and what is left of expired jobs and deeds.

    An upload without a job, or a part that nobody has written to, is an orphan once it is older than `orphan_seconds`:
    until then its gateway may be about to accept it, or a worker still fetch it.

    Raises:
        redis.exceptions.RedisError: Redis does not answer; nothing was removed that is needed.
        StoreUnavailable: a media store doesn't; the same.
    """
    audio_files = orphans = 0
    found = media.scan()
    while files := list(islice(found, _BATCH)):
        for file, needed in zip(files, store.media_needed([file.job_id for file in files]), strict=True):
            if needed is None or file.is_part:
                if file.age_seconds > orphan_seconds:
                    orphans += file.discard()
            elif not needed:
                audio_files += file.discard()
    records = 0
    while retained := store.ended_retentions():
        # First the audio: if this ends in between, the next clean-up finds the job again.
        audio_files += sum(len(media.remove(each.work_id)) for each in retained if not each.has_work)
        if not (swept := store.sweep(retained)):
            break
        records += swept
    records += store.forget_expired(older_than_ms=record_age_ms)
    store.trim_activity()
    audit_entries = store.forget_audit(older_than_ms=audit_age_ms)
    report = CleanUpReport(audio_files, orphans, records, audit_entries)
    if any((removed := asdict(report)).values()):
        logger.info("cleaned_up", **removed)
    return report
