"""A run of `batch` or `watch`: the ledger, the bars and the client around the work, and what ends it."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import typer

from cli.bars import Bars
from cli.batch.ledger import Entry, FolderInUse, Ledger
from cli.batch.options import FolderOptions
from cli.batch.runner import Order, Runner
from cli.exits import ExitStatus
from cli.interrupts import after_interrupt
from cli.service import Connection, explained, status_of
from cli.terminal import print_error
from scriptorium.client import RetryPolicy, ServiceError, ServiceRefused

_RETRY: Final = RetryPolicy(busy_seconds=math.inf)
"""A service that is busy, or limits our rate, is come back to as it says, for as long as it takes."""
_RETRY_OF_THE_PATIENT: Final = replace(_RETRY, outage_seconds=2)
"""Of who waits for a service that is away by himself, and says so."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a run needs to begin."""

    order: Order
    chosen: FolderOptions
    connection: Connection
    on_settled: Callable[[Bars, Entry], None]

    def run(self, work: Callable[[Runner], Awaitable[None]], *, total: int | None, ledger: Ledger) -> ExitStatus:
        """Do the work and return how it ended; the ledger is closed then."""
        status = ExitStatus.DONE
        retry = _RETRY_OF_THE_PATIENT if self.order.sits_outages_out else _RETRY
        under_way: dict[str, str] = {}
        with ledger, Bars(total) as bars:
            client = self.connection.async_client(replace(retry, on_pause=_Told(bars)))
            runner = Runner(client, ledger, self.order, bars, lambda entry: self.on_settled(bars, entry))

            async def main() -> None:
                async with client:
                    try:
                        await work(runner)
                    except ExceptionGroup as errors:  # of those who worked together; the first has ended the others
                        raise errors.exceptions[0] from None

            try:
                asyncio.run(main())
            except KeyboardInterrupt:
                status = ExitStatus.INTERRUPTED
                under_way = {job_id: path for path, job_id in runner.under_way.items()}
            except ServiceError as error:
                bars.note(f"scriptorium: {explained(error)}")
                status = status_of(error)
            except OSError as error:
                bars.note(f"scriptorium: {error.filename or ledger.out}: {error.strerror or error}")
                status = ExitStatus.FAILED
        if status is ExitStatus.INTERRUPTED:
            after_interrupt(self.connection, under_way, cancels=self.chosen.cancel_on_interrupt)
        return status


class _Told:
    """Says once that the service holds our requests back, and why: it may be for minutes."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._said = False

    def __call__(self, _seconds: float, error: ServiceError) -> None:
        """Take note of a pause."""
        if not self._said and isinstance(error, ServiceRefused):
            self._said = True
            self._bars.note(f"scriptorium: waiting whenever the service asks for it: {error}")


def opened_ledger(out: Path) -> Ledger:
    """Return the ledger of a folder of transcripts; where it can't be had, the command ends."""
    try:
        return Ledger(out)
    except FolderInUse as error:
        print_error(str(error))
    except OSError as error:
        print_error(f"{error.filename or out}: {error.strerror or error}")
    raise typer.Exit(ExitStatus.FAILED)


def event_of(entry: Entry) -> dict[str, object]:
    """Return a settled file as a line of JSON has it."""
    known = asdict(entry)
    names = ("path", "job_id", "audio_seconds", "outputs", "failure")
    return {"event": entry.state} | {name: known[name] for name in names}
