"""OpenAI's audio API: its form's fields as ours, our transcripts and errors as its own.

What a client may send and is answered is what OpenAI documents; our own options are accepted as further fields. What is
asked for and can't be done is refused, not passed over.
"""

import math
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.compat.forms import taken
from api.job_terms import FORM_PROPERTIES
from api.problems import ErrorAnswer, Problem
from api.submissions import Fields
from core.errors import FailureCode, InvalidOptions, OptionProblem
from core.languages import LANGUAGE_NAMES
from core.options import TranscriptionOptions
from core.transcript import Segment, Transcript

ALIAS: Final = re.compile(r"whisper-1|gpt(-4o(-mini)?)?-transcribe(-diarize)?(-\d{4}-\d{2}-\d{2})?")
"""OpenAI's own models, each of which means the service's default one."""
LISTED_ALIAS: Final = "whisper-1"
"""The one of them that is listed: clients look for it before they ask."""
LISTS: Final = frozenset({"timestamp_granularities", "include", "languages", "keywords"})
"""Fields that may come several times, with brackets behind their names or without."""

_INDEXED: Final = re.compile(rf"({'|'.join(sorted(LISTS))})(?:\[\d*\])?")
_OUR_NAMES: Final = {"prompt": "initial_prompt", "keywords": "hotwords"}
_THEIR_NAMES: Final = {ours: theirs for theirs, ours in _OUR_NAMES.items()} | {
    "timestamp_granularities": "timestamp_granularities[]"
}
_UNSUPPORTED: Final = {
    "include": "log probabilities of single tokens are not kept; `verbose_json` has those of segments",
    "known_speaker_names": "speakers are told apart, not recognized",
    "known_speaker_references": "speakers are told apart, not recognized",
}

_CHUNKING: Final = {"auto", "server_vad", '{"type":"server_vad"}', '{"type": "server_vad"}'}

Format = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
Granularity = Literal["word", "segment"]


def _split(listed: object) -> object:
    return [part.strip() for part in listed.split(",")] if isinstance(listed, str) else listed


