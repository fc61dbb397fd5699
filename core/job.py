"""The job: the user's unit. It has an owner, a name and a cancellation of its own; the rest is its work's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from core.work import JobStatus, Work, moment, optional_moment

JOB_ID_PATTERN = "[0-9a-f]{32}"
"""A regular expression of what a job's id looks like."""


class Job(BaseModel):
    """One job with its work, read from their Redis hashes. All times are UTC, taken from Redis' clock."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    job_id: str
    """128 random bits in hexadecimal."""
    tenant: str
    """Whose job it is."""
    file_name: str | None
    """The client's name for the file, for display only."""
    upload_id: str | None = None
    """The upload that came before it and holds its audio, which others of its tenant may name as well."""
    created_at: datetime
    cached: bool
    """It was answered from a result that was there."""
    cancelled_at: datetime | None
    """When it was cancelled while its work went on for other jobs."""
    last_event: str | None
    """Id of the event of that cancellation: what comes behind it is no concern of this job."""
    cancel_requested: bool
    """Its worker was asked to stop."""
    retained_until: datetime | None
    """When everything of it goes, if it has a retention and has ended."""
    work: Work

    @classmethod
    def from_records(cls, job: Mapping[str, str], work: Mapping[str, str]) -> Self:
        """Read a job from its hash and its work's (the fields `accept.lua` documents)."""
        return cls(
            job_id=job["job_id"],
            tenant=job["tenant"],
            file_name=job.get("file_name"),
            upload_id=job.get("upload_id"),
            created_at=moment(job["created_at_ms"]),
            cached=job.get("cached") == "1",
            cancelled_at=optional_moment(job.get("cancelled_at_ms")),
            last_event=job.get("last_event"),
            cancel_requested=job.get("cancel_requested") == "1",
            retained_until=optional_moment(job.get("expires_at_ms")),
            work=Work.from_record(work),
        )

    @property
    def status(self) -> JobStatus:
        """Its own cancellation, or where its work stands."""
        return JobStatus.CANCELLED if self.cancelled_at else self.work.status

    @property
    def started_at(self) -> datetime | None:
        """When work began for it; a job that shares an earlier one's work can't have waited before it came."""
        return max(self.work.started_at, self.created_at) if self.work.started_at else None

    @property
    def finished_at(self) -> datetime | None:
        """When it was finished: at once, if the result was there."""
        if self.cancelled_at:
            return self.cancelled_at
        return max(self.work.finished_at, self.created_at) if self.work.finished_at else None

    @property
    def expires_at(self) -> datetime | None:
        """When its result is removed; None until it has ended."""
        return self.retained_until or self.work.expires_at
