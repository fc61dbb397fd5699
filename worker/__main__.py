"""`python -m worker`: runs one worker process until it is told to stop."""

import sys

from core.entry import run_process
from worker.main import WorkerProcess
from worker.settings import WorkerSettings

if __name__ == "__main__":
    sys.exit(run_process(WorkerSettings, lambda settings: WorkerProcess(settings).run()))
