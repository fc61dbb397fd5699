"""The two clients: each call of `scriptorium.client.calls` as a method."""

import os
from typing import Final, Self

import httpx

from scriptorium.client.calls import following, operating, transcripts
from scriptorium.client.calls import jobs as job_calls
from scriptorium.client.drivers import DEFAULT_ANSWER_SECONDS, DEFAULT_SERVER, AsyncDriver, BlockingDriver
from scriptorium.client.operations import Operation, StreamOperation
from scriptorium.client.retries import RetryPolicy

SERVER_VARIABLE: Final = "SCRIPTORIUM_SERVER"
KEY_VARIABLE: Final = "SCRIPTORIUM_API_KEY"
_RETRY: Final = RetryPolicy()


class _Calls:
    submit = Operation(job_calls.submit)
    job = Operation(job_calls.job)
    wait = Operation(job_calls.wait)
    events = StreamOperation(following.events)
    jobs = StreamOperation(job_calls.jobs)
    cancel = Operation(job_calls.cancel)
    erase = Operation(job_calls.erase)
    transcribe = Operation(transcripts.transcribe)
    result = Operation(transcripts.result)
    render = Operation(transcripts.render)
    correct = Operation(transcripts.correct)
    corrections = Operation(transcripts.corrections)
    search = StreamOperation(transcripts.search)
    audio = Operation(transcripts.audio)
    health = Operation(operating.health)
    stats = Operation(operating.stats)
    dead_letters = StreamOperation(operating.dead_letters)
    dead_letter = Operation(operating.dead_letter)
    requeue = Operation(operating.requeue)
    requeue_all = Operation(operating.requeue_all)
    purge = Operation(operating.purge)
    purge_all = Operation(operating.purge_all)
    request = Operation(operating.request)


class Scriptorium(_Calls, BlockingDriver):
    """One service at one address. Every method may raise a `ServiceError`; close it, or use it in a `with`."""

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        api_key: str = "",
        timeout: float = DEFAULT_ANSWER_SECONDS,
        retry: RetryPolicy = _RETRY,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Take where the service is and what to show it.

        Args:
            server: Its address, such as http://127.0.0.1:8000.
            api_key: An API key or a token.
            timeout: Seconds that an answer may take.
            retry: How long to try again what may succeed later.
            transport: What to send requests with, instead of a connection.

        Raises:
            ValueError: the server is no http or https address, or the key is none.
        """
        super().__init__(server, api_key=api_key, timeout=timeout, retry=retry, transport=transport)

    @classmethod
    def from_environment(cls, *, timeout: float = DEFAULT_ANSWER_SECONDS, retry: RetryPolicy = _RETRY) -> Self:
        """Return the client of SCRIPTORIUM_SERVER (this machine, if not set), with the key SCRIPTORIUM_API_KEY.

        Raises:
            ValueError: the server is no http or https address, or the key is none.
        """
        return cls(_server(), api_key=_key(), timeout=timeout, retry=retry)


class AsyncScriptorium(_Calls, AsyncDriver):
    """The same with coroutines: close it with `await`, or use it in an `async with`."""

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        api_key: str = "",
        timeout: float = DEFAULT_ANSWER_SECONDS,
        retry: RetryPolicy = _RETRY,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Take where the service is and what to show it, as `Scriptorium` does.

        Raises:
            ValueError: the server is no http or https address, or the key is none.
        """
        super().__init__(server, api_key=api_key, timeout=timeout, retry=retry, transport=transport)

    @classmethod
    def from_environment(cls, *, timeout: float = DEFAULT_ANSWER_SECONDS, retry: RetryPolicy = _RETRY) -> Self:
        """Return the client of SCRIPTORIUM_SERVER (this machine, if not set), with the key SCRIPTORIUM_API_KEY.

        Raises:
            ValueError: the server is no http or https address, or the key is none.
        """
        return cls(_server(), api_key=_key(), timeout=timeout, retry=retry)


def _server() -> str:
    return os.environ.get(SERVER_VARIABLE) or DEFAULT_SERVER


def _key() -> str:
    return os.environ.get(KEY_VARIABLE, "").strip()
