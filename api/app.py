"""The gateway's composition root: builds every collaborator once and the application around them."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from api import openapi_document, problems
from api.access import Authenticator, OpenDoor
from api.activity import ActivityFeed
from api.api_key_door import ApiKeyDoor
from api.api_keys import ApiKeyStore
from api.audit import Audit, Auditing
from api.audit_log import AuditLog
from api.compat.assemblyai import error_answer as assemblyai_errors
from api.compat.openai import error_answer as openai_errors
from api.compat.whisper_asr import error_answer as whisper_asr_errors
from api.compat.whisper_cpp import error_answer as whisper_cpp_errors
from api.correction_store import CorrectionStore
from api.dead_letter_store import DeadLetterStore
from api.disk_process import DiskProcess
from api.dispatch import TurnSender
from api.eraser import Eraser
from api.events import JobEvents
from api.forecast import Forecast
from api.golden_set_door import GoldenSetDoor
from api.job_store import JobStore, QueueLimits
from api.job_terms import TermsPolicy
from api.jwt_door import JwtDoor
from api.kept_uploads import KeptUploads
from api.metrics import GatewayMetrics
from api.observation import Observation
from api.page_files import PageFiles
from api.part_writers import ThreadedWriters
from api.plain_uploads import PlainUploads
from api.rate_limits import HEADERS as RATE_LIMIT_HEADERS
from api.rate_limits import RateLimits
from api.request_traces import RequestTraces
from api.response_headers import ResponseHeaders
from api.routes import (
    assemblyai,
    audio,
    corrections,
    dead_letters,
    documentation,
    jobs,
    keys,
    openai,
    operations,
    page,
    tenants,
    transcribe,
    transcribe_async,
    webhooks,
    whisper_asr,
    whisper_cpp,
)
from api.routes import audit as audit_routes
from api.routes import search as search_routes
from api.search.service import TranscriptSearch
from api.services import Services
from api.settings import GatewaySettings
from api.short_ways import ShortWay, ShortWays
from api.signing_keys import SigningKeys
from api.status_polls import StatusPolls
from api.submissions import Submissions
from api.synchronous import ON_DISCONNECT_HEADER, SynchronousCalls
from api.upload_pace import UploadPace
from api.uploads import UploadLimits, UploadReceiver
from api.waiting import JobWaiter
from api.webhook_store import WebhookStore
from core.celery_app import create_celery
from core.errors import ConfigurationError
from core.media_stores import MediaStores
from core.redis_clients import connect_async
from core.sensitivity import Sensitivity
from core.tracing import NO_TRACES, build_tracer
from core.user_urls import UrlPolicy
from core.version import VERSION
from core.webhook_signatures import WebhookSigner

_DESCRIPTION = """\
POST audio to `/transcribe`, follow `/status/{job_id}` or `/events/{job_id}`, fetch `/result/{job_id}`.

A 202 means that the job is stored: it survives the death of any one process and takes effect once.
Every error is an RFC 9457 problem document with a stable `code`.
"""
_CORS_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CORS_REQUEST_HEADERS = (
    "Authorization",
    "X-API-Key",
    "Idempotency-Key",
    "Last-Event-ID",
    "Cache-Control",
    "Range",
    "If-Range",
    "X-Request-ID",
    ON_DISCONNECT_HEADER,
)
_CORS_RESPONSE_HEADERS = (
    "Location",
    "Retry-After",
    "X-Request-ID",
    "X-Job-Id",
    "Idempotency-Replayed",
    "Content-Range",
    "Content-Disposition",
    "ETag",
    *RATE_LIMIT_HEADERS,
)

_THREADS = 16
"""For what would block the event loop. They wait for disks, not for cores, of which asyncio's own number depends."""

