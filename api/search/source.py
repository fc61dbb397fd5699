"""What there is to index, as it stands in Redis: transcripts by the number of their latest change. Synchronous."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

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

    def entry(self, job_id: str) -> Entry | None:
        """Return a job's transcript as it is to be found: corrected where it was; None if there is none any more."""
        record = self._client.hmget(self._keys.job(job_id), "tenant", "work_id", "created_at_ms", "cancelled_at_ms")
        tenant, work_id, created_at_ms, cancelled_at_ms = cast("list[str | None]", record)
        if not tenant or not work_id or cancelled_at_ms or not self._client.exists(self._keys.result(work_id)):
            return None
        corrections = cast("dict[str, str]", self._client.hgetall(self._keys.corrections(job_id)))
        texts = [
            json.loads(correction)["text"]
            if (correction := corrections.get(f"segment:{segment['id']}"))
            else segment["text"]
            for segment in self._segments(work_id)
        ]
        return Entry(job_id, work_id, tenant, int(created_at_ms or 0), texts)

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

    def _segments(self, work_id: str) -> Iterator[dict[str, Any]]:
        for start in range(0, MOST_SEGMENTS, _PAGE):
            page = cast("list[str]", self._client.lrange(self._keys.segments(work_id), start, start + _PAGE - 1))
            yield from map(json.loads, page)
            if len(page) < _PAGE:
                return
