"""Waits until Redis has on its disk what a connection has written."""

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

_MILLISECONDS = 3000
"""How long it waits, if the server syncs only every second."""

logger = structlog.get_logger(__name__)


class DiskSync:
    """One server's word that writes are in its append-only file."""

    def __init__(self) -> None:
        self._can_tell = True

    async def has_written(self, connection: Redis) -> bool:
        """Return whether what this very connection has written is on the disk now, or in time.

        A server that can't tell is believed.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer.
        """
        if not self._can_tell:
            return True
        try:
            synced, _ = await connection.waitaof(1, 0, _MILLISECONDS)
        except ResponseError as error:
            # An older server, or one that keeps no such file: as durable as its operator has made it.
            logger.warning("writes_not_synced", reason=str(error))
            self._can_tell = False
            return True
        return bool(synced)
