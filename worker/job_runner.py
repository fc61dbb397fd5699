"""Runs one attempt of a job: transcribe, commit each segment as it comes, finish with the right ending."""

import random
import time
from typing import Final

import structlog
from redis.exceptions import RedisError

from core.errors import FailureCode, TranscriptionFailure
from core.job import Job
from core.media_files import MediaFiles
from worker.job_store import Hold, JobStore
from worker.metrics import WorkerMetrics
from worker.running_jobs import RunningJob, RunningJobs
from worker.transcriber import Transcriber

_BACKOFF_BASE_SECONDS: Final = 2.0
_BACKOFF_CAP_SECONDS: Final = 300.0

logger = structlog.get_logger(__name__)


class JobRunner:
    """Runs attempts, from any number of threads at once."""

    def __init__(
        self,
        *,
        store: JobStore,
        media: MediaFiles,
        transcriber: Transcriber,
        running: RunningJobs,
        metrics: WorkerMetrics,
        max_attempts: int,
    ) -> None:
        self._store = store
        self._media = media
        self._transcriber = transcriber
        self._running = running
        self._metrics = metrics
        self._max_attempts = max_attempts

    def run(self, job: Job) -> str:
        """Run a claimed job to an end and return which: a final status, `queued` (to be tried again), or `lost`.

        Never raises: whatever goes wrong is the attempt's end, not the worker's.
        """
        started = time.monotonic()
        with (
            structlog.contextvars.bound_contextvars(job_id=job.job_id, lane=job.lane, fence=job.fence),
            self._running.track(job) as running,
            self._metrics.running.track_inprogress(),
        ):
            logger.info("attempt_started", attempt=job.attempts, cost_seconds=job.cost_seconds)
            try:
                outcome = self._attempt(running)
            except RedisError as error:
                # Nothing can be said to Redis now. The lease lapses and the job is run again, by whoever is there.
                logger.warning("attempt_abandoned", error=type(error).__name__)
                outcome = "lost"
            seconds = time.monotonic() - started
            self._metrics.attempts.labels(outcome).inc()
            logger.info("attempt_ended", outcome=outcome, seconds=round(seconds, 2))
            return outcome

    def _attempt(self, running: RunningJob) -> str:
        job = running.job
        try:
            return self._transcribe(running)
        except RedisError:
            raise
        except TranscriptionFailure as failure:
            if failure.failure.is_media_fault:
                self._metrics.failures.labels(failure.failure).inc()
                return self._store.fail(job, failure.failure, failure.detail)
            return self._retry(job, failure.failure, failure.detail)
        except MemoryError:
            return self._retry(job, FailureCode.OUT_OF_MEMORY, "The worker ran out of memory.")
        except Exception:
            logger.exception("attempt_error")
            return self._retry(job, FailureCode.INTERNAL_ERROR, "An unexpected error; its traceback is in the log.")

    def _transcribe(self, running: RunningJob) -> str:
        job = running.job
        started = time.monotonic()
        transcription = self._transcriber.transcribe(self._media.path(job.job_id), job.options)
        info = transcription.info
        running.note(self._store.report(job, progress_seconds=job.options.clip_start_seconds, info=info))
        committed = 0
        # A report, a heartbeat or the hand-back may hear that the job is to stop, or is not ours any more.
        while running.hold is Hold.HELD and (segment := next(transcription.segments, None)) is not None:
            running.note(self._store.report(job, segments=[segment], committed=committed, progress_seconds=segment.end))
            committed += 1
        match running.hold:
            case Hold.LOST:
                return "lost"
            case Hold.CANCEL:
                return self._store.confirm_cancel(job)
            case Hold.HELD:
                outcome = self._store.complete(job, info)
                if outcome == "completed":
                    self._metrics.observe_completed(info.duration_seconds, time.monotonic() - started)
                return outcome

    def _retry(self, job: Job, failure: FailureCode, detail: str) -> str:
        """Queue the job for another attempt, later and later, with jitter so that many don't come back at once."""
        self._metrics.failures.labels(failure).inc()
        ceiling = min(_BACKOFF_CAP_SECONDS, _BACKOFF_BASE_SECONDS * 2**job.errors)
        return self._store.retry(
            job,
            FailureCode.ATTEMPTS_EXHAUSTED,
            f"{self._max_attempts} attempts ended in an error, the last one in {failure}: {detail}",
            delay_seconds=random.uniform(ceiling / 2, ceiling),  # noqa: S311 - jitter, not a secret
            max_attempts=self._max_attempts,
        )
