"""Names of the Redis keys, for those who read them. Only the job scripts write jobs (job_scripts/_prelude.lua)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """Every key of one Scriptorium installation; `prefix` lets several share a Redis."""

    prefix: str = "scriptorium:"

    def job(self, job_id: str) -> str:
        """Hash: what is a job's own."""
        return f"{self.prefix}job:{job_id}"

    def work(self, work_id: str) -> str:
        """Hash: the whole truth of what is done for one or more jobs."""
        return f"{self.prefix}work:{work_id}"

    def work_jobs(self, work_id: str) -> str:
        """Set: ids of the jobs that refer to a work."""
        return f"{self.prefix}work:{work_id}:jobs"

    def segments(self, work_id: str) -> str:
        """List: committed segments as JSON, in order."""
        return f"{self.prefix}work:{work_id}:segments"

    def result(self, work_id: str) -> str:
        """String: a finished work's `TranscriptInfo` as JSON; gone when the result has expired."""
        return f"{self.prefix}work:{work_id}:result"

    def attempts(self, work_id: str) -> str:
        """List: an `AttemptRecord` as JSON for each attempt that has ended, oldest first."""
        return f"{self.prefix}work:{work_id}:attempts"

    def events(self, work_id: str) -> str:
        """Stream: what happened to a work."""
        return f"{self.prefix}work:{work_id}:events"

    @property
    def activity(self) -> str:
        """Stream: ids of the works that something has just happened to."""
        return f"{self.prefix}activity"

    @property
    def jobs(self) -> str:
        """Sorted set: every job, as `<id>:<tenant>`, by creation time in milliseconds."""
        return f"{self.prefix}jobs"

    def jobs_of(self, tenant: str) -> str:
        """Sorted set: ids of a tenant's jobs by creation time in milliseconds."""
        return f"{self.prefix}tenant:{tenant}:jobs"

    def upload(self, upload_id: str) -> str:
        """String: what is known of an upload that came before its jobs, as JSON; expires."""
        return f"{self.prefix}upload:{upload_id}"

    def uploads_of(self, tenant: str) -> str:
        """Sorted set: ids of a tenant's uploads that came before their jobs, by that time in milliseconds."""
        return f"{self.prefix}tenant:{tenant}:uploads"

    @property
    def leases(self) -> str:
        """Sorted set: processing works by the end of their lease in milliseconds."""
        return f"{self.prefix}leases"

    @property
    def delayed(self) -> str:
        """Sorted set: works that wait for their retry, by the time they are due in milliseconds."""
        return f"{self.prefix}delayed"

    @property
    def dead(self) -> str:
        """Sorted set: dead letters by the time they failed in milliseconds."""
        return f"{self.prefix}dead"

    @property
    def expiring(self) -> str:
        """Sorted set: ended jobs with a retention, as `<work>:<job>:<tenant>`, by the time they go in milliseconds."""
        return f"{self.prefix}expiring"

    @property
    def webhooks(self) -> str:
        """Sorted set: the outbox, events to deliver by the time they are due in milliseconds."""
        return f"{self.prefix}webhooks"

    def webhooks_of(self, job_id: str) -> str:
        """List: ids of a job's events, oldest first."""
        return f"{self.prefix}webhooks:{job_id}"

    def webhook(self, webhook_id: str) -> str:
        """Hash: an event that a job's receiver is told of."""
        return f"{self.prefix}webhook:{webhook_id}"

    def webhook_attempts(self, webhook_id: str) -> str:
        """List: a `WebhookAttempt` as JSON for each attempt to deliver an event, oldest first."""
        return f"{self.prefix}webhook:{webhook_id}:attempts"

    @property
    def webhook_counters(self) -> str:
        """Hash: how many attempts to deliver an event ended how, since ever."""
        return f"{self.prefix}webhook-counters"

    def corrections(self, job_id: str) -> str:
        """Hash: what a job's owner put in the place of what was heard."""
        return f"{self.prefix}corrections:{job_id}"

    @property
    def correction_counters(self) -> str:
        """Hash: how much was corrected, since ever."""
        return f"{self.prefix}correction-counters"

    @property
    def searchable(self) -> str:
        """Sorted set: jobs with a transcript by the number of its latest change."""
        return f"{self.prefix}searchable"

    @property
    def lanes(self) -> str:
        """Set: names of all lanes that ever had a job."""
        return f"{self.prefix}lanes"

    def pending(self, lane: str) -> str:
        """Sorted set: a lane's queued works by virtual finish time."""
        return f"{self.prefix}lane:{lane}:pending"

    def queued(self, lane: str) -> str:
        """Sorted set: a lane's queued works by the time they were queued in milliseconds."""
        return f"{self.prefix}lane:{lane}:queued"

    def lane_state(self, lane: str) -> str:
        """Hash: a busy lane's `virtual_ms` and `pending_ms` (audio waiting)."""
        return f"{self.prefix}lane:{lane}:state"

    def pace(self, lane: str) -> str:
        """List: a lane's latest completions, newest first: audio, wall and attempt milliseconds."""
        return f"{self.prefix}lane:{lane}:pace"

    def lane_counters(self, lane: str) -> str:
        """Hash: how often what happened in a lane, since ever."""
        return f"{self.prefix}lane:{lane}:counters"

    @property
    def golden_runs(self) -> str:
        """List: the latest runs of the golden set as JSON, newest first."""
        return f"{self.prefix}golden:runs"

    @property
    def golden_baseline(self) -> str:
        """String: the run of the golden set that others are compared with, as JSON."""
        return f"{self.prefix}golden:baseline"

    @property
    def golden_due(self) -> str:
        """String: when the golden set is to run next, in seconds since 1970."""
        return f"{self.prefix}golden:due"

    @property
    def golden_lease(self) -> str:
        """String: who runs the golden set; expires without him."""
        return f"{self.prefix}golden:lease"

    @property
    def audit(self) -> str:
        """Stream: who did what, of bounded length; what is too old is cleaned up."""
        return f"{self.prefix}audit"

    @property
    def rate_limits(self) -> str:
        """Prefix of what `limits` counts: who has asked how often of late."""
        return f"{self.prefix}limits"

    @property
    def workers(self) -> str:
        """Sorted set: names of workers by the time their entry lapses in milliseconds."""
        return f"{self.prefix}workers"

    def worker(self, name: str) -> str:
        """String: what a worker says of itself, a `WorkerEntry` as JSON; expires without its heartbeat."""
        return f"{self.prefix}worker:{name}"

    def api_key(self, key_id: str) -> str:
        """Hash: what is known of an API key, without the key itself."""
        return f"{self.prefix}api-key:{key_id}"

    @property
    def api_keys(self) -> str:
        """Sorted set: ids of all API keys by the number of their latest change."""
        return f"{self.prefix}api-keys"
