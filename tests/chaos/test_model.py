"""Any sequence of calls leaves the jobs as a simple model of them says: on the real Valkey, with two reapers.

CHAOS_MODEL_STEPS sets how many steps are taken in all; after each, everything in Redis is held against the model.
"""

import asyncio
import itertools
import logging
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.client import Pipeline

from api.dead_letter_store import DeadLetterStore
from api.job_store import Accepted, NewJob, QueueLimits
from api.job_store import JobStore as GatewayStore
from core.errors import (
    FailureCode,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    NotADeadLetter,
)
from core.keys import Keys
from core.redis_clients import connect, connect_async
from core.work import JobStatus, Work
from tests.chaos.job_checks import check_everything, check_transitions
from tests.chaos.job_model import MAX_CRASHES, JobModel, ModelJob, ModelWork
from tests.chaos.job_snapshot import JobSnapshot
from tests.harness.stores import HOUR_MS, INFO, gateway_store, new_job, segment
from worker.job_store import Hold
from worker.job_store import JobStore as WorkerStore
from worker.outages import Patience

STEPS = int(os.environ.get("CHAOS_MODEL_STEPS", "2000"))
STEPS_PER_EXAMPLE = 100
EXAMPLES_PER_SEED = 10
PROGRESS_MS = 12_000
UNLIMITED = QueueLimits(1_000_000, 1e9)
LEAST_LEFT = ("lanes", "activity", "searchable-clock", "idempotency:", "claim:", "lane:")
"""What may be left when every job is gone: the memory of lanes and requests, none of it about a work."""

T = TypeVar("T")
logger = logging.getLogger(__name__)
picks = st.integers(0, 999)
lanes = st.sampled_from(["base", "small"])
tenants = st.sampled_from(["ann", "bob", "cem"])
workers = st.sampled_from(["worker-a", "worker-b", "worker-c"])
weights = st.sampled_from([1.0, 0.3, 2.0])
lengths = st.sampled_from([10.0, 0.001, 3.5, 60.0, 3600.0])
urls = st.sampled_from([None, "https://receiver.example/"])
bodies = st.sampled_from(["1" * 64, "2" * 64, "3" * 64])
limits = st.sampled_from([UNLIMITED, UNLIMITED, UNLIMITED, QueueLimits(2, 1e9), QueueLimits(1_000_000, 100.0)])
unfinished = (JobStatus.QUEUED, JobStatus.PROCESSING)
finished = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class Resends(Patience):
    """A connection that breaks off behind every call: each is sent again, and only the second answer arrives."""

    def __init__(self) -> None:
        """There is nothing to wait for."""

    def repeat(self, call: Callable[[], T]) -> T:
        call()
        return call()


