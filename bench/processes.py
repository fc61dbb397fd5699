"""What processes hold in memory, from Linux's own accounts."""

import os
from pathlib import Path

_PRIVATE = ("Private_Clean", "Private_Dirty")


def worker_of(up: int) -> int:
    """Return the process id of the worker that a `scriptorium up` started.

    Raises:
        RuntimeError: there isn't exactly one.
    """
    workers = _running(up, b"worker")
    if len(workers) != 1:
        raise RuntimeError(f"expected one worker below process {up}, found {len(workers)}")
    return workers[0]


def gateways_of(up: int) -> list[int]:
    """Return the process ids of the gateways that a `scriptorium up` started."""
    return _running(up, b"api")


def processor_seconds(process: int) -> float:
    """Return the processor time that a process has used, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(process: int) -> float:
    """Return what a process keeps in memory (Rss), and what each process below it adds (its private pages)."""
    kib = _rollup_kib(process, "Rss") + sum(_rollup_kib(each, *_PRIVATE) for each in _descendants(process))
    return kib / 1024


def peak_mib(process: int) -> float:
    """Return the most that a process and each one below it have kept in memory since `reset_peak` (VmHWM), in sum."""
    statuses = [Path(f"/proc/{each}/status").read_text() for each in (process, *_descendants(process))]
    return sum(int(status.partition("VmHWM:")[2].split()[0]) for status in statuses) / 1024


def reset_peak(process: int) -> None:
    """Have `peak_mib` count from now on: from what they keep now."""
    for each in (process, *_descendants(process)):
        Path(f"/proc/{each}/clear_refs").write_text("5")


def tree_mib(process: int) -> float:
    """Return what a process and all below it keep in memory, pages that several share counted once (Pss)."""
    return sum(_rollup_kib(each, "Pss") for each in (process, *_descendants(process))) / 1024


def _running(up: int, module: bytes) -> list[int]:
    """Return the children that run a module."""
    return [
        child for child in _children(up) if b"\0-m\0" + module + b"\0" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def _children(process: int) -> list[int]:
    """Return the children of a process, whichever of its threads started them."""
    try:
        lists = [(thread / "children").read_text() for thread in Path(f"/proc/{process}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []  # it, or one of its threads, ended meanwhile
    return [int(child) for each in lists for child in each.split()]


def _descendants(process: int) -> list[int]:
    children = _children(process)
    return children + [below for child in children for below in _descendants(child)]


def _rollup_kib(process: int, *names: str) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it ended meanwhile
    fields = dict(line.split(":") for line in lines)
    return sum(int(fields[name].split()[0]) for name in names if name in fields)
