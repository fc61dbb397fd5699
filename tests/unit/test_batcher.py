"""What jobs ask of the model meets in batches: of one kind, fairly, and without harm from a neighbour's error."""

import math
import queue
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.seen_spans import SeenSpans
from worker.engine.batcher import Batcher, Party

PATIENCE_SECONDS = 20.0
FOR_EVER_SECONDS = 3600.0


class Model:
    """Computes a batch when it is told to; tells which it has begun with."""

    def __init__(self) -> None:
        self._begun: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._permits = threading.Semaphore(0)

    def computed(self, batch: Sequence["Scripted"]) -> list[str]:
        self._begun.put([each.name for each in batch])
        assert self._permits.acquire(timeout=PATIENCE_SECONDS)
        for each in batch:
            if each.error:
                raise each.error
        return [f"text of {each.name}" for each in batch]

    def begun(self) -> list[str]:
        """Wait for the next batch and return the names of its requests; it goes on only when it is allowed to."""
        return self._begun.get(timeout=PATIENCE_SECONDS)

    def begins_nothing(self, seconds: float = 0.1) -> bool:
        """Tell whether no batch begins for a while, in which an idle replica would begin a hundred."""
        try:
            self._begun.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def go_on(self, batches: int = 1) -> None:
        self._permits.release(batches)

    def next_batch(self) -> list[str]:
        """Let the batch that is computed be done, and return what the next one holds."""
        self.go_on()
        return self.begun()


@dataclass(eq=False)
class Scripted:
    """A request whose batch waits for the model's word."""

    model: Model
    name: str
    key: Hashable = "any"
    cost: float = 1.0
    error: Exception | None = None
    too_few: bool = False

    def compute(self, batch: Sequence["Scripted"]) -> list[str]:
        results = self.model.computed(batch)
        return results[:-1] if self.too_few else results


@dataclass
class Bench:
    """A batcher of one replica that is busy with `plug`, so that what is submitted meets in the queue."""

    batcher: Batcher
    model: Model
    stack: ExitStack
    jobs: dict[str, Party] = field(default_factory=dict)

    def job(self, name: str) -> Party:
        if name not in self.jobs:
            self.jobs[name] = self.stack.enter_context(self.batcher.join())
        return self.jobs[name]

    def ask(
        self, job: str, *names: str, key: Hashable = "any", cost: float = 1.0, first: bool = False
    ) -> list["Future[str]"]:
        party = self.job(job)
        return [party.submit(Scripted(self.model, name, key, cost), first=first) for name in names]

    def plug(self) -> None:
        self.ask("plug", "plug", key="plug")
        assert self.model.begun() == ["plug"]


def bench(
    stack: ExitStack,
    *,
    batch_size: int = 2,
    batch_cost: float = math.inf,
    replicas: int = 1,
    linger_seconds: float = 0.0,
    observe: Callable[[int, int, float], None] = lambda _size, _most, _seconds: None,
) -> Bench:
    batcher = Batcher(
        replicas=replicas,
        batch_size=batch_size,
        batch_cost=batch_cost,
        linger_seconds=linger_seconds,
        observe=observe,
    )
    return Bench(batcher, Model(), stack)


def of(job: str, count: int) -> list[str]:
    return [f"{job}{number}" for number in range(count)]


# Batches


def test_what_waits_together_is_computed_together_up_to_the_batch_size() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=3)
        it.plug()
        asked = it.ask("a", *of("a", 7))
        assert [it.model.next_batch() for _ in range(3)] == [["a0", "a1", "a2"], ["a3", "a4", "a5"], ["a6"]]
        it.model.go_on()
        assert [each.result(PATIENCE_SECONDS) for each in asked] == [f"text of a{number}" for number in range(7)]


@pytest.mark.parametrize(("cost", "together"), [(1.0, 4), (2.0, 4), (3.0, 3), (5.0, 2), (10.0, 1), (11.0, 1)])
def test_a_batch_costs_no_more_than_it_may_unless_one_alone_does(cost: float, together: int) -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=4, batch_cost=10.0)
        it.plug()
        it.ask("a", *of("a", 4), cost=cost)
        assert it.model.next_batch() == of("a", 4)[:together]
        it.model.go_on(10)


def test_only_one_kind_is_in_a_batch() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=8)
        it.plug()
        for number in range(4):
            it.ask("a", f"short{number}", key="short")
            it.ask("a", f"long{number}", key="long")
        assert it.model.next_batch() == of("short", 4)
        assert it.model.next_batch() == of("long", 4)
        it.model.go_on()


