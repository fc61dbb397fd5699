"""POST /transcribe: takes a file and its options, answers with a job."""

import asyncio
import secrets
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Request, Response
from pydantic import ValidationError

from api.access import Submitter, client_of
from api.job_store import Accepted, AcceptOutcome, NewJob
from api.job_terms import FORM_PROPERTIES
from api.media_kinds import BYTES_PER_SECOND_ESTIMATE
from api.problems import guarded_responses, option_problems
from api.services import Services, WithServices
from api.uploads import FILE_FIELD, Upload
from api.views import JobAccepted
from core.errors import (
    DiskFull,
    FileEmpty,
    FileMissing,
    IdempotencyConflict,
    InvalidOptions,
    MalformedBody,
    MultipartRequired,
    OptionProblem,
    QueueFull,
    TooManyUploads,
    UnknownModel,
    UnsupportedMedia,
    UploadsFull,
    UploadTimedOut,
    UploadTooLarge,
    UploadTooSlow,
)
from core.lanes import lane_of
from core.options import TranscriptionOptions

_ACCEPTED_HEADERS = {
    "Location": {"description": "Where to follow the job.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` if this request was accepted before, under its Idempotency-Key.",
        "schema": {"type": "string"},
    },
}
_MESSAGES = {
    AcceptOutcome.ACCEPTED: "Accepted.",
    AcceptOutcome.JOINED: "Accepted; it shares the transcription of the same audio that is under way.",
    AcceptOutcome.CACHED: "Accepted; the same audio was transcribed before: the result is there.",
    AcceptOutcome.REPLAYED: "This request was accepted before.",
}

router = APIRouter(tags=["transcription"])
logger = structlog.get_logger(__name__)


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


@router.post(
    "/transcribe",
    status_code=HTTPStatus.ACCEPTED,
    summary="Submit audio",
    response_description="The job is stored durably and will be done; follow `Location`.",
    responses=guarded_responses(
        MalformedBody,
        MultipartRequired,
        UnsupportedMedia,
        UploadTooLarge,
        FileMissing,
        FileEmpty,
        InvalidOptions,
        UnknownModel,
        IdempotencyConflict,
        QueueFull,
        TooManyUploads,
        UploadsFull,
        UploadTooSlow,
        UploadTimedOut,
        DiskFull,
    )
    | {202: {"headers": _ACCEPTED_HEADERS}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _form_schema()}}},
    },
)
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
    """Upload a file to transcribe. The answer comes as soon as the file is safe on disk and the job in Redis."""
    job_id = secrets.token_hex(16)
    upload = await services.uploads.receive(
        request,
        job_id,
        client=client_of(request, principal),
        storage=lambda label: services.media.of(services.terms.label(label, principal)),
    )
    try:
        terms = services.terms.take(upload.fields, principal)
        options = _options(upload.fields)
        lane = await _lane(options, services)
        job = NewJob(
            job_id=job_id,
            tenant=principal.tenant,
            weight=principal.weight,
            lane=lane,
            options=options,
            file_name=upload.file_name,
            media_bytes=upload.size_bytes,
            media_sha256=upload.sha256,
            audio_seconds=upload.audio_seconds,
            cost_seconds=_cost_seconds(upload, options),
            shares_work=services.settings.deduplicate and "no-cache" not in cache_control,
            idempotency_key=idempotency_key,
            webhook_url=terms.webhook_url,
            retention_ms=terms.retention_ms,
            sensitivity=terms.sensitivity,
            inherited=terms.inherited,
        )
    except BaseException:
        await asyncio.to_thread(services.media.remove, job_id)
        raise
    if terms.sensitivity:
        structlog.contextvars.bind_contextvars(sensitivity=terms.sensitivity)
    accepted = await _accept(job, services)
    if accepted.outcome is AcceptOutcome.ACCEPTED:
        services.turns.send(lane)
    services.metrics.upload_bytes.inc(upload.size_bytes)
    services.metrics.accepted.labels(accepted.outcome, terms.sensitivity or "").inc()
    logger.info(
        "job_accepted",
        job_id=accepted.job_id,
        outcome=str(accepted.outcome),
        lane=lane,
        media_bytes=upload.size_bytes,
        audio_seconds=upload.audio_seconds,
    )
    response.headers["Location"] = f"/status/{accepted.job_id}"
    if accepted.outcome is AcceptOutcome.REPLAYED:
        response.headers["Idempotency-Replayed"] = "true"
    return JobAccepted(
        job_id=accepted.job_id,
        status=accepted.status,
        cached=accepted.outcome is AcceptOutcome.CACHED,
        message=f"{_MESSAGES[accepted.outcome]} Follow it at /status/{accepted.job_id}",
    )


async def _accept(job: NewJob, services: Services) -> Accepted:
    """Have the store accept a job; remove its audio unless the job needs it.

    If Redis breaks off, it may have accepted the job: then the audio stays, and an orphan is the clean-up's.
    """
    try:
        accepted = await services.jobs.accept(job)
    except (IdempotencyConflict, QueueFull):
        await asyncio.to_thread(services.media.remove, job.job_id)
        raise
    if accepted.outcome is not AcceptOutcome.ACCEPTED:
        await asyncio.to_thread(services.media.remove, job.job_id)
    return accepted


def _options(fields: dict[str, str]) -> TranscriptionOptions:
    # An empty field is what a form sends for an option nobody filled in.
    given = {name: value for name, value in fields.items() if value != ""}
    try:
        return TranscriptionOptions.model_validate(given, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidOptions(option_problems(error)) from None


async def _lane(options: TranscriptionOptions, services: Services) -> str:
    default = lane_of(services.settings.model_size)
    if options.model in {None, default, services.settings.model_size}:
        return default
    served = {worker.lane for worker in await services.jobs.workers()}
    if options.model in served:
        return str(options.model)
    known = ", ".join(sorted(served | {default}))
    raise UnknownModel([OptionProblem("model", f"no worker serves '{options.model}'; available: {known}")])


def _cost_seconds(upload: Upload, options: TranscriptionOptions) -> float:
    """Return the audio seconds that fair queuing charges: the clip's, or the whole file's."""
    estimate = upload.size_bytes / BYTES_PER_SECOND_ESTIMATE
    total = estimate if upload.audio_seconds is None else upload.audio_seconds
    end = total if options.clip_end_seconds is None else min(total, options.clip_end_seconds)
    return max(0.0, end - options.clip_start_seconds)
