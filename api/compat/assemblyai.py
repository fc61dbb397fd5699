"""What AssemblyAI's API asks for and answers, in our words: a transcript of theirs is a job of ours.

What we have no counterpart of is refused if it is asked for: whoever asks for a summary is not to wait for one.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.compat.assemblyai_words import (
    StretchView,
    WordMatch,
    WordView,
    mean_confidence,
    spoken_words,
    utterances,
)
from api.job_store import JobState
from api.problems import ErrorAnswer, Problem, option_problems
from api.webhook_store import WebhookLog
from core.errors import InvalidOptions, OptionProblem
from core.job import Job
from core.options import TranscriptionOptions
from core.transcript import Transcript
from core.webhooks import WebhookCall, WebhookForm
from core.work import JobStatus

_EXAMPLE_ID: Final = "5f0c2a4e9b1d47c8a36e1f0b7d92c485"

_UNHAD_SETTINGS: Final = (
    "custom_spelling",
    "language_codes",
    "language_confidence_threshold",
    "remove_audio_tags",
    "speech_threshold",
    "speech_understanding",
)
"""Features of theirs that are asked for by something else than `true`."""
_THEIR_NAMES: Final = {
    "language": "language_code",
    "hotwords": "keyterms_prompt",
    "initial_prompt": "prompt",
    "min_speakers": "speakers_expected",
    "max_speakers": "speakers_expected",
    "clip_start_seconds": "audio_start_from",
    "clip_end_seconds": "audio_end_at",
    "diarize": "speaker_labels",
    "url": "audio_url",
    "whisper_task": "task",
}
"""Of our options."""

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""A token (RFC 9110, section 5.6.2)."""
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[ -~]{0,1022}[!-~])?")
_OUR_HEADERS: Final = frozenset(
    {"connection", "content-length", "content-type", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
)
_SIGNED_HEADERS: Final = "webhook-"

_STATUSES: Final = {409: 400, 415: 400, 422: 400}
"""Theirs for what they know under another status than we do."""


class AssemblyAIError(BaseModel):
    """What is answered in the place of a transcript."""

    error: str = Field(description="What is wrong, and what to do about it.")
    code: str = Field(description="The problem's stable name, which is ours.", examples=["job_not_found"])


def error_answer(problem: Problem) -> ErrorAnswer:
    """Return how AssemblyAI would answer a problem."""
    body = AssemblyAIError(error=problem.detail, code=problem.code)
    return ErrorAnswer(_STATUSES.get(problem.status, problem.status), body.model_dump(mode="json"))


class SpeakerOptions(BaseModel):
    """How many speakers there are."""

    model_config = ConfigDict(frozen=True, strict=True)

    min_speakers_expected: int | None = Field(default=None, ge=1, le=20)
    max_speakers_expected: int | None = Field(default=None, ge=1, le=20)


_Terms = Annotated[list[Annotated[str, Field(max_length=200)]] | None, Field(max_length=1000)]


class TranscriptRequest(BaseModel):
    """What is asked for. A feature that isn't listed here is refused if it is `true`, and ignored otherwise."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", hide_input_in_errors=True, allow_inf_nan=False)

    audio_url: str = Field(
        min_length=1,
        max_length=2048,
        description="The `upload_url` of `POST /v2/upload`, or a URL on the public internet that serves the file.",
        examples=["https://example.com/episode-12.mp3"],
    )
    language_code: str | None = Field(
        default=None, max_length=40, description="`en`, `en_us`, `de`, …; detected if left out.", examples=["en_us"]
    )
    language_detection: bool | None = Field(default=None, description="Detect it, whatever `language_code` says.")
    speaker_labels: bool | None = Field(default=None, description="Tell speakers apart by their voices.")
    speakers_expected: int | None = Field(default=None, ge=1, le=20)
    speaker_options: SpeakerOptions | None = None
    multichannel: bool | None = Field(default=None, description="Transcribe each channel apart.")
    dual_channel: bool | None = Field(default=None, description="The same, by its former name.")
    keyterms_prompt: _Terms = Field(default=None, description="Words to expect; with `word_boost` 1,000 characters.")
    word_boost: _Terms = Field(default=None, description="The same, by its former name.")
    prompt: str | None = Field(default=None, max_length=4000, description="Text that sets spelling and style.")
    temperature: float | None = Field(default=None, ge=0, le=1)
    audio_start_from: int | None = Field(default=None, ge=0, description="Milliseconds.")
    audio_end_at: int | None = Field(default=None, gt=0, description="Milliseconds.")
    webhook_url: str | None = Field(default=None, max_length=2048, description="Told when the transcript is ready.")
    webhook_auth_header_name: str | None = Field(default=None, description="A header that is sent to it.")
    webhook_auth_header_value: str | None = Field(default=None, repr=False, description="Its value, never shown.")

    def options(self) -> TranscriptionOptions:
        """Return what is asked of the transcription.

        Raises:
            InvalidOptions: some of it isn't valid, or is a feature that there is no counterpart of.
        """
        if unhad := self._unhad_features():
            raise InvalidOptions([OptionProblem(name[:60], "is a feature that isn't had here") for name in unhad])
        language = (self.language_code or "").replace("-", "_").partition("_")[0]
        given = {
            "language": None if self.language_detection else language or None,
            "initial_prompt": self.prompt,
            "hotwords": ", ".join([*(self.keyterms_prompt or ()), *(self.word_boost or ())]) or None,
            "temperature": self.temperature,
            "channels": "split" if self.multichannel or self.dual_channel else None,
            "clip_start_seconds": _seconds(self.audio_start_from),
            "clip_end_seconds": _seconds(self.audio_end_at),
            **(self._speakers() if self.speaker_labels else {}),
        }
        try:
            return TranscriptionOptions.model_validate(
                {name: value for name, value in given.items() if value is not None} | {"word_timestamps": True}
            )
        except ValidationError as error:
            raise InvalidOptions(in_their_words(option_problems(error))) from None

    def _speakers(self) -> dict[str, int | bool | None]:
        expected = self.speaker_options or SpeakerOptions()
        return {
            "diarize": True,
            "min_speakers": self.speakers_expected or expected.min_speakers_expected,
            "max_speakers": self.speakers_expected or expected.max_speakers_expected,
        }

    def _unhad_features(self) -> list[str]:
        given = self.model_extra or {}
        return [name for name, value in given.items() if value is True or (name in _UNHAD_SETTINGS and value)][:10]

    def terms(self) -> dict[str, str]:
        """Return what is asked for besides the transcription, as the fields of our form."""
        return {"webhook_url": self.webhook_url} if self.webhook_url else {}

    def webhook_call(self) -> WebhookCall:
        """Return how the receiver is to be called.

        Raises:
            InvalidOptions: the header can't be sent, or is one that we send.
        """
        name, value = self.webhook_auth_header_name, self.webhook_auth_header_value
        if name or value:
            _check_header(name or "", value or "")
        if not self.webhook_url:
            return WebhookCall()  # its key's receiver knows nothing of theirs
        return WebhookCall(WebhookForm.ASSEMBLYAI, (name, value) if name and value else None)


def in_their_words(problems: Sequence[OptionProblem]) -> list[OptionProblem]:
    """Return problems of our options under the names that they have there."""
    return [OptionProblem(_THEIR_NAMES.get(each.option, each.option), each.message) for each in problems]


class UploadedFile(BaseModel):
    """An upload that came before its transcript."""

    upload_url: str = Field(
        description="For `audio_url`, of as many transcripts as you like; without one, it is gone within hours.",
        examples=[f"http://127.0.0.1:8000/v2/upload/{_EXAMPLE_ID}"],
    )


TranscriptStatus = Literal["queued", "processing", "completed", "error"]


class TranscriptView(BaseModel):
    """A transcript as AssemblyAI's clients know it: what was asked for, how it stands, and what is said."""

    id: str = Field(examples=[_EXAMPLE_ID])
    audio_url: str = Field(description="Where the audio is: the upload it was made of, or the job's own.")
    status: TranscriptStatus = Field(description="A job that is cancelled is an `error`.")
    error: str | None = Field(description="Why there is none.")
    text: str | None
    words: list[WordView] | None
    utterances: list[StretchView] | None = Field(description="If speakers are told apart, or channels.")
    confidence: float | None = Field(description="The mean of the words'.")
    audio_duration: int | None = Field(description="Seconds.")
    language_code: str | None = Field(description="Whisper's code, given or detected.")
    language_confidence: float | None
    language_detection: bool
    speaker_labels: bool
    multichannel: bool
    keyterms_prompt: list[str] | None
    prompt: str | None
    temperature: float
    punctuate: Literal[True] = Field(description="Whisper always does.")
    format_text: Literal[True] = Field(description="Whisper always does.")
    audio_start_from: int | None
    audio_end_at: int | None
    speech_model_used: str = Field(description="The model.", examples=["base"])
    webhook_url: str | None
    webhook_status_code: int | None = Field(description="Of the receiver's latest answer.")
    webhook_auth: bool
    webhook_auth_header_name: str | None

    @classmethod
    def of(
        cls, state: JobState, transcript: Transcript | None, *, audio_url: str, webhook: WebhookLog | None
    ) -> "TranscriptView":
        """Return a job's view; `transcript` is what came of it, if it is completed."""
        job, options = state.job, state.job.work.options
        info = job.work.info
        words = spoken_words(transcript) if transcript else None
        call = WebhookCall.from_record(state.record)
        are_apart = options.diarize or options.channels == "split"
        return cls(
            id=job.job_id,
            audio_url=audio_url,
            status=status_of(job),
            error=error_of(job),
            text=transcript and transcript.text,
            words=None if words is None else [WordView.of(word) for word in words],
            utterances=[StretchView.of_words(each) for each in utterances(words)] if words and are_apart else None,
            confidence=mean_confidence(words) if words else None,
            audio_duration=None if job.work.audio_seconds is None else round(job.work.audio_seconds),
            language_code=info.language if info else options.language,
            language_confidence=info and info.language_probability,
            language_detection=options.language is None,
            speaker_labels=options.diarize,
            multichannel=options.channels == "split",
            keyterms_prompt=options.hotwords.split(", ") if options.hotwords else None,
            prompt=options.initial_prompt,
            temperature=options.temperature,
            punctuate=True,
            format_text=True,
            audio_start_from=_milliseconds(options.clip_start_seconds or None),
            audio_end_at=_milliseconds(options.clip_end_seconds),
            speech_model_used=job.work.lane,
            webhook_url=webhook and webhook.url,
            webhook_status_code=webhook and _latest_status(webhook),
            webhook_auth=call.secret_header is not None,
            webhook_auth_header_name=call.secret_header and call.secret_header[0],
        )


class SentencesView(BaseModel):
    """A transcript in sentences."""

    id: str = Field(examples=[_EXAMPLE_ID])
    confidence: float
    audio_duration: float = Field(description="Seconds.")
    sentences: list[StretchView]


class ParagraphsView(BaseModel):
    """A transcript in paragraphs."""

    id: str = Field(examples=[_EXAMPLE_ID])
    confidence: float
    audio_duration: float = Field(description="Seconds.")
    paragraphs: list[StretchView]


class WordSearchView(BaseModel):
    """Where words are said."""

    id: str = Field(examples=[_EXAMPLE_ID])
    total_count: int = Field(description="Of all matches.")
    matches: list[WordMatch] = Field(description="Of the words that are said at all.")


class ListedTranscript(BaseModel):
    """A transcript in a list."""

    id: str = Field(examples=[_EXAMPLE_ID])
    resource_url: str
    status: TranscriptStatus
    created: str = Field(description="ISO 8601, UTC.")
    completed: str | None = Field(description="ISO 8601, UTC; null until it has ended.")
    audio_url: str
    error: str | None


class PageDetails(BaseModel):
    """Where a page of the list is, and its neighbours."""

    limit: int
    result_count: int
    current_url: str
    prev_url: str | None = Field(description="Of the page of older ones; null on the last one.")
    next_url: str | None = Field(description="Of the page of newer ones; null where there is nothing to come after.")


class TranscriptList(BaseModel):
    """Transcripts, newest first."""

    page_details: PageDetails
    transcripts: list[ListedTranscript]


def status_of(job: Job) -> TranscriptStatus:
    """Return how a job stands."""
    match job.status:
        case JobStatus.QUEUED:
            return "queued"
        case JobStatus.PROCESSING:
            return "processing"
        case JobStatus.COMPLETED:
            return "completed"
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return "error"


def error_of(job: Job) -> str | None:
    """Return why nothing comes of a job; None if something may, or has."""
    match job.status:
        case JobStatus.CANCELLED:
            return "The transcript was cancelled."
        case JobStatus.FAILED:
            return job.work.failure_detail or str(job.work.failure)
        case _:
            return None


def _check_header(name: str, value: str) -> None:
    """Refuse a header that can't be sent, or that only we send.

    Raises:
        InvalidOptions: it says so.
    """
    problems = []
    lowered = name.lower()
    if not _HEADER_NAME.fullmatch(lowered) or lowered in _OUR_HEADERS or lowered.startswith(_SIGNED_HEADERS):
        problems.append(OptionProblem("webhook_auth_header_name", "is no name of a header that may be chosen"))
    if not _HEADER_VALUE.fullmatch(value):
        reason = "is to be 1 to 1,024 characters of ASCII, without spaces around them"
        problems.append(OptionProblem("webhook_auth_header_value", reason))
    if problems:
        raise InvalidOptions(problems)


def _latest_status(webhook: WebhookLog) -> int | None:
    attempts = [attempt for logged in webhook.events for attempt in logged.attempts]
    return attempts[-1].status if attempts else None


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
