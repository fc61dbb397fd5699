"""Runs one attempt of a job: fetch its audio if need be, transcribe, commit segments as they come, end it rightly."""

import random
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import structlog
from redis.exceptions import RedisError

from core.errors import FailureCode, StoreUnavailable, TranscriptionFailure
from core.media_stores import MediaStores
from core.sensitivity import Sensitivity
from core.tracing import ATTEMPT, AUDIO_SECONDS, JOB_ID, LANE, MEDIA_BYTES, NO_TRACES, OUTCOME, Facts, Tracer
from core.transcript import TranscriptInfo
from core.work import Work
from worker.fetching import AudioFetcher
from worker.job_store import Hold, JobStore
from worker.malware_scan import MalwareScan
from worker.metrics import WorkerMetrics
from worker.outages import NO_PATIENCE, Patience
from worker.running_jobs import RunningJob, RunningJobs
from worker.transcriber import NOTHING_KNOWN, Checkpoint, Transcriber

_BACKOFF_BASE_SECONDS: Final = 2.0
_OTHERS_BACKOFF_BASE_SECONDS: Final = 10.0
"""The same when it is another server that must recover."""
_OTHERS: Final = frozenset({FailureCode.URL_UNREACHABLE, FailureCode.MEDIA_UNAVAILABLE})
_BACKOFF_CAP_SECONDS: Final = 300.0
_NO_LABELS: Final = Sensitivity()

logger = structlog.get_logger(__name__)


