"""`scriptorium transcribe`: from the command line to the text, which appears while it is transcribed."""

import asyncio
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.bars import Bar, Bars
from cli.completion import complete_format
from cli.exits import ExitStatus
from cli.following import followed
from cli.in_order import InOrder
from cli.interrupts import after_interrupt
from cli.job_options import JobOptions
from cli.outputs import Format, write_whole
from cli.parameters import AsJson, unfolded
from cli.service import Connection, explained, status_of
from cli.sources import Source, outputs_of, sources_of
from cli.terminal import is_plain, print_json_line
from scriptorium.client import AsyncScriptorium, Event, Job, RetryPolicy, SegmentEvent, ServiceError, ServiceRefused

_AT_ONCE: Final = 8
_MEMORY_BYTES: Final = 16 * 1024**2
"""Of standard input, so much is kept in memory; what is more goes to a temporary file."""
_RETRY: Final = RetryPolicy(outage_seconds=20, busy_seconds=math.inf)
_FATAL_CODES: Final = {"unauthenticated", "scope_missing"}
"""What would be said of every other source as well."""


@unfolded
def transcribe(
    sources: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files, URLs that the service fetches, or - for stdin.")
    ],
    *,
    formats: Annotated[
        list[Format],
        typer.Option("--format", "-f", help="May be given several times.", autocompletion=complete_format),
    ] = [Format.TEXT],  # noqa: B006 - nobody changes it
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE|DIR", help="Where the transcript goes; stdout if not given."),
    ] = None,
    stdin_name: Annotated[str, typer.Option("--name", help="What to call standard input.")] = "stdin",
    waits: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the transcript, or print the job's id and end.")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no text but the result.")] = False,
    cancel_on_interrupt: Annotated[
        bool, typer.Option("--cancel-on-interrupt", help="On Ctrl-C, cancel the jobs.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Transcribe anew, whatever was done for the same audio before.")
    ] = False,
    as_json: AsJson = False,
    options: JobOptions,
    connection: Connection,
) -> None:
    """Transcribe files, URLs or standard input, and print the text as it comes.

    Several are transcribed at once, and printed in their order. On Ctrl-C the jobs go on, and it is said how to follow.
    """
    if out is None and len(formats) > 1:
        raise typer.BadParameter("Several formats need a folder: --out DIR.", param_hint="--format")
    with tempfile.SpooledTemporaryFile(_MEMORY_BYTES) as stdin:
        checked = sources_of(sources, stdin_name=stdin_name, stdin=stdin)
        outputs = outputs_of(checked, out, formats) if out else [[] for _ in checked]
        with Bars(quiet=quiet or as_json) as bars:
            command = _Command(
                checked,
                outputs,
                formats,
                options,
                fresh=fresh,
                waits=waits,
                as_json=as_json,
                bars=bars,
                texts=_texts(checked, formats, bars, as_json=as_json, quiet=quiet, writes=out is not None)
                if waits
                else None,
            )
            status = command.run(connection)
    if status is ExitStatus.INTERRUPTED:
        after_interrupt(connection, command.under_way, cancels=cancel_on_interrupt)
    raise typer.Exit(status)


def _texts(
    sources: Sequence[Source], formats: Sequence[Format], bars: Bars, *, as_json: bool, quiet: bool, writes: bool
) -> InOrder | None:
    """Return where live text goes: to stdout if it is the result, else to a terminal, for eyes only, or nowhere."""
    headings = [f"==> {source.given} <==" if len(sources) > 1 else "" for source in sources]
    if as_json:
        return None
    if not writes and formats == [Format.TEXT]:
        return InOrder(headings, bars.text)
    return None if quiet or is_plain(sys.stderr) else InOrder(headings, bars.note)


@dataclass(frozen=True, slots=True)
class _Work:
    number: int
    source: Source
    outputs: Sequence[Path]


