"""Ends a process whose inference hangs: no thread can be stopped from outside, a process can."""

import os
import threading
from collections.abc import Callable

import structlog

from core.errors import FailureCode
from worker.handover import Handover
from worker.job_runner import JobRunner
from worker.running_jobs import RunningJobs

WATCHDOG_EXIT_STATUS = 70
"""Exit status of a worker that its watchdog has ended (EX_SOFTWARE of sysexits.h); its supervisor restarts it."""

logger = structlog.get_logger(__name__)


def _exit() -> None:
    os._exit(WATCHDOG_EXIT_STATUS)


class Watchdog:
    """Looks for attempts with a step that takes longer than `limit_seconds`.

    `stopping` is set first and keeps the process from claiming anything more. The attempt is charged as an error, so
    that a file that hangs every time is given up in the end; the others of the process are handed back and lose nothing
    but the passage under way.
    """

    def __init__(
        self,
        *,
        running: RunningJobs,
        runner: JobRunner,
        handover: Handover,
        limit_seconds: float,
        stopping: threading.Event,
        end_process: Callable[[], None] = _exit,
    ) -> None:
        self._running = running
        self._runner = runner
        self._handover = handover
        self._limit_seconds = limit_seconds
        self._stopping = stopping
        self._end_process = end_process

    def look(self) -> None:
        """Look once; does not return if something hangs.

        Raises:
            Exception: something hangs and Redis can't be told; the next look tries again.
        """
        attempts = self._running.snapshot()
        hung = [each for each in attempts if each.computing_seconds > self._limit_seconds]
        if not hung:
            return
        # Before anything is handed back: a free slot of this process would take it right away, and die with it.
        self._stopping.set()
        logger.error("inference_hangs", work_ids=[each.work.work_id for each in hung], seconds=self._limit_seconds)
        for each in hung:
            self._runner.end_in_error(
                each, FailureCode.TIMED_OUT, f"No progress for {self._limit_seconds:g} s (WATCHDOG_SECONDS)."
            )
        self._handover.hand_back([each for each in attempts if each not in hung])
        self._end_process()
