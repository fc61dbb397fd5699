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
    """`completed`, `failed` or `unfinished`."""
    job_id: str | None = None
    audio_seconds: float | None = None
    run: int | None = None
    outputs: tuple[str, ...] = ()
    code: str | None = None
    """Why it has failed."""
    detail: str | None = None


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
    views = [_view(path, ledger.entries.get(path)) for path in paths]
    settled = [view for view in views if view.run is not None]
    runs = [_run_view(run, [view for view in settled if view.run == run.number]) for run in ledger.runs.values()]
    audio = round(sum(run.audio_seconds for run in runs), 3)
    wall = round(sum(run.wall_seconds for run in runs), 3)
    return Report(
        total=len(views),
        completed=sum(run.completed for run in runs),
        failed=sum(run.failed for run in runs),
        unfinished=len(views) - len(settled),
        audio_seconds=audio,
        wall_seconds=wall,
        rtf=round(wall / audio, 4) if audio else None,
        runs=runs,
        files=views,
    )


def _run_view(run: Run, settled: list[FileView]) -> RunView:
    completed = [view for view in settled if view.state == "completed"]
    return RunView(
        run=run.number,
        started_at=run.started_at,
        wall_seconds=run.wall_seconds,
        completed=len(completed),
        failed=len(settled) - len(completed),
        audio_seconds=round(sum(view.audio_seconds or 0.0 for view in completed), 3),
    )


def _view(path: str, entry: Entry | None) -> FileView:
    if entry is None or entry.run is None:
        return FileView(path=path, state="unfinished", job_id=entry.job_id if entry else None)
    return FileView(
        path=path,
        state=entry.state,
        job_id=entry.job_id,
        audio_seconds=entry.audio_seconds,
        run=entry.run,
        outputs=entry.outputs,
        code=entry.failure.code if entry.failure else None,
        detail=entry.failure.detail if entry.failure else None,
    )
