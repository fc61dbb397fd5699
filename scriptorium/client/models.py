"""What the service answers, as typed values that don't change.

A newer service may say more: fields that are not known here are left out, and a status or an event that is not known is
no error. Times are UTC.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypedDict

from pydantic import BaseModel, ConfigDict

FINISHED = frozenset({"completed", "failed", "cancelled"})
"""The statuses that are final, unless an operator requeues a failed job."""


class Options(TypedDict, total=False):
    """What a job may ask for, by the names that `POST /transcribe` has for it; what is left out is the service's."""

    model: str
    language: str
    """A Whisper code (`en`) or an English name (`english`); detected if left out."""
    task: Literal["transcribe", "translate"]
    initial_prompt: str
    hotwords: str
    quality: Literal["fast", "balanced", "accurate"]
    beam_size: int
    temperature: float
    vad_filter: bool
    multilingual: bool
    channels: Literal["mix", "split"]
    diarize: bool
    min_speakers: int
    max_speakers: int
    word_timestamps: bool
    clip_start_seconds: float
    clip_end_seconds: float
    redact: list[str] | tuple[str, ...]
    """Kinds of personal data, such as `email`."""
    webhook_url: str
    """Who is told of the job's end."""
    retention_hours: float
    sensitivity: str


class Model(BaseModel):
    """Of every model here."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, protected_namespaces=())


class Failure(Model):
    """Why a job failed."""

    code: str
    """A stable name, such as `audio_undecodable`."""
    detail: str = ""


class Progress(Model):
    """How far a job is, in audio seconds."""

    audio_seconds_done: float
    audio_seconds_total: float | None = None
    """None while the length isn't known."""
    percent: float | None = None
    """0 to 100."""


class Eta(Model):
    """When a job will be completed: seconds from now, with their range."""

    seconds: float
    low_seconds: float
    high_seconds: float


class Job(Model):
    """A job. What `submit` returns has `job_id`, `status` and `cached` alone; `job` returns the rest."""

    job_id: str
    status: str
    """`queued`, `processing`, `completed`, `failed` or `cancelled`."""
    cached: bool = False
    """Answered from the result of the same audio with the same options."""
    model: str | None = None
    file_name: str | None = None
    options: Mapping[str, Any] | None = None
    """As the service has understood them."""
    progress: Progress | None = None
    segments: int | None = None
    """How many are there so far; of a single job only."""
    queue_position: int | None = None
    """1 is next; None when it isn't waiting."""
    audio_seconds_ahead: float | None = None
    eta: Eta | None = None
    language: str | None = None
    """Given or detected."""
    attempt: int | None = None
    """Attempts begun."""
    cancel_requested: bool = False
    retention_hours: float | None = None
    sensitivity: str | None = None
    failure: Failure | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_finished(self) -> bool:
        """Whether its status is final."""
        return self.status in FINISHED


class Word(Model):
    """A word, with its time in seconds from the start of the audio and the model's probability for it."""

    word: str
    start: float
    end: float
    probability: float | None = None


class Segment(Model):
    """A stretch of speech; times are seconds from the start of the audio."""

    id: int
    start: float
    end: float
    text: str
    words: tuple[Word, ...] | None = None
    """With `word_timestamps`."""
    channel: int | None = None
    """From 1, with `channels="split"`."""
    speaker: int | None = None
    """From 1 in the order of appearance, with `diarize`."""
    language: str | None = None
    """With `multilingual`."""


class Transcript(Model):
    """What was said."""

    text: str
    language: str
    language_probability: float
    duration_seconds: float
    segments: tuple[Segment, ...]
    redacted: Mapping[str, int] | None = None
    """How often each kind was taken out, with `redact`."""


class _OfStream(Model):
    event_id: str | None = None
    """Where in the job's events it is, for `last_event_id`; None of what tells of the moment only."""


class StatusEvent(_OfStream):
    """The job has entered a status."""

    job_id: str
    status: str
    attempt: int
    failure: Failure | None = None


class QueueEvent(_OfStream):
    """Where the job waits; 1 is next."""

    position: int
    eta: Eta | None = None


class SegmentEvent(_OfStream):
    """A stretch of speech is there."""

    segment: Segment


class ProgressEvent(_OfStream):
    """So far it has come."""

    progress: Progress


Event: TypeAlias = StatusEvent | QueueEvent | SegmentEvent | ProgressEvent


class Erased(Model):
    """What an erasure has removed, in numbers."""

    job_id: str
    erased: Mapping[str, int]
    shared_with_other_jobs: bool | None = None
    """Whether transcript and audio stay for others of the tenant that asked for the same."""


class Hit(Model):
    """A segment that a search has found."""

    job_id: str
    file_name: str | None = None
    created_at: datetime
    segment_id: int
    start: float
    end: float
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    """Which characters of `text` match, each from and to."""


class Correction(Model):
    """A corrected segment."""

    segment_id: int
    start: float
    end: float
    heard: str
    text: str
    edits: int


class Corrections(Model):
    """What people have corrected of a transcript."""

    job_id: str
    corrected_at: datetime | None = None
    words: int
    edits: int
    segments: tuple[Correction, ...]


class Attempt(Model):
    """One execution of a job; times are milliseconds, of the day since 1970 and of the audio."""

    attempt: int
    worker: str
    outcome: str
    failure: str | None = None
    detail: str | None = None
    started_at_ms: int
    ended_at_ms: int
    from_ms: int
    to_ms: int


class DeadLetter(Model):
    """A failed job with the history of its attempts."""

    job: Job
    job_ids: tuple[str, ...]
    """All that failed with it, because they asked for the same."""
    attempts: tuple[Attempt, ...]


class Lane(Model):
    """The queue of one model."""

    model: str
    pending_jobs: int
    pending_audio_seconds: float


class Worker(Model):
    """A worker that is alive."""

    name: str
    lane: str
    """The name of its model."""
    device: str
    compute_type: str
    concurrency: int
    running: int
    """Jobs it runs now."""
    state: str
    version: str
    redacts: tuple[str, ...] = ()
    diarizes: bool = False


class Health(Model):
    """Whether jobs that are submitted now will be done."""

    status: str
    """`ready`, `no_workers` or `store_unavailable`."""
    version: str
    redis: bool
    queue: tuple[Lane, ...]
    workers: tuple[Worker, ...]
    mean_latency_seconds: float | None = None

    @property
    def is_ready(self) -> bool:
        """Whether they will."""
        return self.status == "ready"


class Stats(Model):
    """Counters since the installation's first job, and what is going on now."""

    queue: tuple[Lane, ...]
    workers: tuple[Worker, ...]
    processing_jobs: int
    dead_letters: int
    accepted: int
    joined: int
    cached: int
    completed: int
    failed: int
    cancelled: int
    attempt_errors: int
    lease_expiries: int
    audio_seconds_completed: float
    processing_seconds: float
    rtf: float | None = None
    mean_latency_seconds: float | None = None
