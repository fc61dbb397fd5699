"""What `batch` and `watch` are told of a folder and of its transcripts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cli.batch.plan import Selection
from cli.completion import complete_format
from cli.outputs import Format

Folder: TypeAlias = Annotated[
    Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="A folder, with all those in it.")
]


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """Which files, and where their transcripts go."""

    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="DIR", file_okay=False, help="Where transcripts go, and what is remembered."
        ),
    ]
    formats: Annotated[
        list[Format],
        typer.Option("--format", "-f", help="May be given several times.", autocompletion=complete_format),
    ] = field(default_factory=lambda: [Format.TEXT])
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB", help="Only files like this, whatever they are called, instead of audio and video."
        ),
    ] = None
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="No files like this.")] = None
    parallel: Annotated[int, typer.Option("--parallel", "-p", min=1, max=64, help="Files at once.")] = 8
    cancel_on_interrupt: Annotated[
        bool, typer.Option("--cancel-on-interrupt", help="On Ctrl-C, cancel the jobs under way.")
    ] = False

    @property
    def selection(self) -> Selection:
        """Which files are meant."""
        return Selection(tuple(self.include or ()), tuple(self.exclude or ()))
