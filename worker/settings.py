"""The worker's settings."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from core.settings import GoldenSetSettings, MediaSettings, MetricsSettings, OutboundSettings
from worker.malware_scan import ClamdAddress


class WorkerSettings(MediaSettings, OutboundSettings, MetricsSettings, GoldenSetSettings):
    """The model, how many jobs run against it, and when a job is given up."""

    transcriber: Literal["faster_whisper", "scripted"] = Field(
        default="faster_whisper",
        description="`scripted` invents text at a fixed speed without a model: for tests and load tests of the queue.",
    )
    scripted_rtf: float = Field(
        default=0.01, ge=0, description="Processing seconds per audio second of the scripted transcriber."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where the model runs.")
    compute_type: str | None = Field(
        default=None, description="CTranslate2's compute type; int8 on a CPU and float16 on a GPU if not set."
    )
    model_replicas: int = Field(
        default=0, ge=0, description="Batches computed at once on the one model; 0: one a core, or one on a GPU."
    )
    compute_threads: int = Field(
        default=0, ge=0, description="CPU threads of one batch; 0: the cores, divided by MODEL_REPLICAS."
    )
    batch_size: int = Field(
        default=0, ge=0, description="Most chunks of speech in one batch; 0: 4 on a CPU, 32 on a GPU."
    )
    model_cache_dir: Path | None = Field(default=None, description="Where models are kept; DATA_DIR/models if not set.")
    worker_concurrency: int = Field(default=16, ge=1, le=256, description="Jobs that a worker runs at once.")
    max_audio_seconds: float = Field(default=43_200, gt=0, description="Longest audio a job may have.")
    decode_timeout_seconds: float = Field(
        default=60,
        gt=0,
        description="A decoder that gives no audio for so long is killed: the job fails if it was computing, and is "
        "tried again if not.",
    )
    min_fetch_bytes_per_second: float = Field(
        default=65_536, gt=0, description="Audio of a URL that comes more slowly is given up, and the job tried again."
    )
    fetch_grace_seconds: float = Field(
        default=20, gt=0, description="How long a URL may stall, and how far it may fall behind that rate."
    )
    fetch_timeout_seconds: float = Field(
        default=1800, gt=0, description="Audio of a URL that isn't whole by then is given up, and the job tried again."
    )
    clamd_address: str = Field(
        default="",
        description="A clamd that scans media before they are decoded: `tcp://host:port` or `unix:///path`; "
        "none if not set.",
        examples=["tcp://127.0.0.1:3310"],
    )
    clamd_timeout_seconds: float = Field(
        default=120,
        gt=0,
        description="How long a scan may take, or clamd be away, before the job is tried again later.",
    )
    max_attempts: int = Field(default=3, ge=1, description="Attempts that may end in an error before a job fails.")
    max_crashes: int = Field(default=2, ge=1, description="Workers that a job may lose before it fails.")
    lease_seconds: float = Field(default=30, gt=0, description="A worker that is silent for so long loses its jobs.")
    heartbeat_seconds: float = Field(default=5, gt=0, description="Time between two signs of life.")
    reap_seconds: float = Field(default=10, gt=0, description="Time between two looks for lost jobs and lost turns.")
    watchdog_seconds: float = Field(
        default=300,
        gt=0,
        description="Longest time a step of a job may take, its wait for the model included; then its worker is ended.",
    )
    outage_seconds: float = Field(
        default=300, ge=0, description="How long a job that runs sits out an outage of Redis before it is given up."
    )
    redact_name_model: str | None = Field(
        default=None,
        description="Installed spaCy model, or the folder of one, that finds names and places to redact.",
    )
    redact_phone_regions: str = Field(
        default="US,GB,DE,FR,ES,IT,IN,BR",
        pattern=r"^[A-Z]{2}(,[A-Z]{2})*$",
        description="Countries whose phone numbers are redacted without `+` and country code as well.",
        examples=["US,CA,MX"],
    )
    keep_audio_hours: float = Field(
        default=24,
        ge=0,
        description="How long the audio of a completed job is kept to be heard again, at most as long as its result; "
        "0: until it is done.",
    )
    diarization_model: str = Field(
        default="",
        description="ONNX file of a model that tells voices apart; the installed package's if not set; `none`: none.",
        examples=["/models/voxceleb_resnet34_LM.onnx"],
    )
    clean_up_seconds: float = Field(default=60, gt=0, description="Time between two clean-ups.")
    orphan_seconds: float = Field(
        default=3600, gt=0, description="Age from which an upload that never became a job is removed."
    )

    golden_set_hours: float = Field(
        default=0, ge=0, description="Time between two runs of the golden set; 0: there are none."
    )
    golden_set_dir: Path | None = Field(
        default=None,
        description="The golden set: a folder with `references.jsonl`; the one that ships if not set.",
    )
    golden_set_url: str = Field(
        default="http://127.0.0.1:8000",
        pattern="^https?://[!-~]+$",
        description="The gateway's address, for runs of the golden set.",
        examples=["http://nginx"],
    )

    @field_validator("clamd_address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value:
            ClamdAddress.parse(value)
        return value

    @property
    def redacted_phone_regions(self) -> tuple[str, ...]:
        """The countries of redacted phone numbers, as ISO 3166 codes."""
        return tuple(self.redact_phone_regions.split(","))

    @property
    def keep_audio_ms(self) -> int:
        """How long the audio of completed jobs is kept, in milliseconds."""
        return round(self.keep_audio_hours * 3_600_000)

    @property
    def roomy_disk_bytes(self) -> int:
        """Free disk space, in bytes, below which audio goes that is kept only to be heard again.

        Enough that no upload is refused for it until the next clean-up, and nobody is called (the alert DiskLow).
        """
        return 6 * self.min_free_disk_bytes + 2 * self.max_file_bytes

    @property
    def golden_set_seconds(self) -> float:
        """Time between two runs of the golden set, in seconds."""
        return self.golden_set_hours * 3600

    @property
    def models_folder(self) -> Path:
        """Where models are kept."""
        return (self.model_cache_dir or self.data_dir / "models").resolve()

    @property
    def lease_ms(self) -> int:
        """The lease in milliseconds."""
        return round(self.lease_seconds * 1000)
