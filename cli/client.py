"""The service's HTTP interface as the commands use it: JSON in and out, and errors made for the person who reads them.

ServiceError
├── ServiceUnreachable     nobody answers at the address
├── ServiceRefused         the service answered with a problem document
└── NotAService            something answered, in another way than the service does
"""

import ipaddress
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeAlias

import httpx

DEFAULT_SERVER = "http://127.0.0.1:8000"
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0

Parameters: TypeAlias = Mapping[str, str | int | None]


class ServiceError(Exception):
    """A request that brought no result; the message says why and what to do."""


class ServiceUnreachable(ServiceError):
    """Nobody answers at the address."""


class NotAService(ServiceError):
    """Something answered, in another way than the service does."""


class ServiceRefused(ServiceError):
    """The service's own refusal: an RFC 9457 problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.title = str(problem["title"])
        self.detail = str(problem.get("detail", ""))
        super().__init__(self.title if self.detail in {"", self.title} else f"{self.title}. {self.detail}")


class ServiceClient:
    """One service at one address. Every method may raise a `ServiceError`; close it, or use it in a `with`."""

    def __init__(self, server: str, *, api_key: str = "", transport: httpx.BaseTransport | None = None) -> None:
        """Take the service's address, such as http://127.0.0.1:8000, and the API key or token to show it.

        Raises:
            ValueError: it is no http or https address.
        """
        try:
            url = httpx.URL(server)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in {"http", "https"} or not url.host:
            raise ValueError(f"It is to be an address such as {DEFAULT_SERVER}.")
        self.server = str(url.copy_with(username=None, password=None)).rstrip("/")
        """The address without a password, as messages show it."""
        self._client = httpx.Client(
            base_url=url,
            # Both: a password in the address takes `Authorization` for itself.
            headers={"Authorization": f"Bearer {api_key}", "X-API-Key": api_key} if api_key else None,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            transport=transport,
            trust_env=not _is_this_machine(url.host),  # no proxy leads back to this machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, parameters: Parameters | None = None) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Return the JSON document at a path."""
        return self._request("GET", path, parameters)

    def post(self, path: str, parameters: Parameters | None = None, *, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Post a JSON document, or no body, and return the JSON answer."""
        return self._request("POST", path, parameters, body)

    def patch(self, path: str, *, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Change what a path names by a JSON document and return the JSON answer."""
        return self._request("PATCH", path, None, body)

    def delete(self, path: str, parameters: Parameters | None = None) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Delete what a path names and return the JSON answer."""
        return self._request("DELETE", path, parameters)

    def _request(
        self, method: str, path: str, parameters: Parameters | None, body: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - JSON
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        try:
            answer = self._client.request(method, path, params=given, json=body)
        except httpx.ConnectTimeout:
            raise ServiceUnreachable(self._unreachable(f"no connection within {_CONNECT_SECONDS:g} s")) from None
        except httpx.TimeoutException:
            raise ServiceUnreachable(
                f"{self.server} did not answer {method} {path} within {_ANSWER_SECONDS:g} s. It may have been done all "
                "the same."
            ) from None
        except httpx.RequestError as error:
            raise ServiceUnreachable(self._unreachable(str(error) or type(error).__name__)) from None
        document = _json(answer)
        if answer.is_success and document is not None:
            return document
        if isinstance(document, dict) and "title" in document:
            raise ServiceRefused(answer.status_code, document)
        raise NotAService(
            f"{self.server} answered {method} {path} with {_status_line(answer)} and not as Scriptorium does. "
            "Is this its address? Name another with --server or SCRIPTORIUM_SERVER."
        )

    def _unreachable(self, reason: str) -> str:
        return (
            f"Can't reach a service at {self.server}: {reason}. Start one with 'scriptorium up', or name another "
            "address with --server or SCRIPTORIUM_SERVER."
        )


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return the answer's JSON; None if it is something else."""
    if "json" not in answer.headers.get("content-type", ""):
        return None
    try:
        return answer.json()
    except ValueError:
        return None


def _status_line(answer: httpx.Response) -> str:
    try:
        return f"{answer.status_code} {HTTPStatus(answer.status_code).phrase}"
    except ValueError:
        return str(answer.status_code)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
