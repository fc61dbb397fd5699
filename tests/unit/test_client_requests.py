"""The client's requests: what it sends, and what it says of everything that can go wrong on the way."""

import ssl
from collections.abc import Callable

import httpx
import pytest

from scriptorium.client import (
    NO_RETRIES,
    NotAnswered,
    NotAService,
    Scriptorium,
    ServiceError,
    ServiceRefused,
    ServiceUnreachable,
)

SERVER = "http://scriptorium.example:8000"


def client(answer: Callable[[httpx.Request], httpx.Response], server: str = SERVER) -> Scriptorium:
    return Scriptorium(server, retry=NO_RETRIES, transport=httpx.MockTransport(answer))


def error_of(answer: Callable[[httpx.Request], httpx.Response], server: str = SERVER) -> ServiceError:
    with client(answer, server) as service, pytest.raises(ServiceError) as raised:
        service.request("GET", "/jobs")
    return raised.value


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    return answer


def test_it_sends_what_it_is_told_and_leaves_out_what_is_none() -> None:
    seen: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, str(request.url)))
        return httpx.Response(200, json={"fine": True})

    with client(answer, "http://scriptorium.example:8000/speech/") as service:
        assert service.request("GET", "/jobs", {"limit": 5, "failure": None}) == {"fine": True}
        service.request("POST", "/jobs")
        service.request("DELETE", "/jobs", {"failure": "timed_out"})
    base = "http://scriptorium.example:8000/speech/jobs"
    assert seen == [("GET", f"{base}?limit=5"), ("POST", base), ("DELETE", f"{base}?failure=timed_out")]


def test_a_key_is_sent_in_a_header_and_no_key_in_none() -> None:
    seen: list[tuple[str | None, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers.get("authorization"), request.headers.get("x-api-key")))
        return httpx.Response(200, json={})

    for server, key in ((SERVER, ""), (SERVER, "scr_1"), ("http://ann:secret@scriptorium.example", "scr_1")):
        with Scriptorium(server, api_key=key, transport=httpx.MockTransport(answer)) as service:
            service.request("GET", "/jobs")
    assert seen == [(None, None), ("Bearer scr_1", "scr_1"), ("Basic YW5uOnNlY3JldA==", "scr_1")]


def test_it_posts_a_document_as_json() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"type": request.headers["content-type"], "body": request.content.decode()})

    with client(answer) as service:
        assert service.request("POST", "/keys", body={"name": "shop"}) == {
            "type": "application/json",
            "body": '{"name":"shop"}',
        }


def test_a_problem_document_is_said_in_its_own_words() -> None:
    problem = {"code": "job_expired", "title": "The result has expired", "detail": "Post it again.", "status": 410}
    error = error_of(lambda _: httpx.Response(410, json=problem, headers={"content-type": "application/problem+json"}))
    assert isinstance(error, ServiceRefused)
    assert (error.status, error.code) == (410, "job_expired")
    assert str(error) == "The result has expired. Post it again."


def test_a_detail_that_says_no_more_than_the_title_is_not_repeated() -> None:
    problem = {"code": "job_not_found", "title": "No such job", "detail": "No such job"}
    assert str(error_of(lambda _: httpx.Response(404, json=problem))) == "No such job"


@pytest.mark.parametrize(
    "cause",
    [
        httpx.ConnectError("Connection refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("Server disconnected"),
        httpx.ConnectError(str(ssl.SSLCertVerificationError("certificate verify failed"))),
    ],
)
def test_a_service_that_can_not_be_reached_is_named(cause: Exception) -> None:
    error = error_of(raising(cause))
    assert isinstance(error, ServiceUnreachable)
    assert not isinstance(error, NotAnswered)
    assert SERVER in str(error)


def test_a_service_that_answers_too_late_may_have_done_it() -> None:
    error = error_of(raising(httpx.ReadTimeout("slow")))
    assert isinstance(error, NotAnswered)
    assert "may have been done" in str(error)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(502, html="<h1>Bad Gateway</h1>"), "502 Bad Gateway"),
        (httpx.Response(200, html="<h1>My blog</h1>"), "200 OK"),
        (httpx.Response(200, text="{", headers={"content-type": "application/json"}), "200 OK"),
        (httpx.Response(404, json={"error": "not here"}), "404 Not Found"),
        (httpx.Response(307, headers={"location": "https://elsewhere.example/"}), "307 Temporary Redirect"),
        (httpx.Response(599), "599"),
    ],
)
def test_an_answer_of_something_else_is_no_result(answer: httpx.Response, said: str) -> None:
    error = error_of(lambda _: answer)
    assert isinstance(error, NotAService)
    assert said in str(error)
    assert SERVER in str(error)


def test_a_password_in_the_address_is_sent_and_never_shown() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        raise httpx.ConnectError("refused")

    error = error_of(answer, "http://ann:secret@scriptorium.example:8000")
    assert seen[0].startswith("Basic ")
    assert "secret" not in str(error)
    assert SERVER in str(error)


@pytest.mark.parametrize("server", ["", "localhost:8000", "ftp://example.org", "http://", "http://[::1", "http://x:y"])
def test_what_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(ValueError, match="address such as"):
        Scriptorium(server)
