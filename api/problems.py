"""The one place that turns errors into HTTP: RFC 9457 problem documents and their statuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

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
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import (
    AudioExpired,
    CorrectionsTooLarge,
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
    JobStillRunning,
    KeysNotInUse,
    MalformedBody,
    MultipartRequired,
    NotADeadLetter,
    NoWebhookEvent,
    OptionProblem,
    QueueFull,
    RangeNotSatisfiable,
    RateLimited,
    ScopeMissing,
    ScriptoriumError,
    SearchNotInUse,
    SigningKeysUnavailable,
    StoreUnavailable,
    TooManyUploads,
    Unauthenticated,
    UnknownKey,
    UnknownModel,
    UnsupportedMedia,
    UploadsFull,
    UploadTimedOut,
    UploadTooLarge,
    UploadTooSlow,
)

STATUSES: Mapping[type[ScriptoriumError], HTTPStatus] = {
    MalformedBody: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    ScopeMissing: HTTPStatus.FORBIDDEN,
    JobNotFound: HTTPStatus.NOT_FOUND,
    UnknownKey: HTTPStatus.NOT_FOUND,
    UploadTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    UploadTimedOut: HTTPStatus.REQUEST_TIMEOUT,
    JobNotFinished: HTTPStatus.CONFLICT,
    JobCancelled: HTTPStatus.CONFLICT,
    NotADeadLetter: HTTPStatus.CONFLICT,
    KeysNotInUse: HTTPStatus.CONFLICT,
    SearchNotInUse: HTTPStatus.CONFLICT,
    NoWebhookEvent: HTTPStatus.CONFLICT,
    JobExpired: HTTPStatus.GONE,
    AudioExpired: HTTPStatus.GONE,
    RangeNotSatisfiable: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    CorrectionsTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMedia: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    MultipartRequired: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    FileMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
    FileEmpty: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidOptions: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownModel: HTTPStatus.UNPROCESSABLE_ENTITY,
    IdempotencyConflict: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    QueueFull: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyUploads: HTTPStatus.TOO_MANY_REQUESTS,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    SigningKeysUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    UploadsFull: HTTPStatus.SERVICE_UNAVAILABLE,
    JobStillRunning: HTTPStatus.GATEWAY_TIMEOUT,
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


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """How another API answers a problem."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those that the problem has in any API."""


ErrorShape: TypeAlias = Callable[[Problem], Mapping[str, Any] | ErrorAnswer]
"""Writes a problem as another API's clients read it; a mapping is the JSON body, under the problem's own status."""


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


def answer_in(shape: ErrorShape, problem: Problem) -> ErrorAnswer:
    """Return how an API of this shape answers a problem."""
    shaped = shape(problem)
    return shaped if isinstance(shaped, ErrorAnswer) else ErrorAnswer(problem.status, shaped)


def shaped_responses(
    shape: ErrorShape, model: type[BaseModel], *errors: type[ScriptoriumError]
) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of a guarded route whose errors, of this model, have another API's shape."""
    responses: dict[int | str, dict[str, Any]] = {}
    for documented in guarded_responses(*errors).values():
        for code, example in documented["content"][_MEDIA_TYPE]["examples"].items():
            shaped = answer_in(shape, Problem.model_validate(example["value"]))
            response = responses.setdefault(
                shaped.status,
                {
                    "model": model,
                    "description": HTTPStatus(shaped.status).phrase,
                    "content": {"application/json": {"examples": {}}},
                },
            )
            response["content"]["application/json"]["examples"][code] = {"value": shaped.body}
    return responses


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


def install(app: FastAPI, shapes: Mapping[str, ErrorShape]) -> None:
    """Make every error that leaves a route a problem document, inside of what middleware is added later.

    `shapes` are those of other APIs, by what their paths begin with.
    """
    app.state.error_shapes = shapes
    app.add_exception_handler(ScriptoriumError, _on_scriptorium_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(RedisError, _on_redis_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_middleware(_UnexpectedErrors)


async def answer(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to a request that has ended in an error outside the routes."""
    match error:
        case ScriptoriumError():
            return await _on_scriptorium_error(request, error)
        case RedisError():
            return await _on_redis_error(request, error)
        case ClientDisconnect():
            return await _on_disconnect(request, error)
    return await _unexpected(request, error)


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


def _response(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    shapes: Mapping[str, ErrorShape] = request.app.state.error_shapes
    for start, shape in shapes.items():
        if request.url.path.startswith(start):
            shaped = answer_in(shape, problem)
            return JSONResponse(shaped.body, shaped.status, headers={**(headers or {}), **shaped.headers})
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=problem.status, media_type=_MEDIA_TYPE, headers=headers
    )


def problem_of(error: ScriptoriumError, job_id: str | None = None) -> Problem:
    """Return the problem that an error is, of a job if there is one."""
    problems = error.problems if isinstance(error, InvalidOptions) else ()
    return Problem(
        code=str(error.failure) if isinstance(error, JobFailed) else error.code,
        title=error.title,
        status=status_of(error),
        detail=error.detail,
        job_id=None if isinstance(error, JobNotFound) else job_id,
        errors=[InvalidOption(option=each.option, message=each.message) for each in problems] or None,
    )


async def _on_scriptorium_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ScriptoriumError)  # noqa: S101 - the registration says so
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size_bytes}"
    return _response(request, problem_of(error, request.path_params.get("job_id")), headers)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the registration says so
    return await _on_scriptorium_error(request, InvalidOptions(option_problems(error)))


async def _on_redis_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RedisConnectionError | RedisTimeoutError | OutOfMemoryError | ReadOnlyError):
        return await _unexpected(request, error)
    logger.warning("store_unavailable", error=type(error).__name__)
    return await _on_scriptorium_error(
        request, StoreUnavailable("The job store does not answer. Nothing was accepted; try again shortly.")
    )


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - the registration says so
    phrase = HTTPStatus(error.status_code).phrase
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _documented_methods(request)):
        headers["Allow"] = ", ".join(methods)
    problem = Problem(
        code=phrase.lower().replace(" ", "_"),
        title=phrase,
        status=error.status_code,
        detail=f"{error.detail}. See /docs for the routes." if error.detail else phrase,
    )
    return _response(request, problem, headers)


def _documented_methods(request: Request) -> list[str]:
    """Return a path's methods, each of which is a route of its own: the router names those of the first one only."""
    paths = request.app.openapi()["paths"]
    # A path that is written out goes before one with parameters.
    for template in sorted(paths, key=lambda path: "{" in path):
        if compile_path(template)[0].match(request.url.path):
            return sorted(method.upper() for method in paths[template])
    return []


async def _on_disconnect(request: Request, _error: Exception) -> JSONResponse:
    # Nobody reads this; the status is nginx's for a client that closed its request.
    gone = Problem(
        code="client_closed_request", title="Client closed request", status=499, detail="The client went away."
    )
    return _response(request, gone)


class _UnexpectedErrors:
    """ASGI middleware that answers what no handler is for.

    Starlette's own handler of Exception answers outside of all middleware, where no answer gets its headers any more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        has_begun = False

        async def watched_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            answer = await _unexpected(Request(scope), error)
            await answer(scope, receive, send)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Log an error that nobody has foreseen, and return the answer to its request."""
    logger.error("unexpected_error", exc_info=error)
    problem = Problem(
        code="internal_error",
        title="Internal error",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        detail="The gateway hit an error of its own; it is in its log.",
    )
    return _response(request, problem)
