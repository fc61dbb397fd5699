"""API keys in Redis: what each allows, never the key itself.

A key is `scr_<id>_<secret>`. The id finds it and is shown; of the secret's 256 random bits nothing is kept but the
SHA-256 of the whole key. Nobody guesses 256 bits, so nothing slower than SHA-256 is needed.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from redis.asyncio import Redis

from api.disk_sync import DiskSync
from api.principal import Scope
from core.errors import StoreUnavailable, UnknownKey
from core.keys import Keys
from core.work import moment, optional_moment

_FIELDS = {"expires_at": "expires_at_ms"}
"""Limits that a record has under another name."""
_KEY = re.compile(rb"scr_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
_BATCH = 200
"""Records read at once."""

_WRITE = """
-- Writes fields of a key's record and numbers the change, so that gateways can ask for what they have not seen.
--   KEYS  the record; the index of changes
--   ARGV  the key's id; '1' if the record must be there, '0' if it must not; then names and values
-- Returns nil, and writes nothing, if the record is not as it must be.
if redis.call('EXISTS', KEYS[1]) ~= tonumber(ARGV[2]) then return nil end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
local latest = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or 0
return redis.call('ZADD', KEYS[2], string.format('%.0f', latest + 1), ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What of a key can be changed."""

    weight: float = 1.0
    """Of its tenant, against 1 of others."""
    submit_rate: str | None = None
    read_rate: str | None = None
    expires_at: datetime | None = None
    webhook_url: str | None = None
    """Who is told of the end of its jobs that name nobody."""
    retention_hours: float | None = None
    """How long after its end everything of a job is kept, if that asks for no less."""
    sensitivity: str | None = None
    """The label of its jobs that name none."""

    def fields(self) -> dict[str, str]:
        """Return the limits as a key's record has them; an empty string stands for nothing."""
        return {
            "weight": repr(self.weight),
            "submit_rate": self.submit_rate or "",
            "read_rate": self.read_rate or "",
            "expires_at_ms": str(round(self.expires_at.timestamp() * 1000)) if self.expires_at else "",
            "webhook_url": self.webhook_url or "",
            "retention_hours": "" if self.retention_hours is None else repr(self.retention_hours),
            "sensitivity": self.sensitivity or "",
        }

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> "KeyLimits":
        """Read the limits from a key's record."""
        retention_hours = record.get("retention_hours")
        return cls(
            weight=float(record["weight"]),
            submit_rate=record["submit_rate"] or None,
            read_rate=record["read_rate"] or None,
            expires_at=optional_moment(record["expires_at_ms"]),
            webhook_url=record.get("webhook_url") or None,
            retention_hours=float(retention_hours) if retention_hours else None,
            sensitivity=record.get("sensitivity") or None,
        )


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key. All times are UTC."""

    key_id: str
    sha256: str = field(repr=False)
    """Of the whole key, in hexadecimal."""
    name: str
    """What its maker calls it."""
    tenant: str
    scopes: frozenset[Scope]
    limits: KeyLimits
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> "ApiKey":
        """Read a key from its hash."""
        return cls(
            key_id=record["key_id"],
            sha256=record["sha256"],
            name=record["name"],
            tenant=record["tenant"],
            scopes=frozenset(Scope(scope) for scope in record["scopes"].split()),
            limits=KeyLimits.from_record(record),
            created_at=moment(record["created_at_ms"]),
            revoked_at=optional_moment(record.get("revoked_at_ms")),
            last_used_at=optional_moment(record.get("last_used_at_ms")),
        )


def key_id_of(token: bytes) -> str | None:
    """Return the id in a key; None if it isn't written as one."""
    match = _KEY.fullmatch(token)
    return match[1].decode() if match else None


class ApiKeyStore:
    """API keys, for the gateway. Every method may raise `redis.exceptions.RedisError`.

    What was written is on Redis' disk: a crash brings back no revoked key. A method that writes raises
    `StoreUnavailable` if Redis can't say so in time; call it again.
    """

    def __init__(self, client: Redis, keys: Keys | None = None) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._write_script = client.register_script(_WRITE)
        self._disk = DiskSync(client)

    async def create(
        self, *, name: str, tenant: str, scopes: Iterable[Scope], limits: KeyLimits | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key; return what is known of it, and the key, which nothing can tell again."""
        while True:
            key_id = secrets.token_hex(8)
            token = f"scr_{key_id}_{secrets.token_urlsafe(32)}"
            record = {
                "key_id": key_id,
                "sha256": hashlib.sha256(token.encode()).hexdigest(),
                "name": name,
                "tenant": tenant,
                "scopes": " ".join(sorted(scopes)),
                "created_at_ms": str(_now_ms()),
                **(limits or KeyLimits()).fields(),
            }
            if await self._write(key_id, record, there=False):
                return ApiKey.from_record(record), token

    async def get(self, key_id: str) -> ApiKey:
        """Return what is known of a key.

        Raises:
            UnknownKey: there is none with this id.
        """
        for key in await self._read([key_id]):
            return key
        raise _unknown(key_id)

    async def page(self, *, limit: int, offset: int = 0) -> list[ApiKey]:
        """Return keys, the latest made or changed first; also those that are revoked or have expired."""
        key_ids = await self._client.zrevrange(self._keys.api_keys, offset, offset + limit - 1)
        return await self._read(cast("list[str]", key_ids))

    async def count(self) -> int:
        """Return how many keys there are, revoked and expired ones included."""
        return await self._client.zcard(self._keys.api_keys)

    async def limit(self, key_id: str, limits: KeyLimits) -> ApiKey:
        """Give a key other limits.

        Raises:
            UnknownKey: there is none with this id.
        """
        await self._write(key_id, limits.fields(), there=True)
        return await self.get(key_id)

    async def change(self, key_id: str, limits: KeyLimits, names: Iterable[str]) -> ApiKey:
        """Give a key some other limits, by their names; the rest stays.

        Raises:
            UnknownKey: there is none with this id.
        """
        fields = limits.fields()
        changed = {field: fields[field] for name in names if (field := _FIELDS.get(name, name))}
        if changed:
            await self._write(key_id, changed, there=True)
        return await self.get(key_id)

    async def revoke(self, key_id: str) -> ApiKey:
        """Make a key worthless for good. One that was revoked before stays so, with its time.

        Raises:
            UnknownKey: there is none with this id.
        """
        former = (await self.get(key_id)).revoked_at
        revoked_at_ms = round(former.timestamp() * 1000) if former else _now_ms()
        await self._write(key_id, {"revoked_at_ms": str(revoked_at_ms)}, there=True)
        return await self.get(key_id)

    async def erase(self, tenant: str) -> int:
        """Revoke all keys of a tenant and remove what tells of him and what they may; return how many these were.

        An id with its revocation stays: a gateway that was away must still hear of it.
        """
        key_ids = cast("list[str]", await self._client.zrange(self._keys.api_keys, 0, -1))
        keys = [key for key in await self._read(key_ids) if key.tenant == tenant]
        for key in keys:
            revoked_at_ms = round(key.revoked_at.timestamp() * 1000) if key.revoked_at else _now_ms()
            nameless = {"name": "", "tenant": "", "scopes": "", "sha256": "", "revoked_at_ms": str(revoked_at_ms)}
            await self._write(key.key_id, nameless | KeyLimits().fields(), there=True)
        return len(keys)

    async def note_use(self, key_id: str) -> None:
        """Note that a key was used just now; that is no change."""
        await self._client.hset(self._keys.api_key(key_id), "last_used_at_ms", str(_now_ms()))

    async def changed(self, after: int) -> tuple[int, list[ApiKey]]:
        """Return the number of the latest change, and the keys changed behind another (0: all keys).

        A number below `after` tells that the store was set back.
        """
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.zrevrange(self._keys.api_keys, 0, 0, withscores=True)
            pipeline.zrangebyscore(self._keys.api_keys, f"({after}", "+inf")
            latest, key_ids = await pipeline.execute()
        return int(latest[0][1]) if latest else 0, await self._read(key_ids)

    async def _read(self, key_ids: Sequence[str]) -> list[ApiKey]:
        """Return the keys of these ids that are there, in this order."""
        found: list[dict[str, str]] = []
        for first in range(0, len(key_ids), _BATCH):
            async with self._client.pipeline(transaction=False) as pipeline:
                for key_id in key_ids[first : first + _BATCH]:
                    pipeline.hgetall(self._keys.api_key(key_id))
                found += await pipeline.execute()
        return [ApiKey.from_record(record) for record in found if "key_id" in record]

    async def _write(self, key_id: str, fields: Mapping[str, str], *, there: bool) -> bool:
        answer, on_disk = await self._disk.run(
            self._write_script,
            keys=[self._keys.api_key(key_id), self._keys.api_keys],
            args=[key_id, str(int(there)), *(part for pair in fields.items() for part in pair)],
        )
        if not on_disk:
            raise StoreUnavailable("The store is too slow to say that this is on its disk. Send it again.")
        return answer is not None


def _now_ms() -> int:
    return round(time.time() * 1000)


def _unknown(key_id: str) -> UnknownKey:
    return UnknownKey(f"There is no key '{key_id}'. GET /keys lists those there are.")
