"""The work: what is done for a job, as it stands in Redis. Jobs that ask for the same share one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from core.errors import FailureCode
from core.options import TranscriptionOptions
from core.transcript import TranscriptInfo

HOUR_MS = 3_600_000


class JobStatus(StrEnum):
    """Where a work stands, and with it its jobs. A request for cancellation is a flag beside it until heeded."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_finished(self) -> bool:
        """Whether the status is final (an operator's requeue aside)."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


class Work(BaseModel):
    """One work, read from its Redis hash. All times are UTC, taken from Redis' clock."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    work_id: str
    """The id of the first job that asked for it; names the audio in the media folder."""
    tenant: str
    """Whose it is; fair queuing shares a lane between tenants, and only jobs of one tenant share a work."""
    lane: str
    """The queue it waits in: the name of its model."""
    status: JobStatus
    options: TranscriptionOptions
    media_bytes: int | None
    """None until the audio of a URL is fetched."""
    media_blake3: str | None
    """None of audio from a URL: what it serves may change, so no other job shares it."""
    source_url: str | None = Field(default=None, repr=False)
    """Where the audio is fetched; a secret of its owner, forgotten once it is there or not wanted any more."""
    retention_hours: float | None = None
    """How long after its end everything of a job is kept; None: as long as the service keeps results and records."""
    sensitivity: str | None = None
    """Its label, which says where its audio lies; None where no labels are set up."""
    audio_seconds: float | None
    """Length of the audio: from the container's header, replaced by the decoded length; None if unknown."""
    cost_seconds: float
    """What fair queuing charges for it: the audio seconds to transcribe, estimated where unknown."""
    created_at: datetime
    started_at: datetime | None
    """When the first attempt began."""
    claimed_at: datetime | None
    """When the latest attempt began."""
    finished_at: datetime | None
    expires_at: datetime | None
    """When the result is removed."""
    fence: int
    """Grows with every claim; a write that carries an older one is refused."""
    attempts: int
    """Attempts begun, those handed back by a stopping worker not counted."""
    errors: int
    """Attempts that ended in a retryable error."""
    crashes: int
    """Attempts whose worker died or stopped answering."""
    worker: str | None
    """Name of the worker that has, or last had, the work."""
    progress_seconds: float
    """Audio seconds done, measured from the start of the audio."""
    resumed_from_seconds: float
    """Audio seconds that were done when the latest attempt began."""
    info: TranscriptInfo | None
    """Known once an attempt has decoded the audio and knows the language."""
    request_id: str | None
    """Id of the request that it was accepted with, for log lines; None of one from before ids were kept."""
    traceparent: str | None = None
    """The span of that request, which its attempts belong to; None if it isn't traced."""
    failure: FailureCode | None
    failure_detail: str | None

    @property
    def is_cost_guessed(self) -> bool:
        """Whether nothing was known of the audio when its cost was charged, and nothing is yet."""
        return self.media_blake3 is None and self.audio_seconds is None

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> Self:
        """Read a work from its Redis hash (the fields `accept.lua` and `claim.lua` document)."""
        failure = record.get("failure")
        audio_ms = record.get("audio_ms")
        media_bytes = record.get("media_bytes")
        retention_ms = record.get("retention_ms")
        info = record.get("info")
        return cls(
            work_id=record["work_id"],
            tenant=record["tenant"],
            lane=record["lane"],
            status=JobStatus(record["status"]),
            options=_options(record["options"]),
            media_bytes=int(media_bytes) if media_bytes else None,
            media_blake3=record.get("media_blake3"),
            source_url=record.get("source_url"),
            retention_hours=int(retention_ms) / HOUR_MS if retention_ms else None,
            sensitivity=record.get("sensitivity"),
            audio_seconds=int(audio_ms) / 1000 if audio_ms else None,
            cost_seconds=int(record["cost_ms"]) / 1000,
            created_at=moment(record["created_at_ms"]),
            started_at=optional_moment(record.get("started_at_ms")),
            claimed_at=optional_moment(record.get("claimed_at_ms")),
            finished_at=optional_moment(record.get("finished_at_ms")),
            expires_at=optional_moment(record.get("expires_at_ms")),
            fence=int(record.get("fence", 0)),
            attempts=int(record.get("attempts", 0)),
            errors=int(record.get("errors", 0)),
            crashes=int(record.get("crashes", 0)),
            worker=record.get("worker"),
            progress_seconds=int(record.get("progress_ms", 0)) / 1000,
            resumed_from_seconds=int(record.get("resumed_from_ms", 0)) / 1000,
            info=TranscriptInfo.model_validate_json(info) if info else None,
            request_id=record.get("request_id"),
            traceparent=record.get("traceparent"),
            failure=FailureCode(failure) if failure else None,
            failure_detail=record.get("failure_detail"),
        )


@lru_cache(maxsize=1024)
def _options(text: str) -> TranscriptionOptions:
    """Read options; most jobs have those of many others."""
    return TranscriptionOptions.model_validate_json(text)


class AttemptRecord(BaseModel):
    """How an attempt ended, as the scripts write it into a work's history."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    attempt: int = Field(description="1 for the first; one that was handed back shares its number with the next.")
    worker: str
    started_at_ms: int = Field(description="Milliseconds since 1970.")
    ended_at_ms: int = Field(description="Milliseconds since 1970.")
    from_ms: int = Field(description="Audio done before it, in milliseconds.")
    to_ms: int = Field(default=0, description="Audio done when it ended, in milliseconds.")
    outcome: Literal["completed", "cancelled", "failed", "error", "crashed", "handed_back"]
    failure: FailureCode | None = None
    detail: str | None = None


def moment(milliseconds: str) -> datetime:
    """Return a time in UTC, given in milliseconds since 1970."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)


def optional_moment(milliseconds: str | None) -> datetime | None:
    """Return a time in UTC, or None if there is none."""
    return moment(milliseconds) if milliseconds else None
