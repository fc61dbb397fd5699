"""What the gateway answers, as documented models."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.dead_letter_store import DeadLetter
from api.erasure import ErasedTenant
from api.eta import Estimate
from api.job_store import Accepted, AcceptOutcome, JobState
from api.transcript_formats import PlainTranscript
from core.errors import FailureCode
from core.job import Job
from core.options import TranscriptionOptions
from core.work import AttemptRecord, JobStatus
from core.worker_entry import WorkerEntry

_JOB_ID = "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
_ACCEPTED_MESSAGES = {
    AcceptOutcome.ACCEPTED: "Accepted.",
    AcceptOutcome.JOINED: "Accepted; it shares the transcription of the same audio that is under way.",
    AcceptOutcome.CACHED: "Accepted; the same audio was transcribed before: the result is there.",
    AcceptOutcome.REPLAYED: "This request was accepted before.",
}


class JobAccepted(BaseModel):
    """The job is stored and will be done."""

    job_id: str = Field(examples=[_JOB_ID])
    status: JobStatus = Field(description="`queued` for a fresh job; further on for one that shares a work.")
    cached: bool = Field(
        description="The same audio with the same options was transcribed before: the result is there."
    )
    message: str = Field(examples=[f"Accepted. Follow it at /status/{_JOB_ID}"])

    @classmethod
    def of(cls, accepted: Accepted) -> "JobAccepted":
        """Show what became of a submission."""
        return cls(
            job_id=accepted.job_id,
            status=accepted.status,
            cached=accepted.outcome is AcceptOutcome.CACHED,
            message=f"{_ACCEPTED_MESSAGES[accepted.outcome]} Follow it at {status_path(accepted.job_id)}",
        )


def status_path(job_id: str) -> str:
    """Return where a job is followed."""
    return f"/status/{job_id}"


class Progress(BaseModel):
    """How far a job is, in audio seconds."""

    audio_seconds_done: float = Field(description="Seconds of audio transcribed, from its start.", examples=[30.0])
    audio_seconds_total: float | None = Field(description="Length of the audio; null while unknown.", examples=[120.5])
    percent: float | None = Field(description="0 to 100; null while the length is unknown.", examples=[24.9])

    @classmethod
    def of(cls, done_seconds: float, total_seconds: float | None) -> "Progress":
        """Return the progress of a job that has done so many seconds of so many."""
        done = min(done_seconds, total_seconds) if total_seconds else done_seconds
        percent = round(100 * done / total_seconds, 1) if total_seconds else None
        return cls(audio_seconds_done=done, audio_seconds_total=total_seconds, percent=percent)


class Eta(BaseModel):
    """When a job will be completed, from how fast its lane has been of late."""

    seconds: float = Field(description="From now.", examples=[42.0])
    low_seconds: float = Field(description="If it goes as fast as at its best of late.", examples=[35.5])
    high_seconds: float = Field(description="If it goes as slow as at its worst of late.", examples=[58.0])

    @classmethod
    def of(cls, estimate: Estimate) -> "Eta":
        """Return an estimate's view."""
        return cls(
            seconds=round(estimate.seconds, 1),
            low_seconds=round(estimate.low_seconds, 1),
            high_seconds=round(estimate.high_seconds, 1),
        )


class JobPlace(BaseModel):
    """What of a waiting job changes while nothing of itself does. In a `JobView` these fields follow one another."""

    queue_position: int | None
    audio_seconds_ahead: float | None
    eta: Eta | None

    @classmethod
    def of(cls, state: JobState, estimate: Estimate | None) -> "JobPlace":
        """Return the place of a job that waits, or of one that doesn't."""
        position = state.queue_position
        return cls(
            queue_position=position,
            audio_seconds_ahead=round(state.audio_seconds_ahead, 1) if position else None,
            eta=Eta.of(estimate) if estimate else None,
        )


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
    audio_seconds_ahead: float | None = Field(
        default=None, description="Audio that is due before it; null when it isn't waiting (single job only)."
    )
    eta: Eta | None = Field(
        default=None,
        description="When it will be completed; null when it is finished, or while nothing is known of its lane or no "
        "worker serves it (single job only).",
    )
    language: str | None = Field(description="Given or detected; null while unknown.", examples=["en"])
    attempt: int = Field(description="Attempts begun.", examples=[1])
    cached: bool = Field(description="Answered from the result of the same audio with the same options.")
    cancel_requested: bool = Field(description="Cancellation was asked for; the worker stops after its segment.")
    retention_hours: float | None = Field(
        description="Hours after its end when everything of it is removed; null: its result goes after "
        "RESULT_TTL_HOURS, and its record stays RECORD_TTL_HOURS longer."
    )
    sensitivity: str | None = Field(description="Its label; null where no labels are set up.")
    failure: JobFailure | None = Field(description="Why it failed, if it did.")
    created_at: datetime
    started_at: datetime | None = Field(description="When its first attempt began.")
    finished_at: datetime | None
    expires_at: datetime | None = Field(
        description="When its result will be removed, and with a retention everything else of it; null until it ends."
    )

    @classmethod
    def of(cls, job: Job, *, state: JobState | None = None, estimate: Estimate | None = None) -> "JobView":
        """Return a job's view, with what is known of its place if that is given."""
        work = job.work
        place = JobPlace.of(state, estimate) if state else None
        return cls(
            job_id=job.job_id,
            status=job.status,
            model=work.lane,
            file_name=job.file_name,
            options=work.options,
            progress=Progress.of(work.progress_seconds, work.audio_seconds),
            segments=state and state.segments,
            queue_position=place and place.queue_position,
            audio_seconds_ahead=place and place.audio_seconds_ahead,
            eta=place and place.eta,
            language=work.info.language if work.info else None,
            attempt=work.attempts,
            cached=job.cached,
            cancel_requested=job.cancel_requested,
            retention_hours=work.retention_hours,
            sensitivity=work.sensitivity,
            failure=JobFailure(code=work.failure, detail=work.failure_detail or "")
            if work.failure and job.status is JobStatus.FAILED
            else None,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            expires_at=job.expires_at,
        )


