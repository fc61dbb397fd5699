"""A file that comes into a folder is complete when nobody writes to it any more."""

from pathlib import Path, PurePosixPath

import pytest

from cli.batch import arrivals
from cli.batch.arrivals import Arrivals, is_being_written

NAME = PurePosixPath("call.wav")


class Clock:
    """Time that passes as it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(arrivals, "time", found)
    return found


def complete(found: Arrivals, *, but: frozenset[PurePosixPath] = frozenset()) -> list[PurePosixPath]:
    return list(found.complete(but=but))


def test_a_file_that_grows_is_waited_for(tmp_path: Path, clock: Clock) -> None:
    found = Arrivals(tmp_path, settle_seconds=2)
    found.changed(NAME)
    for length in range(1, 6):
        (tmp_path / NAME).write_bytes(b"x" * length)
        clock.now += 1.9
        assert complete(found) == []
    clock.now += 1.9
    assert complete(found) == []
    clock.now += 0.2
    assert complete(found) == [NAME]
    assert complete(found) == []


def test_a_file_that_somebody_has_open_for_writing_is_waited_for_however_long_he_pauses(
    tmp_path: Path, clock: Clock
) -> None:
    found = Arrivals(tmp_path, settle_seconds=2)
    with (tmp_path / NAME).open("wb") as file:
        file.write(b"half")
        file.flush()
        assert is_being_written(tmp_path / NAME)
        found.changed(NAME)
        assert complete(found) == []
        clock.now += 1000
        assert complete(found) == []
    assert not is_being_written(tmp_path / NAME)
    assert complete(found) == [NAME]


def test_a_reader_is_no_writer(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"whole")
    with (tmp_path / NAME).open("rb"):
        assert not is_being_written(tmp_path / NAME)


def test_an_empty_file_and_one_that_went_are_none(tmp_path: Path, clock: Clock) -> None:
    found = Arrivals(tmp_path, settle_seconds=2)
    (tmp_path / NAME).touch()
    found.changed(NAME)
    found.changed(PurePosixPath("gone.wav"))
    for _ in range(3):
        assert complete(found) == []
        clock.now += 5
    (tmp_path / NAME).write_bytes(b"at last")
    assert complete(found) == []
    clock.now += 5
    assert complete(found) == [NAME]


def test_a_file_that_is_under_way_stays_for_later(tmp_path: Path, clock: Clock) -> None:
    found = Arrivals(tmp_path, settle_seconds=2)
    (tmp_path / NAME).write_bytes(b"x")
    found.changed(NAME)
    complete(found)
    clock.now += 5
    assert complete(found, but=frozenset({NAME})) == []
    assert complete(found) == [NAME]
