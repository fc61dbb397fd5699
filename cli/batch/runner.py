"""Brings files of a folder to their transcripts, several at once, and writes down how far each one is."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path, PurePosixPath

from cli.bars import Bar, Bars
from cli.batch.ledger import Entry, Ledger, looked_at
from cli.following import followed
from cli.job_options import JobOptions
from cli.outputs import Format, write_whole
from scriptorium.client import AsyncScriptorium, Job, ServiceError, ServiceRefused, ServiceUnreachable

_LOST_CODES = {"job_not_found", "job_expired", "job_cancelled"}
"""What the service says of a job whose transcript is not to be had any more."""
_FATAL_CODES = {"invalid_options", "unknown_model", "unauthenticated", "scope_missing"}
"""What it would say of every other file as well."""
_TICK_SECONDS = 1.0
_OUTAGE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with every file."""

    folder: Path
    options: JobOptions
    formats: Sequence[Format]
    retry_failed: bool = False
    sits_outages_out: bool = False
    """Whether a service that is away is waited for as long as it takes."""


class Runner:
    """Settles files: each has a transcript in the end, or a failure."""

    def __init__(
        self,
        client: AsyncScriptorium,
        ledger: Ledger,
        order: Order,
        bars: Bars,
        on_settled: Callable[[Entry], None],
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._order = order
        self._bars = bars
        self._on_settled = on_settled
        self._is_away = False
        self.under_way: dict[str, str] = {}
        """Ids of jobs that the service has of us, by path."""

    async def settle_all(self, paths: Iterable[PurePosixPath], *, at_once: int) -> None:
        """Settle so many files at once, in their order.

        Raises:
            ServiceError: no file could be settled: the service is away, or refuses what all of them ask for.
            OSError: transcripts can't be written.
        """
        waiting = iter(paths)
        count = 0

        async def settle_next() -> None:
            nonlocal count
            for path in waiting:  # shared: each takes the next one
                await self.settle(path)
                count += 1
                self._bars.settled(count)

        async with asyncio.TaskGroup() as group:
            alive = group.create_task(self.tick())
            await asyncio.wait([group.create_task(settle_next()) for _ in range(at_once)])
            alive.cancel()

    async def tick(self) -> None:
        """Write down that we live, for as long as we do."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._ledger.tick()

    async def settle(self, path: PurePosixPath) -> None:
        """Have a file transcribed, unless that was done; what was begun is taken up where it is.

        Raises:
            ServiceError, OSError: as `settle_all`.
        """
        stem = self._ledger.stem(path)
        try:
            entry = await asyncio.to_thread(
                looked_at, path, self._order.folder, stem=stem, order=self._order.options.digest, ledger=self._ledger
            )
        except OSError as error:
            if (self._order.folder / path).exists():
                self._settled(Entry.unreadable(path, stem, error, self._ledger.run))
            return
        if entry.state == "failed":
            if not self._order.retry_failed:
                return
            entry = self._ledger.put(entry.again())
        if entry.state == "completed" and self._are_written(entry):
            return
        with self._bars.bar(str(path)) as bar:
            await self._transcribe(entry, bar)

    async def _transcribe(self, entry: Entry, bar: Bar) -> None:
        may_be_lost = entry.job_id is not None
        while True:
            try:
                entry = await self._accepted(entry, bar)
                job = await followed(self._client, entry.job_id or "", bar)
                outcome = await self._outcome(entry, job)
            except ServiceError as error:
                if _is_away(error) and self._order.sits_outages_out:
                    await self._sit_out()
                    continue
                if not isinstance(error, ServiceRefused) or _is_away(error) or error.code in _FATAL_CODES:
                    raise
                outcome = entry.failed(error.code, str(error), self._ledger.run)
            if may_be_lost and outcome.failure and outcome.failure.code in _LOST_CODES:
                entry, may_be_lost = self._ledger.put(entry.again()), False
                continue
            self._settled(outcome)
            return

    async def _accepted(self, entry: Entry, bar: Bar) -> Entry:
        """Return the entry of a file that has a job: the one that it has already, or a new one."""
        if entry.job_id is None:
            job = await self._client.submit(
                self._order.folder / entry.path,
                options=self._order.options.given,
                idempotency_key=entry.idempotency_key,
                file_name=PurePosixPath(entry.path).name.encode("utf-8", "replace").decode(),
                on_upload=bar.uploading,
            )
            bar.accepted(job)
            entry = self._ledger.put(replace(entry, state="submitted", job_id=job.job_id))
        self.under_way[entry.path] = entry.job_id or ""
        self._is_away = False
        return entry

    async def _outcome(self, entry: Entry, job: Job) -> Entry:
        """Write a finished job's transcript, if it has one, and return its file's entry."""
        if job.status != "completed":
            code = job.failure.code if job.failure else f"job_{job.status}"
            detail = job.failure.detail if job.failure else "Somebody has cancelled the job."
            return entry.failed(code, detail, self._ledger.run)
        written = []
        for each in self._order.formats:
            name = f"{entry.stem}{each.suffix}"
            content = await self._client.render(job.job_id, each.wanted)
            await asyncio.to_thread(write_whole, self._ledger.out / name, content)
            written.append(name)
        return entry.completed(
            outputs=written,
            audio_seconds=job.progress.audio_seconds_total if job.progress else None,
            run=self._ledger.run,
        )

    def _are_written(self, entry: Entry) -> bool:
        wanted = [f"{entry.stem}{each.suffix}" for each in self._order.formats]
        return set(wanted) <= set(entry.outputs) and all((self._ledger.out / name).exists() for name in wanted)

    def _settled(self, entry: Entry) -> None:
        self.under_way.pop(entry.path, None)
        self._on_settled(self._ledger.put(entry))

    async def _sit_out(self) -> None:
        """Wait a while for a service that is away."""
        if not self._is_away:
            self._is_away = True
            self._bars.note("The service is away; what is to be done is done when it is back.")
        await asyncio.sleep(_OUTAGE_SECONDS)


def _is_away(error: ServiceError) -> bool:
    return isinstance(error, ServiceUnreachable) or (
        isinstance(error, ServiceRefused) and error.status == HTTPStatus.SERVICE_UNAVAILABLE
    )
