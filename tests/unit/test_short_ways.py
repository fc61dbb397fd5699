"""Which requests go a short way, and which have to go the application's."""

from collections.abc import Mapping
from unittest.mock import Mock

import pytest
from starlette.types import Scope

from api.plain_uploads import PlainUploads
from api.short_ways import ShortWays
from api.status_polls import StatusPolls

JOB = "0" * 32
FORM = {"content-type": "multipart/form-data; boundary=b"}
WAYS = ShortWays(
    [
        StatusPolls(jobs=Mock(), forecast=Mock()),
        PlainUploads(Mock()),
    ],
    audit=Mock(),
    metrics=Mock(),
)


def scope(method: str, path: str, headers: Mapping[str, str] | None = None, *, query: bytes = b"") -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }


@pytest.mark.parametrize(
    ("request_", "path", "parameters"),
    [
        (scope("GET", f"/status/{JOB}"), "/status/{job_id}", {"job_id": JOB}),
        (scope("POST", "/transcribe", FORM), "/transcribe", {}),
        (scope("POST", "/transcribe", FORM | {"cache-control": "no-cache"}), "/transcribe", {}),
        (scope("POST", "/transcribe"), "/transcribe", {}),
    ],
)
def test_goes_a_short_way(request_: Scope, path: str, parameters: dict[str, str]) -> None:
    way = WAYS.of(request_)
    assert way is not None
    assert request_["route"].path_format == request_["route"].path == way.route.path == path
    assert request_["path_params"] == parameters


@pytest.mark.parametrize(
    "request_",
    [
        {"type": "lifespan"},
        scope("GET", f"/status/{JOB}", query=b"wait=1"),
        scope("GET", f"/status/{JOB}", {"origin": "https://app.example.com"}),
        scope("HEAD", f"/status/{JOB}"),
        scope("GET", "/status/nonsense"),
        scope("GET", f"/status/{JOB}/"),
        scope("POST", "/transcribe", FORM, query=b"a=b"),
        scope("POST", "/transcribe", FORM | {"origin": "https://app.example.com"}),
        scope("POST", "/transcribe", FORM | {"idempotency-key": "k"}),
        scope("POST", "/transcribe", {"content-type": "application/json; charset=utf-8"}),
        scope("GET", "/transcribe", FORM),
        scope("POST", "/transcribe/async", FORM),
    ],
)
def test_goes_the_applications_way(request_: Scope) -> None:
    assert WAYS.of(request_) is None
    assert "route" not in request_
