"""A bar for each job under way and one for all, on stderr; nothing but notes where that is no terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from cli.terminal import is_plain, print_note, printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from scriptorium.client import Job, QueueEvent
    from scriptorium.client.models import Progress as JobProgress

_NAME_WIDTH = 36
_WAITING = "waiting"


class Bars:
    """All bars; use it in a `with`. `total` is how many files there are, None if nobody knows or there is one."""

    def __init__(self, total: int | None = None, *, quiet: bool = False) -> None:
        self._total = total
        self._progress: Progress | None = None
        self._all: TaskID | None = None
        self._quiet = quiet

    def __enter__(self) -> Self:
        if not self._quiet and not is_plain(sys.stderr):
            self._progress = _progress()
            self._progress.start()
            if self._total is not None:
                self._all = self._progress.add_task("all files", total=self._total, state=f"0 of {self._total}")
        return self

    def __exit__(self, *exception: object) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    @contextmanager
    def bar(self, name: str) -> Iterator["Bar"]:
        """Show a bar for a file within the block."""
        if self._progress is None:
            yield Bar(None, None)
            return
        # A total of 0 is a bar that stands still.
        row = self._progress.add_task(_shortened(printable(name)), total=0, state=_WAITING)
        try:
            yield Bar(self._progress, row)
        finally:
            self._progress.remove_task(row)

    def settled(self, count: int) -> None:
        """Tell how many files are done, in one way or the other."""
        if self._progress is not None and self._all is not None:
            self._progress.update(self._all, completed=count, state=f"{count} of {self._total}")

    def note(self, text: str) -> None:
        """Say something on stderr, above the bars."""
        if self._progress is None:
            print_note(text)
        else:
            self._print(text)

    def text(self, text: str) -> None:
        """Print a part of the result on stdout; at a terminal, above the bars."""
        if self._progress is not None and sys.stdout.isatty():
            self._print(text)
        else:
            print(text, flush=True)

    def _print(self, text: str) -> None:
        from rich.text import Text

        assert self._progress is not None  # noqa: S101 - both callers have looked
        lines = "\n".join(printable(line) for line in text.split("\n"))
        self._progress.console.print(Text(lines))


class Bar:
    """How far one file is."""

    def __init__(self, progress: "Progress | None", row: "TaskID | None") -> None:
        self._progress = progress
        self._row = row

    def uploading(self, sent: int, total: int | None) -> None:
        """So many bytes are sent."""
        self._show("uploading", sent, total)

    def accepted(self, job: "Job") -> None:
        """The service has made a job of it."""
        self._show("there already" if job.cached else _WAITING, 0, 0)

    def waiting(self, event: "QueueEvent") -> None:
        """It waits in the queue."""
        eta = f", about {_clock(event.eta.seconds)}" if event.eta else ""
        self._show(f"{_WAITING}, {event.position} in line{eta}", 0, 0)

    def transcribing(self, progress: "JobProgress") -> None:
        """So much of it is transcribed."""
        self._show("transcribing", progress.audio_seconds_done, progress.audio_seconds_total)

    def _show(self, state: str, done: float, total: float | None) -> None:
        if self._progress is None or self._row is None:
            return
        if self._progress.tasks[self._progress.task_ids.index(self._row)].fields["state"] != state:
            self._progress.reset(self._row, total=total, state=state)  # another speed: what is left is reckoned anew
        self._progress.update(self._row, completed=done, total=total, state=state)


def _progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Left(TimeRemainingColumn):
        """How long it will take, as soon as that can be told."""

        def render(self, task: Task) -> Text:
            return Text("") if not task.time_remaining else super().render(task) + Text(" left", style="dim")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[state]}", markup=False, style="dim"),
        Left(compact=True),
        console=Console(stderr=True, highlight=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _shortened(name: str) -> str:
    """Return a name of a fixed width: the bars stand in a column."""
    short = name if len(name) <= _NAME_WIDTH else f"…{name[1 - _NAME_WIDTH :]}"
    return f"{short:<{_NAME_WIDTH}}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
