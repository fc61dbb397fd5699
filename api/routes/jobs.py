"""Follow, list, fetch and remove jobs."""

import re
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from api.access import Editor, Reader
from api.audit import note
from api.audit_log import Action
from api.events import Position
from api.job_store import CancelOutcome, JobState
from api.principal import Principal
from api.problems import guarded_responses
from api.services import Services, WithServices
from api.transcript_formats import (
    PlainSegment,
    PlainTranscript,
    ResultFormat,
    SubtitleLayout,
    VerboseTranscript,
    plain_json,
    render,
    verbose_json,
)
from api.views import ErasedView, JobEvent, JobList, JobRemoval, JobView, Progress, QueueEvent
from core.errors import (
    InvalidOptions,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    OptionProblem,
)
from core.job import JOB_ID_PATTERN
from core.work import JobStatus

_LAYOUT = SubtitleLayout()
_JOB_ID = re.compile(JOB_ID_PATTERN)

_EVENTS_EXAMPLE = """\
event: status
data: {"job_id":"5f0c2a4e9b1d47c8a36e1f0b7d92c485","status":"processing","attempt":1}
id: 1795261816359-0

event: segment
data: {"id":1,"start":0.0,"end":11.0,"text":"And so my fellow Americans"}
id: 1795261817042-0:1

"""

_EVENT_MODELS: dict[str, type[BaseModel]] = {
    "status": JobEvent,
    "queue": QueueEvent,
    "segment": PlainSegment,
    "progress": Progress,
}
_EVENT_SCHEMA = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {"id": {"type": "string"}},
    "oneOf": [
        {
            "properties": {
                "event": {"const": name},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": f"#/components/schemas/{model.__name__}"},
                },
            }
        }
        for name, model in _EVENT_MODELS.items()
    ],
}
"""Of one event: `itemSchema` is how OpenAPI 3.2 describes a stream, and FastAPI its own."""

router = APIRouter(tags=["jobs"])
logger = structlog.get_logger(__name__)

JobId = Annotated[str, Path(description="The id that POST /transcribe answered.")]


def checked(job_id: str) -> str:
    """Return a job's id.

    Raises:
        JobNotFound: it is no id.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise JobNotFound("There is no such job: an id is 32 hexadecimal digits, as POST /transcribe answers it.")
    return job_id


@router.get("/status/{job_id}", summary="Follow a job", responses=guarded_responses(JobNotFound, InvalidOptions))
async def status(
    job_id: JobId,
    services: WithServices,
    principal: Reader,
    wait: Annotated[
        float,
        Query(ge=0, le=60, description="Seconds to wait for another status than the present one, if it isn't final."),
    ] = 0,
) -> JobView:
    """Return a job's status, its progress in audio seconds, its place in the queue and when it will be done."""
    state = await looked(job_id, services, principal)
    if wait and not state.job.status.is_finished:
        former = state.job.status
        state = await services.waiter.until(state, wait, lambda status: status is not former)
    return JobView.of(state.job, state=state, estimate=await services.forecast.of(state))


async def looked(job_id: str, services: Services, principal: Principal) -> JobState:
    """Return a principal's job as it stands, and have the request's log lines carry its label.

    Raises:
        JobNotFound: he has no such job.
    """
    state = await services.jobs.look(checked(job_id), tenant=principal.tenant)
    if state.job.work.sensitivity:
        structlog.contextvars.bind_contextvars(sensitivity=state.job.work.sensitivity)
    return state


