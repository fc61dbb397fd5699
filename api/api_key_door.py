"""Lets in who brings an API key (AUTH_MODE=api_key).

A gateway holds all valid keys in memory and asks Redis once a second, as long as requests come, which have changed: so
a key costs a request some microseconds, and a revoked one is refused everywhere after a second. A key that isn't known
waits for the next look at Redis. There are at most twenty a second, however many come with keys of their own making:
they fill no memory and flood no Redis.
"""

import asyncio
import hmac
import math
import time
from dataclasses import dataclass
from hashlib import sha256

import structlog
from fastapi import Request
from redis.exceptions import RedisError

from api.api_keys import ApiKey, ApiKeyStore, key_id_of
from api.credentials import bearer_token, header
from api.principal import DEFAULT_TENANT, Principal, Scope
from core.errors import ConfigurationError, Unauthenticated

_FRESH_SECONDS = 1.0
"""How long what is known of the keys is taken for true."""
_PAUSE_SECONDS = 0.05
"""Shortest time between the beginnings of two looks at Redis."""
_NOTE_SECONDS = 60.0
"""Shortest time between two notes that a key was used."""
_LOCK_SECONDS = 2.0
"""How long the start waits to hear whether there are keys."""
_MIN_ADMIN_KEY = 32
_MAX_KEY_BYTES = 512

_OPERATOR = Principal(tenant=DEFAULT_TENANT, name="key:admin", scopes=frozenset(Scope))
"""Who brings ADMIN_KEY. The jobs from before there were keys are his."""

logger = structlog.get_logger(__name__)


class ApiKeyDoor:
    """Knows principals by their API keys. Never lets in when Redis doesn't answer."""

    def __init__(self, store: ApiKeyStore, *, admin_key: str = "") -> None:
        """Take ADMIN_KEY, if there is one.

        Raises:
            ConfigurationError: ADMIN_KEY can be guessed, or can't be sent in a header.
        """
        if admin_key and (len(admin_key) < _MIN_ADMIN_KEY or not _can_be_sent(admin_key)):
            raise ConfigurationError(
                f"ADMIN_KEY has to have {_MIN_ADMIN_KEY} to {_MAX_KEY_BYTES} characters, of ASCII and without spaces. "
                "`openssl rand -hex 32` makes a good one."
            )
        self._admin_digest = sha256(admin_key.encode()).digest() if admin_key else None
        self._ring = _KeyRing(store)
        self._store = store

    async def principal(self, request: Request) -> Principal:
        """Return whose key a request brings, as `Authorization: Bearer` or as `X-API-Key`.

        Raises:
            Unauthenticated: it brings none, or none that is valid.
            redis.exceptions.RedisError: Redis doesn't answer, so nobody knows.
        """
        token = bearer_token(request) or header(request, b"x-api-key")
        if not token:
            raise Unauthenticated("Send an API key: 'Authorization: Bearer <key>' or 'X-API-Key: <key>'.")
        if len(token) <= _MAX_KEY_BYTES:
            digest = sha256(token).digest()
            if self._admin_digest is not None and hmac.compare_digest(digest, self._admin_digest):
                return _OPERATOR
            key_id = key_id_of(token)
            holder = await self._ring.holder(key_id) if key_id else None
            if holder is not None and hmac.compare_digest(digest, holder.digest) and time.time() < holder.expires_at:
                self._ring.note_use(holder)
                return holder.principal
        raise Unauthenticated("This API key is unknown, was revoked or has expired.")

    async def warn_if_locked(self) -> None:
        """Say so in the log if nobody could ever come in; don't wait for Redis if it takes its time."""
        try:
            async with asyncio.timeout(_LOCK_SECONDS):
                locked = self._admin_digest is None and await self._store.count() == 0
        except (RedisError, TimeoutError):
            return
        if locked:
            logger.warning(
                "no_way_in", hint="There is no API key yet. Set ADMIN_KEY, and make one with 'scriptorium keys create'."
            )


@dataclass(slots=True)
class _Holder:
    """Who holds a valid key."""

    key_id: str
    principal: Principal
    digest: bytes
    expires_at: float
    """Seconds since 1970; infinite for never."""
    noted_at: float = -math.inf
    """When the use of the key was last noted, on the monotonic clock."""

    @classmethod
    def of(cls, key: ApiKey) -> "_Holder":
        limits = key.limits
        return cls(
            key_id=key.key_id,
            principal=Principal(
                tenant=key.tenant,
                name=f"key:{key.key_id}",
                scopes=key.scopes,
                weight=limits.weight,
                submit_rate=limits.submit_rate,
                read_rate=limits.read_rate,
                webhook_url=limits.webhook_url,
                retention_hours=limits.retention_hours,
                sensitivity=limits.sensitivity,
            ),
            digest=bytes.fromhex(key.sha256),
            expires_at=limits.expires_at.timestamp() if limits.expires_at else math.inf,
        )


class _KeyRing:
    """All keys that aren't revoked, as Redis had them a second ago or later."""

    def __init__(self, store: ApiKeyStore) -> None:
        self._store = store
        self._holders: dict[str, _Holder] = {}
        self._change = 0
        """Number of the latest change that was read."""
        self._looked_at = -math.inf
        """When the latest look that succeeded began, on the monotonic clock."""
        self._look: asyncio.Task[None] | None = None
        self._notes: set[asyncio.Task[None]] = set()

    async def holder(self, key_id: str) -> _Holder | None:
        now = time.monotonic()
        if key_id not in self._holders:
            await self._have_looked(now)
        elif now - self._looked_at > _FRESH_SECONDS:
            await self._have_looked(now - _FRESH_SECONDS)
        return self._holders.get(key_id)

    def note_use(self, holder: _Holder) -> None:
        """Have Redis note that a key was used; nobody waits for it, and once a minute is enough."""
        now = time.monotonic()
        if now - holder.noted_at >= _NOTE_SECONDS:
            holder.noted_at = now
            task = asyncio.create_task(self._note_use(holder.key_id))
            self._notes.add(task)
            task.add_done_callback(self._notes.discard)

    async def _note_use(self, key_id: str) -> None:
        try:
            await self._store.note_use(key_id)
        except RedisError as error:
            logger.warning("key_use_not_noted", error=type(error).__name__)

    async def _have_looked(self, since: float) -> None:
        """Return once a look that began after a moment has succeeded. All who wait share it."""
        while self._looked_at <= since:
            if self._look is None:
                self._look = asyncio.create_task(self._look_at_redis())
                self._look.add_done_callback(self._looked)
            await asyncio.shield(self._look)

    async def _look_at_redis(self) -> None:
        await asyncio.sleep(self._looked_at + _PAUSE_SECONDS - time.monotonic())
        began = time.monotonic()
        change, keys = await self._store.changed(self._change)
        if change < self._change:
            # Redis was set back, to an older state or to nothing: what we know is of a future that never was.
            self._holders.clear()
            change, keys = await self._store.changed(0)
        for key in keys:
            if key.revoked_at is None:
                former = self._holders.get(key.key_id)
                self._holders[key.key_id] = _Holder.of(key)
                if former is not None:
                    self._holders[key.key_id].noted_at = former.noted_at
            else:
                self._holders.pop(key.key_id, None)
        self._change = change
        self._looked_at = began

    def _looked(self, look: asyncio.Task[None]) -> None:
        self._look = None
        if not look.cancelled():
            look.exception()  # whoever waited has it; nobody may have


def _can_be_sent(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key and len(key) <= _MAX_KEY_BYTES
