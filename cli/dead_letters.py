"""`scriptorium dead`: look at failed jobs, give them new attempts, or erase them."""

import math
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from cli.completion import complete_dead
from cli.exits import ExitStatus
from cli.jobs import job_id_argument
from cli.parameters import AsJson, unfolded
from cli.service import Connection, service
from cli.terminal import print_error, print_facts, print_json, print_json_line, print_note, print_page, print_table, utc
from core.errors import FailureCode
from core.work import AttemptRecord
from scriptorium.client import Scriptorium, ServiceRefused

_PATH = "/dead-letters"
_MOVED_A_CALL = 1000
"""How many dead letters the service moves a call, as it documents."""

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Failed jobs: look at them, requeue them, purge them."
)


class _Failure(BaseModel):
    code: str
    detail: str


class _Progress(BaseModel):
    audio_seconds_done: float
    audio_seconds_total: float | None


class _Job(BaseModel):
    job_id: str
    model: str
    file_name: str | None
    attempt: int
    progress: _Progress
    failure: _Failure | None
    created_at: datetime
    finished_at: datetime | None


class _DeadLetter(BaseModel):
    job: _Job
    job_ids: list[str]
    attempts: list[AttemptRecord]


class _DeadLetters(BaseModel):
    dead_letters: list[_DeadLetter]
    total: int


class _Moved(BaseModel):
    job_ids: list[str]


_Tell = Callable[[Sequence[str]], None]
"""Is told of jobs that were moved."""


_OnlyFailure = Annotated[
    FailureCode | None, typer.Option("--failure", metavar="CODE", help="Only those that failed for this reason.")
]
_All = Annotated[bool, typer.Option("--all", help="All dead letters, or all of one --failure.")]
_JobId = Annotated[str, typer.Argument(metavar="JOB_ID", parser=job_id_argument, autocompletion=complete_dead)]
_JobIds = Annotated[
    list[str] | None, typer.Argument(metavar="JOB_ID", parser=job_id_argument, autocompletion=complete_dead)
]


@app.command("list")
@unfolded
def list_dead_letters(
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Dead letters a page.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="How many to pass over.")] = 0,
    failure: _OnlyFailure = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """List dead letters, the latest first."""
    with service(connection, of="dead letters") as client:
        document = client.request("GET", _PATH, {"limit": limit, "offset": offset, "failure": failure})
        if as_json:
            print_json(document)
            return
        page = _DeadLetters.model_validate(document)
    print_page(
        ("Job", "Failed (UTC)", "Failure", "Attempts", "Jobs", "File"),
        [
            (
                letter.job.job_id,
                utc(letter.job.finished_at),
                letter.job.failure.code if letter.job.failure else "-",
                str(letter.job.attempt),
                str(len(letter.job_ids)),
                letter.job.file_name or "-",
            )
            for letter in page.dead_letters
        ],
        total=page.total,
        limit=limit,
        offset=offset,
        what="dead letters",
    )


@app.command()
@unfolded
def show(job_id: _JobId, *, as_json: AsJson = False, connection: Connection) -> None:
    """Show a dead letter with the history of its attempts."""
    with service(connection, of="dead letters") as client:
        document = client.request("GET", f"{_PATH}/{job_id}")
        if as_json:
            print_json(document)
            return
        letter = _DeadLetter.model_validate(document)
    job = letter.job
    others = [other for other in letter.job_ids if other != job.job_id]
    total = job.progress.audio_seconds_total
    print_facts(
        [
            ("job", job.job_id),
            *([("failed with it", ", ".join(others))] if others else []),
            ("file", job.file_name or "-"),
            ("model", job.model),
            ("posted (UTC)", utc(job.created_at)),
            ("failed (UTC)", utc(job.finished_at)),
            (
                "transcribed",
                f"{job.progress.audio_seconds_done:g} of {'an unknown number of' if total is None else f'{total:g}'} s",
            ),
            ("failure", job.failure.code if job.failure else "-"),
            ("detail", job.failure.detail if job.failure else "-"),
        ]
    )
    print_table(
        ("Attempt", "Worker", "Began (UTC)", "Took", "Audio", "Outcome", "Failure", "Detail"),
        [_attempt_row(attempt) for attempt in letter.attempts],
    )


