"""Uploads that come before their jobs: whose they are and what is known of them, until jobs name them.

The audio of one lies in its media store under the upload's own id, and each job that names it gets it under its own as
well (`MediaStore.duplicate`). So one that nobody names is an orphan, which the clean-up removes as any other.
"""

import asyncio
import secrets
from contextlib import suppress
from typing import Final, cast

from fastapi import Request
from pydantic import BaseModel
from redis.asyncio import Redis

from api.access import client_of
from api.job_terms import TermsPolicy
from api.principal import Principal
from api.uploads import UploadReceiver
from core.errors import StoreUnavailable
from core.keys import Keys
from core.media_stores import MediaStores

_KEPT_MS: Final = 24 * 3_600_000
"""How long whose it is can be known at most; the audio goes before, unless ORPHAN_SECONDS is longer."""


class KeptUpload(BaseModel, frozen=True):
    """A whole file in its store, and nothing yet that it is for."""

    upload_id: str
    tenant: str
    size_bytes: int
    blake3: str
    audio_seconds: float | None
    sensitivity: str | None
    """The label under which it is stored."""


class KeptUploads:
    """Takes uploads and finds them again. Every method may raise `redis.exceptions.RedisError`."""

    def __init__(
        self,
        client: Redis,
        *,
        uploads: UploadReceiver,
        media: MediaStores,
        terms: TermsPolicy,
        keys: Keys | None = None,
    ) -> None:
        self._client = client
        self._uploads = uploads
        self._media = media
        self._terms = terms
        self._keys = keys or Keys()

    async def receive(self, request: Request, principal: Principal) -> KeptUpload:
        """Receive a body that is a file; if nobody could know of it, nothing is left of it.

        Raises:
            ScriptoriumError: what `UploadReceiver.receive_bare` raises; InvalidOptions: its key's label is none.
            ClientDisconnect: the client went away.
        """
        upload_id = secrets.token_hex(16)
        label = self._terms.label(None, principal)
        upload = await self._uploads.receive_bare(
            request, upload_id, client=client_of(request, principal), media=self._media.of(label)
        )
        kept = KeptUpload(
            upload_id=upload_id,
            tenant=principal.tenant,
            size_bytes=upload.size_bytes,
            blake3=upload.blake3,
            audio_seconds=upload.audio_seconds,
            sensitivity=label,
        )
        try:
            await self._note(kept)
        except BaseException:
            await self._remove_audio(upload_id)
            raise
        return kept

    async def find(self, upload_id: str, *, tenant: str) -> KeptUpload | None:
        """Return an upload of a tenant's; None if he has none of this id, or had it too long ago."""
        record = await self._client.get(self._keys.upload(upload_id))
        kept = KeptUpload.model_validate_json(record) if record else None
        return kept if kept and kept.tenant == tenant else None

    async def remove(self, upload_id: str, *, tenant: str) -> None:
        """Remove an upload of a tenant's, if it is still there. Jobs that named it keep their audio."""
        if await self.find(upload_id, tenant=tenant) is not None:
            await self._remove_audio(upload_id)
            await self._forget(upload_id, tenant)

    async def erase(self, tenant: str) -> None:
        """Remove all that a tenant has uploaded and that no job has named."""
        uploads = await self._client.zrange(self._keys.uploads_of(tenant), 0, -1)
        for upload_id in cast("list[str]", uploads):
            await self._remove_audio(upload_id)
            await self._forget(upload_id, tenant)

    async def _note(self, kept: KeptUpload) -> None:
        seconds, _ = await self._client.time()
        now_ms, of_tenant = seconds * 1000, self._keys.uploads_of(kept.tenant)
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.set(self._keys.upload(kept.upload_id), kept.model_dump_json(), px=_KEPT_MS)
            pipeline.zadd(of_tenant, {kept.upload_id: now_ms})
            pipeline.zremrangebyscore(of_tenant, "-inf", now_ms - _KEPT_MS)
            pipeline.pexpire(of_tenant, _KEPT_MS)
            await pipeline.execute()

    async def _forget(self, upload_id: str, tenant: str) -> None:
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.delete(self._keys.upload(upload_id))
            pipeline.zrem(self._keys.uploads_of(tenant), upload_id)
            await pipeline.execute()

    async def _remove_audio(self, upload_id: str) -> None:
        """Remove audio; what a store that is away keeps of it is the clean-up's."""
        with suppress(StoreUnavailable):
            await asyncio.to_thread(self._media.remove, upload_id)
