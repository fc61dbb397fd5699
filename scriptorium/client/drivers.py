"""Does the steps of calls over HTTP, blocking or with coroutines: the one thing of the client that is written twice."""

import ipaddress
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import anyio
import anyio.to_thread
import httpx

from scriptorium.client.errors import NotAnswered, ServiceUnreachable
from scriptorium.client.retries import RetryPolicy, with_retries
from scriptorium.client.sources import Form
from scriptorium.client.steps import (
    Answer,
    Do,
    Item,
    Open,
    Pause,
    Read,
    Request,
    Send,
    Step,
    Steps,
    Stream,
    as_stream,
    next_step,
)

DEFAULT_SERVER: Final = "http://127.0.0.1:8000"
DEFAULT_ANSWER_SECONDS: Final = 60.0
_CONNECT_SECONDS: Final = 5.0
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

T = TypeVar("T")


class _Service:
    """What both drivers know: where the service is, who asks, and how long an answer may take."""

    def __init__(self, server: str, *, api_key: str, timeout: float) -> None:
        try:
            url = httpx.URL(server)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in {"http", "https"} or not url.host:
            raise ValueError(f"It is to be an address such as {DEFAULT_SERVER}.")
        if not (api_key.isascii() and api_key.isprintable()):
            raise ValueError("A key is printable ASCII.")
        self.server = str(url.copy_with(username=None, password=None)).rstrip("/")
        self._answer_seconds = timeout
        self.settings: dict[str, Any] = {
            "base_url": url,
            # Both: a password in the address takes `Authorization` for itself.
            "headers": {"Authorization": f"Bearer {api_key}", "X-API-Key": api_key} if api_key else None,
            "limits": httpx.Limits(max_connections=None, max_keepalive_connections=20),
            "trust_env": not _is_this_machine(url.host),  # no proxy leads back to this machine
        }

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return a request as httpx takes it, but for a form."""
        given = {name: value for name, value in request.parameters.items() if value is not None}
        headers = dict(request.headers)
        if isinstance(request.body, Form):
            headers["Content-Type"] = request.body.content_type
            if request.body.size_bytes is not None:
                headers["Content-Length"] = str(request.body.size_bytes)
        return {
            "method": request.method,
            "url": request.path,
            "params": given,
            "headers": headers,
            "json": None if isinstance(request.body, Form) else request.body,
            "timeout": httpx.Timeout(
                self._answer_seconds,
                connect=_CONNECT_SECONDS,
                read=self._answer_seconds + request.wait_seconds,
                pool=None,
            ),
        }

    def answer(self, request: Request, response: httpx.Response) -> Answer:
        """Return what is known of an answer before its content is read."""
        return Answer(self.server, request, response.status_code, response.headers)

    def unreachable(self, request: Request, error: httpx.RequestError) -> ServiceUnreachable:
        """Return what httpx's error comes to."""
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, _UNSENT):
            return NotAnswered(
                f"{self.server} did not answer {request.method} {request.path} within "
                f"{self._answer_seconds + request.wait_seconds:g} s. It may have been done all the same.",
                may_be_done=True,
            )
        reason = str(error) or type(error).__name__
        if isinstance(error, httpx.ConnectTimeout):
            reason = f"no connection within {_CONNECT_SECONDS:g} s"
        return ServiceUnreachable(
            f"Can't reach a service at {self.server}: {reason}.", may_be_done=not isinstance(error, _UNSENT)
        )


class BlockingDriver:
    """Does steps one after the other, in the thread that calls."""

    def __init__(
        self, server: str, *, api_key: str, timeout: float, retry: RetryPolicy, transport: httpx.BaseTransport | None
    ) -> None:
        self._service = _Service(server, api_key=api_key, timeout=timeout)
        self._retry = retry
        self._http = httpx.Client(transport=transport, **self._service.settings)
        self.server = self._service.server
        """The address without a password, as messages show it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def run(self, steps: Steps[T]) -> T:
        """Return a call's result."""
        with closing(self.iterate(as_stream(steps))) as results:
            return next(results)

    def iterate(self, steps: Stream[T]) -> Generator[T]:
        """Yield a call's results."""
        with (
            closing(with_retries(steps, self._retry)) as retried,
            closing(_BlockingLine(self._service, self._http)) as line,
        ):
            outcome: object = None
            while (step := next_step(retried, outcome)) is not None:
                if isinstance(step, Item):
                    yield step.value
                    outcome = None
                else:
                    outcome = line.do(step)