class AnswerWanted(BaseModel):
    """What the answer to a transcription is to look like."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    response_format: Format = Field(default="json", description="How the transcript is written.")
    timestamp_granularities: Annotated[tuple[Granularity, ...], BeforeValidator(_split)] = Field(
        default=("segment",),
        description="What of `verbose_json` has times: `segment`, `word` or both. Other formats don't take `word`.",
    )
    stream: bool = Field(
        default=False,
        description="Send the text as server-sent events as it is transcribed; with `json`, `text` and "
        "`diarized_json`.",
    )


class SpeechForm:
    """Reads one form of the API; `wanted` is what it asks for besides a transcription, once it is read."""

    def __init__(self, *, translates: bool = False) -> None:
        self._translates = translates
        self.wanted = AnswerWanted()

    def translate(self, sent: Fields) -> Fields:
        """Return our own form's fields.

        Raises:
            InvalidOptions: something can't be had, or makes no sense together.
        """
        fields = _collected(sent)
        _check_supported(fields)
        self.wanted = _answer(fields)
        if self._translates and (self.wanted.stream or self.wanted.response_format == "diarized_json"):
            raise InvalidOptions([OptionProblem("response_format", "a translation is neither streamed nor diarized")])
        if ALIAS.fullmatch(fields.get("model", "")):
            del fields["model"]
        return _renamed(fields) | self._implied()

    def _implied(self) -> Fields:
        """Return the fields of ours that go without saying."""
        implied: Fields = {}
        if self._translates:
            implied["task"] = "translate"
        if self.wanted.response_format == "diarized_json":
            implied["diarize"] = "true"
        if "word" in self.wanted.timestamp_granularities:
            implied["word_timestamps"] = "true"
        return implied


def _collected(sent: Fields) -> Fields:
    """Return the fields that were filled in, those of a list as one."""
    fields: Fields = {}
    for name, value in sent.items():
        if value == "":
            continue
        listed = _INDEXED.fullmatch(name)
        plain = listed[1] if listed else name.removesuffix("[]")
        fields[plain] = f"{fields[plain]},{value}" if plain in fields else value
    return fields


def _answer(fields: Fields) -> AnswerWanted:
    """Take what the answer is to look like out of the fields."""
    wanted = taken(fields, AnswerWanted)
    # Of segments, which go without saying, clients speak whatever the format (Vercel's AI SDK with json).
    if "word" in wanted.timestamp_granularities and wanted.response_format != "verbose_json":
        raise InvalidOptions([OptionProblem("timestamp_granularities", "`word` needs response_format=verbose_json")])
    if wanted.stream and wanted.response_format in {"srt", "vtt", "verbose_json"}:
        raise InvalidOptions(
            [OptionProblem("stream", f"{wanted.response_format} is no stream; take json, text or diarized_json")]
        )
    return wanted


def _check_supported(fields: Fields) -> None:
    """Take out of the fields what holds anyway: audio is always cut at its pauses.

    Raises:
        InvalidOptions: something is asked for that can't be had.
    """
    for name, reason in _UNSUPPORTED.items():
        if name in fields:
            raise InvalidOptions([OptionProblem(name, reason)])
    strategy = fields.pop("chunking_strategy", "auto")
    kind = fields.pop("chunking_strategy[type]", "server_vad")
    is_tuned = any(name.startswith("chunking_strategy[") for name in fields)
    if is_tuned or kind != "server_vad" or strategy not in _CHUNKING:
        raise InvalidOptions(
            [OptionProblem("chunking_strategy", "audio is cut at its pauses: `auto`, or `server_vad` without more")]
        )


def _renamed(fields: Fields) -> Fields:
    """Return fields of theirs that have another name in ours under that."""
    languages = fields.pop("languages", "")
    if languages and "," not in languages:  # of several, the one that is spoken is detected
        fields.setdefault("language", languages)
    for theirs, ours in _OUR_NAMES.items():
        if theirs in fields and ours in fields:
            raise InvalidOptions([OptionProblem(theirs, f"is the same as {ours}: send one of them")])
    return {_OUR_NAMES.get(name, name): value for name, value in fields.items()}


def form_schema(*, translates: bool) -> dict[str, Any]:
    """Return the multipart form's JSON schema: OpenAI's fields, and our options as further ones."""
    text = {"type": "string"}
    ours = TranscriptionOptions.model_json_schema(by_alias=True)["properties"]
    wanted = AnswerWanted.model_json_schema()["properties"]
    properties: dict[str, Any] = {
        "file": text | {"format": "binary", "description": "An audio or video file; its name and type don't matter."},
        **ours,
        "model": text
        | {
            "description": "A model of `GET /v1/models`, or any of OpenAI's for the service's default.",
            "maxLength": 200,
        },
        "prompt": ours["initial_prompt"],
        "keywords[]": ours["hotwords"],
        "response_format": wanted["response_format"],
        **FORM_PROPERTIES,
    }
    if translates:
        del properties["task"]
        properties["response_format"] = wanted["response_format"] | {
            "enum": ["json", "text", "srt", "verbose_json", "vtt"]
        }
    else:
        properties["timestamp_granularities[]"] = wanted["timestamp_granularities"]
        properties["stream"] = wanted["stream"]
        properties["chunking_strategy"] = text | {
            "enum": ["auto", "server_vad"],
            "description": "Accepted: audio is always cut at its pauses.",
        }
    return {"type": "object", "required": ["file"], "properties": properties, "additionalProperties": False}


# Answers


class Usage(BaseModel, frozen=True):
    """What a transcription is charged by: its audio."""

    type: Literal["duration"] = "duration"
    seconds: int = Field(description="Length of the audio, rounded up.", examples=[9])


class Transcription(BaseModel, frozen=True):
    """A transcript as `json`."""

    text: str
    usage: Usage


class TranscriptionSegment(BaseModel, frozen=True):
    """A segment of `verbose_json`."""

    id: int = Field(description="Counts from 0.")
    seek: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class TranscriptionWord(BaseModel, frozen=True):
    """A word of `verbose_json`."""

    word: str
    start: float
    end: float


class VerboseTranscription(BaseModel, frozen=True):
    """A transcript as `verbose_json`."""

    task: Literal["transcribe", "translate"]
    language: str = Field(description="English name of the language; of a translation, always `english`.")
    duration: float
    text: str
    segments: tuple[TranscriptionSegment, ...] | None = Field(
        default=None, exclude_if=lambda segments: segments is None, description="Left out if only words were asked for."
    )
    words: tuple[TranscriptionWord, ...] | None = Field(
        default=None, exclude_if=lambda words: words is None, description="Left out unless words were asked for."
    )
    usage: Usage


class SpokenSegment(BaseModel, frozen=True):
    """A segment of `diarized_json`, also an event of its stream."""

    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str
    start: float
    end: float
    text: str
    speaker: str = Field(description="A, B, C… in the order of appearance.")


class DiarizedTranscription(BaseModel, frozen=True):
    """A transcript as `diarized_json`."""

    task: Literal["transcribe"] = "transcribe"
    duration: float
    text: str
    segments: tuple[SpokenSegment, ...]
    usage: Usage


class TextDelta(BaseModel, frozen=True):
    """An event of a stream: some more text."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str


