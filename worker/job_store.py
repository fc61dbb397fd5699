"""The worker's side of the job store: claims, reports and finishes. Synchronous, used by many threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from redis import Redis

from core.errors import FailureCode
from core.job import Job
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.transcript import Segment, TranscriptInfo
from core.worker_entry import WorkerEntry

if TYPE_CHECKING:
    from redis.commands.core import Script


class Hold(StrEnum):
    """Whether an attempt still has its job."""

    HELD = "held"
    CANCEL = "cancel"
    """Held, and cancellation was asked for."""
    LOST = "lost"
    """Taken back, finished by somebody else, or erased: nothing the attempt writes will be accepted."""


@dataclass(frozen=True, slots=True)
class Reaped:
    """What one run of the reaper did."""

    requeued: int
    failed: int
    cancelled: int
    released: int


class JobStore:
    """Jobs in Redis, for one worker. Every method may raise `redis.exceptions.RedisError`.

    Whatever changes a job carries the fence of its claim and is refused once another claim was made.
    """

    def __init__(
        self,
        client: Redis,
        *,
        worker: str,
        lease_ms: int,
        result_ttl_ms: int,
        record_ttl_ms: int,
        keys: Keys | None = None,
    ) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._worker = worker
        self._lease_ms = lease_ms
        self._ttls: dict[str, object] = {"result_ttl_ms": result_ttl_ms, "record_ttl_ms": record_ttl_ms}
        self._scripts: dict[JobScript, Script] = {
            script: client.register_script(script.source)
            for script in JobScript
            if script not in {JobScript.ACCEPT, JobScript.CANCEL, JobScript.ERASE}
        }

    def claim(self, lane: str) -> Job | None:
        """Take the fairest waiting job of a lane; None when it is empty."""
        flat = cast(
            "list[str] | None",
            self._run(JobScript.CLAIM, lane=lane, worker=self._worker, lease_ms=self._lease_ms),
        )
        return Job.from_record(dict(zip(flat[::2], flat[1::2], strict=True))) if flat else None

    def heartbeat(self, job: Job) -> Hold:
        """Renew a job's lease."""
        return Hold(cast("str", self._run_held(JobScript.HEARTBEAT, job, lease_ms=self._lease_ms)))

    def report(
        self,
        job: Job,
        *,
        segments: Sequence[Segment] = (),
        committed: int = 0,
        progress_seconds: float,
        info: TranscriptInfo | None = None,
    ) -> Hold:
        """Commit segments, which follow the `committed` first ones, and progress; `info` when it has become known."""
        answer = self._run_held(
            JobScript.REPORT,
            job,
            lease_ms=self._lease_ms,
            segments=[segment.model_dump_json(exclude_none=True) for segment in segments],
            committed=committed,
            progress_ms=round(progress_seconds * 1000),
            audio_ms=round(info.duration_seconds * 1000) if info else None,
            language=info.language if info else None,
        )
        return Hold(cast("str", answer))

    def complete(self, job: Job, info: TranscriptInfo) -> str:
        """Finish a job whose segments were all reported: `completed`, `cancelled` or `lost`."""
        return cast(
            "str",
            self._run_held(
                JobScript.COMPLETE,
                job,
                result=info.model_dump_json(),
                progress_ms=round(info.duration_seconds * 1000),
                **self._ttls,
            ),
        )

    def confirm_cancel(self, job: Job) -> str:
        """Finish a job that was asked to stop and has stopped: `cancelled` or `lost`."""
        return cast("str", self._run_held(JobScript.CONFIRM_CANCEL, job, **self._ttls))

    def fail(self, job: Job, failure: FailureCode, detail: str) -> str:
        """Give a job up for good: `failed` or `lost`."""
        return cast("str", self._run_held(JobScript.FAIL, job, failure=failure, detail=detail, **self._ttls))

    def retry(self, job: Job, failure: FailureCode, detail: str, *, delay_seconds: float, max_attempts: int) -> str:
        """End an attempt in a retryable error: `queued`, `failed` (no attempt left), `cancelled` or `lost`."""
        return cast(
            "str",
            self._run_held(
                JobScript.RETRY,
                job,
                failure=failure,
                detail=detail,
                delay_ms=round(delay_seconds * 1000),
                max_errors=max_attempts,
                **self._ttls,
            ),
        )

    def handback(self, job: Job) -> str:
        """Return a job to the head of its lane without charging an attempt: `queued` or `lost`."""
        return cast("str", self._run_held(JobScript.HANDBACK, job))

    def reap(self, *, max_crashes: int, limit: int = 100) -> Reaped:
        """Take back jobs whose lease has lapsed and release retries that are due."""
        counts = self._run(
            JobScript.REAP,
            limit=limit,
            max_crashes=max_crashes,
            failure=FailureCode.WORKER_LOST,
            detail=f"{max_crashes} workers died or stopped answering while they ran this job.",
            **self._ttls,
        )
        return Reaped(*cast("list[int]", counts))

    def pending(self, lane: str) -> int:
        """Return how many jobs wait in a lane."""
        return self._client.zcard(self._keys.pending(lane))

    def announce(self, entry: WorkerEntry, *, ttl_seconds: float) -> None:
        """Say that this worker is alive, for so long."""
        seconds, micros = self._client.time()
        now_ms = seconds * 1000 + micros // 1000
        ttl_ms = round(ttl_seconds * 1000)
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.set(self._keys.worker(entry.name), entry.model_dump_json(), px=ttl_ms)
            pipeline.zadd(self._keys.workers, {entry.name: now_ms + ttl_ms})
            pipeline.zremrangebyscore(self._keys.workers, "-inf", now_ms)
            pipeline.execute()

    def withdraw(self, name: str) -> None:
        """Say that a worker has stopped."""
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.delete(self._keys.worker(name))
            pipeline.zrem(self._keys.workers, name)
            pipeline.execute()

    def media_needed(self, job_ids: Sequence[str]) -> list[bool | None]:
        """Tell of each job whether its audio is still needed; None of a job that doesn't exist.

        A dead letter's is: an operator may requeue it.
        """
        with self._client.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.hget(self._keys.job(job_id), "status")
            statuses: list[Any] = pipeline.execute()
        return [None if status is None else status in {"queued", "processing", "failed"} for status in statuses]

    def forget_expired(self, *, older_than_ms: int, limit: int = 1000) -> int:
        """Remove index entries of jobs whose record has expired; return how many.

        Only entries created `older_than_ms` ago or earlier are looked at, `limit` a call.
        """
        seconds, _ = self._client.time()
        oldest = cast(
            "list[str]",
            self._client.zrangebyscore(self._keys.jobs, "-inf", seconds * 1000 - older_than_ms, start=0, num=limit),
        )
        with self._client.pipeline(transaction=False) as pipeline:
            for job_id in oldest:
                pipeline.exists(self._keys.job(job_id))
            exists: list[int] = pipeline.execute()
        gone = [job_id for job_id, found in zip(oldest, exists, strict=True) if not found]
        if gone:
            with self._client.pipeline(transaction=True) as pipeline:
                pipeline.zrem(self._keys.jobs, *gone)
                pipeline.zrem(self._keys.dead, *gone)
                pipeline.execute()
        return len(gone)

    def _run_held(self, script: JobScript, job: Job, **arguments: object) -> object:
        return self._run(script, job_id=job.job_id, fence=job.fence, **arguments)

    def _run(self, script: JobScript, **arguments: object) -> object:
        answer: object = self._scripts[script](args=script_arguments(self._keys.prefix, arguments))
        return answer
