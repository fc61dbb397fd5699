"""Uploads that were told there is space for them find it; what would take it away is refused before it is written."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.disk_space import DiskSpace, SpacePromise
from core.errors import DiskFull
from core.media_files import MediaFiles

MIB = 1024 * 1024


@dataclass(frozen=True)
class Disk(MediaFiles):
    """A disk of so many bytes."""

    left: list[int] = field(default_factory=list)

    def free_bytes(self) -> int:
        return self.left[-1]


def space(free: int, *, min_free: int = 0) -> tuple[DiskSpace, Disk]:
    disk = Disk(Path("/nowhere"), [free])
    return DiskSpace(disk, min_free_bytes=min_free), disk


def check(promise: SpacePromise) -> None:
    promise.look()
    promise.check()


def test_uploads_that_fit_one_by_one_and_not_together_are_not_all_taken() -> None:
    disk_space, _ = space(1000 * MIB, min_free=100 * MIB)
    taken = 0
    with ExitStack() as under_way:
        for _ in range(50):
            try:
                check(under_way.enter_context(disk_space.promised(100 * MIB)))
            except DiskFull as refused:
                assert "MIN_FREE_DISK_MB" in str(refused)  # noqa: PT017 - which of the fifty is refused is the question
            else:
                taken += 1
    assert taken == 9


def test_what_is_written_is_no_longer_promised() -> None:
    disk_space, disk = space(100)
    with disk_space.promised(80) as first:
        check(first)
        first.wrote(70)
        disk.left.append(30)
        with disk_space.promised(20) as second:
            check(second)
        with disk_space.promised(21) as third, pytest.raises(DiskFull):
            check(third)


def test_an_upload_that_has_ended_holds_nothing() -> None:
    disk_space, _ = space(100)
    for _ in range(3):
        with disk_space.promised(100) as promise:
            check(promise)
    with pytest.raises(ZeroDivisionError), disk_space.promised(100):
        raise ZeroDivisionError
    with disk_space.promised(100) as promise:
        check(promise)


def test_when_space_grows_short_the_latest_goes_and_those_before_it_stay() -> None:
    disk_space, disk = space(100)
    with disk_space.promised(40) as first, disk_space.promised(40) as second:
        check(first)
        check(second)
        disk.left.append(60)  # somebody else has written
        check(first)
        with pytest.raises(DiskFull):
            check(second)


def test_an_upload_that_does_not_say_how_large_it_is_is_promised_a_little_at_a_time() -> None:
    disk_space, disk = space(20 * MIB)
    with disk_space.promised(None) as silent:
        check(silent)
        with disk_space.promised(13 * MIB) as announced, pytest.raises(DiskFull):
            check(announced)
        with disk_space.promised(12 * MIB) as announced:
            check(announced)
        silent.wrote(8 * MIB)
        disk.left.append(12 * MIB)
        check(silent)
        silent.wrote(8 * MIB)
        disk.left.append(4 * MIB)
        with pytest.raises(DiskFull):
            check(silent)


def test_more_than_was_announced_is_no_debt() -> None:
    disk_space, _ = space(100)
    with disk_space.promised(10) as first, disk_space.promised(100) as second:
        first.wrote(50)
        check(second)


def test_a_look_stays_true_while_only_uploads_write() -> None:
    disk_space, disk = space(100)
    with disk_space.promised(50) as first:
        assert first.needs_a_look
        check(first)
        first.wrote(50)
        disk.left.append(0)  # nobody looks
        with disk_space.promised(50) as second:
            assert not second.needs_a_look
            second.check()


def test_nobody_is_refused_on_an_old_look() -> None:
    disk_space, disk = space(10)
    with disk_space.promised(50) as promise:
        with pytest.raises(DiskFull):
            check(promise)
        disk.left.append(100)
        assert promise.needs_a_look
        check(promise)
