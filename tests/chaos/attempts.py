"""What the workers' logs say of attempts: who began which job when, and how it ended."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from tests.harness.processes import ServerProcess


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a job by one worker. Times are seconds since 1970."""

    job_id: str
    worker_pid: int
    started_at: float
    ended_at: float | None
    """None of an attempt whose worker did not live to say so, or that still runs."""
    outcome: str | None


def attempts(workers: Iterable[ServerProcess]) -> list[Attempt]:
    """Return all attempts that the workers' logs tell of, by their beginning."""
    found = [attempt for worker in workers for attempt in _attempts_of(worker)]
    return sorted(found, key=lambda attempt: attempt.started_at)


def log_entries(log_file: Path) -> Iterator[dict[str, object]]:
    """Yield the entries of a log; a line that a kill cut off, or that is none of ours, is left out."""
    with log_file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry


def moment(entry: dict[str, object]) -> float:
    """Return when a log entry was written, in seconds since 1970."""
    return datetime.fromisoformat(str(entry["timestamp"])).timestamp()


def recoveries(all_attempts: Iterable[Attempt], kills: Iterable[tuple[int, float]]) -> list[float]:
    """Return how long each job that a kill interrupted waited for its next attempt, in seconds.

    `kills` are pairs of a worker's pid and the time. A job without another attempt had ended in truth: its worker died
    between the last write and the log's line.
    """
    killed_at = dict(kills)
    by_job: dict[str, list[Attempt]] = {}
    for attempt in all_attempts:
        by_job.setdefault(attempt.job_id, []).append(attempt)
    return [
        later.started_at - killed_at[interrupted.worker_pid]
        for of_job in by_job.values()
        for interrupted, later in pairwise(of_job)
        if interrupted.ended_at is None and interrupted.worker_pid in killed_at
    ]


def _attempts_of(worker: ServerProcess) -> Iterator[Attempt]:
    under_way: dict[str, float] = {}
    for entry in log_entries(worker.log_file):
        job_id = str(entry.get("work_id") or entry.get("job_id"))
        if entry.get("event") == "attempt_started":
            under_way[job_id] = moment(entry)
        elif entry.get("event") == "attempt_ended" and job_id in under_way:
            yield Attempt(job_id, worker.pid, under_way.pop(job_id), moment(entry), str(entry["outcome"]))
    for job_id, started_at in under_way.items():
        yield Attempt(job_id, worker.pid, started_at, None, None)