_ERROR_SHAPES: dict[str, problems.ErrorShape] = {
    "/v1/": openai_errors,
    "/inference": whisper_cpp_errors,
    "/v2/": assemblyai_errors,
    "/asr": whisper_asr_errors,
    "/detect-language": whisper_asr_errors,
}
"""How the APIs that we are compatible with write errors, by what their paths begin with."""


class _Gateway(FastAPI):
    """The application. What has a short way is answered before anything else of it has begun."""

    def __init__(self, *, short_ways: ShortWays, **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(**options)
        self._short_ways = short_ways

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's whole life."""
        if (way := self._short_ways.of(scope)) is None:
            await super().__call__(scope, receive, send)
        else:
            scope["app"] = self
            await self._short_ways.serve(way, scope, receive, send)


def create_app(settings: GatewaySettings, *, metrics_folder: Path | None = None) -> FastAPI:
    """Return the gateway as an ASGI application, which keeps its metrics in a folder if it shares them with others.

    Raises:
        ConfigurationError: what AUTH_MODE needs is missing, or what webhooks, sensitivity labels or traces need
            can't be used.
    """
    WebhookSigner.parse(settings.webhook_secret)  # only the deliverer signs, but here a mistake is seen
    metrics = GatewayMetrics(metrics_folder)
    tracer = build_tracer(settings, "gateway")
    client = connect_async(settings.redis)
    store = JobStore(
        client,
        result_ttl_ms=settings.result_ttl_ms,
        record_ttl_ms=settings.record_ttl_ms,
        idempotency_ttl_ms=settings.idempotency_ttl_ms,
        limits=QueueLimits(settings.max_queue_jobs, settings.max_queue_audio_seconds),
    )
    activity = ActivityFeed(client)
    waiter = JobWaiter(store, activity)
    forecast = Forecast(store)
    api_keys = ApiKeyStore(client)
    door = _door(settings, api_keys)
    audit_log = AuditLog(client, most=settings.audit_max_entries)
    audit = Audit(audit_log if settings.audit_days else None, unstored=metrics.audit_unstored)
    url_policy = UrlPolicy.parse(settings.outbound_allowed_networks)
    sensitivity = Sensitivity.of(settings)
    media = MediaStores.of_settings(settings, sensitivity)
    disk = DiskProcess(elsewhere=ThreadedWriters(), deaths=metrics.disk_process_deaths)
    uploads = UploadReceiver(
        media, _upload_limits(settings), writers=disk, observe=metrics.uploads_under_way.set, tracer=tracer
    )
    turns = TurnSender(create_celery(settings.broker))
    terms = TermsPolicy(
        signs_webhooks=bool(settings.webhook_secret),
        url_policy=url_policy,
        result_ttl_hours=settings.result_ttl_hours,
        sensitivity=sensitivity,
    )
    kept_uploads = KeptUploads(client, uploads=uploads, media=media, terms=terms)
    search = TranscriptSearch.of_settings(settings, client, metrics)
    services = Services(
        settings=settings,
        authenticator=GoldenSetDoor(door, settings.golden_set_key) if settings.golden_set_key else door,
        rate_limits=RateLimits(
            client,
            submit=settings.rate_limit_submit,
            read=settings.rate_limit_read,
            skipped=metrics.rate_limits_skipped,
        ),
        audit=audit,
        audit_log=audit_log,
        api_keys=api_keys,
        jobs=store,
        corrections=CorrectionStore(client),
        dead_letters=DeadLetterStore(client),
        media=media,
        uploads=uploads,
        kept_uploads=kept_uploads,
        submissions=Submissions(
            settings=settings,
            jobs=store,
            media=media,
            uploads=uploads,
            terms=terms,
            url_policy=url_policy,
            turns=turns,
            audit=audit,
            metrics=metrics,
            tracer=tracer,
        ),
        waiter=waiter,
        synchronous=SynchronousCalls(
            jobs=store, waiter=waiter, activity=activity, audit=audit, wait_seconds=settings.sync_wait_seconds
        ),
        turns=turns,
        metrics=metrics,
        activity=activity,
        forecast=forecast,
        events=JobEvents(store, activity, forecast),
        search=search,
        webhooks=WebhookStore(client),
        terms=terms,
        eraser=Eraser(store, media, api_keys, kept_uploads),
        page_files=PageFiles.found(),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # A bucket may leave every upload waiting at once, and nobody else is to wait for that.
        _provide_threads(_THREADS if media.are_local else _THREADS + settings.max_uploads)
        activity.start()
        search.start()
        if isinstance(door, ApiKeyDoor):
            await door.warn_if_locked()
        async with disk.running(at_once=media.are_local):
            yield
        activity.close()
        await search.close()
        await audit.close()
        services.turns.close()
        await client.aclose()
        await asyncio.to_thread(tracer.close)

    app = _Gateway(
        short_ways=_short_ways(services, are_traced=tracer is not NO_TRACES),
        title="Scriptorium",
        version=VERSION,
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=documentation.OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # ours (core.tracing) tell no path or query
    )
    app.state.services = services
    # What is added last is the outermost.
    problems.install(app, _ERROR_SHAPES)
    app.add_middleware(Auditing, audit=audit)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=_CORS_METHODS,
            allow_headers=_CORS_REQUEST_HEADERS,
            expose_headers=_CORS_RESPONSE_HEADERS,
        )
    app.add_middleware(ResponseHeaders)
    if tracer is not NO_TRACES:
        app.add_middleware(RequestTraces, tracer=tracer)
    app.add_middleware(Observation, metrics=metrics)
    for routes in (
        transcribe,
        openai,
        whisper_cpp,
        transcribe_async,
        jobs,
        audio,
        search_routes,
        corrections,
        webhooks,
        dead_letters,
        keys,
        tenants,
        audit_routes,
        operations,
        documentation,
        assemblyai,
        whisper_asr,
        page,
    ):
        app.include_router(routes.router)

    openapi_document.install(app, settings.auth_mode)
    return app


def _short_ways(services: Services, *, are_traced: bool) -> ShortWays:
    """Return the short ways there are; the middleware that traces requests is on none of them."""
    ways: list[ShortWay] = [StatusPolls(jobs=services.jobs, forecast=services.forecast)]
    if not are_traced:
        ways.append(PlainUploads(services.submissions))
    return ShortWays(ways, audit=services.audit, metrics=services.metrics)


def _provide_threads(most: int) -> None:
    """Have so many threads for what would block the running event loop."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(most, thread_name_prefix="disk"))


def _upload_limits(settings: GatewaySettings) -> UploadLimits:
    return UploadLimits(
        max_file_bytes=settings.max_file_bytes,
        min_free_disk_bytes=settings.min_free_disk_bytes,
        max_uploads=settings.max_uploads,
        max_uploads_per_client=settings.max_uploads_per_client,
        pace=UploadPace(
            min_bytes_per_second=settings.min_upload_bytes_per_second,
            grace_seconds=settings.upload_grace_seconds,
            timeout_seconds=settings.upload_timeout_seconds,
        ),
    )


def _door(settings: GatewaySettings, api_keys: ApiKeyStore) -> Authenticator:
    match settings.auth_mode:
        case "none":
            return OpenDoor()
        case "api_key":
            return ApiKeyDoor(api_keys, admin_key=settings.admin_key)
        case "jwt":
            missing = [name for name in ("jwt_jwks_url", "jwt_issuer", "jwt_audience") if not getattr(settings, name)]
            if missing:
                raise ConfigurationError(f"AUTH_MODE=jwt needs {', '.join(name.upper() for name in missing)} as well.")
            return JwtDoor(
                SigningKeys(settings.jwt_jwks_url),
                issuer=settings.jwt_issuer,
                audience=settings.jwt_audience,
                tenant_claim=settings.jwt_tenant_claim,
            )
