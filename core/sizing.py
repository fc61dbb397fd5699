"""What `scriptorium bench` and the process that measures for it tell each other: JSON, one message a line."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
Quality: TypeAlias = Literal["fast", "balanced", "accurate"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shape(_Message):
    """How a worker spreads its work over a machine."""

    replicas: int = Field(ge=1)
    """Batches computed at once (MODEL_REPLICAS)."""
    compute_threads: int = Field(ge=0)
    """CPU threads of each (COMPUTE_THREADS); 0 on a GPU."""
    batch_size: int = Field(ge=1)
    """Most chunks of speech in one (BATCH_SIZE)."""


class Speech(_Message):
    """A file that is one job of a measurement."""

    path: Path
    seconds: float


class Survey(_Message):
    """Asks what there is to measure with; whatever is missing is said now, and weights are brought into the cache."""

    kind: Literal["survey"] = "survey"
    models: tuple[str, ...]
    device: Device | None
    """None for the worker's own setting."""
    audio: tuple[Path, ...]
    """Recordings of the user's; none for the sample that comes with the worker."""
    folder: Path
    """Where to put what is cut of them."""


class Machine(_Message):
    """The answer to a survey."""

    kind: Literal["machine"] = "machine"
    processor: str
    cores: int
    """That a worker may use."""
    device: Literal["cpu", "cuda"]
    speech: tuple[Speech, ...]
    """Longest first."""


class Trial(_Message):
    """Asks how fast a worker of a shape is."""

    kind: Literal["trial"] = "trial"
    model: str
    quality: Quality
    device: Literal["cpu", "cuda"]
    shape: Shape
    speech: tuple[Speech, ...]


class Progress(_Message):
    """How far a trial has come."""

    kind: Literal["progress"] = "progress"
    audio_seconds: float


class Measurement(_Message):
    """The answer to a trial."""

    kind: Literal["measurement"] = "measurement"
    model: str
    quality: Quality
    device: str
    compute_type: str
    """The arithmetic that was really used."""
    shape: Shape
    jobs_at_once: int
    """As WORKER_CONCURRENCY."""
    jobs: int
    audio_seconds: float = Field(gt=0)
    wall_seconds: float = Field(gt=0)
    """From the first job's beginning to the last one's end, the model being loaded and warm."""
    peak_memory_bytes: int
    """Most that the worker's process held at a time (`ru_maxrss`)."""

    @property
    def rtf(self) -> float:
        """Processing seconds per audio second."""
        return self.wall_seconds / self.audio_seconds

    @property
    def speed(self) -> float:
        """Audio seconds per second, and so audio hours per hour: 1 / RTF."""
        return self.audio_seconds / self.wall_seconds


REQUEST: TypeAdapter[Survey | Trial] = TypeAdapter(Annotated[Survey | Trial, Field(discriminator="kind")])
ANSWER: TypeAdapter[Machine | Progress | Measurement] = TypeAdapter(
    Annotated[Machine | Progress | Measurement, Field(discriminator="kind")]
)
