"""What a search answers, as documented models."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class SearchHit(BaseModel):
    """A segment that has what was looked for."""

    model_config = ConfigDict(from_attributes=True)

    job_id: str
    file_name: str | None = Field(description="Last part of the file name sent.")
    created_at: datetime = Field(description="When the job was posted, in UTC.")
    segment_id: int = Field(description="As `GET /result/{job_id}?format=verbose_json` has it.")
    start: float = Field(description="Seconds from the start of the audio.")
    end: float = Field(description="Seconds from the start of the audio.")
    text: str = Field(description="The segment's text, corrected where it was corrected.")
    marks: list[tuple[int, int]] = Field(
        description="Parts of `text` that match, in order: from and to, in Unicode characters, the end not included."
    )


class SearchPage(BaseModel):
    """A page of hits: the newest job's first, each job's in the order of its audio."""

    model_config = ConfigDict(from_attributes=True)

    hits: list[SearchHit]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")