@app.command()
@unfolded
def requeue(
    job_ids: _JobIds = None,
    *,
    every: _All = False,
    failure: _OnlyFailure = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Give dead letters new attempts. A job goes on behind the segments that it has."""
    chosen = _chosen(job_ids, every=every, failure=failure)
    tell = _teller("requeued", as_json=as_json)
    with service(connection, of="dead letters") as client:
        if chosen:
            _move_each(chosen, lambda job_id: client.request("POST", f"{_PATH}/{job_id}/requeue"), tell)
            return
        jobs = _move_all(client, "POST", f"{_PATH}/requeue", failure, tell)
        print_note(f"{_number(jobs, 'job')} requeued.")
        if left := _count(client, failure):
            print_note(f"{left} left: their audio is gone, or they have failed since.")


@app.command()
@unfolded
def purge(
    job_ids: _JobIds = None,
    *,
    every: _All = False,
    failure: _OnlyFailure = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Erase dead letters for good: record, history and audio."""
    chosen = _chosen(job_ids, every=every, failure=failure)
    tell = _teller("purged", as_json=as_json)
    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter("Nobody is at a terminal to confirm it: add --yes.")
    with service(connection, of="dead letters") as client:
        letters = len(chosen) or _count(client, failure)
        if letters and not yes:
            typer.confirm(
                f"Erase {_number(letters, 'dead letter')} with history and audio, for all jobs that share them?",
                abort=True,
                err=True,
            )
        if chosen:
            _move_each(chosen, lambda job_id: client.request("DELETE", f"{_PATH}/{job_id}"), tell)
        else:
            jobs = _move_all(client, "DELETE", _PATH, failure, tell)
            print_note(f"{_number(jobs, 'job')} purged.")


def _chosen(job_ids: Sequence[str] | None, *, every: bool, failure: FailureCode | None) -> list[str]:
    """Return the jobs that were named, each once; none for all."""
    if every == bool(job_ids):
        raise typer.BadParameter("Name jobs, or give --all.")
    if failure and not every:
        raise typer.BadParameter("--failure chooses among --all.")
    return list(dict.fromkeys(job_ids or ()))


def _move_each(job_ids: Sequence[str], send: Callable[[str], Any], tell: _Tell) -> None:
    """Move dead letters one by one; one that can't be moved keeps none of the others back."""
    moved: set[str] = set()
    refused = False
    for job_id in job_ids:
        if job_id in moved:  # it went with a job before it, whose work it shares
            continue
        try:
            with_it = _Moved.model_validate(send(job_id)).job_ids
        except ServiceRefused as error:
            print_error(f"{job_id}: {error}")
            refused = True
            continue
        moved.update(with_it)
        tell(with_it)
    if refused:
        raise typer.Exit(ExitStatus.REFUSED)


def _move_all(client: Scriptorium, method: str, path: str, failure: FailureCode | None, tell: _Tell) -> int:
    """Move those that are dead letters now, however many calls that takes, and return how many jobs that were."""
    jobs = 0
    # The service begins with the oldest, and jobs that fail again meanwhile are the latest: so many calls reach every
    # one of them, and then it ends, also where jobs fail as fast as they are requeued.
    for _ in range(math.ceil(_count(client, failure) / _MOVED_A_CALL)):
        moved = _Moved.model_validate(client.request(method, path, {"failure": failure})).job_ids
        tell(moved)
        jobs += len(moved)
    return jobs


def _teller(outcome: str, *, as_json: bool) -> _Tell:
    def tell(job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            if as_json:
                print_json_line({"job_id": job_id, "outcome": outcome})
            else:
                print(f"{outcome} {job_id}")

    return tell


def _count(client: Scriptorium, failure: FailureCode | None) -> int:
    return _DeadLetters.model_validate(client.request("GET", _PATH, {"limit": 1, "failure": failure})).total


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _attempt_row(attempt: AttemptRecord) -> tuple[str, ...]:
    return (
        str(attempt.attempt),
        attempt.worker,
        utc(datetime.fromtimestamp(attempt.started_at_ms / 1000, tz=UTC)),
        f"{(attempt.ended_at_ms - attempt.started_at_ms) / 1000:.1f} s",
        f"{attempt.from_ms / 1000:g}-{attempt.to_ms / 1000:g} s",
        attempt.outcome,
        attempt.failure or "-",
        attempt.detail or "-",
    )
