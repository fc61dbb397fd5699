"""Disk space for files that a process needs as long as it works on them: a folder of its own under a common one.

What a killed process leaves is removed by the next one that starts: each holds a lock on its folder, which the kernel
takes away with it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from core.errors import FailureCode, TranscriptionFailure

_MIB = 1024 * 1024


class Scratch:
    """One process' folder; for any number of threads."""

    def __init__(self, parent: Path, *, min_free_bytes: int) -> None:
        """Make the folder, and remove those whose processes are gone."""
        parent.mkdir(parents=True, exist_ok=True)
        self._min_free_bytes = min_free_bytes
        with _locked(parent):
            for left in parent.iterdir():
                with suppress(OSError), _locked(left, fcntl.LOCK_NB):
                    shutil.rmtree(left)
            self.folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
            self._lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def free_bytes(self) -> int:
        """Return the bytes left on the disk."""
        return shutil.disk_usage(self.folder).free

    @contextmanager
    def file(self, fill: Callable[[IO[bytes]], None]) -> Iterator[Path]:
        """Have a file within the block, filled beforehand."""
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            fill(file)
            file.flush()
            yield Path(file.name)

    def check_room(self, size_bytes: int) -> None:
        """Check that there is room for so many bytes more.

        Raises:
            TranscriptionFailure: they would leave too little space (OUT_OF_DISK).
        """
        if self.free_bytes() - size_bytes < self._min_free_bytes:
            raise TranscriptionFailure(
                FailureCode.OUT_OF_DISK,
                f"Working on the audio would leave less than {self._min_free_bytes / _MIB:g} MiB free "
                "(MIN_FREE_DISK_MB).",
            )


@contextmanager
def _locked(folder: Path, flags: int = 0) -> Iterator[None]:
    """Hold the lock of a folder within the block.

    Raises:
        OSError: another process holds it and `flags` says not to wait for it; or it is no folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(descriptor)
