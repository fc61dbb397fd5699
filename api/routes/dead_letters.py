"""Dead letters: failed jobs, with what happened to them; requeue or purge them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request

from api.access import require
from api.audit import note
from api.dead_letter_store import DeadLetter
from api.principal import Scope
from api.problems import guarded_responses
from api.routes.jobs import JobId, checked
from api.services import Services, WithServices
from api.views import DeadLetterList, DeadLettersMoved, DeadLetterView
from core.errors import AudioExpired, FailureCode, InvalidOptions, JobNotFound, NotADeadLetter

_ALL_AT_ONCE = 1000
_BATCH = 100
_LAST_OFFSET = 1_000_000_000
"""Redis counts in 64 bits and refuses what has more."""

router = APIRouter(prefix="/dead-letters", tags=["dead letters"], dependencies=[Depends(require(Scope.ADMIN))])

OnlyFailure = Annotated[FailureCode | None, Query(description="Only those that failed for this reason.")]


@router.get("", summary="List dead letters", responses=guarded_responses(InvalidOptions))
async def dead_letters(
    services: WithServices,
    limit: Annotated[int, Query(ge=1, le=200, description="Dead letters a page.")] = 50,
    offset: Annotated[int, Query(ge=0, le=_LAST_OFFSET, description="How many to pass over.")] = 0,
    failure: OnlyFailure = None,
) -> DeadLetterList:
    """Return failed jobs with the history of their attempts, the latest first."""
    letters = await services.dead_letters.page(limit=limit, offset=offset, failure=failure)
    return DeadLetterList(
        dead_letters=[DeadLetterView.of(letter) for letter in letters],
        total=await services.dead_letters.count(failure),
    )


@router.get("/{job_id}", summary="Show a dead letter", responses=guarded_responses(JobNotFound, NotADeadLetter))
async def dead_letter(job_id: JobId, services: WithServices) -> DeadLetterView:
    """Return one failed job with the history of its attempts."""
    job = await services.jobs.get(checked(job_id))
    return DeadLetterView.of(await services.dead_letters.of(job), job)


@router.post("/requeue", summary="Requeue dead letters", responses=guarded_responses(InvalidOptions))
async def requeue_all(services: WithServices, request: Request, failure: OnlyFailure = None) -> DeadLettersMoved:
    """Give all dead letters new attempts, or those that failed for one reason; up to 1,000 a call, the oldest first.

    Those whose audio is gone are left.
    """
    return _moved("requeued", await _each(_requeue, failure, services), request)


@router.post(
    "/{job_id}/requeue",
    summary="Requeue a dead letter",
    responses=guarded_responses(JobNotFound, NotADeadLetter, AudioExpired),
)
async def requeue(job_id: JobId, services: WithServices, request: Request) -> DeadLettersMoved:
    """Give a failed job new attempts. It goes on behind the segments that it has."""
    letter = await services.dead_letters.of(await services.jobs.get(checked(job_id)))
    return _moved("requeued", await _requeue(letter, services), request)


@router.delete("", summary="Purge dead letters", responses=guarded_responses(InvalidOptions))
async def purge_all(services: WithServices, request: Request, failure: OnlyFailure = None) -> DeadLettersMoved:
    """Erase all dead letters, or those that failed for one reason, with their audio.

    Up to 1,000 a call, the oldest first.
    """
    return _moved("purged", await _each(_purge, failure, services), request)


@router.delete("/{job_id}", summary="Purge a dead letter", responses=guarded_responses(JobNotFound, NotADeadLetter))
async def purge(job_id: JobId, services: WithServices, request: Request) -> DeadLettersMoved:
    """Erase a failed job with its audio and its history."""
    letter = await services.dead_letters.of(await services.jobs.get(checked(job_id)))
    return _moved("purged", await _purge(letter, services), request)


def _moved(outcome: Literal["requeued", "purged"], job_ids: list[str], request: Request) -> DeadLettersMoved:
    note(request, *job_ids)
    return DeadLettersMoved(outcome=outcome, job_ids=job_ids)


async def _each(
    move: Callable[[DeadLetter, Services], Awaitable[list[str]]], failure: FailureCode | None, services: Services
) -> list[str]:
    """Move dead letters, the oldest first, until a call's fill is moved; return their jobs."""
    job_ids: list[str] = []
    moved = 0
    work_ids = await services.dead_letters.work_ids(failure)
    for first in range(0, len(work_ids), _BATCH):
        for letter in await services.dead_letters.of_works(work_ids[first : first + _BATCH]):
            try:
                job_ids += await move(letter, services)
            except (NotADeadLetter, AudioExpired):
                continue
            moved += 1
            if moved == _ALL_AT_ONCE:
                return job_ids
    return job_ids


async def _requeue(letter: DeadLetter, services: Services) -> list[str]:
    media = services.media.of(letter.work.sensitivity)
    # Of a URL that still is there to be fetched, there need not be any.
    if letter.work.source_url is None and await asyncio.to_thread(media.stat, letter.work.work_id) is None:
        raise AudioExpired("The audio of this job is gone; post it again.")
    services.turns.send(await services.dead_letters.requeue(letter.work.work_id))
    return [job.job_id for job in letter.jobs]


async def _purge(letter: DeadLetter, services: Services) -> list[str]:
    await services.dead_letters.purge(letter.work.work_id)
    await asyncio.to_thread(services.media.remove, letter.work.work_id)
    return [job.job_id for job in letter.jobs]
