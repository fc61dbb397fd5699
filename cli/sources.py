"""What the command line names to be transcribed: files, URLs, and standard input."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast
from urllib.parse import urlsplit

import typer

from cli.outputs import Format

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One of them."""

    given: str
    """As it was written."""
    content: Path | str | BinaryIO
    """A file, a URL, or what was read."""
    name: str
    """What the service is to call it."""

    def file_name(self, each: Format) -> str:
        """Return what its transcript is called in a folder."""
        return f"{PurePosixPath(self.name).stem}{each.suffix}"


def sources_of(given: Sequence[str], *, stdin_name: str, stdin: IO[bytes]) -> list[Source]:
    """Return what the command line names; standard input is read into a file, which may have to be sent twice.

    Raises:
        typer.BadParameter: something isn't there.
    """
    if given.count(_STDIN) > 1:
        raise typer.BadParameter("Standard input is there once only.")
    return [_source(each, stdin_name, stdin) for each in given]


def _source(given: str, stdin_name: str, stdin: IO[bytes]) -> Source:
    if given == _STDIN:
        shutil.copyfileobj(sys.stdin.buffer, stdin)
        stdin.seek(0)
        return Source(given, cast("BinaryIO", stdin), stdin_name)
    if given.lower().startswith(("http://", "https://")):
        return Source(given, given, PurePosixPath(urlsplit(given).path).name or "audio")
    path = Path(given)
    if not path.is_file():
        what = "is a folder; 'scriptorium batch' transcribes those" if path.is_dir() else "is not there"
        raise typer.BadParameter(f"{given} {what}.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise typer.BadParameter(f"{given} can't be read: {error.strerror}.") from None
    return Source(given, path, path.name.encode("utf-8", "replace").decode())


def outputs_of(sources: Sequence[Source], out: Path, formats: Sequence[Format]) -> list[list[Path]]:
    """Return where the transcripts of each source go.

    A single one goes to a file, or into a folder that is there; several go into a folder, which need not be there yet.

    Raises:
        typer.BadParameter: there is a file where a folder is needed, or two would go to the same file.
    """
    if len(sources) * len(formats) == 1 and not out.is_dir():
        return [[out]]
    if out.exists() and not out.is_dir():
        raise typer.BadParameter(f"{out} is a file; several transcripts need a folder.", param_hint="--out")
    outputs = [[out / source.file_name(each) for each in formats] for source in sources]
    flat = [path for paths in outputs for path in paths]
    if twice := next((path for path in flat if flat.count(path) > 1), None):
        raise typer.BadParameter(
            f"{twice} would be written twice: give these files names of their own, or send them apart.",
            param_hint="--out",
        )
    return outputs
