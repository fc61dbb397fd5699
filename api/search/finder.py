"""Finds segments: an index says where, Redis what is there now. Nothing is shown that Redis doesn't have."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from redis.asyncio import Redis

from api.search.index import MOST_POSITION, Found, Index
from api.search.query import Query
from core.keys import Keys
from core.work import moment

_THREADS: Final = 4
"""Searches at once in one gateway: the others wait, and nobody else for them."""
_ROUNDS: Final = 5
"""Questions to the index for one page, where much of what it finds is gone."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A segment that has what was looked for."""

    job_id: str
    file_name: str | None
    created_at: datetime
    """Of the job, in UTC."""
    segment_id: int
    start: float
    """Seconds from the start of the audio."""
    end: float
    text: str
    """As it was heard, or as it was corrected."""
    marks: Sequence[tuple[int, int]]
    """Its characters, from and to, that match."""


@dataclass(frozen=True, slots=True)
class HitPage:
    """A page of hits, the newest job first, and where the next one starts."""

    hits: Sequence[Hit]
    next_cursor: str | None


class Finder:
    """Searches transcripts, for the gateway. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, index: Index, client: Redis, keys: Keys | None = None) -> None:
        self._index = index
        self._client = client
        self._keys = keys or Keys()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="search")

    async def page(self, tenant: str, query: Query, *, limit: int, cursor: str | None) -> HitPage:
        """Return up to `limit` segments of a tenant's transcripts, the newest job's first, each job's in order.

        `cursor` is a former page's `next_cursor`, or any number. A page may hold fewer; only a missing `next_cursor`
        means the end.

        Raises:
            StoreUnavailable: the index does not answer, or not in time.
        """
        hits: list[Hit] = []
        position = min(int(cursor), MOST_POSITION) if cursor else MOST_POSITION
        for _ in range(_ROUNDS):
            found = await self._found(tenant, query, position, limit + 1)
            read = await self._read(tenant, query, found)
            for each, hit in zip(found[:limit], read, strict=False):
                position = each.position
                if hit is not None:
                    hits.append(hit)
                if len(hits) == limit:
                    return HitPage(hits, str(position) if each is not found[-1] else None)
            if len(found) <= limit:
                return HitPage(hits, None)
        return HitPage(hits, str(position))

    def close(self) -> None:
        """Wait for no search any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _found(self, tenant: str, query: Query, before: int, limit: int) -> list[Found]:
        def find() -> list[Found]:
            return self._index.find(tenant, query, before=before, limit=limit)

        return await asyncio.get_running_loop().run_in_executor(self._threads, find)

    async def _read(self, tenant: str, query: Query, found: Sequence[Found]) -> list[Hit | None]:
        """Return each segment as it stands; None where it is gone, or has become another one."""
        jobs: list[list[str | None]] = []
        segments: list[dict[str, Any] | None] = []
        async with self._client.pipeline(transaction=False) as pipeline:
            for each in found:
                pipeline.hmget(
                    self._keys.job(each.job_id), "tenant", "work_id", "file_name", "created_at_ms", "cancelled_at_ms"
                )
                pipeline.exists(self._keys.result(each.work_id))
                pipeline.lindex(self._keys.segments(each.work_id), each.place)
            answers = await pipeline.execute()
        for each, job, has_result, segment in zip(found, answers[::3], answers[1::3], answers[2::3], strict=True):
            is_there = job[:2] == [tenant, each.work_id] and not job[4] and has_result and segment
            jobs.append(job)
            segments.append(json.loads(segment) if is_there else None)
        corrections = await self._corrections(found, segments)
        return [
            _hit(each.job_id, job, segment, correction, query) if segment else None
            for each, job, segment, correction in zip(found, jobs, segments, corrections, strict=True)
        ]

    async def _corrections(self, found: Sequence[Found], segments: Sequence[dict[str, Any] | None]) -> list[str | None]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for each, segment in zip(found, segments, strict=True):
                pipeline.hget(self._keys.corrections(each.job_id), f"segment:{segment['id'] if segment else ''}")
            return cast("list[str | None]", await pipeline.execute())


def _hit(
    job_id: str, job: Sequence[str | None], segment: dict[str, Any], correction: str | None, query: Query
) -> Hit | None:
    text = str(json.loads(correction)["text"] if correction else segment["text"]).strip()
    marks = query.marks_in(text)
    if not marks:  # it was corrected since it was indexed
        return None
    return Hit(
        job_id=job_id,
        file_name=job[2],
        created_at=moment(job[3] or "0"),
        segment_id=segment["id"],
        start=segment["start"],
        end=segment["end"],
        text=text,
        marks=marks,
    )
