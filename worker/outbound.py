"""The one way in which the service asks a URL that a user gave.

The host is looked up once, every address it has is checked, and the connection is made to a checked address: a name
that leads elsewhere the next moment (DNS rebinding) gains nothing. TLS is verified against the host's name. No
redirect is followed, no proxy of the environment is used, and looking up, connecting, sending and reading share one
time limit, so that whoever answers a byte at a time is left as well.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import httpcore

from core.errors import OutboundFailure, OutboundFault
from core.user_urls import IpAddress, UrlPolicy

_ADDRESSES_TRIED = 4
_WRITE_BYTES = 65_536
_USER_AGENT = "Scriptorium"

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
        for chunk in self._response.iter_stream():
            size += len(chunk)
            if size > most_bytes:
                raise OutboundFailure(OutboundFault.ANSWER_TOO_LARGE, f"answers with more than {most_bytes} bytes")
            yield chunk


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
    ) -> Iterator[Answer]:
        """Send a request and yield its answer, whatever its status; the connection ends with the block.

        All of it, the block's reading included, may take so many seconds.

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
        deadline = _Deadline(seconds)
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
    """When everything must be over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left.

        Raises:
            OutboundFailure: none are.
        """
        remaining = self._at - time.monotonic()
        if remaining <= 0:
            raise _timed_out()
        return remaining


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
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, self._deadline.remaining() / (others + 1), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _HurriedStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[IpAddress]:
        # In a thread of its own: the system's resolver takes its time, and can't be told how much.
        answers: queue.SimpleQueue[list[IpAddress] | OSError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port))
            except OSError as error:
                answers.put(error)
            except ValueError as error:  # of a name that can't be one
                answers.put(OSError(str(error)))

        threading.Thread(target=ask, name="look-up", daemon=True).start()
        try:
            found = answers.get(timeout=self._deadline.remaining())
        except queue.Empty:
            raise _timed_out() from None
        if isinstance(found, OSError):
            raise OutboundFailure(OutboundFault.HOST_NOT_FOUND, "has a host whose name is not known")
        return list(dict.fromkeys(found))


class _HurriedStream(httpcore.NetworkStream):
    """A connection whose every step may take what is left of the time for all."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - what is left is less
        return self._stream.read(max_bytes, self._deadline.remaining())

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
            stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.remaining())
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
        raise OutboundFailure(OutboundFault.CONNECTION_FAILED, "broke the connection off") from None
    except httpcore.ProtocolError:
        raise OutboundFailure(OutboundFault.ANSWER_MALFORMED, "answers with something that is not HTTP") from None


def _timed_out() -> OutboundFailure:
    return OutboundFailure(OutboundFault.TIMED_OUT, "took too long")
