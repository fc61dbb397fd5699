"""`python -m worker`: runs one worker process."""

import sys

from core.errors import CONFIGURATION_EXIT_STATUS, ConfigurationError
from core.logs import configure_logging
from worker.main import WorkerProcess
from worker.settings import WorkerSettings


def main() -> int:
    """Run a worker until it is told to stop; return its exit status."""
    try:
        settings = WorkerSettings.read()
        configure_logging(settings.log_level, settings.log_format)
        process = WorkerProcess(settings)
    except ConfigurationError as error:
        print(error.detail, file=sys.stderr)  # noqa: T201 - meant for a person, as it is
        return CONFIGURATION_EXIT_STATUS
    return process.run()


if __name__ == "__main__":
    sys.exit(main())
