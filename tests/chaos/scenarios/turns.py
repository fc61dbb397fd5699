"""Turns that vanish: messages are hints, the jobs are in Redis."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx
import redis

from core.lanes import turn_queue
from tests.chaos.attempts import log_entries
from tests.chaos.client import Client
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.harness.cluster import Cluster, eventually

_LANE = "base"
_LIMIT_SECONDS = 15.0
_WORKERS = 2


def half_are_dropped(run: Run) -> Outcome:
    """Test 7: a thief takes about half of all turns, the reapers' included, while slots are idle."""
    jobs, lone = run.choose(full=(150, 12), quick=(6, 1))
    outcome = Outcome(
        "7", f"about half of all turns dropped, slots idle; and every turn that would wake {lone} lone job(s)"
    )
    # With the default REAP_SECONDS, which the figure is about, in quick runs as well.
    with run.cluster(SCRIPTED_RTF="0.05", REAP_SECONDS="10") as (cluster, client):
        cluster.start(workers=_WORKERS, beat=True)
        with _thief(cluster, hands=_WORKERS) as stolen:
            for _ in range(jobs):
                client.submit(round(run.random.uniform(1, 4), 1))
                # Seldom enough that one turn doesn't always carry the job before: it drains the whole lane.
                time.sleep(run.random.uniform(0.1, run.choose(full=4.0, quick=2.0)))
            client.tally(client.accepted, 120)
            # In a full run their top-ups may be stolen too; a quick one would fail now and then for that.
            if not run.quick:
                _submit_without_turns(run, cluster, client, lone)
        if run.quick:
            _submit_without_turns(run, cluster, client, lone)
        tally = run.check_effect(outcome, cluster, client, seconds=10)
        delays = [_pick_up_seconds(client.status(job.job_id)) for job in client.accepted]
        topped_up = sum(
            int(str(entry["turns"]))
            for worker in cluster.workers
            for entry in log_entries(worker.log_file)
            if entry.get("event") == "turns_topped_up"
        )
        outcome.check(f"{topped_up} turns were sent by reapers", topped_up > 0)
        sent = jobs + topped_up
        share = len(stolen) / sent
        outcome.check(f"{len(stolen)} of {sent} turns were dropped, {share:.0%}", 0.3 < share < 0.7)
        late = sorted(delays)[-5:]
        outcome.seen = (
            f"{tally.right} of {tally.accepted} right, {len(stolen)} of {sent} turns dropped, {topped_up} topped up"
        )
        outcome.time("picked up", delays, limit=_LIMIT_SECONDS, evidence=f"the latest: {late}")
    return outcome


def _submit_without_turns(run: Run, cluster: Cluster, client: Client, count: int) -> None:
    """Submit jobs one by one to a gateway whose turns all go where nobody listens; wait for each to be done."""
    nowhere = cluster.valkey_url.removesuffix("/0") + "/1"
    gateway, url = cluster.fork_gateway("api.__main__", BROKER_URL=nowhere)
    assert eventually(lambda: _answers(url), 30), gateway.log_tail()
    for number in range(count):
        time.sleep(run.random.uniform(0.0, run.choose(full=10.0, quick=1.0)))
        client.submit(round(2 + number / 10, 1), base_url=url)
        client.tally(client.accepted[-1:], 120)
    gateway.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def _thief(cluster: Cluster, *, hands: int) -> Iterator[list[float]]:
    """Take turns as a worker does, and drop them: Valkey serves who has waited longest, so each hand gets a share."""
    stolen: list[float] = []
    stopped = threading.Event()

    def steal() -> None:
        with redis.Redis.from_url(cluster.valkey_url) as client:
            while not stopped.is_set():
                if client.brpop([turn_queue(_LANE)], timeout=1):
                    stolen.append(time.time())

    threads = [threading.Thread(target=steal, daemon=True) for _ in range(hands)]
    for thread in threads:
        thread.start()
    try:
        yield stolen
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def _pick_up_seconds(document: dict[str, str] | None) -> float:
    assert document is not None
    created, started = (datetime.fromisoformat(document[name]) for name in ("created_at", "started_at"))
    return (started - created).total_seconds()
