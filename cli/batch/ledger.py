"""What was done for each file of a folder, in a file that outlives any death of the process that writes it.

The state file has a line of JSON for every change, on the disk before anything depends on it; the last one of a file
or run counts, and a line that broke off is none. Each start writes it anew, whole.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Literal, Self

from cli.outputs import write_whole

STATE_FILE = ".scriptorium-batch.jsonl"
_TICK_SECONDS = 5.0


class FolderInUse(Exception):
    """Another process works on the same folder of transcripts."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file has no transcript."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, as it was when it was looked at, and what was done for it."""

    path: str
    """Below the folder, with `/`."""
    size_bytes: int
    modified_ns: int
    sha256: str
    """Of its content."""
    order: str
    """Digest of the options that it is transcribed with."""
    stem: str
    """Path of its transcripts below the folder of transcripts, without what their names end with."""
    times: int = 1
    """How often it was asked for: again, if it has failed or its transcript has expired."""
    state: Literal["pending", "submitted", "completed", "failed"] = "pending"
    job_id: str | None = None
    audio_seconds: float | None = None
    outputs: tuple[str, ...] = ()
    """Files that were written, below the folder of transcripts."""
    failure: Failure | None = None
    run: int | None = None
    """The run that settled it."""

    @property
    def idempotency_key(self) -> str:
        """The same for the same file with the same options, so that it becomes one job, whoever dies meanwhile."""
        known = json.dumps([self.path, self.sha256, self.order, self.times])
        return f"batch-{hashlib.sha256(known.encode()).hexdigest()}"

    def again(self) -> "Entry":
        """Return it as a file that is to be transcribed once more, in a job of its own."""
        return replace(self, times=self.times + 1, state="pending", job_id=None, failure=None, run=None)

    def failed(self, code: str, detail: str, run: int) -> "Entry":
        """Return it as a file that has no transcript, for a reason."""
        return replace(self, state="failed", failure=Failure(code, detail), run=run)

    def completed(self, *, outputs: Sequence[str], audio_seconds: float | None, run: int) -> "Entry":
        """Return it as a file whose transcripts are written."""
        return replace(self, state="completed", outputs=tuple(outputs), audio_seconds=audio_seconds, run=run)

    @classmethod
    def unreadable(cls, path: PurePosixPath, stem: str, error: OSError, run: int) -> "Entry":
        """Return a file that can't be read."""
        entry = cls(path=str(path), size_bytes=0, modified_ns=0, sha256="", order="", stem=stem)
        return entry.failed("file_unreadable", error.strerror or str(error), run)


@dataclass(frozen=True, slots=True)
class Run:
    """A time that somebody worked on the folder."""

    number: int
    started_at: str
    """In UTC, as ISO 8601."""
    wall_seconds: float = 0.0
    """Up to its end; of one that was killed, up to its last sign of life."""


class Ledger:
    """The state of a folder of transcripts. Opening it begins a run; use it in a `with`."""

    def __init__(self, out: Path) -> None:
        """Take the folder of transcripts, which is made if there is none.

        Raises:
            FolderInUse: somebody works on it.
            OSError: it can't be written.
        """
        out.mkdir(parents=True, exist_ok=True)
        self.out = out
        self._folder = os.open(out, os.O_RDONLY)
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._folder)
            raise FolderInUse(
                f"Another 'scriptorium batch' or 'watch' writes to {out}. Wait for it, or choose another folder."
            ) from None
        self.entries: dict[str, Entry] = {}
        """By path."""
        self.runs: dict[int, Run] = {}
        """By number."""
        path = out / STATE_FILE
        for change in _changes(path):
            self._take(change)
        self._began = time.monotonic()
        self._run = Run(
            number=max(self.runs, default=0) + 1, started_at=datetime.now(UTC).isoformat(timespec="seconds")
        )
        self.runs[self._run.number] = self._run
        self._stems = {entry.stem: entry.path for entry in self.entries.values()}
        write_whole(path, "".join([*map(_line, self.runs.values()), *map(_line, self.entries.values())]))
        self._file = path.open("ab", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._write()
        self._file.close()
        os.close(self._folder)

    @property
    def run(self) -> int:
        """The number of this run."""
        return self._run.number

    def put(self, entry: Entry) -> Entry:
        """Store what is known of a file; it is on the disk when this returns."""
        self.entries[entry.path] = entry
        self._write(entry)
        return entry

    def tick(self) -> None:
        """Note that this run still lives, every few seconds."""
        if time.monotonic() - self._began - self._run.wall_seconds > _TICK_SECONDS:
            self._write()

    def stem(self, path: PurePosixPath) -> str:
        """Return what a file's transcripts are called: as itself, with its own ending where another has that name."""
        known = self.entries.get(str(path))
        if known is not None:
            return known.stem
        short = str(path.with_suffix(""))
        stem = str(path) if self._stems.setdefault(short, str(path)) != str(path) else short
        self._stems[stem] = str(path)
        return stem

    def _write(self, *entries: Entry) -> None:
        self._run = replace(self._run, wall_seconds=round(time.monotonic() - self._began, 3))
        self.runs[self._run.number] = self._run
        self._file.write("".join([*map(_line, entries), _line(self._run)]).encode())
        os.fsync(self._file.fileno())

    def _take(self, change: Entry | Run) -> None:
        if isinstance(change, Run):
            self.runs[change.number] = change
        else:
            self.entries[change.path] = change


def looked_at(path: PurePosixPath, folder: Path, *, stem: str, order: str, ledger: Ledger) -> Entry:
    """Return a file's entry as the file is now: the one that is there, or, if file or options changed, a new one.

    Raises:
        OSError: the file can't be read.
    """
    state = (folder / path).stat()
    known = ledger.entries.get(str(path))
    if known and (known.size_bytes, known.modified_ns) == (state.st_size, state.st_mtime_ns):
        digest = known.sha256
    else:
        with (folder / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    if known and (known.sha256, known.order) == (digest, order):
        return replace(known, size_bytes=state.st_size, modified_ns=state.st_mtime_ns)
    return Entry(
        path=str(path),
        size_bytes=state.st_size,
        modified_ns=state.st_mtime_ns,
        sha256=digest,
        order=order,
        stem=stem,
    )


def _changes(path: Path) -> Iterator[Entry | Run]:
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return
    for line in written.splitlines():
        try:
            yield _change(json.loads(line))
        except (ValueError, TypeError, KeyError):  # what a death broke off
            continue


def _change(document: dict[str, Any]) -> Entry | Run:
    if "run" in document:
        return Run(**document["run"])
    entry = document["file"]
    failure = Failure(**entry["failure"]) if entry["failure"] else None
    return Entry(**{**entry, "failure": failure, "outputs": tuple(entry["outputs"])})


def _line(change: Entry | Run) -> str:
    # ASCII: the name of a file may be no valid Unicode.
    return json.dumps({"run" if isinstance(change, Run) else "file": asdict(change)}) + "\n"
