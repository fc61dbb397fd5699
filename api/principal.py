"""Who asks: whose jobs a request may see, what it may do, and how much of it."""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TENANT = "default"
"""Whose everything is where nobody has to say who he is."""
ANONYMOUS = "anonymous"


class Scope(StrEnum):
    """What a principal may do. None includes another."""

    SUBMIT = "submit"
    """Post audio; cancel and erase one's own jobs."""
    READ = "read"
    """Follow and fetch one's own jobs."""
    ADMIN = "admin"
    """Whatever concerns all tenants: keys, dead letters, statistics."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may ask for something, as the request's credentials say."""

    tenant: str
    """Owns the jobs: nobody else's are there for him."""
    name: str
    """For logs and rate limits, never a secret; `ANONYMOUS` stands for whoever needs no credentials."""
    scopes: frozenset[Scope]
    weight: float = 1.0
    """His tenant's share of a lane, against 1 of others."""
    submit_rate: str | None = None
    """His own limit in the place of RATE_LIMIT_SUBMIT, such as `100/minute`."""
    read_rate: str | None = None
    """His own limit in the place of RATE_LIMIT_READ."""
    webhook_url: str | None = None
    """Who is told of the end of his jobs that name nobody."""
    retention_hours: float | None = None
    """How long after its end everything of a job of his is kept, if the job doesn't ask for less."""
    sensitivity: str | None = None
    """The label of his jobs that name none."""


OPEN_DOOR = Principal(tenant=DEFAULT_TENANT, name=ANONYMOUS, scopes=frozenset(Scope))
"""Everybody, where AUTH_MODE is `none`."""
