"""Runs of the golden set, as they are kept: how wrong the service was about references whose words are known."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

GOLDEN_TENANT: Final = "golden-set"
"""Whose jobs the runs are."""
RUNS_KEPT: Final = 30


class ErrorRates(BaseModel):
    """How wrong the transcripts of one language were, pooled over its references."""

    model_config = ConfigDict(frozen=True)

    wer: float = Field(description="Word error rate, 0.05 is 5 %.", examples=[0.05])
    cer: float = Field(description="Character error rate.", examples=[0.02])
    words: int = Field(description="Words of the references, normalised.", examples=[26])
    references: int = Field(examples=[2])


class GoldenRun(BaseModel):
    """A run over the whole set."""

    model_config = ConfigDict(frozen=True)

    set_digest: str = Field(
        description="Of the references and their audio: runs of different sets can't be compared.",
        examples=["9f86d081884c7d65"],
    )
    model: str = Field(description="The model of the service, MODEL_SIZE.", examples=["base"])
    version: str = Field(description="The service's.", examples=["0.1.0"])
    started_at: datetime
    seconds: float = Field(description="How long it took.", examples=[21.5])
    languages: Mapping[str, ErrorRates] = Field(description="By Whisper's code of the language.")

    def is_comparable_with(self, other: "GoldenRun") -> bool:
        """Tell whether both were over the same set with the same model."""
        return (self.set_digest, self.model) == (other.set_digest, other.model)
