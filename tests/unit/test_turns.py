"""A turn works until its lane is empty, in a free slot or not at all, and leaves no job behind."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, cast

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from core.work import Work
from worker.turns import Turns

if TYPE_CHECKING:
    from worker.job_runner import JobRunner
    from worker.job_store import JobStore

LANE = "base"
SECONDS = 10.0
"""How long a test waits for what must come."""


class FakeWork:
    """All of a work that a turn looks at."""

    def __init__(self, work_id: str) -> None:
        self.work_id = work_id


class FakeStore:
    """Lanes in memory. `on_empty` is called by a claim that found nothing, before it says so."""

    def __init__(self, *job_ids: str) -> None:
        self.waiting = {LANE: list(job_ids)}
        self.on_empty: Callable[[], None] = lambda: None
        self.claims = 0
        self._lock = threading.Lock()

    def claim(self, lane: str) -> Work | None:
        with self._lock:
            self.claims += 1
            assert self.claims < 10_000, "a turn that should have ended goes on"
            waiting = self.waiting.get(lane)
            if waiting:
                return cast("Work", FakeWork(waiting.pop(0)))
        self.on_empty()
        return None

    def pending(self, lane: str) -> int:
        with self._lock:
            return len(self.waiting.get(lane, []))

    def accept(self, job_id: str) -> None:
        with self._lock:
            self.waiting[LANE].append(job_id)


class FakeRunner:
    """Notes what it runs, and how much of it at once; does with each job what the test says."""

    def __init__(self, work: Callable[[str], object] = lambda _: None) -> None:
        self.ran: list[str] = []
        self.running = 0
        self.most_at_once = 0
        self._work = work
        self._lock = threading.Lock()

    def run(self, work: Work) -> str:
        with self._lock:
            self.running += 1
            self.most_at_once = max(self.most_at_once, self.running)
        try:
            self._work(work.work_id)
        finally:
            with self._lock:
                self.running -= 1
                self.ran.append(work.work_id)
        return "completed"


def turns(store: FakeStore, runner: FakeRunner, *, slots: int = 1, stopping: threading.Event | None = None) -> Turns:
    return Turns(
        store=cast("JobStore", store),
        runner=cast("JobRunner", runner),
        slots=slots,
        stopping=stopping or threading.Event(),
    )


def test_a_turn_runs_every_job_of_its_lane_in_order_and_no_other() -> None:
    store, runner = FakeStore("a", "b", "c"), FakeRunner()
    store.waiting["tiny"] = ["x"]
    assert turns(store, runner).take(LANE) == ["a", "b", "c"]
    assert runner.ran == ["a", "b", "c"]
    assert store.waiting["tiny"] == ["x"]


def test_a_turn_on_an_empty_lane_ends_at_once() -> None:
    store, runner = FakeStore(), FakeRunner()
    assert turns(store, runner).take(LANE) == []
    assert store.claims == 1


def test_a_turn_that_finds_no_slot_returns_at_once_and_claims_nothing() -> None:
    busy, go_on = threading.Event(), threading.Event()

    def work(_: str) -> None:
        busy.set()
        assert go_on.wait(SECONDS)

    store, runner = FakeStore("a", "b"), FakeRunner(work)
    both = turns(store, runner)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(both.take, LANE)
        assert busy.wait(SECONDS)
        try:
            assert threads.submit(both.take, LANE).result(SECONDS / 2) == []  # while the first turn's job runs
            assert (store.claims, store.pending(LANE)) == (1, 1)
        finally:
            go_on.set()
        assert first.result(SECONDS) == ["a", "b"]


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_as_many_jobs_run_at_once_as_there_are_slots_and_no_more(slots: int) -> None:
    full = threading.Barrier(slots)
    store = FakeStore(*(f"job-{number}" for number in range(6 * slots)))
    # Each job waits until all slots are taken: fewer at once would never get on.
    runner = FakeRunner(lambda _: full.wait(SECONDS))
    all_turns = turns(store, runner, slots=slots)
    with ThreadPoolExecutor(2 * slots) as threads:
        ran = [turn.result(SECONDS) for turn in [threads.submit(all_turns.take, LANE) for _ in range(2 * slots)]]
    assert sorted(chain.from_iterable(ran)) == sorted(f"job-{number}" for number in range(6 * slots))
    assert runner.most_at_once == slots


def test_a_job_that_comes_between_the_last_claim_and_the_release_is_still_run() -> None:
    store, runner = FakeStore("a"), FakeRunner()
    turn = turns(store, runner)
    lost_turns: list[list[str]] = []

    def accepted_too_late() -> None:
        # Its own turn comes while the slot is still taken: it returns, and nobody else will look.
        store.on_empty = lambda: None
        store.accept("late")
        lost_turns.append(turn.take(LANE))

    store.on_empty = accepted_too_late
    assert turn.take(LANE) == ["a", "late"]
    assert lost_turns == [[]]


def test_a_turn_looks_again_and_again_as_long_as_jobs_come_too_late() -> None:
    store, runner = FakeStore(), FakeRunner()
    late = ["one", "two", "three"]
    store.on_empty = lambda: store.accept(late.pop(0)) if late else None
    assert turns(store, runner).take(LANE) == ["one", "two", "three"]


def test_stopping_ends_a_turn_after_its_current_job() -> None:
    stopping = threading.Event()
    store = FakeStore("a", "b", "c")
    runner = FakeRunner(lambda job_id: stopping.set() if job_id == "b" else None)
    assert turns(store, runner, stopping=stopping).take(LANE) == ["a", "b"]
    assert store.pending(LANE) == 1


def test_a_turn_of_a_stopping_worker_claims_nothing() -> None:
    stopping = threading.Event()
    stopping.set()
    store, runner = FakeStore("a"), FakeRunner()
    assert turns(store, runner, stopping=stopping).take(LANE) == []
    assert store.claims == 0


def test_a_worker_that_stops_while_a_lane_is_empty_does_not_look_again() -> None:
    stopping = threading.Event()
    store, runner = FakeStore(), FakeRunner()

    def stop_with_a_job_waiting() -> None:
        store.accept("late")
        stopping.set()

    store.on_empty = stop_with_a_job_waiting
    assert turns(store, runner, stopping=stopping).take(LANE) == []
    assert store.pending(LANE) == 1


def test_a_turn_that_redis_breaks_off_gives_its_slot_back() -> None:
    store, runner = FakeStore(), FakeRunner()
    turn = turns(store, runner)

    def gone() -> None:
        raise RedisConnectionError

    store.on_empty = gone
    with pytest.raises(RedisConnectionError):
        turn.take(LANE)
    store.on_empty = lambda: None
    store.accept("a")
    assert turn.take(LANE) == ["a"]


def test_every_job_of_a_crowded_lane_is_run_once_by_many_turns() -> None:
    accepted = [f"job-{number}" for number in range(500)]
    store, runner = FakeStore(*accepted), FakeRunner()
    turn = turns(store, runner, slots=3)
    with ThreadPoolExecutor(8) as threads:
        ran = [each.result(SECONDS) for each in [threads.submit(turn.take, LANE) for _ in range(50)]]
    assert sorted(chain.from_iterable(ran)) == sorted(accepted) == sorted(runner.ran)
    assert runner.most_at_once <= 3
