"""What the gateway answers about webhooks."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.webhook_store import LoggedEvent, WebhookLog
from core.errors import OutboundFault
from core.webhooks import WebhookState
from core.work import moment

_JOB_ID = "5f0c2a4e9b1d47c8a36e1f0b7d92c485"


class WebhookAttemptView(BaseModel):
    """An attempt to deliver an event."""

    at: datetime
    seconds: float = Field(description="What it took.", examples=[0.12])
    status: int | None = Field(description="HTTP status of the answer; null if none came.", examples=[503])
    fault: OutboundFault | None = Field(description="Why no answer came.", examples=["timed_out"])


class WebhookEventView(BaseModel):
    """An event: the job has come to an end."""

    webhook_id: str = Field(
        description="The `webhook-id` of every attempt: by it a receiver knows an event that comes twice.",
        examples=[f"{_JOB_ID}-1"],
    )
    type: str = Field(examples=["transcription.completed"])
    state: WebhookState = Field(
        description="`due`: delivered now or at `next_attempt_at`. `delivered`: answered 2xx. `given_up`: every "
        "attempt failed. `disabled`: answered 410."
    )
    created_at: datetime
    next_attempt_at: datetime | None = Field(description="Null when no attempt follows.")
    attempts: list[WebhookAttemptView] = Field(description="Oldest first; the latest 50.")

    @classmethod
    def of(cls, logged: LoggedEvent) -> "WebhookEventView":
        """Return an event's view."""
        return cls(
            webhook_id=logged.event.webhook_id,
            type=logged.event.type,
            state=logged.event.state,
            created_at=logged.event.created_at,
            next_attempt_at=logged.next_attempt_at,
            attempts=[
                WebhookAttemptView(
                    at=moment(str(attempt.at_ms)),
                    seconds=attempt.duration_ms / 1000,
                    status=attempt.status,
                    fault=attempt.fault,
                )
                for attempt in logged.attempts
            ],
        )


class WebhookLogView(BaseModel):
    """Whom a job tells of its end, and how that went."""

    job_id: str = Field(examples=[_JOB_ID])
    url: str | None = Field(description="Null if nobody is told.", examples=["https://example.com/hooks"])
    disabled: bool = Field(description="The receiver has answered 410: it is told nothing more of this job.")
    events: list[WebhookEventView] = Field(description="Oldest first; the latest 20. Empty until the job has ended.")

    @classmethod
    def of(cls, job_id: str, log: WebhookLog) -> "WebhookLogView":
        """Return the view of a job's log."""
        return cls(
            job_id=job_id,
            url=log.url,
            disabled=log.is_disabled,
            events=[WebhookEventView.of(logged) for logged in log.events],
        )


class WebhookReplay(BaseModel):
    """The event is due again."""

    job_id: str = Field(examples=[_JOB_ID])
    webhook_id: str = Field(description="As before: a receiver that has it already may drop it.")
