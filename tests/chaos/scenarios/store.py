"""Valkey killed, away, or silent: nobody hangs, nothing accepted is lost, and everybody goes on by himself."""

import time
from collections.abc import Callable

from tests.chaos.attempts import attempts
from tests.chaos.client import Client
from tests.chaos.outcome import Outcome
from tests.chaos.run import Repeat, Run
from tests.chaos.scenarios.workers import Feeder
from tests.harness.cluster import Cluster, eventually

_LIMIT_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
"""Within this every request must be answered, whatever is away: clients and balancers wait no longer."""
_HEALTH_SECONDS = 5.0
"""GET /health asks nobody else: it is slow only where the event loop is blocked."""


def kills(run: Run) -> Outcome:
    """Test 3: Valkey is killed again and again, and started anew on its append-only file."""
    times = run.choose(full=10, quick=2)
    outcome = Outcome("3", f"Valkey SIGKILLed {times} times under load, appendonly, MAX_CRASHES as shipped")

    def outage(cluster: Cluster) -> None:
        cluster.kill_valkey()
        time.sleep(run.random.uniform(0.2, run.choose(full=8.0, quick=2.0)))
        cluster.start_valkey()

    _outages(run, outcome, [("Valkey killed", outage)] * times, proxied=False)
    return outcome


def unreachable(run: Run) -> Outcome:
    """Test 4: Valkey can't be reached: connections are refused, or stay open in silence."""
    short, long = run.choose(full=(10.0, 120.0), quick=(2.0, 5.0))
    outcome = Outcome(
        "4", f"Valkey refused and half-open, {short:g} s and {long:g} s each, under load, MAX_CRASHES as shipped"
    )

    def refused(seconds: float) -> Callable[[Cluster], None]:
        def outage(cluster: Cluster) -> None:
            assert cluster.proxy is not None
            cluster.proxy.refuse()
            time.sleep(seconds)
            cluster.proxy.restore()

        return outage

    def half_open(seconds: float) -> Callable[[Cluster], None]:
        def outage(cluster: Cluster) -> None:
            assert cluster.proxy is not None
            cluster.proxy.go_half_open()
            time.sleep(seconds)
            cluster.proxy.restore()

        return outage

    outages = [
        (f"refused for {short:g} s", refused(short)),
        (f"half-open for {short:g} s", half_open(short)),
        (f"refused for {long:g} s", refused(long)),
        (f"half-open for {long:g} s", half_open(long)),
    ]
    # A quick run keeps one of each kind: what a half-open connection costs is the clients' time-outs, not the outage.
    _outages(run, outcome, outages[:2] if run.quick else outages, proxied=True)
    return outcome


def _outages(
    run: Run, outcome: Outcome, outages: list[tuple[str, Callable[[Cluster], None]]], *, proxied: bool
) -> None:
    """Inject outages one after the other under load; check answers, recovery, and that nothing was lost."""
    workers = run.choose(full=3, quick=2)
    delays: list[float] = []
    # A job takes 0.2 to 1 s, but for some that meet one outage after the other: an outage is no crash of theirs.
    with run.cluster(SCRIPTED_RTF="0.2", proxied=proxied) as (cluster, client):
        cluster.start(workers=workers, gateways=2, beat=True)
        client.submit_all([run.choose(full=600.0, quick=80.0)] * workers)
        feeder = Feeder(run, cluster, client, backlog=run.choose(full=40, quick=30))
        # What the others wait for while Valkey is away: two that need it, and one that doesn't.
        with (
            Repeat(feeder.feed, every_seconds=0.1),
            Repeat(lambda: client.request("GET", "/stats"), every_seconds=0.2),
            Repeat(lambda: client.request("GET", "/health"), every_seconds=0.2),
        ):
            _await_all_consuming(cluster, time.time())
            for name, outage in outages:
                run.injected(name)
                outage(cluster)
                back_at = time.time()
                consuming = _await_all_consuming(cluster, back_at)
                # A worker that never came back counts as late as it can be.
                delays.append(max(consuming.values()) if len(consuming) == workers else 2 * _LIMIT_SECONDS)
                outcome.check(
                    f"{name}: consuming again after {_list_of(consuming)}",
                    len(consuming) == workers,
                    f"{len(consuming)} of {workers} workers\n{cluster.log_tails(30)}",
                )
                time.sleep(run.choose(full=2.0, quick=0.5))
        ended = [worker for worker in cluster.workers if not worker.is_running]
        outcome.check(
            f"{len(ended)} workers ended by themselves",
            not ended,
            "\n".join(f"exit status {worker.exit_status}: {worker.log_file}" for worker in ended),
        )
        tally = run.check_effect(outcome, cluster, client, seconds=run.choose(full=180, quick=60))
        _check_answers(outcome, client)
        expiries = cluster.stats()["lease_expiries"]
    unavailable = sum(answer.status == 503 for answer in client.answers)
    outcome.seen = (
        f"{len(tally.wrong)} of {tally.accepted} accepted jobs lost, {expiries} leases lapsed, "
        f"{unavailable} answers were 503, slowest answer {max(answer.seconds for answer in client.answers):.1f} s"
    )
    outcome.time("all workers consuming again", delays, limit=_LIMIT_SECONDS)


def _await_all_consuming(cluster: Cluster, since: float) -> dict[int, float]:
    """Wait until every worker has begun a job; return after how many seconds each one did."""

    def first_attempts() -> dict[int, float]:
        return {
            worker.pid: min(begun)
            for worker in cluster.running_workers()
            if (begun := [each.started_at - since for each in attempts([worker]) if each.started_at > since])
        }

    eventually(lambda: len(first_attempts()) == len(cluster.running_workers()), _LIMIT_SECONDS + 10)
    return first_attempts()


def _check_answers(outcome: Outcome, client: Client) -> None:
    broken = [answer for answer in client.answers if answer.status == 0]
    outcome.check(f"{len(broken)} requests broke off without an answer", not broken, "\n".join(map(str, broken[:10])))
    slowest = max(client.answers, key=lambda answer: answer.seconds)
    outcome.check(
        f"no hang: the slowest answer took {slowest.seconds:.1f} s, at most {_ANSWER_SECONDS:g} s",
        slowest.seconds <= _ANSWER_SECONDS,
        slowest,
    )
    health = max(answer.seconds for answer in client.answers if answer.path == "/health")
    outcome.check(
        f"the event loop went on: GET /health took {health:.2f} s at most, allowed {_HEALTH_SECONDS:g} s",
        health <= _HEALTH_SECONDS,
    )


def _list_of(consuming: dict[int, float]) -> str:
    return ", ".join(f"{seconds:.1f}" for seconds in sorted(consuming.values())) + " s"
