"""What a job's receiver was told and is to be told, for the job's owner: reads the outbox's log, asks for a replay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from redis.asyncio import Redis

from core.errors import NoWebhookEvent
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.webhooks import WebhookAttempt, WebhookEvent
from core.work import moment

_MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event and what was done about it."""

    event: WebhookEvent
    attempts: Sequence[WebhookAttempt]
    """Oldest first; the latest 50."""
    next_attempt_at: datetime | None
    """When it is delivered next; of one under way, when it is taken to have failed."""


@dataclass(frozen=True, slots=True)
class WebhookLog:
    """A job's receiver, and its events."""

    url: str | None
    is_disabled: bool
    """It has answered 410."""
    events: Sequence[LoggedEvent]
    """Oldest first; the latest 20."""


class WebhookStore:
    """The outbox, for the gateway. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._replay = client.register_script(JobScript.REPLAY_WEBHOOK.source)

    async def log(self, job_id: str) -> WebhookLog:
        """Return whom a job tells of its end, and how that went."""
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.hmget(self._keys.job(job_id), ["webhook_url", "webhook_disabled"])
            pipeline.lrange(self._keys.webhooks_of(job_id), -_MOST_EVENTS, -1)
            (url, disabled), webhook_ids = await pipeline.execute()
            for webhook_id in webhook_ids:
                pipeline.hgetall(self._keys.webhook(webhook_id))
                pipeline.lrange(self._keys.webhook_attempts(webhook_id), 0, -1)
                pipeline.zscore(self._keys.webhooks, webhook_id)
            answers: list[Any] = await pipeline.execute()
        return WebhookLog(
            url=url,
            is_disabled=disabled is not None,
            events=[
                LoggedEvent(
                    event=WebhookEvent.from_record(webhook_id, record),
                    attempts=[WebhookAttempt.model_validate_json(attempt) for attempt in attempts],
                    next_attempt_at=None if due_ms is None else moment(due_ms),
                )
                for webhook_id, record, attempts, due_ms in zip(
                    webhook_ids, answers[::3], answers[1::3], answers[2::3], strict=True
                )
                if record
            ],
        )

    async def replay(self, job_id: str) -> str:
        """Have a job's latest event delivered once more, with all attempts anew; return its id.

        Raises:
            NoWebhookEvent: the job has none.
        """
        webhook_id = await self._replay(args=script_arguments(self._keys.prefix, {"job_id": job_id}))
        if webhook_id is None:
            raise NoWebhookEvent("The job has no webhook_url, or has not come to an end yet.")
        return cast("str", webhook_id)

    async def attempts_by_outcome(self) -> dict[str, int]:
        """Return how many attempts ended how, since ever."""
        counters = cast("dict[str, str]", await self._client.hgetall(self._keys.webhook_counters))
        return {outcome: int(times) for outcome, times in counters.items()}

    async def waiting(self) -> int:
        """Return how many events are to be delivered, now or later."""
        return await self._client.zcard(self._keys.webhooks)
