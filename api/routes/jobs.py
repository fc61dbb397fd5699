"""Follow, list, fetch and remove jobs."""

import asyncio
import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from api.job_store import CancelOutcome
from api.problems import problem_responses
from api.services import WithServices
from api.transcript_formats import (
    PlainTranscript,
    ResultFormat,
    SubtitleLayout,
    VerboseTranscript,
    plain_json,
    render,
    verbose_json,
)
from api.views import JobList, JobRemoval, JobView
from core.errors import (
    InvalidOptions,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    OptionProblem,
)
from core.job import JobStatus

_TENANT = "default"
_LAYOUT = SubtitleLayout()
_JOB_ID = re.compile(r"[0-9a-f]{32}")

router = APIRouter(tags=["jobs"])

JobId = Annotated[str, Path(description="The id that POST /transcribe answered.")]


def _checked(job_id: str) -> str:
    if not _JOB_ID.fullmatch(job_id):
        raise JobNotFound("There is no such job: an id is 32 hexadecimal digits, as POST /transcribe answers it.")
    return job_id


@router.get("/status/{job_id}", summary="Follow a job", responses=problem_responses(JobNotFound))
async def status(job_id: JobId, services: WithServices) -> JobView:
    """Return a job's status, its progress in audio seconds and its place in the queue."""
    job = await services.jobs.get(_checked(job_id))
    position = await services.jobs.queue_position(job) if job.status is JobStatus.QUEUED else None
    return JobView.of(job, queue_position=position, segments=await services.jobs.committed_segments(job_id))


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
        **problem_responses(JobNotFound, JobNotFinished, JobCancelled, JobExpired, JobFailed, InvalidOptions),
    },
)
async def result(
    job_id: JobId,
    services: WithServices,
    result_format: Annotated[
        ResultFormat, Query(alias="format", description="How to write the transcript.")
    ] = ResultFormat.JSON,
    max_line_length: Annotated[
        int, Query(ge=10, le=200, description="Columns of a subtitle line; wide characters count two.")
    ] = _LAYOUT.max_line_length,
    max_lines: Annotated[int, Query(ge=1, le=10, description="Lines of a subtitle.")] = _LAYOUT.max_lines,
) -> Response:
    """Return a completed job's transcript."""
    job = await services.jobs.get(_checked(job_id))
    transcript = await services.jobs.transcript(job)
    match result_format:
        case ResultFormat.JSON:
            return JSONResponse(plain_json(transcript).model_dump(mode="json", exclude_none=True))
        case ResultFormat.VERBOSE_JSON:
            verbose = verbose_json(transcript, job.options.whisper_task)
            return JSONResponse(verbose.model_dump(mode="json", exclude_none=True))
        case _:
            layout = SubtitleLayout(max_line_length=max_line_length, max_lines=max_lines)
            return Response(render(transcript, result_format, layout), media_type=result_format.content_type)


@router.delete(
    "/job/{job_id}",
    summary="Cancel or erase a job",
    responses={
        202: {"model": JobRemoval, "description": "The job is running and stops after its current segment."},
        **problem_responses(JobNotFound),
    },
)
async def remove(job_id: JobId, services: WithServices, response: Response) -> JobRemoval:
    """Cancel a job that waits or runs; erase audio, result and record of one that is finished."""
    match await services.jobs.cancel(_checked(job_id)):
        case CancelOutcome.CANCELLED:
            return JobRemoval(job_id=job_id, outcome="cancelled", message="The job was waiting and is cancelled.")
        case CancelOutcome.REQUESTED:
            response.status_code = HTTPStatus.ACCEPTED
            return JobRemoval(
                job_id=job_id,
                outcome="cancel_requested",
                message="The job is running and stops after its current segment.",
            )
        case CancelOutcome.FINISHED:
            await asyncio.to_thread(services.media.remove, job_id)
            if not await services.jobs.erase(job_id):
                raise JobNotFound(f"There is no job '{job_id}'.")
            return JobRemoval(job_id=job_id, outcome="erased", message="Audio, result and record are erased.")


@router.get("/jobs", summary="List jobs", responses=problem_responses(InvalidOptions))
async def jobs(
    services: WithServices,
    status_filter: Annotated[JobStatus | None, Query(alias="status", description="Only jobs with this status.")] = None,
    model: Annotated[str | None, Query(description="Only jobs of this model.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Jobs a page.")] = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=60)] = None,
) -> JobList:
    """Return jobs, newest first. A page may hold fewer than `limit`; the last one has no `next_cursor`."""
    try:
        page = await services.jobs.page(tenant=_TENANT, status=status_filter, lane=model, limit=limit, cursor=cursor)
    except ValueError:
        raise InvalidOptions([OptionProblem("cursor", "is none that GET /jobs answered")]) from None
    return JobList(jobs=[JobView.of(job) for job in page.jobs], next_cursor=page.next_cursor)
