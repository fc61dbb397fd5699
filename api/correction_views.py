"""Corrections over HTTP: what is asked for, and what is told of them, as documented models."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.corrections import Corrections, on_one_line, word_count
from core.transcript import Transcript

_JOB_ID = "5f0c2a4e9b1d47c8a36e1f0b7d92c485"
_MOST_CHARACTERS: Final = 4000
"""Of a segment: a passage lasts half a minute at most."""
_MOST_SEGMENTS: Final = 1000
MOST_CORRECTION_BYTES: Final = 512 * 1024
"""Of a request."""
_NO_CONTROLS: Final = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]*$"


class CorrectedSegment(BaseModel):
    """What is said in a segment."""

    model_config = ConfigDict(extra="forbid")

    segment_id: int = Field(ge=1, le=10_000_000, description="The segment's `id`.", examples=[1])
    text: str = Field(
        max_length=_MOST_CHARACTERS,
        pattern=_NO_CONTROLS,
        description="What is really said there; empty: nothing.",
        examples=["And so, my fellow Americans:"],
    )


class NewCorrections(BaseModel):
    """What to put in the place of what was heard: a whole text, or the texts of some segments."""

    model_config = ConfigDict(extra="forbid")

    text: (
        Annotated[
            str,
            Field(
                max_length=MOST_CORRECTION_BYTES,
                pattern=_NO_CONTROLS,
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="All that is said. It is aligned with what was heard, and each segment has its part of it; all "
        "former corrections are replaced. For transcripts of up to 10,000 words.",
    )
    segments: Annotated[list[CorrectedSegment], Field(min_length=1, max_length=_MOST_SEGMENTS)] | None = Field(
        default=None, description="Segments to correct; the others stay as they are, corrected before or not."
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.text is None) == (self.segments is None):
            raise ValueError("send either text or segments")
        return self


class CorrectionView(BaseModel):
    """A corrected segment."""

    segment_id: int = Field(examples=[1])
    start: float = Field(description="Seconds from the start of the audio.")
    end: float = Field(description="Seconds from the start of the audio.")
    heard: str = Field(description="Its text as it was transcribed.")
    text: str = Field(description="Its text as it was corrected.")
    edits: int = Field(
        description="Words substituted, deleted and inserted; case and punctuation don't count.", examples=[1]
    )


class CorrectionsView(BaseModel):
    """The corrections of a transcript. `GET /result/{job_id}?corrected=true` is the transcript with them."""

    job_id: str = Field(examples=[_JOB_ID])
    corrected_at: datetime | None = Field(description="When something was changed last; null: nobody has corrected it.")
    words: int = Field(description="Words of the transcript, as it was heard.", examples=[22])
    edits: int = Field(description="Of all corrections together.", examples=[1])
    segments: list[CorrectionView] = Field(description="The segments that were heard otherwise, by their start.")

    @classmethod
    def of(cls, job_id: str, transcript: Transcript, corrections: Corrections) -> "CorrectionsView":
        """Return the view of a transcript's corrections."""
        return cls(
            job_id=job_id,
            corrected_at=corrections.corrected_at,
            words=word_count(transcript.text),
            edits=corrections.edits,
            segments=[
                CorrectionView(
                    segment_id=segment.id,
                    start=segment.start,
                    end=segment.end,
                    heard=on_one_line(segment.text),
                    text=correction.text,
                    edits=correction.edits,
                )
                for segment in transcript.segments
                if (correction := corrections.segments.get(segment.id))
            ],
        )
