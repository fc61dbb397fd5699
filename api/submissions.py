"""Makes a durable job of what a request sends or names: whatever API it speaks, this is the one way in.

A route reads its own API's form; what it hands on are the fields of ours, as `POST /transcribe` takes them.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog
from fastapi import Request
from pydantic import ValidationError

from api.access import client_of
from api.audit import Audit, note
from api.diarization import check_diarization
from api.dispatch import TurnSender
from api.job_store import Accepted, AcceptOutcome, JobStore, NewJob
from api.job_terms import JobTerms, TermsPolicy
from api.kept_uploads import KeptUpload
from api.media_kinds import BYTES_PER_SECOND_ESTIMATE
from api.metrics import GatewayMetrics
from api.principal import Principal
from api.problems import option_problems
from api.redaction import check_redaction
from api.request_ids import request_id_of
from api.settings import GatewaySettings
from api.uploads import FILE_FIELD, UploadReceiver
from api.url_submissions import checked_url, guessed_cost_seconds
from core.errors import (
    AudioExpired,
    DiskFull,
    FileEmpty,
    FileMissing,
    IdempotencyConflict,
    InvalidOptions,
    MalformedBody,
    MultipartRequired,
    OptionProblem,
    QueueFull,
    ScriptoriumError,
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
from core.media_stores import MediaStores
from core.options import TranscriptionOptions
from core.tracing import AUDIO_SECONDS, JOB_ID, LANE, MEDIA_BYTES, OUTCOME, Tracer
from core.user_urls import UrlPolicy
from core.webhooks import WebhookCall

_USUAL_CALL = WebhookCall()

logger = structlog.get_logger(__name__)

SUBMISSION_ERRORS: Final[tuple[type[ScriptoriumError], ...]] = (
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
"""What sending a file, or naming one, may end in."""

Fields = dict[str, str]
"""A form's fields without the file."""


def may_share_work(cache_control: str) -> bool:
    """Tell whether a transcription of the same audio may serve a request with such a Cache-Control header."""
    return "no-cache" not in cache_control


def _as_sent(fields: Fields) -> Fields:
    return fields


