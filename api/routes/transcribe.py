"""POST /transcribe: takes a file, or the URL of one, and its options, answers with a job."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Request, Response
from pydantic import ValidationError

from api.access import Submitter, client_of
from api.audit import note
from api.job_store import Accepted, AcceptOutcome, NewJob
from api.job_terms import FORM_PROPERTIES, JobTerms
from api.media_kinds import BYTES_PER_SECOND_ESTIMATE
from api.principal import Principal
from api.problems import guarded_responses, option_problems
from api.redaction import check_redaction
from api.request_ids import request_id_of
from api.services import Services, WithServices
from api.uploads import FILE_FIELD, Upload
from api.url_submissions import (
    JSON_MEDIA_TYPE,
    checked_url,
    guessed_cost_seconds,
    names_url,
    read_submission,
    submission_schema,
)
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
    StoreUnavailable,
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
from core.tracing import AUDIO_SECONDS, JOB_ID, LANE, MEDIA_BYTES, OUTCOME

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
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _form_schema()},
                JSON_MEDIA_TYPE: {"schema": submission_schema()},
            },
        },
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
    """Upload a file to transcribe, or name the URL of one. The answer comes as soon as the job is stored durably."""
    if names_url(request):
        job = await _job_of_url(request, services, principal)
    else:
        shares_work = services.settings.deduplicate and "no-cache" not in cache_control
        job = await _job_of_upload(request, services, principal, shares_work=shares_work)
    return await _answer(replace(job, idempotency_key=idempotency_key), request, response, services)


async def _job_of_upload(request: Request, services: Services, principal: Principal, *, shares_work: bool) -> NewJob:
    """Receive a form and return the job that it asks for; if there is none, nothing is left of the file."""
    job_id = secrets.token_hex(16)
    with services.tracer.span("receive upload") as span:
        upload = await services.uploads.receive(
            request,
            job_id,
            client=client_of(request, principal),
            storage=lambda label: services.media.of(services.terms.label(label, principal)),
        )
        span.note({MEDIA_BYTES: upload.size_bytes, AUDIO_SECONDS: upload.audio_seconds})
    try:
        terms = services.terms.take(upload.fields, principal)
        options = _options(upload.fields)
        job = await _job(job_id, request, services, principal, terms=terms, options=options)
    except BaseException:
        await _remove_audio(job_id, services)
        raise
    return replace(
        job,
        file_name=upload.file_name,
        media_bytes=upload.size_bytes,
        media_sha256=upload.sha256,
        audio_seconds=upload.audio_seconds,
        cost_seconds=_cost_seconds(upload, options),
        shares_work=shares_work,
    )


async def _job_of_url(request: Request, services: Services, principal: Principal) -> NewJob:
    """Return a job whose audio is to be fetched. It shares no work: what a URL serves may change."""
    submission = await read_submission(request, services.uploads.pace)
    source_url = checked_url(submission, services.url_policy)
    terms = services.terms.take(submission.terms, principal)
    job = await _job(secrets.token_hex(16), request, services, principal, terms=terms, options=submission.options)
    return replace(job, source_url=source_url, cost_seconds=guessed_cost_seconds(submission.options))


async def _job(
    job_id: str,
    request: Request,
    services: Services,
    principal: Principal,
    *,
    terms: JobTerms,
    options: TranscriptionOptions,
) -> NewJob:
    """Return a job of which the audio is not known yet."""
    return NewJob(
        job_id=job_id,
        tenant=principal.tenant,
        weight=principal.weight,
        lane=await _lane_that_can(options, services),
        options=options,
        webhook_url=terms.webhook_url,
        retention_ms=terms.retention_ms,
        sensitivity=terms.sensitivity,
        inherited=terms.inherited,
        request_id=request_id_of(request),
        traceparent=services.tracer.current().traceparent,
    )


async def _answer(job: NewJob, request: Request, response: Response, services: Services) -> JobAccepted:
    """Have the store accept a job, wake a worker, and say so."""
    if job.sensitivity:
        structlog.contextvars.bind_contextvars(sensitivity=job.sensitivity)
    accepted = await _accept(job, services, request)
    note(request, accepted.job_id)
    if accepted.outcome is AcceptOutcome.ACCEPTED:
        services.turns.send(job.lane)
    services.metrics.upload_bytes.inc(job.media_bytes or 0)
    services.metrics.accepted.labels(accepted.outcome, job.sensitivity or "").inc()
    logger.info(
        "job_accepted",
        job_id=accepted.job_id,
        outcome=str(accepted.outcome),
        lane=job.lane,
        media_bytes=job.media_bytes,
        audio_seconds=job.audio_seconds,
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


async def _accept(job: NewJob, services: Services, request: Request) -> Accepted:
    """Have the store accept a job; remove its audio, if there is any, unless the job needs it.

    If Redis breaks off, it may have accepted the job: then the audio stays, and an orphan is the clean-up's.
    """
    try:
        with services.tracer.span("accept job", {LANE: job.lane}) as span:
            accepted = await services.jobs.accept(job, audit=services.audit.submission(request))
            span.note({JOB_ID: accepted.job_id, OUTCOME: str(accepted.outcome)})
    except (IdempotencyConflict, QueueFull):
        await _remove_audio(job.job_id, services)
        raise
    if accepted.outcome is not AcceptOutcome.ACCEPTED:
        await _remove_audio(job.job_id, services)
    return accepted


async def _remove_audio(job_id: str, services: Services) -> None:
    """Remove audio that no job needs. What a store that is away keeps of it is the clean-up's."""
    with suppress(StoreUnavailable):
        await asyncio.to_thread(services.media.remove, job_id)


def _options(fields: dict[str, str]) -> TranscriptionOptions:
    # An empty field is what a form sends for an option nobody filled in.
    given = {name: value for name, value in fields.items() if value != ""}
    try:
        return TranscriptionOptions.model_validate(given, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidOptions(option_problems(error)) from None


async def _lane_that_can(options: TranscriptionOptions, services: Services) -> str:
    """Return the lane of the model asked for.

    Raises:
        UnknownModel: there is none.
        InvalidOptions: its workers can't redact what is to be redacted.
    """
    lane = await _lane(options, services)
    if options.redact:
        check_redaction(options.redact, lane, await services.jobs.workers())
    return lane


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
