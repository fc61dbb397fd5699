"""The settings that `scriptorium up` reads itself; it hands the whole environment on to what it starts."""

from pydantic import Field

from core.settings import DoorSettings, MetricsSettings


class UpSettings(DoorSettings, MetricsSettings):
    """What to start."""

    gateways: int = Field(
        default=1, ge=1, le=64, description="Gateway processes on the one port, for more users than one core can serve."
    )
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes, each with a model of its own.")

    @property
    def embeds_valkey(self) -> bool:
        """Whether `up` starts a Valkey of its own: it does unless a Redis is named."""
        return not {"redis_url", "redis_host", "redis_port"} & self.model_fields_set
