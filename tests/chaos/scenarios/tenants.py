"""One tenant's flood doesn't keep another one waiting."""

import asyncio
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from core.celery_app import create_celery
from core.lanes import TURN_TASK, turn_queue
from core.redis_clients import connect_async
from tests.chaos.attempts import attempts
from tests.chaos.client import silence
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.harness.cluster import Cluster, eventually
from tests.harness.stores import gateway_store, new_job

_LANE = "base"
_AUDIO_SECONDS = 10.0
_SLOTS = 4
_AT_ONCE = 100


def flood(run: Run) -> Outcome:
    """Test 15: one tenant has thousands of jobs waiting; what others bring then is begun within one service time."""
    jobs, probes = run.choose(full=(5000, 20), quick=(300, 4))
    service_seconds = run.choose(full=2.0, quick=1.0)
    outcome = Outcome("15", f"one tenant queues {jobs} jobs of {service_seconds:g} s, then {probes} others one each")
    with run.cluster(SCRIPTED_RTF=str(service_seconds / _AUDIO_SECONDS), WORKER_CONCURRENCY=str(_SLOTS)) as (
        cluster,
        _,
    ):
        cluster.start(workers=1)
        worker = cluster.workers[0]
        flooded = accept(cluster, "flood", jobs)
        wake(cluster)
        busy = eventually(lambda: len(attempts([worker])) >= _SLOTS, 30)
        outcome.check("the flood is being worked on", busy, cluster.log_tails())
        waited: list[float] = []
        for number in range(probes):
            time.sleep(run.random.uniform(0.0, service_seconds))
            accepted_at = time.time()
            (job_id,) = accept(cluster, f"tenant-{number}", 1)
            run.injected("accepted", job_id=job_id, audio_seconds=_AUDIO_SECONDS)
            waited += _wait_seconds(cluster, job_id, accepted_at, 20 * service_seconds)
        before = sum(attempt.job_id in set(flooded) for attempt in attempts([worker]))
        outcome.check(f"{len(waited)} of {probes} single jobs were begun, {before} of the flood", len(waited) == probes)
        # What is left is done at once, so that none of the flood is forgotten either.
        worker.terminate()
        worker.wait(60)
        cluster.start_worker(SCRIPTED_RTF="0")
        done = eventually(lambda: cluster.stats()["completed"] == jobs + probes, run.choose(full=300, quick=60))
        outcome.check(f"all {jobs + probes} are completed in the end", done, cluster.stats())
    outcome.seen = f"{len(waited)} of {probes} begun while {jobs - before} of the flood waited"
    # For the polling and the cores that this shares with the service; the short run may share them with others, too.
    outcome.time("begun", waited, limit=service_seconds + run.choose(full=0.5, quick=3.0))
    return outcome


def accept(cluster: Cluster, tenant: str, count: int) -> Sequence[str]:
    """Accept jobs of a tenant as the gateway does, without HTTP, which knows only one tenant so far."""
    job_ids = [secrets.token_hex(16) for _ in range(count)]
    content = silence(_AUDIO_SECONDS)
    original = cluster.folder / f"{tenant}.wav"
    original.write_bytes(content)
    for job_id in job_ids:
        os.link(original, cluster.media_folder / job_id)
    asyncio.run(_accept(cluster, tenant, job_ids, len(content)))
    return job_ids


async def _accept(cluster: Cluster, tenant: str, job_ids: Sequence[str], media_bytes: int) -> None:
    client = connect_async(cluster.valkey_url)
    store = gateway_store(client)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def accept_one(job_id: str) -> None:
        async with slots:
            await store.accept(
                replace(
                    new_job(job_id, tenant=tenant, lane=_LANE, seconds=_AUDIO_SECONDS),
                    media_bytes=media_bytes,
                )
            )

    await asyncio.gather(*map(accept_one, job_ids))
    await client.aclose()


def wake(cluster: Cluster) -> None:
    """Send turns for all slots, as the gateway would have."""
    with create_celery(cluster.valkey_url) as celery:
        for _ in range(_SLOTS):
            celery.send_task(TURN_TASK, args=[_LANE], queue=turn_queue(_LANE))


def _wait_seconds(cluster: Cluster, job_id: str, accepted_at: float, seconds: float) -> list[float]:
    """Return how long a job waited for its first attempt, in a list that is empty if none came in time."""

    def begun() -> list[float]:
        return [each.started_at - accepted_at for each in attempts(cluster.workers) if each.job_id == job_id]

    eventually(lambda: bool(begun()), seconds)
    return begun()[:1]
