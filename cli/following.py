"""Follows a job to its end, and tells a bar how far it is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.bars import Bar
    from scriptorium.client import AsyncScriptorium, Event, Job


async def followed(
    client: "AsyncScriptorium", job_id: str, bar: "Bar", on_event: Callable[["Event"], Any] = lambda _: None
) -> "Job":
    """Return a job when it is finished; meanwhile tell of every event.

    Raises:
        ServiceError: the service is out of reach, or there is no such job.
    """
    from scriptorium.client import ProgressEvent, QueueEvent

    async for event in client.events(job_id):
        if isinstance(event, QueueEvent):
            bar.waiting(event)
        elif isinstance(event, ProgressEvent):
            bar.transcribing(event.progress)
        on_event(event)
    return await client.wait(job_id)
