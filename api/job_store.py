"""The gateway's side of the job store: creates, reads, asks for cancellation, erases. Asynchronous."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, cast

from redis.asyncio import Redis

from api.disk_sync import DiskSync
from api.erasure import Erased, ErasedRecords
from api.eta import Completion, seconds_until_room
from api.gathering import Gathering
from core.errors import (
    IdempotencyConflict,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    QueueFull,
    StoreUnavailable,
)
from core.job import Job
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.options import TranscriptionOptions
from core.transcript import Segment, Transcript, TranscriptInfo
from core.webhooks import WebhookCall
from core.work import JobStatus
from core.worker_entry import WorkerEntry

_LIST_BATCH = 200
_LIST_SCANS = 50
_EVENTS_BATCH = 500
_SCRIPTS = (
    JobScript.ACCEPT,
    JobScript.CANCEL,
    JobScript.ERASE,
    JobScript.LOOK,
)
_MAX_SHARING = 1000
"""Jobs that may share a work: finishing one touches them all in one script."""
_USUAL_CALL = WebhookCall()
_MAX_LOOKS = 32
"""Jobs looked at in one script: a millisecond of Redis' time."""

_Look = tuple[list[str], list[str], int, int, int, list[int]]
"""What `look.lua` returns of a job."""
_NO_JOB: _Look = ([], [], 0, 0, 0, [])


@dataclass(frozen=True, slots=True)
class NewJob:
    """What the gateway knows of a job when it accepts it."""

    job_id: str
    tenant: str
    weight: float
    lane: str
    options: TranscriptionOptions
    file_name: str | None = None
    media_bytes: int | None = None
    media_blake3: str | None = None
    audio_seconds: float | None = None
    cost_seconds: float = 0.0
    """Audio seconds that fair queuing charges."""
    source_url: str | None = field(default=None, repr=False)
    """Where a worker fetches the audio, of which nothing is known then."""
    shares_work: bool = False
    """Whether a work of the same tenant that asks for the same may serve it."""
    idempotency_key: str | None = None
    upload_id: str | None = None
    """The upload that came before it and holds its audio."""
    webhook_url: str | None = None
    """Whom to tell of the job's end. Its own: jobs that share a work each tell their own."""
    webhook_call: WebhookCall = _USUAL_CALL
    request_id: str | None = None
    """Id of the request, for the log lines of the work that it makes."""
    traceparent: str | None = None
    """The request's span, which those of the work and of the job's webhooks belong to; None if it isn't traced."""
    retention_ms: int | None = None
    """How long after its end everything of it is kept; None: as long as the service keeps results and records."""
    sensitivity: str | None = None
    inherited: frozenset[str] = frozenset()
    """Form fields of which the value is its key's or the service's: no part of the request."""

    @property
    def digest(self) -> str:
        """What is asked for: tenant, lane, audio, options, retention and label, as a SHA-256 in hexadecimal."""
        terms = {"retention_ms": self.retention_ms, "sensitivity": self.sensitivity}
        given = {name: value for name, value in terms.items() if value is not None}
        return _digest([self._transcription_digest, given]) if given else self._transcription_digest

    @property
    def _transcription_digest(self) -> str:
        options = self.options.model_dump(mode="json", by_alias=True, exclude={"model"})
        return _digest([self.tenant, self.lane, self.media_blake3 or {"url": self.source_url}, options])

    @property
    def _body_digest(self) -> str:
        """What the whole request asks for, and it alone: an operator may change what its key adds to that."""
        terms = {
            "webhook_url": self.webhook_url,
            "retention_hours": self.retention_ms,
            "sensitivity": self.sensitivity,
        }
        given = {name: value for name, value in terms.items() if value is not None and name not in self.inherited}
        return _digest([self._transcription_digest, given]) if given else self._transcription_digest

    def arguments(self) -> dict[str, object]:
        """Return what `accept.lua` takes of a job; None where there is nothing."""
        work = {
            "tenant": self.tenant,
            "weight": repr(self.weight),
            "lane": self.lane,
            "options": self.options.model_dump_json(by_alias=True),
            "media_bytes": None if self.media_bytes is None else str(self.media_bytes),
            "media_blake3": self.media_blake3,
            "source_url": self.source_url,
            "audio_ms": None if self.audio_seconds is None else str(_milliseconds(self.audio_seconds)),
            "cost_ms": str(_milliseconds(self.cost_seconds)),
            "request_id": self.request_id,
            "traceparent": self.traceparent,
            "retention_ms": None if self.retention_ms is None else str(self.retention_ms),
            "sensitivity": self.sensitivity,
        }
        owned = {
            "tenant": self.tenant,
            "file_name": self.file_name,
            "upload_id": self.upload_id,
            "webhook_url": self.webhook_url,
            # Only its webhooks need one of its own.
            "traceparent": self.traceparent if self.webhook_url else None,
        }
        return {
            "job_id": self.job_id,
            "job": _given(owned) | (self.webhook_call.record() if self.webhook_url else {}),
            "work": _given(work),
            "digest": self.digest if self.shares_work else None,
            "idempotency_key": _digest([self.tenant, self.idempotency_key]) if self.idempotency_key else None,
            "body": self._body_digest if self.idempotency_key else None,
        }


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What a lane may hold, beyond which jobs are refused."""

    max_jobs: int
    max_audio_seconds: float


class AcceptOutcome(StrEnum):
    """How a job was accepted."""

    ACCEPTED = "accepted"
    """It waits, with a work of its own."""
    JOINED = "joined"
    """It shares a work that waits or runs; its audio is not needed."""
    CACHED = "cached"
    """It shares a finished work and is completed; its audio is not needed."""
    REPLAYED = "replayed"
    """The request was accepted before; its audio is not needed."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that stands for the request."""

    outcome: AcceptOutcome
    job_id: str
    status: JobStatus
    waiting: int = 0
    """Works that waited in its lane before its own did."""


