"""whisper.cpp's server: `POST /inference` is a durable job like any other, and waits for it."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.access import Caller
from api.compat.whisper_cpp import (
    Inference,
    InferenceForm,
    VerboseInference,
    WhisperCppError,
    divided,
    error_answer,
    form_schema,
    text_of,
    verbose_inference,
)
from api.problems import shaped_responses
from api.services import WithServices
from api.synchronous import CALL_ERRORS, JOB_HEADERS, TEXT_EXAMPLES
from api.transcript_formats import ResultFormat, SubtitleLayout, render

_LAYOUT = SubtitleLayout()

router = APIRouter(tags=["whisper.cpp"])


@router.post(
    "/inference",
    summary="Transcribe, as whisper.cpp's server does",
    response_model=Inference | VerboseInference,
    response_description="The transcript in the format asked for.",
    responses={
        200: {"headers": JOB_HEADERS, "content": dict(TEXT_EXAMPLES)},
        **shaped_responses(error_answer, WhisperCppError, *CALL_ERRORS),
    },
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form_schema()}}}},
)
async def inference(request: Request, services: WithServices, principal: Caller) -> Response:
    """Transcribe a file and answer with its text. The job survives the call."""
    form = InferenceForm()
    accepted = await services.submissions.of_upload(request, principal, translate=form.translate)
    done = await services.synchronous.transcribed(request, accepted)
    wanted, transcript = form.wanted, done.transcript
    if wanted.max_len:
        transcript = divided(transcript, wanted.max_len)
    match wanted.response_format:
        case "json":
            return JSONResponse(Inference(text=text_of(transcript)).model_dump())
        case "verbose_json":
            verbose = verbose_inference(transcript, done.job.work.options.whisper_task)
            return JSONResponse(verbose.model_dump(mode="json"))
        case "text":
            return Response(text_of(transcript), media_type=ResultFormat.TEXT.content_type)
        case "srt" | "vtt":
            subtitles = ResultFormat(wanted.response_format)
            return Response(render(transcript, subtitles, _LAYOUT), media_type=subtitles.content_type)
