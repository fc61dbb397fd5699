"""What a client may ask of a transcription: validated once by the gateway, kept unchanged on the job."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from core.languages import LANGUAGE_NAMES, language_code
from core.pii import PiiKind


def _known_language(value: str) -> str:
    code = language_code(value)
    if code is None:
        raise PydanticCustomError(
            "unknown_language",
            "'{language}' is not one of Whisper's {count} languages; send an ISO code such as 'en' or 'de', "
            "or leave it out to have it detected",
            {"language": value[:40], "count": len(LANGUAGE_NAMES)},
        )
    return code


def _listed(value: object) -> object:
    """Split what a form sends; a JSON list is one already."""
    return [part for each in value.split(",") if (part := each.strip().lower())] if isinstance(value, str) else value


def _each_once(kinds: tuple[PiiKind, ...]) -> tuple[PiiKind, ...]:
    # In one order, or jobs that ask for the same would not share a work.
    return tuple(sorted(set(kinds)))


_KIND = "|".join(PiiKind)
_KINDS_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": f"^(({_KIND})(,({_KIND}))*)?$"},
        {"type": "array", "items": {"type": "string", "enum": list(PiiKind)}, "maxItems": 100},
    ]
}


class TranscriptionOptions(BaseModel):
    """The options of one job. Field names are the HTTP form fields, except `whisper_task`, sent as `task`."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="forbid", populate_by_name=True, allow_inf_nan=False
    )

    model: str | None = Field(
        default=None,
        max_length=200,
        description="Model to transcribe with; the service's default model if left out. "
        "`GET /health/ready` lists the loaded ones.",
    )
    language: Annotated[str, AfterValidator(_known_language)] | None = Field(
        default=None,
        max_length=40,
        description="Spoken language, as a Whisper code (`en`) or English name (`english`); detected if left out.",
    )
    whisper_task: Literal["transcribe", "translate"] = Field(
        default="transcribe",
        alias="task",
        description="`transcribe` keeps the spoken language, `translate` writes English.",
    )
    initial_prompt: str | None = Field(
        default=None,
        max_length=4000,
        description="Text that precedes the audio: sets spelling, names and style.",
    )
    hotwords: str | None = Field(
        default=None,
        max_length=1000,
        description="Words to expect, such as names, given to the model as a hint before every window.",
    )
    quality: Literal["fast", "balanced", "accurate"] = Field(
        default="balanced",
        description="`fast` decodes greedily, `balanced` with a beam, `accurate` window by window, each prompted by "
        "the text before, at several times the cost.",
    )
    beam_size: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="Hypotheses kept while decoding, 1 is greedy; left out, 1 for `fast` and 5 otherwise.",
    )
    temperature: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="0 gives the same words every time; above, text is drawn by lot, the more freely the higher.",
    )
    vad_filter: bool = Field(default=True, description="Skip what the voice activity detector finds to be no speech.")
    multilingual: bool = Field(
        default=False,
        description="Detect the language anew for every stretch of speech; with `accurate`, for every 30 seconds.",
    )
    channels: Literal["mix", "split"] = Field(
        default="mix",
        description="`mix` transcribes all channels as one, `split` each apart: its segments carry its number.",
    )
    diarize: bool = Field(
        default=False,
        description="Tell speakers apart, by voice or, with `channels=split` and where the two channels of a stereo "
        "recording are two speakers, by channel. Segments carry the speaker's number.",
    )
    min_speakers: int | None = Field(default=None, ge=1, le=20, description="At least so many, told apart by voice.")
    max_speakers: int | None = Field(default=None, ge=1, le=20, description="At most so many, told apart by voice.")
    word_timestamps: bool = Field(default=False, description="Give every word its start and end.")
    clip_start_seconds: float = Field(default=0.0, ge=0.0, description="Transcribe from here on.")
    clip_end_seconds: float | None = Field(
        default=None, gt=0.0, description="Transcribe up to here; to the end if left out."
    )

    redact: Annotated[
        tuple[PiiKind, ...],
        BeforeValidator(_listed),
        AfterValidator(_each_once),
        WithJsonSchema(_KINDS_SCHEMA, mode="validation"),
    ] = Field(
        default=(),
        max_length=100,
        description="Kinds of personal data to replace by placeholders such as `[EMAIL]` before anything is stored, "
        "separated by commas or as a list. `name` and `location` need a model of names; `GET /health/ready` tells what "
        "each worker redacts.",
    )

    @property
    def beams(self) -> int:
        """Hypotheses kept while decoding: as asked for, or what the quality stands for."""
        return self.beam_size or (1 if self.quality == "fast" else 5)

    @model_validator(mode="after")
    def _speakers_are_some(self) -> Self:
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise PydanticCustomError(
                "max_speakers_below_min",
                "max_speakers ({most}) must not be less than min_speakers ({least})",
                {"most": self.max_speakers, "least": self.min_speakers},
            )
        return self

    @model_validator(mode="after")
    def _clip_has_length(self) -> Self:
        if self.clip_end_seconds is not None and self.clip_end_seconds <= self.clip_start_seconds:
            raise PydanticCustomError(
                "clip_end_before_start",
                "clip_end_seconds ({end}) must be greater than clip_start_seconds ({start})",
                {"end": self.clip_end_seconds, "start": self.clip_start_seconds},
            )
        return self
