"""`python -m worker.beat`: Celery beat, with a worker of its own for what it schedules: the clean-up.

So neither does a busy lane hold the clean-up up, nor does it take a slot from speech. One is enough, two are no harm,
none is no danger: nothing that keeps a job depends on it.
"""

import os
import socket
import sys
import threading

import structlog
from celery.beat import Scheduler, Service

from core.celery_app import create_celery
from core.entry import run_process
from core.lanes import CLEAN_UP_TASK, MAINTENANCE_QUEUE
from core.media_files import MediaFiles
from core.redis_clients import connect
from worker.clean_up import clean_up
from worker.job_store import JobStore
from worker.settings import WorkerSettings
from worker.tasks import register_clean_up


def main() -> int:
    """Run beat until it is told to stop; return its exit status."""
    return run_process(WorkerSettings, _run)


def _run(settings: WorkerSettings) -> int:
    structlog.get_logger("worker.beat").info("beat_starting", clean_up_seconds=settings.clean_up_seconds)
    name = f"beat@{socket.gethostname()}-{os.getpid()}"
    store = JobStore(
        connect(settings.redis),
        worker=name,
        lease_ms=settings.lease_ms,
        result_ttl_ms=settings.result_ttl_ms,
        record_ttl_ms=settings.record_ttl_ms,
    )
    media = MediaFiles.under(settings.data_dir)
    app = create_celery(settings.broker, queue=MAINTENANCE_QUEUE)
    app.conf.beat_schedule = {
        "clean-up": {
            "task": CLEAN_UP_TASK,
            "schedule": settings.clean_up_seconds,
            # One that nobody took in time is replaced by the next.
            "options": {"queue": MAINTENANCE_QUEUE, "expires": settings.clean_up_seconds},
        }
    }
    register_clean_up(
        app,
        lambda: str(
            clean_up(
                store,
                media,
                orphan_seconds=settings.orphan_seconds,
                record_age_ms=settings.result_ttl_ms + settings.record_ttl_ms,
            )
        ),
    )
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
    worker.start()
    beat.stop()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
