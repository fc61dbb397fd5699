"""whisper-asr-webservice's API: `/asr`, `/detect-language`, and the `/status` that Bazarr asks for the version."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from api.access import Caller
from api.compat.whisper_asr import (
    DETECTION_SECONDS,
    DetectedLanguage,
    Output,
    ServerVersion,
    WhisperAsrError,
    error_answer,
    headers,
    written,
)
from api.problems import shaped_responses
from api.services import WithServices
from api.submissions import Fields
from api.synchronous import CALL_ERRORS, JOB_HEADERS
from core.version import VERSION

_FILE_FIELD: Final = "audio_file"
_ERRORS: Final = shaped_responses(error_answer, WhisperAsrError, *CALL_ERRORS)
_ASR_HEADERS: Final = JOB_HEADERS | {
    "Asr-Engine": {"description": "What transcribes.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "The file's name and the format.", "schema": {"type": "string"}},
}
_SRT_EXAMPLE: Final = "1\n00:00:00,000 --> 00:00:04,000\nAnd so my fellow Americans\n"
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [_FILE_FIELD],
                    "properties": {
                        _FILE_FIELD: {
                            "type": "string",
                            "format": "binary",
                            "description": "An audio or video file; with `encode=false` also bare samples: signed, "
                            "16-bit, little-endian, mono, 16 kHz.",
                        }
                    },
                }
            }
        },
    }
}
_Encode = Annotated[
    bool, Query(description="`false` says that the file may be bare samples, unless it begins as a container does.")
]

router = APIRouter(tags=["whisper-asr-webservice"])


@router.post(
    "/asr",
    summary="Transcribe a file, and wait for it",
    response_class=Response,
    response_description="The transcript as a file.",
    responses=_ERRORS | {200: {"headers": _ASR_HEADERS, "content": {"text/plain": {"example": _SRT_EXAMPLE}}}},
    openapi_extra=_FORM,
)
async def asr(
    request: Request,
    services: WithServices,
    principal: Caller,
    *,
    encode: _Encode = True,
    task: Annotated[
        Literal["transcribe", "translate"], Query(description="`translate` writes English.")
    ] = "transcribe",
    language: Annotated[str, Query(max_length=40, description="A Whisper code; detected if left out.")] = "",
    initial_prompt: Annotated[str, Query(max_length=4000, description="Text that sets spelling and style.")] = "",
    hotwords: Annotated[str, Query(max_length=1000, description="Words to expect.")] = "",
    vad_filter: Annotated[bool, Query(description="Skip what is no speech.")] = True,
    word_timestamps: Annotated[bool, Query(description="Time every word; with `output=json`.")] = False,
    diarize: Annotated[bool, Query(description="Tell speakers apart.")] = False,
    min_speakers: Annotated[int | None, Query(ge=1, le=20, description="At least so many.")] = None,
    max_speakers: Annotated[int | None, Query(ge=1, le=20, description="At most so many.")] = None,
    output: Annotated[Output, Query(description="How to write the transcript.")] = Output.TXT,
) -> Response:
    """Transcribe a file; the answer is the transcript."""
    asked = {
        "task": task,
        "language": language,
        "initial_prompt": initial_prompt,
        "hotwords": hotwords,
        "vad_filter": vad_filter,
        "word_timestamps": word_timestamps,
        **({"diarize": True, "min_speakers": min_speakers, "max_speakers": max_speakers} if diarize else {}),
    }
    accepted = await services.submissions.of_upload(
        request,
        principal,
        file_field=_FILE_FIELD,
        translate=lambda _: _fields(asked),
        may_be_bare_pcm=not encode,
    )
    done = await services.synchronous.transcribed(request, accepted)
    return Response(
        written(done.transcript, done.job.work.options, output),
        media_type="text/plain",
        headers=headers(done.job.file_name, output),
    )


@router.post(
    "/detect-language",
    summary="Detect the language of a file",
    responses=_ERRORS | {200: {"headers": JOB_HEADERS}},
    openapi_extra=_FORM,
)
async def detect_language(
    request: Request, services: WithServices, principal: Caller, *, encode: _Encode = True
) -> DetectedLanguage:
    """Detect the language that is spoken in the first 30 seconds of a file."""
    accepted = await services.submissions.of_upload(
        request,
        principal,
        file_field=_FILE_FIELD,
        translate=lambda _: _fields({"clip_end_seconds": DETECTION_SECONDS, "quality": "fast"}),
        may_be_bare_pcm=not encode,
    )
    done = await services.synchronous.transcribed(request, accepted)
    return DetectedLanguage.of(done.transcript.info)


@router.get("/status", summary="Version")
async def version() -> ServerVersion:
    """Answer as long as the process can answer, as Bazarr's test of a connection asks; asks nobody else."""
    return ServerVersion(version=VERSION)


def _fields(asked: dict[str, Any]) -> Fields:
    """Return our form's fields; whatever the form itself holds besides the file is nothing there."""
    return {name: str(value) for name, value in asked.items() if value is not None}
