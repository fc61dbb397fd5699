"""AssemblyAI's asynchronous API: uploads, transcripts, captions, sentences, paragraphs and word search."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Editor, Reader, Submitter
from api.audit import note
from api.audit_log import Action
from api.compat.assemblyai import (
    AssemblyAIError,
    ListedTranscript,
    PageDetails,
    ParagraphsView,
    SentencesView,
    TranscriptList,
    TranscriptRequest,
    TranscriptStatus,
    TranscriptView,
    UploadedFile,
    WordSearchView,
    error_answer,
    error_of,
    in_their_words,
    status_of,
)
from api.compat.assemblyai_words import StretchView, matches, mean_confidence, paragraphs, sentences, spoken_words
from api.job_store import Accepted, CancelOutcome, JobState, cursor_of
from api.json_bodies import json_body, json_request
from api.principal import Principal
from api.problems import shaped_responses
from api.routes.jobs import JobId, looked
from api.services import Services, WithServices
from api.transcript_formats import ResultFormat, SubtitleLayout, render
from core.errors import (
    AudioExpired,
    DiskFull,
    FileEmpty,
    InvalidOptions,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    MalformedBody,
    OptionProblem,
    QueueFull,
    ScriptoriumError,
    TooManyUploads,
    UnknownModel,
    UnsupportedMedia,
    UploadsFull,
    UploadTimedOut,
    UploadTooLarge,
    UploadTooSlow,
)
from core.job import JOB_ID_PATTERN, Job
from core.transcript import Transcript

_UPLOAD_URL: Final = re.compile(rf"https?://[^/?#]+/v2/upload/({JOB_ID_PATTERN})/?")
"""Whatever the host: the service may have several names, and ids are nobody else's."""
_MOST_PHRASES: Final = 100
_LAYOUT: Final = SubtitleLayout()

router = APIRouter(prefix="/v2", tags=["AssemblyAI"])
logger = structlog.get_logger(__name__)


def _errors(*errors: type[ScriptoriumError]) -> dict[int | str, dict[str, Any]]:
    return shaped_responses(error_answer, AssemblyAIError, *errors)


_TOLD = _errors(JobNotFound, JobNotFinished, JobCancelled, JobExpired, JobFailed, InvalidOptions)
"""How a route ends that tells of a transcript."""


