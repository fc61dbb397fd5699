"""How much memory a worker takes for one job and for eight at once, against the one model that they share."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.audio import speech
from bench.sampler import Sampler
from bench.tables import Table
from tests.harness.service import Service

_JOBS = 8
_JOB_SECONDS = 60.0
_REPEATS = 3
_SETTLE_SECONDS = 3.0
_GOAL = 1.3
_PRIVATE = ("Private_Clean", "Private_Dirty")

_NOTES = (
    f"MiB resident: Rss of the worker process plus the private pages of processes below it, read every 50 ms. Each row "
    f"is the median (least to most) of {_REPEATS} fresh services, one job and {_JOBS} jobs by turns, "
    f"WORKER_CONCURRENCY={_JOBS} in both. Every job is {_JOB_SECONDS:g} s of speech. 'Idle' is after the model is "
    f"loaded and warm; the last row is computed, not measured."
)


class _Run(NamedTuple):
    idle_mib: float
    peak_mib: float
    most_at_once: float


def measure() -> Table:
    """Start the service with the real model, once per repeat and number of jobs, and return the table."""
    runs: dict[int, list[_Run]] = {1: [], _JOBS: []}
    for _ in range(_REPEATS):
        for jobs, done in runs.items():
            done.append(_run(jobs))
    one_job = statistics.median(run.peak_mib for run in runs[1])
    rows = [
        [
            str(jobs),
            f"{min(run.most_at_once for run in done):g}",
            _spread([run.idle_mib for run in done]),
            _spread([run.peak_mib for run in done]),
            f"{statistics.median(run.peak_mib for run in done) / one_job:.2f}",
            f"<= {_GOAL:g}" if jobs > 1 else "",
        ]
        for jobs, done in runs.items()
    ]
    idle = statistics.median(run.idle_mib for done in runs.values() for run in done)
    rows.append(
        [
            f"{_JOBS}, a process each (computed: {_JOBS} x idle)",
            "",
            f"{_JOBS * idle:.0f}",
            "",
            f"{_JOBS * idle / one_job:.2f}",
            "",
        ]
    )
    columns = ["jobs", "seen at once", "idle MiB", "peak MiB", "ratio to one job", "goal"]
    return Table("Memory of the worker", columns, rows, _NOTES)


def _run(jobs: int) -> _Run:
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(
            Path(folder),
            WORKER_CONCURRENCY=str(_JOBS),
            RATE_LIMIT_SUBMIT="100000/minute",
            RATE_LIMIT_READ="100000/minute",
        ) as service,
    ):
        worker = _worker_process(service.process_id)
        time.sleep(_SETTLE_SECONDS)
        idle = _resident_mib(worker)
        files = [speech(_JOB_SECONDS, variant) for variant in range(jobs)]
        with (
            Sampler(lambda: _resident_mib(worker), every_seconds=0.05) as memory,
            Sampler(
                lambda: float(service.client.get("/stats").json()["processing_jobs"]), every_seconds=0.25
            ) as running,
        ):
            for job in [service.submit(file) for file in files]:
                document = service.finished(job, seconds=600)
                if document["status"] != "completed":
                    raise RuntimeError(f"a job ended as {document}")
    return _Run(idle, max(memory.values), max(running.values))


def _worker_process(up: int) -> int:
    """Return the process id of the worker that a `scriptorium up` started."""
    workers = [child for child in _children(up) if b"\0-m\0worker\0" in Path(f"/proc/{child}/cmdline").read_bytes()]
    if len(workers) != 1:
        raise RuntimeError(f"expected one worker below process {up}, found {len(workers)}")
    return workers[0]


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


def _resident_mib(worker: int) -> float:
    """Return what the worker keeps in memory (Rss), and what each process below it adds (its private pages)."""
    kib = _rollup_kib(worker, "Rss") + sum(_rollup_kib(each, *_PRIVATE) for each in _descendants(worker))
    return kib / 1024


def _rollup_kib(process: int, *names: str) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it ended meanwhile
    fields = dict(line.split(":") for line in lines)
    return sum(int(fields[name].split()[0]) for name in names if name in fields)


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f}-{max(values):.0f})"
