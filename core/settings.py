"""The settings that every process shares. Each process adds its own in a class of its own.

Read once, by the process' composition root, from the environment and from `.env` in the working directory.
"""

import ipaddress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError

_MIB = 1024 * 1024


class CommonSettings(BaseSettings):
    """Where Redis and the audio are, and how to log."""

    model_config = SettingsConfigDict(
        frozen=True, env_file=".env", env_ignore_empty=True, extra="ignore", allow_inf_nan=False
    )

    redis_url: str = Field(default="", description="Redis, as one URL; wins over the parts.", repr=False)
    redis_host: str = Field(default="127.0.0.1", description="Redis' host.")
    redis_port: int = Field(default=6379, ge=1, le=65535, description="Redis' port.")
    redis_db: int = Field(default=0, ge=0, description="Redis' database number.")
    redis_password: str = Field(default="", description="Redis' password.", repr=False)
    broker_url: str = Field(
        default="",
        description="Celery's broker, if it is not the same Redis (RabbitMQ: amqp://...).",
        repr=False,
    )
    data_dir: Path = Field(default=Path("data"), description="Audio, models and, with `up`, Redis' files and logs.")
    media_url: str = Field(
        default="",
        description="Where audio is kept, if not in DATA_DIR: `s3://bucket/prefix`.",
        examples=["s3://recordings/scriptorium"],
    )
    s3_endpoint_url: str = Field(
        default="", description="The S3 store's address, if it is not AWS.", examples=["https://s3.example.com"]
    )
    s3_region: str = Field(
        default="",
        description="S3's region; if not set, that of AWS' tools (AWS_DEFAULT_REGION, profile), else us-east-1.",
    )
    s3_access_key_id: str = Field(
        default="", description="Who we are to S3; if not set, what AWS' tools use: environment, profile or role."
    )
    s3_secret_access_key: str = Field(default="", description="The secret of that access key.", repr=False)
    model_size: str = Field(
        default="base",
        min_length=1,
        description="The model a worker holds, and the lane of jobs that ask for none.",
    )
    sensitivity_labels: str = Field(
        default="",
        description="Labels that jobs may have, separated by commas: each of a to z, 0 to 9, `_` and `-`.",
        examples=["public,internal,confidential"],
    )
    sensitivity_default: str = Field(
        default="", description="The label of jobs where neither they nor their key name one; the first if not set."
    )
    sensitive_upload_dirs: str = Field(
        default="",
        description="Directories for the audio of some labels, each `label=directory` or `label=s3://bucket/prefix`, "
        "separated by commas.",
        examples=["confidential=/mnt/encrypted/scriptorium"],
    )
    result_ttl_hours: float = Field(default=24, gt=0, description="How long results are kept.")
    record_ttl_hours: float = Field(
        default=168,
        gt=0,
        description="How much longer a job's record stays, to say that its result has expired.",
    )
    audit_days: float = Field(
        default=30, ge=0, description="How long the audit log keeps who did what; 0: there is no audit log."
    )
    otel_exporter_otlp_endpoint: str = Field(
        default="",
        description="OpenTelemetry's receiver of OTLP over HTTP, which is sent traces; none, and nothing is traced.",
        examples=["http://127.0.0.1:4318"],
        repr=False,
    )
    otel_exporter_otlp_headers: str = Field(
        default="",
        description="Headers for it, each `name=value`, separated by commas: its key, if it wants one.",
        repr=False,
    )
    otel_traces_sampler: Literal[
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ] = Field(
        default="parentbased_always_on",
        description="Which requests are traced; `parentbased_`: those whose client traces them, or not, as he does.",
    )
    otel_traces_sampler_arg: float = Field(
        default=1,
        ge=0,
        le=1,
        description="With a sampler by `traceidratio`, the share of requests that are traced.",
        examples=["0.1"],
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least level logged.")
    log_format: Literal["console", "json"] = Field(default="console", description="Log lines for people or machines.")

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("this is no URL of http or https")
        return value

    @field_validator("redis_url", "broker_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        try:
            _ = urlsplit(value).port
        except ValueError:  # whose message quotes what it takes for a port: often a part of the password
            raise ValueError("this is no URL; what is special in its password has to be percent-encoded") from None
        return value

    @property
    def redis(self) -> str:
        """Redis' address as one URL."""
        if self.redis_url:
            return self.redis_url
        password = f":{quote(self.redis_password, safe='')}@" if self.redis_password else ""
        host = f"[{self.redis_host}]" if ":" in self.redis_host else self.redis_host
        return f"redis://{password}{host}:{self.redis_port}/{self.redis_db}"

    @property
    def broker(self) -> str:
        """The broker's address: BROKER_URL, or the same Redis."""
        return self.broker_url or self.redis

    @property
    def result_ttl_ms(self) -> int:
        """How long results are kept, in milliseconds."""
        return round(self.result_ttl_hours * 3_600_000)

    @property
    def record_ttl_ms(self) -> int:
        """How much longer records are kept, in milliseconds."""
        return round(self.record_ttl_hours * 3_600_000)

    @property
    def audit_ms(self) -> int:
        """How long entries of the audit log are kept, in milliseconds."""
        return round(self.audit_days * 86_400_000)

    @classmethod
    def read(cls) -> Self:
        """Read the settings.

        Raises:
            ConfigurationError: a variable has a value that can't be used; the message names the variable and the rule,
                and never shows the value, which may be a secret.
        """
        try:
            return cls()
        except UnicodeDecodeError as error:
            raise ConfigurationError(f".env can't be read: it is not valid UTF-8 at byte {error.start}.") from None
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
                for problem in error.errors(include_input=False)
            )
            raise ConfigurationError(f"Settings can't be used. {problems}") from None


class MediaSettings(CommonSettings):
    """What audio is taken and what it leaves of the disk: for who receives it, and who fetches it."""

    max_file_size_mb: float = Field(default=100, gt=0, description="Largest upload, or file behind a URL, in MiB.")
    min_free_disk_mb: float = Field(
        default=1024,
        ge=0,
        description="Uploads are refused (507), and nothing is fetched, rather than leave less than this free, in MiB.",
    )

    @property
    def max_file_bytes(self) -> int:
        """Largest file in bytes."""
        return round(self.max_file_size_mb * _MIB)

    @property
    def min_free_disk_bytes(self) -> int:
        """Disk space that audio must leave, in bytes."""
        return round(self.min_free_disk_mb * _MIB)


class OutboundSettings(CommonSettings):
    """Whom the service calls by itself: what takes a URL must know, and what asks it."""

    webhook_secret: str = Field(
        default="",
        description="What webhooks are signed with: `whsec_` and 24 to 64 bytes in base64; or several, with spaces.",
        repr=False,
    )
    outbound_allowed_networks: str = Field(
        default="",
        description="Networks that users' URLs may lead to besides the public internet, separated by spaces.",
    )


class MetricsSettings(CommonSettings):
    """Where a process that speaks no other HTTP serves its metrics: what it must know, and who starts several."""

    metrics_host: str = Field(default="127.0.0.1", description="Address of the /metrics of workers and beat.")
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of the /metrics of a worker or beat; 0 takes a free one and logs it.",
    )


class GoldenSetSettings(CommonSettings):
    """How beat is known to the gateway when it runs the golden set: what both must know."""

    golden_set_key: str = Field(
        default="",
        pattern="^([!-~]{32,512})?$",
        description="The key that beat shows the gateway to run the golden set: 32 characters or more.",
        repr=False,
        examples=["0123456789abcdef0123456789abcdef"],
    )


class DoorSettings(CommonSettings):
    """Where the gateway listens and whom it lets in: what it must know, and who starts it as well."""

    host: str = Field(default="127.0.0.1", description="Address the gateway listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port the gateway listens on.")
    auth_mode: Literal["none", "api_key", "jwt"] = Field(
        default="none", description="Whom the gateway lets in: everybody (none), or who brings an API key or a JWT."
    )

    @property
    def is_open_to_others(self) -> bool:
        """Whether other machines may reach the gateway, and nobody is asked for anything."""
        return self.auth_mode == "none" and not _is_loopback(self.host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
