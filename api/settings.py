"""The gateway's settings."""

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from api.client_address import trusted_proxies
from api.rate_limits import parsed
from core.settings import DoorSettings, GoldenSetSettings, MediaSettings, OutboundSettings

_ORIGIN = re.compile(r"https?://[^/?#,\s]+")


class GatewaySettings(DoorSettings, MediaSettings, OutboundSettings, GoldenSetSettings):
    """Whom the gateway lets in and what it takes."""

    admin_key: str = Field(
        default="",
        description="With AUTH_MODE=api_key, a key that may do everything: 32 characters or more, to make the others.",
        repr=False,
    )
    jwt_jwks_url: str = Field(
        default="", description="With AUTH_MODE=jwt, where the keys that sign tokens are published (JWKS)."
    )
    jwt_issuer: str = Field(default="", description="The `iss` that tokens must have.")
    jwt_audience: str = Field(default="", description="The `aud` that tokens must have, or one of it.")
    jwt_tenant_claim: str = Field(
        default="tenant", min_length=1, description="The claim that names a token's tenant; `sub`: each user is one."
    )

    max_uploads: int = Field(
        default=256, ge=1, description="Uploads that one gateway takes at once; beyond, new ones are answered 503."
    )
    max_uploads_per_client: int = Field(
        default=32,
        ge=1,
        description="Uploads that one client, a key or an address, may have under way; beyond, new ones are "
        "answered 429.",
    )
    min_upload_bytes_per_second: float = Field(
        default=4096, gt=0, description="An upload that comes more slowly is ended (408)."
    )
    upload_grace_seconds: float = Field(
        default=20, gt=0, description="How long an upload may stall, and how far it may fall behind that rate."
    )
    upload_timeout_seconds: float = Field(
        default=1800, gt=0, description="An upload that isn't whole by then is ended (408)."
    )
    max_connections: int = Field(
        default=16384,
        ge=1,
        description="Connections held open; beyond, or near the limit on open files, the longest idle one is closed.",
    )
    header_timeout_seconds: float = Field(
        default=10, gt=0, description="A connection on which a request's head isn't whole by then is closed."
    )
    stalled_answer_seconds: float = Field(
        default=60, gt=0, description="A client that takes none of its answer for so long is disconnected."
    )

    sync_wait_seconds: float = Field(
        default=3600,
        gt=0,
        description="How long a synchronous call waits for its job; then it is answered 504 with the job's address.",
    )
    max_queue_jobs: int = Field(
        default=100_000, ge=1, description="Jobs that may wait for a model; beyond, new ones are answered 429."
    )
    max_queue_audio_seconds: float = Field(
        default=3_600_000, gt=0, description="Audio that may wait for a model; beyond, new jobs are answered 429."
    )
    deduplicate: bool = Field(
        default=True,
        description="Answer the same audio with the same options from one transcription; "
        "a request with `Cache-Control: no-cache` is spared.",
    )
    idempotency_ttl_hours: float = Field(
        default=24, gt=0, description="How long an Idempotency-Key stands for its request."
    )

    audit_max_entries: int = Field(
        default=200_000, ge=1, description="Entries that the audit log keeps at most; beyond, the oldest go first."
    )

    search: Literal["on", "off"] = Field(
        default="on", description="Whether all transcripts are indexed, for GET /search."
    )
    search_database_url: str = Field(
        default="",
        description="PostgreSQL for that index (postgresql://...), if it is not to be in DATA_DIR.",
        repr=False,
        examples=["postgresql://scriptorium:secret@db.example.com/scriptorium"],
    )

    rate_limit_submit: str = Field(
        default="10/minute",
        description="Submissions that a key, or an address without one, may make; several limits separated by `;`, "
        "or `off`.",
        examples=["20/minute;500/day"],
    )
    rate_limit_read: str = Field(
        default="600/minute", description="The same for every other request about jobs.", examples=["off"]
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, "
        "separated by commas.",
        examples=["127.0.0.1,10.1.0.0/16"],
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose pages may use the API in a browser, separated by commas; `*` is all of them.",
        examples=["https://app.example.com,http://localhost:3000"],
    )

    @field_validator("search_database_url")
    @classmethod
    def _is_postgresql(cls, value: str) -> str:
        try:
            is_one = not value or (urlsplit(value).scheme in {"postgresql", "postgres"} and urlsplit(value).port != 0)
        except ValueError:
            is_one = False
        if not is_one:
            raise ValueError(
                "this is no postgresql:// URL; what is special in its password has to be percent-encoded"
            ) from None
        return value

    @field_validator("rate_limit_submit", "rate_limit_read")
    @classmethod
    def _is_limit(cls, value: str) -> str:
        parsed(value)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        trusted_proxies(value)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for number, origin in enumerate(_listed(value), start=1):
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"number {number} is no origin; write https://app.example.com, without a path or a slash"
                )
        return value

    @property
    def proxies(self) -> list[str]:
        """The proxies that are believed."""
        return trusted_proxies(self.trusted_proxies)

    @property
    def origins(self) -> list[str]:
        """The origins that are let in."""
        return _listed(self.cors_origins)

    @property
    def idempotency_ttl_ms(self) -> int:
        """How long an Idempotency-Key is remembered, in milliseconds."""
        return round(self.idempotency_ttl_hours * 3_600_000)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
