"""The proxy of the chaos tests fails the ways it says."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.harness.proxy import Proxy


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

        def echo(connection: socket.socket) -> None:
            with connection, contextlib.suppress(ConnectionResetError):
                while data := connection.recv(1024):
                    connection.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(echo_port: int) -> Iterator[Proxy]:
    with Proxy(echo_port) as running:
        yield running


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=0.5)


def echoes(connection: socket.socket) -> bool:
    connection.sendall(b"ping")
    return connection.recv(4) == b"ping"


def is_silent(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"ping")
        connection.recv(4)
    except TimeoutError:
        return True
    return False


def test_it_passes_bytes_on(proxy: Proxy) -> None:
    with connect(proxy) as one, connect(proxy) as other:
        assert echoes(one)
        assert echoes(other)


def test_refused_connections_are_reset_and_new_ones_work_after_it(proxy: Proxy) -> None:
    with connect(proxy) as old:
        assert echoes(old)
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            old.recv(4)
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        proxy.restore()
        with connect(proxy) as new:
            assert echoes(new)


def test_half_open_connections_stay_silent_for_ever_and_new_ones_work_after_it(proxy: Proxy) -> None:
    with connect(proxy) as old:
        assert echoes(old)
        proxy.go_half_open()
        with connect(proxy) as born_silent:
            assert is_silent(old)
            assert is_silent(born_silent)
            proxy.restore()
            assert is_silent(old)
            assert is_silent(born_silent)
        with connect(proxy) as new:
            assert echoes(new)
