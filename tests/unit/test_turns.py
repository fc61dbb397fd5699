"""A turn works until its lane is empty, and leaves no job behind."""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import pytest
from celery import Task
from celery.utils.saferepr import saferepr
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
    """Notes what it runs; does with each job what the test says."""

    def __init__(self, work: Callable[[str], object] = lambda _: None) -> None:
        self.ran: list[str] = []
        self._work = work
        self._lock = threading.Lock()

    def run(self, work: Work) -> str:
        self._work(work.work_id)
        with self._lock:
            self.ran.append(work.work_id)
        return "completed"


def turns(store: FakeStore, runner: FakeRunner, *, stopping: threading.Event | None = None) -> Turns:
    return Turns(
        store=cast("JobStore", store), runner=cast("JobRunner", runner), stopping=stopping or threading.Event()
    )


def test_a_turn_runs_every_job_of_its_lane_in_order_and_no_other() -> None:
    store, runner = FakeStore("a", "b", "c"), FakeRunner()
    store.waiting["tiny"] = ["x"]
    assert turns(store, runner).take(LANE).latest == ("a", "b", "c")
    assert runner.ran == ["a", "b", "c"]
    assert store.waiting["tiny"] == ["x"]


def test_a_turn_on_an_empty_lane_ends_at_once() -> None:
    store, runner = FakeStore(), FakeRunner()
    assert turns(store, runner).take(LANE).works == 0
    assert store.claims == 1


def test_stopping_ends_a_turn_after_its_current_job() -> None:
    stopping = threading.Event()
    store = FakeStore("a", "b", "c")
    runner = FakeRunner(lambda job_id: stopping.set() if job_id == "b" else None)
    assert turns(store, runner, stopping=stopping).take(LANE).latest == ("a", "b")
    assert store.pending(LANE) == 1


def test_a_turn_of_a_stopping_worker_claims_nothing() -> None:
    stopping = threading.Event()
    stopping.set()
    store, runner = FakeStore("a"), FakeRunner()
    assert turns(store, runner, stopping=stopping).take(LANE).works == 0
    assert store.claims == 0


def test_a_turn_that_redis_breaks_off_says_so() -> None:
    store, runner = FakeStore("a"), FakeRunner()

    def gone() -> None:
        raise RedisConnectionError

    store.on_empty = gone
    with pytest.raises(RedisConnectionError):
        turns(store, runner).take(LANE)
    assert runner.ran == ["a"]


def test_every_job_of_a_crowded_lane_is_run_once_by_many_turns() -> None:
    accepted = [f"job-{number}" for number in range(500)]
    store, runner = FakeStore(*accepted), FakeRunner()
    turn = turns(store, runner)
    with ThreadPoolExecutor(8) as threads:
        ran = [each.result(SECONDS) for each in [threads.submit(turn.take, LANE) for _ in range(50)]]
    assert sum(each.works for each in ran) == len(accepted)
    assert sorted(runner.ran) == sorted(accepted)


def test_what_a_turn_tells_names_its_lane_and_jobs_and_stays_within_what_celery_shows() -> None:
    assert str(turns(FakeStore(), FakeRunner()).take(LANE)) == f"lane {LANE}: nothing to do"
    assert str(turns(FakeStore("a"), FakeRunner()).take(LANE)) == f"lane {LANE}: 1 job: a"
    accepted = [secrets.token_hex(16) for _ in range(300)]
    told = str(turns(FakeStore(*accepted), FakeRunner()).take(LANE))
    assert told.startswith(f"lane {LANE}: 300 jobs, the last 20 of them: ")
    assert told.endswith(" ".join(accepted[-20:]))
    assert saferepr(told, maxlen=Task.resultrepr_maxsize) == repr(told)
