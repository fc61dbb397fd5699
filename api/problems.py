"""The one place that turns errors into HTTP: RFC 9457 problem documents and their statuses."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core.errors import (
    AudioExpired,
    DiskFull,
    FileEmpty,
    FileMissing,
    IdempotencyConflict,
    InvalidOptions,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobNotFinished,
    JobNotFound,
    KeysNotInUse,
    MalformedBody,
    MultipartRequired,
    NotADeadLetter,
    NoWebhookEvent,
    OptionProblem,
    QueueFull,
    RateLimited,
    ScopeMissing,
    ScriptoriumError,
    SigningKeysUnavailable,
    StoreUnavailable,
    Unauthenticated,
    UnknownKey,
    UnknownModel,
    UnsupportedMedia,
    UploadTooLarge,
)

STATUSES: Mapping[type[ScriptoriumError], HTTPStatus] = {
    MalformedBody: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    ScopeMissing: HTTPStatus.FORBIDDEN,
    JobNotFound: HTTPStatus.NOT_FOUND,
    UnknownKey: HTTPStatus.NOT_FOUND,
    JobNotFinished: HTTPStatus.CONFLICT,
    JobCancelled: HTTPStatus.CONFLICT,
    NotADeadLetter: HTTPStatus.CONFLICT,
    KeysNotInUse: HTTPStatus.CONFLICT,
    NoWebhookEvent: HTTPStatus.CONFLICT,
    JobExpired: HTTPStatus.GONE,
    AudioExpired: HTTPStatus.GONE,
    UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMedia: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    MultipartRequired: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    FileMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
    FileEmpty: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidOptions: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownModel: HTTPStatus.UNPROCESSABLE_ENTITY,
    IdempotencyConflict: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    QueueFull: HTTPStatus.TOO_MANY_REQUESTS,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    SigningKeysUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
}
"""Every error a request can end in. `JobFailed` is 422 if the media is to blame, else 500."""

_MEDIA_TYPE = "application/problem+json"

logger = structlog.get_logger(__name__)


class InvalidOption(BaseModel):
    """One option that isn't valid."""

    option: str = Field(examples=["beam_size"])
    message: str = Field(examples=["Input should be greater than or equal to 1"])


class Problem(BaseModel):
    """An RFC 9457 problem document."""

    type: str = Field(default="about:blank", description="Always about:blank: `code` names the problem.")
    code: str = Field(description="Stable, machine-readable name of the problem.", examples=["job_not_found"])
    title: str = Field(description="The same for every occurrence of the code.", examples=["No such job"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What happened this time, and what to do about it.")
    job_id: str | None = Field(default=None, description="The job concerned, where there is one.")
    errors: list[InvalidOption] | None = Field(default=None, description="Every option that isn't valid.")


def status_of(error: ScriptoriumError) -> HTTPStatus:
    """Return the HTTP status of an error."""
    if isinstance(error, JobFailed):
        return HTTPStatus.UNPROCESSABLE_ENTITY if error.failure.is_media_fault else HTTPStatus.INTERNAL_SERVER_ERROR
    return STATUSES.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_responses(*errors: type[ScriptoriumError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of a route that may end in these errors, or in an absent store."""
    by_status: dict[HTTPStatus, list[type[ScriptoriumError]]] = {}
    for error in (*errors, StoreUnavailable):
        statuses = [HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR]
        for status in statuses if error is JobFailed else [STATUSES[error]]:
            by_status.setdefault(status, []).append(error)
    return {
        int(status): {
            "description": " or ".join(error.title for error in group),
            "content": {
                _MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {
                        example["code"]: {"value": example} for example in (_example(error, status) for error in group)
                    },
                }
            },
        }
        for status, group in by_status.items()
    }


def guarded_responses(*errors: type[ScriptoriumError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of a route that asks for a principal, too."""
    return problem_responses(Unauthenticated, ScopeMissing, RateLimited, SigningKeysUnavailable, *errors)


def option_problems(error: ValidationError | RequestValidationError) -> list[OptionProblem]:
    """Return what a validation of options, query or path found, by the names the client sent."""
    # FastAPI puts the place in front: query, path or header.
    skipped = 1 if isinstance(error, RequestValidationError) else 0
    return [
        OptionProblem(
            ".".join(str(part) for part in found["loc"][skipped:]) or _option_of(found["type"]),
            "is not an option" if found["type"] == "extra_forbidden" else found["msg"],
        )
        for found in error.errors()
    ]


def install(app: FastAPI) -> None:
    """Make every error that leaves a route a problem document."""
    app.add_exception_handler(ScriptoriumError, _on_scriptorium_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(RedisError, _on_redis_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_unexpected)


async def answer(request: Request, error: ScriptoriumError | RedisError) -> JSONResponse:
    """Return the answer to a request that has ended in an error outside the routes."""
    return await (_on_redis_error if isinstance(error, RedisError) else _on_scriptorium_error)(request, error)


def _option_of(error_type: str) -> str:
    """Name the option of an error that pydantic puts on the options as a whole."""
    return "clip_end_seconds" if error_type == "clip_end_before_start" else "options"


def _example(error: type[ScriptoriumError], status: HTTPStatus) -> dict[str, Any]:
    code = error.code
    if error is JobFailed:
        code = "audio_undecodable" if status is HTTPStatus.UNPROCESSABLE_ENTITY else "worker_lost"
    return {
        "type": "about:blank",
        "code": code,
        "title": error.title,
        "status": int(status),
        "detail": error.title,
    }


def _response(
    status: int,
    *,
    code: str,
    title: str,
    detail: str,
    job_id: str | None = None,
    problems: Sequence[OptionProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        code=code,
        title=title,
        status=status,
        detail=detail,
        job_id=job_id,
        errors=[InvalidOption(option=each.option, message=each.message) for each in problems] or None,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=status, media_type=_MEDIA_TYPE, headers=headers
    )


async def _on_scriptorium_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ScriptoriumError)  # noqa: S101 - the registration says so
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    job_id = request.path_params.get("job_id")
    return _response(
        status_of(error),
        code=str(error.failure) if isinstance(error, JobFailed) else error.code,
        title=error.title,
        detail=error.detail,
        job_id=None if isinstance(error, JobNotFound) else job_id,
        problems=error.problems if isinstance(error, InvalidOptions) else (),
        headers=headers,
    )


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the registration says so
    return await _on_scriptorium_error(request, InvalidOptions(option_problems(error)))


async def _on_redis_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RedisConnectionError | RedisTimeoutError | OutOfMemoryError | ReadOnlyError):
        return await _on_unexpected(request, error)
    logger.warning("store_unavailable", error=type(error).__name__)
    return await _on_scriptorium_error(
        request, StoreUnavailable("The job store does not answer. Nothing was accepted; try again shortly.")
    )


async def _on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - the registration says so
    phrase = HTTPStatus(error.status_code).phrase
    return _response(
        error.status_code,
        code=phrase.lower().replace(" ", "_"),
        title=phrase,
        detail=f"{error.detail}. See /docs for the routes." if error.detail else phrase,
        headers=error.headers,
    )


async def _on_disconnect(_request: Request, _error: Exception) -> JSONResponse:
    # Nobody reads this; the status is nginx's for a client that closed its request.
    return _response(499, code="client_closed_request", title="Client closed request", detail="The client went away.")


async def _on_unexpected(_request: Request, error: Exception) -> JSONResponse:
    logger.error("unexpected_error", exc_info=error)
    return _response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal_error",
        title="Internal error",
        detail="The gateway hit an error of its own; it is in its log.",
    )
