"""`python -m worker`: runs one worker process."""

import sys

from core.entry import run_process
from worker.main import WorkerProcess
from worker.settings import WorkerSettings


def main() -> int:
    """Run a worker until it is told to stop; return its exit status."""
    return run_process(WorkerSettings, lambda settings: WorkerProcess(settings).run())


if __name__ == "__main__":
    sys.exit(main())
