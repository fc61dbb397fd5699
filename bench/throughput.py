"""Whether more worker threads and processes do more jobs in proportion, with the scripted transcriber's fixed pace.

It needs no processor, so a slot that does less than its pace waits for the queue, for Redis or for Python.
"""

import statistics
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from bench.audio import small_silence
from bench.tables import Table
from tests.harness.service import Service
from worker.scripted_transcriber import SEGMENT_SECONDS

_SHAPES = ((1, 1), (1, 2), (1, 4), (1, 8), (1, 16), (2, 4), (3, 4), (4, 4))
"""Worker processes, and the slots (threads) of each."""
_REPEATS = 3
_AUDIO_SECONDS = 20.0
_RTF = 0.05
_PACE_SECONDS = _AUDIO_SECONDS * _RTF
_JOBS_PER_SLOT = 12
_GOAL = 0.95

_NOTES = (
    f"Every job is {_AUDIO_SECONDS:g} s of audio in {_AUDIO_SECONDS / SEGMENT_SECONDS:g} segments, each committed as "
    f"it comes, at a scripted pace of {_PACE_SECONDS:g} s a job; ideal is the slots (processes x threads) divided by "
    f"the pace. Counted are the jobs done from when all were accepted and as many as there are slots had begun until "
    f"the last one began, by the times in their status documents; of a job across an edge, the part within. Each row "
    f"is the median (least to most) of {_REPEATS} fresh services, the shapes by turns, {_JOBS_PER_SLOT} jobs a slot. "
    f"Idle is the part of the slots' time in which they had no job; beyond the pace is what a job took longer than "
    f"that, from its claim to its end."
)


class Span(NamedTuple):
    """When a job was accepted, claimed and finished, in seconds since 1970."""

    accepted: float
    started: float
    finished: float

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the times of a finished job, from its status document."""
        return cls(
            *(
                datetime.fromisoformat(document[name]).timestamp()
                for name in ("created_at", "started_at", "finished_at")
            )
        )


class Run(NamedTuple):
    """What was done while there was work for every slot."""

    jobs_per_second: float
    busy_slots: float
    """Slots that had a job, on average."""
    job_seconds: float
    """From claim to end, median."""
    window_seconds: float


def measure() -> Table:
    """Start the service once per repeat and shape and return the table."""
    runs: dict[tuple[int, int], list[Run]] = {shape: [] for shape in _SHAPES}
    for _ in range(_REPEATS):
        for (processes, threads), done in runs.items():
            done.append(_run(processes, threads))
    rows = [_row(processes, threads, done) for (processes, threads), done in runs.items()]
    columns = ["processes", "threads each", "ideal jobs/s", "jobs/s", "of ideal", "goal"]
    columns += ["slots idle", "ms a job beyond the pace", "window s"]
    return Table("Throughput of the queue", columns, rows, _NOTES)


def _row(processes: int, threads: int, runs: list[Run]) -> list[str]:
    slots = processes * threads
    ideal = slots / _PACE_SECONDS
    return [
        str(processes),
        str(threads),
        f"{ideal:g}",
        f"{statistics.median(run.jobs_per_second for run in runs):.2f}",
        _spread([run.jobs_per_second / ideal for run in runs], 3),
        f">= {_GOAL:g}",
        f"{100 * (1 - statistics.median(run.busy_slots for run in runs) / slots):.1f} %",
        _spread([1000 * (run.job_seconds - _PACE_SECONDS) for run in runs], 1),
        f"{statistics.median(run.window_seconds for run in runs):.1f}",
    ]


def _run(processes: int, threads: int) -> Run:
    slots = processes * threads
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(
            Path(folder),
            TRANSCRIBER="scripted",
            SCRIPTED_RTF=str(_RTF),
            WORKERS=str(processes),
            WORKER_CONCURRENCY=str(threads),
        ) as service,
    ):
        service.client.headers["Cache-Control"] = "no-cache"
        files = [small_silence(_AUDIO_SECONDS, variant) for variant in range(_JOBS_PER_SLOT * slots)]
        jobs = [service.submit(file) for file in files]
        return summed_up([_span(service, job) for job in jobs], slots)


def _span(service: Service, job: str) -> Span:
    document = service.finished(job)
    if document["status"] != "completed" or document["attempt"] != 1:
        raise RuntimeError(f"a job ended as {document}")
    return Span.of(document)


def summed_up(spans: list[Span], slots: int) -> Run:
    """Return what so many slots did from when all were accepted and every slot had one until the last one began."""
    starts = sorted(span.started for span in spans)
    begin, end = max(starts[slots - 1], *(span.accepted for span in spans)), starts[-1]
    within = [max(0.0, min(span.finished, end) - max(span.started, begin)) for span in spans]
    done = sum(seconds / (span.finished - span.started) for seconds, span in zip(within, spans, strict=True))
    return Run(
        jobs_per_second=done / (end - begin),
        busy_slots=sum(within) / (end - begin),
        job_seconds=statistics.median(span.finished - span.started for span in spans),
        window_seconds=end - begin,
    )


def _spread(values: list[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
