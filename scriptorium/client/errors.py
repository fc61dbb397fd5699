"""Everything that a call may end in, on one screen.

ServiceError
├── ServiceUnreachable     nobody answers at the address
│   └── NotAnswered        somebody does, but not in time
├── ServiceRefused         the service answered with a problem document
├── NotAService            something answered, in another way than the service does
├── JobFailed              the job that was to have a transcript has failed
├── JobCancelled           it was cancelled
└── TimedOut               it is not finished within the time that was given; it goes on
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scriptorium.client.models import Job


class ServiceError(Exception):
    """A call that brought no result; the message says why."""


class ServiceUnreachable(ServiceError):
    """Nobody answers at the address."""

    def __init__(self, message: str, *, may_be_done: bool) -> None:
        self.may_be_done = may_be_done
        """Whether the request was sent, so that it may have been done all the same."""
        super().__init__(message)


class NotAnswered(ServiceUnreachable):
    """The service took the request and did not answer in time."""


class NotAService(ServiceError):
    """Something answered, in another way than the service does."""


class ServiceRefused(ServiceError):
    """The service's own refusal: an RFC 9457 problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        self.status = status
        """The HTTP status."""
        self.code = str(problem.get("code", ""))
        """The problem's stable name, such as `queue_full`."""
        self.title = str(problem["title"])
        self.detail = str(problem.get("detail", ""))
        self.retry_after = retry_after
        """Seconds after which the same request may succeed; None if time alone changes nothing."""
        self.job_id: str | None = problem.get("job_id")
        self.errors: Sequence[Mapping[str, str]] = problem.get("errors") or ()
        """Every option that isn't valid, as `option` and `message`."""
        super().__init__(self.title if self.detail in {"", self.title} else f"{self.title}. {self.detail}")


class _OfJob(ServiceError):
    def __init__(self, message: str, job: Job) -> None:
        self.job = job
        """The job as it was last seen."""
        super().__init__(message)


class JobFailed(_OfJob):
    """The job has failed; `job.failure` has the reason."""

    def __init__(self, job: Job) -> None:
        self.code = job.failure.code if job.failure else ""
        """Why, as a stable name such as `audio_undecodable`."""
        self.detail = job.failure.detail if job.failure else ""
        super().__init__(f"Job {job.job_id} has failed: {self.detail or self.code or 'nobody knows why'}", job)


class JobCancelled(_OfJob):
    """The job was cancelled."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.job_id} was cancelled.", job)


class TimedOut(_OfJob):
    """The job is not finished within the time that was given. It goes on."""

    def __init__(self, job: Job, seconds: float) -> None:
        super().__init__(f"Job {job.job_id} is {job.status} after {seconds:g} s. It goes on.", job)
