"""Every failure Scriptorium knows, on one screen.

ScriptoriumError                    code
├── RequestRefused                  the client can do something about it
│   ├── Unauthenticated             unauthenticated
│   ├── ScopeMissing                scope_missing
│   ├── RateLimited                 rate_limited
│   ├── MalformedBody               malformed_body
│   ├── MultipartRequired           multipart_required
│   ├── FileMissing                 file_missing
│   ├── FileEmpty                   file_empty
│   ├── InvalidOptions              invalid_options
│   ├── UnknownModel                unknown_model
│   ├── UploadTooLarge              upload_too_large
│   ├── UploadTooSlow               upload_too_slow
│   ├── UploadTimedOut              upload_timed_out
│   ├── TooManyUploads              too_many_uploads
│   ├── UnsupportedMedia            unsupported_media
│   ├── JobNotFound                 job_not_found
│   ├── JobNotFinished              job_not_finished
│   ├── JobCancelled                job_cancelled
│   ├── JobExpired                  job_expired
│   ├── CorrectionsTooLarge         corrections_too_large
│   ├── AudioExpired                audio_expired
│   ├── RangeNotSatisfiable         range_not_satisfiable
│   ├── QueueFull                   queue_full
│   ├── NotADeadLetter              not_a_dead_letter
│   ├── IdempotencyConflict         idempotency_conflict
│   ├── UnknownKey                  unknown_key
│   ├── KeysNotInUse                keys_not_in_use
│   ├── SearchNotInUse              search_not_in_use
│   └── NoWebhookEvent              no_webhook_event
├── JobFailed                       the FailureCode of the job
├── ServiceUnavailable              nothing is wrong with the request; try again
│   ├── StoreUnavailable            store_unavailable
│   ├── SigningKeysUnavailable      signing_keys_unavailable
│   ├── UploadsFull                 uploads_full
│   ├── JobStillRunning             job_still_running
│   └── DiskFull                    disk_full
├── ConfigurationError              configuration_error: a process can't start as it is set up
├── TranscriptionFailure            raised inside an attempt, carries a FailureCode
└── OutboundFailure                 outbound_failure: asking a URL that a user gave ended here; carries an OutboundFault

No class knows a transport: the gateway maps classes to HTTP statuses in one place (`api.problems`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

CONFIGURATION_EXIT_STATUS = 78
"""Exit status of a process that can't start as it is configured (EX_CONFIG of sysexits.h)."""


class FailureCode(StrEnum):
    """Why an attempt or a job failed, as stored on the job and shown to its owner."""

    AUDIO_UNDECODABLE = "audio_undecodable"
    """The media can't be decoded, or ends before its own header says."""
    NO_AUDIO_STREAM = "no_audio_stream"
    """The container is readable and holds no audio."""
    AUDIO_EMPTY = "audio_empty"
    """There is an audio stream, and not one sample in it."""
    AUDIO_TOO_LONG = "audio_too_long"
    """More audio than MAX_AUDIO_SECONDS."""
    CLIP_OUTSIDE_AUDIO = "clip_outside_audio"
    """`clip_start_seconds` lies at or after the end of the audio."""
    URL_REFUSED = "url_refused"
    """The URL, or one that it redirects to, is none that is ever asked: not HTTP, or not of the public internet."""
    URL_HOST_UNKNOWN = "url_host_unknown"
    """The host of the URL has no address."""
    URL_NOT_SERVED = "url_not_served"
    """The URL's server answered with something else than a file: an error, or redirects without end."""
    URL_TOO_LARGE = "url_too_large"
    """More bytes are behind the URL than MAX_FILE_SIZE_MB allows."""
    URL_EMPTY = "url_empty"
    """The file behind the URL has no bytes."""
    URL_UNREACHABLE = "url_unreachable"
    """The URL's server did not answer, was too slow, broke off, or asked to come back: it may pass."""
    OUT_OF_DISK = "out_of_disk"
    """Fetching audio would have left less than MIN_FREE_DISK_MB free."""
    MALWARE_FOUND = "malware_found"
    """A malware scanner knows the media for what it is."""
    MALWARE_SCAN_FAILED = "malware_scan_failed"
    """No malware scanner has seen the whole media: a fault of ours."""
    MEDIA_MISSING = "media_missing"
    """The stored upload is gone: a fault of ours."""
    MEDIA_UNAVAILABLE = "media_unavailable"
    """The media store does not answer: a fault of ours that may pass."""
    TIMED_OUT = "timed_out"
    """A step of the attempt made no progress for too long; a loaded machine may be to blame."""
    OUT_OF_MEMORY = "out_of_memory"
    """The attempt ran out of memory."""
    REDACTION_UNAVAILABLE = "redaction_unavailable"
    """The worker can't look for what is to be redacted; unredacted, nothing is stored."""
    DIARIZATION_UNAVAILABLE = "diarization_unavailable"
    """The worker has no model to tell voices apart with."""
    INTERNAL_ERROR = "internal_error"
    """An unexpected error in the worker; its traceback is in the worker's log."""
    WORKER_LOST = "worker_lost"
    """Two workers died, or stopped answering, while they ran the job."""
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    """Every allowed attempt ended in a retryable error."""

    @property
    def is_media_fault(self) -> bool:
        """Whether the media, or the URL that should serve it, is to blame: no later attempt can succeed."""
        return self in _MEDIA_FAULTS