class Submissions:
    """Accepts jobs. Every way in raises what the store's `accept` raises, and `ClientDisconnect`."""

    def __init__(
        self,
        *,
        settings: GatewaySettings,
        jobs: JobStore,
        media: MediaStores,
        uploads: UploadReceiver,
        terms: TermsPolicy,
        url_policy: UrlPolicy,
        turns: TurnSender,
        audit: Audit,
        metrics: GatewayMetrics,
        tracer: Tracer,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._media = media
        self._uploads = uploads
        self._terms = terms
        self._url_policy = url_policy
        self._turns = turns
        self._audit = audit
        self._metrics = metrics
        self._tracer = tracer

    async def of_upload(
        self,
        request: Request,
        principal: Principal,
        *,
        file_field: str = FILE_FIELD,
        lists: Collection[str] = (),
        translate: Callable[[Fields], Fields] = _as_sent,
        idempotency_key: str | None = None,
        shares_work: bool = True,
        may_be_bare_pcm: bool = False,
    ) -> Accepted:
        """Receive a form and accept the job that it asks for; if there is none, nothing is left of the file.

        Args:
            request: Its body is a multipart form.
            principal: Who asks.
            file_field: The part that holds the file.
            lists: Fields that may come several times.
            translate: Makes our form's fields of the request's; may raise `InvalidOptions`.
            idempotency_key: For a day, the same key with the same body is answered with the same job.
            shares_work: Whether a transcription of the same audio may serve it, where DEDUPLICATE allows that.
            may_be_bare_pcm: Whether a file that begins as no container is taken for samples (`api.bare_pcm`).

        Raises:
            ScriptoriumError: what `UploadReceiver.receive` raises; InvalidOptions, UnknownModel.
        """
        job_id = secrets.token_hex(16)
        with self._tracer.span("receive upload") as span:
            upload = await self._uploads.receive(
                request,
                job_id,
                client=client_of(request, principal),
                file_field=file_field,
                lists=lists,
                storage=lambda label: self._media.of(self._terms.label(label, principal)),
                may_be_bare_pcm=may_be_bare_pcm,
            )
            span.note({MEDIA_BYTES: upload.size_bytes, AUDIO_SECONDS: upload.audio_seconds})
        try:
            fields = translate(upload.fields)
            terms = self._terms.take(fields, principal)
            options = _options(fields)
            job = await self._job(job_id, request, principal, terms=terms, options=options)
        except BaseException:
            await self._remove_audio(job_id)
            raise
        job = replace(
            job,
            file_name=upload.file_name,
            media_bytes=upload.size_bytes,
            media_blake3=upload.blake3,
            audio_seconds=upload.audio_seconds,
            cost_seconds=_cost_seconds(upload.size_bytes, upload.audio_seconds, options),
            shares_work=shares_work and self._settings.deduplicate,
            idempotency_key=idempotency_key,
        )
        return await self._accept(job, request)

    async def of_url(
        self,
        request: Request,
        principal: Principal,
        *,
        url: str,
        options: TranscriptionOptions,
        terms: Fields,
        idempotency_key: str | None = None,
        webhook_call: WebhookCall = _USUAL_CALL,
    ) -> Accepted:
        """Accept a job whose audio is to be fetched. It shares no work: what a URL serves may change.

        Raises:
            InvalidOptions: the URL is none that is ever asked, or a term isn't valid.
            UnknownModel: there is none.
        """
        source_url = checked_url(url, self._url_policy)
        taken = self._terms.take(terms, principal)
        job = await self._job(secrets.token_hex(16), request, principal, terms=taken, options=options)
        return await self._accept(
            replace(
                job,
                source_url=source_url,
                cost_seconds=guessed_cost_seconds(options),
                idempotency_key=idempotency_key,
                webhook_call=webhook_call,
            ),
            request,
        )

    async def of_kept_upload(
        self,
        request: Request,
        principal: Principal,
        *,
        upload: KeptUpload,
        options: TranscriptionOptions,
        terms: Fields,
        webhook_call: WebhookCall = _USUAL_CALL,
    ) -> Accepted:
        """Accept a job whose audio came before it. The upload stays for others.

        Raises:
            AudioExpired: the upload is gone.
            InvalidOptions: it is stored where the job's audio must not be, or a term isn't valid.
            UnknownModel: there is none.
        """
        taken = self._terms.take(terms, principal)
        media = self._media.of(taken.sensitivity)
        if media is not self._media.of(upload.sensitivity):
            raise InvalidOptions(
                [OptionProblem("sensitivity", "the upload is stored for another label: upload it again with this key")]
            )
        job = await self._job(secrets.token_hex(16), request, principal, terms=taken, options=options)
        try:
            await asyncio.to_thread(media.duplicate, upload.upload_id, job.job_id)
        except FileNotFoundError:
            raise AudioExpired("The upload is gone: it was kept for a job to come. Upload it again.") from None
        return await self._accept(
            replace(
                job,
                upload_id=upload.upload_id,
                media_bytes=upload.size_bytes,
                media_blake3=upload.blake3,
                audio_seconds=upload.audio_seconds,
                cost_seconds=_cost_seconds(upload.size_bytes, upload.audio_seconds, options),
                shares_work=self._settings.deduplicate,
                webhook_call=webhook_call,
            ),
            request,
        )

    async def _job(
        self,
        job_id: str,
        request: Request,
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
            lane=await self._lane_that_can(options),
            options=options,
            webhook_url=terms.webhook_url,
            retention_ms=terms.retention_ms,
            sensitivity=terms.sensitivity,
            inherited=terms.inherited,
            request_id=request_id_of(request),
            traceparent=self._tracer.current().traceparent,
        )

    async def _accept(self, job: NewJob, request: Request) -> Accepted:
        """Have the store accept a job, wake a worker, and write down that it was."""
        if job.sensitivity:
            structlog.contextvars.bind_contextvars(sensitivity=job.sensitivity)
        accepted = await self._stored(job, request)
        note(request, accepted.job_id)
        if accepted.outcome is AcceptOutcome.ACCEPTED:
            self._turns.send(job.lane, waiting=accepted.waiting)
        self._metrics.upload_bytes.inc(job.media_bytes or 0)
        self._metrics.accepted.labels(accepted.outcome, job.sensitivity or "").inc()
        logger.info(
            "job_accepted",
            job_id=accepted.job_id,
            outcome=str(accepted.outcome),
            lane=job.lane,
            media_bytes=job.media_bytes,
            audio_seconds=job.audio_seconds,
        )
        return accepted

    async def _stored(self, job: NewJob, request: Request) -> Accepted:
        """Have the store accept a job; remove its audio, if there is any, unless the job needs it.

        If Redis breaks off, it may have accepted the job: then the audio stays, and an orphan is the clean-up's.
        """
        try:
            with self._tracer.span("accept job", {LANE: job.lane}) as span:
                accepted = await self._jobs.accept(job, audit=self._audit.submission(request))
                span.note({JOB_ID: accepted.job_id, OUTCOME: str(accepted.outcome)})
        except (IdempotencyConflict, QueueFull):
            await self._remove_audio(job.job_id)
            raise
        if accepted.outcome is not AcceptOutcome.ACCEPTED:
            await self._remove_audio(job.job_id)
        return accepted

    async def _remove_audio(self, job_id: str) -> None:
        """Remove audio that no job needs. What a store that is away keeps of it is the clean-up's."""
        with suppress(StoreUnavailable):
            await asyncio.to_thread(self._media.remove, job_id)

    async def _lane_that_can(self, options: TranscriptionOptions) -> str:
        """Return the lane of the model asked for.

        Raises:
            UnknownModel: there is none.
            InvalidOptions: its workers can't redact what is to be redacted, or not tell speakers apart.
        """
        lane = await self._lane(options)
        if options.redact:
            check_redaction(options.redact, lane, await self._jobs.workers())
        if options.diarize:
            check_diarization(options, lane, await self._jobs.workers())
        return lane

    async def _lane(self, options: TranscriptionOptions) -> str:
        default = lane_of(self._settings.model_size)
        if options.model in {None, default, self._settings.model_size}:
            return default
        served = {worker.lane for worker in await self._jobs.workers()}
        if options.model in served:
            return str(options.model)
        known = ", ".join(sorted(served | {default}))
        raise UnknownModel([OptionProblem("model", f"no worker serves '{options.model}'; available: {known}")])


def _options(fields: Fields) -> TranscriptionOptions:
    # An empty field is what a form sends for an option nobody filled in.
    given = {name: value for name, value in fields.items() if value != ""}
    try:
        return TranscriptionOptions.model_validate(given, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidOptions(option_problems(error)) from None


def _cost_seconds(size_bytes: int, audio_seconds: float | None, options: TranscriptionOptions) -> float:
    """Return the audio seconds that fair queuing charges: the clip's, or the whole file's."""
    total = size_bytes / BYTES_PER_SECOND_ESTIMATE if audio_seconds is None else audio_seconds
    end = total if options.clip_end_seconds is None else min(total, options.clip_end_seconds)
    return max(0.0, end - options.clip_start_seconds)
