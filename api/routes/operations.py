"""What operators and their tools ask: liveness, readiness, statistics, metrics."""

import asyncio
from http import HTTPStatus
from typing import Literal

import structlog
from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from api.access import require
from api.job_store import LaneState
from api.principal import Scope
from api.problems import guarded_responses
from api.services import Services, WithServices
from api.store_metrics import StoreMetrics, StoreReading
from api.views import Health, LaneView, Readiness, Stats
from core.version import VERSION
from core.worker_entry import WorkerState

router = APIRouter(tags=["operations"])
_DISK_SECONDS = 2.0
"""A remote disk that takes longer to say how full it is must not cost the whole scrape."""

logger = structlog.get_logger(__name__)


@router.get("/health", summary="Liveness")
async def health() -> Health:
    """Answer as long as the process can answer; asks nobody else."""
    return Health()


@router.get(
    "/health/ready",
    summary="Readiness",
    responses={503: {"model": Readiness, "description": "Redis is away, or no worker is ready."}},
)
async def ready(services: WithServices, response: Response) -> Readiness:
    """Tell whether jobs posted now will be done, by whom, and how long the queue is."""
    try:
        lanes = await services.jobs.lanes()
        workers = await services.jobs.workers()
    except RedisError:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Readiness(
            status="store_unavailable",
            version=VERSION,
            redis=False,
            queue=[],
            workers=[],
            mean_latency_seconds=None,
        )
    state: Literal["ready", "no_workers"] = "no_workers"
    if any(worker.state is WorkerState.READY for worker in workers):
        state = "ready"
    else:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(
        status=state,
        version=VERSION,
        redis=True,
        queue=_lane_views(lanes),
        workers=workers,
        mean_latency_seconds=_ratio(_total(lanes, "transcribed_latency_ms"), _total(lanes, "transcribed"), scale=1000),
    )


@router.get("/stats", summary="Statistics", responses=guarded_responses(), dependencies=[Depends(require(Scope.ADMIN))])
async def stats(services: WithServices) -> Stats:
    """Return what the installation has done and is doing."""
    lanes = await services.jobs.lanes()
    audio_ms = _total(lanes, "transcribed_audio_ms")
    processing_ms = _total(lanes, "transcribed_processing_ms")
    return Stats(
        queue=_lane_views(lanes),
        processing_jobs=await services.jobs.processing_jobs(),
        dead_letters=await services.dead_letters.count(),
        workers=await services.jobs.workers(),
        accepted=_total(lanes, "accepted"),
        joined=_total(lanes, "joined"),
        cached=_total(lanes, "cached"),
        completed=_total(lanes, "completed"),
        failed=_total(lanes, "failed"),
        cancelled=_total(lanes, "cancelled"),
        attempt_errors=_total(lanes, "errors"),
        lease_expiries=_total(lanes, "lease_expiries"),
        audio_seconds_completed=audio_ms / 1000,
        processing_seconds=processing_ms / 1000,
        rtf=_ratio(processing_ms, audio_ms),
        mean_latency_seconds=_ratio(_total(lanes, "transcribed_latency_ms"), _total(lanes, "transcribed"), scale=1000),
    )


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": 'transcription_queue_depth{lane="base"} 3.0\n'}}}},
)
async def metrics(services: WithServices) -> Response:
    """Return the gateway's metrics and, while Redis answers, what it knows of queue, workers and webhooks."""
    try:
        reading = await _reading(services)
    except RedisError as error:
        reading = None
        logger.warning("store_not_measured", error=type(error).__name__)
    store = StoreMetrics(reading, media_free_bytes=await _media_free_bytes(services))
    return Response(services.metrics.exposition(store), media_type=CONTENT_TYPE_LATEST)


async def _reading(services: Services) -> StoreReading:
    return StoreReading(
        lanes=await services.jobs.lanes(),
        workers=await services.jobs.workers(),
        jobs_processing=await services.jobs.processing_jobs(),
        dead_letters=await services.dead_letters.count(),
        corrections=await services.corrections.totals(),
        webhooks_waiting=await services.webhooks.waiting(),
        webhook_attempts=await services.webhooks.attempts_by_outcome(),
    )


async def _media_free_bytes(services: Services) -> float | None:
    try:
        return await asyncio.wait_for(asyncio.to_thread(services.media.least_free_bytes), _DISK_SECONDS)
    except (OSError, TimeoutError) as error:
        logger.warning("media_disk_not_measured", error=type(error).__name__)
        return None


def _lane_views(lanes: list[LaneState]) -> list[LaneView]:
    return [
        LaneView(model=lane.lane, pending_jobs=lane.pending_jobs, pending_audio_seconds=lane.pending_audio_seconds)
        for lane in lanes
    ]


def _total(lanes: list[LaneState], event: str) -> int:
    return sum(lane.counters.get(event, 0) for lane in lanes)


def _ratio(numerator: int, denominator: int, *, scale: int = 1) -> float | None:
    return round(numerator / denominator / scale, 4) if denominator else None
