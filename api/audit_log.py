"""The audit log in Redis: who did what to which job or key, when, from where, and how it was answered.

Entries hold ids and never content: no file name, no transcript, no URL, no option.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

from redis.asyncio import Redis

from core.keys import Keys

_BATCH = 1000
_BATCHES = 20
"""Of entries looked at in one call: a rare one is found in several."""


class Action(StrEnum):
    """What somebody did, or wanted to do: the status says which."""

    AUDIO_UPLOADED = "audio.uploaded"
    """For jobs to come."""
    JOB_SUBMITTED = "job.submitted"
    JOB_CANCELLED = "job.cancelled"
    JOB_ERASED = "job.erased"
    TRANSCRIPT_READ = "transcript.read"
    TRANSCRIPT_FOLLOWED = "transcript.followed"
    """An event stream was opened."""
    TRANSCRIPT_FOUND = "transcript.found"
    """A search showed a part of it."""
    AUDIO_READ = "audio.read"
    TRANSCRIPT_CORRECTED = "transcript.corrected"
    WEBHOOK_REPLAYED = "webhook.replayed"
    DEAD_LETTER_READ = "dead_letter.read"
    DEAD_LETTER_REQUEUED = "dead_letter.requeued"
    DEAD_LETTER_PURGED = "dead_letter.purged"
    KEY_READ = "key.read"
    KEY_CREATED = "key.created"
    KEY_CHANGED = "key.changed"
    KEY_REVOKED = "key.revoked"
    TENANT_ERASED = "tenant.erased"
    AUDIT_READ = "audit.read"
    ACCESS_REFUSED = "access.refused"
    """Credentials that are none, or don't allow it: 401 and 403, on whatever route."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done or refused."""

    action: Action
    tenant: str | None
    """Of who did it; None while nobody knows who that is."""
    who: str | None
    """`key:<id>`, `sub:<subject>` or `anonymous`; None while nobody knows."""
    address: str | None
    """Where the request came from; None where those of several are counted together."""
    request_id: str | None
    """The same as in the log lines; None where several requests are counted together."""
    route: str | None
    """What was asked for, where it was refused without regard to what it is."""
    status: int | None
    """HTTP status of the answer; None if it was written before the deed."""
    object_id: str | None
    """The job or the key concerned."""
    times: int = 1
    """Requests that it stands for."""

    def told(self) -> dict[str, object]:
        """Return what it tells: nothing of what is not known."""
        return {name: value for name in _FIELDS if (value := getattr(self, name)) is not None}

    def fields(self) -> dict[str, str]:
        """Return the entry as the stream has it: always the same fields in the same order, which Redis stores once."""
        return {
            "action": self.action,
            "tenant": self.tenant or "",
            "who": self.who or "",
            "address": self.address or "",
            "request_id": self.request_id or "",
            "route": self.route or "",
            "times": str(self.times),
            "status": "" if self.status is None else str(self.status),
            "object": self.object_id or "",
        }


_FIELDS = tuple(AuditEntry.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry of the log, and when it was written."""

    entry: AuditEntry
    at: datetime
    """By Redis' clock, in UTC."""

    @classmethod
    def from_stream(cls, entry_id: str, fields: Mapping[str, str]) -> "StoredEntry":
        """Read an entry."""
        return cls(
            AuditEntry(
                action=Action(fields["action"]),
                tenant=fields["tenant"] or None,
                who=fields["who"] or None,
                address=fields["address"] or None,
                request_id=fields["request_id"] or None,
                route=fields["route"] or None,
                status=int(fields["status"]) if fields["status"] else None,
                object_id=fields["object"] or None,
                times=int(fields["times"]),
            ),
            at=datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, tz=UTC),
        )


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries are asked for; None is all."""

    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    tenant: str | None = None
    action: Action | None = None
    object_id: str | None = None

    def matches(self, entry: AuditEntry) -> bool:
        """Tell whether an entry of that time is among them."""
        return (
            self.tenant in {None, entry.tenant}
            and self.action in {None, entry.action}
            and self.object_id in {None, entry.object_id}
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, the latest first, and where the next ones begin."""

    entries: Sequence[StoredEntry]
    next_cursor: str | None


class AuditLog:
    """Entries in a stream of bounded length; the clean-up removes those that are too old."""

    def __init__(self, client: Redis, *, most: int, keys: Keys | None = None) -> None:
        """Keep `most` entries, and up to a hundred more: Redis drops whole blocks."""
        self._client = client
        self._most = most
        self._key = (keys or Keys()).audit

    async def add(self, entries: Sequence[AuditEntry]) -> None:
        """Write entries.

        Raises:
            redis.exceptions.RedisError: it isn't known that they are there.
        """
        async with self._client.pipeline(transaction=False) as pipeline:
            for entry in entries:
                pipeline.xadd(self._key, entry.fields(), maxlen=self._most, approximate=True)  # type: ignore[arg-type]
            await pipeline.execute()

    def carried(self, entry: AuditEntry) -> Mapping[str, object]:
        """Return an entry for `accept.lua` to write with a job, whose id it puts in."""
        fields = entry.fields()
        del fields["object"]
        return {"fields": [part for pair in fields.items() for part in pair], "most": self._most}

    async def page(self, query: AuditQuery, *, limit: int, cursor: str | None) -> AuditPage:
        """Return up to `limit` entries, the latest first.

        `cursor` is a former page's `next_cursor`. One call looks at a bounded number of entries, so pages may not be
        full; only a missing `next_cursor` means the end.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer.
        """
        newest = _behind(cursor) if cursor else _before(query.until)
        oldest = "-" if query.since is None else str(max(0, _milliseconds(query.since)))
        found: list[StoredEntry] = []
        for _ in range(_BATCHES):
            if newest is None:
                break
            batch = cast(
                "list[tuple[str, dict[str, str]]]",
                await self._client.xrevrange(self._key, newest, oldest, count=_BATCH),
            )
            for entry_id, fields in batch:
                stored = StoredEntry.from_stream(entry_id, fields)
                newest = _behind(entry_id)
                if query.matches(stored.entry):
                    found.append(stored)
                    if len(found) == limit:
                        return AuditPage(found, entry_id)
            if len(batch) < _BATCH:
                newest = None
        return AuditPage(found, newest.removeprefix("(") if newest else None)


def _before(until: datetime | None) -> str | None:
    """Return the end of a range that leads up to a moment; None if nothing can be before it."""
    if until is None:
        return "+"
    last = _milliseconds(until) - 1
    return str(last) if last > 0 else None


def _behind(entry_id: str) -> str | None:
    """Return the end of a range that leads up to an entry; None if nothing can be before it."""
    return None if entry_id.strip("0-") == "" else f"({entry_id}"


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
