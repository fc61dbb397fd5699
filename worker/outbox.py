"""The outbox in Redis, for who delivers: takes events that are due under a lease, notes how their delivery ended.

Events are put there by the job scripts, in the same script as the final status.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from redis import Redis

from core.errors import OutboundFault
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.webhooks import WebhookCall, WebhookEvent


class Outcome(StrEnum):
    """How an attempt to deliver an event ended."""

    DELIVERED = "delivered"
    RETRY = "retry"
    """It failed, and another follows."""
    GIVEN_UP = "given_up"
    """It failed, and was the last."""
    DISABLED = "disabled"
    """The receiver wants nothing of this job any more."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that somebody has taken to deliver."""

    event: WebhookEvent
    url: str
    call: WebhookCall
    claim: int
    """A note of its end that comes after the next claim is refused."""


class Outbox:
    """Events to deliver. Every method may raise `redis.exceptions.RedisError`.

    A delivery whose end is not noted before its lease lapses is due again: at least once, under the same id.
    """

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._take = client.register_script(JobScript.TAKE_WEBHOOK.source)
        self._settle = client.register_script(JobScript.SETTLE_WEBHOOK.source)

    def take(self, *, lease_seconds: float) -> Delivery | None:
        """Take the event that is due first; None when none is."""
        answer = self._take(args=script_arguments(self._keys.prefix, {"lease_ms": round(lease_seconds * 1000)}))
        if answer is None:
            return None
        webhook_id, claim, url, flat, *call = cast("tuple[str, int, str, list[str], str, str, str]", answer)
        record = dict(zip(flat[::2], flat[1::2], strict=True))
        said = zip(("webhook_form", "webhook_header", "webhook_header_value"), call, strict=True)
        return Delivery(
            event=WebhookEvent.from_record(webhook_id, record),
            url=url,
            call=WebhookCall.from_record({name: value for name, value in said if value}),
            claim=int(claim),
        )

    def settle(
        self,
        delivery: Delivery,
        outcome: Outcome,
        *,
        duration_seconds: float,
        status: int | None = None,
        fault: OutboundFault | None = None,
        delay_seconds: float = 0,
    ) -> bool:
        """Note how an attempt ended; False if somebody else has taken the event since, or it is gone."""
        return self._end(
            delivery,
            outcome=outcome,
            duration_ms=round(duration_seconds * 1000),
            status=status,
            fault=fault,
            delay_ms=round(delay_seconds * 1000),
        )

    def put_back(self, delivery: Delivery, *, delay_seconds: float) -> bool:
        """Let an event wait that was not tried; False as `settle`."""
        return self._end(delivery, outcome="deferred", delay_ms=round(delay_seconds * 1000))

    def _end(self, delivery: Delivery, **arguments: object) -> bool:
        given = {"id": delivery.event.webhook_id, "claim": delivery.claim, **arguments}
        return bool(self._settle(args=script_arguments(self._keys.prefix, given)))
