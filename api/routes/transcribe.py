"""POST /transcribe: takes a file and its options, answers with a job."""

import asyncio
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.job_store import NewJob
from api.media_kinds import BYTES_PER_SECOND_ESTIMATE, header_duration_seconds, refuse_other_than_media
from api.problems import option_problems, problem_responses
from api.services import Services, WithServices
from api.uploads import FILE_FIELD, Upload, UploadLimits, receive
from api.views import JobAccepted
from core.errors import (
    DiskFull,
    FileEmpty,
    FileMissing,
    InvalidOptions,
    MalformedBody,
    MultipartRequired,
    OptionProblem,
    UnknownModel,
    UnsupportedMedia,
    UploadTooLarge,
)
from core.job import JobStatus
from core.lanes import lane_of
from core.options import TranscriptionOptions

_TENANT = "default"

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
        "properties": {FILE_FIELD: file, **schema["properties"]},
        "additionalProperties": False,
    }


@router.post(
    "/transcribe",
    status_code=HTTPStatus.ACCEPTED,
    summary="Submit audio",
    response_description="The job is stored durably and will be done; follow `Location`.",
    responses=problem_responses(
        MalformedBody,
        MultipartRequired,
        UnsupportedMedia,
        UploadTooLarge,
        FileMissing,
        FileEmpty,
        InvalidOptions,
        UnknownModel,
        DiskFull,
    )
    | {202: {"headers": {"Location": {"description": "Where to follow the job.", "schema": {"type": "string"}}}}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _form_schema()}}},
    },
)
async def transcribe(request: Request, response: Response, services: WithServices) -> JobAccepted:
    """Upload a file to transcribe. The answer comes as soon as the file is safe on disk and the job in Redis."""
    job_id = secrets.token_hex(16)
    limits = UploadLimits(services.settings.max_file_bytes, services.settings.min_free_disk_bytes)
    upload = await receive(request, job_id, services.media, limits)
    try:
        options = _options(upload.fields)
        lane = await _lane(options, services)
        path = services.media.path(job_id)
        audio_seconds = await asyncio.to_thread(_inspect, path)
    except BaseException:
        await asyncio.to_thread(services.media.remove, job_id)
        raise
    # From here on the file stays, whatever happens: if Redis breaks off, it may have accepted the job. An orphan is
    # the clean-up's.
    await services.jobs.accept(
        NewJob(
            job_id=job_id,
            tenant=_TENANT,
            weight=1.0,
            lane=lane,
            options=options,
            file_name=upload.file_name,
            media_bytes=upload.size_bytes,
            media_sha256=upload.sha256,
            audio_seconds=audio_seconds,
            cost_seconds=_cost_seconds(upload, audio_seconds, options),
        )
    )
    services.turns.send(lane)
    services.metrics.upload_bytes.inc(upload.size_bytes)
    logger.info("job_accepted", job_id=job_id, lane=lane, media_bytes=upload.size_bytes, audio_seconds=audio_seconds)
    response.headers["Location"] = f"/status/{job_id}"
    return JobAccepted(job_id=job_id, status=JobStatus.QUEUED, message=f"Accepted. Follow it at /status/{job_id}")


def _inspect(path: Path) -> float | None:
    refuse_other_than_media(path)
    return header_duration_seconds(path)


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


def _cost_seconds(upload: Upload, audio_seconds: float | None, options: TranscriptionOptions) -> float:
    """Return the audio seconds that fair queuing charges: the clip's, or the whole file's."""
    total = audio_seconds if audio_seconds is not None else upload.size_bytes / BYTES_PER_SECOND_ESTIMATE
    end = total if options.clip_end_seconds is None else min(total, options.clip_end_seconds)
    return max(0.0, end - options.clip_start_seconds)
