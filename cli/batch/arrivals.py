"""Which files that came into a folder are complete: none of which more is still being written."""

import fcntl
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class _Look:
    size_bytes: int
    modified_ns: int
    at: float
    """When it was found to be like that first (`time.monotonic`)."""


class Arrivals:
    """Files that have come or changed, until each has been the same for a while and nobody has it open for writing.

    Whoever uses it ignores SIGIO: that is what the kernel sends if somebody begins to write in the very moment that it
    is asked whether somebody does.
    """

    def __init__(self, folder: Path, *, settle_seconds: float) -> None:
        self._folder = folder
        self._settle_seconds = settle_seconds
        self._waiting: dict[PurePosixPath, _Look | None] = {}

    def changed(self, path: PurePosixPath) -> None:
        """Note that a file has come or changed."""
        self._waiting.setdefault(path, None)

    def complete(self, *, but: Collection[PurePosixPath]) -> Iterator[PurePosixPath]:
        """Yield what has become complete, and forget it; what is in `but` stays."""
        now = time.monotonic()
        for path in [path for path in self._waiting if path not in but]:
            try:
                state = (self._folder / path).stat()
                look, former = _Look(state.st_size, state.st_mtime_ns, now), self._waiting[path]
                if former is None or (look.size_bytes, look.modified_ns) != (former.size_bytes, former.modified_ns):
                    self._waiting[path] = look
                    continue
                if not look.size_bytes or now - former.at < self._settle_seconds:
                    continue
                if is_being_written(self._folder / path):
                    continue
            except OSError:  # it went, or is none of ours
                del self._waiting[path]
                continue
            del self._waiting[path]
            yield path


def is_being_written(path: Path) -> bool:
    """Tell whether somebody on this machine has a file open for writing; False where that can't be known.

    A read lease (fcntl(2), Linux) is given for what nobody writes to, and for one's own files only.

    Raises:
        OSError: it can't be opened.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except (AttributeError, OSError):  # another system; somebody else's file; a file system without leases
        return False
    finally:
        os.close(descriptor)
    return False
