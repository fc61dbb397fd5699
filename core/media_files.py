"""Where uploaded audio lies on disk: one file a work, named by the server, in a folder both tiers can reach.

A work has the id of its first job, so an upload is stored under its job's id; that of a job that shares another's work
is removed.
"""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
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
    """The media folder. A name without `.part` promises that the file is whole and on the disk.

    Jobs of some labels may have folders apart (`of`). What removes or looks for files does so in all folders.
    """

    folder: Path
    apart: Mapping[str, "MediaFiles"] = field(default_factory=dict, kw_only=True)
    """By sensitivity label, the folders that are not this one."""

    @classmethod
    def under(cls, data_dir: Path, apart: Mapping[str, Path] | None = None) -> "MediaFiles":
        """Return the media folder of a data directory, created if need be, and those of directories apart."""
        folder = data_dir.resolve() / "media"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, apart={label: cls.under(directory) for label, directory in (apart or {}).items()})

    def of(self, sensitivity: str | None) -> "MediaFiles":
        """Return the one folder for the audio of jobs with a label."""
        return self.apart.get(sensitivity or "", self)

    @property
    def folders(self) -> "list[MediaFiles]":
        """Every folder, this one first."""
        return list({each.folder: each for each in (self, *self.apart.values())}.values())

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

    def remove(self, job_id: str) -> list[int]:
        """Remove whatever is stored of a job's audio, in whatever folder; return the sizes of the files in bytes."""
        removed: list[int] = []
        for path in chain.from_iterable((each.path(job_id), each.part_path(job_id)) for each in self.folders):
            try:
                size_bytes = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                continue
            removed.append(size_bytes)
        return removed

    def free_bytes(self) -> int:
        """Return the bytes left on the folder's disk."""
        return shutil.disk_usage(self.folder).free

    def least_free_bytes(self) -> int:
        """Return the bytes left on the fullest of the folders' disks."""
        return min(each.free_bytes() for each in self.folders)

    def scan(self) -> Iterator[StoredFile]:
        """Yield every stored file; files that vanish meanwhile are left out."""
        now = time.time()
        for media in self.folders:
            with os.scandir(media.folder) as entries:
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
