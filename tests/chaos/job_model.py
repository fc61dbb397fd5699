"""What jobs ought to be: the promises of the job scripts once more in plain Python, without keys or a clock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from api.job_store import Accepted, AcceptOutcome, CancelOutcome, NewJob, QueueLimits
from core.errors import IdempotencyConflict, QueueFull, RequestRefused
from core.transcript import Segment
from core.work import JobStatus
from worker.job_store import Hold, Reaped

LEGAL: Mapping[JobStatus | None, frozenset[JobStatus | None]] = {
    # Accepted or joined; joined while it runs; answered from a result.
    None: frozenset({JobStatus.QUEUED, JobStatus.PROCESSING, JobStatus.COMPLETED}),
    JobStatus.QUEUED: frozenset({JobStatus.PROCESSING, JobStatus.CANCELLED}),
    # Back to the queue: a crash, an error that may pass, a worker that stops.
    JobStatus.PROCESSING: frozenset(
        {JobStatus.QUEUED, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED},
    ),
    # Erased, purged or expired.
    JobStatus.COMPLETED: frozenset({None}),
    JobStatus.CANCELLED: frozenset({None}),
    # Requeued by an operator.
    JobStatus.FAILED: frozenset({JobStatus.QUEUED, None}),
}
"""Every step that a job's status may take between two looks; None is a job that is not there."""

MAX_CRASHES = 2


@dataclass(eq=False)
class ModelWork:
    """A work as it ought to be."""

    work_id: str
    tenant: str
    lane: str
    cost_ms: int
    digest: str | None
    turn: int
    """Its place among those that were put at the end of the queue."""
    status: JobStatus = JobStatus.QUEUED
    at_head: bool = False
    """It was put back before all others."""
    delayed: bool = False
    """It waits for its retry, not in its lane."""
    due: bool = False
    """That wait is over."""
    lapsed: bool = False
    """Its lease is over."""
    cancel_requested: bool = False
    worker: str | None = None
    fence: int = 0
    attempts: int = 0
    errors: int = 0
    crashes: int = 0
    audio_ms: int = 0
    progress_ms: int = 0
    segments: list[Segment] = field(default_factory=list)
    has_results: bool = True
    """What it leaves has not expired."""
    outcomes: list[str] = field(default_factory=list)
    """How each attempt ended."""
    events: list[tuple[str, ...]] = field(default_factory=list)
    has_all_events: bool = True
    """None has expired, or was removed with its job."""
    expired_jobs: set[str] = field(default_factory=set)
    """Those whose record went before the work's: they had been cancelled by themselves."""

    @property
    def waits(self) -> bool:
        """Whether it is in its lane's queue."""
        return self.status is JobStatus.QUEUED and not self.delayed


@dataclass(eq=False)
class ModelJob:
    """A job as it ought to be."""

    new: NewJob
    work: ModelWork
    cached: bool = False
    cancelled: bool = False
    """By itself, while its work went on for others."""
    cancel_requested: bool = False
    told: list[JobStatus] = field(default_factory=list)
    """The ends that its receiver is told of, if it has one."""

    def tell(self, status: JobStatus) -> None:
        """Tell its receiver of an end, if it has one and was not cancelled before."""
        if self.new.webhook_url and not self.cancelled:
            self.told.append(status)

    @property
    def status(self) -> JobStatus:
        """Its own cancellation, or where its work stands."""
        return JobStatus.CANCELLED if self.cancelled else self.work.status

    @property
    def waits_for_work(self) -> bool:
        """Whether it still wants its work done."""
        return not self.cancelled and not self.cancel_requested


def _status_event(work: ModelWork) -> tuple[str, str, str]:
    return "status", work.status, str(work.attempts)


