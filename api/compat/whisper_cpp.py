"""whisper.cpp's server: its form's fields as ours, our transcripts and errors as its own.

As there, a field that means nothing here is passed over: most of them tune its decoder.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.compat.forms import taken
from api.job_terms import FORM_PROPERTIES
from api.problems import ErrorAnswer, Problem
from api.submissions import Fields
from core.languages import LANGUAGE_NAMES
from core.options import TranscriptionOptions
from core.transcript import Segment, Transcript, Word

_TRUE: Final = {"true", "1", "yes", "y"}
_OURS: Final = {
    field.alias or name for name, field in TranscriptionOptions.model_fields.items()
} | FORM_PROPERTIES.keys()
_PASSED_OVER: Final = (
    "temperature_inc",
    "best_of",
    "word_thold",
    "entropy_thold",
    "logprob_thold",
    "no_speech_thold",
    "vad_threshold",
    "vad_min_speech_duration_ms",
    "vad_min_silence_duration_ms",
    "vad_max_speech_duration_s",
    "vad_speech_pad_ms",
    "vad_samples_overlap",
)
"""Fields that clients send and that have no counterpart."""


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() in _TRUE


Flag = Annotated[bool, BeforeValidator(_is_true)]


class Wanted(BaseModel):
    """What a form asks for in words of its own."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    response_format: Literal["json", "text", "srt", "vtt", "verbose_json"] = Field(
        default="json", description="How the transcript is written."
    )
    language: str = Field(
        default="auto", max_length=40, description="Code or English name of the language; `auto` has it detected."
    )
    detect_language: Flag = Field(default=False, description="Detect the language, whatever `language` says.")
    translate: Flag = Field(default=False, description="Translate into English.")
    prompt: str = Field(default="", max_length=4000, description="Text that precedes the audio.")
    beam_size: int = Field(default=-1, le=20, description="Hypotheses kept while decoding; below 1, as by default.")
    offset_t: int = Field(default=0, ge=0, description="Milliseconds to skip.")
    duration: int = Field(default=0, ge=0, description="Milliseconds to transcribe; 0 is up to the end.")
    max_len: int = Field(default=0, ge=0, description="Most characters of a segment; 0 is no limit.")
    split_on_word: Flag = Field(default=False, description="Accepted: segments are only ever divided between words.")
    no_timestamps: Flag = Field(default=False, description="Leave words out of `verbose_json`.")
    vad: Flag = Field(default=True, description="Skip what is no speech.")

    @property
    def needs_words(self) -> bool:
        """Whether words' times are needed: to be told, or to divide segments by."""
        return self.max_len > 0 or (self.response_format == "verbose_json" and not self.no_timestamps)


class InferenceForm:
    """Reads one form; `wanted` is what it asks for, once it is read."""

    def __init__(self) -> None:
        self.wanted = Wanted()

    def translate(self, sent: Fields) -> Fields:
        """Return our own form's fields.

        Raises:
            InvalidOptions: something is out of range.
        """
        fields = {name: value for name, value in sent.items() if value != ""}
        self.wanted = wanted = taken(fields, Wanted)
        ours = {name: value for name, value in fields.items() if name in _OURS}
        if "vad" in wanted.model_fields_set:
            ours["vad_filter"] = str(wanted.vad)
        if wanted.language != "auto" and not wanted.detect_language:
            ours["language"] = wanted.language
        if wanted.translate:
            ours["task"] = "translate"
        if wanted.prompt:
            ours["initial_prompt"] = wanted.prompt
        if wanted.beam_size > 0:
            ours["beam_size"] = str(wanted.beam_size)
        if wanted.offset_t:
            ours["clip_start_seconds"] = str(wanted.offset_t / 1000)
        if wanted.duration:
            ours["clip_end_seconds"] = str((wanted.offset_t + wanted.duration) / 1000)
        if wanted.needs_words:
            ours["word_timestamps"] = "true"
        return ours


def form_schema() -> dict[str, Any]:
    """Return the multipart form's JSON schema; further fields are passed over."""
    ours = TranscriptionOptions.model_json_schema(by_alias=True)["properties"]
    text = {"type": "string"}
    passed_over = text | {"description": "Accepted; it tunes what is another decoder's."}
    return {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": text | {"format": "binary", "description": "An audio or video file."},
            **ours,
            **dict.fromkeys(_PASSED_OVER, passed_over),
            **FORM_PROPERTIES,
            **Wanted.model_json_schema()["properties"],
        },
    }


