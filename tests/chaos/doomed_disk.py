"""The process that writes the doomed gateway's uploads: at the steps that are its own, it takes the gateway with it."""

import os
import signal
from pathlib import Path
from typing import Any

import api.disk_service
from core.media_files import MediaFiles
from tests.chaos.dying import after, before

_BLOCK_BYTES = 4096
"""Half a write past the page cache has to be of whole blocks as well."""


def main() -> None:
    """Serve until the gateway is gone, with the fault that CHAOS_STEP names, if it is of this process."""
    step = os.environ["CHAOS_STEP"]
    before(MediaFiles, "part_path", _die, dies=step == "before the part file")
    before(MediaFiles, "commit", _die, dies=step == "before the rename")
    after(MediaFiles, "commit", _die, dies=step == "after the rename")
    write, sync = os.write, os.fsync

    def torn_write(descriptor: int, data: Any) -> int:  # noqa: ANN401 - whatever os.write takes
        if step == "within the part file" and _is_part(descriptor):
            write(descriptor, data[: len(data) // 2 // _BLOCK_BYTES * _BLOCK_BYTES or len(data) // 2])
            _die()
        return write(descriptor, data)

    def no_sync(fd: Any) -> None:  # noqa: ANN401 - whatever os.fsync takes
        if step == "before the sync" and _is_part(fd):
            _die()
        sync(fd)

    os.write, os.fsync = torn_write, no_sync
    api.disk_service.main()


def _is_part(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".part"


def _die() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
