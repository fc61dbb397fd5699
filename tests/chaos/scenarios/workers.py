"""Workers that are killed, stopped, paused: their jobs are done by others, once."""

import base64
import itertools
import json
import secrets
import time

from tests.chaos.attempts import attempts, recoveries
from tests.chaos.client import Client
from tests.chaos.outcome import Outcome
from tests.chaos.run import Repeat, Run
from tests.harness.cluster import Cluster
from tests.harness.processes import ServerProcess
from tests.harness.receiver import Receiver

_MANY_CRASHES = "1000"
"""MAX_CRASHES where jobs are killed often on purpose: the default of 2 makes dead letters of such jobs."""


class _Killer:
    """Kills one of the ready workers at a time and starts another in its place."""

    def __init__(self, run: Run, cluster: Cluster, *, forks: bool) -> None:
        self._run = run
        self._cluster = cluster
        self._forks = forks
        self.kills: list[tuple[int, float]] = []

    def kill_one(self) -> None:
        ready = self._cluster.ready_workers()
        if not ready:
            return
        victim = self._run.random.choice(ready)
        self.kills.append((victim.pid, time.time()))
        victim.kill()
        self._run.injected("worker killed", pid=victim.pid)
        if self._forks:
            self._cluster.fork_worker()
        else:
            self._cluster.start_worker()


def kills_under_load(run: Run) -> Outcome:
    """Test 1: a worker is killed every few seconds while jobs of some seconds each are done."""
    jobs, every = run.choose(full=(200, 5.0), quick=(15, 1.5))
    outcome = Outcome("1", f"{jobs} jobs, a worker SIGKILLed every {every:g} s, MAX_CRASHES={_MANY_CRASHES}")
    # A job takes 2 to 10 s, in quick runs 3 to 6 s.
    pace, shortest, longest = run.choose(full=("0.2", 10, 50), quick=("0.3", 10, 20))
    with run.cluster(MAX_CRASHES=_MANY_CRASHES, SCRIPTED_RTF=pace) as (cluster, client):
        cluster.start(workers=3, beat=True)
        client.submit_all([round(run.random.uniform(shortest, longest), 1) for _ in range(jobs)])
        killer = _Killer(run, cluster, forks=False)
        with Repeat(killer.kill_one, every_seconds=every):
            tally = client.tally(client.accepted, run.choose(full=900, quick=90))
        cluster.await_ready()
        run.check_effect(outcome, cluster, client, seconds=5)
        delays = recoveries(attempts(cluster.workers), killer.kills)
        outcome.seen = (
            f"{tally.right} of {jobs} right, {len(killer.kills)} kills, {len(delays)} attempts interrupted and resumed"
        )
        outcome.time("recovery", delays, limit=run.choose(full=60, quick=15), evidence=cluster.log_tails())
    return outcome


def many_kills(run: Run) -> Outcome:
    """Test 2: hundreds of kills under a steady flow of tiny jobs, so that they hit every step of a job's life."""
    kills, every = run.choose(full=(500, 0.4), quick=(25, 0.3))
    outcome = Outcome("2", f"{kills} SIGKILLs of workers under tiny jobs, MAX_CRASHES={_MANY_CRASHES}")
    # A job takes 0.2 to 1 s.
    with run.cluster(MAX_CRASHES=_MANY_CRASHES, SCRIPTED_RTF="0.2", WORKER_CONCURRENCY="2") as (cluster, client):
        cluster.start_gateway()
        for _ in range(4):
            cluster.fork_worker()
        cluster.start_beat()
        cluster.await_ready()
        killer = _Killer(run, cluster, forks=True)
        feeder = Feeder(run, cluster, client, backlog=20)
        with (
            Repeat(feeder.feed, every_seconds=0.1),
            Repeat(killer.kill_one, every_seconds=every, times=kills) as killing,
        ):
            killing.join(run.choose(full=1200, quick=60))
        cluster.await_ready()
        tally = run.check_effect(outcome, cluster, client, seconds=run.choose(full=240, quick=60))
        delays = recoveries(attempts(cluster.workers), killer.kills)
        outcome.check(
            f"{len(killer.kills)} kills, {len(delays)} of them in the middle of a job", len(delays) > kills / 4
        )
        outcome.seen = (
            f"{len(tally.wrong)} of {tally.accepted} lost, {len(killer.kills)} kills, "
            f"{len(delays)} attempts interrupted"
        )
        outcome.time("recovery", delays, limit=run.choose(full=60, quick=20), evidence=cluster.log_tails())
    return outcome