# Answers


class Inference(BaseModel, frozen=True):
    """A transcript as `json`."""

    text: str = Field(description="One line a segment.")


class InferredWord(BaseModel, frozen=True):
    """A word."""

    word: str
    start: float
    end: float
    probability: float


class InferredSegment(BaseModel, frozen=True):
    """A segment of `verbose_json`."""

    id: int = Field(description="Counts from 0.")
    text: str
    start: float
    end: float
    tokens: tuple[int, ...]
    words: tuple[InferredWord, ...]
    temperature: float
    avg_logprob: float
    no_speech_prob: float
    speaker: str | None = Field(
        default=None, exclude_if=lambda speaker: speaker is None, description="Who speaks, from 0, where told apart."
    )


class VerboseInference(BaseModel, frozen=True):
    """A transcript as `verbose_json`."""

    task: Literal["transcribe", "translate"]
    language: str = Field(description="English name of the spoken language.")
    duration: float = Field(description="Length of the audio in seconds.")
    text: str
    segments: tuple[InferredSegment, ...]
    detected_language: str = Field(description="The same name; of a language that was sent, that.")
    detected_language_probability: float
    language_probabilities: dict[str, float] = Field(description="Of the language found, by its code.")


def text_of(transcript: Transcript) -> str:
    """Return the text as the server writes it: a line for each segment, with who speaks where that is known."""
    return "".join(f"{_spoken_by(segment)}{segment.text}\n" for segment in transcript.segments)


def verbose_inference(transcript: Transcript, task: Literal["transcribe", "translate"]) -> VerboseInference:
    """Return a transcript as `verbose_json`."""
    info = transcript.info
    name = LANGUAGE_NAMES.get(info.language, info.language)
    return VerboseInference(
        task=task,
        language=name,
        duration=info.duration_seconds,
        text=text_of(transcript),
        segments=tuple(_segment(number, segment) for number, segment in enumerate(transcript.segments)),
        detected_language=name,
        detected_language_probability=info.language_probability,
        language_probabilities={info.language: info.language_probability},
    )


def _segment(number: int, segment: Segment) -> InferredSegment:
    return InferredSegment(
        id=number,
        text=segment.text,
        start=segment.start,
        end=segment.end,
        tokens=segment.tokens,
        words=tuple(InferredWord(**word.model_dump()) for word in segment.words or ()),
        temperature=segment.temperature or 0.0,
        avg_logprob=segment.avg_logprob,
        no_speech_prob=segment.no_speech_prob,
        speaker=str(segment.speaker - 1) if segment.speaker else None,
    )


def _spoken_by(segment: Segment) -> str:
    return f"(speaker {segment.speaker - 1})" if segment.speaker else ""


def divided(transcript: Transcript, max_length: int) -> Transcript:
    """Return a transcript of which no segment with words has more characters than that, unless one word has."""
    segments = (part for segment in transcript.segments for part in _parts(segment, max_length))
    return transcript.model_copy(update={"segments": tuple(segments)})


def _parts(segment: Segment, max_length: int) -> Iterator[Segment]:
    if not segment.words or len(segment.text.strip()) <= max_length:
        yield segment
        return
    for words in _lines(segment.words, max_length):
        text = "".join(word.word for word in words)
        # Whose tokens are whose is not known.
        yield segment.model_copy(
            update={"text": text, "start": words[0].start, "end": words[-1].end, "words": words, "tokens": ()}
        )


def _lines(words: tuple[Word, ...], max_length: int) -> Iterator[tuple[Word, ...]]:
    line: tuple[Word, ...] = ()
    for word in words:
        longer = (*line, word)
        if line and len("".join(each.word for each in longer).strip()) > max_length:
            yield line
            longer = (word,)
        line = longer
    yield line


# Errors


class WhisperCppError(BaseModel, frozen=True):
    """An error in the server's shape."""

    error: str


_BAD_REQUESTS: Final = {HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY}


def error_answer(problem: Problem) -> ErrorAnswer:
    """Return how the server would answer a problem."""
    status = HTTPStatus.BAD_REQUEST if problem.status in _BAD_REQUESTS else problem.status
    return ErrorAnswer(status, WhisperCppError(error=problem.detail).model_dump())
