"""Gateways that die while they accept, and clients that ask again."""

import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from tests.chaos import doomed_gateway
from tests.chaos.attempts import log_entries
from tests.chaos.client import Client, silence
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.harness.cluster import Cluster, eventually
from tests.harness.processes import ServerProcess

_AT_ONCE = 8
_START_SECONDS = 30.0
_STARTS = 3


@dataclass(frozen=True, slots=True)
class _Death:
    """What a client saw of one gateway's death and of asking again."""

    step: str
    answered: str | None
    """Id of the job that the dying gateway still answered with a 202."""
    ids: Sequence[str]
    """Ids that asking again gave, with the same key, at a gateway that lives."""
    died: bool
    audio_seconds: float


def deaths(run: Run) -> Outcome:
    """Test 6: the gateway kills itself at each step of an accept; the client asks another one again."""
    times = run.choose(full=100, quick=2)
    steps = list(doomed_gateway.STEPS)
    outcome = Outcome("6", f"gateway SIGKILLed at each of {len(steps)} steps of an accept, {times} times each")
    # Long enough that no upload under way is taken for an orphan on a slow machine.
    with run.cluster(ORPHAN_SECONDS="5", WORKER_CONCURRENCY="8", SCRIPTED_RTF="0.01") as (cluster, client):
        cluster.start(workers=1, beat=True)
        trials = [(step, round(1 + number / 10, 1)) for number in range(times) for step in steps]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            seen = list(pool.map(lambda trial: _kill_and_ask_again(run, cluster, client, *trial), trials))
        tally = run.check_effect(outcome, cluster, client, seconds=120)
        survivors = Counter(death.step for death in seen if not death.died)
        outcome.check(
            f"{len(seen) - survivors.total()} of {len(seen)} gateways died at their step", not survivors, survivors
        )
        lost = [death for death in seen if death.answered is not None and death.answered not in tally.texts]
        answered = sum(death.answered is not None for death in seen)
        outcome.check(f"no 202 without a job: {answered} dying gateways still answered", not lost, lost)
        doubled = [death for death in seen if len({*death.ids, *([death.answered] if death.answered else [])}) != 1]
        outcome.check(
            "asking again with the same key gives the one job",
            not doubled,
            f"{len(doubled)}: {Counter(death.step for death in doubled)}\n{doubled[:3]}",
        )
        cleaned = eventually(lambda: not any(cluster.media_folder.iterdir()), 60)
        left = sorted(path.name for path in cluster.media_folder.iterdir())
        outcome.check(f"the clean-up left {len(left)} files", cleaned, "\n".join([*left[:5], cluster.log_tails()]))
        orphans = sum(
            int(str(entry["orphans"]))
            for entry in (log_entries(cluster.beat.log_file) if cluster.beat else ())
            if entry.get("event") == "cleaned_up"
        )
        outcome.check(f"{orphans} orphans were there to be removed", orphans > 0)
    outcome.seen = (
        f"{len(seen)} deaths, {len(lost)} answers without a job, {len(doubled)} doubled jobs, "
        f"{orphans} orphans removed, {len(left)} left"
    )
    return outcome


def one_key(run: Run) -> Outcome:
    """Test 11: many clients send the same request with the same key at the same moment, to two gateways."""
    rounds, at_once = run.choose(full=20, quick=2), 100
    outcome = Outcome("11", f"{at_once} concurrent POSTs with one Idempotency-Key to two gateways, {rounds} times")
    with run.cluster(SCRIPTED_RTF="0.01") as (cluster, client):
        cluster.start(workers=1, gateways=2, beat=True)
        ids: list[int] = []
        for number in range(rounds):
            audio_seconds = round(2 + number / 10, 1)
            answers = _post_at_once(cluster, silence(audio_seconds), f"eleven-{number}", at_once)
            statuses = Counter(answer.status_code for answer in answers)
            accepted = {answer.json()["job_id"] for answer in answers if answer.status_code == httpx.codes.ACCEPTED}
            fresh = sum("idempotency-replayed" not in answer.headers for answer in answers)
            ids.append(len(accepted))
            outcome.check(
                f"round {number + 1}: {dict(statuses)}, {len(accepted)} job, {fresh} answer that was no replay",
                statuses == {202: at_once} and len(accepted) == 1 and fresh == 1,
                "\n".join(sorted({answer.text[:300] for answer in answers})[:5]),
            )
            for job_id in sorted(accepted):
                run.injected("accepted", job_id=job_id, audio_seconds=audio_seconds)
        other = client.post(silence(30), "eleven-0")
        outcome.check(
            "the same key with another body is refused with 422",
            other is not None and other.status_code == httpx.codes.UNPROCESSABLE_ENTITY,
            other.text if other else "",
        )
        run.check_effect(outcome, cluster, client, seconds=30)
    outcome.seen = f"{rounds} rounds of {at_once} answers, {max(ids)} job each at most, {min(ids)} at least"
    return outcome


def _kill_and_ask_again(run: Run, cluster: Cluster, client: Client, step: str, audio_seconds: float) -> _Death:
    key = f"six-{step}-{audio_seconds}"
    content = silence(audio_seconds)
    gateway, url = _doomed(cluster, step)
    first: httpx.Response | None = None
    with contextlib.suppress(httpx.TransportError):
        first = httpx.post(
            f"{url}/transcribe",
            files={"file": ("audio", content)},
            headers={"Idempotency-Key": key, "Cache-Control": "no-cache"},
            timeout=60,
            trust_env=False,
        )
    died = eventually(lambda: not gateway.is_running, 20)
    gateway.kill()
    run.injected("gateway killed itself", step=step, answer=first.status_code if first is not None else None)
    ids = [client.post(content, key) for _ in range(2)]
    answered = first.json()["job_id"] if first is not None and first.status_code == httpx.codes.ACCEPTED else None
    known = [
        str(answer.json()["job_id"])
        for answer in ids
        if answer is not None and answer.status_code == httpx.codes.ACCEPTED
    ]
    assert len(known) == len(ids), f"{step}: {ids}"
    for job_id in {*known, *([answered] if answered else [])}:
        run.injected("accepted", job_id=job_id, audio_seconds=audio_seconds)
    return _Death(step, answered, known, died, audio_seconds)


def _doomed(cluster: Cluster, step: str) -> tuple[ServerProcess, str]:
    for _ in range(_STARTS):
        gateway, url = cluster.fork_gateway(doomed_gateway.__name__, CHAOS_STEP=step)
        deadline = time.monotonic() + _START_SECONDS
        while gateway.is_running and time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/health", timeout=5, trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return gateway, url
        # Somebody took its port between the choice and the start.
        gateway.kill()
    raise AssertionError(f"{_STARTS} gateways in a row did not start; see the last logs of 'doomed'")


def _post_at_once(cluster: Cluster, content: bytes, key: str, count: int) -> list[httpx.Response]:
    barrier = threading.Barrier(count)
    numbers = itertools.count()

    def post(_: int) -> httpx.Response:
        url = cluster.base_url(next(numbers))
        with httpx.Client(trust_env=False, timeout=120) as client:
            client.get(f"{url}/health")  # connected before the start
            barrier.wait(60)
            return client.post(
                f"{url}/transcribe",
                files={"file": ("audio", content)},
                headers={"Idempotency-Key": key, "Cache-Control": "no-cache"},
            )

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(post, range(count)))
