"""How much memory a worker takes for one job, for many at once and for a very long one: they share one model."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.audio import speech
from bench.processes import resident_mib, worker_of
from bench.sampler import Sampler
from bench.service_runner import service
from bench.tables import Table
from bench.workloads import endless_mp3

_JOBS = (1, 8, 16)
_GOALS = {8: 1.3, 16: 1.5}
"""Peak memory, as a multiple of one job's."""
_JOB_SECONDS = 60.0
_REPEATS = 3
_LONG_HOURS, _QUICK_HOURS = 10.0, 0.5
_LONG_GOAL_MIB = 700 * 1000**2 / 1024**2
_SETTLE_SECONDS = 3.0
_TIMEOUT_SECONDS = 4 * 3600.0

_NOTES = (
    f"MiB resident: Rss of the worker process plus the private pages of processes below it, read every 50 ms. Each row "
    f"is the median (least to most) of fresh services, {_REPEATS} of each number of jobs of {_JOB_SECONDS:g} s of "
    f"speech, by turns, and one of the long file (MP3); WORKER_CONCURRENCY={max(_JOBS)} in all. 'Idle' is after the "
    f"model is loaded and warm. The row of processes is computed, not measured."
)


class _Run(NamedTuple):
    idle_mib: float
    peak_mib: float
    most_at_once: float


def measure(*, quick: bool = False) -> Table:
    """Start the service with the real model, once per repeat and number of jobs, and return the table."""
    runs: dict[int, list[_Run]] = {jobs: [] for jobs in _JOBS}
    for _ in range(1 if quick else _REPEATS):
        for jobs, done in runs.items():
            done.append(_run([speech(_JOB_SECONDS, variant) for variant in range(jobs)]))
    one_job = statistics.median(run.peak_mib for run in runs[1])
    rows = [_row(str(jobs), done, one_job, _goal(jobs)) for jobs, done in runs.items()]
    idle = statistics.median(run.idle_mib for done in runs.values() for run in done)
    many = max(_JOBS)
    computed = [f"{many}, a process each (computed: {many} x idle)", "", f"{many * idle:.0f}", ""]
    rows.append([*computed, f"{many * idle / one_job:.2f}", ""])
    hours = _QUICK_HOURS if quick else _LONG_HOURS
    with tempfile.TemporaryDirectory() as folder:
        run = _run([endless_mp3(Path(folder), seconds=3600 * hours)])
    rows.append(_row(f"1 of {hours:g} hours", [run], one_job, f"peak < {_LONG_GOAL_MIB:.0f} MiB (700 MB)"))
    columns = ["jobs", "seen at once", "idle MiB", "peak MiB", "ratio to one job", "goal"]
    return Table("Memory of the worker", columns, rows, _NOTES)


def _row(what: str, runs: list[_Run], one_job: float, goal: str) -> list[str]:
    return [
        what,
        f"{min(run.most_at_once for run in runs):g}",
        _spread([run.idle_mib for run in runs]),
        _spread([run.peak_mib for run in runs]),
        f"{statistics.median(run.peak_mib for run in runs) / one_job:.2f}",
        goal,
    ]


def _goal(jobs: int) -> str:
    return f"<= {_GOALS[jobs]:g}" if jobs in _GOALS else ""


def _run(files: Sequence[bytes | Path]) -> _Run:
    with service(WORKER_CONCURRENCY=str(max(_JOBS)), MAX_AUDIO_SECONDS="100000", MAX_FILE_SIZE_MB="1000") as running:
        worker = worker_of(running.process_id)
        time.sleep(_SETTLE_SECONDS)
        idle = resident_mib(worker)
        with (
            Sampler(lambda: resident_mib(worker), every_seconds=0.05) as memory,
            Sampler(
                lambda: float(running.client.get("/stats").json()["processing_jobs"]), every_seconds=0.25
            ) as at_once,
        ):
            for job in [running.submit(file) for file in files]:
                document = running.finished(job, seconds=_TIMEOUT_SECONDS)
                if document["status"] != "completed":
                    raise RuntimeError(f"a job ended as {document}")
    return _Run(idle, max(memory.values), max(at_once.values))


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f}-{max(values):.0f})"
