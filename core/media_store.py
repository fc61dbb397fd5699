"""What both tiers ask of a place where the audio of works lies, whatever it is: a folder, or a bucket.

A work has the id of its first job, so an upload is stored under its job's id; that of a job that shares another's work
is removed. A file has its name only once it is whole and durable.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """Audio found in a store."""

    job_id: str
    is_part: bool
    """An upload that never became whole (yet)."""
    age_seconds: float
    discard: Callable[[], bool]
    """Removes it and tells whether it still was there."""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a store tells of one file."""

    size_bytes: int
    version: str
    """Of letters, digits and `-`: another one as soon as other bytes have the name."""


class MediaWriter(Protocol):
    """A file on its way into a store. Blocks; for one thread at a time. To be ended by `commit` or by `discard`."""

    def append(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append.

        Raises:
            OSError: it can't be written.
            StoreUnavailable: the store doesn't answer.
        """

    def sync(self) -> None:
        """Have what was appended on its way, so that not all of it is left for `commit`; raises as `append`."""

    def commit(self, pieces: Sequence[memoryview | bytearray], inspect: Callable[[BinaryIO], T]) -> tuple[str, T]:
        """Append the last of it and make it durable under its name; raises as `append`, and what `inspect` raises.

        Returns its BLAKE3 in hexadecimal, and what `inspect` found in it. What `inspect` refuses never has the name.
        `inspect` may not find the middle of a large file: reading there is an OSError.
        """

    def discard(self) -> None:
        """Leave nothing of it, as far as the store answers; what it keeps is the clean-up's."""


class MediaStore(Protocol):
    """A place for audio. All of it blocks; StoreUnavailable is raised where a store doesn't answer."""

    def begin(self, job_id: str) -> MediaWriter:
        """Return a writer for the audio of a job that has none."""

    def part_path(self, job_id: str) -> Path:
        """Return where a worker is to write audio that it fetches."""

    def commit(self, job_id: str) -> None:
        """Make what was fully written and synced to `part_path` durable under its name."""

    def at_hand(self, job_id: str, is_wanted: Callable[[], bool]) -> AbstractContextManager[Path]:
        """Have a job's audio under a path within the block; there may be nothing if it is not wanted any more.

        Raises:
            TranscriptionFailure: it is gone (MEDIA_MISSING), or there is no room for it (OUT_OF_DISK).
        """

    def duplicate(self, job_id: str, copy_id: str) -> None:
        """Have the audio that is stored under one id, whole and durable, under another one as well.

        Raises:
            FileNotFoundError: there is none.
            OSError: it can't be written; the disk is full.
        """

    def stat(self, job_id: str) -> MediaFacts | None:
        """Return what is known of a job's audio; None if it isn't there."""

    def read(self, job_id: str, start: int, size: int) -> bytes:
        """Return up to so many bytes of a job's audio from a place on; none behind its end.

        Nothing is held open in between: what is erased is gone at once for who reads it, too.

        Raises:
            AudioExpired: it is gone.
        """

    def remove(self, job_id: str) -> list[int]:
        """Remove whatever is stored of a job's audio; return the sizes of the files in bytes."""

    def free_bytes(self) -> float:
        """Return how many bytes may still be written; infinite where nobody can tell."""

    def scan(self) -> Iterator[StoredMedia]:
        """Yield all that is stored; what vanishes meanwhile is left out."""