class _BlockingLine:
    """One call's line to the service, with what it has asked for last."""

    def __init__(self, service: _Service, http: httpx.Client) -> None:
        self._service = service
        self._http = http
        self._request: Request | None = None
        self._response: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())

    def close(self) -> None:
        if self._response is not None:
            self._response.close()

    def do(self, step: Step) -> object:
        """Do a step and return its outcome."""
        match step:
            case Pause(seconds):
                time.sleep(seconds)
                return None
            case Do(function):
                return function()
            case Send(request) | Open(request):
                self._request = request
        assert self._request is not None  # noqa: S101 - nothing is read before something is opened
        try:
            if isinstance(step, Read):
                return next(self._pieces, None)
            return self._ask(self._request, opens=isinstance(step, Open))
        except httpx.RequestError as error:
            return self._service.unreachable(self._request, error)

    def _ask(self, request: Request, *, opens: bool) -> Answer:
        self.close()
        form = request.body
        content = _sent(form) if isinstance(form, Form) else None
        built = self._http.build_request(**self._service.arguments(request), content=content)
        self._response = response = self._http.send(built, stream=True)
        head = self._service.answer(request, response)
        if opens and head.is_success:
            self._pieces = response.iter_bytes()
            return head
        return replace(head, content=response.read())


class AsyncDriver:
    """Does steps as coroutines; disks are left to threads."""

    def __init__(
        self,
        server: str,
        *,
        api_key: str,
        timeout: float,
        retry: RetryPolicy,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._service = _Service(server, api_key=api_key, timeout=timeout)
        self._retry = retry
        self._http = httpx.AsyncClient(transport=transport, **self._service.settings)
        self.server = self._service.server
        """The address without a password, as messages show it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def run(self, steps: Steps[T]) -> T:
        """Return a call's result."""
        async with aclosing(self.iterate(as_stream(steps))) as results:
            return await anext(results)

    async def iterate(self, steps: Stream[T]) -> AsyncGenerator[T]:
        """Yield a call's results."""
        with closing(with_retries(steps, self._retry)) as retried:
            async with aclosing(_AsyncLine(self._service, self._http)) as line:
                outcome: object = None
                while (step := next_step(retried, outcome)) is not None:
                    if isinstance(step, Item):
                        yield step.value
                        outcome = None
                    else:
                        outcome = await line.do(step)


class _AsyncLine:
    """One call's line to the service, with what it has asked for last."""

    def __init__(self, service: _Service, http: httpx.AsyncClient) -> None:
        self._service = service
        self._http = http
        self._request: Request | None = None
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def aclose(self) -> None:
        if self._response is not None:
            await self._response.aclose()

    async def do(self, step: Step) -> object:
        """Do a step and return its outcome."""
        match step:
            case Pause(seconds):
                await anyio.sleep(seconds)
                return None
            case Do(function):
                return await anyio.to_thread.run_sync(function)
            case Send(request) | Open(request):
                self._request = request
        assert self._request is not None  # noqa: S101 - nothing is read before something is opened
        try:
            if isinstance(step, Read):
                assert self._pieces is not None  # noqa: S101 - the same
                return await anext(self._pieces, None)
            return await self._ask(self._request, opens=isinstance(step, Open))
        except httpx.RequestError as error:
            return self._service.unreachable(self._request, error)

    async def _ask(self, request: Request, *, opens: bool) -> Answer:
        await self.aclose()
        form = request.body
        content = _sent_from_thread(form) if isinstance(form, Form) else None
        built = self._http.build_request(**self._service.arguments(request), content=content)
        self._response = response = await self._http.send(built, stream=True)
        head = self._service.answer(request, response)
        if opens and head.is_success:
            self._pieces = response.aiter_bytes()
            return head
        return replace(head, content=await response.aread())


def _sent(form: Form) -> Iterator[bytes]:
    for piece in form.pieces():
        yield piece
        form.told()


async def _sent_from_thread(form: Form) -> AsyncIterator[bytes]:
    pieces = form.pieces()
    while (piece := await anyio.to_thread.run_sync(next, pieces, None)) is not None:
        yield piece
        form.told()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