_MEDIA_FAULTS = frozenset(
    {
        FailureCode.AUDIO_UNDECODABLE,
        FailureCode.NO_AUDIO_STREAM,
        FailureCode.AUDIO_EMPTY,
        FailureCode.AUDIO_TOO_LONG,
        FailureCode.CLIP_OUTSIDE_AUDIO,
        FailureCode.URL_REFUSED,
        FailureCode.URL_HOST_UNKNOWN,
        FailureCode.URL_NOT_SERVED,
        FailureCode.URL_TOO_LARGE,
        FailureCode.URL_EMPTY,
        FailureCode.MALWARE_FOUND,
    }
)


class OutboundFault(StrEnum):
    """Why a URL that a user gave was not asked, or gave no answer."""

    URL_REFUSED = "url_refused"
    """It is none that is ever asked: not HTTP, with credentials, or not a URL at all."""
    HOST_NOT_FOUND = "host_not_found"
    """Its host's name has no address."""
    ADDRESS_REFUSED = "address_refused"
    """An address of its host is not of the public internet, nor in OUTBOUND_ALLOWED_NETWORKS."""
    CONNECTION_FAILED = "connection_failed"
    """Nobody listens there, or the connection broke off."""
    TLS_FAILED = "tls_failed"
    """Its certificate is not valid for the host, or no encryption could be agreed upon."""
    TIMED_OUT = "timed_out"
    """It took too long in all."""
    ANSWER_MALFORMED = "answer_malformed"
    """What came back is not HTTP."""
    ANSWER_TOO_LARGE = "answer_too_large"
    """More came back than is read."""


class ScriptoriumError(Exception):
    """The root of every error raised on purpose.

    Attributes:
        code: Stable, machine-readable name, part of the public contract.
        title: One line that is the same for every occurrence.
        detail: What happened this time and what to do about it; safe to show to the client.
        retry_after_seconds: When the same request may succeed; None if time alone changes nothing.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"
    retry_after_seconds: int | None = None

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


class RequestRefused(ScriptoriumError):
    """The request can't be served, and only the client can change that."""


class Unauthenticated(RequestRefused):
    """The request brings no credentials, or none that are valid."""

    code = "unauthenticated"
    title = "Valid credentials are needed"


class ScopeMissing(RequestRefused):
    """The credentials are valid and don't allow this."""

    code = "scope_missing"
    title = "The credentials don't allow this"


class RateLimited(RequestRefused):
    """The client has asked as often as it may for now."""

    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 60) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class MalformedBody(RequestRefused):
    """The body isn't what its Content-Type says."""

    code = "malformed_body"
    title = "The request body can't be parsed"


class MultipartRequired(RequestRefused):
    """The body is neither multipart/form-data with a file nor JSON with the URL of one."""

    code = "multipart_required"
    title = "Send the file as multipart/form-data"


class FileMissing(RequestRefused):
    """No form part named `file` carries a file."""

    code = "file_missing"
    title = "The form has no file"


class FileEmpty(RequestRefused):
    """The uploaded file has no bytes."""

    code = "file_empty"
    title = "The file is empty"


@dataclass(frozen=True, slots=True)
class OptionProblem:
    """One option that isn't valid: its name as sent, and why."""

    option: str
    message: str


