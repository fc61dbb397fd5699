"""Runs of the golden set on the real servers: one runner at a time, and a baseline that stays."""

from datetime import UTC, datetime

import pytest
from redis.exceptions import LockError

from core.golden import RUNS_KEPT, ErrorRates, GoldenRun
from core.keys import Keys
from core.redis_clients import connect
from worker.golden.store import GoldenStore


@pytest.fixture(params=["valkey", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def store(url: str, keys: Keys) -> GoldenStore:
    return GoldenStore(connect(url), keys)


def run(wer: float, *, model: str = "base") -> GoldenRun:
    return GoldenRun(
        set_digest="1",
        model=model,
        version="0.1.0",
        started_at=datetime(2026, 11, 21, tzinfo=UTC),
        seconds=30,
        languages={"de": ErrorRates(wer=wer, cer=wer / 2, words=100, references=5)},
    )


def test_the_first_run_is_the_baseline_until_set_or_model_change(store: GoldenStore) -> None:
    assert (store.runs(), store.baseline()) == ([], None)
    store.add(run(0.2))
    store.add(run(0.3))
    assert store.runs() == [run(0.3), run(0.2)]
    assert store.baseline() == run(0.2)
    store.set_baseline(run(0.3))
    store.add(run(0.1))
    assert store.baseline() == run(0.3)
    store.add(run(0.1, model="small"))
    assert store.baseline() == run(0.1, model="small")


def test_only_the_latest_runs_are_kept(store: GoldenStore) -> None:
    for number in range(RUNS_KEPT + 2):
        store.add(run(number / 100))
    assert [each.languages["de"].wer for each in store.runs()] == [n / 100 for n in range(RUNS_KEPT + 1, 1, -1)]


def test_a_run_is_due_at_first_and_then_when_it_was_said(store: GoldenStore) -> None:
    assert store.is_due()
    store.set_due(in_seconds=60)
    assert not store.is_due()
    store.set_due(in_seconds=0)
    assert store.is_due()


def test_one_runs_and_a_runner_that_died_is_followed_by_another(store: GoldenStore, url: str, keys: Keys) -> None:
    client = connect(url)
    with store.lease() as mine:
        assert mine is not None
        with store.lease() as others:
            assert others is None
        assert 0 < client.pttl(keys.golden_lease) <= 120_000
        client.delete(keys.golden_lease)  # as if it had lapsed
        with store.lease() as others:
            assert others is not None
            with pytest.raises(LockError):
                mine.reacquire()
            others.reacquire()
    assert client.exists(keys.golden_lease) == 0
