"""Turns that vanish: messages are hints, the jobs are in Redis."""

import random
import re
import time
from datetime import datetime

from core.lanes import turn_queue
from tests.chaos.attempts import log_entries
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run

_LANE = "base"
_LIMIT_SECONDS = 15.0
_WORKERS = 2


class _Dropper:
    """Loses every second turn on its way to Valkey: it goes to a list of a name as long, which nobody reads."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        queue = turn_queue(_LANE).encode()
        self._push = re.compile(rb"(LPUSH\r\n\$%d\r\n)%s" % (len(queue), re.escape(queue)))
        self._nowhere = b"x" * len(queue)
        self.sent = 0
        self.dropped = 0

    def rewrite(self, data: bytes) -> bytes:
        """Return what Valkey gets."""
        return self._push.sub(self._one, data)

    def _one(self, push: re.Match[bytes]) -> bytes:
        self.sent += 1
        if self._chance.random() < 0.5:
            return push[0]
        self.dropped += 1
        return push[1] + self._nowhere


def half_are_dropped(run: Run) -> Outcome:
    """Test 7: half of all turns are lost, the reapers' included, and no other job's turn comes to the rescue."""
    jobs = run.choose(full=60, quick=6)
    outcome = Outcome("7", f"half of all turns dropped, the reapers' too; {jobs} jobs one by one, slots idle")
    # The figure is about the default REAP_SECONDS.
    reap_seconds = run.choose(full="10", quick="2")
    with run.cluster(SCRIPTED_RTF="0.05", REAP_SECONDS=reap_seconds, proxied=True) as (cluster, client):
        dropper = _Dropper(run.random)
        assert cluster.proxy is not None
        cluster.proxy.rewrite = dropper.rewrite
        cluster.start(workers=_WORKERS)
        for _ in range(jobs):
            client.submit(round(run.random.uniform(1, 4), 1))
            client.tally(client.accepted[-1:], 120)
            time.sleep(run.random.uniform(0.0, 1.0))
        tally = run.check_effect(outcome, cluster, client, seconds=10)
        delays = [_pick_up_seconds(client.status(job.job_id)) for job in client.accepted]
        topped_up = sum(
            int(str(entry["turns"]))
            for worker in cluster.workers
            for entry in log_entries(worker.log_file)
            if entry.get("event") == "turns_topped_up"
        )
        outcome.check(f"{topped_up} turns were sent by reapers", topped_up > 0)
        share = dropper.dropped / max(1, dropper.sent)
        outcome.check(f"{dropper.dropped} of {dropper.sent} turns were dropped, {share:.0%}", 0.2 < share < 0.8)
        late = sum(delay > _LIMIT_SECONDS for delay in delays)
        outcome.seen = (
            f"{tally.right} of {tally.accepted} right, {dropper.dropped} of {dropper.sent} turns dropped, "
            f"{late} picked up late"
        )
        evidence = ", ".join(f"{delay:.1f}" for delay in sorted(delays)[-8:])
        outcome.time("picked up", delays, limit=_LIMIT_SECONDS, evidence=f"the latest: {evidence} s")
    return outcome


def _pick_up_seconds(document: dict[str, str] | None) -> float:
    assert document is not None
    created, started = (datetime.fromisoformat(document[name]) for name in ("created_at", "started_at"))
    return (started - created).total_seconds()
