"""Dead letters in Redis: failed works with the jobs that failed with them; requeue or purge them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from redis.asyncio import Redis

from core.errors import FailureCode, NotADeadLetter
from core.job import Job
from core.job_scripts import JobScript, script_arguments
from core.keys import Keys
from core.work import AttemptRecord, JobStatus, Work

_BATCH = 200
"""Works asked about at once."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A failed work with the jobs that failed with it."""

    work: Work
    jobs: Sequence[Job]
    """Oldest first, at least one; a job that was cancelled before is not among them."""
    attempts: Sequence[AttemptRecord]
    """Oldest first; the latest 50."""


class DeadLetterStore:
    """Dead letters, for the gateway. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._scripts = {
            script: client.register_script(script.source) for script in (JobScript.REQUEUE, JobScript.PURGE)
        }

    async def of(self, job: Job) -> DeadLetter:
        """Return the dead letter that a job has become.

        Raises:
            NotADeadLetter: the job has not failed.
        """
        if job.status is not JobStatus.FAILED:
            raise NotADeadLetter(f"Job '{job.job_id}' is {job.status}; only failed jobs are dead letters.")
        if not (letters := await self.of_works([job.work.work_id])):
            raise NotADeadLetter("The job is no dead letter any more.")
        return letters[0]

    async def page(self, *, limit: int, offset: int = 0, failure: FailureCode | None = None) -> list[DeadLetter]:
        """Return dead letters, the latest first: all, or those that failed for one reason."""
        if failure is None:
            work_ids = cast("list[str]", await self._client.zrevrange(self._keys.dead, offset, offset + limit - 1))
        else:
            work_ids = (await self.work_ids(failure))[::-1][offset : offset + limit]
        return await self.of_works(work_ids)

    async def work_ids(self, failure: FailureCode | None = None) -> list[str]:
        """Return the works that are dead letters, oldest first: all, or those that failed for one reason."""
        work_ids = cast("list[str]", await self._client.zrange(self._keys.dead, 0, -1))
        if failure is None:
            return work_ids
        found: list[str] = []
        for first in range(0, len(work_ids), _BATCH):
            batch = work_ids[first : first + _BATCH]
            async with self._client.pipeline(transaction=False) as pipeline:
                for work_id in batch:
                    pipeline.hget(self._keys.work(work_id), "failure")
                failures: list[str | None] = await pipeline.execute()
            found += [work_id for work_id, code in zip(batch, failures, strict=True) if code == failure]
        return found

    async def of_works(self, work_ids: Sequence[str]) -> list[DeadLetter]:
        """Return the dead letters of works, in their order; those that are none (any more) are left out."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for work_id in work_ids:
                pipeline.hgetall(self._keys.work(work_id))
                pipeline.smembers(self._keys.work_jobs(work_id))
                pipeline.lrange(self._keys.attempts(work_id), 0, -1)
            answers: list[Any] = await pipeline.execute()
        members = [sorted(job_ids) for job_ids in answers[1::3]]
        async with self._client.pipeline(transaction=False) as pipeline:
            for job_id in chain.from_iterable(members):
                pipeline.hgetall(self._keys.job(job_id))
            records: Iterator[dict[str, str]] = iter(await pipeline.execute())
        letters = []
        for work, job_ids, attempts in zip(answers[::3], members, answers[2::3], strict=True):
            of_work = [next(records) for _ in job_ids]
            jobs = [Job.from_records(record, work) for record in of_work if record and work]
            failed = [job for job in jobs if job.status is JobStatus.FAILED]
            if failed:
                letters.append(
                    DeadLetter(
                        work=failed[0].work,
                        jobs=sorted(failed, key=lambda job: job.created_at),
                        attempts=[AttemptRecord.model_validate_json(attempt) for attempt in attempts],
                    )
                )
        return letters

    async def requeue(self, work_id: str) -> str:
        """Give a dead letter new attempts, from its checkpoint; return its lane.

        Raises:
            NotADeadLetter: it is none (any more).
        """
        return cast("str", await self._move(JobScript.REQUEUE, work_id))

    async def purge(self, work_id: str) -> int:
        """Remove a dead letter with all its jobs; return how many these were.

        Raises:
            NotADeadLetter: it is none (any more).
        """
        return cast("int", await self._move(JobScript.PURGE, work_id))

    async def count(self, failure: FailureCode | None = None) -> int:
        """Return how many failed works are kept: all, or those that failed for one reason."""
        return len(await self.work_ids(failure)) if failure else await self._client.zcard(self._keys.dead)

    async def _move(self, script: JobScript, work_id: str) -> object:
        answer: object = await self._scripts[script](args=script_arguments(self._keys.prefix, {"work_id": work_id}))
        if answer is None:
            raise NotADeadLetter("The job is no dead letter any more.")
        return answer
