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

    def output(self, out: Path, each: Format) -> Path:
        """Return where its transcript goes: into a folder, or to a file."""
        return out / f"{PurePosixPath(self.name).stem}{each.suffix}" if out.is_dir() else out


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

    Raises:
        typer.BadParameter: two would go to the same file.
    """
    outputs = [[source.output(out, each) for each in formats] for source in sources]
    flat = [path for paths in outputs for path in paths]
    if twice := next((path for path in flat if flat.count(path) > 1), None):
        raise typer.BadParameter(
            f"{twice} would be written twice; several transcripts need a folder, and names of their own.",
            param_hint="--out",
        )
    return outputs
