"""The one way in which the service asks a URL that a user gave.

The host is looked up once, every address it has is checked, and the connection is made to a checked address: a name
that leads elsewhere the next moment (DNS rebinding) gains nothing. TLS is verified against the host's name. No
redirect is followed, no proxy of the environment is used, and looking up, connecting, sending and reading share one
time limit, so that whoever answers a byte at a time is left as well. Whoever asks may give up at any moment.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from typing import Any, TypeVar

import httpcore

from core.errors import OutboundFailure, OutboundFault
from core.user_urls import IpAddress, UrlPolicy

_ADDRESSES_TRIED = 4
_CONNECT_SECONDS = 10.0
"""For one address, the next one is tried then; and for TLS."""
_SLICE_SECONDS = 0.25
"""How long anything is waited for without a look whether the answer is still wanted."""
_WRITE_BYTES = 65_536
_USER_AGENT = "Scriptorium"

T = TypeVar("T")

Resolver = Callable[[str, int], list[IpAddress]]
"""Returns the addresses of a host, for a port.

Raises:
    OSError: it has none.
"""


def look_up(host: str, port: int) -> list[IpAddress]:
    """Return a host's addresses, as the system knows them.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(address[0]) for *_, address in found]


class Answer:
    """What came back: the head, and the body for whoever wants it."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self.status: int = response.status
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
        }

    def chunks(self, *, most_bytes: int) -> Iterator[bytes]:
        """Yield the body in pieces, as it comes.

        Raises:
            OutboundFailure: it is larger than that; or as `Outbound.send`.
        """
        size = 0
        try:
            for chunk in self._response.iter_stream():
                size += len(chunk)
                if size > most_bytes:
                    raise OutboundFailure(OutboundFault.ANSWER_TOO_LARGE, f"answers with more than {most_bytes} bytes")
                yield chunk
        except httpcore.RemoteProtocolError:  # its head was HTTP: what is wrong with the rest is that it isn't whole
            raise _broken_off() from None


class Outbound:
    """Asks URLs of users. Used by many threads."""

    def __init__(self, policy: UrlPolicy, *, resolve: Resolver = look_up, tls: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        self._resolve = resolve
        self._tls = tls or httpcore.default_ssl_context()

    @contextmanager
    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        seconds: float,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[Answer]:
        """Send a request and yield its answer, whatever its status; the connection ends with the block.

        All of it, the block's reading included, may take so many seconds. Several times a second of waiting `check` is
        called, in the caller's thread: what it raises ends the request.

        Raises:
            OutboundFailure: the URL was not asked, or gave no (whole) answer.
        """
        checked = self._policy.checked_url(url)
        # The number of the port is there even if it is the scheme's own, which belongs in no Host header.
        own_port = checked.port in {None, 443 if checked.scheme == "https" else 80}
        sent = {
            "Host": f"{checked.host}" if own_port else f"{checked.host}:{checked.port}",
            "User-Agent": _USER_AGENT,
        }
        deadline = _Deadline(seconds, check)
        network = _CheckedNetwork(self._policy, self._resolve, deadline)
        with (
            _failures(),
            httpcore.ConnectionPool(self._tls, max_connections=1, network_backend=network) as pool,
            pool.stream(
                method,
                str(checked),
                headers=[*sent.items(), *(headers or {}).items()],
                content=content,
            ) as response,
        ):
            yield Answer(response)


class _Deadline:
    """When everything must be over: after so many seconds, or as soon as nobody wants it any more."""

    def __init__(self, seconds: float, check: Callable[[], None]) -> None:
        self._at = time.monotonic() + seconds
        self._check = check

    def remaining(self) -> float:
        """Return the seconds left.

        Raises:
            OutboundFailure: none are.
            Exception: what `check` raises.
        """
        self._check()
        remaining = self._at - time.monotonic()
        if remaining <= 0:
            raise _timed_out()
        return remaining

    def slice(self) -> float:
        """Return how long to wait until the next look; raises as `remaining`."""
        return min(_SLICE_SECONDS, self.remaining())

    def outcome(self, function: Callable[[], T]) -> T:
        """Return what a function returns that can't be told to stop; it is left in its thread if it takes too long.

        Raises:
            Exception: as `remaining`, or what the function raises.
        """
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the outcome
                future.set_exception(error)

        threading.Thread(target=run, name="outbound", daemon=True).start()
        while not future.done():
            wait([future], timeout=self.slice())
        return future.result()


class _CheckedNetwork(httpcore.NetworkBackend):
    """Connects to nothing but checked addresses."""

    def __init__(self, policy: UrlPolicy, resolve: Resolver, deadline: _Deadline) -> None:
        self._policy = policy
        self._resolve = resolve
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - all the time there is, shared
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for address in addresses:  # all of them: a name of which some are refused is nobody's honest one
            self._policy.check_address(address)
        addresses = addresses[:_ADDRESSES_TRIED]
        failure: Exception = OutboundFailure(OutboundFault.HOST_NOT_FOUND, "has a host without an address")
        for others, address in zip(range(len(addresses))[::-1], addresses, strict=True):
            seconds = min(_CONNECT_SECONDS, self._deadline.remaining() / (others + 1))
            try:
                stream = self._deadline.outcome(
                    partial(self._sockets.connect_tcp, str(address), port, seconds, local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _HurriedStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[IpAddress]:
        try:
            found = self._deadline.outcome(partial(self._resolve, host, port))
        except (OSError, ValueError) as error:  # a ValueError of a name that can't be one
            if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
                raise OutboundFailure(
                    OutboundFault.TIMED_OUT, "has a host whose name can't be looked up for now"
                ) from None
            raise OutboundFailure(OutboundFault.HOST_NOT_FOUND, "has a host whose name is not known") from None
        return list(dict.fromkeys(found))


class _HurriedStream(httpcore.NetworkStream):
    """A connection whose every step may take what is left of the time for all."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline
        self._has_spoken = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - what is left is less
        while True:
            try:
                data = self._stream.read(max_bytes, self._deadline.slice())
            except httpcore.ReadTimeout:
                continue
            if not (data or self._has_spoken):
                raise _broken_off()
            self._has_spoken = True
            return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the same
        for first in range(0, len(buffer), _WRITE_BYTES):
            self._stream.write(buffer[first : first + _WRITE_BYTES], self._deadline.remaining())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.NetworkStream:
        try:
            seconds = min(_CONNECT_SECONDS, self._deadline.remaining())
            stream = self._deadline.outcome(partial(self._stream.start_tls, ssl_context, server_hostname, seconds))
        except httpcore.ConnectError:
            raise OutboundFailure(OutboundFault.TLS_FAILED, "has no valid certificate, or no usable TLS") from None
        return _HurriedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as its base
        return self._stream.get_extra_info(info)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn the library's errors into ours; theirs may show the URL."""
    try:
        yield
    except httpcore.TimeoutException:
        raise _timed_out() from None
    except httpcore.ConnectError:
        raise OutboundFailure(OutboundFault.CONNECTION_FAILED, "can't be connected to") from None
    except httpcore.NetworkError:
        raise _broken_off() from None
    except httpcore.ProtocolError:
        raise OutboundFailure(OutboundFault.ANSWER_MALFORMED, "answers with something that is not HTTP") from None


def _timed_out() -> OutboundFailure:
    return OutboundFailure(OutboundFault.TIMED_OUT, "took too long")


def _broken_off() -> OutboundFailure:
    return OutboundFailure(OutboundFault.CONNECTION_FAILED, "broke the connection off")
