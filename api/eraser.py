"""Erases jobs, and tenants with all they have: records in Redis, audio on disk, and API keys."""

import asyncio
from collections.abc import Sequence

from api.api_keys import ApiKeyStore
from api.erasure import Erased, ErasedJob, ErasedTenant
from api.job_store import CancelOutcome, JobStore
from api.kept_uploads import KeptUploads
from core.errors import JobNotFound
from core.job import Job
from core.media_stores import MediaStores

_BATCH = 100
_JOBS_A_CALL = 500


class Eraser:
    """Erases. What is interrupted is done by the next call; audio left without its record is the clean-up's."""

    def __init__(self, jobs: JobStore, media: MediaStores, api_keys: ApiKeyStore, kept_uploads: KeptUploads) -> None:
        self._jobs = jobs
        self._media = media
        self._api_keys = api_keys
        self._kept_uploads = kept_uploads

    async def job(self, job: Job) -> ErasedJob:
        """Erase a finished job, and the upload that it named.

        Raises:
            JobNotFound: there is none any more, or it isn't finished.
        """
        records = await self._jobs.erase(job.job_id)
        audio = await self._audio([records.work_id] if records.work_id else [])
        if job.upload_id:
            await self._kept_uploads.remove(job.upload_id, tenant=job.tenant)
        return ErasedJob(records.erased + audio, is_shared=records.work_id is None)

    async def tenant(self, tenant: str) -> ErasedTenant:
        """Erase up to 500 jobs of a tenant, the oldest first, and all his uploads and keys; jobs that run are to stop.

        The keys go first, so that no more jobs come.
        """
        keys = await self._api_keys.erase(tenant)
        await self._kept_uploads.erase(tenant)
        erased = Erased()
        pending = 0
        while erased.records < _JOBS_A_CALL and (
            job_ids := await self._jobs.oldest(tenant, offset=pending, limit=_BATCH)
        ):
            work_ids: list[str] = []
            for job_id in job_ids:
                try:
                    if await self._jobs.cancel(job_id) is CancelOutcome.REQUESTED:
                        pending += 1
                        continue
                    records = await self._jobs.erase(job_id)
                except JobNotFound:  # its record has expired
                    await self._jobs.unlist(job_id, tenant)
                    continue
                erased += records.erased
                work_ids += [records.work_id] if records.work_id else []
            erased += await self._audio(work_ids)
        return ErasedTenant(erased, keys=keys, pending=pending, remaining=await self._jobs.count(tenant))

    async def _audio(self, work_ids: Sequence[str]) -> Erased:
        """Remove the audio of works."""
        sizes = await asyncio.to_thread(lambda: [size for work_id in work_ids for size in self._media.remove(work_id)])
        return Erased(audio_files=len(sizes), audio_bytes=sum(sizes))