@router.post(
    "/upload",
    summary="Upload a file",
    responses=_errors(
        FileEmpty,
        InvalidOptions,
        UnsupportedMedia,
        UploadTooLarge,
        TooManyUploads,
        UploadsFull,
        UploadTooSlow,
        UploadTimedOut,
        DiskFull,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "An audio or video file as it is; the type doesn't matter.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(request: Request, services: WithServices, principal: Submitter) -> UploadedFile:
    """Keep a file for transcripts to come."""
    kept = await services.kept_uploads.receive(request, principal)
    note(request, kept.upload_id)
    return UploadedFile(upload_url=_upload_url(request, kept.upload_id))


@router.post(
    "/transcript",
    summary="Transcribe a file",
    response_description="The transcript is queued durably and will be done.",
    responses=_errors(MalformedBody, InvalidOptions, UnknownModel, AudioExpired, QueueFull),
    openapi_extra=json_request(TranscriptRequest),
)
async def create(
    request: Request,
    services: WithServices,
    principal: Submitter,
    asked: Annotated[TranscriptRequest, Depends(json_body(TranscriptRequest))],
) -> TranscriptView:
    """Transcribe an upload, or what a URL serves; the answer comes as soon as the job is stored durably."""
    try:
        accepted = await _accepted(request, services, principal, asked)
    except InvalidOptions as error:
        raise InvalidOptions(in_their_words(error.problems)) from None
    state = await services.jobs.look(accepted.job_id)
    # As there, also where the result is there already: it is told to whoever asks for it next, and may read.
    return (await _view(request, services, state, None)).model_copy(update={"status": "queued"})


@router.get("/transcript", summary="List transcripts", responses=_errors(JobNotFound, InvalidOptions))
async def transcripts(
    request: Request,
    services: WithServices,
    principal: Reader,
    *,
    limit: Annotated[int, Query(ge=1, le=200, description="Transcripts a page.")] = 10,
    status: Annotated[TranscriptStatus | None, Query(description="Only those with this status.")] = None,
    created_on: Annotated[
        str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="Only those of this day, in UTC.")
    ] = None,
    before_id: Annotated[str | None, Query(description="Only those that are older than this one.")] = None,
    after_id: Annotated[str | None, Query(description="Only those that are newer than this one.")] = None,
) -> TranscriptList:
    """Return transcripts, newest first: all the jobs there are, whatever API they came by."""

    def is_wanted(job: Job) -> bool:
        return status in {None, status_of(job)} and created_on in {None, job.created_at.date().isoformat()}

    neighbour = before_id or after_id
    position = cursor_of((await looked(neighbour, services, principal)).job) if neighbour else None
    is_newer = before_id is None and after_id is not None
    page = await services.jobs.page(
        tenant=principal.tenant, is_wanted=is_wanted, limit=limit, cursor=position, oldest_first=is_newer
    )
    jobs = list(reversed(page.jobs)) if is_newer else list(page.jobs)
    has_older = bool(jobs) and (is_newer or page.next_cursor is not None)
    here = {name: value for name, value in request.query_params.items() if name not in {"before_id", "after_id"}}

    def address(**query: str) -> str:
        return _address(request, f"/v2/transcript?{urlencode(here | query)}")

    return TranscriptList(
        page_details=PageDetails(
            limit=limit,
            result_count=len(jobs),
            current_url=address(**_given(before_id=before_id, after_id=after_id)),
            prev_url=address(before_id=jobs[-1].job_id) if has_older else None,
            next_url=address(after_id=jobs[0].job_id) if jobs else None,
        ),
        transcripts=[_listed(request, job) for job in jobs],
    )


@router.get("/transcript/{job_id}", summary="Get a transcript", responses=_errors(JobNotFound, JobExpired))
async def transcript(job_id: JobId, request: Request, services: WithServices, principal: Reader) -> TranscriptView:
    """Return how a transcript stands, and what is said once it is completed."""
    state = await looked(job_id, services, principal)
    told = None
    if status_of(state.job) == "completed":
        told = await services.jobs.transcript(state.job)
        note(request, job_id, action=Action.TRANSCRIPT_READ)
    return await _view(request, services, state, told)


@router.delete("/transcript/{job_id}", summary="Delete a transcript", responses=_errors(JobNotFound))
async def remove(job_id: JobId, request: Request, services: WithServices, principal: Editor) -> TranscriptView:
    """Erase a transcript with its audio, and the upload it was made of; cancel one that runs, to be erased then.

    The answer is what it was, without what is said.
    """
    state = await looked(job_id, services, principal)
    outcome = await services.jobs.cancel(job_id)
    if outcome is not CancelOutcome.FINISHED:
        state = await services.jobs.look(job_id)
        note(request, job_id, action=Action.JOB_CANCELLED)
    view = await _view(request, services, state, None)
    if outcome is not CancelOutcome.REQUESTED:
        done = await services.eraser.job(state.job)
        note(request, job_id, action=Action.JOB_ERASED)
        logger.info("job_erased", job_id=job_id, shared=done.is_shared)
    return view


_Captions = Annotated[int | None, Query(ge=1, le=1000, description="Columns of a caption, which is one line then.")]


@router.get(
    "/transcript/{job_id}/srt",
    summary="Get SubRip captions",
    response_class=Response,
    responses=_TOLD
    | {200: {"content": {"text/plain": {"example": "1\n00:00:00,000 --> 00:00:04,000\nAnd so my fellow Americans\n"}}}},
)
async def srt(
    job_id: JobId, services: WithServices, principal: Reader, chars_per_caption: _Captions = None
) -> Response:
    """Return a transcript as subtitles."""
    told = await _told(job_id, services, principal)
    return _captions(told, ResultFormat.SRT, chars_per_caption)


@router.get(
    "/transcript/{job_id}/vtt",
    summary="Get WebVTT captions",
    response_class=Response,
    responses=_TOLD
    | {200: {"content": {"text/plain": {"example": "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nAnd so my fellow\n"}}}},
)
async def vtt(
    job_id: JobId, services: WithServices, principal: Reader, chars_per_caption: _Captions = None
) -> Response:
    """Return a transcript as subtitles."""
    told = await _told(job_id, services, principal)
    return _captions(told, ResultFormat.VTT, chars_per_caption)


@router.get("/transcript/{job_id}/sentences", summary="Get sentences", responses=_TOLD)
async def get_sentences(job_id: JobId, services: WithServices, principal: Reader) -> SentencesView:
    """Return a transcript in sentences."""
    told = await _told(job_id, services, principal)
    words = spoken_words(told)
    return SentencesView(
        id=job_id,
        confidence=mean_confidence(words),
        audio_duration=told.info.duration_seconds,
        sentences=[StretchView.of_words(each) for each in sentences(words)],
    )


@router.get("/transcript/{job_id}/paragraphs", summary="Get paragraphs", responses=_TOLD)
async def get_paragraphs(job_id: JobId, services: WithServices, principal: Reader) -> ParagraphsView:
    """Return a transcript in paragraphs."""
    told = await _told(job_id, services, principal)
    words = spoken_words(told)
    return ParagraphsView(
        id=job_id,
        confidence=mean_confidence(words),
        audio_duration=told.info.duration_seconds,
        paragraphs=[StretchView.of_words(each) for each in paragraphs(words)],
    )


@router.get("/transcript/{job_id}/word-search", summary="Search words", responses=_TOLD)
async def word_search(
    job_id: JobId,
    services: WithServices,
    principal: Reader,
    words: Annotated[
        str, Query(max_length=2000, description="Words, numbers or phrases, separated by commas; at least one.")
    ] = "",
) -> WordSearchView:
    """Return where words are said."""
    told = await _told(job_id, services, principal)
    phrases = list(dict.fromkeys(phrase for each in words.split(",") if (phrase := each.strip())))
    if not 0 < len(phrases) <= _MOST_PHRASES:
        raise InvalidOptions([OptionProblem("words", f"names 1 to {_MOST_PHRASES} words or phrases")])
    spoken = spoken_words(told)
    found = [match for phrase in phrases if (match := matches(spoken, phrase)).count]
    return WordSearchView(id=job_id, total_count=sum(match.count for match in found), matches=found)


async def _accepted(request: Request, services: Services, principal: Principal, asked: TranscriptRequest) -> Accepted:
    options, call = asked.options(), asked.webhook_call()
    named = _UPLOAD_URL.fullmatch(asked.audio_url)
    if named is None:
        return await services.submissions.of_url(
            request, principal, url=asked.audio_url, options=options, terms=asked.terms(), webhook_call=call
        )
    kept = await services.kept_uploads.find(named[1], tenant=principal.tenant)
    if kept is None:
        raise InvalidOptions([OptionProblem("audio_url", "is no upload of yours, or it is gone: upload it again")])
    return await services.submissions.of_kept_upload(
        request, principal, upload=kept, options=options, terms=asked.terms(), webhook_call=call
    )


async def _view(request: Request, services: Services, state: JobState, told: Transcript | None) -> TranscriptView:
    webhook = await services.webhooks.log(state.job.job_id) if "webhook_url" in state.record else None
    return TranscriptView.of(state, told, audio_url=_audio_url(request, state.job), webhook=webhook)


async def _told(job_id: str, services: Services, principal: Principal) -> Transcript:
    """Return a principal's transcript.

    Raises:
        JobNotFound, JobNotFinished, JobCancelled, JobFailed, JobExpired: there is none.
    """
    return await services.jobs.transcript((await looked(job_id, services, principal)).job)


def _given(**query: str | None) -> dict[str, str]:
    return {name: value for name, value in query.items() if value is not None}


def _captions(told: Transcript, result_format: ResultFormat, chars_per_caption: int | None) -> Response:
    layout = SubtitleLayout(max_line_length=chars_per_caption, max_lines=1) if chars_per_caption else _LAYOUT
    return Response(render(told, result_format, layout), media_type="text/plain; charset=utf-8")


def _listed(request: Request, job: Job) -> ListedTranscript:
    return ListedTranscript(
        id=job.job_id,
        resource_url=_address(request, f"/v2/transcript/{job.job_id}"),
        status=status_of(job),
        created=job.created_at.isoformat(),
        completed=job.finished_at.isoformat() if job.finished_at else None,
        audio_url=_audio_url(request, job),
        error=error_of(job),
    )


def _audio_url(request: Request, job: Job) -> str:
    if job.upload_id:
        return _upload_url(request, job.upload_id)
    return _address(request, f"/audio/{job.job_id}")


def _upload_url(request: Request, upload_id: str) -> str:
    return _address(request, f"/v2/upload/{upload_id}")


def _address(request: Request, path: str) -> str:
    """Return the URL of a path of ours, as the client knows us."""
    return str(request.base_url).rstrip("/") + path
