"""`scriptorium search`: words in all transcripts, with their places in the audio."""

import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from cli.parameters import AsJson, unfolded
from cli.service import Connection, service
from cli.terminal import is_plain, print_json, print_note, print_row, printable

if TYPE_CHECKING:
    from rich.text import Text

    from scriptorium.client import Hit

_MINUTE = 60


@unfolded
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="What to look for.")],
    *,
    limit: Annotated[int, typer.Option(min=1, help="Most places.")] = 20,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Search all transcripts for words, and show where in which recording they are said."""
    with service(connection, of="places") as client:
        hits = list(islice(client.search(" ".join(words)), limit))
    if as_json:
        print_json({"hits": [hit.model_dump(mode="json", exclude_none=True) for hit in hits]})
    elif not hits:
        print_note("Nobody has said that, as far as transcripts are kept.")
    elif is_plain(sys.stdout):
        for hit in hits:
            print_row((hit.job_id, f"{hit.start:.2f}", hit.file_name or "-", hit.text.strip()))
    else:
        _print_places(hits)


def _print_places(hits: list["Hit"]) -> None:
    """Print each recording with its places, what was looked for in bold."""
    from rich.console import Console

    console = Console(highlight=False)
    job_id = ""
    for hit in hits:
        if hit.job_id != job_id:
            job_id = hit.job_id
            console.print(f"{printable(hit.file_name or '-')}  {job_id}", style="dim", markup=False)
        console.print(_place(hit))


def _place(hit: "Hit") -> "Text":
    from rich.text import Text

    line = Text(f"{int(hit.start) // _MINUTE:4d}:{hit.start % _MINUTE:04.1f}  ")
    text = Text(printable(hit.text))
    for start, end in hit.marks:
        text.stylize("bold", start, end)
    return line + text
