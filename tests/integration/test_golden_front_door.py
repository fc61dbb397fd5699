"""How the golden set asks a gateway: again if that is busy, not if it says no, and no longer than it is wanted."""

import json
from collections.abc import Callable

import pytest

from cli.ports import free_port
from tests.harness.receiver import Received, Receiver, Reply
from worker.golden.front_door import FrontDoor, GatewayRefused

KEY = "k" * 32
BUSY = Reply(503, {"Retry-After": "0"})


def answer(status: int, document: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(document).encode())


NOT_FINISHED = answer(409, {"code": "job_not_finished"})


def in_turn(*replies: Reply) -> Callable[[Received], Reply]:
    """Answer so, one after the other, and as the last one from then on."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def door(gateway: Receiver, *, check: Callable[[], None] = lambda: None, seconds: float = 30) -> FrontDoor:
    return FrontDoor(gateway.url("/"), KEY, check, seconds=seconds)


def test_a_recording_is_posted_once_however_often_it_has_to_be_sent() -> None:
    with Receiver(in_turn(BUSY, Reply(429, {"Retry-After": "0"}), answer(202, {"job_id": "a"}))) as gateway:
        assert door(gateway).submit(b"the audio", language="de") == "a"
    assert [(each.method, each.path) for each in gateway.received] == 3 * [("POST", "/transcribe")]
    assert {each.headers["x-api-key"] for each in gateway.received} == {KEY}
    assert len({each.headers["idempotency-key"] for each in gateway.received}) == 1
    assert {each.headers["cache-control"] for each in gateway.received} == {"no-cache"}
    assert b"the audio" in gateway.received[0].body


def test_a_text_is_waited_for() -> None:
    with Receiver(in_turn(NOT_FINISHED, BUSY, answer(200, {"text": "heard"}))) as gateway:
        assert door(gateway).transcript("a") == "heard"
    assert len(gateway.received) == 3


@pytest.mark.parametrize("code", ["job_cancelled", "audio_undecodable", "unauthenticated"])
def test_a_no_is_no(code: str) -> None:
    with Receiver(lambda _: answer(409, {"code": code, "detail": "words of somebody"})) as gateway:
        with pytest.raises(GatewayRefused, match=code) as refused:
            door(gateway).transcript("a")
        with pytest.raises(GatewayRefused, match=code):
            door(gateway).submit(b"x", language="en")
        with pytest.raises(GatewayRefused, match=code):
            door(gateway).jobs()
    assert "somebody" not in str(refused.value)
    assert len(gateway.received) == 3


def test_a_job_is_cancelled_and_then_erased_and_one_that_is_gone_is_erased() -> None:
    outcomes = [answer(200, {"outcome": outcome}) for outcome in ("cancelled", "erased")]
    with Receiver(in_turn(*outcomes)) as gateway:
        door(gateway).erase("a")
    assert [(each.method, each.path) for each in gateway.received] == 2 * [("DELETE", "/job/a")]
    with Receiver(lambda _: answer(404, {"code": "job_not_found"})) as gateway:
        door(gateway).erase("a")
    assert len(gateway.received) == 1


def test_who_does_not_answer_in_time_is_given_up() -> None:
    nobody = FrontDoor(f"http://127.0.0.1:{free_port()}", KEY, lambda: None, seconds=0)
    with pytest.raises(GatewayRefused, match="GOLDEN_SET_URL"):
        nobody.jobs()
    with Receiver(lambda _: NOT_FINISHED) as gateway, pytest.raises(GatewayRefused, match="job_not_finished"):
        door(gateway, seconds=0).transcript("a")


def test_what_is_not_wanted_any_more_is_not_waited_for() -> None:
    asked = 0

    class Unwanted(Exception):
        pass

    def check() -> None:
        if asked:
            raise Unwanted

    def busy(_: Received) -> Reply:
        nonlocal asked
        asked += 1
        return Reply(503, {"Retry-After": "60"})

    with Receiver(busy) as gateway, pytest.raises(Unwanted):
        door(gateway, check=check, seconds=600).transcript("a")
    assert asked == 1
