"""The decoder's children of a process, as the kernel sees them."""

import time
from pathlib import Path

from worker.decoder_child import IDLE_PROCESS_NAME, PROCESS_NAME

_PATIENCE_SECONDS = 10.0
_TICK_SECONDS = 0.005


def decoders_of(worker: int) -> list[int]:
    """Return the process ids of the decoders that read files for a process now, zombies as well, in ascending order."""
    return _children_of(worker, PROCESS_NAME)


def idle_decoders_of(worker: int) -> list[int]:
    """Return the process ids of the decoders that wait for a process to send them to a file, in ascending order."""
    return _children_of(worker, IDLE_PROCESS_NAME)


def running_decoder(worker: int) -> int:
    """Wait for a process to run a decoder, and return the decoder's process id."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if found := decoders_of(worker):
            return found[0]
        time.sleep(_TICK_SECONDS)
    raise TimeoutError(f"Process {worker} runs no decoder.")


def parent_of(pid: int) -> int:
    """Return the process id of a process' parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_gone(pid: int) -> None:
    """Wait until there is no such process, not even as a zombie."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > until:
            raise TimeoutError(f"Process {pid} is still there.")
        time.sleep(_TICK_SECONDS)


def _children_of(worker: int, name: bytes) -> list[int]:
    parents: dict[int, int] = {}
    decoders: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # "pid (name) state parent ..." of proc(5); a name may hold anything.
                before, _, after = (folder / "stat").read_text().rpartition(")")
            except (FileNotFoundError, ProcessLookupError):
                continue
            pid = int(folder.name)
            parents[pid] = int(after.split()[1])
            if before.endswith(f"({name.decode()}"):
                decoders.append(pid)
    # Between the worker and its decoders stands the fork server.
    return sorted(pid for pid in decoders if parents.get(parents[pid]) == worker)