def paused_worker(run: Run) -> Outcome:
    """Test 5: a worker is stopped past its lease and continued: what it writes then is refused."""
    pause = run.choose(full=90.0, quick=6.0)
    outcome = Outcome("5", f"a worker SIGSTOPped for {pause:g} s in the middle of 4 jobs, then continued")
    # Two jobs that the other worker finishes while the first one sleeps, and two that both run when it wakes.
    pace, lengths = run.choose(full=("0.5", (40.1, 60.2, 260.3, 300.4)), quick=("0.1", (20.1, 25.2, 80.3, 90.4)))
    secret = base64.b64encode(secrets.token_bytes(24)).decode()
    with (
        Receiver() as receiver,
        run.cluster(
            SCRIPTED_RTF=pace,
            WORKER_CONCURRENCY="4",
            WEBHOOK_SECRET=f"whsec_{secret}",
            OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
        ) as (cluster, client),
    ):
        cluster.start(workers=1, beat=True)
        sleeper = cluster.workers[0]
        jobs = client.submit_all(lengths, webhook_url=receiver.url())
        for job in jobs:
            client.await_status(job.job_id, {"processing"}, 20)
        cluster.start_worker()
        cluster.await_ready()
        started = {attempt.job_id for attempt in attempts([sleeper]) if attempt.ended_at is None}
        paused_at = time.time()
        sleeper.pause()
        run.injected("worker paused", pid=sleeper.pid)
        time.sleep(pause)
        taken_over = [attempt for attempt in attempts([cluster.workers[1]]) if attempt.job_id in started]
        sleeper.resume()
        run.injected("worker continued", pid=sleeper.pid)
        tally = run.check_effect(outcome, cluster, client, seconds=run.choose(full=400, quick=60))
        outcome.check(
            f"all {len(jobs)} jobs were taken over by the other worker",
            {attempt.job_id for attempt in taken_over} == {job.job_id for job in jobs} == started,
            cluster.log_tails(),
        )
        ends = _await_ends(sleeper, len(jobs))
        outcome.check(
            f"the sleeper's late writes were refused: {ends}", ends == ["lost"] * len(jobs), sleeper.log_tail()
        )
        told = [json.loads(each.body)["data"]["job_id"] for each in receiver.awaited(len(jobs))]
        written = [len(client.webhook_events(job.job_id)) for job in jobs]
        outcome.check(
            f"each job told its receiver once: {len(told)} webhooks, events written {written}",
            sorted(told) == sorted(job.job_id for job in jobs) and written == [1] * len(jobs),
            cluster.log_tails(),
        )
        outcome.seen = (
            f"{tally.right} of {tally.accepted} right, {ends.count('lost')} late attempts refused "
            f"({sum(attempt.ended_at is None for attempt in taken_over)} while the other one ran), "
            f"{len(told)} webhooks"
        )
        outcome.time(
            "taken over",
            [attempt.started_at - paused_at for attempt in taken_over],
            limit=run.choose(full=60, quick=pause),
        )
    return outcome


def rolling_stop(run: Run) -> Outcome:
    """Test 12: every worker is told to stop, one after the other, as an update does it."""
    workers, rounds = run.choose(full=(4, 3), quick=(2, 1))
    outcome = Outcome("12", f"rolling SIGTERM of {workers} workers, {rounds} time(s) each, under load")
    # A job takes 2 to 4 s.
    with run.cluster(SCRIPTED_RTF="0.2", WORKER_CONCURRENCY="4") as (cluster, client):
        cluster.start(workers=workers, beat=True)
        feeder = Feeder(run, cluster, client, backlog=10, shortest=10, longest=20)
        seconds: list[float] = []
        handed_back = 0
        with Repeat(feeder.feed, every_seconds=0.1):
            for worker in list(itertools.chain.from_iterable(itertools.repeat(range(workers), rounds))):
                # The oldest that lives: after `workers` steps all are new.
                victim = cluster.running_workers()[0]
                cluster.start_worker()
                cluster.await_ready()
                time.sleep(run.random.uniform(0.2, 1.0))
                began = time.monotonic()
                victim.terminate()
                run.injected("worker told to stop", pid=victim.pid, slot=worker)
                victim.wait(60)
                seconds.append(time.monotonic() - began)
                outcome.check(
                    f"worker {victim.pid} ended with exit status {victim.exit_status}",
                    victim.exit_status == 0,
                    victim.log_tail(),
                )
                handed_back += sum(attempt.outcome != "completed" for attempt in attempts([victim]))
        tally = run.check_effect(outcome, cluster, client, seconds=90)
        charged = [
            document
            for job in client.accepted
            if (document := client.status(job.job_id)) is not None and document["attempt"] != 1
        ]
        outcome.check(
            "no attempt charged",
            not charged,
            "\n".join(f"{document['job_id']}: attempt {document['attempt']}" for document in charged[:10]),
        )
        expiries = cluster.stats()["lease_expiries"]
        outcome.check(f"{expiries} leases lapsed", expiries == 0)
        outcome.check(f"{handed_back} jobs were handed back", handed_back > 0)
        outcome.seen = (
            f"{len(tally.wrong)} of {tally.accepted} lost, {handed_back} handed back, {len(charged)} charged an attempt"
        )
        outcome.time("stopped", seconds, limit=30)
    return outcome


class Feeder:
    """Keeps a backlog of small jobs waiting, so that every slot is always busy."""

    def __init__(
        self,
        run: Run,
        cluster: Cluster,
        client: Client,
        *,
        backlog: int,
        shortest: float = 1,
        longest: float = 5,
    ) -> None:
        self._run = run
        self._cluster = cluster
        self._client = client
        self._backlog = backlog
        self._shortest = shortest
        self._longest = longest

    def feed(self) -> None:
        """Submit jobs until there are enough, one at least if the service doesn't say how many wait."""
        answer = self._client.request("GET", "/stats")
        waiting = (
            sum(lane["pending_jobs"] for lane in answer.json()["queue"])
            if answer is not None and answer.is_success
            else self._backlog - 1
        )
        self._client.submit_all(
            round(self._run.random.uniform(self._shortest, self._longest), 1) for _ in range(self._backlog - waiting)
        )


def _await_ends(worker: ServerProcess, count: int) -> list[str]:
    deadline = time.monotonic() + 30
    while True:
        ends = [attempt.outcome for attempt in attempts([worker]) if attempt.outcome is not None]
        if len(ends) >= count or time.monotonic() > deadline:
            return ends
        time.sleep(0.2)