_SHARED = Batcher(replicas=2, batch_size=3)


class Tally:
    """A request that is computed at once and keeps what shared its batch."""

    def __init__(self, job: int, key: int, cost: float) -> None:
        self.job = job
        self.key = key
        self.cost = cost
        self.batch: tuple[Tally, ...] = ()

    def compute(self, batch: Sequence["Tally"]) -> list["Tally"]:
        for each in batch:
            each.batch = tuple(batch)
        return list(batch)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.floats(0, 10), st.booleans()).map(
            lambda drawn: (Tally(*drawn[:3]), drawn[3])
        ),
        max_size=40,
    )
)
def test_whatever_is_asked_comes_back_once_to_who_asked_in_batches_of_its_kind(asked: list[tuple[Tally, bool]]) -> None:
    with ExitStack() as stack:
        jobs = [stack.enter_context(_SHARED.join()) for _ in range(4)]
        answers = [jobs[request.job].submit(request, first=first) for request, first in asked]
        for (request, _), answer in zip(asked, answers, strict=True):
            assert answer.result(PATIENCE_SECONDS) is request
            assert request in request.batch
            assert 1 <= len(request.batch) <= 3
            assert {each.key for each in request.batch} == {request.key}
        assert all(not job.waiting for job in jobs)


def test_every_batch_is_observed_with_its_size_the_most_of_its_kind_and_its_time() -> None:
    sizes: queue.SimpleQueue[tuple[int, int, float]] = queue.SimpleQueue()
    model = Model()
    batcher = Batcher(replicas=1, batch_size=2, batch_cost=4, observe=lambda *batch: sizes.put(batch))
    with batcher.join() as job:
        job.submit(Scripted(model, "plug", key="plug"))
        model.begun()
        for name in of("a", 3):
            job.submit(Scripted(model, name))
        job.submit(Scripted(model, "dear", key="dear", cost=3))
        model.go_on(4)
        seen = [sizes.get(timeout=PATIENCE_SECONDS) for _ in range(4)]
    assert [(size, most) for size, most, _ in seen] == [(1, 2), (2, 2), (1, 2), (1, 1)]
    assert all(seconds >= 0 for *_, seconds in seen)


def test_a_batch_of_several_jobs_is_one_span_that_is_linked_with_each() -> None:
    seen, model = SeenSpans(), Model()
    batcher = Batcher(replicas=1, batch_size=8, tracer=seen.tracer)
    ours, others = (f"00-{digit * 32}-{digit * 16}-01" for digit in "12")
    with batcher.join() as untraced:
        untraced.submit(Scripted(model, "plug", key="plug"))
        model.begun()
        untraced.submit(Scripted(model, "untraced"))
        with (
            seen.tracer.span("first", parent=ours),
            batcher.join() as first,
            seen.tracer.span("second", parent=others),
            batcher.join() as second,
        ):
            asked = [job.submit(Scripted(model, "traced")) for job in (first, second, first, second)]
            assert sorted(model.next_batch()) == [*["traced"] * 4, "untraced"]
            model.go_on()
            for each in asked:
                each.result(PATIENCE_SECONDS)
    batch, of_first, of_second = (seen.by_name()[name] for name in ("batch", "first", "second"))
    assert batch.attributes == {"scriptorium.batch_size": 5, "scriptorium.batch_kind": "scripted"}
    assert batch.parent
    assert batch.parent.span_id == seen.span_id("first")
    assert [link.context.span_id for link in batch.links] == [seen.span_id("second")]
    assert [link.context.span_id for link in of_second.links] == [seen.span_id("batch")]
    assert not of_first.links


def test_a_batch_of_nobody_who_is_traced_is_no_span() -> None:
    seen, model = SeenSpans(), Model()
    batcher = Batcher(replicas=1, batch_size=8, tracer=seen.tracer)
    model.go_on()
    with seen.tracer.span("unsampled", parent=f"00-{'1' * 32}-{'1' * 16}-00"), batcher.join() as job:
        assert job.submit(Scripted(model, "a")).result(PATIENCE_SECONDS) == "text of a"
    assert seen.by_name() == {}


# Fairness


