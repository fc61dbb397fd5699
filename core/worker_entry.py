"""What a worker says of itself in Redis, and the gateway repeats in `/health/ready` and `/stats`."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from core.pii import PiiKind


class WorkerState(StrEnum):
    """Distinct states of health, not one boolean."""

    READY = "ready"
    STOPPING = "stopping"


class WorkerEntry(BaseModel):
    """One worker process; renewed with every heartbeat, gone soon after the last one."""

    model_config = ConfigDict(frozen=True)

    name: str
    lane: str
    model: str
    device: str
    compute_type: str
    concurrency: int
    running: int
    """Jobs it runs now."""
    state: WorkerState
    started_at_ms: int
    metrics_port: int
    version: str
    redacts: tuple[PiiKind, ...] = ()
    """What it can take out of a transcript; nothing, of a worker that does not say."""
    diarizes: bool = False
    """Whether it can tell speakers apart by their voices."""
