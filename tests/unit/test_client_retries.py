"""What the client tries again, for how long, and what it never sends twice."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import httpx
import pytest

from scriptorium.client import NO_RETRIES, RetryPolicy, ServiceError, ServiceUnreachable
from scriptorium.client.errors import NotAnswered
from scriptorium.client.retries import with_retries
from scriptorium.client.steps import Answer, Item, Pause, Repeat, Request, Send, Stream

POLICY = RetryPolicy(outage_seconds=30, busy_seconds=100, first_pause_seconds=1, longest_pause_seconds=4)
GET = Request("GET", "/jobs", repeat=Repeat.ALWAYS)
POST = Request("POST", "/keys")
ONCE = Request("POST", "/transcribe", repeat=Repeat.NEVER)
Outcome = Answer | ServiceUnreachable

UNSENT = ServiceUnreachable("refused", may_be_done=False)
BROKEN = ServiceUnreachable("reset", may_be_done=True)


def answer(status: int, **headers: str) -> Outcome:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("http://scriptorium.example", GET, status, httpx.Headers(names))


def outcome_of(
    request: Request, outcomes: Iterable[Outcome], policy: RetryPolicy = POLICY
) -> tuple[Outcome, list[float]]:
    """Return what a call gets in the end, and the pauses that were made, if tries end so, one after the other."""

    def call() -> Stream[Outcome]:
        yield Item((yield Send(request)))

    steps = with_retries(call(), policy)
    tries = iter(outcomes)
    pauses: list[float] = []
    outcome: Outcome | None = None
    while True:
        step = steps.send(outcome)
        outcome = None
        match step:
            case Send():
                outcome = next(tries)
            case Pause(seconds):
                pauses.append(seconds)
            case Item(value):
                assert isinstance(value, Answer | ServiceUnreachable)
                return value, pauses
            case _:
                raise AssertionError(step)


FINE = answer(200)


def test_a_broken_connection_is_made_again_after_pauses_that_grow() -> None:
    found, pauses = outcome_of(GET, [BROKEN, UNSENT, BROKEN, BROKEN, FINE])
    assert found is FINE
    assert len(pauses) == 4
    for pause, least in zip(pauses, [1, 2, 4, 4], strict=True):
        assert least <= pause <= 1.2 * least


def test_an_outage_is_not_waited_out_for_ever() -> None:
    found, pauses = outcome_of(GET, [BROKEN] * 1000)
    assert found is BROKEN
    assert 20 < sum(pauses) <= 30


@pytest.mark.parametrize("request_", [POST, ONCE])
def test_what_may_have_been_done_is_not_done_twice(request_: Request) -> None:
    for last in (BROKEN, answer(503, retry_after="1"), answer(502)):
        assert outcome_of(request_, [last]) == (last, [])


def test_what_surely_was_not_done_is_sent_again() -> None:
    for first in (UNSENT, answer(429), answer(429, retry_after="3")):
        found, pauses = outcome_of(POST, [first, FINE])
        assert (found, len(pauses)) == (FINE, 1)


def test_what_can_be_read_once_only_is_never_sent_again() -> None:
    for last in (UNSENT, answer(429, retry_after="3")):
        assert outcome_of(ONCE, [last]) == (last, [])


def test_the_service_says_when_to_come_back() -> None:
    for status in (429, 503, 507):
        found, (pause,) = outcome_of(GET, [answer(status, retry_after="20"), FINE])
        assert found is FINE
        assert 20 <= pause <= 24


def test_come_back_at_once_is_not_taken_literally() -> None:
    busy = answer(429, retry_after="0")
    found, pauses = outcome_of(GET, [busy] * 1000)
    assert found is busy
    assert min(pauses) >= 1
    assert sum(pauses) <= 100


def test_whoever_is_to_come_back_tomorrow_is_told_so() -> None:
    full = answer(429, retry_after="86400")
    assert outcome_of(GET, [full]) == (full, [])
    assert isinstance(full, Answer)
    assert full.retry_after == 86400


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422, 500])
def test_what_time_does_not_change_is_an_answer(status: int) -> None:
    last = answer(status)
    assert outcome_of(GET, [last]) == (last, [])


def test_a_balancer_without_gateways_is_an_outage() -> None:
    found, pauses = outcome_of(GET, [answer(502)] * 1000)
    assert isinstance(found, Answer)
    assert sum(pauses) <= 30


def test_a_status_that_is_an_answer_here_is_not_asked_for_again() -> None:
    unready = Answer("", Request("GET", "/health/ready", repeat=Repeat.ALWAYS, accepts={503}), 503, httpx.Headers())
    assert outcome_of(GET, [unready]) == (unready, [])


def test_a_request_may_have_less_patience_than_others() -> None:
    hurried = Request("GET", "/status/1", repeat=Repeat.ALWAYS, patience_seconds=5)
    _, pauses = outcome_of(hurried, [BROKEN] * 1000)
    assert 1 <= sum(pauses) <= 5


def test_answers_waited_for_in_vain_cost_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    _, pauses = outcome_of(GET, [NotAnswered("late", may_be_done=True)] * 1000)
    assert len(pauses) == 1


def test_who_wants_no_retries_has_none() -> None:
    for last in (UNSENT, answer(429, retry_after="1")):
        assert outcome_of(GET, [last], NO_RETRIES) == (last, [])


def test_those_sent_away_together_come_back_one_by_one() -> None:
    pauses = sorted(outcome_of(GET, [answer(429, retry_after="60"), FINE])[1][0] for _ in range(50))
    assert all(one < other for one, other in pairwise(pauses))


def test_a_policy_without_pauses_is_none() -> None:
    with pytest.raises(ValueError, match="patience"):
        RetryPolicy(first_pause_seconds=0)


def test_who_wants_to_know_is_told_of_each_pause_and_why() -> None:
    told: list[tuple[float, ServiceError]] = []
    policy = replace(POLICY, on_pause=lambda seconds, error: told.append((seconds, error)))
    _, pauses = outcome_of(GET, [BROKEN, answer(503, retry_after="3"), FINE], policy)
    assert [seconds for seconds, _ in told] == pauses
    assert told[0][1] is BROKEN
    assert "503" in str(told[1][1])
