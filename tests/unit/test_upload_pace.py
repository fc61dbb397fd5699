"""An upload may stall for the grace, may be slow for a while, and must be whole by the time-out."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.upload_pace import UploadPace, UploadTimer
from core.errors import ScriptoriumError, UploadTimedOut, UploadTooSlow
from tests.harness.virtual_clock import VirtualClockLoop

RATE = 1_000.0
GRACE = 20.0
TIMEOUT = 600.0
PACE = UploadPace(min_bytes_per_second=RATE, grace_seconds=GRACE, timeout_seconds=TIMEOUT)

Sent = Iterable[tuple[float, int]]
"""How long after the chunk before each comes, and how many bytes it has."""


def upload(sent: Sent, *, disk_seconds: float = 0.0) -> tuple[ScriptoriumError | None, float, int]:
    """Return how an upload ended, when, and how many bytes had come; each chunk takes the disk so long."""

    async def body() -> AsyncIterator[bytes]:
        for pause, size in sent:
            await asyncio.sleep(pause)
            yield b"x" * size

    async def run() -> tuple[ScriptoriumError | None, float, int]:
        came = 0
        ended: ScriptoriumError | None = None
        try:
            async for chunk in UploadTimer(PACE).chunks(body()):
                came += len(chunk)
                await asyncio.sleep(disk_seconds)
        except ScriptoriumError as error:
            ended = error
        return ended, asyncio.get_running_loop().time(), came

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(run())


def test_who_sends_nothing_is_given_up_after_the_grace() -> None:
    ended, seconds, _ = upload([(10_000, 1)])
    assert isinstance(ended, UploadTooSlow)
    assert seconds == GRACE
    assert "MIN_UPLOAD_BYTES_PER_SECOND" in str(ended)


def test_who_stalls_is_given_up_after_the_grace_however_fast_he_was_before() -> None:
    ended, seconds, came = upload([(0.01, 1_000_000)] * 10 + [(10_000, 1)])
    assert isinstance(ended, UploadTooSlow)
    assert seconds == pytest.approx(0.1 + GRACE)
    assert came == 10_000_000


@pytest.mark.parametrize(("share", "graces"), [(0.0001, 1), (0.5, 2), (0.75, 4)])
def test_who_drips_is_given_up_the_sooner_the_slower_he_is(share: float, graces: float) -> None:
    ended, seconds, _ = upload([(0.1, round(share * RATE * 0.1))] * 10_000)
    assert isinstance(ended, UploadTooSlow)
    assert seconds == pytest.approx(graces * GRACE, abs=0.5)


def test_who_keeps_the_rate_goes_on_until_the_time_out() -> None:
    ended, seconds, _ = upload([(1.0, round(RATE))] * 10_000)
    assert isinstance(ended, UploadTimedOut)
    assert seconds == TIMEOUT
    assert "UPLOAD_TIMEOUT_SECONDS" in str(ended)


def test_a_stall_within_the_grace_is_forgiven_when_the_rate_has_made_up_for_it() -> None:
    once = [(GRACE - 1, 1), *[(0.1, 1_000_000)]]
    assert upload(once * 10)[0] is None


def test_our_own_disk_is_not_the_clients_fault() -> None:
    ended, seconds, _ = upload([(0.001, 10)] * 5, disk_seconds=GRACE + 1)
    assert ended is None
    assert seconds > 5 * GRACE


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50_000)), max_size=40))
def test_nobody_is_given_up_who_never_falls_behind_by_the_grace(sent: list[tuple[float, int]]) -> None:
    ended, _, came = upload(sent)
    longest_wait = max((pause for pause, _ in sent), default=0.0)
    behind = worst = 0.0
    for pause, size in sent:
        worst = max(worst, behind + pause)
        behind = max(0.0, behind + pause - size / RATE)
    if ended is None:
        assert came == sum(size for _, size in sent)
    elif isinstance(ended, UploadTooSlow):
        assert worst >= GRACE - 1e-6
    else:
        assert sum(pause for pause, _ in sent) >= TIMEOUT - 1e-6
    assert ended is not None or longest_wait <= GRACE + 1e-6