@router.get(
    "/events/{job_id}",
    summary="Follow a job live",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `status`, `queue` (place and ETA, while it waits), `segment` as each "
            "is committed, `progress`. The stream ends when the job is finished.",
            "content": {"text/event-stream": {"itemSchema": _EVENT_SCHEMA, "example": _EVENTS_EXAMPLE}},
        },
        204: {"description": "The job is finished and everything up to `Last-Event-ID` was all there is."},
        **guarded_responses(JobNotFound, InvalidOptions),
    },
)
async def events(
    job_id: JobId,
    services: WithServices,
    principal: Reader,
    last_event_id: Annotated[
        str | None, Header(description="Go on behind this event; browsers send it by themselves.", max_length=60)
    ] = None,
) -> Response:
    """Return what has happened to a job and what happens from now on, each event once."""
    state = await looked(job_id, services, principal)
    position = Position.parse(last_event_id)
    if await services.events.is_over(state, position):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return StreamingResponse(
        services.events.follow(state, position),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


@router.get(
    "/result/{job_id}",
    summary="Fetch a transcript",
    response_model=PlainTranscript | VerboseTranscript,
    response_description="The transcript in the format asked for.",
    responses={
        200: {
            "content": {
                "text/plain": {"example": "And so my fellow Americans...\n"},
                "application/x-subrip": {"example": "1\n00:00:00,000 --> 00:00:04,000\nAnd so my fellow Americans\n"},
                "text/vtt": {"example": "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nAnd so my fellow Americans\n"},
                "text/tab-separated-values": {"example": "start\tend\ttext\n0\t4000\tAnd so my fellow Americans\n"},
            }
        },
        **guarded_responses(JobNotFound, JobNotFinished, JobCancelled, JobExpired, JobFailed, InvalidOptions),
    },
)
async def result(
    job_id: JobId,
    services: WithServices,
    principal: Reader,
    *,
    result_format: Annotated[
        ResultFormat, Query(alias="format", description="How to write the transcript.")
    ] = ResultFormat.JSON,
    max_line_length: Annotated[
        int, Query(ge=10, le=200, description="Columns of a subtitle line; wide characters count two.")
    ] = _LAYOUT.max_line_length,
    max_lines: Annotated[int, Query(ge=1, le=10, description="Lines of a subtitle.")] = _LAYOUT.max_lines,
    corrected: Annotated[
        bool, Query(description="Put in what was corrected (`POST /result/{job_id}/corrections`).")
    ] = False,
    wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the end of a job under way.")] = 0,
) -> Response:
    """Return a completed job's transcript, as it was heard or as it was corrected."""
    state = await looked(job_id, services, principal)
    if wait and not state.job.status.is_finished:
        state = await services.waiter.until(state, wait, lambda status: status.is_finished)
    job = state.job
    transcript = await services.jobs.transcript(job)
    if corrected:
        transcript = (await services.corrections.of(job_id)).applied_to(transcript)
    match result_format:
        case ResultFormat.JSON:
            return JSONResponse(plain_json(transcript).model_dump(mode="json", exclude_none=True))
        case ResultFormat.VERBOSE_JSON:
            verbose = verbose_json(transcript, job.work.options.whisper_task)
            return JSONResponse(verbose.model_dump(mode="json", exclude_none=True))
        case _:
            layout = SubtitleLayout(max_line_length=max_line_length, max_lines=max_lines)
            return Response(render(transcript, result_format, layout), media_type=result_format.content_type)


@router.delete(
    "/job/{job_id}",
    summary="Cancel or erase a job",
    responses={
        202: {"model": JobRemoval, "description": "The job is running and stops after its current segment."},
        **guarded_responses(JobNotFound),
    },
)
async def remove(
    job_id: JobId, services: WithServices, principal: Editor, request: Request, response: Response
) -> JobRemoval:
    """Cancel a job that waits or runs; erase one that is finished, with audio, transcript, record and webhook log.

    What other jobs share with it, they keep.
    """
    job = (await looked(job_id, services, principal)).job
    match await services.jobs.cancel(job_id):
        case CancelOutcome.CANCELLED:
            note(request, job_id, action=Action.JOB_CANCELLED)
            return JobRemoval(job_id=job_id, outcome="cancelled", message="The job is cancelled.")
        case CancelOutcome.REQUESTED:
            note(request, job_id, action=Action.JOB_CANCELLED)
            response.status_code = HTTPStatus.ACCEPTED
            return JobRemoval(
                job_id=job_id,
                outcome="cancel_requested",
                message="The job is running and stops after its current segment.",
            )
        case CancelOutcome.FINISHED:
            done = await services.eraser.job(job)
            logger.info("job_erased", job_id=job_id, shared=done.is_shared)
            return JobRemoval(
                job_id=job_id,
                outcome="erased",
                message="The record is erased; transcript and audio stay for other jobs that asked for the same."
                if done.is_shared
                else "Audio, result and record are erased.",
                erased=ErasedView.model_validate(done.erased),
                shared_with_other_jobs=done.is_shared,
            )


@router.get("/jobs", summary="List jobs", responses=guarded_responses(InvalidOptions))
async def jobs(
    services: WithServices,
    principal: Reader,
    *,
    status_filter: Annotated[JobStatus | None, Query(alias="status", description="Only jobs with this status.")] = None,
    model: Annotated[str | None, Query(description="Only jobs of this model.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Jobs a page.")] = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=60)] = None,
) -> JobList:
    """Return jobs, newest first. A page may hold fewer than `limit`; the last one has no `next_cursor`."""
    try:
        page = await services.jobs.page(
            tenant=principal.tenant, status=status_filter, lane=model, limit=limit, cursor=cursor
        )
    except ValueError:
        raise InvalidOptions([OptionProblem("cursor", "is none that GET /jobs answered")]) from None
    return JobList(jobs=[JobView.of(job) for job in page.jobs], next_cursor=page.next_cursor)
