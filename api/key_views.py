"""API keys over HTTP: what is asked for, and what is told of them, as documented models."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.api_keys import ApiKey, KeyLimits
from api.job_terms import LEAST_RETENTION_HOURS, MOST_RETENTION_HOURS
from api.principal import Scope

_KEY_ID = "5f0c2a4e9b1d47c8"


Rate = Annotated[str, Field(pattern="^[1-9][0-9]{0,8}/(second|minute|hour|day)$")]


class NewLimits(BaseModel):
    """What a key may have; what isn't given is as for everybody."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    weight: float = Field(default=1.0, ge=0.01, le=100, description="Its tenant's share of a queue, against 1.")
    submit_rate: Rate | None = Field(
        default=None, description="In the place of RATE_LIMIT_SUBMIT.", examples=["100/minute"]
    )
    read_rate: Rate | None = Field(
        default=None, description="In the place of RATE_LIMIT_READ.", examples=["6000/minute"]
    )
    expires_in_days: float | None = Field(default=None, gt=0, le=3650, description="From now; null: it doesn't expire.")
    webhook_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Who is told of the end of its jobs that name nobody.",
        examples=["https://example.com/hooks"],
    )
    retention_hours: float | None = Field(
        default=None,
        ge=LEAST_RETENTION_HOURS,
        le=MOST_RETENTION_HOURS,
        description="Hours after its end when everything of a job is removed: for jobs that ask for no less, and the "
        "most that one may ask for. A minute or more.",
        examples=[72],
    )
    sensitivity: str | None = Field(
        default=None,
        min_length=1,
        max_length=32,
        description="The label of its jobs that name none.",
        examples=["confidential"],
    )

    def limits(self) -> KeyLimits:
        """Return the limits, counted from now."""
        days = self.expires_in_days
        return KeyLimits(
            weight=self.weight,
            submit_rate=self.submit_rate,
            read_rate=self.read_rate,
            expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
            webhook_url=self.webhook_url,
            retention_hours=self.retention_hours,
            sensitivity=self.sensitivity,
        )

    def given(self) -> set[str]:
        """Return the names of the limits that were given, if only as nothing."""
        return {"expires_at" if name == "expires_in_days" else name for name in self.model_fields_set}


class NewKey(NewLimits):
    """An API key to make."""

    name: str = Field(min_length=1, max_length=100, description="What to call it.", examples=["web shop"])
    tenant: str = Field(
        pattern="^[!-~]{1,128}$", description="Whose jobs it concerns, in visible ASCII.", examples=["acme"]
    )
    scopes: list[Scope] = Field(
        default=[Scope.SUBMIT, Scope.READ],
        min_length=1,
        description="`submit`: post audio, cancel and erase. `read`: follow and fetch. `admin`: what concerns all "
        "tenants: keys, dead letters, statistics.",
    )


class KeyView(BaseModel):
    """What is known of an API key; the key itself is told once, to who makes it."""

    key_id: str = Field(description="The part of the key behind `scr_`.", examples=[_KEY_ID])
    name: str
    tenant: str
    scopes: list[Scope]
    weight: float
    submit_rate: str | None
    read_rate: str | None
    webhook_url: str | None
    retention_hours: float | None
    sensitivity: str | None
    status: Literal["valid", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute; null: never.")

    @classmethod
    def of(cls, key: ApiKey) -> "KeyView":
        """Return a key's view."""
        return cls.model_validate(_facts(key))


class KeyCreated(KeyView):
    """A new API key."""

    key: str = Field(description="The key. Keep it: nothing can tell it again.", examples=[f"scr_{_KEY_ID}_..."])

    @classmethod
    def with_key(cls, key: ApiKey, token: str) -> "KeyCreated":
        """Return a new key's view, with the key."""
        return cls.model_validate({**_facts(key), "key": token})


class KeyList(BaseModel):
    """API keys, the latest made or changed first."""

    keys: list[KeyView]
    total: int


def _facts(key: ApiKey) -> dict[str, object]:
    limits = key.limits
    expired = limits.expires_at is not None and limits.expires_at <= datetime.now(UTC)
    return {
        "key_id": key.key_id,
        "name": key.name,
        "tenant": key.tenant,
        "scopes": sorted(key.scopes),
        "weight": limits.weight,
        "submit_rate": limits.submit_rate,
        "read_rate": limits.read_rate,
        "webhook_url": limits.webhook_url,
        "retention_hours": limits.retention_hours,
        "sensitivity": limits.sensitivity,
        "status": "revoked" if key.revoked_at else "expired" if expired else "valid",
        "created_at": key.created_at,
        "expires_at": limits.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
