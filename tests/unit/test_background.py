"""A background loop runs at once, goes on whatever a run does, and ends when it is told to."""

import threading
from collections.abc import Callable
from queue import Queue

import pytest
from structlog.testing import capture_logs

from worker.background import Background
from worker.metrics import WorkerMetrics

SECONDS = 10.0
"""How long a test waits for what must come."""
NEVER = 3_600.0


@pytest.fixture
def metrics() -> WorkerMetrics:
    return WorkerMetrics()


def errors(metrics: WorkerMetrics, name: str) -> float:
    return metrics.registry.get_sample_value("transcription_worker_loop_errors_total", {"loop": name}) or 0.0


def background(run: Callable[[], object], metrics: WorkerMetrics, *, every_seconds: float = 0.001) -> Background:
    return Background("tidy", lambda: (run(), None)[1], every_seconds=every_seconds, metrics=metrics)


def test_the_first_run_does_not_wait(metrics: WorkerMetrics) -> None:
    ran = threading.Event()
    loop = background(ran.set, metrics, every_seconds=NEVER)
    loop.start()
    assert ran.wait(SECONDS)
    loop.stop()


def test_runs_follow_each_other_in_a_thread_of_that_name(metrics: WorkerMetrics) -> None:
    ran: Queue[str] = Queue()
    loop = background(lambda: ran.put(threading.current_thread().name), metrics)
    loop.start()
    assert [ran.get(timeout=SECONDS) for _ in range(3)] == ["tidy"] * 3
    loop.stop()


def test_a_run_that_raises_is_counted_and_told_and_the_next_one_comes(metrics: WorkerMetrics) -> None:
    ran: Queue[int] = Queue()
    outcomes = iter([ValueError("one"), OSError("two"), None])

    def run() -> None:
        outcome = next(outcomes, None)
        ran.put(1)
        if outcome is not None:
            raise outcome

    with capture_logs() as logs:
        loop = background(run, metrics)
        loop.start()
        for _ in range(4):
            ran.get(timeout=SECONDS)
        loop.stop()
    assert errors(metrics, "tidy") == 2
    assert [(log["event"], log["loop"], log["error"]) for log in logs] == [
        ("background_error", "tidy", "ValueError('one')"),
        ("background_error", "tidy", "OSError('two')"),
    ]


def test_stopping_waits_for_the_current_run_and_no_other_follows(metrics: WorkerMetrics) -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended: list[int] = []

    def run() -> None:
        begun.set()
        assert go_on.wait(SECONDS)
        ended.append(1)

    loop = background(run, metrics)
    loop.start()
    assert begun.wait(SECONDS)
    stopped = threading.Thread(target=loop.stop, daemon=True)
    stopped.start()
    stopped.join(0.05)
    assert stopped.is_alive()  # for the run is not over
    go_on.set()
    stopped.join(SECONDS)
    assert not stopped.is_alive()
    assert ended == [1]


def test_stopping_does_not_wait_for_the_next_run_to_be_due(metrics: WorkerMetrics) -> None:
    ran = threading.Event()
    loop = background(ran.set, metrics, every_seconds=NEVER)
    loop.start()
    assert ran.wait(SECONDS)
    stopped = threading.Thread(target=loop.stop, daemon=True)
    stopped.start()
    stopped.join(SECONDS)
    assert not stopped.is_alive()


def test_stopping_twice_or_before_the_start_is_harmless(metrics: WorkerMetrics) -> None:
    runs: list[int] = []
    loop = background(lambda: runs.append(1), metrics)
    loop.stop()
    assert runs == []
    started = background(lambda: runs.append(1), metrics, every_seconds=NEVER)
    started.start()
    started.stop()
    started.stop()
    assert runs == [1]
    assert errors(metrics, "tidy") == 0
