"""Audio in a folder that both tiers can reach: one file a work, named by the server."""

import io
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from core.direct_file import DirectFile
from core.errors import AudioExpired
from core.media_store import MediaFacts, StoredMedia

_PART_SUFFIX = ".part"
_MIB = 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MediaFiles:
    """A media folder. A name without `.part` promises that the file is whole and on the disk."""

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
        """Return where a job's audio is while it is uploaded or fetched."""
        return self.folder / f"{job_id}{_PART_SUFFIX}"

    def begin(self, job_id: str) -> "FileWriter":
        """Return a writer for the audio of a job that has none.

        Raises:
            OSError: the file can't be made, or there is one already.
        """
        return FileWriter(job_id, self)

    def commit(self, job_id: str) -> None:
        """Give a fully written and synced file its final name, durably."""
        self.part_path(job_id).rename(self.path(job_id))
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def at_hand(self, job_id: str, is_wanted: Callable[[], bool]) -> Iterator[Path]:  # noqa: ARG002 - it takes no time
        """Yield the path of a job's audio; whether it is there is seen by who opens it."""
        yield self.path(job_id)

    def duplicate(self, job_id: str, copy_id: str) -> None:
        """Give a job's audio a second name; a file system that knows no such thing gets a copy.

        Both are as young as that: the clean-up must not take the new one for an orphan before its job is accepted.

        Raises:
            FileNotFoundError: there is none.
            OSError: it can't be written; the disk is full.
        """
        os.utime(self.path(job_id))
        try:
            self.path(copy_id).hardlink_to(self.path(job_id))
        except FileNotFoundError:
            raise
        except OSError:
            self._copy(self.path(job_id), copy_id)
        else:
            self._sync_folder()

    def _copy(self, source: Path, copy_id: str) -> None:
        part = self.part_path(copy_id)
        try:
            with source.open("rb") as read, part.open("xb") as written:
                shutil.copyfileobj(read, written, _MIB)
                written.flush()
                os.fsync(written.fileno())
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        self.commit(copy_id)

    def stat(self, job_id: str) -> MediaFacts | None:
        """Return what is known of a job's audio; None if it isn't there."""
        try:
            found = self.path(job_id).stat()
        except FileNotFoundError:
            return None
        return MediaFacts(found.st_size, f"{found.st_mtime_ns:x}-{found.st_size:x}")

    def read(self, job_id: str, start: int, size: int) -> bytes:
        """Return up to so many bytes of a job's audio from a place on; none behind its end.

        Raises:
            AudioExpired: it is gone.
        """
        try:
            with self.path(job_id).open("rb") as file:
                file.seek(start)
                return file.read(size)
        except FileNotFoundError:
            raise AudioExpired("The audio has just been removed.") from None

    def remove(self, job_id: str) -> list[int]:
        """Remove whatever is stored of a job's audio; return the sizes of the files in bytes."""
        removed: list[int] = []
        for path in (self.path(job_id), self.part_path(job_id)):
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

    def scan(self) -> Iterator[StoredMedia]:
        """Yield every stored file; files that vanish meanwhile are left out."""
        now = time.time()
        with os.scandir(self.folder) as entries:
            for entry in entries:
                try:
                    modified = entry.stat(follow_symlinks=False).st_mtime
                except FileNotFoundError:
                    continue
                yield StoredMedia(
                    job_id=entry.name.removesuffix(_PART_SUFFIX),
                    is_part=entry.name.endswith(_PART_SUFFIX),
                    age_seconds=now - modified,
                    discard=_Unlink(Path(entry.path)),
                )


class FileWriter:
    """A file under a name that says that it is a part until it is whole and synced."""

    def __init__(self, job_id: str, media: MediaFiles) -> None:
        self._job_id = job_id
        self._media = media
        self._file = DirectFile(media.part_path(job_id), 0o640)
        self._is_begun = False

    def append(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append.

        Raises:
            OSError: it can't be written; the disk is full.
        """
        for piece in pieces:
            self._is_begun = True
            self._file.append(piece)

    def sync(self) -> None:
        """Wait until what was appended is on the disk.

        Raises:
            OSError: it doesn't get there.
        """
        self._file.sync()

    def commit(self, pieces: Sequence[memoryview | bytearray], inspect: Callable[[BinaryIO], T]) -> tuple[str, T]:
        """Append the last of it and make it durable under its final name. What `inspect` refuses is never synced.

        Raises:
            OSError: it doesn't get there; the disk is full.
        """
        is_all = not self._is_begun
        self.append(pieces)
        # What went past the cache would have to be read from the disk.
        with io.BytesIO(b"".join(pieces)) if is_all else self._media.part_path(self._job_id).open("rb") as written:
            found = inspect(written)
        self._file.sync()
        self._media.commit(self._job_id)
        self._file.close()
        return self._file.blake3, found

    def discard(self) -> None:
        """Leave nothing of it."""
        self._file.close()
        self._media.remove(self._job_id)


@dataclass(frozen=True, slots=True)
class _Unlink:
    """Removes a file and tells whether it was there: another's clean-up may have been faster."""

    path: Path

    def __call__(self) -> bool:
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True
