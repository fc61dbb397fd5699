"""Looks at processes through /proc."""

from pathlib import Path


def process_tree(root: int) -> dict[int, str]:
    """Return pid and command line of every descendant of a process."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: dict[int, str] = {}
    level = {root}
    while level := {pid for pid, parent in parents.items() if parent in level}:
        found |= {pid: commands[pid] for pid in level}
    return found


def running(root: int, module: str) -> list[int]:
    """Return the pids of a process' descendants that are `python -m` a module, the lowest first."""
    return sorted(pid for pid, command in process_tree(root).items() if f" -m {module} " in command)


def alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