class TextDone(BaseModel, frozen=True):
    """The last event of a stream: the whole text."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    usage: Usage


def usage_of(transcript: Transcript) -> Usage:
    """Return what a transcription is charged by."""
    return Usage(seconds=math.ceil(transcript.info.duration_seconds))


def verbose_transcription(
    transcript: Transcript, task: Literal["transcribe", "translate"], granularities: tuple[Granularity, ...]
) -> VerboseTranscription:
    """Return a transcript as `verbose_json`, with what was asked for."""
    code = "en" if task == "translate" else transcript.info.language
    return VerboseTranscription(
        task=task,
        language=LANGUAGE_NAMES.get(code, code),
        duration=transcript.info.duration_seconds,
        text=transcript.text,
        segments=tuple(_verbose_segments(transcript)) if "segment" in granularities else None,
        words=tuple(_words(transcript)) if "word" in granularities else None,
        usage=usage_of(transcript),
    )


def _verbose_segments(transcript: Transcript) -> Iterator[TranscriptionSegment]:
    for number, segment in enumerate(transcript.segments):
        decoded = segment.model_dump(include=TranscriptionSegment.model_fields.keys() - {"id", "temperature"})
        yield TranscriptionSegment(id=number, temperature=segment.temperature or 0.0, **decoded)


def _words(transcript: Transcript) -> Iterator[TranscriptionWord]:
    for word in (word for segment in transcript.segments for word in segment.words or ()):
        yield TranscriptionWord(word=word.word.strip(), start=word.start, end=word.end)


def diarized_transcription(transcript: Transcript) -> DiarizedTranscription:
    """Return a transcript as `diarized_json`."""
    return DiarizedTranscription(
        duration=transcript.info.duration_seconds,
        text=transcript.text,
        segments=tuple(spoken_segment(segment) for segment in transcript.segments),
        usage=usage_of(transcript),
    )


def spoken_segment(segment: Segment) -> SpokenSegment:
    """Return a segment with who speaks: where nobody could be told, `?`."""
    return SpokenSegment(
        id=f"seg_{segment.id}",
        start=segment.start,
        end=segment.end,
        text=segment.text.strip(),
        speaker=_letters(segment.speaker) if segment.speaker else "?",
    )


def _letters(number: int) -> str:
    """Return a speaker's letter: A to Z, then AA, AB and so on."""
    rest, last = divmod(number - 1, 26)
    return (_letters(rest) if rest else "") + chr(ord("A") + last)


class Deltas:
    """Cuts a text into deltas that, put together, are the text without the white space around it."""

    def __init__(self) -> None:
        self._held_back = ""
        """White space that belongs to the text if more of it comes."""
        self._has_begun = False

    def of(self, text: str) -> str:
        """Return the delta of some more text, as the model wrote it; it may be empty."""
        text = self._held_back + text if self._has_begun else text.lstrip()
        delta = text.rstrip()
        self._held_back = text[len(delta) :]
        self._has_begun = self._has_begun or bool(delta)
        return delta


# Errors


class ErrorDetail(BaseModel, frozen=True):
    """What went wrong."""

    message: str
    type: str = Field(description="`invalid_request_error`, `requests` (too many), `overloaded` or `server_error`.")
    param: str | None = Field(default=None, description="The field that is to blame.")
    code: str | None = Field(default=None, description="OpenAI's where it has one, else ours.")


class OpenAIError(BaseModel, frozen=True):
    """An error in OpenAI's shape."""

    error: ErrorDetail


_BAD_REQUESTS: Final = {HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY}
_STATUSES: Final = {"unknown_model": HTTPStatus.NOT_FOUND}
_CODES: Final = {
    "unauthenticated": "invalid_api_key",
    "rate_limited": "rate_limit_exceeded",
    "too_many_uploads": "rate_limit_exceeded",
    "unknown_model": "model_not_found",
    "not_found": "unknown_url",
}
_FILE_CODES: Final = {"file_missing", "file_empty", "unsupported_media", "upload_too_large"}
_FAILURES: Final = frozenset(FailureCode)


def error_answer(problem: Problem) -> ErrorAnswer:
    """Return how OpenAI would answer a problem, so that its clients raise what they should and retry what makes sense.

    A job that has failed has had its retries, and one that was cancelled was cancelled on purpose: `x-should-retry`
    keeps clients from sending either again.
    """
    status = HTTPStatus.BAD_REQUEST if problem.status in _BAD_REQUESTS else problem.status
    status = _STATUSES.get(problem.code, status)
    final = problem.code == "job_cancelled" or (
        problem.code in _FAILURES and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    body = OpenAIError(
        error=ErrorDetail(
            message=problem.detail,
            type=_type(problem.code, status),
            param=_param(problem),
            code=_CODES.get(problem.code, problem.code),
        )
    )
    return ErrorAnswer(status, body.model_dump(mode="json"), {"x-should-retry": "false"} if final else {})


def _type(code: str, status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "overloaded" if code == "queue_full" else "requests"
    return "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"


def _param(problem: Problem) -> str | None:
    if problem.errors:
        option = problem.errors[0].option
        return _THEIR_NAMES.get(option, option)
    is_media_fault = problem.code in _FAILURES and FailureCode(problem.code).is_media_fault
    return "file" if is_media_fault or problem.code in _FILE_CODES else None


# Models


class Model(BaseModel, frozen=True):
    """A model that transcribes."""

    id: str = Field(examples=["base"])
    object: Literal["model"] = "model"
    created: int = Field(description="When its longest-running worker started, in seconds since 1970; 0 if none runs.")
    owned_by: Literal["scriptorium"] = "scriptorium"


class ModelList(BaseModel, frozen=True):
    """The models that may be asked for."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]