class _Command:
    """The sources of one command, and what becomes of each."""

    def __init__(
        self,
        sources: Sequence[Source],
        outputs: Sequence[Sequence[Path]],
        formats: Sequence[Format],
        options: JobOptions,
        *,
        fresh: bool,
        waits: bool,
        as_json: bool,
        bars: Bars,
        texts: InOrder | None,
    ) -> None:
        self._works = [_Work(number, source, outputs[number]) for number, source in enumerate(sources)]
        self._formats = formats
        self._options = options
        self._fresh = fresh
        self._waits = waits
        self._as_json = as_json
        self._bars = bars
        self._texts = texts
        self._documents = InOrder([""] * len(sources), lambda text: print(text, end="" if text[-1:] == "\n" else "\n"))
        self._status = ExitStatus.DONE
        self.under_way: dict[str, str] = {}
        """What was given, by the ids of jobs that aren't settled."""

    def run(self, connection: Connection) -> ExitStatus:
        """Do all of it and return how it ended."""
        try:
            asyncio.run(self._all(connection.async_client(_RETRY)))
        except KeyboardInterrupt:
            return ExitStatus.INTERRUPTED
        except ServiceError as error:
            self._bars.note(f"scriptorium: {explained(error)}")
            return status_of(error)
        except OSError as error:
            self._bars.note(f"scriptorium: {error.filename}: {error.strerror}")
            return ExitStatus.FAILED
        return self._status

    async def _all(self, client: AsyncScriptorium) -> None:
        slots = asyncio.Semaphore(_AT_ONCE)

        async def settle(work: _Work) -> None:
            async with slots:
                await self._settle(client, work)

        async with client:
            try:
                async with asyncio.TaskGroup() as group:
                    for work in self._works:
                        group.create_task(settle(work))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None

    async def _settle(self, client: AsyncScriptorium, work: _Work) -> None:
        try:
            with self._bars.bar(work.source.given) as bar:
                job = await self._job(client, work, bar)
            if self._waits:
                await self._deliver(client, work, job)
                self.under_way.pop(job.job_id)
        except ServiceRefused as error:
            if error.code in _FATAL_CODES:
                raise
            self._failed(work, error.code, str(error), ExitStatus.REFUSED)
        for order in (self._texts, self._documents):
            if order is not None:
                order.finish(work.number)

    async def _job(self, client: AsyncScriptorium, work: _Work, bar: Bar) -> Job:
        """Return the job of a source: as it was accepted, or, if it is waited for, as it ended."""
        job = await client.submit(
            work.source.content,
            options=self._options.given,
            fresh=self._fresh,
            file_name=work.source.name,
            on_upload=bar.uploading,
        )
        bar.accepted(job)
        self._say("accepted", work, job_id=job.job_id)
        if not self._waits:
            if not self._as_json:
                self._documents.put(work.number, job.job_id)
            return job
        self.under_way[job.job_id] = work.source.given

        def on_event(event: Event) -> None:
            if isinstance(event, SegmentEvent):
                self._say("segment", work, job_id=job.job_id, segment=event.segment.model_dump(exclude_none=True))
                if self._texts is not None:
                    self._texts.put(work.number, spoken(event))

        return await followed(client, job.job_id, bar, on_event)

    async def _deliver(self, client: AsyncScriptorium, work: _Work, job: Job) -> None:
        """Write or print the transcript of a finished job."""
        if job.status != "completed":
            code = job.failure.code if job.failure else f"job_{job.status}"
            detail = job.failure.detail if job.failure else "Somebody has cancelled the job."
            self._failed(work, code, detail, ExitStatus.FAILED, job_id=job.job_id)
            return
        if work.outputs:
            for path, each in zip(work.outputs, self._formats, strict=True):
                await asyncio.to_thread(write_whole, path, await client.render(job.job_id, each.wanted))
            self._say("completed", work, job_id=job.job_id, outputs=[str(path) for path in work.outputs])
        elif self._as_json:
            (each,) = self._formats
            content = await client.render(job.job_id, each.wanted)
            transcript = json.loads(content) if each in {Format.JSON, Format.VERBOSE_JSON} else content
            self._say("completed", work, job_id=job.job_id, transcript=transcript)
        elif self._formats != [Format.TEXT]:
            self._documents.put(work.number, await client.render(job.job_id, self._formats[0].wanted))

    def _failed(self, work: _Work, code: str, detail: str, status: ExitStatus, **known: str) -> None:
        self._status = max(self._status, status)
        self._say("failed", work, code=code, detail=detail, **known)
        if not self._as_json:
            self._bars.note(f"scriptorium: {work.source.given}: {detail}")

    def _say(self, event: str, work: _Work, **known: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        if self._as_json:
            print_json_line({"event": event, "source": work.source.given, **known})


def spoken(event: SegmentEvent) -> str:
    """Return a segment as a line of text, as the format `text` has it."""
    segment = event.segment
    who = (
        f"Speaker {segment.speaker}: " if segment.speaker else f"Channel {segment.channel}: " if segment.channel else ""
    )
    return f"{who}{' '.join(segment.text.split())}"
