"""What the commands print: tables at a terminal, tab-separated lines in a pipe, notes and errors on stderr."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self, TextIO

import typer

if TYPE_CHECKING:
    from rich.status import Status


def is_plain(stream: TextIO) -> bool:
    """Whether a stream takes plain lines alone: no terminal, one that can't move its cursor, or NO_COLOR is set."""
    return not stream.isatty() or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows: below a header on a terminal, bare and tab-separated elsewhere."""
    cleaned = [[printable(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cleaned:
            print("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, header in enumerate(headers):
        # The first column names the row: it must stay whole to be copied.
        table.add_column(header, no_wrap=index == 0, overflow="fold")
    for row in cleaned:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def print_row(cells: Iterable[str]) -> None:
    """Print a row of a table that has no end yet: bare and tab-separated, at once."""
    print("\t".join(printable(cell) for cell in cells), flush=True)


def print_page(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, total: int, limit: int, offset: int, what: str
) -> None:
    """Print one page of a listing, and where the next one begins; of an empty listing, that there is none of `what`."""
    if rows:
        print_table(headers, rows)
    if total == 0:
        print_note(f"No {what}.")
    elif offset + len(rows) < total:
        print_note(f"{total} in all; the next page begins at --offset {offset + limit}.")


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names with their values: aligned on a terminal, tab-separated elsewhere."""
    pairs = [(name, printable(value)) for name, value in facts]
    width = max(len(name) for name, _ in pairs) + 2
    for name, value in pairs:
        print(f"{name:<{width}}{value}" if sys.stdout.isatty() else f"{name}\t{value}")


def print_json(document: object) -> None:
    """Print a JSON document, indented; without a character that a terminal could take for a command."""
    print(json.dumps(document, indent=2))


def print_json_line(document: object) -> None:
    """Print a JSON document on a line of its own, at once."""
    print(json.dumps(document), flush=True)


def print_note(text: str) -> None:
    """Print what is no result: to stderr, where it spoils no pipe."""
    typer.echo(printable(text), err=True)


def print_error(text: str) -> None:
    """Print an error as every command does."""
    print_note(f"scriptorium: {text}")


class Progress:
    """What a long command is doing, on stderr: one line that changes on a terminal, a line a step elsewhere."""

    def __init__(self) -> None:
        self._status: Status | None = None
        self._step = ""

    def __enter__(self) -> Self:
        if not is_plain(sys.stderr):
            from rich.console import Console

            self._status = Console(stderr=True).status("")
            self._status.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._status is not None:
            self._status.stop()

    def step(self, text: str) -> None:
        """Say what begins now."""
        self._step = text
        if self._status is None:
            print_note(text)
        else:
            self._show(text)

    def detail(self, text: str) -> None:
        """Say how far the step has come; on a terminal only."""
        self._show(f"{self._step}: {text}")

    def note(self, text: str) -> None:
        """Say something that stays, above the line that changes."""
        if self._status is None:
            print_note(text)
        else:
            from rich.text import Text

            self._status.console.print(Text(printable(text)))

    def _show(self, text: str) -> None:
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(printable(text)))


def printable(text: str) -> str:
    """Return a text with every control character replaced: file names come from strangers."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def utc(moment: datetime | None) -> str:
    """Return a time of the service's (UTC), to the second; a dash for none."""
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else "-"
