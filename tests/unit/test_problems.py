"""Every error becomes a problem document with the status, code and words that its class promises."""

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import ValidationError
from redis.exceptions import BusyLoadingError, DataError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.exceptions import HTTPException

from api.problems import STATUSES, ErrorAnswer, Problem, install, option_problems, problem_responses, status_of
from core.errors import (
    DiskFull,
    FailureCode,
    InvalidOptions,
    JobExpired,
    JobFailed,
    JobNotFound,
    MalformedBody,
    OptionProblem,
    QueueFull,
    RateLimited,
    ScriptoriumError,
    ServiceUnavailable,
    StoreUnavailable,
    TooManyUploads,
    UnknownModel,
)
from core.options import TranscriptionOptions

SECRET = "redis://:hunter2@10.0.0.1"  # noqa: S105 - the password of nobody


def answer_to(error: Exception, path: str = "/boom") -> httpx.Response:
    """Return what a client gets from a route that ends in this error."""
    app = FastAPI()
    install(app, {})

    @app.get("/boom")
    @app.get("/jobs/{job_id}")
    async def boom() -> None:
        raise error

    return get(app, path)


def get(app: FastAPI, path: str) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.get(path)

    return asyncio.run(request())


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return a problem document, having seen that it is a whole one."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    Problem.model_validate(document)
    assert document["status"] == answer.status_code
    assert document["type"] == "about:blank"
    return document


def instance(error: type[ScriptoriumError]) -> ScriptoriumError:
    return error([OptionProblem("model", "is none")]) if issubclass(error, InvalidOptions) else error("It happened.")


@pytest.mark.parametrize("error", STATUSES, ids=lambda error: error.__name__)
def test_an_error_is_answered_with_its_status_code_and_words(error: type[ScriptoriumError]) -> None:
    raised = instance(error)
    answer = answer_to(raised)
    document = problem(answer)
    assert answer.status_code == STATUSES[error]
    assert (document["code"], document["title"], document["detail"]) == (error.code, error.title, raised.detail)


@pytest.mark.parametrize("error", STATUSES, ids=lambda error: error.__name__)
def test_only_who_should_come_back_is_told_when(error: type[ScriptoriumError]) -> None:
    later = (ServiceUnavailable, QueueFull, RateLimited, TooManyUploads)
    raised = instance(error)
    retry_after = answer_to(raised).headers.get("retry-after")
    assert retry_after == (str(raised.retry_after_seconds) if issubclass(error, later) else None)


@pytest.mark.parametrize("failure", [FailureCode.AUDIO_EMPTY, FailureCode.WORKER_LOST])
def test_a_failed_job_is_answered_with_its_own_code(failure: FailureCode) -> None:
    answer = answer_to(JobFailed(failure, "It failed."), "/jobs/a1")
    assert answer.status_code == status_of(JobFailed(failure, ""))
    assert (problem(answer)["code"], problem(answer)["job_id"]) == (failure.value, "a1")


def test_a_job_that_is_not_there_is_not_repeated() -> None:
    assert "job_id" not in problem(answer_to(JobNotFound(), "/jobs/a1"))
    assert problem(answer_to(JobExpired(), "/jobs/a1"))["job_id"] == "a1"


def test_every_invalid_option_is_listed() -> None:
    answer = answer_to(InvalidOptions([OptionProblem("beam_size", "is too large"), OptionProblem("x", "is not one")]))
    assert problem(answer)["errors"] == [
        {"option": "beam_size", "message": "is too large"},
        {"option": "x", "message": "is not one"},
    ]


