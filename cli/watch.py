"""`scriptorium watch`: transcribes what is in a folder, and whatever comes into it, as long as it runs."""

import asyncio
import signal
import sys
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from cli.bars import Bars
from cli.batch.arrivals import Arrivals
from cli.batch.ledger import Entry
from cli.batch.options import Folder, FolderOptions
from cli.batch.runner import Order, Runner
from cli.batch.session import Session, event_of, opened_ledger
from cli.job_options import JobOptions
from cli.parameters import AsJson, unfolded
from cli.service import Connection
from cli.terminal import print_json_line, print_note, print_row

_LOOK_MS = 500
"""Between two looks whether what has come is complete."""


@unfolded
def watch(
    folder: Folder,
    *,
    chosen: FolderOptions,
    settle_seconds: Annotated[
        float, typer.Option("--settle", min=0.1, metavar="SECONDS", help="A file is complete if unchanged for so long.")
    ] = 2.0,
    as_json: AsJson = False,
    options: JobOptions,
    connection: Connection,
) -> None:
    """Transcribe what is in a folder, and whatever comes into it, until Ctrl-C.

    A file is taken when nobody writes to it any more. While the service is away, files wait for it.
    """

    def on_settled(bars: Bars, entry: Entry) -> None:
        why = f"{entry.failure.code}: {entry.failure.detail}" if entry.failure else ""
        if as_json:
            print_json_line(event_of(entry))
        elif not sys.stdout.isatty():
            print_row((entry.state, entry.path, entry.job_id or "-", entry.failure.code if entry.failure else "-"))
        else:
            bars.note(f"{entry.state}: {entry.path}: {why or ', '.join(entry.outputs)}")

    signal.signal(signal.SIGIO, signal.SIG_IGN)  # as Arrivals wants it
    order = Order(folder, options, chosen.formats, sits_outages_out=True)
    session = Session(order, chosen, connection, on_settled)
    print_note(f"Watching {folder}; transcripts go to {chosen.out}. Ctrl-C ends it.")
    status = session.run(
        lambda runner: _until_told(
            runner, folder.resolve(), chosen.out.resolve(), chosen, Arrivals(folder, settle_seconds=settle_seconds)
        ),
        total=None,
        ledger=opened_ledger(chosen.out),
    )
    raise typer.Exit(status)


async def _until_told(runner: Runner, folder: Path, out: Path, chosen: FolderOptions, arrivals: Arrivals) -> None:
    """Settle what is in a folder and what comes into it; both paths have no links in them, as what is told has none."""
    from watchfiles import Change, awatch

    slots = asyncio.Semaphore(chosen.parallel)
    under_way: set[PurePosixPath] = set()

    async def settle(path: PurePosixPath) -> None:
        try:
            async with slots:
                await runner.settle(path)
        finally:
            under_way.discard(path)

    async with asyncio.TaskGroup() as group:
        group.create_task(runner.tick())
        watching = awatch(folder, watch_filter=None, yield_on_timeout=True, rust_timeout=_LOOK_MS, debounce=_LOOK_MS)
        is_first = True
        async for changes in watching:
            changed = [Path(name) for change, name in changes if change is not Change.deleted]
            # The watch is on: what comes from now on is told. What is there already, or came within a folder, is not.
            if is_first or any(path.is_dir() for path in changed):
                found = list(chosen.selection.files(folder, beside=out))
            else:
                below = (path.relative_to(folder) for path in changed if not path.is_relative_to(out))
                found = [path for each in below if chosen.selection.has(path := PurePosixPath(each.as_posix()))]
            is_first = False
            for path in found:
                arrivals.changed(path)
            for path in arrivals.complete(but=under_way):
                under_way.add(path)
                group.create_task(settle(path))
