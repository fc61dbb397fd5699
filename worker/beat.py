"""`python -m worker.beat`: Celery beat, which asks a worker for the clean-up every CLEAN_UP_SECONDS.

One is enough, none is no danger: nothing that keeps a job depends on it.
"""

import sys

import structlog

from core.celery_app import create_celery
from core.errors import CONFIGURATION_EXIT_STATUS, ConfigurationError
from core.lanes import CLEAN_UP_TASK, MAINTENANCE_QUEUE
from core.logs import configure_logging
from worker.settings import WorkerSettings


def main() -> int:
    """Run beat until it is told to stop; return its exit status."""
    try:
        settings = WorkerSettings.read()
    except ConfigurationError as error:
        print(error.detail, file=sys.stderr)  # noqa: T201 - logging is not set up without settings
        return CONFIGURATION_EXIT_STATUS
    configure_logging(settings.log_level, settings.log_format)
    app = create_celery(settings.broker)
    app.conf.beat_schedule = {
        "clean-up": {
            "task": CLEAN_UP_TASK,
            "schedule": settings.clean_up_seconds,
            # One that nobody took in time is replaced by the next.
            "options": {"queue": MAINTENANCE_QUEUE, "expires": settings.clean_up_seconds},
        }
    }
    structlog.get_logger("worker.beat").info("beat_starting", clean_up_seconds=settings.clean_up_seconds)
    # The plain scheduler keeps no file: a schedule of intervals has nothing to remember.
    app.Beat(scheduler_cls="celery.beat:Scheduler", quiet=True, loglevel=settings.log_level).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
