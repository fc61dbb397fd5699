"""A job's events are told to the last, whatever happens between two reads of the store."""

import asyncio
from typing import cast

from api.activity import ActivityFeed
from api.events import JobEvents, Position
from api.forecast import Forecast
from api.job_store import JobState, JobStore
from core.keys import Keys
from core.redis_clients import connect_async
from tests.harness.stores import gateway_store, new_job


class CancelledWhileRead:
    """A store whose job is cancelled behind the back of who follows it, after its events were read."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self.events = store.events
        self.segments = store.segments

    async def look(self, job_id: str) -> JobState:
        await self._store.cancel(job_id)
        return await self._store.look(job_id)


def test_a_job_cancelled_between_two_reads_is_told_so(valkey_url: str, keys: Keys) -> None:
    async def told() -> list[bytes]:
        client = connect_async(valkey_url)
        store = gateway_store(client, keys)
        mine, _ = [await store.accept(new_job(blake3="one audio" * 7)) for _ in range(2)]
        watched = cast("JobStore", CancelledWhileRead(store))
        follower = JobEvents(watched, ActivityFeed(client, keys), Forecast(store))
        state = await store.look(mine.job_id)
        events = [event async for event in follower.follow(state, Position())]
        await client.aclose()
        return events

    queued, cancelled = asyncio.run(asyncio.wait_for(told(), 30))
    assert b'"status":"queued"' in queued
    assert b'"status":"cancelled"' in cancelled
