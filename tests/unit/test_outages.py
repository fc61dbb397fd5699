"""Patience repeats what an outage broke off, and nothing else, and not for ever."""

import threading
from collections.abc import Callable

import pytest
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from worker import outages
from worker.outages import NO_PATIENCE, Patience


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "_PAUSE_SECONDS", 0.01)


def failing(times: int, error: RedisError) -> Callable[[], str]:
    left = [error] * times

    def call() -> str:
        if left:
            raise left.pop()
        return "answer"

    return call


@pytest.mark.parametrize(
    "error", [RedisConnectionError(), RedisTimeoutError(), BusyLoadingError(), OutOfMemoryError(), ReadOnlyError()]
)
def test_an_outage_is_sat_out(error: RedisError) -> None:
    assert Patience(10, threading.Event()).repeat(failing(5, error)) == "answer"


def test_another_fault_is_raised_at_once() -> None:
    call = failing(1, ResponseError("a fault in a script"))
    with pytest.raises(ResponseError):
        Patience(10, threading.Event()).repeat(call)


def test_patience_ends() -> None:
    with pytest.raises(RedisConnectionError):
        Patience(0.05, threading.Event()).repeat(failing(10**6, RedisConnectionError()))
    with pytest.raises(RedisConnectionError):
        NO_PATIENCE.repeat(failing(1, RedisConnectionError()))


def test_a_worker_that_stops_waits_for_nothing() -> None:
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(RedisConnectionError):
        Patience(3600, stopping).repeat(failing(10**6, RedisConnectionError()))
