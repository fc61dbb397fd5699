"""POST /transcribe: takes a file, or the URL of one, and its options, answers with a job."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response

from api.access import Submitter
from api.job_store import AcceptOutcome
from api.job_terms import FORM_PROPERTIES
from api.plain_uploads import PATH
from api.problems import guarded_responses
from api.services import WithServices
from api.submissions import SUBMISSION_ERRORS, may_share_work
from api.uploads import FILE_FIELD
from api.url_submissions import JSON_MEDIA_TYPE, names_url, read_submission, submission_schema
from api.views import JobAccepted, status_path
from core.options import TranscriptionOptions

_ACCEPTED_HEADERS = {
    "Location": {"description": "Where to follow the job.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` if this request was accepted before, under its Idempotency-Key.",
        "schema": {"type": "string"},
    },
}

router = APIRouter(tags=["transcription"])


def _form_schema() -> dict[str, Any]:
    """Return the multipart form's JSON schema: the file, and every option as a field."""
    schema = TranscriptionOptions.model_json_schema(by_alias=True)
    file = {
        "type": "string",
        "format": "binary",
        "description": "An audio or video file; its name and type don't matter.",
    }
    return {
        "type": "object",
        "required": [FILE_FIELD],
        "properties": {FILE_FIELD: file, **schema["properties"], **FORM_PROPERTIES},
        "additionalProperties": False,
    }


SUBMISSION: Final[dict[str, Any]] = {
    "status_code": HTTPStatus.ACCEPTED,
    "response_description": "The job is stored durably and will be done; follow `Location`.",
    "responses": guarded_responses(*SUBMISSION_ERRORS) | {202: {"headers": _ACCEPTED_HEADERS}},
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _form_schema()},
                JSON_MEDIA_TYPE: {"schema": submission_schema()},
            },
        },
    },
}
"""What is documented of a route that takes a file or a URL and answers with a job."""


@router.post(PATH, summary="Submit audio", **SUBMISSION)
async def transcribe(
    request: Request,
    response: Response,
    services: WithServices,
    principal: Submitter,
    *,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Makes it safe to send the request again: for a day, the same key with the same body is "
            "answered with the same job.",
            min_length=1,
            max_length=255,
        ),
    ] = None,
    cache_control: Annotated[
        str, Header(description="`no-cache` asks for a transcription of its own, whatever was done before.")
    ] = "",
) -> JobAccepted:
    """Upload a file to transcribe, or name the URL of one. The answer comes as soon as the job is stored durably."""
    if names_url(request):
        submission = await read_submission(request, services.uploads.pace)
        accepted = await services.submissions.of_url(
            request,
            principal,
            url=submission.url,
            options=submission.options,
            terms=submission.terms,
            idempotency_key=idempotency_key,
        )
    else:
        accepted = await services.submissions.of_upload(
            request, principal, idempotency_key=idempotency_key, shares_work=may_share_work(cache_control)
        )
    response.headers["Location"] = status_path(accepted.job_id)
    if accepted.outcome is AcceptOutcome.REPLAYED:
        response.headers["Idempotency-Replayed"] = "true"
    return JobAccepted.of(accepted)