@pytest.mark.parametrize("key", ["any", "of its own"])
def test_a_late_job_of_one_chunk_is_in_the_next_batch_before_a_hundred_of_another(key: str) -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=4)
        it.plug()
        it.ask("big", *of("big", 100))
        for _ in range(3):
            it.model.next_batch()
        it.ask("late", "late", key=key)
        assert "late" in it.model.next_batch()
        it.model.go_on(100)


def test_jobs_share_evenly_whatever_the_length_of_their_queues() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=2)
        it.plug()
        it.ask("a", *of("a", 50))
        it.ask("b", *of("b", 8))
        for _ in range(8):
            assert sorted(name[0] for name in it.model.next_batch()) == ["a", "b"]
        it.model.go_on(100)


def test_jobs_share_by_cost_not_by_count() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=1)
        it.plug()
        it.ask("dear", *of("dear", 20), key="dear", cost=3.0)
        it.ask("cheap", *of("cheap", 60), key="cheap", cost=1.0)
        turns = [it.model.next_batch()[0].rstrip("0123456789") for _ in range(40)]
        assert turns.count("dear") == 10
        assert turns.count("cheap") == 30
        it.model.go_on(100)


def test_a_job_that_asked_for_nothing_for_long_has_saved_nothing_up() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=1)
        it.job("idle")
        it.plug()
        it.ask("busy", *of("busy", 100))
        for _ in range(50):
            it.model.next_batch()
        it.ask("idle", *of("idle", 20))
        turns = [it.model.next_batch()[0] for _ in range(10)]
        assert 4 <= sum(name.startswith("busy") for name in turns) <= 6
        it.model.go_on(100)


def test_a_newcomer_owes_nothing_for_what_others_were_given_before() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=1)
        it.plug()
        it.ask("a", *of("a", 100))
        for _ in range(50):
            it.model.next_batch()
        it.ask("b", *of("b", 20))
        turns = [it.model.next_batch()[0] for _ in range(10)]
        assert 4 <= sum(name.startswith("b") for name in turns) <= 6
        it.model.go_on(100)


def test_what_is_first_goes_before_its_own_jobs_others_and_not_before_other_jobs() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=1)
        it.plug()
        it.ask("b", "b0")
        it.ask("a", *of("a", 3))
        it.ask("a", "urgent", first=True)
        order = [it.model.next_batch()[0] for _ in range(5)]
        assert [name for name in order if name != "b0"] == ["urgent", *of("a", 3)]
        assert order.index("b0") <= 1
        it.model.go_on()


# Linger


def test_a_request_waits_for_another_of_its_kind_while_it_lingers() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=2, linger_seconds=FOR_EVER_SECONDS)
        it.ask("a", "a0")
        assert it.model.begins_nothing()
        it.ask("b", "b0")
        assert sorted(it.model.begun()) == ["a0", "b0"]
        it.model.go_on()


def test_a_full_batch_does_not_linger_and_one_of_another_kind_does_not_fill_it() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=2, linger_seconds=FOR_EVER_SECONDS)
        it.ask("a", "a0", key="one")
        it.ask("b", "b0", key="other")
        it.ask("c", "c0", key="one")
        assert sorted(it.model.begun()) == ["a0", "c0"]
        it.model.go_on()


def test_a_request_that_nobody_joins_is_computed_alone_when_it_has_lingered() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=2, linger_seconds=0.01)
        (asked,) = it.ask("a", "a0")
        assert it.model.begun() == ["a0"]
        it.model.go_on()
        assert asked.result(PATIENCE_SECONDS) == "text of a0"


def test_without_linger_a_free_replica_waits_for_nobody() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=2)
        it.ask("a", "a0")
        assert it.model.begun() == ["a0"]
        it.model.go_on()


# Leaving


def test_leaving_drops_what_waits_and_hurts_nobody() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=4)
        it.plug()
        stays = it.ask("stays", *of("stays", 3))
        with it.batcher.join() as party:
            leaves = [party.submit(Scripted(it.model, name)) for name in of("leaves", 3)]
        assert all(each.cancelled() for each in leaves)
        with pytest.raises(CancelledError):
            leaves[0].result(PATIENCE_SECONDS)
        assert it.model.next_batch() == of("stays", 3)
        it.model.go_on()
        assert [each.result(PATIENCE_SECONDS) for each in stays] == [f"text of stays{number}" for number in range(3)]


