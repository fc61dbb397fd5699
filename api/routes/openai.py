"""OpenAI's audio API: each call is a durable job like any other, and waits for it."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel
from redis.exceptions import RedisError

from api.access import Caller, Reader
from api.compat.openai import (
    ALIAS,
    LISTED_ALIAS,
    LISTS,
    Deltas,
    DiarizedTranscription,
    Model,
    ModelList,
    OpenAIError,
    SpeechForm,
    TextDelta,
    TextDone,
    Transcription,
    VerboseTranscription,
    diarized_transcription,
    error_answer,
    form_schema,
    spoken_segment,
    usage_of,
    verbose_transcription,
)
from api.job_store import Accepted
from api.principal import Principal
from api.problems import answer_in, problem_of, shaped_responses
from api.services import Services, WithServices
from api.submissions import may_share_work
from api.synchronous import CALL_ERRORS, JOB_HEADERS, TEXT_EXAMPLES, Transcribed
from api.transcript_formats import ResultFormat, SubtitleLayout, render
from core.errors import OptionProblem, ScriptoriumError, StoreUnavailable, UnknownModel
from core.lanes import lane_of

_STREAM_EXAMPLE = """\
data: {"type":"transcript.text.delta","delta":"And so my fellow Americans"}

data: {"type":"transcript.text.done","text":"And so my fellow Americans","usage":{"type":"duration","seconds":11}}

data: [DONE]

