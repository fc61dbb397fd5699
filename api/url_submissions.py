"""`POST /transcribe` with a JSON body: the audio is not sent but named, by a URL that a worker fetches it from.

The gateway never asks the URL. It is checked here as far as that goes without looking its host up, and anew by the
worker.
"""

import math
from typing import Any

from fastapi import Request
from pydantic import Field

from api.job_terms import LEAST_RETENTION_HOURS
from api.json_bodies import read_json
from api.upload_pace import UploadPace, UploadTimer
from core.errors import InvalidOptions, OptionProblem, OutboundFailure
from core.options import TranscriptionOptions
from core.user_urls import UrlPolicy

JSON_MEDIA_TYPE = "application/json"
_GUESSED_SECONDS = 600.0
"""Audio charged for a URL, of which nothing is known before it is fetched: somewhere between a voice message and a
lecture. The worker replaces it as soon as it knows the length."""


class UrlSubmission(TranscriptionOptions):
    """What is asked for, and of which audio."""

    url: str = Field(
        min_length=1,
        max_length=2048,
        description="Where a worker fetches the audio or video file: http or https, on the public internet, without "
        "credentials, answered with the file itself or a redirect to it. It is kept until the file is there.",
        json_schema_extra={"format": "uri"},
        examples=["https://example.com/episode-12.mp3"],
    )
    webhook_url: str | None = Field(
        default=None,
        max_length=2048,
        description="As in the form.",
        json_schema_extra={"format": "uri"},
    )
    retention_hours: float | None = Field(default=None, ge=LEAST_RETENTION_HOURS, description="As in the form.")
    sensitivity: str | None = Field(default=None, max_length=32, description="As in the form.")

    @property
    def terms(self) -> dict[str, str]:
        """What is asked for besides a transcription of this audio, as the fields of a form hold it."""
        names = type(self).model_fields.keys() - TranscriptionOptions.model_fields.keys() - {"url"}
        return {name: str(value) for name in names if (value := getattr(self, name)) is not None}

    @property
    def options(self) -> TranscriptionOptions:
        """The options alone, as they are kept with the job."""
        return TranscriptionOptions.model_validate(
            {name: getattr(self, name) for name in TranscriptionOptions.model_fields}, by_name=True
        )


def names_url(request: Request) -> bool:
    """Tell whether a request names its audio by a URL rather than send it."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON_MEDIA_TYPE


async def read_submission(request: Request, pace: UploadPace) -> UrlSubmission:
    """Read a request's body, which may take its time as an upload's may.

    Raises:
        MalformedBody: it is no JSON, or too much of it.
        InvalidOptions: it has no `url`, or an option that isn't valid.
        UploadTooSlow, UploadTimedOut: the client took too long.
        ClientDisconnect: the client went away.
    """
    return await read_json(UploadTimer(pace).chunks(request.stream()), UrlSubmission)


def checked_url(url: str, policy: UrlPolicy) -> str:
    """Return the URL in its normal form.

    Raises:
        InvalidOptions: it is none that is ever asked.
    """
    try:
        return str(policy.checked_url(url))
    except OutboundFailure as failure:
        raise InvalidOptions([OptionProblem("url", failure.detail)]) from None


def guessed_cost_seconds(options: TranscriptionOptions) -> float:
    """Return the audio seconds that fair queuing charges for a URL: the clip's at most."""
    end = math.inf if options.clip_end_seconds is None else options.clip_end_seconds
    return min(_GUESSED_SECONDS, end - options.clip_start_seconds)


def submission_schema() -> dict[str, Any]:
    """Return the body's JSON schema."""
    return UrlSubmission.model_json_schema(by_alias=True)
