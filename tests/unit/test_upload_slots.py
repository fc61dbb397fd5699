"""So many uploads at once and no more, in all and of one client; who stalls gives way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack

import pytest

from api.upload_pace import UploadPace, UploadTimer
from api.upload_slots import UploadSlots
from core.errors import TooManyUploads, UploadsFull, UploadTooSlow
from tests.harness.virtual_clock import VirtualClockLoop

PACE = UploadPace(min_bytes_per_second=1_000, grace_seconds=20, timeout_seconds=600)


def in_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Run a test in an event loop, for timers belong to one."""

    async def run() -> None:
        await test()

    def wrapped() -> None:
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            runner.run(run())

    return wrapped


@in_loop
async def test_a_client_has_so_many_and_leaves_the_rest_to_others() -> None:
    slots = UploadSlots(total=5, per_client=2)
    with ExitStack() as held:
        for client in ("a", "a", "b", "b"):
            held.enter_context(slots.slot(client, UploadTimer(PACE)))
        for client in ("a", "b"):
            with pytest.raises(TooManyUploads, match="MAX_UPLOADS_PER_CLIENT") as refused:
                held.enter_context(slots.slot(client, UploadTimer(PACE)))
            assert refused.value.retry_after_seconds
        with slots.slot("c", UploadTimer(PACE)):
            assert slots.taken == 5
        assert slots.taken == 4
    assert slots.taken == 0


@in_loop
async def test_all_together_have_so_many() -> None:
    slots = UploadSlots(total=2, per_client=2)
    with slots.slot("a", UploadTimer(PACE)), slots.slot("b", UploadTimer(PACE)), ExitStack() as held:
        with pytest.raises(UploadsFull, match="MAX_UPLOADS") as refused:
            held.enter_context(slots.slot("c", UploadTimer(PACE)))
        assert refused.value.retry_after_seconds
    with slots.slot("c", UploadTimer(PACE)):
        assert slots.taken == 1


@in_loop
async def test_a_slot_is_free_again_however_its_upload_ends() -> None:
    slots = UploadSlots(total=1, per_client=1)
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), slots.slot("a", UploadTimer(PACE)):
            raise error
    with slots.slot("a", UploadTimer(PACE)):
        assert slots.taken == 1


@in_loop
async def test_when_all_slots_are_taken_the_upload_that_stalls_longest_gives_way() -> None:
    slots = UploadSlots(total=3, per_client=3)

    async def sent(pause_seconds: float, size: int) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(pause_seconds)
            yield bytes(size)

    async def upload(body: AsyncIterator[bytes]) -> None:
        timer = UploadTimer(PACE)
        with slots.slot("a", timer):
            async for _ in timer.chunks(body):
                pass

    fast, slow, stalled = (
        asyncio.create_task(upload(body)) for body in (sent(0.5, 1_000), sent(1, 600), sent(10_000, 1))
    )
    await asyncio.sleep(5.2)
    with slots.slot("b", UploadTimer(PACE)):
        assert slots.taken == 3
        with pytest.raises(UploadTooSlow, match="MAX_UPLOADS"):
            await stalled
        with slots.slot("c", UploadTimer(PACE)):
            with pytest.raises(UploadTooSlow):
                await slow
            with ExitStack() as held, pytest.raises(UploadsFull):
                held.enter_context(slots.slot("d", UploadTimer(PACE)))
            assert not fast.done()
    fast.cancel()
    await asyncio.wait([fast])
    assert slots.taken == 0
