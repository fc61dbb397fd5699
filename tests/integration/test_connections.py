"""A connection that says nothing, or too much, is closed; one that is in use stays open. On a real uvicorn."""

import asyncio
import contextlib
import hashlib
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
import uvicorn
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.connections import Connections
from tests.harness.service import until

KIB = 1024
MIB = 1024 * KIB
LARGE = 16 * MIB
HEAD_SECONDS = 0.4
SECONDS = 15.0
"""Far more than anything here may take."""
GET = b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"


@dataclass(frozen=True)
class Gateway:
    """A running server, and what it holds open."""

    port: int
    guard: Connections
    server: uvicorn.Server
    let_go: threading.Event

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @property
    def open_connections(self) -> int:
        return len(self.server.server_state.connections)


@contextmanager
def running(*, most: int = 100, head_seconds: float = HEAD_SECONDS, stalled_seconds: float = 60.0) -> Iterator[Gateway]:
    guard = Connections(most, head_seconds, stalled_seconds)
    let_go = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        status, body = 200, b"ok"
        match scope["path"]:
            case "/taken":
                while (await receive()).get("more_body"):
                    pass
            case "/refused":
                status = 413
            case "/digest":
                body = hashlib.sha256(b"".join([piece async for piece in Request(scope, receive).stream()])).digest()
            case "/large":
                body = bytes(LARGE)
            case "/waiting":
                await asyncio.to_thread(let_go.wait)
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        ws="none",
        timeout_keep_alive=60,
        http=guard.accept,  # type: ignore[arg-type]  # called like a class
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: True if server.started else None, SECONDS)
            yield Gateway(listener.getsockname()[1], guard, server, let_go)
        finally:
            let_go.set()
            server.should_exit = server.force_exit = True
            thread.join(SECONDS)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running() as started:
        yield started


def answer(connection: socket.socket) -> bytes:
    """Return a short answer's status line."""
    got = b""
    while not got.endswith(b"ok"):
        piece = connection.recv(64 * KIB)
        assert piece, f"closed after {got!r}"
        got += piece
    return got.partition(b"\r\n")[0]


def is_closed(connection: socket.socket) -> bool:
    """Wait for the connection's end, and tell whether it came without an answer before."""
    try:
        return connection.recv(64 * KIB) == b""
    except ConnectionError:
        return True


def has_connections(gateway: Gateway, number: int) -> bool | None:
    return gateway.open_connections == number or None


def sent_until_closed(connection: socket.socket, piece: bytes, *, every_seconds: float = 0.0) -> int:
    """Send the same again and again; return how many bytes went before the connection broke."""
    sent = 0
    end = time.monotonic() + SECONDS
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < end:
            connection.sendall(piece)
            sent += len(piece)
            time.sleep(every_seconds)
        pytest.fail("the connection stayed open")
    return sent


def test_a_connection_that_sends_nothing_is_closed(gateway: Gateway) -> None:
    with gateway.connect() as connection:
        assert is_closed(connection)


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nA: ", b"", GET + b"GET / HTTP/1.1\r\nA: "])
def test_a_head_that_drips_is_not_waited_for(gateway: Gateway, start: bytes) -> None:
    with gateway.connect() as connection:
        if start:
            connection.sendall(start)
        sent_until_closed(connection, b"\r\n" if not start else b"x", every_seconds=0.02)


@pytest.mark.parametrize("request_", [b"NONSENSE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", GET[:-2] + b"A B: c\r\n\r\n"])
def test_what_is_no_http_is_answered_as_any_other_error(gateway: Gateway, request_: bytes) -> None:
    with gateway.connect() as connection:
        connection.sendall(request_)
        answered = http.client.HTTPResponse(connection)
        answered.begin()
        problem = json.loads(answered.read())
        assert connection.recv(1) == b""
    assert (answered.status, answered.headers["content-type"]) == (400, "application/problem+json")
    assert (problem["code"], problem["status"], problem["type"]) == ("malformed_request", 400, "about:blank")
    assert problem["title"]
    assert problem["detail"]
    assert answered.headers["x-content-type-options"] == "nosniff"
    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_connection_in_use_may_be_silent_between_two_requests(gateway: Gateway) -> None:
    with gateway.connect() as used, gateway.connect() as silent:
        used.sendall(GET)
        assert answer(used) == b"HTTP/1.1 200 OK"
        assert is_closed(silent)
        with gateway.connect() as later:
            assert is_closed(later)  # it came after the answer, so the used one was silent for longer
        used.sendall(GET)
        assert answer(used) == b"HTTP/1.1 200 OK"


