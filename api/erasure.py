"""What an erasure has removed, in numbers."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Erased:
    """How much of what was removed."""

    records: int = 0
    """Of jobs."""
    results: int = 0
    segments: int = 0
    events: int = 0
    attempts: int = 0
    webhook_events: int = 0
    idempotency_keys: int = 0
    corrections: int = 0
    """Of segments."""
    audio_files: int = 0
    audio_bytes: int = 0

    def __add__(self, other: "Erased") -> "Erased":
        """Return the sums."""
        return Erased(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Erased)})


@dataclass(frozen=True, slots=True)
class ErasedRecords:
    """What of one job was removed from Redis."""

    work_id: str | None
    """Its work, if that went with it; None: other jobs share it."""
    erased: Erased


@dataclass(frozen=True, slots=True)
class ErasedJob:
    """What of one job was removed."""

    erased: Erased
    is_shared: bool
    """Other jobs of its tenant share transcript and audio, which stay for them."""


@dataclass(frozen=True, slots=True)
class ErasedTenant:
    """What of a tenant was removed."""

    erased: Erased
    keys: int
    """API keys that were revoked and made nameless."""
    pending: int
    """Jobs that run: they were asked to stop, and are to be erased then."""
    remaining: int
    """Jobs that are left, those that run among them."""
