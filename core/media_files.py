"""Where uploaded audio lies on disk: one file a work, named by the server, in a folder both tiers can reach.

A work has the id of its first job, so an upload is stored under its job's id; that of a job that shares another's work
is removed.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PART_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file found in the media folder."""

    path: Path
    job_id: str
    is_part: bool
    """An upload that never became whole (yet)."""
    age_seconds: float


@dataclass(frozen=True, slots=True)
class MediaFiles:
    """The media folder. A name without `.part` promises that the file is whole and on the disk."""

    folder: Path

    @classmethod
    def under(cls, data_dir: Path) -> "MediaFiles":
        """Return the media folder of a data directory, created if need be."""
        folder = data_dir.resolve() / "media"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder)

    def path(self, job_id: str) -> Path:
        """Return where a job's audio is, or will be."""
        return self.folder / job_id

    def part_path(self, job_id: str) -> Path:
        """Return where a job's audio is while it is uploaded."""
        return self.folder / f"{job_id}{_PART_SUFFIX}"

    def commit(self, job_id: str) -> None:
        """Give a fully written and synced upload its final name, durably."""
        self.part_path(job_id).rename(self.path(job_id))
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self, job_id: str) -> bool:
        """Remove whatever is stored of a job's audio; tell whether there was anything."""
        found = False
        for path in (self.path(job_id), self.part_path(job_id)):
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            found = True
        return found

    def free_bytes(self) -> int:
        """Return the bytes left on the folder's disk."""
        return shutil.disk_usage(self.folder).free

    def scan(self) -> Iterator[StoredFile]:
        """Yield every stored file; files that vanish meanwhile are left out."""
        now = time.time()
        with os.scandir(self.folder) as entries:
            for entry in entries:
                try:
                    modified = entry.stat(follow_symlinks=False).st_mtime
                except FileNotFoundError:
                    continue
                yield StoredFile(
                    path=Path(entry.path),
                    job_id=entry.name.removesuffix(_PART_SUFFIX),
                    is_part=entry.name.endswith(_PART_SUFFIX),
                    age_seconds=now - modified,
                )