def test_what_is_computed_when_its_job_leaves_is_computed_to_its_end() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=4)
        with it.batcher.join() as party:
            leaves = party.submit(Scripted(it.model, "leaves"))
            assert it.model.begun() == ["leaves"]
        stays = it.ask("stays", "stays")
        assert it.model.next_batch() == ["stays"]
        it.model.go_on()
        assert leaves.result(PATIENCE_SECONDS) == "text of leaves"
        assert stays[0].result(PATIENCE_SECONDS) == "text of stays"


def test_a_job_that_ends_in_an_error_leaves_as_well() -> None:
    model = Model()
    batcher = Batcher(replicas=1, batch_size=4)

    def failing() -> None:
        with batcher.join() as party:
            party.submit(Scripted(model, "plug", key="plug"))
            model.begun()
            waits.append(party.submit(Scripted(model, "waits")))
            raise OSError("the disk is full")

    waits: list[Future[str]] = []
    with pytest.raises(OSError, match="the disk is full"):
        failing()
    assert waits[0].cancelled()
    with batcher.join() as party:
        after = party.submit(Scripted(model, "after"))
        assert model.next_batch() == ["after"]
        model.go_on()
        assert after.result(PATIENCE_SECONDS) == "text of after"


def test_a_request_that_was_cancelled_is_passed_over() -> None:
    sizes: list[int] = []
    with ExitStack() as stack:
        it = bench(stack, batch_size=2, observe=lambda size, *_: sizes.append(size))
        it.plug()
        alone, with_another, another = it.ask("a", "alone", key="alone") + it.ask("a", "cancelled", "another")
        assert alone.cancel()
        assert with_another.cancel()
        assert it.model.next_batch() == ["another"]
        it.model.go_on()
        assert another.result(PATIENCE_SECONDS) == "text of another"
    assert 0 not in sizes


# Errors


def test_an_error_reaches_its_batch_alone_and_the_replica_lives_on() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=2)
        it.plug()
        (neighbour,) = it.ask("b", "b0")
        error = RuntimeError("out of memory")
        failing = it.job("a").submit(Scripted(it.model, "a0", error=error))
        spared = it.ask("a", "a1", "a2")
        assert sorted(it.model.next_batch()) == ["a0", "b0"]
        assert it.model.next_batch() == ["a1", "a2"]
        it.model.go_on()
        assert failing.exception(PATIENCE_SECONDS) is error
        assert neighbour.exception(PATIENCE_SECONDS) is error
        assert [each.result(PATIENCE_SECONDS) for each in spared] == ["text of a1", "text of a2"]


def test_a_batch_that_comes_back_short_fails_whole_and_the_replica_lives_on() -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=2)
        it.plug()
        party = it.job("a")
        short = [party.submit(Scripted(it.model, name, "short", too_few=True)) for name in of("short", 2)]
        (after,) = it.ask("a", "after")
        assert it.model.next_batch() == of("short", 2)
        assert it.model.next_batch() == ["after"]
        it.model.go_on()
        assert after.result(PATIENCE_SECONDS) == "text of after"
        assert all(isinstance(each.exception(PATIENCE_SECONDS), ValueError) for each in short)


# Replicas


@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_as_many_batches_are_computed_at_once_as_there_are_replicas(replicas: int) -> None:
    with ExitStack() as stack:
        it = bench(stack, batch_size=1, replicas=replicas)
        asked = it.ask("a", *of("a", replicas + 1))
        # None of them goes on before all of them have begun.
        assert sorted(name for _ in range(replicas) for name in it.model.begun()) == of("a", replicas)
        assert not asked[-1].running()
        assert it.model.next_batch() == [f"a{replicas}"]
        it.model.go_on(replicas)
        assert {each.result(PATIENCE_SECONDS) for each in asked} == {
            f"text of {name}" for name in of("a", replicas + 1)
        }


def test_a_slow_batch_holds_up_no_other_replica() -> None:
    slow, quick = Model(), Model()
    batcher = Batcher(replicas=2, batch_size=1)
    with batcher.join() as job:
        held = job.submit(Scripted(slow, "slow"))
        assert slow.begun() == ["slow"]
        quick.go_on(20)
        answers = [job.submit(Scripted(quick, name)) for name in of("quick", 20)]
        assert [each.result(PATIENCE_SECONDS) for each in answers] == [f"text of {name}" for name in of("quick", 20)]
        assert not held.done()
        slow.go_on()
        assert held.result(PATIENCE_SECONDS) == "text of slow"
