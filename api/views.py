"""What the gateway answers, as documented models."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from core.errors import FailureCode
from core.job import Job, JobStatus
from core.options import TranscriptionOptions
from core.worker_entry import WorkerEntry

_JOB_ID = "5f0c2a4e9b1d47c8a36e1f0b7d92c485"


class JobAccepted(BaseModel):
    """The job is stored and will be done."""

    job_id: str = Field(examples=[_JOB_ID])
    status: Literal[JobStatus.QUEUED] = Field(description="A fresh job waits in its lane.")
    message: str = Field(examples=[f"Accepted. Follow it at /status/{_JOB_ID}"])


class Progress(BaseModel):
    """How far a job is, in audio seconds."""

    audio_seconds_done: float = Field(description="Seconds of audio transcribed, from its start.", examples=[30.0])
    audio_seconds_total: float | None = Field(description="Length of the audio; null while unknown.", examples=[120.5])
    percent: float | None = Field(description="0 to 100; null while the length is unknown.", examples=[24.9])


class JobFailure(BaseModel):
    """Why a job failed."""

    code: FailureCode = Field(examples=["audio_undecodable"])
    detail: str = Field(examples=["The file is not decodable audio."])


class JobView(BaseModel):
    """A job as its owner sees it. Times are UTC."""

    job_id: str = Field(examples=[_JOB_ID])
    status: JobStatus
    model: str = Field(description="The model it is transcribed with.", examples=["base"])
    file_name: str | None = Field(description="Last part of the file name sent.", examples=["interview.mp3"])
    options: TranscriptionOptions = Field(description="The options, as validated.")
    progress: Progress
    segments: int | None = Field(default=None, description="Segments committed so far (single job only).")
    queue_position: int | None = Field(
        default=None, description="1 is next; null when it isn't waiting (single job only)."
    )
    language: str | None = Field(description="Given or detected; null while unknown.", examples=["en"])
    attempt: int = Field(description="Attempts begun.", examples=[1])
    cancel_requested: bool = Field(description="Cancellation was asked for; the worker stops after its segment.")
    failure: JobFailure | None = Field(description="Why it failed, if it did.")
    created_at: datetime
    started_at: datetime | None = Field(description="When its first attempt began.")
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When its result will be removed.")

    @classmethod
    def of(cls, job: Job, *, queue_position: int | None = None, segments: int | None = None) -> "JobView":
        """Return a job's view."""
        total = job.audio_seconds
        done = min(job.progress_seconds, total) if total else job.progress_seconds
        return cls(
            job_id=job.job_id,
            status=job.status,
            model=job.lane,
            file_name=job.file_name,
            options=job.options,
            progress=Progress(
                audio_seconds_done=done,
                audio_seconds_total=total,
                percent=round(100 * done / total, 1) if total else None,
            ),
            segments=segments,
            queue_position=queue_position,
            language=job.language,
            attempt=job.attempts,
            cancel_requested=job.cancel_requested,
            failure=JobFailure(code=job.failure, detail=job.failure_detail or "") if job.failure else None,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            expires_at=job.expires_at,
        )


class JobList(BaseModel):
    """A page of jobs, newest first."""

    jobs: list[JobView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class JobRemoval(BaseModel):
    """What DELETE did."""

    job_id: str = Field(examples=[_JOB_ID])
    outcome: Literal["cancelled", "cancel_requested", "erased"] = Field(
        description="`cancelled`: it was waiting. `cancel_requested`: it is running and stops after its segment. "
        "`erased`: it was finished; audio, result and record are gone."
    )
    message: str = Field(examples=["The job was waiting and is cancelled."])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class LaneView(BaseModel):
    """One lane: the queue of one model."""

    model: str = Field(examples=["base"])
    pending_jobs: int = Field(examples=[3])
    pending_audio_seconds: float = Field(examples=[412.7])


class Readiness(BaseModel):
    """Whether jobs that are posted now will be done."""

    status: Literal["ready", "no_workers", "store_unavailable"]
    version: str
    redis: bool
    queue: list[LaneView]
    workers: list[WorkerEntry] = Field(description="Workers that are alive, each with the model it holds.")
    mean_latency_seconds: float | None = Field(
        description="From acceptance to completion, over all completed jobs; null before the first."
    )


class Stats(BaseModel):
    """Counters since the installation's first job, and what is going on now."""

    queue: list[LaneView]
    processing_jobs: int
    dead_letters: int
    workers: list[WorkerEntry]
    accepted: int
    completed: int
    failed: int
    cancelled: int
    attempt_errors: int = Field(description="Attempts that ended in a retryable error.")
    lease_expiries: int = Field(description="Attempts taken back from a worker that stopped answering.")
    audio_seconds_completed: float
    processing_seconds: float = Field(description="Attempt time of completed jobs.")
    rtf: float | None = Field(
        description="Processing seconds per audio second of one job (below 1 is faster than real time); "
        "jobs that run side by side each count their own time."
    )
    mean_latency_seconds: float | None
