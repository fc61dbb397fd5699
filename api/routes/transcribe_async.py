"""The asynchronous pair of other transcription servers: post a file, then ask one address for status and transcript."""

from fastapi import APIRouter, Request

from api.access import Reader
from api.audit import note
from api.audit_log import Action
from api.problems import guarded_responses
from api.routes.jobs import JobId, looked
from api.routes.transcribe import SUBMISSION, transcribe
from api.services import WithServices
from api.transcript_formats import plain_json
from api.views import JobWithResult
from core.errors import JobExpired, JobNotFound
from core.work import JobStatus

router = APIRouter(tags=["transcription"])
router.add_api_route(
    "/transcribe/async", transcribe, methods=["POST"], summary="Submit audio, as POST /transcribe", **SUBMISSION
)


@router.get(
    "/transcribe/{job_id}",
    summary="Follow a job to its transcript",
    responses=guarded_responses(JobNotFound, JobExpired),
)
async def job_with_result(job_id: JobId, request: Request, services: WithServices, principal: Reader) -> JobWithResult:
    """Return a job's status and, once it is completed, its transcript."""
    state = await looked(job_id, services, principal)
    result = None
    if state.job.status is JobStatus.COMPLETED:
        result = plain_json(await services.jobs.transcript(state.job))
        note(request, job_id, action=Action.TRANSCRIPT_READ)
    return JobWithResult.of_state(state, result=result, estimate=await services.forecast.of(state))