class CancelOutcome(StrEnum):
    """What asking for cancellation led to."""

    CANCELLED = "cancelled"
    """It was waiting, or others wait for the same work: it is cancelled."""
    REQUESTED = "requested"
    """It is running; its worker stops after the current segment."""
    FINISHED = "finished"
    """There was nothing left to cancel."""


@dataclass(frozen=True)
class JobState:
    """A job as it stands, and what is around it. Its records are read when they are first asked for."""

    record: Mapping[str, str]
    """Its Redis hash."""
    work_record: Sequence[str]
    """Its work's Redis hash, as a flat list."""
    segments: int
    """Committed so far."""
    queue_position: int | None
    """1 is next; None if it does not wait in the queue."""
    audio_seconds_ahead: float
    """Audio that is due before it."""
    lane_remaining_seconds: Sequence[float]
    """Audio that the processing works of its lane, or 100 of them, have left; empty unless it waits."""

    @cached_property
    def job(self) -> Job:
        """The job."""
        return Job.from_records(self.record, _record(self.work_record))

    @property
    def version(self) -> int:
        """A number that is another one as soon as anything of the job or its work has changed."""
        return hash((*self.record.values(), *self.work_record, self.segments))


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane as it is now, with its counters since ever."""

    lane: str
    pending_jobs: int
    pending_audio_seconds: float
    oldest_age_seconds: float
    """How long the one that waits longest has waited since it was queued, for the first time or again; 0 if none."""
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs, newest first, and where the next one starts."""

    jobs: Sequence[Job]
    next_cursor: str | None


