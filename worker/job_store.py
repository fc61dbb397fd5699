"""The worker's side of the job store: claims, reports and finishes. Synchronous, used by many threads."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, cast

from redis import Redis

from core.errors import FailureCode
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.tracing import NO_TRACES, Tracer
from core.transcript import Segment, TranscriptInfo
from core.work import Work
from core.worker_entry import WorkerEntry
from worker.outages import NO_PATIENCE, Patience

if TYPE_CHECKING:
    from redis.commands.core import Script

_SCRIPTS = (
    JobScript.CLAIM,
    JobScript.HEARTBEAT,
    JobScript.FETCHED,
    JobScript.REPORT,
    JobScript.COMPLETE,
    JobScript.CONFIRM_CANCEL,
    JobScript.FAIL,
    JobScript.RETRY,
    JobScript.HANDBACK,
    JobScript.REAP,
    JobScript.SWEEP,
)
_EXPIRED_BATCH = 1000
_ACTIVITY_SECONDS = 60
"""How long what was told to gateways is kept: they have read it by then, or never will."""


class Hold(StrEnum):
    """Whether an attempt still has its work."""

    HELD = "held"
    CANCEL = "cancel"
    """Held, and cancellation was asked for."""
    LOST = "lost"
    """Taken back, finished by somebody else, or erased: nothing the attempt writes will be accepted."""


class MediaUse(Enum):
    """What the audio of a work is still for."""

    UNKNOWN = auto()
    """There is no such work (yet)."""
    NEEDED = auto()
    """It is transcribed, or may be once more."""
    KEPT = auto()
    """Somebody may want to hear it."""
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Reaped:
    """What one run of the reaper did."""

    requeued: int
    failed: int
    cancelled: int
    released: int


@dataclass(frozen=True, slots=True)
class EndedRetention:
    """A job of which everything is to go."""

    entry: str
    """Its place in the index."""
    work_id: str
    has_work: bool
    """Its work is kept for other jobs that share it."""


class JobStore:
    """Works in Redis, for one worker.

    Whatever changes a work carries the fence of its claim and is refused once another claim was made; every call may
    be sent twice and takes effect once. A call that meets an outage is repeated as `patience` says; then, as at once
    for any other fault, it raises `redis.exceptions.RedisError`. What a work's holder asks for is traced by `tracer`.
    """

    def __init__(
        self,
        client: Redis,
        *,
        worker: str,
        lease_ms: int,
        result_ttl_ms: int,
        record_ttl_ms: int,
        patience: Patience = NO_PATIENCE,
        keys: Keys | None = None,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._worker = worker
        self._lease_ms = lease_ms
        self._patience = patience
        self._tracer = tracer
        self._kept: dict[str, int] = {}
        """By index, how many of its eldest entries the last look for expired ones has kept."""
        self._ttls: dict[str, object] = {"result_ttl_ms": result_ttl_ms, "record_ttl_ms": record_ttl_ms}
        self._scripts: dict[JobScript, Script] = {script: client.register_script(script.source) for script in _SCRIPTS}

    def claim(self, lane: str) -> Work | None:
        """Take the fairest waiting work of a lane; None when it is empty."""
        flat = cast(
            "list[str] | None",
            self._run(
                JobScript.CLAIM,
                lane=lane,
                worker=self._worker,
                claim_id=secrets.token_hex(8),
                lease_ms=self._lease_ms,
            ),
        )
        return Work.from_record(dict(zip(flat[::2], flat[1::2], strict=True))) if flat else None

    def committed_segments(self, work: Work) -> list[Segment]:
        """Return what earlier attempts have committed, in order."""
        found = self._patience.repeat(lambda: self._client.lrange(self._keys.segments(work.work_id), 0, -1))
        return [Segment.model_validate_json(segment) for segment in cast("list[str]", found)]

    def heartbeat(self, work: Work) -> Hold:
        """Renew a work's lease."""
        return Hold(cast("str", self._run_held(JobScript.HEARTBEAT, work, lease_ms=self._lease_ms)))

    def fetched(self, work: Work, *, media_bytes: int) -> Hold:
        """Note that a work's audio is whole in the media folder, and forget the URL where it came from."""
        return Hold(
            cast("str", self._run_held(JobScript.FETCHED, work, lease_ms=self._lease_ms, media_bytes=media_bytes))
        )

    def report(
        self,
        work: Work,
        *,
        segments: Sequence[Segment] = (),
        committed: int = 0,
        progress_seconds: float,
        audio_seconds: float | None = None,
        cost_seconds: float | None = None,
        info: TranscriptInfo | None = None,
    ) -> Hold:
        """Commit segments, which follow the `committed` first ones, and progress.

        The audio's length and `info` are told when they become known or change; `cost_seconds` when it was a guess.
        """
        answer = self._run_held(
            JobScript.REPORT,
            work,
            lease_ms=self._lease_ms,
            segments=[segment.model_dump_json(exclude_none=True) for segment in segments],
            committed=committed,
            progress_ms=round(progress_seconds * 1000),
            audio_ms=None if audio_seconds is None else round(audio_seconds * 1000),
            cost_ms=None if cost_seconds is None else max(1, round(cost_seconds * 1000)),
            info=info.model_dump_json() if info else None,
        )
        return Hold(cast("str", answer))

    def complete(self, work: Work, info: TranscriptInfo, *, transcribed_seconds: float) -> str:
        """Finish a work whose segments were all reported: `completed`, `cancelled` or `lost`.

        `transcribed_seconds` is the audio that this attempt has done.
        """
        return cast(
            "str",
            self._run_held(
                JobScript.COMPLETE,
                work,
                result=info.model_dump_json(),
                progress_ms=round(info.duration_seconds * 1000),
                transcribed_ms=round(transcribed_seconds * 1000),
                **self._ttls,
            ),
        )

    def confirm_cancel(self, work: Work) -> str:
        """Finish a work that was asked to stop and has stopped: `cancelled` or `lost`."""
        return cast("str", self._run_held(JobScript.CONFIRM_CANCEL, work, **self._ttls))

    def fail(self, work: Work, failure: FailureCode, detail: str) -> str:
        """Give a work up for good: `failed`, `cancelled` or `lost`."""
        return cast("str", self._run_held(JobScript.FAIL, work, failure=failure, detail=detail, **self._ttls))

    def retry(self, work: Work, error: FailureCode, detail: str, *, delay_seconds: float, max_attempts: int) -> str:
        """End an attempt in a retryable error: `queued`, `failed` (no attempt left), `cancelled` or `lost`."""
        return cast(
            "str",
            self._run_held(
                JobScript.RETRY,
                work,
                error=error,
                error_detail=detail,
                failure=FailureCode.ATTEMPTS_EXHAUSTED,
                detail=f"Attempt {max_attempts} of {max_attempts} ended in {error}: {detail}",
                delay_ms=round(delay_seconds * 1000),
                max_errors=max_attempts,
                **self._ttls,
            ),
        )

    def handback(self, work: Work) -> str:
        """Return a work to the head of its lane without charging an attempt: `queued`, `cancelled` or `lost`."""
        return cast("str", self._run_held(JobScript.HANDBACK, work, **self._ttls))

    def reap(self, *, max_crashes: int, take_back: bool = True, limit: int = 100) -> Reaped:
        """Release retries that are due and, unless told not to, take back works whose lease has lapsed."""
        counts = self._run(
            JobScript.REAP,
            limit=limit,
            take_back=take_back,
            max_crashes=max_crashes,
            failure=FailureCode.WORKER_LOST,
            detail=f"{max_crashes} workers died or stopped answering while they ran this job.",
            **self._ttls,
        )
        return Reaped(*cast("list[int]", counts))

    def server_uptime_seconds(self) -> int:
        """Return for how long the Redis server has been running."""
        return int(self._client.info("server")["uptime_in_seconds"])

    def pending(self, lane: str) -> int:
        """Return how many works wait in a lane."""
        return self._patience.repeat(lambda: self._client.zcard(self._keys.pending(lane)))

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

    def media_uses(self, work_ids: Sequence[str], *, keep_ms: int) -> list[MediaUse]:
        """Tell of each work what its audio is still for, if that of a completed one is kept for `keep_ms`.

        A dead letter's is needed: an operator may requeue it.
        """
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.time()
            for work_id in work_ids:
                pipeline.hmget(self._keys.work(work_id), "status", "kept_from_ms", "expires_at_ms", "options")
            (seconds, micros), *records = pipeline.execute()
        now_ms = seconds * 1000 + micros // 1000
        return [_media_use(cast("list[str | None]", record), now_ms, keep_ms) for record in records]

    def forget_expired(self, *, older_than_ms: int, limit: int = 20_000) -> int:
        """Remove index entries of jobs and dead letters whose record has expired; return how many.

        Only entries `older_than_ms` old or older are looked at, about `limit` a call; the next call goes on from there,
        so that records kept for longer hide none of those behind them.
        """
        seconds, _ = self._client.time()
        newest = seconds * 1000 - older_than_ms
        jobs = self._forget_expired(self._keys.jobs, lambda entry: self._keys.job(_job_id(entry)), newest, limit)
        self._forget_expired(self._keys.searchable, self._keys.job, newest, limit)  # of the same jobs
        return jobs + self._forget_expired(self._keys.dead, self._keys.work, newest, limit)

    def forget_audit(self, *, older_than_ms: int) -> int:
        """Remove entries of the audit log that are older; return how many."""
        seconds, _ = self._client.time()
        return self._client.xtrim(self._keys.audit, minid=seconds * 1000 - older_than_ms, approximate=False)

    def ended_retentions(self, *, limit: int = 500) -> list["EndedRetention"]:
        """Return jobs whose retention has ended, the longest ago first."""
        seconds, micros = self._client.time()
        entries = cast(
            "list[str]",
            self._client.zrangebyscore(
                self._keys.expiring, "-inf", seconds * 1000 + micros // 1000, start=0, num=limit
            ),
        )
        work_ids = [entry.partition(":")[0] for entry in entries]
        with self._client.pipeline(transaction=False) as pipeline:
            for work_id in work_ids:
                pipeline.exists(self._keys.work(work_id))
            exists: list[int] = pipeline.execute()
        return [
            EndedRetention(entry, work_id, has_work=bool(found))
            for entry, work_id, found in zip(entries, work_ids, exists, strict=True)
        ]

    def sweep(self, ended: Sequence["EndedRetention"]) -> int:
        """Take jobs whose retention has ended out of all lists; return how many."""
        if not ended:
            return 0
        return cast("int", self._run(JobScript.SWEEP, entries=[each.entry for each in ended]))

    def trim_activity(self) -> None:
        """Remove what was told to gateways a while ago."""
        seconds, _ = self._client.time()
        self._client.xtrim(self._keys.activity, minid=str((seconds - _ACTIVITY_SECONDS) * 1000), approximate=False)

    def _forget_expired(self, index: str, record_key: Callable[[str], str], newest: int, limit: int) -> int:
        looked_at = forgotten = 0
        at_end = False
        while looked_at < limit and not at_end:
            kept = self._kept.get(index, 0)
            page = cast("list[str]", self._client.zrangebyscore(index, "-inf", newest, start=kept, num=_EXPIRED_BATCH))
            with self._client.pipeline(transaction=False) as pipeline:
                for entry in page:
                    pipeline.exists(record_key(entry))
                exists: list[int] = pipeline.execute()
            gone = [entry for entry, found in zip(page, exists, strict=True) if not found]
            self._forget(index, gone)
            looked_at, forgotten = looked_at + len(page), forgotten + len(gone)
            at_end = len(page) < _EXPIRED_BATCH
            self._kept[index] = 0 if at_end else kept + len(page) - len(gone)
        return forgotten

    def _forget(self, index: str, entries: list[str]) -> None:
        with self._client.pipeline(transaction=True) as pipeline:
            for entry in entries:
                pipeline.zrem(index, entry)
                if tenant := entry.partition(":")[2]:
                    pipeline.zrem(self._keys.jobs_of(tenant), _job_id(entry))
            pipeline.execute()

    def _run_held(self, script: JobScript, work: Work, **arguments: object) -> object:
        with self._tracer.span(f"redis {script}", kind="client"):
            return self._run(script, work_id=work.work_id, fence=work.fence, **arguments)

    def _run(self, script: JobScript, **arguments: object) -> object:
        given = script_arguments(self._keys.prefix, arguments)
        answer: object = self._patience.repeat(lambda: self._scripts[script](args=given))
        return answer


def _media_use(record: Sequence[str | None], now_ms: int, keep_ms: int) -> MediaUse:
    """Return what the audio of a work is for, by its status, kept_from_ms, expires_at_ms and options."""
    status, kept_from_ms, expires_at_ms, options = record
    if status is None:
        return MediaUse.UNKNOWN
    if status in {"queued", "processing", "failed"}:
        return MediaUse.NEEDED
    if status != "completed" or now_ms >= min(int(kept_from_ms or 0) + keep_ms, int(expires_at_ms or 0)):
        return MediaUse.NONE
    # What was taken out of the transcript is still said in the audio.
    is_redacted = bool(json.loads(options or "{}").get("redact"))
    return MediaUse.NONE if is_redacted else MediaUse.KEPT


def _job_id(entry: str) -> str:
    """Return the job of an entry `<job_id>:<tenant>`."""
    return entry.partition(":")[0]
