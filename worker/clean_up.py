"""Removes what is no longer needed. Running it twice, or on two workers at once, changes nothing."""

from dataclasses import asdict, dataclass
from itertools import islice

import structlog

from core.media_store import MediaStore, StoredMedia
from core.media_stores import MediaStores
from worker.job_store import JobStore, MediaUse

_BATCH = 500

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CleanUpReport:
    """What one clean-up removed."""

    audio_files: int
    """Of jobs that were finished."""
    kept_audio_files: int
    """That somebody might have wanted to hear again, because the disk was short."""
    orphans: int
    """Uploads that never became a job."""
    records: int
    """Entries of jobs that had expired."""
    audit_entries: int
    """That were as old as they may be."""

    def __str__(self) -> str:
        return (
            f"removed {self.audio_files} audio files, {self.kept_audio_files} kept ones for want of space, "
            f"{self.orphans} orphans, {self.records} expired entries, {self.audit_entries} audit entries"
        )


@dataclass(frozen=True, slots=True)
class AudioPolicy:
    """Which audio stays."""

    orphan_seconds: float
    """Age from which an upload without a job, or a part that nobody has written to, is an orphan: until then its
    gateway may be about to accept it, or a worker still fetch it."""
    keep_ms: int
    """How long the audio of a completed work is kept to be heard again."""
    roomy_bytes: float
    """Free space that kept audio must leave on its disk."""


@dataclass
class _Removed:
    """Files that were removed from one store or from several, by why."""

    done: int = 0
    kept: int = 0
    orphans: int = 0


def clean_up(
    store: JobStore, media: MediaStores, audio: AudioPolicy, *, record_age_ms: int, audit_age_ms: int
) -> CleanUpReport:
    """Remove the audio of works that are done with it, orphaned uploads, and what is left of expired jobs and deeds.

    Raises:
        redis.exceptions.RedisError: Redis does not answer; nothing was removed that is needed.
        StoreUnavailable: a media store doesn't; the same.
    """
    removed = _Removed()
    for place in media.every:
        _clean_store(store, place, audio, removed)
    records = 0
    while retained := store.ended_retentions():
        # First the audio: if this ends in between, the next clean-up finds the job again.
        removed.done += sum(len(media.remove(each.work_id)) for each in retained if not each.has_work)
        if not (swept := store.sweep(retained)):
            break
        records += swept
    records += store.forget_expired(older_than_ms=record_age_ms)
    store.trim_activity()
    audit_entries = store.forget_audit(older_than_ms=audit_age_ms)
    report = CleanUpReport(removed.done, removed.kept, removed.orphans, records, audit_entries)
    if any((counts := asdict(report)).values()):
        logger.info("cleaned_up", **counts)
    return report


def _clean_store(store: JobStore, place: MediaStore, audio: AudioPolicy, removed: _Removed) -> None:
    kept: list[StoredMedia] = []
    is_short = place.free_bytes() < audio.roomy_bytes
    found = place.scan()
    while files := list(islice(found, _BATCH)):
        uses = store.media_uses([file.job_id for file in files], keep_ms=audio.keep_ms)
        for file, use in zip(files, uses, strict=True):
            if use is MediaUse.UNKNOWN or file.is_part:
                if file.age_seconds > audio.orphan_seconds:
                    removed.orphans += file.discard()
            elif use is MediaUse.NONE:
                removed.done += file.discard()
            elif use is MediaUse.KEPT and is_short:
                kept.append(file)
    if kept:
        removed.kept += _make_room(place, kept, audio.roomy_bytes)


def _make_room(place: MediaStore, kept: list[StoredMedia], roomy_bytes: float) -> int:
    """Remove kept audio, the oldest first, until uploads have room; return how many files that were."""
    files = 0
    for file in sorted(kept, key=lambda each: each.age_seconds, reverse=True):
        if place.free_bytes() >= roomy_bytes:
            break
        files += file.discard()
    if files:
        logger.warning(
            "kept_audio_removed",
            audio_files=files,
            free_bytes=place.free_bytes(),
            wanted_bytes=roomy_bytes,
            hint="The disk is short: less audio can be heard again than KEEP_AUDIO_HOURS says.",
        )
    return files