class JobStore:
    """Jobs in Redis, for the gateway. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(
        self,
        client: Redis,
        *,
        result_ttl_ms: int,
        record_ttl_ms: int,
        idempotency_ttl_ms: int,
        limits: QueueLimits,
        keys: Keys | None = None,
    ) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._ttls: dict[str, object] = {"result_ttl_ms": result_ttl_ms, "record_ttl_ms": record_ttl_ms}
        self._idempotency_ttl_ms = idempotency_ttl_ms
        self._limits = limits
        self._scripts = {script: client.register_script(script.source) for script in _SCRIPTS}
        self._looks = Gathering(self._look, most=_MAX_LOOKS)
        self._disk = DiskSync(client)

    async def accept(self, job: NewJob, *, audit: Mapping[str, object] | None = None) -> Accepted:
        """Create a job, or find the one that stands for the same request. From here on it is never lost.

        `audit` is the entry that is written with it (`AuditLog.carried`).

        Raises:
            IdempotencyConflict: its idempotency key came with another request before.
            QueueFull: the lane holds as much as it may; nothing was stored.
            StoreUnavailable: Redis took the job and could not say in time that it is on its disk.
        """
        arguments: dict[str, object] = {
            **job.arguments(),
            "idempotency_ms": self._idempotency_ttl_ms,
            "max_jobs": self._limits.max_jobs,
            "max_audio_ms": _milliseconds(self._limits.max_audio_seconds),
            "max_sharing": _MAX_SHARING,
            "audit": audit,
            **self._ttls,
        }
        answer, on_disk = await self._disk.run(
            self._scripts[JobScript.ACCEPT], args=script_arguments(self._keys.prefix, arguments)
        )
        outcome, job_id, status, *waiting = cast("tuple[str, str, str, *tuple[int, ...]]", answer)
        match outcome:
            case "full":
                raise await self._queue_full(job, float(status) / 1000)
            case "conflict":
                raise IdempotencyConflict(
                    f"This Idempotency-Key came with another file or other options before, for job '{job_id}'. "
                    "Use a new key for a new request."
                )
        if not on_disk:
            again = "the same file with the same options" if job.shares_work else "the same Idempotency-Key"
            raise StoreUnavailable(
                f"The job store is too slow to say that the job is on its disk. Post it again: {again} finds the job "
                "if it is there."
            )
        return Accepted(AcceptOutcome(outcome), job_id, JobStatus(status), *waiting)

    async def _queue_full(self, job: NewJob, pending_seconds: float) -> QueueFull:
        completions = await self.pace(job.lane)
        return QueueFull(
            f"The queue of model '{job.lane}' is full ({pending_seconds:.0f} s of audio wait; MAX_QUEUE_JOBS, "
            "MAX_QUEUE_AUDIO_SECONDS). Nothing was stored; try again later.",
            retry_after_seconds=seconds_until_room(
                completions,
                jobs=1,
                audio_seconds=pending_seconds + job.cost_seconds - self._limits.max_audio_seconds,
            ),
        )

    async def look(self, job_id: str, *, tenant: str | None = None) -> JobState:
        """Return a job as it stands: anybody's, or only one of a tenant's.

        Raises:
            JobNotFound: no such job.
        """
        job, work, segments, position, ahead_ms, remaining = await self._looks.get(job_id) or _NO_JOB
        owned = _record(job)
        if not job or tenant not in {None, owned["tenant"]}:
            raise JobNotFound(f"There is no job '{job_id}'. It may have been erased, or it was never accepted.")
        return JobState(
            record=owned,
            work_record=work,
            segments=segments,
            queue_position=position or None,
            audio_seconds_ahead=ahead_ms / 1000,
            lane_remaining_seconds=[remaining_ms / 1000 for remaining_ms in remaining],
        )

    async def _look(self, job_ids: Sequence[str]) -> "Sequence[_Look | None]":
        return cast("Sequence[_Look | None]", await self._run(JobScript.LOOK, job_ids=job_ids))

    async def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFound: no such job.
        """
        return (await self.look(job_id)).job

    async def transcript(self, job: Job) -> Transcript:
        """Return a completed job's transcript.

        Raises:
            JobNotFinished: it is queued or processing.
            JobCancelled: it was cancelled.
            JobFailed: it failed; the error carries the reason.
            JobExpired: the result was kept as long as it is kept.
        """
        if job.status is JobStatus.CANCELLED:
            raise JobCancelled(f"Job '{job.job_id}' was cancelled; it has no result.")
        if job.status is JobStatus.FAILED and job.work.failure is not None:
            raise JobFailed(job.work.failure, job.work.failure_detail or "")
        if job.status is not JobStatus.COMPLETED:
            raise JobNotFinished(
                f"Job '{job.job_id}' is {job.status}. Ask GET /status/{job.job_id}?wait=30 until it is completed."
            )
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.get(self._keys.result(job.work.work_id))
            pipeline.lrange(self._keys.segments(job.work.work_id), 0, -1)
            result, segments = await pipeline.execute()
        if result is None:
            raise JobExpired(f"The result of job '{job.job_id}' has expired and is gone; post the audio again.")
        return Transcript(
            info=TranscriptInfo.model_validate_json(result),
            segments=tuple(Segment.model_validate_json(segment) for segment in segments),
        )

    async def events(self, work_id: str, *, after: str, inclusive: bool = False) -> list[tuple[str, dict[str, str]]]:
        """Return a work's events behind one of them (`0-0`: from the start), each with its id; at most 500."""
        found = await self._client.xrange(
            self._keys.events(work_id), min=after if inclusive else f"({after}", count=_EVENTS_BATCH
        )
        return cast("list[tuple[str, dict[str, str]]]", found)

    async def segments(self, work_id: str, first: int, last: int) -> list[Segment]:
        """Return committed segments by position, `first` included and `last` not, counted from 0."""
        if last <= first:
            return []
        found = await self._client.lrange(self._keys.segments(work_id), first, last - 1)
        return [Segment.model_validate_json(segment) for segment in cast("list[str]", found)]

    async def cancel(self, job_id: str) -> CancelOutcome:
        """Cancel a waiting job, or ask a running one to stop.

        Raises:
            JobNotFound: no such job.
        """
        outcome = await self._run(JobScript.CANCEL, job_id=job_id, cancel_id=secrets.token_hex(8), **self._ttls)
        if outcome == "unknown":
            raise JobNotFound(f"There is no job '{job_id}'.")
        return CancelOutcome(cast("str", outcome))

    async def erase(self, job_id: str) -> ErasedRecords:
        """Remove every trace of a finished job, and of its work unless others share it.

        Raises:
            JobNotFound: no such job, or not a finished one.
        """
        outcome, work_id, *counts = cast(
            "tuple[str, str, *tuple[int, ...]]", await self._run(JobScript.ERASE, job_id=job_id)
        )
        if outcome not in {"erased", "erased_work"}:
            raise JobNotFound(f"There is no job '{job_id}'.")
        results, segments, events, attempts, webhook_events, idempotency_keys, corrections = counts
        return ErasedRecords(
            work_id=work_id if outcome == "erased_work" else None,
            erased=Erased(
                records=1,
                results=results,
                segments=segments,
                events=events,
                attempts=attempts,
                webhook_events=webhook_events,
                idempotency_keys=idempotency_keys,
                corrections=corrections,
            ),
        )

    async def oldest(self, tenant: str, *, offset: int, limit: int) -> list[str]:
        """Return ids of a tenant's jobs, the oldest first, also of some whose record is gone."""
        return cast("list[str]", await self._client.zrange(self._keys.jobs_of(tenant), offset, offset + limit - 1))

    async def count(self, tenant: str) -> int:
        """Return how many jobs a tenant has."""
        return await self._client.zcard(self._keys.jobs_of(tenant))

    async def unlist(self, job_id: str, tenant: str) -> None:
        """Take a job whose record is gone out of the lists."""
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.zrem(self._keys.jobs, f"{job_id}:{tenant}")
            pipeline.zrem(self._keys.jobs_of(tenant), job_id)
            await pipeline.execute()

    async def page(
        self,
        *,
        tenant: str,
        status: JobStatus | None = None,
        lane: str | None = None,
        is_wanted: Callable[[Job], bool] = lambda _: True,
        limit: int,
        cursor: str | None,
        oldest_first: bool = False,
    ) -> JobPage:
        """Return up to `limit` jobs of a tenant, newest first unless told otherwise.

        `cursor` is a former page's `next_cursor`, or `cursor_of` a job. One call looks at a bounded number of jobs, so
        rare ones may come in pages that are not full; only a missing `next_cursor` means the end.

        Raises:
            ValueError: the cursor is none of ours.
        """
        found: list[Job] = []
        position = _Position.parse(cursor) if cursor else None
        for _ in range(_LIST_SCANS):
            entries, is_last = await self._index_after(tenant, position, oldest_first=oldest_first)
            jobs = await self._jobs([entry.job_id for entry in entries])
            for entry, job in zip(entries, jobs, strict=True):
                position = entry
                if job is None:
                    continue
                if status in {None, job.status} and lane in {None, job.work.lane} and is_wanted(job):
                    found.append(job)
                    if len(found) == limit:
                        return JobPage(found, str(position))
            if is_last:
                return JobPage(found, None)
        return JobPage(found, str(position))

    async def lanes(self) -> list[LaneState]:
        """Return every lane that ever had a job, by name."""
        names = sorted(cast("set[str]", await self._client.smembers(self._keys.lanes)))
        async with self._client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.zcard(self._keys.pending(name))
                pipeline.hget(self._keys.lane_state(name), "pending_ms")
                pipeline.zrange(self._keys.queued(name), 0, 0, withscores=True)
                pipeline.hgetall(self._keys.lane_counters(name))
            pipeline.time()
            *answers, (seconds, micros) = await pipeline.execute()
        now_ms = seconds * 1000 + micros / 1000
        return [
            LaneState(
                lane=name,
                pending_jobs=pending_jobs,
                pending_audio_seconds=int(pending_ms or 0) / 1000,
                oldest_age_seconds=(now_ms - oldest[0][1]) / 1000 if oldest else 0.0,
                counters={event: int(times) for event, times in counters.items()},
            )
            for name, pending_jobs, pending_ms, oldest, counters in zip(
                names, answers[::4], answers[1::4], answers[2::4], answers[3::4], strict=True
            )
        ]

    async def processing_jobs(self) -> int:
        """Return how many jobs are claimed now."""
        return await self._client.zcard(self._keys.leases)

    async def pace(self, lane: str) -> list[Completion]:
        """Return a lane's latest completions, newest first."""
        entries = cast("list[str]", await self._client.lrange(self._keys.pace(lane), 0, -1))
        return [Completion(*(int(part) / 1000 for part in entry.split())) for entry in entries]

    async def workers(self) -> list[WorkerEntry]:
        """Return the workers that are alive, by name."""
        names = sorted(cast("list[str]", await self._client.zrange(self._keys.workers, 0, -1)))
        if not names:
            return []
        entries = await self._client.mget([self._keys.worker(name) for name in names])
        return [WorkerEntry.model_validate_json(entry) for entry in entries if entry is not None]

    async def _run(self, script: JobScript, /, **arguments: object) -> object:
        answer: object = await self._scripts[script](args=script_arguments(self._keys.prefix, arguments))
        return answer

    async def _jobs(self, job_ids: Sequence[str]) -> list[Job | None]:
        """Return jobs by id, None where one, or its work, is gone."""
        jobs = await self._records(self._keys.job(job_id) for job_id in job_ids)
        works = await self._records(self._keys.work(job.get("work_id", "")) for job in jobs)
        return [Job.from_records(job, work) if job and work else None for job, work in zip(jobs, works, strict=True)]

    async def _records(self, keys: Iterable[str]) -> list[dict[str, str]]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.hgetall(key)
            records: list[dict[str, str]] = await pipeline.execute()
        return records

    async def _index_after(
        self, tenant: str, position: "_Position | None", *, oldest_first: bool
    ) -> tuple[list["_Position"], bool]:
        """Return a tenant's next jobs behind a position, and whether they are the last."""
        bound = position and position.created_at_ms
        first, last = (bound or "-inf", "+inf") if oldest_first else (bound or "+inf", "-inf")
        skipped = 0
        while True:
            raw = await self._client.zrange(
                self._keys.jobs_of(tenant),
                first,
                last,
                desc=not oldest_first,
                byscore=True,
                withscores=True,
                offset=skipped,
                num=_LIST_BATCH,
            )
            entries = [_Position(int(score), job_id) for job_id, score in cast("list[tuple[str, float]]", raw)]
            # Jobs may share a millisecond: those up to the position itself were seen already.
            behind = [entry for entry in entries if position is None or entry.is_behind(position, oldest_first)]
            is_last = len(entries) < _LIST_BATCH
            if behind or is_last:
                return behind, is_last
            skipped += _LIST_BATCH


def cursor_of(job: Job) -> str:
    """Return the cursor that leads on from a job, itself not included."""
    return str(_Position(round(job.created_at.timestamp() * 1000), job.job_id))


@dataclass(frozen=True, slots=True)
class _Position:
    """A place in the list of a tenant's jobs; as text, the cursor a client holds."""

    created_at_ms: int
    job_id: str

    def is_behind(self, other: "_Position", oldest_first: bool) -> bool:
        mine, others = (self.created_at_ms, self.job_id), (other.created_at_ms, other.job_id)
        return mine > others if oldest_first else mine < others

    def __str__(self) -> str:
        return f"{self.created_at_ms}-{self.job_id}"

    @classmethod
    def parse(cls, cursor: str) -> "_Position":
        created_at_ms, _, job_id = cursor.partition("-")
        return cls(int(created_at_ms), job_id)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _given(fields: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def _record(flat: Sequence[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _digest(parts: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