class JobRunner:
    """Runs attempts, from any number of threads at once."""

    def __init__(
        self,
        *,
        store: JobStore,
        media: MediaStores,
        fetcher: AudioFetcher,
        malware_scan: MalwareScan,
        transcriber: Transcriber,
        running: RunningJobs,
        metrics: WorkerMetrics,
        max_attempts: int,
        sensitivity: Sensitivity = _NO_LABELS,
        media_patience: Patience = NO_PATIENCE,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        self._store = store
        self._media = media
        self._fetcher = fetcher
        self._malware_scan = malware_scan
        self._transcriber = transcriber
        self._running = running
        self._metrics = metrics
        self._max_attempts = max_attempts
        self._sensitivity = sensitivity
        self._media_patience = media_patience
        self._tracer = tracer

    def run(self, work: Work) -> str:
        """Run a claimed work to an end and return which: a final status, `queued` (to be tried again), or `lost`.

        Never raises: whatever goes wrong is the attempt's end, not the worker's.
        """
        started = time.monotonic()
        facts: Facts = {JOB_ID: work.work_id, LANE: work.lane, ATTEMPT: work.attempts}
        with (
            self._tracer.span("attempt", facts, kind="consumer", parent=work.traceparent) as span,
            structlog.contextvars.bound_contextvars(
                work_id=work.work_id,
                lane=work.lane,
                fence=work.fence,
                **_given(request_id=work.request_id, sensitivity=work.sensitivity, trace_id=span.trace_id),
            ),
            self._running.track(work) as running,
            self._metrics.running.track_inprogress(),
        ):
            logger.info(
                "attempt_started",
                attempt=work.attempts,
                cost_seconds=work.cost_seconds,
                resumed_from_seconds=work.progress_seconds,
            )
            try:
                outcome = self._attempt(running)
            except RedisError as error:
                # Nothing can be said to Redis now. The lease lapses and the work is done by whoever is there then.
                logger.warning("attempt_abandoned", error=type(error).__name__)
                outcome = "lost"
            seconds = time.monotonic() - started
            self._metrics.attempts.labels(outcome, self._sensitivity.counted(work.sensitivity)).inc()
            span.note({OUTCOME: outcome})
            logger.info("attempt_ended", outcome=outcome, seconds=round(seconds, 2))
            return outcome

    def end_in_error(self, running: RunningJob, error: FailureCode, detail: str) -> str:
        """Queue a work for another attempt, later and later, with jitter so that many don't come back at once."""
        work = running.work
        self._note_failure(error)
        base = _OTHERS_BACKOFF_BASE_SECONDS if error in _OTHERS else _BACKOFF_BASE_SECONDS
        ceiling = min(_BACKOFF_CAP_SECONDS, base * 2**work.errors)
        outcome = self._store.retry(
            work,
            error,
            detail,
            delay_seconds=random.uniform(ceiling / 2, ceiling),  # noqa: S311 - jitter, not a secret
            max_attempts=self._max_attempts,
        )
        running.note(Hold.LOST)
        return outcome

    def _note_failure(self, code: FailureCode) -> None:
        self._metrics.failures.labels(code).inc()
        self._tracer.current().fail(code)

    def _attempt(self, running: RunningJob) -> str:
        try:
            return self._transcribe(running)
        except RedisError:
            raise
        except TranscriptionFailure as failure:
            if failure.failure.is_media_fault:
                self._note_failure(failure.failure)
                return self._store.fail(running.work, failure.failure, failure.detail)
            return self.end_in_error(running, failure.failure, failure.detail)
        except StoreUnavailable as away:
            return self.end_in_error(running, FailureCode.MEDIA_UNAVAILABLE, away.detail)
        except MemoryError:
            return self.end_in_error(running, FailureCode.OUT_OF_MEMORY, "The worker ran out of memory.")
        except Exception:
            logger.exception("attempt_error")
            return self.end_in_error(
                running, FailureCode.INTERNAL_ERROR, "An unexpected error; its traceback is in the log."
            )

    def _fetch(self, running: RunningJob, url: str) -> None:
        """Bring the audio of a URL into the media store, unless the work is to stop or not ours any more."""
        work = running.work
        media = self._media.of(work.sensitivity)
        with self._tracer.span("fetch audio") as span:
            media_bytes = self._fetcher.fetch(work.work_id, url, media, is_wanted=lambda: running.hold is Hold.HELD)
            span.note({MEDIA_BYTES: media_bytes})
        if media_bytes is not None:
            running.note(self._store.fetched(work, media_bytes=media_bytes))

    def _transcribe(self, running: RunningJob) -> str:
        work = running.work
        if work.source_url is not None:
            self._fetch(running, work.source_url)
        store = self._media.of(work.sensitivity)
        with ExitStack() as held:
            media = self._media_patience.repeat(
                lambda: held.enter_context(store.at_hand(work.work_id, lambda: running.hold is Hold.HELD))
            )
            return self._transcribe_media(running, media)

    def _transcribe_media(self, running: RunningJob, media: Path) -> str:
        work = running.work
        started = time.monotonic()
        checkpoint = self._checkpoint(work)
        begin_seconds = checkpoint.end_seconds if checkpoint else work.options.clip_start_seconds
        committed = len(checkpoint.segments) if checkpoint else 0
        info = checkpoint.info if checkpoint else NOTHING_KNOWN
        # What has segments was scanned before they were made; a fetch that nobody wants any more left no file.
        if checkpoint is None and running.hold is Hold.HELD:
            self._malware_scan.check(media, lambda: running.hold is Hold.HELD)
        # A scan that nobody wants any more ends early; then nothing below is begun.
        with closing(self._transcriber.transcribe(media, work.options, checkpoint)) as passages:
            # A report, a heartbeat or the hand-back may hear that the work is to stop, or is not ours any more.
            while running.hold is Hold.HELD:
                with running.computing():
                    passage = next(passages, None)
                if passage is None:
                    break
                running.note(
                    self._store.report(
                        work,
                        segments=passage.segments,
                        committed=committed,
                        progress_seconds=passage.end_seconds,
                        audio_seconds=passage.audio_seconds,
                        cost_seconds=_known_cost(work, passage.audio_seconds),
                        info=None if passage.info == info else passage.info,
                    )
                )
                committed += len(passage.segments)
                info = passage.info
        match running.hold:
            case Hold.LOST:
                return "lost"
            case Hold.CANCEL:
                return self._store.confirm_cancel(work)
            case Hold.HELD:
                if info == NOTHING_KNOWN:
                    raise RuntimeError("the transcriber said nothing of the audio")
                transcribed_seconds = max(0.0, _end_seconds(work, info) - begin_seconds)
                self._tracer.current().note({AUDIO_SECONDS: transcribed_seconds})
                outcome = self._store.complete(work, info, transcribed_seconds=transcribed_seconds)
                if outcome == "completed":
                    self._metrics.observe_completed(
                        info,
                        audio_seconds=transcribed_seconds,
                        processing_seconds=time.monotonic() - started,
                        accepted_at=work.created_at.timestamp(),
                    )
                return outcome

    def _checkpoint(self, work: Work) -> Checkpoint | None:
        """Return what earlier attempts have left to go on from."""
        if work.info is None or not (segments := self._store.committed_segments(work)):
            return None
        return Checkpoint(work.info, segments)


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _end_seconds(work: Work, info: TranscriptInfo) -> float:
    """Return where the part to transcribe ends, in the time of the whole audio."""
    return min(work.options.clip_end_seconds or info.duration_seconds, info.duration_seconds)


def _known_cost(work: Work, audio_seconds: float | None) -> float | None:
    """Return the audio seconds to transcribe of a work whose cost was a guess; None if it was none, or still is."""
    if audio_seconds is None or not work.is_cost_guessed:
        return None
    end = audio_seconds if work.options.clip_end_seconds is None else min(work.options.clip_end_seconds, audio_seconds)
    return max(0.0, end - work.options.clip_start_seconds)
