"""The gateway's settings."""

from pydantic import Field

from core.settings import DoorSettings, OutboundSettings

_MIB = 1024 * 1024


class GatewaySettings(DoorSettings, OutboundSettings):
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

    max_file_size_mb: float = Field(default=100, gt=0, description="Largest upload, in MiB.")
    min_free_disk_mb: float = Field(
        default=1024,
        ge=0,
        description="Uploads are refused (507) rather than leave less than this free, in MiB.",
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

    @property
    def idempotency_ttl_ms(self) -> int:
        """How long an Idempotency-Key is remembered, in milliseconds."""
        return round(self.idempotency_ttl_hours * 3_600_000)

    @property
    def max_file_bytes(self) -> int:
        """Largest upload in bytes."""
        return round(self.max_file_size_mb * _MIB)

    @property
    def min_free_disk_bytes(self) -> int:
        """Disk space that uploads must leave, in bytes."""
        return round(self.min_free_disk_mb * _MIB)
