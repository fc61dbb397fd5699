"""What a claim and an accept cost in a lane of a thousand, a hundred thousand and a million pending jobs.

Every pending job is accepted by the gateway's own `JobStore.accept`, which is merely handed a pipeline for its client,
so that a thousand go to Valkey at once. Nothing here writes jobs itself: what is measured is what the product makes.
"""

import asyncio
import contextlib
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import redis
import redis.asyncio

from api.job_store import JobStore as GatewayStore
from api.job_store import NewJob, QueueLimits
from bench.tables import Table, percentile
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.options import TranscriptionOptions
from core.redis_clients import connect, connect_async
from core.transcript import TranscriptInfo
from tests.harness.servers import running_server
from tests.harness.service import until
from worker.job_store import JobStore as WorkerStore

_SIZES = (1_000, 100_000, 1_000_000)
_ROUNDS = 3
_CLAIMS = 2_000
_TENANTS = 100
_MEDIAN_SECONDS = 60.0
_BATCH = 1_000
_LANE = "base"
_DAY_MS = 24 * 3_600_000
_UNLIMITED: dict[str, object] = {
    "max_jobs": 10**9,
    "max_audio_ms": 10**15,
    "max_sharing": 1,
    "idempotency_ms": _DAY_MS,
    "result_ttl_ms": _DAY_MS,
    "record_ttl_ms": _DAY_MS,
}
_GOAL_MS = 2.0
_OPTIONS = TranscriptionOptions()

_NOTES = (
    f"Each size has a Valkey of its own with the product's configuration (append-only file, synced before each "
    "answer), "
    f"filled with jobs of {_TENANTS} tenants and of mixed lengths (log-normal, median {_MEDIAN_SECONDS:g} s); "
    f"{_ROUNDS} rounds of {_CLAIMS} claims go through the sizes by turns. Client: milliseconds from the call of "
    f"`JobStore.claim` or `JobStore.accept` to what it returns, over loopback, on the cores that Valkey has too. "
    f"Between two claims the job is completed and another accepted, so that the size stays. Server: microseconds that "
    f"this one call added to Valkey's `INFO commandstats`. p50 and p99, by nearest rank, are medians of the rounds "
    f"(least to most), max is the greatest of all. 'During a rewrite': just then a child process of Valkey writes the "
    f"append-only file anew, as it does whenever that has doubled. Bytes a job: what Valkey's memory grew by when "
    f"the lane was filled, scripts and client buffers aside."
)


class _Sample(NamedTuple):
    client_ms: float
    server_us: float


class _Round(NamedTuple):
    rewriting: bool
    """Whether Valkey rewrote its append-only file meanwhile."""
    claims: list[_Sample]
    accepts: list[_Sample]


