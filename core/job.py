"""The job: the user's unit of work, as it stands in Redis."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from core.errors import FailureCode
from core.options import TranscriptionOptions


class JobStatus(StrEnum):
    """Where a job stands. Cancellation on request is a flag beside it until the worker has stopped."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_finished(self) -> bool:
        """Whether the status is final (an operator's requeue aside)."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


class Job(BaseModel):
    """One job, read from its Redis hash. All times are UTC, taken from Redis' clock."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    """128 random bits in hexadecimal."""
    tenant: str
    """Whose job it is; fair queuing shares a lane between tenants."""
    lane: str
    """The queue it waits in: the name of its model."""
    status: JobStatus
    options: TranscriptionOptions
    file_name: str | None
    """The client's name for the file, for display only."""
    media_bytes: int
    media_sha256: str
    audio_seconds: float | None
    """Length of the audio: from the container's header, replaced by the decoded length; None if unknown."""
    cost_seconds: float
    """What fair queuing charges for it: the audio seconds to transcribe, estimated where unknown."""
    created_at: datetime
    started_at: datetime | None
    """When the first attempt began."""
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
    """Name of the worker that has, or last had, the job."""
    cancel_requested: bool
    progress_seconds: float
    """Audio seconds done, measured from the start of the audio."""
    language: str | None
    """Given or, once known, detected."""
    failure: FailureCode | None
    failure_detail: str | None

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> Self:
        """Read a job from its Redis hash (the fields `accept.lua` documents)."""
        failure = record.get("failure")
        audio_ms = record.get("audio_ms")
        return cls(
            job_id=record["job_id"],
            tenant=record["tenant"],
            lane=record["lane"],
            status=JobStatus(record["status"]),
            options=TranscriptionOptions.model_validate_json(record["options"]),
            file_name=record.get("file_name"),
            media_bytes=int(record["media_bytes"]),
            media_sha256=record["media_sha256"],
            audio_seconds=int(audio_ms) / 1000 if audio_ms else None,
            cost_seconds=int(record["cost_ms"]) / 1000,
            created_at=_moment(record["created_at_ms"]),
            started_at=_optional_moment(record.get("started_at_ms")),
            finished_at=_optional_moment(record.get("finished_at_ms")),
            expires_at=_optional_moment(record.get("expires_at_ms")),
            fence=int(record.get("fence", 0)),
            attempts=int(record.get("attempts", 0)),
            errors=int(record.get("errors", 0)),
            crashes=int(record.get("crashes", 0)),
            worker=record.get("worker"),
            cancel_requested=record.get("cancel_requested") == "1",
            progress_seconds=int(record.get("progress_ms", 0)) / 1000,
            language=record.get("language"),
            failure=FailureCode(failure) if failure else None,
            failure_detail=record.get("failure_detail"),
        )


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)


def _optional_moment(milliseconds: str | None) -> datetime | None:
    return _moment(milliseconds) if milliseconds else None
