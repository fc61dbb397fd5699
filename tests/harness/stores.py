"""Both sides of the job store over one real server, for tests that go around HTTP and Celery."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from api.dead_letter_store import DeadLetterStore
from api.job_store import Accepted, AcceptOutcome, CancelOutcome, NewJob, QueueLimits
from api.job_store import JobStore as GatewayStore
from api.webhook_store import WebhookStore
from core.job import Job
from core.keys import Keys
from core.options import TranscriptionOptions
from core.redis_clients import connect, connect_async
from core.transcript import Segment, Transcript, TranscriptInfo
from core.webhooks import WebhookCall
from core.work import Work
from worker.job_store import JobStore as WorkerStore
from worker.job_store import Reaped

T = TypeVar("T")
LANE = "base"
HOUR_MS = 3_600_000
INFO = TranscriptInfo(language="en", language_probability=1.0, duration_seconds=12.0)


def segment(number: int) -> Segment:
    """Return the segment from `number` to `number` + 1 seconds."""
    return Segment(
        id=number,
        seek=0,
        start=float(number),
        end=number + 1.0,
        text=f" part {number}",
        tokens=(1, 2),
        temperature=0.0,
        avg_logprob=-0.2,
        compression_ratio=1.1,
        no_speech_prob=0.01,
    )


def new_job(
    job_id: str | None = None,
    *,
    tenant: str = "a",
    seconds: float = 10.0,
    weight: float = 1.0,
    lane: str = LANE,
    blake3: str | None = None,
    options: TranscriptionOptions | None = None,
    idempotency_key: str | None = None,
    webhook_url: str | None = None,
    webhook_call: WebhookCall | None = None,
    source_url: str | None = None,
    request_id: str | None = None,
    retention_ms: int | None = None,
    sensitivity: str | None = None,
    inherited: frozenset[str] = frozenset(),
) -> NewJob:
    """Return a job to accept; it shares its work only with jobs of the same `blake3`, if that is given.

    Of one whose audio is to be fetched nothing else is known.
    """
    uploaded = source_url is None
    return NewJob(
        job_id=job_id or secrets.token_hex(16),
        tenant=tenant,
        weight=weight,
        lane=lane,
        options=options or TranscriptionOptions(language="en"),
        file_name="speech.flac" if uploaded else None,
        media_bytes=1000 if uploaded else None,
        media_blake3=blake3 or secrets.token_hex(32) if uploaded else None,
        audio_seconds=seconds if uploaded else None,
        cost_seconds=seconds,
        shares_work=blake3 is not None,
        idempotency_key=idempotency_key,
        webhook_url=webhook_url,
        webhook_call=webhook_call or WebhookCall(),
        source_url=source_url,
        request_id=request_id,
        retention_ms=retention_ms,
        sensitivity=sensitivity,
        inherited=inherited,
    )


def gateway_store(
    client: AsyncRedis, keys: Keys | None = None, *, max_jobs: float = 1_000_000, max_audio_seconds: float = 1e9
) -> GatewayStore:
    """Return the gateway's side."""
    return GatewayStore(
        client,
        result_ttl_ms=HOUR_MS,
        record_ttl_ms=HOUR_MS,
        idempotency_ttl_ms=HOUR_MS,
        limits=QueueLimits(int(max_jobs), max_audio_seconds),
        keys=keys,
    )


def worker_store(
    client: Redis,
    keys: Keys | None = None,
    *,
    worker: str = "worker-a",
    lease_ms: int = 30_000,
    result_ttl_ms: int = HOUR_MS,
) -> WorkerStore:
    """Return a worker's side."""
    return WorkerStore(
        client, worker=worker, lease_ms=lease_ms, result_ttl_ms=result_ttl_ms, record_ttl_ms=HOUR_MS, keys=keys
    )


class Jobs:
    """Both sides over one server, the gateway's made synchronous."""

    def __init__(self, url: str, keys: Keys, runner: asyncio.Runner) -> None:
        self.url = url
        self.keys = keys
        self.runner = runner
        self.client = connect(url)
        self.worker = self.worker_named("worker-a")

    def worker_named(self, name: str, *, lease_ms: int = 30_000, result_ttl_ms: int = HOUR_MS) -> WorkerStore:
        return worker_store(self.client, self.keys, worker=name, lease_ms=lease_ms, result_ttl_ms=result_ttl_ms)

    def gateway(self, call: Callable[[GatewayStore], Coroutine[Any, Any, T]], **limits: float) -> T:
        async def run() -> T:
            client = connect_async(self.url)
            try:
                return await call(gateway_store(client, self.keys, **limits))
            finally:
                await client.aclose()

        return self.runner.run(run())

    def buried(self, call: Callable[[DeadLetterStore], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            client = connect_async(self.url)
            try:
                return await call(DeadLetterStore(client, self.keys))
            finally:
                await client.aclose()

        return self.runner.run(run())

    def webhooks(self, call: Callable[[WebhookStore], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            client = connect_async(self.url)
            try:
                return await call(WebhookStore(client, self.keys))
            finally:
                await client.aclose()

        return self.runner.run(run())

    def post(self, job: NewJob, **limits: float) -> Accepted:
        """Accept a job, in whatever way it is."""
        return self.gateway(lambda store: store.accept(job), **limits)

    def accept(self, **fields: Any) -> str:  # noqa: ANN401 - as new_job takes them
        """Accept a job with a work of its own and return its id."""
        accepted = self.post(new_job(**fields))
        assert accepted.outcome is AcceptOutcome.ACCEPTED
        return accepted.job_id

    def claimed(self) -> Work:
        work = self.worker.claim(LANE)
        assert work is not None
        return work

    def get(self, job_id: str) -> Job:
        return self.gateway(lambda store: store.get(job_id))

    def work(self, job_id: str) -> Work:
        return self.get(job_id).work

    def done(self, work: Work, segments: int = 1) -> None:
        """Finish a claimed work with so many segments."""
        self.worker.report(work, segments=[segment(n + 1) for n in range(segments)], progress_seconds=1, info=INFO)
        assert self.worker.complete(work, INFO, transcribed_seconds=12.0) == "completed"

    def transcript(self, job_id: str) -> Transcript:
        job = self.get(job_id)
        return self.gateway(lambda store: store.transcript(job))

    def cancel(self, job_id: str) -> CancelOutcome:
        return self.gateway(lambda store: store.cancel(job_id))

    def reap(self, worker: WorkerStore | None = None) -> Reaped:
        return (worker or self.worker).reap(max_crashes=2)

    def lapse(self, work_id: str) -> None:
        """Let a work's lease lapse now."""
        self.client.zadd(self.keys.leases, {work_id: 1})

    def release(self, work_id: str) -> None:
        """Let a retry that waits be due now."""
        self.client.zadd(self.keys.delayed, {work_id: 1}, xx=True)