class _Lane:
    """So many pending jobs on a server of their own, and both sides of the store."""

    def __init__(self, url: str, size: int) -> None:
        self.size = size
        self.bytes_per_job = 0.0
        self.rounds: list[_Round] = []
        self._url = url
        self._random = random.Random(size)  # noqa: S311 - makes the same lane every time
        self._probe = redis.Redis.from_url(url, decode_responses=True)
        self._worker = WorkerStore(
            connect(url), worker="bench", lease_ms=_DAY_MS, result_ttl_ms=_DAY_MS, record_ttl_ms=_DAY_MS
        )

    def fill(self) -> None:
        """Accept the pending jobs."""
        empty = self._memory_bytes()
        accept = self._probe.register_script(JobScript.ACCEPT.source)
        for _ in range(self.size // _BATCH):
            with self._probe.pipeline(transaction=False) as pipeline:
                for _ in range(_BATCH):
                    accept(
                        args=script_arguments(Keys().prefix, self._new_job().arguments() | _UNLIMITED), client=pipeline
                    )
                pipeline.execute()
        self._check_size()
        # The next rewrite is due when the file is twice as long: within no round, unless it is asked for.
        self._await_rewrite()
        self._probe.bgrewriteaof()
        self._await_rewrite()
        self.bytes_per_job = (self._memory_bytes() - empty) / self.size

    async def measure(self, *, rewriting: bool = False) -> None:
        """Do one round; with `rewriting`, as long as Valkey rewrites its append-only file."""
        if rewriting:
            self._probe.bgrewriteaof()
        client = connect_async(self._url)
        store = _gateway(client)
        samples = _Round(rewriting, [], [])
        while len(samples.claims) < _CLAIMS and (self._rewrites() or not rewriting):
            samples.claims.append(self._claim_and_complete())
            new = self._new_job()
            server_us, started = self._script_us(), time.perf_counter()
            await store.accept(new)
            client_ms = 1000 * (time.perf_counter() - started)
            samples.accepts.append(_Sample(client_ms, self._script_us() - server_us))
        await client.aclose()
        self._check_size()
        self._await_rewrite()
        self.rounds.append(samples)

    def _claim_and_complete(self) -> _Sample:
        server_us, started = self._script_us(), time.perf_counter()
        job = self._worker.claim(_LANE)
        client_ms = 1000 * (time.perf_counter() - started)
        sample = _Sample(client_ms, self._script_us() - server_us)
        if job is None:
            raise RuntimeError("the lane is empty")
        info = TranscriptInfo(language="en", language_probability=1.0, duration_seconds=1.0)
        self._worker.complete(job, info, transcribed_seconds=1.0)
        return sample

    def _new_job(self) -> NewJob:
        seconds = min(7200.0, _MEDIAN_SECONDS * self._random.lognormvariate(0.0, 1.0))
        return NewJob(
            job_id=secrets.token_hex(16),
            tenant=f"tenant-{self._random.randrange(_TENANTS)}",
            weight=1.0,
            lane=_LANE,
            options=_OPTIONS,
            file_name="speech.wav",
            media_bytes=round(32_000 * seconds),
            media_blake3=secrets.token_hex(32),  # no two alike: no job is answered by another's result
            audio_seconds=seconds,
            cost_seconds=seconds,
        )

    def _check_size(self) -> None:
        if (pending := self._worker.pending(_LANE)) != self.size:
            raise RuntimeError(f"{pending} jobs are pending, not {self.size}")

    def _script_us(self) -> float:
        """Return how long Valkey has run scripts since it started."""
        return float(self._probe.info("commandstats")["cmdstat_evalsha"]["usec"])

    def _rewrites(self) -> bool:
        persistence = self._probe.info("persistence")
        return bool(persistence["aof_rewrite_in_progress"] or persistence["aof_rewrite_scheduled"])

    def _await_rewrite(self) -> None:
        until(lambda: None if self._rewrites() else True, 120)

    def _memory_bytes(self) -> int:
        memory = self._probe.info("memory")
        aside = ("mem_clients_normal", "mem_aof_buffer", "used_memory_scripts_eval")
        return int(memory["used_memory"]) - sum(int(memory[name]) for name in aside)


def measure() -> Table:
    """Fill a lane of each size, measure them by turns and return the table."""
    with contextlib.ExitStack() as stack:
        lanes = []
        for size in _SIZES:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            lanes.append(_Lane(stack.enter_context(running_server("valkey", folder)), size))
        asyncio.run(_run(lanes))
    rows: list[list[str]] = []
    for call, goal in (("claim", f"p99 < {_GOAL_MS:g}"), ("accept", "")):
        for rewriting in (False, True):
            for lane in lanes:
                rounds = [each for each in lane.rounds if each.rewriting is rewriting]
                if rounds:
                    pending = f"{lane.size:,}{', during a rewrite' if rewriting else ''}"
                    samples = [each.claims if call == "claim" else each.accepts for each in rounds]
                    rows.append([call, pending, *_figures(samples, goal), f"{lane.bytes_per_job:.0f}"])
    columns = ["call", "pending jobs", "n", "p50 ms", "p99 ms", "max ms", "goal"]
    columns += ["server p50 us", "server p99 us", "bytes a job"]
    return Table("Claims from a long lane", columns, rows, _NOTES)


async def _run(lanes: Sequence[_Lane]) -> None:
    for lane in lanes:
        lane.fill()
    for _ in range(_ROUNDS):
        for lane in lanes:
            await lane.measure()
        await lanes[-1].measure(rewriting=True)


def _gateway(client: redis.asyncio.Redis) -> GatewayStore:
    return GatewayStore(
        client,
        result_ttl_ms=_DAY_MS,
        record_ttl_ms=_DAY_MS,
        idempotency_ttl_ms=_DAY_MS,
        limits=QueueLimits(max_jobs=10**9, max_audio_seconds=1e12),
    )


def _figures(rounds: Sequence[Sequence[_Sample]], goal: str) -> list[str]:
    def of(percent: float, figure: Callable[[_Sample], float], digits: int) -> str:
        values = [percentile([figure(sample) for sample in samples], percent) for samples in rounds]
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"

    return [
        str(sum(map(len, rounds))),
        of(50, lambda sample: sample.client_ms, 2),
        of(99, lambda sample: sample.client_ms, 2),
        f"{max(sample.client_ms for samples in rounds for sample in samples):.2f}",
        goal,
        of(50, lambda sample: sample.server_us, 0),
        of(99, lambda sample: sample.server_us, 0),
    ]
