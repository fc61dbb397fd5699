"""Which files of a folder are to be transcribed."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

# fmt: off
MEDIA_SUFFIXES = frozenset(
    {
        ".3g2", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".asf", ".au",
        ".avi", ".caf", ".dts", ".f4a", ".f4v", ".flac", ".flv", ".gsm", ".m2ts", ".m4a", ".m4b", ".m4r",
        ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg", ".mpg", ".mpga", ".mts", ".oga",
        ".ogg", ".ogv", ".ogx", ".opus", ".qt", ".ra", ".rm", ".snd", ".spx", ".tta", ".vob", ".w64", ".wav",
        ".wave", ".weba", ".webm", ".wma", ".wmv", ".wv",
    }
)
# fmt: on
"""How the names of audio and video files end, in lower case. The service looks at what is in them, not at names."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a folder are meant: those of audio and video, unless it is said otherwise."""

    include: Sequence[str] = ()
    """Patterns of a shell, of which one must fit; a name fits, or, where the pattern has a `/`, the path below."""
    exclude: Sequence[str] = ()
    """Patterns of which none may fit."""

    def has(self, path: PurePosixPath) -> bool:
        """Whether a file is meant; its path is relative to the folder. Hidden ones never are."""
        if any(part.startswith(".") for part in path.parts) or any(_fits(path, each) for each in self.exclude):
            return False
        if self.include:
            return any(_fits(path, each) for each in self.include)
        return path.suffix.lower() in MEDIA_SUFFIXES

    def files(self, folder: Path, *, beside: Path) -> Iterator[PurePosixPath]:
        """Find the files below a folder, in order of their paths, but none below `beside`, where transcripts go.

        Raises:
            OSError: a folder can't be read.
        """
        out = beside.resolve()
        for current, folders, names in os.walk(folder, onerror=_raise):
            here = Path(current)
            folders[:] = sorted(name for name in folders if not name.startswith(".") and (here / name).resolve() != out)
            for name in sorted(names):
                path = PurePosixPath((here / name).relative_to(folder).as_posix())
                if self.has(path) and (here / name).is_file():
                    yield path


def _fits(path: PurePosixPath, pattern: str) -> bool:
    return fnmatchcase(str(path) if "/" in pattern else path.name, pattern)


def _raise(error: OSError) -> None:
    raise error