class JobModel:
    """All jobs of one installation. Each method is a call to a store: it returns the answer that must come."""

    def __init__(self) -> None:
        self.jobs: dict[str, ModelJob] = {}
        self.works: dict[str, ModelWork] = {}
        self.shareable: dict[str, ModelWork] = {}
        """By digest, the work that serves the next job which asks for the same."""
        self.requests: dict[tuple[str, str], tuple[str, str]] = {}
        """By tenant and idempotency key: the job's id and the digest of the body."""
        self.counters: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.activity: list[str] = []
        self.traceless: set[str] = set()
        """Works that were erased with all their events."""
        self.indexed: set[str] = set()
        """Jobs in the index; those whose record has expired stay until they are forgotten."""
        self.letters: set[str] = set()
        """Works among the dead letters, likewise."""
        self._turns = count()

    def jobs_of(self, work: ModelWork) -> list[ModelJob]:
        """Return the jobs that share a work."""
        return [job for job in self.jobs.values() if job.work is work]

    def wanted_by(self, work: ModelWork) -> int:
        """Return how many jobs want a work done."""
        return sum(job.waits_for_work for job in self.jobs_of(work))

    def waiting(self, lane: str) -> list[ModelWork]:
        """Return the works in a lane's queue."""
        return [work for work in self.works.values() if work.lane == lane and work.waits]

    def in_status(self, *statuses: JobStatus) -> list[ModelWork]:
        """Return the works that stand so."""
        return [work for work in self.works.values() if work.status in statuses]

    def holds(self, work_id: str, fence: int) -> bool:
        """Whether the attempt that made this claim still has the work."""
        work = self.works.get(work_id)
        return work is not None and work.status is JobStatus.PROCESSING and work.fence == fence

    # The gateway's calls

    def accept(self, new: NewJob, limits: QueueLimits) -> Accepted | type[RequestRefused]:
        """Return how a job is accepted, or why it is not."""
        if former := self.jobs.get(new.job_id):
            return Accepted(AcceptOutcome.ACCEPTED, new.job_id, former.status)
        request = (new.tenant, new.idempotency_key) if new.idempotency_key else None
        if request in self.requests:
            job_id, body = self.requests[request]
            if former := self.jobs.get(job_id):
                return (
                    Accepted(AcceptOutcome.REPLAYED, job_id, former.status)
                    if body == new.digest
                    else IdempotencyConflict
                )
        digest = new.digest if new.shares_work else None
        work = self.shareable.get(digest) if digest else None
        waiting = self.waiting(new.lane) if work is None else []
        if work is None:
            cost_ms = round(new.cost_seconds * 1000)
            audio_ms = sum(each.cost_ms for each in waiting) + cost_ms
            if len(waiting) >= limits.max_jobs or (waiting and audio_ms > limits.max_audio_seconds * 1000):
                return QueueFull
            outcome = AcceptOutcome.ACCEPTED
            work = ModelWork(new.job_id, new.tenant, new.lane, cost_ms, digest, next(self._turns), audio_ms=cost_ms)
            self.works[work.work_id] = work
            if digest:
                self.shareable[digest] = work
            work.events.append(_status_event(work))  # gateways aren't told: nobody knows its id yet
        else:
            outcome = AcceptOutcome.CACHED if work.status is JobStatus.COMPLETED else AcceptOutcome.JOINED
            self.counters[work.lane][outcome] += 1
            self.counters[work.lane][JobStatus.COMPLETED] += outcome is AcceptOutcome.CACHED
        self.counters[work.lane]["accepted"] += 1
        job = self.jobs[new.job_id] = ModelJob(new, work, cached=outcome is AcceptOutcome.CACHED)
        if job.cached:
            job.tell(JobStatus.COMPLETED)
        self.indexed.add(new.job_id)
        if request:
            self.requests[request] = new.job_id, new.digest
        return Accepted(outcome, new.job_id, work.status, len(waiting))

    def cancel(self, job: ModelJob) -> CancelOutcome:
        """Give a job up; its work with it, if nobody else wants it."""
        work = job.work
        if job.status.is_finished:
            return CancelOutcome.FINISHED
        if job.cancel_requested:
            return CancelOutcome.REQUESTED
        if self.wanted_by(work) > 1:
            job.tell(JobStatus.CANCELLED)
            job.cancelled = True
            self.counters[work.lane][JobStatus.CANCELLED] += 1
            self._tell(work, "cancelled", job.new.job_id)
            return CancelOutcome.CANCELLED
        if work.status is JobStatus.PROCESSING:
            job.cancel_requested = work.cancel_requested = True
            self._unshare(work)
            return CancelOutcome.REQUESTED
        self._finish(work, JobStatus.CANCELLED)
        return CancelOutcome.CANCELLED

    def erase(self, job: ModelJob) -> str | None:
        """Remove a finished job; return its work's id if that went with it."""
        self._remove(job)
        if self.jobs_of(job.work):
            if not self.wanted_by(job.work):
                self.letters.discard(job.work.work_id)
            return None
        self._forget(job.work)
        return job.work.work_id

    def requeue(self, work: ModelWork) -> str | None:
        """Give a dead letter new attempts; return its lane, None if it is none."""
        if work.status is not JobStatus.FAILED or not self.wanted_by(work):
            return None
        work.errors = work.crashes = 0
        work.turn = next(self._turns)
        work.at_head = False
        if not work.segments:
            work.progress_ms = 0
        work.has_results = True
        self.letters.discard(work.work_id)
        self.counters[work.lane]["requeued"] += 1
        self.counters[work.lane][JobStatus.FAILED] -= self.wanted_by(work)
        self._move(work, JobStatus.QUEUED)
        return work.lane

    def purge(self, work: ModelWork) -> int | None:
        """Remove a dead letter and its jobs; return how many these were, None if it is no dead letter."""
        if work.status is not JobStatus.FAILED:
            return None
        jobs = self.jobs_of(work)
        for job in jobs:
            self._remove(job)
        self.indexed -= work.expired_jobs
        self._forget(work)
        return len(jobs)

    # The worker's calls

    def claim(self, work: ModelWork, worker: str) -> None:
        """Give a waiting work to a worker."""
        work.fence += 1
        work.attempts += 1
        work.worker = worker
        work.at_head = False
        self.counters[work.lane]["claimed"] += 1
        self._move(work, JobStatus.PROCESSING)

    def heartbeat(self, work_id: str, fence: int) -> Hold:
        """Renew a lease."""
        if not self.holds(work_id, fence):
            return Hold.LOST
        work = self.works[work_id]
        work.lapsed = False
        return Hold.CANCEL if work.cancel_requested else Hold.HELD

    def report(
        self,
        work_id: str,
        fence: int,
        *,
        segments: list[Segment],
        committed: int,
        progress_ms: int,
        audio_ms: int | None,
    ) -> Hold:
        """Commit what of the segments is new."""
        hold = self.heartbeat(work_id, fence)
        if hold is not Hold.LOST:
            work = self.works[work_id]
            before = len(work.segments)
            work.segments += segments[before - committed :]
            work.progress_ms = progress_ms
            work.audio_ms = audio_ms or work.audio_ms
            if len(work.segments) > before or not segments:
                numbers = (progress_ms, work.audio_ms, before, len(work.segments))
                self._tell(work, "progress", *map(str, numbers))
        return hold

    def complete(self, work_id: str, fence: int, *, progress_ms: int, transcribed_ms: int) -> str:
        """Finish a work; the same call again is answered alike."""
        work = self.works.get(work_id)
        if work is None or work.fence != fence:
            return "lost"
        if work.status is not JobStatus.PROCESSING:
            return "completed" if work.status is JobStatus.COMPLETED else "lost"
        if work.cancel_requested:
            return self._cancel_attempt(work)
        work.outcomes.append("completed")
        work.progress_ms = progress_ms
        self.counters[work.lane]["transcribed"] += 1
        self.counters[work.lane]["transcribed_audio_ms"] += transcribed_ms
        return self._finish(work, JobStatus.COMPLETED)

    def confirm_cancel(self, work_id: str, fence: int) -> str:
        """Stop as asked."""
        return self._cancel_attempt(self.works[work_id]) if self.holds(work_id, fence) else "lost"

    def fail(self, work_id: str, fence: int) -> str:
        """Give a work up for good."""
        if not self.holds(work_id, fence):
            return "lost"
        work = self.works[work_id]
        return self._cancel_attempt(work) if work.cancel_requested else self._bury(work, "failed")

    def retry(self, work_id: str, fence: int, *, max_errors: int, due: bool) -> str:
        """Put a work off after an error."""
        if not self.holds(work_id, fence):
            return "lost"
        work = self.works[work_id]
        if work.cancel_requested:
            return self._cancel_attempt(work)
        work.errors += 1
        self.counters[work.lane]["errors"] += 1
        if work.errors >= max_errors:
            return self._bury(work, "error")
        work.outcomes.append("error")
        work.delayed, work.due = True, due
        return self._move(work, JobStatus.QUEUED)

    def handback(self, work_id: str, fence: int) -> str:
        """Return a work to the head of its lane, as if the attempt had not been."""
        if not self.holds(work_id, fence):
            return "lost"
        work = self.works[work_id]
        if work.cancel_requested:
            return self._cancel_attempt(work)
        work.outcomes.append("handed_back")
        work.attempts -= 1
        work.at_head = True
        return self._move(work, JobStatus.QUEUED)

    def reap(self, lapsed: Iterable[str], due: Iterable[str]) -> Reaped:
        """Take these works back and release these retries."""
        counts: Counter[str] = Counter()
        for work_id in lapsed:
            work = self.works[work_id]
            self.counters[work.lane]["lease_expiries"] += 1
            if work.cancel_requested:
                counts[self._cancel_attempt(work)] += 1
                continue
            work.crashes += 1
            if work.crashes >= MAX_CRASHES:
                counts[self._bury(work, "crashed")] += 1
            else:
                work.outcomes.append("crashed")
                work.at_head = True
                counts[self._move(work, JobStatus.QUEUED)] += 1
        for work_id in due:
            self.works[work_id].delayed = self.works[work_id].due = False
            self.works[work_id].at_head = True
            counts["released"] += 1
        return Reaped(counts["queued"], counts["failed"], counts["cancelled"], counts["released"])

    def forget_expired(self) -> int:
        """Drop index entries whose record is gone; return how many."""
        gone = len(self.indexed - self.jobs.keys()) + len(self.letters - self.works.keys())
        self.indexed &= self.jobs.keys()
        self.letters &= self.works.keys()
        return gone

    # Time

    def results_expire(self, work: ModelWork) -> None:
        """Remove what a finished work has left."""
        work.has_results = False
        work.segments.clear()
        work.events.clear()
        work.has_all_events = False
        self._unshare(work)

    def records_expire(self, work: ModelWork) -> None:
        """Remove the rest of a finished work, its jobs included."""
        for job in self.jobs_of(work):
            del self.jobs[job.new.job_id]
        del self.works[work.work_id]

    def record_expires(self, job: ModelJob) -> None:
        """Remove a job that was cancelled by itself while its work goes on."""
        del self.jobs[job.new.job_id]
        job.work.expired_jobs.add(job.new.job_id)

    # What these share

    def _remove(self, job: ModelJob) -> None:
        del self.jobs[job.new.job_id]
        self.indexed.discard(job.new.job_id)
        if job.cancelled and ("cancelled", job.new.job_id) in job.work.events:
            job.work.events.remove(("cancelled", job.new.job_id))
            job.work.has_all_events = False
        self.requests = {request: made for request, made in self.requests.items() if made[0] != job.new.job_id}

    def _forget(self, work: ModelWork) -> None:
        if work.has_all_events:
            self.traceless.add(work.work_id)
        del self.works[work.work_id]
        self.letters.discard(work.work_id)
        self._unshare(work)

    def _unshare(self, work: ModelWork) -> None:
        if work.digest and self.shareable.get(work.digest) is work:
            del self.shareable[work.digest]

    def _tell(self, work: ModelWork, *event: str) -> None:
        work.events.append(event)
        self.activity.append(work.work_id)

    def _tell_status(self, work: ModelWork) -> None:
        self._tell(work, *_status_event(work))

    def _move(self, work: ModelWork, status: JobStatus) -> str:
        work.status = status
        work.lapsed = False
        self._tell_status(work)
        return status.value

    def _finish(self, work: ModelWork, status: JobStatus) -> str:
        if status is JobStatus.CANCELLED:
            self.counters[work.lane][status] += 1
            work.segments.clear()
        else:
            self.counters[work.lane][status] += self.wanted_by(work)
        if status is not JobStatus.COMPLETED:
            self._unshare(work)
        work.delayed = work.due = work.at_head = False
        for job in self.jobs_of(work):
            job.tell(status)
        return self._move(work, status)

    def _cancel_attempt(self, work: ModelWork) -> str:
        work.outcomes.append("cancelled")
        return self._finish(work, JobStatus.CANCELLED)

    def _bury(self, work: ModelWork, outcome: str) -> str:
        work.outcomes.append(outcome)
        self.letters.add(work.work_id)
        return self._finish(work, JobStatus.FAILED)