class ResendingRedis(AsyncRedis):
    """The same for the gateway, whose client itself sends again what found no answer."""

    async def execute_command(self, *command: Any, **options: Any) -> Any:  # noqa: ANN401 - as its base
        if command[0] == "EVALSHA":
            await super().execute_command(*command, **options)  # type: ignore[no-untyped-call]
        return await super().execute_command(*command, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "ResendingPipeline":
        return ResendingPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class ResendingPipeline(Pipeline):
    """The same for commands that share a round trip."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        commands = list(self.command_stack)
        await super().execute(raise_on_error)
        self.command_stack = commands
        return await super().execute(raise_on_error)


@dataclass
class Server:
    """The server, and the connections to it."""

    client: Redis
    async_client: AsyncRedis
    resending_client: AsyncRedis
    runner: asyncio.Runner
    steps: int = 0
    """Taken so far, in all examples."""


@pytest.fixture
def server(valkey_url: str) -> Iterator[Server]:
    with asyncio.Runner() as runner, connect(valkey_url) as client:
        resending = ResendingRedis.from_url(valkey_url, decode_responses=True)
        server = Server(client, connect_async(valkey_url), resending, runner)
        yield server
        for each in (server.async_client, resending):
            runner.run(each.aclose())


@dataclass(frozen=True)
class Claim:
    """What a worker holds, or once held."""

    worker: str
    work: Work

    @property
    def names(self) -> tuple[str, int]:
        """How the model knows it."""
        return self.work.work_id, self.work.fence


class Jobs(RuleBasedStateMachine):
    """Both stores and the model, side by side. Time passes only where a rule lets it."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.keys = Keys(f"model-{uuid.uuid4().hex}:")
        self.model = JobModel()
        self.claims: list[Claim] = []
        self.times: Counter[str] = Counter()
        self.seen = JobSnapshot({}, {})
        self.looks = 0
        self.plain = {name: self.worker_store(name) for name in ("worker-a", "worker-b", "worker-c")}
        self.resending = {name: self.worker_store(name, patience=Resends()) for name in self.plain}

    def worker_store(self, name: str, **options: Any) -> WorkerStore:  # noqa: ANN401 - as the store takes them
        return WorkerStore(
            self.server.client,
            worker=name,
            lease_ms=HOUR_MS,
            result_ttl_ms=HOUR_MS,
            record_ttl_ms=HOUR_MS,
            keys=self.keys,
            **options,
        )

    def gateway(
        self, call: Callable[[GatewayStore], Any], *, within: QueueLimits = UNLIMITED, again: bool = False
    ) -> Any:  # noqa: ANN401 - what the call returns
        store = gateway_store(
            self.server.resending_client if again else self.server.async_client,
            self.keys,
            max_jobs=within.max_jobs,
            max_audio_seconds=within.max_audio_seconds,
        )
        return self.server.runner.run(call(store))

    def buried(self, call: Callable[[DeadLetterStore], Any]) -> Any:  # noqa: ANN401 - what the call returns
        return self.server.runner.run(call(DeadLetterStore(self.server.async_client, self.keys)))

    def store(self, claim: Claim, again: bool = False) -> WorkerStore:
        return (self.resending if again else self.plain)[claim.worker]

    def take_snapshot(self) -> JobSnapshot:
        return JobSnapshot.take(self.server.client, self.keys.prefix)

    def nothing_changed(self) -> None:
        assert self.take_snapshot() == self.seen

    def number(self, of: str) -> int:
        """Return the next number of a kind."""
        self.times[of] += 1
        return self.times[of]

    def held(self) -> list[Claim]:
        return [claim for claim in self.claims if self.model.holds(*claim.names)]

    def stale(self) -> list[Claim]:
        return [claim for claim in self.claims if not self.model.holds(*claim.names)]

    # Accepting

    def accept(self, new: NewJob, within: QueueLimits, again: bool = False) -> None:
        expected = _last(again, lambda: self.model.accept(new, within))
        if isinstance(expected, Accepted):
            assert self.gateway(lambda store: store.accept(new), within=within, again=again) == expected
            return
        with pytest.raises(expected):
            self.gateway(lambda store: store.accept(new), within=within, again=again)
        self.nothing_changed()

    def next_id(self) -> str:
        # In no order: where virtual times are equal, ids decide.
        return uuid.uuid5(uuid.NAMESPACE_OID, str(self.number("job"))).hex

    @rule(tenant=tenants, weight=weights, lane=lanes, seconds=lengths, within=limits, url=urls)
    def accept_one(
        self, *, tenant: str, weight: float, lane: str, seconds: float, within: QueueLimits, url: str | None
    ) -> None:
        new = new_job(self.next_id(), tenant=tenant, weight=weight, lane=lane, seconds=seconds, webhook_url=url)
        self.accept(new, within)

    @rule(tenant=tenants, lane=lanes, body=bodies, within=limits, again=st.booleans(), url=urls)
    def accept_one_that_may_share(
        self, *, tenant: str, lane: str, body: str, within: QueueLimits, again: bool, url: str | None
    ) -> None:
        self.accept(new_job(self.next_id(), tenant=tenant, lane=lane, blake3=body, webhook_url=url), within, again)

    @rule(body=bodies, request=st.sampled_from(["k", "l"]), shares=st.booleans(), within=limits, again=st.booleans())
    def accept_one_with_a_key(self, body: str, request: str, shares: bool, within: QueueLimits, again: bool) -> None:
        new = new_job(self.next_id(), tenant="ann", blake3=body, idempotency_key=request)
        self.accept(new if shares else replace(new, shares_work=False), within, again)

    @initialize(wanted=st.lists(st.tuples(tenants, lanes, bodies, urls), min_size=2, max_size=8))
    def accept_some(self, wanted: list[tuple[str, str, str, str | None]]) -> None:
        for tenant, lane, body, url in wanted:
            self.accept(new_job(self.next_id(), tenant=tenant, lane=lane, blake3=body, webhook_url=url), UNLIMITED)
            self.look()

    @precondition(lambda self: self.model.jobs)
    @rule(pick=picks, within=limits)
    def accept_the_same_call_again(self, pick: int, within: QueueLimits) -> None:
        self.accept(_choose(self.model.jobs.values(), pick).new, within)
        self.nothing_changed()

    # Claiming and what an attempt does

    @rule(worker=workers, lane=lanes, again=st.booleans())
    def claim(self, worker: str, lane: str, again: bool) -> None:
        self.claim_of(lane, worker, again)

    @precondition(lambda self: self.waiting_lanes())
    @rule(worker=workers, pick=picks, again=st.booleans())
    def claim_what_waits(self, worker: str, pick: int, again: bool) -> None:
        self.claim_of(_choose(self.waiting_lanes(), pick), worker, again)

    def waiting_lanes(self) -> list[str]:
        return [lane for lane in ("base", "small") if self.model.waiting(lane)]

    def claim_of(self, lane: str, worker: str, again: bool) -> None:
        work = (self.resending if again else self.plain)[worker].claim(lane)
        waiting = {each.work_id: each for each in self.model.waiting(lane)}
        if work is None:
            assert not waiting
            return
        taken = waiting.pop(work.work_id)
        assert work.work_id == next(iter(self.seen.scores(f"lane:{lane}:pending")))
        if not taken.at_head:
            earlier = [each for each in waiting.values() if each.tenant == taken.tenant and each.turn < taken.turn]
            assert [each for each in earlier if not each.at_head] == []
        self.model.claim(taken, worker)
        assert (work.status, work.worker) == (JobStatus.PROCESSING, worker)
        assert work.fence == taken.fence
        assert work.resumed_from_seconds * 1000 == taken.progress_ms
        assert self.plain[worker].committed_segments(work) == taken.segments
        self.claims.append(Claim(worker, work))

    @precondition(lambda self: self.held())
    @rule(pick=picks, again=st.booleans())
    def heartbeat(self, pick: int, again: bool) -> None:
        claim = _choose(self.held(), pick)
        assert self.store(claim, again).heartbeat(claim.work) is self.model.heartbeat(*claim.names)

    @precondition(lambda self: self.held())
    @rule(pick=picks, many=st.integers(0, 3), again=st.booleans(), knows=st.booleans())
    def report(self, pick: int, many: int, again: bool, knows: bool) -> None:
        claim = _choose(self.held(), pick)
        committed = len(self.model.works[claim.work.work_id].segments)
        segments = [segment(self.number("segment")) for _ in range(many)]
        progress_ms = self.number("progress") * 1000
        expected = _last(
            again,
            lambda: self.model.report(
                *claim.names,
                segments=segments,
                committed=committed,
                progress_ms=progress_ms,
                audio_ms=PROGRESS_MS if knows else None,
            ),
        )
        hold = self.store(claim, again).report(
            claim.work,
            segments=segments,
            committed=committed,
            progress_seconds=progress_ms / 1000,
            audio_seconds=PROGRESS_MS / 1000 if knows else None,
            info=INFO if knows else None,
        )
        assert hold is expected

    @precondition(lambda self: self.held())
    @rule(pick=picks, again=st.booleans())
    def complete(self, pick: int, again: bool) -> None:
        claim = _choose(self.held(), pick)
        expected = _last(again, lambda: self.model.complete(*claim.names, progress_ms=PROGRESS_MS, transcribed_ms=7000))
        assert self.store(claim, again).complete(claim.work, INFO, transcribed_seconds=7) == expected

    @precondition(lambda self: self.held())
    @rule(pick=picks, again=st.booleans())
    def fail(self, pick: int, again: bool) -> None:
        claim = _choose(self.held(), pick)
        expected = _last(again, lambda: self.model.fail(*claim.names))
        assert self.store(claim, again).fail(claim.work, FailureCode.AUDIO_UNDECODABLE, "no") == expected

    @precondition(lambda self: self.held())
    @rule(pick=picks, again=st.booleans(), delay=st.sampled_from([0, 3600]), max_attempts=st.integers(1, 3))
    def retry(self, pick: int, again: bool, delay: int, max_attempts: int) -> None:
        claim = _choose(self.held(), pick)
        expected = _last(again, lambda: self.model.retry(*claim.names, max_errors=max_attempts, due=delay == 0))
        answer = self.store(claim, again).retry(
            claim.work, FailureCode.INTERNAL_ERROR, "boom", delay_seconds=delay, max_attempts=max_attempts
        )
        assert answer == expected

    @precondition(lambda self: self.held())
    @rule(pick=picks, again=st.booleans())
    def handback(self, pick: int, again: bool) -> None:
        claim = _choose(self.held(), pick)
        expected = _last(again, lambda: self.model.handback(*claim.names))
        assert self.store(claim, again).handback(claim.work) == expected

    @precondition(lambda self: self.stopping())
    @rule(pick=picks, again=st.booleans())
    def confirm_cancel(self, pick: int, again: bool) -> None:
        claim = _choose(self.stopping(), pick)
        expected = _last(again, lambda: self.model.confirm_cancel(*claim.names))
        assert self.store(claim, again).confirm_cancel(claim.work) == expected

    def stopping(self) -> list[Claim]:
        return [claim for claim in self.held() if self.model.works[claim.work.work_id].cancel_requested]

    @precondition(lambda self: self.stale())
    @rule(pick=picks, call=st.integers(0, 6), again=st.booleans())
    def call_without_a_hold(self, pick: int, call: int, again: bool) -> None:
        claim = _choose(self.stale(), pick)
        store, work = self.store(claim, again), claim.work
        calls: Sequence[Callable[[], str]] = (
            lambda: store.heartbeat(work),
            lambda: store.report(work, segments=[segment(0)], committed=0, progress_seconds=1, info=INFO),
            lambda: store.complete(work, INFO, transcribed_seconds=7),
            lambda: store.fail(work, FailureCode.AUDIO_UNDECODABLE, "late"),
            lambda: store.retry(work, FailureCode.INTERNAL_ERROR, "late", delay_seconds=0, max_attempts=1),
            lambda: store.handback(work),
            lambda: store.confirm_cancel(work),
        )
        expected = self.model.complete(*claim.names, progress_ms=0, transcribed_ms=0) if call == 2 else Hold.LOST
        assert calls[call]() == expected
        self.nothing_changed()

    # Crashes and reapers

    @precondition(lambda self: self.held())
    @rule(pick=picks)
    def let_a_lease_lapse(self, pick: int) -> None:
        work = self.model.works[_choose(self.held(), pick).work.work_id]
        work.lapsed = True
        self.server.client.zadd(self.keys.leases, {work.work_id: self.number("past")})
        # The claim is remembered for as long as its lease.
        for name in self.seen.names("claim:"):
            if self.seen.string(name) == work.work_id:
                self.server.client.delete(self.keys.prefix + name)

    @precondition(lambda self: self.later())
    @rule(pick=picks)
    def let_a_retry_be_due(self, pick: int) -> None:
        work = _choose(self.later(), pick)
        work.due = True
        self.server.client.zadd(self.keys.delayed, {work.work_id: self.number("past")}, xx=True)

    def later(self) -> list[ModelWork]:
        return [work for work in self.model.works.values() if work.delayed and not work.due]

    @precondition(lambda self: any(work.lapsed or work.delayed for work in self.model.works.values()))
    @rule(
        reapers=st.sampled_from([("worker-a",), ("worker-b",), ("worker-a", "worker-b")]),
        take_back=st.sampled_from([True, True, False]),
        limit=st.sampled_from([100, 1]),
        again=st.booleans(),
    )
    def reap(self, reapers: tuple[str, ...], take_back: bool, limit: int, again: bool) -> None:
        stores = self.resending if again else self.plain
        for reaper in reapers:
            lapsed = [name for name in self.seen.scores("leases") if self.model.works[name].lapsed and take_back]
            due = [name for name in self.seen.scores("delayed") if self.model.works[name].due]
            expected = self.model.reap(lapsed[:limit], due[:limit])
            if again:
                expected = self.model.reap(lapsed[limit : 2 * limit], due[limit : 2 * limit])
            assert stores[reaper].reap(max_crashes=MAX_CRASHES, take_back=take_back, limit=limit) == expected
            self.look()

    # What users and operators do

    @precondition(lambda self: self.model.in_status(JobStatus.QUEUED))
    @rule(pick=picks, again=st.booleans())
    def cancel(self, pick: int, again: bool) -> None:
        self.cancel_one(_choose(self.model.jobs.values(), pick), again)

    @precondition(lambda self: self.running())
    @rule(pick=picks, again=st.booleans())
    def cancel_a_running_job(self, pick: int, again: bool) -> None:
        self.cancel_one(_choose(self.running(), pick), again)

    def running(self) -> list[ModelJob]:
        return [job for job in self.model.jobs.values() if job.status is JobStatus.PROCESSING]

    def cancel_one(self, job: ModelJob, again: bool) -> None:
        expected = self.model.cancel(job)
        assert self.gateway(lambda store: store.cancel(job.new.job_id), again=again) == expected

    @precondition(lambda self: self.finished())
    @rule(pick=picks)
    def erase(self, pick: int) -> None:
        job = _choose(self.finished(), pick)
        assert self.gateway(lambda store: store.erase(job.new.job_id)).work_id == self.model.erase(job)
        self.look()
        self.refuse_to_erase(job.new.job_id)

    def finished(self) -> list[ModelJob]:
        return [job for job in self.model.jobs.values() if job.status.is_finished]

    def refuse_to_erase(self, job_id: str) -> None:
        with pytest.raises(JobNotFound):
            self.gateway(lambda store: store.erase(job_id))
        self.nothing_changed()

    @precondition(lambda self: self.model.works)
    @rule(pick=picks, act=st.sampled_from(["requeue", "purge"]))
    def requeue_or_purge(self, pick: int, act: str) -> None:
        self.requeue_or_purge_one(_choose(self.model.works.values(), pick), act)

    @precondition(lambda self: self.model.in_status(JobStatus.FAILED))
    @rule(pick=picks, act=st.sampled_from(["requeue", "requeue", "purge"]))
    def requeue_or_purge_a_dead_letter(self, pick: int, act: str) -> None:
        self.requeue_or_purge_one(_choose(self.model.in_status(JobStatus.FAILED), pick), act)

    def requeue_or_purge_one(self, work: ModelWork, act: str) -> None:
        expected = self.model.requeue(work) if act == "requeue" else self.model.purge(work)
        if expected is not None:
            assert self.buried(lambda letters: getattr(letters, act)(work.work_id)) == expected
            return
        with pytest.raises(NotADeadLetter):
            self.buried(lambda letters: getattr(letters, act)(work.work_id))
        self.nothing_changed()

    @precondition(lambda self: self.model.jobs)
    @rule(pick=picks)
    def read(self, pick: int) -> None:
        job = _choose(self.model.jobs.values(), pick)
        look = self.gateway(lambda store: store.look(job.new.job_id))
        waiting = list(self.seen.scores(f"lane:{job.work.lane}:pending"))
        place = waiting.index(job.work.work_id) + 1 if job.work.waits else None
        assert (look.job.status, look.job.cached, look.queue_position) == (job.status, job.cached, place)
        assert look.segments == len(job.work.segments)
        self.read_transcript(job)
        if not job.status.is_finished:
            self.refuse_to_erase(job.new.job_id)
        page = self.gateway(
            lambda store: store.page(tenant=job.new.tenant, status=job.status, lane=None, limit=1000, cursor=None)
        )
        alike = {
            name
            for name, each in self.model.jobs.items()
            if (each.new.tenant, each.status) == (job.new.tenant, job.status)
        }
        assert {each.job_id for each in page.jobs} == alike
        letters = {letter.work.work_id for letter in self.buried(lambda letters: letters.page(limit=1000))}
        assert letters == {each.work.work_id for each in self.model.jobs.values() if each.status is JobStatus.FAILED}
        self.nothing_changed()

    def read_transcript(self, job: ModelJob) -> None:
        refusals: dict[JobStatus, type[Exception]] = {
            JobStatus.QUEUED: JobNotFinished,
            JobStatus.PROCESSING: JobNotFinished,
            JobStatus.CANCELLED: JobCancelled,
            JobStatus.FAILED: JobFailed,
            JobStatus.COMPLETED: JobExpired,
        }
        known = self.gateway(lambda store: store.get(job.new.job_id))
        if job.status is JobStatus.COMPLETED and job.work.has_results:
            transcript = self.gateway(lambda store: store.transcript(known))
            assert transcript.segments == tuple(job.work.segments)
            return
        with pytest.raises(refusals[job.status]):
            self.gateway(lambda store: store.transcript(known))

    # Time

    @precondition(lambda self: self.model.in_status(*finished))
    @rule(pick=picks)
    def let_results_or_records_expire(self, pick: int) -> None:
        work = _choose(self.model.in_status(*finished), pick)
        mine = [
            *self.seen.names(f"work:{work.work_id}"),
            *(f"job:{job.new.job_id}" for job in self.model.jobs_of(work)),
        ]
        mine += [name for job in self.model.jobs_of(work) for name in self.webhooks_of(job)]
        mine += [name for name in self.seen.names("digest:") if self.seen.string(name) == work.work_id]
        moment = int(self.seen.record(f"work:{work.work_id}")["expires_at_ms"])
        if work.has_results:
            self.model.results_expire(work)
        else:
            self.model.records_expire(work)
            moment += HOUR_MS
        self.expire([name for name in mine if 0 < self.seen.expiries.get(name, -1) <= moment])

    def webhooks_of(self, job: ModelJob) -> list[str]:
        """Return the names of what is kept of a job's events."""
        return [*self.seen.names(f"webhook:{job.new.job_id}-"), *self.seen.names(f"webhooks:{job.new.job_id}")]

    def expire(self, gone: list[str]) -> None:
        """Remove what has expired; and from the outbox the events among it, as whoever would deliver them does."""
        self.server.client.delete(*(self.keys.prefix + name for name in gone))
        for name in gone:
            if name.startswith("webhook:"):
                self.server.client.zrem(self.keys.webhooks, name.removeprefix("webhook:"))

    @precondition(lambda self: self.left())
    @rule(pick=picks)
    def let_a_cancelled_jobs_record_expire(self, pick: int) -> None:
        job = _choose(self.left(), pick)
        gone = [f"job:{job.new.job_id}", *self.webhooks_of(job)]
        assert [name for name in gone if self.seen.expiries[name] <= 0] == []
        self.expire(gone)
        self.model.record_expires(job)

    def left(self) -> list[ModelJob]:
        """Return jobs that were cancelled while their work went on, and still does."""
        return [job for job in self.model.jobs.values() if job.cancelled and not job.work.status.is_finished]

    @precondition(lambda self: self.model.requests)
    @rule(pick=picks)
    def let_an_idempotency_key_expire(self, pick: int) -> None:
        request = _choose(self.model.requests, pick)
        job_id, _ = self.model.requests.pop(request)
        for name in self.seen.names("idempotency:"):
            if self.seen.record(name)["job_id"] == job_id:
                assert self.seen.expiries[name] > 0
                self.server.client.delete(self.keys.prefix + name)

    @precondition(lambda self: self.model.indexed - self.model.jobs.keys() or self.model.letters)
    @rule()
    def forget_expired(self) -> None:
        assert self.plain["worker-a"].forget_expired(older_than_ms=-1000) == self.model.forget_expired()

    # What must hold after every step

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        self.look()
        self.looks += 1

    def look(self) -> None:
        now = self.take_snapshot()
        check_transitions(self.seen, now)
        check_everything(now, self.model)
        self.seen = now

    def teardown(self) -> None:
        # The first look is at nothing.
        self.server.steps += max(0, self.looks - 1)
        try:
            if self.take_snapshot() == self.seen:
                self.remove_all()
        finally:
            if left := list(self.server.client.scan_iter(f"{self.keys.prefix}*", count=1000)):
                self.server.client.delete(*left)

    def remove_all(self) -> None:
        """Bring every job to an end, erase it, and see that nothing is left of any."""
        for job in list(self.model.jobs.values()):
            self.gateway(lambda store, job=job: store.cancel(job.new.job_id))  # type: ignore[misc]
            self.model.cancel(job)
        for claim in self.held():
            assert self.plain[claim.worker].confirm_cancel(claim.work) == self.model.confirm_cancel(*claim.names)
        self.look()
        for job in list(self.model.jobs.values()):
            erased = self.gateway(lambda store, job=job: store.erase(job.new.job_id))  # type: ignore[misc]
            assert erased.work_id == self.model.erase(job)
        assert self.plain["worker-a"].forget_expired(older_than_ms=-1000) == self.model.forget_expired()
        self.look()
        assert [name for name in self.seen.values if not name.startswith(LEAST_LEFT)] == []
        kinds = {name.split(":")[2] for name in self.seen.names("lane:")}
        assert kinds <= {"counters", "pace", "clock"}


def _last(again: bool, call: Callable[[], T]) -> T:
    """Return what the model answers: to the second call, if it is sent again."""
    if again:
        call()
    return call()


def _choose(things: Any, pick: int) -> Any:  # noqa: ANN401 - one of them
    among = list(things)
    return among[pick % len(among)]


def test_no_sequence_of_calls_leaves_what_the_model_forbids(server: Server) -> None:
    seeds = itertools.count()
    while server.steps < STEPS:
        run_state_machine_as_test(
            cast("type[Jobs]", seed(next(seeds))(lambda: Jobs(server))),
            settings=settings(
                max_examples=EXAMPLES_PER_SEED,
                stateful_step_count=STEPS_PER_EXAMPLE,
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    logger.info("%d steps, each as the model says", server.steps)
