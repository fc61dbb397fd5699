"""What whisper-asr-webservice's API asks for and answers, in our words. Bazarr and Speakr speak it."""

import json
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, Field

from api.problems import ErrorAnswer, Problem
from api.transcript_formats import ResultFormat, SubtitleLayout, render, verbose_json
from core.languages import LANGUAGE_NAMES
from core.options import TranscriptionOptions
from core.transcript import Transcript, TranscriptInfo

DETECTION_SECONDS: Final = 30
"""Audio that a language is detected from, as there."""
ENGINE: Final = "faster_whisper"
_LAYOUT: Final = SubtitleLayout()


class Output(StrEnum):
    """The formats of a transcript."""

    TXT = "txt"
    VTT = "vtt"
    SRT = "srt"
    TSV = "tsv"
    JSON = "json"


_FORMATS: Final = {
    Output.TXT: ResultFormat.TEXT,
    Output.VTT: ResultFormat.VTT,
    Output.SRT: ResultFormat.SRT,
    Output.TSV: ResultFormat.TSV,
}


class DetectedLanguage(BaseModel):
    """The language of the first 30 seconds."""

    detected_language: str = Field(description="Its English name.", examples=["german"])
    language_code: str = Field(description="Whisper's code.", examples=["de"])
    confidence: float = Field(description="0 to 1.", examples=[0.98])

    @classmethod
    def of(cls, info: TranscriptInfo) -> "DetectedLanguage":
        """Return what is known of a transcript's language."""
        return cls(
            detected_language=LANGUAGE_NAMES.get(info.language, info.language),
            language_code=info.language,
            confidence=info.language_probability,
        )


class InvalidParameter(BaseModel):
    """What is wrong with a parameter, as FastAPI says it."""

    type: str = "value_error"
    loc: tuple[str, str] = Field(examples=[("query", "language")])
    msg: str


class WhisperAsrError(BaseModel):
    """What is answered in the place of a transcript."""

    detail: str | list[InvalidParameter] = Field(description="What is wrong, and what to do about it.")


class ServerVersion(BaseModel):
    """What Bazarr shows when somebody tests the connection."""

    version: str = Field(examples=["0.1.0"])


def error_answer(problem: Problem) -> ErrorAnswer:
    """Return how that server would answer a problem: it leaves that to FastAPI."""
    detail: str | list[InvalidParameter] = problem.detail
    if problem.errors is not None:
        detail = [InvalidParameter(loc=("query", each.option), msg=each.message) for each in problem.errors]
    return ErrorAnswer(problem.status, WhisperAsrError(detail=detail).model_dump(mode="json"))


def written(transcript: Transcript, options: TranscriptionOptions, output: Output) -> str:
    """Return a transcript as a text file."""
    if output is Output.JSON:
        return json.dumps(_document(transcript, options), ensure_ascii=False)
    return render(transcript, _FORMATS[output], _LAYOUT)


def headers(file_name: str | None, output: Output) -> dict[str, str]:
    """Return what an answer says of itself."""
    name = quote(file_name or "audio_file", safe="")
    return {"Asr-Engine": ENGINE, "Content-Disposition": f'attachment; filename="{name}.{output}"'}


def _document(transcript: Transcript, options: TranscriptionOptions) -> dict[str, Any]:
    """Return the JSON of that server, where speakers are called as WhisperX does."""
    verbose = verbose_json(transcript, options.whisper_task)
    segments = [segment.model_dump(mode="json", exclude_none=True) for segment in verbose.segments]
    for told, segment in zip(segments, transcript.segments, strict=True):
        if segment.speaker is not None:
            told["speaker"] = f"SPEAKER_{segment.speaker - 1:02}"
    return {"text": transcript.text, "language": transcript.info.language, "segments": segments}
