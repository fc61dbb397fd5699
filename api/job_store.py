"""The gateway's side of the job store: creates, reads, asks for cancellation, erases. Asynchronous."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from redis.asyncio import Redis

from core.errors import JobCancelled, JobExpired, JobFailed, JobNotFinished, JobNotFound
from core.job import Job, JobStatus
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.options import TranscriptionOptions
from core.transcript import Segment, Transcript, TranscriptInfo
from core.worker_entry import WorkerEntry

_LIST_BATCH = 200
_LIST_SCANS = 50


@dataclass(frozen=True, slots=True)
class NewJob:
    """What the gateway knows of a job when it accepts it."""

    job_id: str
    tenant: str
    weight: float
    lane: str
    options: TranscriptionOptions
    file_name: str | None
    media_bytes: int
    media_sha256: str
    audio_seconds: float | None
    cost_seconds: float


class CancelOutcome(StrEnum):
    """What asking for cancellation led to."""

    CANCELLED = "cancelled"
    """It was waiting and is cancelled."""
    REQUESTED = "requested"
    """It is running; its worker stops after the current segment."""
    FINISHED = "finished"
    """There was nothing left to cancel."""


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane as it is now, with its counters since ever."""

    lane: str
    pending_jobs: int
    pending_audio_seconds: float
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs, newest first, and where the next one starts."""

    jobs: Sequence[Job]
    next_cursor: str | None


class JobStore:
    """Jobs in Redis, for the gateway. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, client: Redis, *, result_ttl_ms: int, record_ttl_ms: int, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._ttls: dict[str, object] = {"result_ttl_ms": result_ttl_ms, "record_ttl_ms": record_ttl_ms}
        self._scripts = {
            script: client.register_script(script.source)
            for script in (JobScript.ACCEPT, JobScript.CANCEL, JobScript.ERASE)
        }

    async def ping(self) -> None:
        """Return when Redis answers."""
        await self._client.ping()

    async def accept(self, job: NewJob) -> bool:
        """Create a job. From here on it is never lost. False if a job of this id exists."""
        record = {
            "tenant": job.tenant,
            "weight": repr(job.weight),
            "lane": job.lane,
            "options": job.options.model_dump_json(by_alias=True),
            "media_bytes": str(job.media_bytes),
            "media_sha256": job.media_sha256,
            "cost_ms": str(_milliseconds(job.cost_seconds)),
        }
        if job.file_name is not None:
            record["file_name"] = job.file_name
        if job.audio_seconds is not None:
            record["audio_ms"] = str(_milliseconds(job.audio_seconds))
        return await self._run(JobScript.ACCEPT, job_id=job.job_id, record=record) == 1

    async def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFound: no such job.
        """
        record = cast("dict[str, str]", await self._client.hgetall(self._keys.job(job_id)))
        if not record:
            raise JobNotFound(f"There is no job '{job_id}'. It may have been erased, or it was never accepted.")
        return Job.from_record(record)

    async def queue_position(self, job: Job) -> int | None:
        """Return how many jobs will be claimed up to and including this one (1: the next); None if not waiting."""
        rank = await self._client.zrank(self._keys.pending(job.lane), job.job_id)
        return None if rank is None else cast("int", rank) + 1

    async def committed_segments(self, job_id: str) -> int:
        """Return how many segments are committed so far."""
        return await self._client.llen(self._keys.segments(job_id))

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
        if job.status is JobStatus.FAILED and job.failure is not None:
            raise JobFailed(job.failure, job.failure_detail or "")
        if job.status is not JobStatus.COMPLETED:
            raise JobNotFinished(
                f"Job '{job.job_id}' is {job.status}. Ask GET /status/{job.job_id} until it is completed."
            )
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.get(self._keys.result(job.job_id))
            pipeline.lrange(self._keys.segments(job.job_id), 0, -1)
            result, segments = await pipeline.execute()
        if result is None:
            raise JobExpired(f"The result of job '{job.job_id}' has expired and is gone; post the audio again.")
        return Transcript(
            info=TranscriptInfo.model_validate_json(result),
            segments=tuple(Segment.model_validate_json(segment) for segment in segments),
        )

    async def cancel(self, job_id: str) -> CancelOutcome:
        """Cancel a waiting job, or ask a running one to stop.

        Raises:
            JobNotFound: no such job.
        """
        outcome = await self._run(JobScript.CANCEL, job_id=job_id, **self._ttls)
        if outcome == "unknown":
            raise JobNotFound(f"There is no job '{job_id}'.")
        return CancelOutcome(cast("str", outcome))

    async def erase(self, job_id: str) -> bool:
        """Remove every trace of a finished job; False if it was not finished or not there."""
        return await self._run(JobScript.ERASE, job_id=job_id) == "erased"

    async def page(
        self, *, tenant: str, status: JobStatus | None, lane: str | None, limit: int, cursor: str | None
    ) -> JobPage:
        """Return up to `limit` jobs of a tenant, newest first.

        `cursor` is a former page's `next_cursor`. One call looks at a bounded number of jobs, so a rare status may
        come in pages that are not full; only a missing `next_cursor` means the end.

        Raises:
            ValueError: the cursor is none of ours.
        """
        found: list[Job] = []
        position = _Position.parse(cursor) if cursor else None
        for _ in range(_LIST_SCANS):
            entries, is_last = await self._index_after(position)
            records = await self._records([entry.job_id for entry in entries])
            for entry, record in zip(entries, records, strict=True):
                position = entry
                if not record:
                    continue
                job = Job.from_record(record)
                if job.tenant == tenant and status in {None, job.status} and lane in {None, job.lane}:
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
                pipeline.hgetall(self._keys.lane_counters(name))
            answers = await pipeline.execute()
        return [
            LaneState(
                lane=name,
                pending_jobs=answers[3 * index],
                pending_audio_seconds=int(answers[3 * index + 1] or 0) / 1000,
                counters={event: int(times) for event, times in answers[3 * index + 2].items()},
            )
            for index, name in enumerate(names)
        ]

    async def processing_jobs(self) -> int:
        """Return how many jobs are claimed now."""
        return await self._client.zcard(self._keys.leases)

    async def dead_letters(self) -> int:
        """Return how many failed jobs are kept."""
        return await self._client.zcard(self._keys.dead)

    async def workers(self) -> list[WorkerEntry]:
        """Return the workers that are alive, by name."""
        names = sorted(cast("list[str]", await self._client.zrange(self._keys.workers, 0, -1)))
        if not names:
            return []
        entries = await self._client.mget([self._keys.worker(name) for name in names])
        return [WorkerEntry.model_validate_json(entry) for entry in entries if entry is not None]

    async def _run(self, script: JobScript, **arguments: object) -> object:
        answer: object = await self._scripts[script](args=script_arguments(self._keys.prefix, arguments))
        return answer

    async def _records(self, job_ids: Sequence[str]) -> list[dict[str, str]]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.hgetall(self._keys.job(job_id))
            records: list[dict[str, str]] = await pipeline.execute()
        return records

    async def _index_after(self, position: "_Position | None") -> tuple[list["_Position"], bool]:
        """Return the next entries of the index behind a position, newest first, and whether they are the last."""
        newest = "+inf" if position is None else str(position.created_at_ms)
        skipped = 0
        while True:
            raw = await self._client.zrevrangebyscore(
                self._keys.jobs, newest, "-inf", start=skipped, num=_LIST_BATCH, withscores=True
            )
            entries = [_Position(int(score), job_id) for job_id, score in cast("list[tuple[str, float]]", raw)]
            # Jobs may share a millisecond: those up to the position itself were seen already.
            behind = [entry for entry in entries if position is None or entry.sort_key < position.sort_key]
            is_last = len(entries) < _LIST_BATCH
            if behind or is_last:
                return behind, is_last
            skipped += _LIST_BATCH


@dataclass(frozen=True, slots=True)
class _Position:
    """A place in the index of jobs; as text, the cursor a client holds."""

    created_at_ms: int
    job_id: str

    @property
    def sort_key(self) -> tuple[int, str]:
        return self.created_at_ms, self.job_id

    def __str__(self) -> str:
        return f"{self.created_at_ms}-{self.job_id}"

    @classmethod
    def parse(cls, cursor: str) -> "_Position":
        created_at_ms, _, job_id = cursor.partition("-")
        return cls(int(created_at_ms), job_id)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
