"""What came of a folder, over all runs: numbers that add up, for people and as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass

from cli.batch.ledger import Entry, Ledger, Run


@dataclass(frozen=True, slots=True)
class RunView:
    """One run. A file counts where it was settled in the end."""

    run: int
    started_at: str
    wall_seconds: float
    completed: int
    failed: int
    audio_seconds: float
    """Of the completed ones."""


@dataclass(frozen=True, slots=True)
class FileView:
    """One file."""

    path: str
    state: str
    job_id: str | None
    audio_seconds: float | None
    run: int | None
    outputs: tuple[str, ...]
    code: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """All runs together: each number is the sum of theirs."""

    total: int
    """completed + failed + unfinished."""
    completed: int
    failed: int
    unfinished: int
    audio_seconds: float
    wall_seconds: float
    rtf: float | None
    """wall_seconds / audio_seconds; None without audio."""
    runs: list[RunView]
    files: list[FileView]

    @property
    def failures(self) -> list[FileView]:
        """The files that failed."""
        return [file for file in self.files if file.state == "failed"]


def report_of(ledger: Ledger, paths: Iterable[str]) -> Report:
    """Report on so many files of a folder."""
    entries = [entry for path in paths if (entry := ledger.entries.get(path))]
    settled = [entry for entry in entries if entry.run is not None]
    runs = [_run_view(run, [entry for entry in settled if entry.run == run.number]) for run in ledger.runs.values()]
    audio = round(sum(run.audio_seconds for run in runs), 3)
    wall = round(sum(run.wall_seconds for run in runs), 3)
    return Report(
        total=len(entries),
        completed=sum(run.completed for run in runs),
        failed=sum(run.failed for run in runs),
        unfinished=len(entries) - len(settled),
        audio_seconds=audio,
        wall_seconds=wall,
        rtf=round(wall / audio, 4) if audio else None,
        runs=runs,
        files=[_view(entry) for entry in entries],
    )


def _run_view(run: Run, settled: list[Entry]) -> RunView:
    completed = [entry for entry in settled if entry.state == "completed"]
    return RunView(
        run=run.number,
        started_at=run.started_at,
        wall_seconds=run.wall_seconds,
        completed=len(completed),
        failed=len(settled) - len(completed),
        audio_seconds=round(sum(entry.audio_seconds or 0.0 for entry in completed), 3),
    )


def _view(entry: Entry) -> FileView:
    return FileView(
        path=entry.path,
        state=entry.state if entry.run is not None else "unfinished",
        job_id=entry.job_id,
        audio_seconds=entry.audio_seconds,
        run=entry.run,
        outputs=entry.outputs,
        code=entry.failure and entry.failure.code,
        detail=entry.failure and entry.failure.detail,
    )
