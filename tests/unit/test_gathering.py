"""What is asked for at about the same time is asked for at once, and everybody gets his own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from api.gathering import Gathering
from tests.harness.virtual_clock import VirtualClockLoop


class Asked:
    """Answers keys with themselves in capitals, and remembers how it was asked."""

    def __init__(self) -> None:
        self.questions: list[list[str]] = []
        self.was_asked = asyncio.Event()

    async def __call__(self, keys: Sequence[str]) -> Sequence[str]:
        self.questions.append(list(keys))
        self.was_asked.set()
        await asyncio.sleep(0)
        if "bad" in keys:
            raise LookupError("bad")
        return [key.upper() for key in keys]


def test_keys_of_one_turn_are_asked_for_together() -> None:
    async def ask() -> list[str]:
        return await asyncio.gather(*(gathering.get(key) for key in "abc"))

    asked = Asked()
    gathering = Gathering(asked, most=10)
    assert asyncio.run(ask()) == ["A", "B", "C"]
    assert asked.questions == [["a", "b", "c"]]


def test_a_question_holds_no_more_keys_than_it_may() -> None:
    async def ask() -> list[str]:
        return await asyncio.gather(*(gathering.get(key) for key in "abcde"))

    asked = Asked()
    gathering = Gathering(asked, most=2)
    assert asyncio.run(ask()) == ["A", "B", "C", "D", "E"]
    assert asked.questions == [["a", "b"], ["c", "d"], ["e"]]


def test_keys_of_a_later_turn_do_not_wait_for_the_first_answer() -> None:
    async def ask() -> None:
        first = asyncio.create_task(gathering.get("a"))
        await asked.was_asked.wait()
        assert not first.done()
        assert await gathering.get("b") == "B"
        assert await first == "A"

    asked = Asked()
    gathering = Gathering(asked, most=10)
    asyncio.run(ask())
    assert asked.questions == [["a"], ["b"]]


def test_keys_that_come_too_soon_behind_a_question_share_the_next() -> None:
    async def ask() -> list[str]:
        assert await gathering.get("a") == "A"
        soon = [asyncio.create_task(gathering.get("b"))]
        await asyncio.sleep(0)  # another turn of the loop
        soon.append(asyncio.create_task(gathering.get("c")))
        return await asyncio.gather(*soon)

    asked = Asked()
    gathering = Gathering(asked, most=10)
    assert asyncio.run(ask()) == ["B", "C"]
    assert asked.questions == [["a"], ["b", "c"]]


@pytest.mark.parametrize(("keys", "waits"), [(1, True), (15, True), (16, False), (40, False)])
def test_many_keys_do_not_wait_for_the_end_of_the_pause(keys: int, waits: bool) -> None:
    async def ask() -> float:
        await gathering.get("a")
        begun = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(gathering.get(f"b{number}") for number in range(keys)))
        assert answers == [f"B{number}" for number in range(keys)]
        return asyncio.get_running_loop().time() - begun

    asked = Asked()
    gathering = Gathering(asked, most=50)
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        assert (runner.run(ask()) > 0) is waits
    assert len(asked.questions) == 2


def test_what_goes_wrong_is_everybodys_answer_and_the_next_question_is_unharmed() -> None:
    async def ask() -> list[str | BaseException]:
        failed = await asyncio.gather(gathering.get("bad"), gathering.get("b"), return_exceptions=True)
        return [*failed, await gathering.get("b")]

    gathering = Gathering(Asked(), most=10)
    first, second, third = asyncio.run(ask())
    assert isinstance(first, LookupError)
    assert isinstance(second, LookupError)
    assert third == "B"


def test_who_gives_up_spoils_nothing_for_the_others() -> None:
    async def ask() -> str:
        hasty, patient = (asyncio.create_task(gathering.get(key)) for key in "ab")
        await asyncio.sleep(0)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        return await patient

    gathering = Gathering(Asked(), most=10)
    assert asyncio.run(ask()) == "B"
