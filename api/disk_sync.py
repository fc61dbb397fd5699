"""Runs a script and waits until what it wrote is on Redis' disk."""

from collections.abc import Sequence
from typing import cast

import structlog
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError, ResponseError

_MILLISECONDS = 3000
"""How long it waits, if the server syncs only every second."""

logger = structlog.get_logger(__name__)


class DiskSync:
    """One server's word that writes are in its append-only file."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._can_tell = True

    async def run(self, script: AsyncScript, *, keys: Sequence[str] = (), args: Sequence[str]) -> tuple[object, bool]:
        """Return what a script answers, and whether what it wrote is on the disk now, or in time.

        Both are asked in one round trip and over one connection: a server syncs up to what that very one has written.
        A server that can't tell is believed.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer, or the script failed.
        """
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.evalsha(script.sha, len(keys), *keys, *args)
            if self._can_tell:
                pipeline.waitaof(1, 0, _MILLISECONDS)
            answer, *syncs = await pipeline.execute(raise_on_error=False)
        if isinstance(answer, NoScriptError):  # the server is a new one
            await self._client.script_load(cast("str", script.script))
            return await self.run(script, keys=keys, args=args)
        if isinstance(answer, Exception):
            raise answer
        return answer, all(self._is_synced(sync) for sync in syncs)

    def _is_synced(self, sync: ResponseError | Sequence[int]) -> bool:
        if isinstance(sync, ResponseError):
            # An older server, or one that keeps no such file: as durable as its operator has made it.
            logger.warning("writes_not_synced", reason=str(sync))
            self._can_tell = False
            return True
        return bool(sync[0])