@pytest.mark.parametrize(
    "error",
    [
        RedisConnectionError(SECRET),
        RedisTimeoutError(SECRET),
        BusyLoadingError(SECRET),
        OutOfMemoryError(SECRET),
        ReadOnlyError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_absent_redis_is_a_503_that_says_when_to_come_back(error: RedisError) -> None:
    answer = answer_to(error)
    assert (answer.status_code, problem(answer)["code"]) == (503, "store_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("error", [ResponseError(SECRET), DataError(SECRET), ZeroDivisionError(SECRET)])
def test_an_error_of_our_own_is_a_500_that_tells_nothing_of_itself(error: Exception) -> None:
    answer = answer_to(error)
    assert (answer.status_code, problem(answer)["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.text
    assert type(error).__name__ not in answer.text


def test_a_route_that_is_not_there_is_a_problem_too() -> None:
    answer = answer_to(ZeroDivisionError(), "/nowhere")
    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize(("status", "code"), [(405, "method_not_allowed"), (418, "i'm_a_teapot"), (500, None)])
def test_a_frameworks_own_error_keeps_its_status_and_headers(status: int, code: str | None) -> None:
    answer = answer_to(HTTPException(status, "no", headers={"x-kept": "1"}))
    assert (answer.status_code, answer.headers["x-kept"]) == (status, "1")
    assert code in (None, problem(answer)["code"])


def test_a_query_that_is_not_valid_is_named_as_it_was_sent() -> None:
    app = FastAPI()
    install(app, {})

    @app.get("/jobs")
    async def jobs(page_size: Annotated[int, Query(alias="limit", ge=1)] = 1) -> int:
        return page_size

    answer = get(app, "/jobs?limit=0")
    assert answer.status_code == 422
    document = problem(answer)
    assert document["code"] == "invalid_options"
    assert [each["option"] for each in document["errors"]] == ["limit"]


def option_names(**sent: object) -> list[str]:
    """Return which options a client is told of, that sent these."""
    with pytest.raises(ValidationError) as refused:
        TranscriptionOptions.model_validate(sent, by_alias=True, by_name=False)
    return [each.option for each in option_problems(refused.value)]


def test_options_are_named_as_they_were_sent() -> None:
    assert option_names(task="sing") == ["task"]
    assert option_names(beam_size=0, temperature=2) == ["beam_size", "temperature"]
    assert option_names(language="klingon") == ["language"]
    assert option_names(clip_start_seconds=5, clip_end_seconds=4) == ["clip_end_seconds"]


@pytest.mark.parametrize("unknown", ["whisper_task", "colour", "query", "body", "path", "header"])
def test_an_unknown_option_is_named_whatever_its_name(unknown: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TranscriptionOptions.model_validate({unknown: "x"}, by_alias=True, by_name=False)
    assert option_problems(refused.value) == [OptionProblem(unknown, "is not an option")]


def documented(*errors: type[ScriptoriumError]) -> Mapping[int | str, dict[str, Any]]:
    return problem_responses(*errors)


@pytest.mark.parametrize("error", STATUSES, ids=lambda error: error.__name__)
def test_a_routes_errors_are_documented_as_they_are_answered(error: type[ScriptoriumError]) -> None:
    (content,) = documented(error)[int(STATUSES[error])]["content"].items()
    media_type, described = content
    assert media_type == "application/problem+json"
    example = described["examples"][error.code]["value"]
    answered = problem(answer_to(instance(error)))
    assert {key: example[key] for key in ("type", "code", "title", "status")} == {
        key: answered[key] for key in ("type", "code", "title", "status")
    }
    Problem.model_validate(example)


def test_every_route_may_find_the_store_absent() -> None:
    assert documented().keys() == {503}
    assert list(documented()[503]["content"]["application/problem+json"]["examples"]) == [StoreUnavailable.code]


def test_errors_of_one_status_are_documented_together() -> None:
    responses = documented(InvalidOptions, UnknownModel, MalformedBody, DiskFull)
    assert responses.keys() == {400, 422, 503, 507}
    assert responses[422]["content"]["application/problem+json"]["examples"].keys() == {
        "invalid_options",
        "unknown_model",
    }
    assert InvalidOptions.title in responses[422]["description"]
    assert UnknownModel.title in responses[422]["description"]


def test_a_failed_job_is_documented_under_both_of_its_statuses() -> None:
    responses = documented(JobFailed)
    assert responses.keys() == {422, 500, 503}
    for status in (422, 500):
        examples = responses[status]["content"]["application/problem+json"]["examples"].values()
        for example in examples:
            failure = FailureCode(example["value"]["code"])
            assert status_of(JobFailed(failure, "")) == status == example["value"]["status"]


def test_documented_responses_are_json() -> None:
    assert json.loads(json.dumps(documented(*STATUSES, JobFailed))).keys() == {
        str(status) for status in {*map(int, STATUSES.values()), 422, 500}
    }


def test_an_api_that_is_not_ours_gets_errors_in_its_own_shape() -> None:
    app = FastAPI()
    install(app, {"/v1/": lambda problem: {"error": {"message": problem.detail, "code": problem.code}}})

    @app.get("/v1/jobs")
    async def missing() -> None:
        raise JobNotFound("There is no such job.")

    answer = get(app, "/v1/jobs")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"error": {"message": "There is no such job.", "code": "job_not_found"}}
    assert problem(get(app, "/elsewhere"))["code"] == "not_found"


def test_an_api_that_is_not_ours_may_have_statuses_and_headers_of_its_own() -> None:
    app = FastAPI()
    install(app, {"/v1/": lambda problem: ErrorAnswer(400, {"code": problem.code}, {"x-own": "1"})})

    @app.get("/v1/jobs")
    async def full() -> None:
        raise QueueFull(retry_after_seconds=7)

    answer = get(app, "/v1/jobs")
    assert (answer.status_code, answer.json()) == (400, {"code": "queue_full"})
    assert (answer.headers["x-own"], answer.headers["retry-after"]) == ("1", "7")
