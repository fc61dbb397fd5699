"""The memory of processes, and how much of it a worker's decoders have taken at most."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.harness.decoders import idle_decoders_of, parent_of
from worker.decoder_child import PROCESS_NAME

_TICK_SECONDS = 0.002


def memory_of(pid: int, what: str = "VmRSS") -> int:
    """Return the bytes of memory that a process has, or (VmHWM, VmPeak) has ever had.

    Raises:
        ProcessLookupError: it is gone.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))
    except (FileNotFoundError, StopIteration):  # a zombie has none
        raise ProcessLookupError(pid) from None


class DecoderMemory:
    """Watches the decoders of a worker, of which one is idle at the start, while the context lasts.

    What a child takes within its last milliseconds may escape; the limit that the kernel holds it to does not.

    Attributes:
        worst_bytes: The most that one was seen to have had in memory.
        children: The process ids of all that were seen.
        unlimited: Those of whom the kernel said that they may have more address space than `limit_bytes`.
    """

    def __init__(self, worker: int, *, limit_bytes: int) -> None:
        self.worst_bytes = 0
        self.children: set[int] = set()
        self.unlimited: set[int] = set()
        self._worker = worker
        self._limit_bytes = limit_bytes
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        # The fork server, whose children they all are.
        (server,) = {parent_of(pid) for pid in idle_decoders_of(self._worker)}
        children = Path(f"/proc/{server}/task/{server}/children")
        while not self._stopped.wait(_TICK_SECONDS):
            for pid in map(int, children.read_text().split()):
                with suppress(ProcessLookupError, FileNotFoundError):
                    self._look_at(pid)

    def _look_at(self, pid: int) -> None:
        if pid not in self.children:
            # Before it is shut in, it has no name of its own, no limits and no file.
            if not Path(f"/proc/{pid}/comm").read_bytes().startswith(PROCESS_NAME):
                return
            limits = Path(f"/proc/{pid}/limits").read_text()
            (limit,) = (line[26:].split()[0] for line in limits.splitlines() if line.startswith("Max address space"))
            self.children.add(pid)
            if limit == "unlimited" or int(limit) > self._limit_bytes:
                self.unlimited.add(pid)
        self.worst_bytes = max(self.worst_bytes, memory_of(pid, "VmHWM"))
