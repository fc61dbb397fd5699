"""Turns that vanish: messages are hints, the jobs are in Redis."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import redis

from core.lanes import turn_queue
from tests.chaos.attempts import log_entries
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.harness.cluster import Cluster

_LANE = "base"
_LIMIT_SECONDS = 15.0
_WORKERS = 2


def half_are_dropped(run: Run) -> Outcome:
    """Test 7: a thief takes about half of all turns, the reapers' included, while slots are idle."""
    jobs = run.choose(full=150, quick=8)
    outcome = Outcome("7", "about half of all turns taken from the queue and dropped, slots idle")
    # With the default REAP_SECONDS, which the figure is about, in quick runs as well.
    with run.cluster(SCRIPTED_RTF="0.05", REAP_SECONDS="10") as (cluster, client):
        cluster.start(workers=_WORKERS, beat=True)
        with _thief(cluster, hands=_WORKERS) as stolen:
            for _ in range(jobs):
                client.submit(round(run.random.uniform(1, 4), 1))
                # Seldom enough that one turn doesn't always carry the job before: it drains the whole lane.
                time.sleep(run.random.uniform(0.1, run.choose(full=4.0, quick=2.0)))
            tally = client.tally(client.accepted, 120)
        run.check_effect(outcome, cluster, client, seconds=10)
        delays = [_pick_up_seconds(client.status(job.job_id)) for job in client.accepted]
        topped_up = sum(
            int(str(entry["turns"]))
            for worker in cluster.workers
            for entry in log_entries(worker.log_file)
            if entry.get("event") == "turns_topped_up"
        )
        sent = jobs + topped_up
        share = len(stolen) / sent
        outcome.check(f"{len(stolen)} of {sent} turns were dropped, {share:.0%}", 0.3 < share < 0.7)
        late = sorted(delays)[-5:]
        outcome.seen = f"{tally.right} of {jobs} right, {len(stolen)} of {sent} turns dropped, {topped_up} topped up"
        outcome.time("picked up", delays, limit=_LIMIT_SECONDS, evidence=f"the latest: {late}")
    return outcome


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
