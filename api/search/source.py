"""What there is to index, as it stands in Redis: transcripts by the number of their latest change. Synchronous."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis

from api.search.index import MOST_SEGMENTS, Entry, Listed
from core.keys import Keys

_PAGE: Final = 500
"""Segments read at once: a millisecond of Redis' time."""


@dataclass(frozen=True, slots=True)
class Change:
    """A transcript that came, or was corrected."""

    job_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What Redis has of a job that is to be indexed, as it lies there."""

    job_id: str
    record: Sequence[str | None]
    """Tenant, work, and when it was created and cancelled."""
    has_result: int
    corrections: Mapping[str, str]
    first_segments: Sequence[str]


class TranscriptSource:
    """Transcripts in Redis, for the indexer. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()

    def changes(self, *, after: int, limit: int) -> list[Change]:
        """Return the changes above a number, the lowest first."""
        found = self._client.zrangebyscore(
            self._keys.searchable, f"({after}", "+inf", start=0, num=limit, withscores=True
        )
        return [Change(job_id, int(number)) for job_id, number in cast("list[tuple[str, float]]", found)]

    def waiting(self, *, after: int) -> int:
        """Return how many changes there are above a number."""
        return self._client.zcount(self._keys.searchable, f"({after}", "+inf")

    def stored(self, job_ids: Sequence[str]) -> list[Stored]:
        """Return what is stored of jobs, in two round trips for all of them."""
        with self._client.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.hmget(self._keys.job(job_id), "tenant", "work_id", "created_at_ms", "cancelled_at_ms")
            records = cast("list[list[str | None]]", pipeline.execute())
            for job_id, (_, work_id, *_) in zip(job_ids, records, strict=True):
                pipeline.exists(self._keys.result(work_id or ""))
                pipeline.hgetall(self._keys.corrections(job_id))
                pipeline.lrange(self._keys.segments(work_id or ""), 0, _PAGE - 1)
            found = pipeline.execute()
        return [Stored(*each) for each in zip(job_ids, records, found[::3], found[1::3], found[2::3], strict=True)]

    def entry(self, stored: Stored) -> Entry | None:
        """Return a job's transcript as it is to be found: corrected where it was; None if there is none any more.

        Raises:
            ValueError, KeyError: what is stored is no transcript.
        """
        tenant, work_id, created_at_ms, cancelled_at_ms = stored.record
        if not tenant or not work_id or cancelled_at_ms or not stored.has_result:
            return None
        texts = [
            json.loads(correction)["text"]
            if (correction := stored.corrections.get(f"segment:{segment['id']}"))
            else segment["text"]
            for segment in map(json.loads, self._segments(work_id, stored.first_segments))
        ]
        return Entry(stored.job_id, work_id, tenant, int(created_at_ms or 0), texts)

    def gone(self, listed: Sequence[Listed]) -> list[str]:
        """Return those jobs of which there is no transcript any more: erased, expired, or of another Redis."""
        with self._client.pipeline(transaction=False) as pipeline:
            for each in listed:
                pipeline.exists(self._keys.job(each.job_id))
                pipeline.exists(self._keys.result(each.work_id))
            found: list[int] = pipeline.execute()
        return [
            each.job_id
            for each, has_job, has_result in zip(listed, found[::2], found[1::2], strict=True)
            if not (has_job and has_result)
        ]

    def _segments(self, work_id: str, page: Sequence[str]) -> Iterator[str]:
        for end in range(_PAGE, MOST_SEGMENTS + 1, _PAGE):
            yield from page
            if len(page) < _PAGE:
                return
            page = cast("list[str]", self._client.lrange(self._keys.segments(work_id), end, end + _PAGE - 1))