def test_a_request_may_take_longer_than_its_head(gateway: Gateway) -> None:
    with gateway.connect() as used, gateway.connect() as silent:
        used.sendall(GET.replace(b"/ ", b"/waiting "))
        assert is_closed(silent)
        gateway.let_go.set()
        assert answer(used) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nA: ",
        b"GET /",
        b"POST /taken HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ",
        b"POST /taken HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=",
    ],
    ids=["header", "path", "trailer", "chunk-extension"],
)
def test_a_head_or_a_trailer_without_end_is_cut_short(start: bytes) -> None:
    with running(head_seconds=60) as gateway, gateway.connect() as connection:
        connection.sendall(start)
        assert sent_until_closed(connection, b"x" * 64 * KIB) < 16 * MIB  # what the kernel holds included


def test_of_a_body_that_was_refused_a_little_more_is_read() -> None:
    with running(head_seconds=60) as gateway, gateway.connect() as connection:
        connection.sendall(b"POST /refused HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert answer(connection) == b"HTTP/1.1 413 Request Entity Too Large"
        piece = b"10000\r\n" + bytes(64 * KIB) + b"\r\n"
        assert 32 * MIB <= sent_until_closed(connection, piece) < 64 * MIB


def test_a_refused_body_that_drips_is_not_read_for_long(gateway: Gateway) -> None:
    with gateway.connect() as connection:
        connection.sendall(b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        assert answer(connection) == b"HTTP/1.1 413 Request Entity Too Large"
        sent_until_closed(connection, b"x", every_seconds=0.02)


def test_bodies_that_come_at_once_are_not_mixed(gateway: Gateway) -> None:
    bodies = [random.Random(seed).randbytes(3 * MIB + seed) for seed in range(4)]
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(gateway.connect()) for _ in bodies]
        for connection, body in zip(connections, bodies, strict=True):
            connection.sendall(b"POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, 4 * MIB, 100 * KIB):
            for connection, body in zip(connections, bodies, strict=True):
                connection.sendall(body[start : start + 100 * KIB])
        for connection, body in zip(connections, bodies, strict=True):
            answered = http.client.HTTPResponse(connection)
            answered.begin()
            assert answered.read() == hashlib.sha256(body).digest()


def test_a_small_refused_body_leaves_the_connection_in_use(gateway: Gateway) -> None:
    with gateway.connect() as connection:
        for _ in range(3):
            connection.sendall(b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + bytes(10**6))
            assert answer(connection) == b"HTTP/1.1 413 Request Entity Too Large"


def test_too_many_connections_cost_those_that_ask_for_nothing() -> None:
    with running(most=5, head_seconds=60) as gateway, contextlib.ExitStack() as opened:
        asking = opened.enter_context(gateway.connect())
        asking.sendall(GET.replace(b"/ ", b"/waiting "))
        idle = []
        for number in range(4):
            idle.append(opened.enter_context(gateway.connect()))
            until(partial(has_connections, gateway, number + 2), SECONDS)
        latest = opened.enter_context(gateway.connect())
        latest.sendall(GET)
        assert answer(latest) == b"HTTP/1.1 200 OK"
        assert is_closed(idle[0])
        gateway.let_go.set()
        assert answer(asking) == b"HTTP/1.1 200 OK"


def test_who_takes_nothing_of_his_answer_is_cut_off() -> None:
    with running(stalled_seconds=0.3) as gateway, gateway.connect() as connection:
        connection.sendall(GET.replace(b"/ ", b"/large "))
        until(partial(has_connections, gateway, 1), SECONDS)
        until(partial(has_connections, gateway, 0), SECONDS)


def test_who_takes_his_answer_slowly_gets_all_of_it() -> None:
    stalled = 0.6
    with running(stalled_seconds=stalled) as gateway, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * KIB)
        connection.settimeout(SECONDS)
        connection.connect(("127.0.0.1", gateway.port))
        connection.sendall(GET.replace(b"/ ", b"/large "))
        got, began = 0, time.monotonic()
        while got < LARGE:
            time.sleep(stalled / 12)
            piece = connection.recv(512 * KIB)
            assert piece, f"closed after {got} bytes"
            got += len(piece)
        assert time.monotonic() - began > 2 * stalled
