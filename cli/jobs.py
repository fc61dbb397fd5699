"""`scriptorium status`, `result`, `cancel` and `jobs`: what became of jobs that are there already."""

import re
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.completion import complete_format, complete_job, complete_model
from cli.exits import ExitStatus
from cli.outputs import Format, write_whole
from cli.parameters import AsJson, unfolded
from cli.service import Connection, explained, service
from cli.terminal import print_error, print_facts, print_json, print_note, print_row, print_table, utc
from core.job import JOB_ID_PATTERN
from core.work import JobStatus
from scriptorium.client import Job, JobCancelled, JobFailed, ServiceRefused

_JOB_ID = re.compile(JOB_ID_PATTERN)


def job_id_argument(given: str) -> str:
    """Return a job's id.

    Raises:
        typer.BadParameter: it is none.
    """
    if not _JOB_ID.fullmatch(given):
        raise typer.BadParameter(f"{given!r} is no job id: one has 32 hexadecimal digits.")
    return given


_JobId = Annotated[
    str, typer.Argument(metavar="JOB_ID", parser=job_id_argument, autocompletion=complete_job, show_default=False)
]
_JobIds = Annotated[list[str], typer.Argument(metavar="JOB_ID...", parser=job_id_argument, autocompletion=complete_job)]
_Wait = Annotated[bool, typer.Option("--wait", help="Wait until the job is finished.")]


@unfolded
def status(job_id: _JobId, *, wait: _Wait = False, as_json: AsJson = False, connection: Connection) -> None:
    """Show where a job stands. Ends with 1 if it has failed or was cancelled."""
    with service(connection, of="jobs") as client:
        job = client.wait(job_id) if wait else client.job(job_id)
    if as_json:
        print_json(job.model_dump(mode="json", exclude_none=True))
    else:
        print_facts(_facts(job))
    if job.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
        raise typer.Exit(ExitStatus.FAILED)


@unfolded
def result(
    job_id: _JobId,
    *,
    each: Annotated[Format, typer.Option("--format", "-f", autocompletion=complete_format)] = Format.TEXT,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it there; to stdout if not given.")
    ] = None,
    max_line_length: Annotated[int | None, typer.Option(min=10, max=200, help="Columns of a subtitle's line.")] = None,
    max_lines: Annotated[int | None, typer.Option(min=1, max=10, help="Lines of a subtitle.")] = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="As people have corrected it, instead of as it was heard.")
    ] = False,
    wait: _Wait = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    connection: Connection,
) -> None:
    """Print or write a job's transcript. Ends with 1 if there is none because the job has failed."""
    with service(connection, of="transcripts") as client:
        try:
            if wait:
                client.wait(job_id)
            content = client.render(
                job_id,
                (Format.JSON if as_json else each).wanted,
                max_line_length=max_line_length,
                max_lines=max_lines,
                corrected=corrected,
            )
        except (JobFailed, JobCancelled) as error:
            print_error(str(error))
            raise typer.Exit(ExitStatus.FAILED) from None
        except ServiceRefused as error:
            if error.code == "job_not_finished":
                print_error(f"{error} Wait for it with --wait.")
                raise typer.Exit(ExitStatus.REFUSED) from None
            raise
    if out is None:
        print(content, end="" if content.endswith("\n") else "\n")
        return
    try:
        write_whole(out, content)
    except OSError as error:
        print_error(f"{out} can't be written: {error.strerror}.")
        raise typer.Exit(ExitStatus.FAILED) from None


@unfolded
def cancel(job_ids: _JobIds, *, as_json: AsJson = False, connection: Connection) -> None:
    """Cancel jobs that wait or run: at once, or after the segment under way. Finished ones stay as they are."""
    refused = False
    cancelled: list[dict[str, Any]] = []
    with service(connection, of="jobs") as client:
        for job_id in dict.fromkeys(job_ids):
            try:
                job = client.cancel(job_id)
            except ServiceRefused as error:
                print_error(f"{job_id}: {explained(error)}")
                refused = True
                continue
            cancelled.append({"job_id": job_id, "status": job.status, "cancel_requested": job.cancel_requested})
            if not as_json:
                print_row((_cancelled(job), job_id))
    if as_json:
        print_json({"jobs": cancelled})
    if refused:
        raise typer.Exit(ExitStatus.REFUSED)


def _cancelled(job: Job) -> str:
    return "stopping" if job.cancel_requested and not job.is_finished else job.status


@unfolded
def jobs(
    *,
    only: Annotated[JobStatus | None, typer.Option("--status", help="Only those with this status.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only those of this model.", autocompletion=complete_model)
    ] = None,
    file: Annotated[str | None, typer.Option(metavar="TEXT", help="Only those with this in their file's name.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most jobs.")] = 50,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """List jobs, the newest first."""
    with service(connection, of="jobs") as client:
        every = client.jobs(status=only, model=model)
        found = list(islice((job for job in every if _is_of(job, file)), limit + 1))
    shown = found[:limit]
    if as_json:
        print_json({"jobs": [job.model_dump(mode="json", exclude_none=True) for job in shown]})
        return
    if not shown:
        print_note("No jobs.")
        return
    print_table(
        ("Job", "Status", "Done", "Audio", "Language", "Submitted (UTC)", "File"),
        [
            (
                job.job_id,
                job.status if not job.failure else f"{job.status}: {job.failure.code}",
                _percent(job),
                _audio(job),
                job.language or "-",
                utc(job.created_at),
                job.file_name or "-",
            )
            for job in shown
        ],
    )
    if len(found) > limit:
        print_note(f"There are more: --limit {2 * limit}")


def _is_of(job: Job, file: str | None) -> bool:
    return file is None or file.casefold() in (job.file_name or "").casefold()


def _percent(job: Job) -> str:
    return "-" if job.progress is None or job.progress.percent is None else f"{job.progress.percent:.0f} %"


def _audio(job: Job) -> str:
    total = job.progress.audio_seconds_total if job.progress else None
    return "-" if total is None else f"{total:.1f} s"


def _facts(job: Job) -> list[tuple[str, str]]:
    done = f"{job.progress.audio_seconds_done:.1f} of {_audio(job)}, {_percent(job)}" if job.progress else "-"
    eta = job.eta and f"{job.eta.seconds:.0f} s ({job.eta.low_seconds:.0f} to {job.eta.high_seconds:.0f})"
    known = [
        ("job", job.job_id),
        ("status", "stopping" if job.cancel_requested and not job.is_finished else job.status),
        ("file", job.file_name),
        ("model", job.model),
        ("language", job.language),
        ("transcribed", done),
        ("segments", None if job.segments is None else str(job.segments)),
        ("place in the queue", None if job.queue_position is None else str(job.queue_position)),
        ("will be done in", eta),
        ("attempt", str(job.attempt or "-")),
        ("failure", job.failure and job.failure.code),
        ("detail", job.failure and job.failure.detail),
        ("submitted (UTC)", utc(job.created_at)),
        ("finished (UTC)", job.finished_at and utc(job.finished_at)),
        ("kept until (UTC)", job.expires_at and utc(job.expires_at)),
    ]
    return [(name, value) for name, value in known if value]