"""
_EVENT_SCHEMA = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "string", "description": "An event as JSON, or at the end `[DONE]`."}},
}
_END = format_sse_event(data_str="[DONE]")
_LAYOUT = SubtitleLayout()

router = APIRouter(prefix="/v1", tags=["OpenAI"])


class _Repetition(NamedTuple):
    """What a request says of others that are the same."""

    idempotency_key: str | None
    shares_work: bool


async def _repetition(
    idempotency_key: Annotated[
        str | None, Header(description="As of `POST /transcribe`.", min_length=1, max_length=255)
    ] = None,
    cache_control: Annotated[str, Header(description="`no-cache` asks for a transcription of its own.")] = "",
) -> _Repetition:
    return _Repetition(idempotency_key, may_share_work(cache_control))


WithRepetition = Annotated[_Repetition, Depends(_repetition)]


def _call_responses(**content: Any) -> dict[int | str, dict[str, Any]]:  # noqa: ANN401 - parts of an OpenAPI document
    return {
        200: {"headers": JOB_HEADERS, "content": {**TEXT_EXAMPLES, **content}},
        **shaped_responses(error_answer, OpenAIError, *CALL_ERRORS),
    }


def _form(*, translates: bool) -> dict[str, Any]:
    schema = form_schema(translates=translates)
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@router.post(
    "/audio/transcriptions",
    summary="Transcribe, as OpenAI does",
    response_model=Transcription | VerboseTranscription | DiarizedTranscription,
    response_description="The transcript in the format asked for.",
    responses=_call_responses(**{"text/event-stream": {"itemSchema": _EVENT_SCHEMA, "example": _STREAM_EXAMPLE}}),
    openapi_extra=_form(translates=False),
)
async def transcriptions(
    request: Request, services: WithServices, principal: Caller, repetition: WithRepetition
) -> Response:
    """Transcribe a file and answer with its text, at the end or as it comes. The job survives the call."""
    form = SpeechForm()
    accepted = await _accepted(form, request, services, principal, repetition)
    if form.wanted.stream:
        services.synchronous.announce(request, accepted)
        return StreamingResponse(
            _stream(services, request, accepted.job_id, diarized=form.wanted.response_format == "diarized_json"),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )
    return _answer(form, await services.synchronous.transcribed(request, accepted))


@router.post(
    "/audio/translations",
    summary="Translate into English, as OpenAI does",
    response_model=Transcription | VerboseTranscription,
    response_description="The translation in the format asked for.",
    responses=_call_responses(),
    openapi_extra=_form(translates=True),
)
async def translations(
    request: Request, services: WithServices, principal: Caller, repetition: WithRepetition
) -> Response:
    """Transcribe a file into English. The job survives the call."""
    form = SpeechForm(translates=True)
    accepted = await _accepted(form, request, services, principal, repetition)
    return _answer(form, await services.synchronous.transcribed(request, accepted))


@router.get("/models", summary="List models, as OpenAI does", responses=shaped_responses(error_answer, OpenAIError))
async def models(services: WithServices, _principal: Reader) -> ModelList:
    """Return the models that workers serve, the default one first, and the name that stands for it."""
    return ModelList(data=tuple(await _models(services)))


@router.get(
    "/models/{model}",
    summary="Look at a model, as OpenAI does",
    responses=shaped_responses(error_answer, OpenAIError, UnknownModel),
)
async def model(
    services: WithServices,
    _principal: Reader,
    name: Annotated[str, Path(alias="model", description="Its `id`, or any name that a transcription takes.")],
) -> Model:
    """Return a model that may be asked for."""
    known = await _models(services)
    if ALIAS.fullmatch(name):
        return known[0].model_copy(update={"id": name})
    for each in known:
        if each.id == name:
            return each
    raise UnknownModel([OptionProblem("model", f"no worker serves '{name[:80]}'")])


async def _models(services: Services) -> list[Model]:
    default = lane_of(services.settings.model_size)
    started = {default: 0}
    for worker in sorted(await services.jobs.workers(), key=lambda worker: -worker.started_at_ms):
        started[worker.lane] = worker.started_at_ms // 1000
    return [
        *(Model(id=lane, created=created) for lane, created in started.items()),
        Model(id=LISTED_ALIAS, created=started[default]),
    ]


async def _accepted(
    form: SpeechForm, request: Request, services: Services, principal: Principal, repetition: _Repetition
) -> Accepted:
    return await services.submissions.of_upload(
        request, principal, lists=LISTS, translate=form.translate, **repetition._asdict()
    )


def _answer(form: SpeechForm, done: Transcribed) -> Response:
    """Return a transcript in the format that was asked for."""
    transcript, wanted = done.transcript, form.wanted
    match wanted.response_format:
        case "json":
            return _json(Transcription(text=transcript.text, usage=usage_of(transcript)))
        case "verbose_json":
            task = done.job.work.options.whisper_task
            return _json(verbose_transcription(transcript, task, wanted.timestamp_granularities))
        case "diarized_json":
            return _json(diarized_transcription(transcript))
        case "text":
            return Response(f"{transcript.text}\n", media_type=ResultFormat.TEXT.content_type)
        case "srt" | "vtt":
            subtitles = ResultFormat(wanted.response_format)
            return Response(render(transcript, subtitles, _LAYOUT), media_type=subtitles.content_type)


def _json(answer: BaseModel) -> Response:
    return JSONResponse(answer.model_dump(mode="json"))


async def _stream(services: Services, request: Request, job_id: str, *, diarized: bool) -> AsyncIterator[bytes]:
    """Yield a job's text as it is committed, then all of it; or what has gone wrong, for the head is sent."""
    deltas = Deltas()
    try:
        async with aclosing(services.synchronous.followed(request, job_id)) as segments:
            async for segment in segments:
                if segment is None:
                    yield KEEPALIVE_COMMENT
                    continue
                if delta := deltas.of(segment.text):
                    yield _event(TextDelta(delta=delta))
                if diarized:
                    yield _event(spoken_segment(segment))
        transcript = (await services.synchronous.finished(job_id)).transcript
        yield _event(TextDone(text=transcript.text, usage=usage_of(transcript)))
    except (ScriptoriumError, RedisError) as error:
        told = error if isinstance(error, ScriptoriumError) else StoreUnavailable(f"Job '{job_id}' goes on.")
        yield format_sse_event(data_str=_error_text(told, job_id))
    yield _END


def _event(event: BaseModel) -> bytes:
    return format_sse_event(data_str=event.model_dump_json())


def _error_text(error: ScriptoriumError, job_id: str) -> str:
    shaped = answer_in(error_answer, problem_of(error, job_id))
    return json.dumps(shaped.body)