class JobWithResult(JobView):
    """A job as its owner sees it, and what came of it."""

    error: str | None = Field(description="Why it failed, or that it was cancelled; null otherwise.")
    result: PlainTranscript | None = Field(description="The transcript; null until the job is completed.")

    @classmethod
    def of_state(cls, state: JobState, *, result: PlainTranscript | None, estimate: Estimate | None) -> "JobWithResult":
        """Return the view of a job, with the transcript of one that is completed."""
        view = JobView.of(state.job, state=state, estimate=estimate)
        error = view.failure and view.failure.detail
        if state.job.status is JobStatus.CANCELLED:
            error = "The job was cancelled."
        return cls(**dict(view), error=error, result=result)


class JobEvent(BaseModel):
    """Event `status`: the job has entered a status."""

    job_id: str = Field(examples=[_JOB_ID])
    status: JobStatus
    attempt: int
    failure: JobFailure | None = None


class QueueEvent(BaseModel):
    """Event `queue`: where the job waits."""

    position: int = Field(description="1 is next.", examples=[3])
    eta: Eta | None = None

    @classmethod
    def of(cls, state: JobState, estimate: Estimate | None) -> "QueueEvent":
        """Return the event of a waiting job."""
        return cls(position=state.queue_position or 0, eta=Eta.of(estimate) if estimate else None)


class JobList(BaseModel):
    """A page of jobs, newest first."""

    jobs: list[JobView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class ErasedView(BaseModel):
    """What an erasure has removed, in numbers."""

    model_config = ConfigDict(from_attributes=True)

    records: int = Field(description="Records of jobs.", examples=[1])
    results: int = Field(examples=[1])
    segments: int = Field(examples=[12])
    events: int = Field(description="What followers were told, or could have been.", examples=[15])
    attempts: int = Field(examples=[1])
    webhook_events: int = Field(description="With the log of their deliveries.", examples=[1])
    idempotency_keys: int = Field(examples=[1])
    corrections: int = Field(description="Segments that were corrected.", examples=[2])
    audio_files: int = Field(
        description="Of finished jobs the clean-up removes the audio within CLEAN_UP_SECONDS; failed ones keep it.",
        examples=[0],
    )
    audio_bytes: int = Field(examples=[0])


class JobRemoval(BaseModel):
    """What DELETE did."""

    job_id: str = Field(examples=[_JOB_ID])
    outcome: Literal["cancelled", "cancel_requested", "erased"] = Field(
        description="`cancelled`: at once, for it was waiting, or others wait for the same. `cancel_requested`: it is "
        "running and stops after its segment. `erased`: it was finished; audio, result and record are gone."
    )
    message: str = Field(examples=["The job was waiting and is cancelled."])
    erased: ErasedView | None = Field(default=None, description="What was removed, if the job is erased.")
    shared_with_other_jobs: bool | None = Field(
        default=None,
        description="If the job is erased: whether other jobs of the tenant asked for the same; transcript and audio "
        "stay for them, until the last is erased.",
    )


class TenantErasure(BaseModel):
    """What was removed of a tenant, by this call."""

    tenant: str = Field(examples=["acme"])
    erased: ErasedView
    keys: int = Field(
        description="API keys that were revoked; name, tenant and limits of each are removed, its id stays.",
        examples=[2],
    )
    pending: int = Field(
        description="Jobs that run: they stop after their current segment and are erased by a later call.", examples=[1]
    )
    remaining: int = Field(
        description="Jobs that are left, with those that are pending: call again until it is 0.", examples=[1]
    )

    @classmethod
    def of(cls, tenant: str, done: ErasedTenant) -> "TenantErasure":
        """Return the view of what was removed."""
        return cls(
            tenant=tenant,
            erased=ErasedView.model_validate(done.erased),
            keys=done.keys,
            pending=done.pending,
            remaining=done.remaining,
        )


class DeadLetterView(BaseModel):
    """A failed job with the history of its attempts."""

    job: JobView
    job_ids: list[str] = Field(
        description="All jobs that failed with it, because they asked for the same; requeue and purge concern them all."
    )
    attempts: list[AttemptRecord] = Field(description="Oldest first; the latest 50.")

    @classmethod
    def of(cls, letter: DeadLetter, job: Job | None = None) -> "DeadLetterView":
        """Return a dead letter's view, as that of one of its jobs."""
        return cls(
            job=JobView.of(job or letter.jobs[0]),
            job_ids=[each.job_id for each in letter.jobs],
            attempts=list(letter.attempts),
        )


class DeadLetterList(BaseModel):
    """Dead letters, the latest first."""

    dead_letters: list[DeadLetterView]
    total: int = Field(description="How many there are, of this failure if one was asked for.")


class DeadLettersMoved(BaseModel):
    """What was done to dead letters."""

    outcome: Literal["requeued", "purged"]
    job_ids: list[str] = Field(description="The jobs concerned.")


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
    joined: int = Field(description="Accepted jobs that shared a work which waited or ran.")
    cached: int = Field(description="Accepted jobs that were answered from a result.")
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
