"""Webhooks as both sides know them: an event of the outbox, what is sent of it, and how deliveries ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from core.errors import OutboundFault
from core.work import moment

_DETAIL_LENGTH = 2000
"""Characters of a failure's detail that are sent: a body has less than 20 kB."""


class WebhookState(StrEnum):
    """Where an event stands."""

    DUE = "due"
    """It is to be delivered, now or at its next attempt."""
    DELIVERED = "delivered"
    """Its receiver has answered 2xx."""
    GIVEN_UP = "given_up"
    """All attempts of the schedule have failed."""
    DISABLED = "disabled"
    """Its receiver has answered 410: it wants nothing of this job any more."""


class WebhookAttempt(BaseModel):
    """How an attempt to deliver an event ended, as `settle_webhook.lua` writes it."""

    model_config = ConfigDict(frozen=True)

    at_ms: int
    """When it began, in milliseconds since 1970."""
    duration_ms: int
    status: int | None = None
    """HTTP status of the answer."""
    fault: OutboundFault | None = None
    """Why there was none."""


class WebhookForm(StrEnum):
    """Whose words a receiver reads."""

    STANDARD = "standard"
    """Ours, in the frame of Standard Webhooks."""
    ASSEMBLYAI = "assemblyai"


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """How a job's receiver wants to be called. Both kinds are signed."""

    form: WebhookForm = WebhookForm.STANDARD
    secret_header: tuple[str, str] | None = field(default=None, repr=False)
    """Name and value of a header that tells him who calls; the value is shown to nobody."""

    def record(self) -> dict[str, str]:
        """Return the fields of a job's hash that say so; none for what is usual."""
        fields = {} if self.form is WebhookForm.STANDARD else {"webhook_form": str(self.form)}
        if self.secret_header is not None:
            fields["webhook_header"], fields["webhook_header_value"] = self.secret_header
        return fields

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> Self:
        """Read it from a job's hash, or those fields of it."""
        name = record.get("webhook_header")
        return cls(
            form=WebhookForm(record.get("webhook_form", WebhookForm.STANDARD)),
            secret_header=(name, record["webhook_header_value"]) if name else None,
        )


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """An event of a job with a `webhook_url`: its coming to a final status, with the facts as they were then."""

    webhook_id: str
    """The same in every attempt."""
    type: str
    """`transcription.` and the status: completed, failed or cancelled."""
    state: WebhookState
    tries: int
    """Attempts noted since it was last due anew."""
    job_id: str
    tenant: str
    created_at: datetime
    job_created_at: datetime
    model: str
    cached: bool
    audio_seconds: float | None
    failure: str | None
    failure_detail: str | None
    traceparent: str | None = None
    """The span of the job's request, which its deliveries belong to; None if that isn't traced."""

    @classmethod
    def from_record(cls, webhook_id: str, record: Mapping[str, str]) -> Self:
        """Read an event from its Redis hash (the fields that `notify` in `_prelude.lua` documents)."""
        audio_ms = record["audio_ms"]
        return cls(
            webhook_id=webhook_id,
            type=record["type"],
            state=WebhookState(record["state"]),
            tries=int(record.get("tries", 0)),
            job_id=record["job_id"],
            tenant=record["tenant"],
            created_at=moment(record["created_at_ms"]),
            job_created_at=moment(record["job_created_at_ms"]),
            model=record["lane"],
            cached=record["cached"] == "1",
            audio_seconds=int(audio_ms) / 1000 if audio_ms else None,
            failure=record["failure"] or None,
            failure_detail=record["failure_detail"] or None,
            traceparent=record.get("traceparent") or None,
        )

    def body(self, form: WebhookForm = WebhookForm.STANDARD) -> bytes:
        """Return what is sent, the same in every attempt: less than 20 kB of JSON, and nothing of the transcript."""
        status = self.type.rpartition(".")[2]
        document = self._standard(status) if form is WebhookForm.STANDARD else self._assemblyai(status)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    def _assemblyai(self, status: str) -> dict[str, Any]:
        return {"transcript_id": self.job_id, "status": "completed" if status == "completed" else "error"}

    def _standard(self, status: str) -> dict[str, Any]:
        data: dict[str, Any] = {
            "job_id": self.job_id,
            "status": status,
            "model": self.model,
            "audio_seconds": self.audio_seconds,
            "cached": self.cached,
            "created_at": self.job_created_at.isoformat(),
            "finished_at": self.created_at.isoformat(),
            "result": f"/result/{self.job_id}" if status == "completed" else None,
            "failure": None,
        }
        if status == "failed":
            data["failure"] = {"code": self.failure, "detail": (self.failure_detail or "")[:_DETAIL_LENGTH]}
        return {"type": self.type, "timestamp": self.created_at.isoformat(), "data": data}
