"""`python -m worker.beat`: what goes on beside speech: Celery beat, a worker for the clean-up it schedules, webhooks.

So neither does a busy lane hold these up, nor do they take a slot from speech. One is enough, two are no harm, none is
no danger: nothing that keeps a job depends on it, and webhooks wait in the outbox.
"""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import structlog
from celery.beat import Scheduler, Service
from prometheus_client import CollectorRegistry

from core.celery_app import create_celery
from core.entry import run_process
from core.errors import ConfigurationError
from core.lanes import CLEAN_UP_TASK, MAINTENANCE_QUEUE, lane_of
from core.media_stores import MediaStores
from core.redis_clients import connect
from core.sensitivity import Sensitivity
from core.tracing import build_tracer
from core.user_urls import UrlPolicy
from core.webhook_signatures import WebhookSigner
from worker.background import Background
from worker.clean_up import AudioPolicy, clean_up
from worker.golden.front_door import FrontDoor
from worker.golden.metrics import GoldenMetrics
from worker.golden.references import SHIPPED, GoldenSet
from worker.golden.store import GoldenStore
from worker.job_store import JobStore
from worker.metrics import BeatMetrics
from worker.outbound import Outbound
from worker.outbox import Outbox
from worker.settings import WorkerSettings
from worker.tasks import register_clean_up
from worker.webhooks import Deliverer

if TYPE_CHECKING:
    from worker.golden.runner import GoldenRunner

_OUTBOX_SECONDS = 1.0
"""Time between two looks for webhooks that are due."""
_GOLDEN_SET_SECONDS = 5.0
"""Time between two looks whether the golden set is due."""


def main() -> int:
    """Run beat until it is told to stop; return its exit status."""
    return run_process(WorkerSettings, _run)


def _run(settings: WorkerSettings) -> int:
    metrics = BeatMetrics()
    metrics_port = metrics.serve(settings.metrics_host, settings.metrics_port)
    structlog.get_logger("worker.beat").info(
        "beat_starting", clean_up_seconds=settings.clean_up_seconds, metrics_port=metrics_port
    )
    name = f"beat@{socket.gethostname()}-{os.getpid()}"
    store = JobStore(
        connect(settings.redis),
        worker=name,
        lease_ms=settings.lease_ms,
        result_ttl_ms=settings.result_ttl_ms,
        record_ttl_ms=settings.record_ttl_ms,
    )
    media = MediaStores.of_settings(settings, Sensitivity.of(settings))
    app = create_celery(settings.broker, queue=MAINTENANCE_QUEUE)
    app.conf.beat_schedule = {
        "clean-up": {
            "task": CLEAN_UP_TASK,
            "schedule": settings.clean_up_seconds,
            # One that nobody took in time is replaced by the next.
            "options": {"queue": MAINTENANCE_QUEUE, "expires": settings.clean_up_seconds},
        }
    }

    audio = AudioPolicy(
        orphan_seconds=settings.orphan_seconds, keep_ms=settings.keep_audio_ms, roomy_bytes=settings.roomy_disk_bytes
    )

    def clean() -> str:
        report = clean_up(
            store,
            media,
            audio,
            record_age_ms=settings.result_ttl_ms + settings.record_ttl_ms,
            audit_age_ms=settings.audit_ms,
        )
        metrics.observe_clean_up(asdict(report))
        return str(report)

    register_clean_up(app, clean)
    # A thread: a process would live on if this one is killed. The plain scheduler keeps no file: a schedule of
    # intervals has nothing to remember.
    beat = Service(app, scheduler_cls=Scheduler)
    threading.Thread(target=beat.start, name="beat", daemon=True).start()
    worker = app.Worker(
        hostname=name,
        pool="threads",
        concurrency=1,
        queues=[MAINTENANCE_QUEUE],
        without_gossip=True,
        without_mingle=True,
        quiet=True,
        loglevel=settings.log_level,
    )
    with _delivering(settings, metrics), _watching_quality(settings, metrics):
        worker.start()
    beat.stop()
    return int(worker.exitcode or 0)


@contextmanager
def _delivering(settings: WorkerSettings, metrics: BeatMetrics) -> Iterator[None]:
    """Deliver webhooks meanwhile, if there is something to sign them with."""
    signer = WebhookSigner.parse(settings.webhook_secret)
    if signer is None:
        yield
        return
    outbound = Outbound(UrlPolicy.parse(settings.outbound_allowed_networks))
    tracer = build_tracer(settings, "beat")
    deliverer = Deliverer(Outbox(connect(settings.redis)), outbound, signer, tracer=tracer)
    loop = Background("webhooks", deliverer.run, every_seconds=_OUTBOX_SECONDS, metrics=metrics)
    loop.start()
    try:
        yield
    finally:
        deliverer.stop()
        loop.stop()
        tracer.close()


@contextmanager
def _watching_quality(settings: WorkerSettings, metrics: BeatMetrics) -> Iterator[None]:
    """Run the golden set meanwhile, if it is to run."""
    if not settings.golden_set_hours:
        yield
        return
    runner = _golden_runner(settings, metrics.registry)
    loop = Background("golden-set", runner.run_if_due, every_seconds=_GOLDEN_SET_SECONDS, metrics=metrics)
    loop.start()
    try:
        yield
    finally:
        runner.stop()
        loop.stop()


def _golden_runner(settings: WorkerSettings, registry: CollectorRegistry) -> "GoldenRunner":
    """Return what runs the golden set.

    Raises:
        ConfigurationError: there is no key for the gateway, no set, or nothing to score it with.
    """
    if not settings.golden_set_key:
        raise ConfigurationError("GOLDEN_SET_HOURS needs GOLDEN_SET_KEY, the same as the gateway's.")
    try:
        # An extra: whoever runs no golden set needs none of it.
        from worker.golden.runner import GoldenRunner
    except ImportError as error:
        raise ConfigurationError(f"GOLDEN_SET_HOURS needs the extra 'golden' ({error.name} is missing).") from None
    return GoldenRunner(
        GoldenSet.read(settings.golden_set_dir or SHIPPED),
        GoldenStore(connect(settings.redis)),
        GoldenMetrics(registry),
        partial(FrontDoor, settings.golden_set_url, settings.golden_set_key),
        model=lane_of(settings.model_size),
        every_seconds=settings.golden_set_seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