class InvalidOptions(RequestRefused):
    """One or more options are unknown or out of range; `problems` names each."""

    code = "invalid_options"
    title = "One or more options are not valid"

    def __init__(self, problems: Sequence[OptionProblem]) -> None:
        super().__init__("; ".join(f"{problem.option}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


class UnknownModel(InvalidOptions):
    """No lane exists for the model asked for."""

    code = "unknown_model"
    title = "No worker serves this model"


class UploadTooLarge(RequestRefused):
    """The file has more bytes than MAX_FILE_SIZE_MB allows."""

    code = "upload_too_large"
    title = "The file is too large"


class UploadTooSlow(RequestRefused):
    """The body came at less than MIN_UPLOAD_BYTES_PER_SECOND."""

    code = "upload_too_slow"
    title = "The upload came too slowly"


class UploadTimedOut(RequestRefused):
    """The body was not whole within UPLOAD_TIMEOUT_SECONDS."""

    code = "upload_timed_out"
    title = "The upload took too long"


class TooManyUploads(RequestRefused):
    """The client has MAX_UPLOADS_PER_CLIENT under way."""

    code = "too_many_uploads"
    title = "Too many uploads at once"
    retry_after_seconds = 5


class UnsupportedMedia(RequestRefused):
    """The file's first bytes are those of something that isn't audio or video."""

    code = "unsupported_media"
    title = "The file is neither audio nor video"


class JobNotFound(RequestRefused):
    """No such job, or somebody else's."""

    code = "job_not_found"
    title = "No such job"


class JobNotFinished(RequestRefused):
    """The result was asked for before there was one."""

    code = "job_not_finished"
    title = "The job is not finished"


class JobCancelled(RequestRefused):
    """The job was cancelled, so there never will be a result."""

    code = "job_cancelled"
    title = "The job was cancelled"


class JobExpired(RequestRefused):
    """The result was kept for RESULT_TTL_HOURS and is gone."""

    code = "job_expired"
    title = "The result has expired"


class CorrectionsTooLarge(RequestRefused):
    """More text than is kept of one transcript's corrections, or than is compared with it as a whole."""

    code = "corrections_too_large"
    title = "The corrections are too large"


class NotADeadLetter(RequestRefused):
    """Only a failed job can be requeued or purged."""

    code = "not_a_dead_letter"
    title = "The job is no dead letter"


class IdempotencyConflict(RequestRefused):
    """An Idempotency-Key was sent again with another body."""

    code = "idempotency_conflict"
    title = "The Idempotency-Key belongs to another request"


class UnknownKey(RequestRefused):
    """No API key has this id."""

    code = "unknown_key"
    title = "No such key"


class KeysNotInUse(RequestRefused):
    """AUTH_MODE is another than `api_key`: whoever gets in now must not make a key for later."""

    code = "keys_not_in_use"
    title = "API keys are not in use"


class SearchNotInUse(RequestRefused):
    """SEARCH is `off`: there is no index of transcripts."""

    code = "search_not_in_use"
    title = "Search is not in use"


class NoWebhookEvent(RequestRefused):
    """The job has no `webhook_url`, or has not come to an end yet: nobody was to be told anything."""

    code = "no_webhook_event"
    title = "There is no webhook event"


class AudioExpired(RequestRefused):
    """The audio is gone, so there is nothing to hear, or to transcribe again."""

    code = "audio_expired"
    title = "The audio is gone"


class RangeNotSatisfiable(RequestRefused):
    """The part that was asked for lies behind the end of what has `size_bytes`."""

    code = "range_not_satisfiable"
    title = "There are no such bytes"

    def __init__(self, detail: str = "", *, size_bytes: int = 0) -> None:
        super().__init__(detail)
        self.size_bytes = size_bytes


class QueueFull(RequestRefused):
    """The lane holds as many jobs, or as much audio, as it may."""

    code = "queue_full"
    title = "The queue is full"

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 60) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class JobFailed(ScriptoriumError):
    """The job's result was asked for and the job had failed; `failure` says why."""

    title = "The job failed"

    def __init__(self, failure: FailureCode, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


class ServiceUnavailable(ScriptoriumError):
    """Nothing is wrong with the request. Try again after `retry_after_seconds`."""

    retry_after_seconds: int = 5


class StoreUnavailable(ServiceUnavailable):
    """Redis, or the media store, doesn't answer or refuses writes."""

    code = "store_unavailable"
    title = "The store is not available"


class SigningKeysUnavailable(ServiceUnavailable):
    """The keys that sign tokens were never fetched, and JWT_JWKS_URL doesn't answer."""

    code = "signing_keys_unavailable"
    title = "Tokens can't be checked"


class JobStillRunning(ServiceUnavailable):
    """A synchronous call has waited for as long as it may. Its job goes on."""

    code = "job_still_running"
    title = "The job is still running"
    retry_after_seconds = 1


class UploadsFull(ServiceUnavailable):
    """MAX_UPLOADS are under way, of all clients together."""

    code = "uploads_full"
    title = "The service takes no more uploads at once"


class DiskFull(ServiceUnavailable):
    """Taking the upload would leave less than MIN_FREE_DISK_MB free."""

    code = "disk_full"
    title = "The service is short of disk space"
    retry_after_seconds = 60


class ConfigurationError(ScriptoriumError):
    """A process can't start as it is set up; the message says what to change."""

    code = "configuration_error"
    title = "The service is not set up correctly"


class TranscriptionFailure(ScriptoriumError):
    """An attempt ends here. Whether another one makes sense is the code's business."""

    code = "transcription_failure"
    title = "The attempt failed"

    def __init__(self, failure: FailureCode, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


class OutboundFailure(ScriptoriumError):
    """A URL that a user gave was not asked, or gave no answer. The detail never shows the URL."""

    code = "outbound_failure"
    title = "The URL could not be asked"

    def __init__(self, fault: OutboundFault, detail: str = "") -> None:
        super().__init__(detail)
        self.fault = fault
