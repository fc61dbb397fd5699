"""Threat "URLs": what is connected to is what was checked, and whoever answers slowly or endlessly is left."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import OutboundFailure, OutboundFault
from core.user_urls import IpAddress, UrlPolicy
from tests.harness.certificates import own_certificate
from tests.harness.names import Names
from tests.harness.receiver import Received, Receiver, Reply
from worker.outbound import Outbound

LOOPBACK = UrlPolicy.parse("127.0.0.1")
PUBLIC = "93.184.215.14"


def fault(outbound: Outbound, url: str, *, seconds: float = 5) -> OutboundFault:
    with pytest.raises(OutboundFailure) as failed, outbound.send("POST", url, seconds=seconds) as answer:
        list(answer.chunks(most_bytes=1000))
    assert url not in str(failed.value)
    return failed.value.fault


@contextmanager
def listener(serve: Callable[[socket.socket], None] | None = None) -> Iterator[int]:
    """Listen on loopback; whoever connects is served so, or never answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve or (lambda _: time.sleep(30)), args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


class Serve:
    """Answers with these bytes, again and again if told so, until nobody takes them."""

    def __init__(self, head: bytes, *, then: bytes = b"", every_seconds: float = 0) -> None:
        self._head = head
        self._then = then
        self._every_seconds = every_seconds

    def __call__(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.recv(65536)
                connection.sendall(self._head)
                while self._then:
                    time.sleep(self._every_seconds)
                    connection.sendall(self._then)
        except OSError:
            return


def test_the_address_that_was_checked_is_connected_to_and_the_host_keeps_its_name() -> None:
    names = Names(["127.0.0.1"])
    with (
        Receiver() as receiver,
        Outbound(LOOPBACK, resolve=names).send(
            "POST", receiver.url("/a?b=c", "hooks.example"), headers={"X": "y"}, content=b"body", seconds=5
        ) as answer,
    ):
        assert answer.status == 204
    (received,) = receiver.received
    assert names.asked == [("hooks.example", receiver.port)]
    assert (received.path, received.body, received.headers["x"]) == ("/a?b=c", b"body", "y")
    assert received.headers["host"] == f"hooks.example:{receiver.port}"


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["169.254.169.254", PUBLIC]]
)
def test_a_name_of_a_private_address_is_not_connected_to(addresses: list[str]) -> None:
    with Receiver() as receiver:
        outbound = Outbound(UrlPolicy(), resolve=Names(addresses))
        assert fault(outbound, receiver.url(host="rebound.example")) is OutboundFault.ADDRESS_REFUSED
    assert receiver.received == []


def test_a_rebound_name_leads_nowhere_else() -> None:
    """The second answer is refused: it is never asked for by the first request, and gains the second one nothing."""
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    outbound = Outbound(UrlPolicy.parse("127.0.0.2"), resolve=names)
    with Receiver() as receiver:  # at the second one
        url = receiver.url(host="rebound.example")
        assert fault(outbound, url) is OutboundFault.CONNECTION_FAILED
        assert len(names.asked) == 1
        assert fault(outbound, url) is OutboundFault.ADDRESS_REFUSED
    assert receiver.received == []


def test_the_system_is_asked_for_names() -> None:
    assert fault(Outbound(UrlPolicy()), "http://localhost:9/") is OutboundFault.ADDRESS_REFUSED


def test_no_redirect_is_followed() -> None:
    def reply(received: Received) -> Reply:
        return Reply(302, {"location": received.path + "x"})

    with Receiver(reply) as receiver, Outbound(LOOPBACK).send("POST", receiver.url(), seconds=5) as answer:
        assert answer.status == 302
    assert len(receiver.received) == 1


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with Receiver() as receiver:
        both = UrlPolicy.parse("127.0.0.0/8")
        names = Names(["127.0.0.2", "127.0.0.1"])
        with Outbound(both, resolve=names).send("POST", receiver.url(host="two.example"), seconds=5) as answer:
            assert answer.status == 204


@pytest.mark.parametrize(
    "serve",
    [
        None,
        Serve(b"HTTP/1.1 200 OK\r\n", then=b"x-more: 1\r\n", every_seconds=0.05),
        Serve(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n", then=b".", every_seconds=0.05),
    ],
    ids=["nothing", "a header at a time", "a byte at a time"],
)
def test_the_time_limit_is_that_of_the_whole(serve: Serve | None) -> None:
    with listener(serve) as port:
        started = time.monotonic()
        assert fault(Outbound(LOOPBACK), f"http://127.0.0.1:{port}/", seconds=0.5) is OutboundFault.TIMED_OUT
        assert 0.4 < time.monotonic() - started < 5


def test_a_resolver_that_hangs_is_left() -> None:
    released = threading.Event()

    def hang(_host: str, _port: int) -> list[IpAddress]:
        released.wait(30)
        return []

    assert fault(Outbound(UrlPolicy(), resolve=hang), "http://slow.example/", seconds=0.3) is OutboundFault.TIMED_OUT
    released.set()


def test_a_body_without_end_is_not_read() -> None:
    endless = Serve(b"HTTP/1.1 200 OK\r\n\r\n", then=b"." * 1000)
    with listener(endless) as port:
        assert fault(Outbound(LOOPBACK), f"http://127.0.0.1:{port}/") is OutboundFault.ANSWER_TOO_LARGE


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", OutboundFault.ANSWER_MALFORMED),
        (b"-ERR unknown command 'POST'\r\n", OutboundFault.ANSWER_MALFORMED),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, OutboundFault.ANSWER_MALFORMED),
    ],
)
def test_what_is_not_http_is_told_so(answer: bytes, expected: OutboundFault) -> None:
    with listener(Serve(answer)) as port:
        assert fault(Outbound(LOOPBACK), f"http://127.0.0.1:{port}/") is expected


def test_where_nobody_listens_nothing_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert fault(Outbound(LOOPBACK), f"http://127.0.0.1:{port}/") is OutboundFault.CONNECTION_FAILED


def test_a_name_without_an_address_is_told_so() -> None:
    def unknown(_host: str, _port: int) -> list[IpAddress]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert fault(Outbound(UrlPolicy(), resolve=unknown), "http://no.example/") is OutboundFault.HOST_NOT_FOUND
    assert fault(Outbound(UrlPolicy(), resolve=Names([])), "http://no.example/") is OutboundFault.HOST_NOT_FOUND


def test_whoever_has_no_certificate_for_the_name_gets_nothing() -> None:
    with Receiver() as receiver:  # speaks plain HTTP
        url = receiver.url().replace("http://", "https://")
        assert fault(Outbound(LOOPBACK), url) is OutboundFault.TLS_FAILED
    assert receiver.received == []


def test_certificates_are_verified_against_the_hosts_name(tmp_path: Path) -> None:
    certificate, key = own_certificate("right.example")
    (tmp_path / "server.pem").write_bytes(certificate + key)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(tmp_path / "server.pem")
    trusting = ssl.create_default_context(cadata=certificate.decode())

    def serve(connection: socket.socket) -> None:
        try:
            with server_side.wrap_socket(connection, server_side=True) as encrypted:
                Serve(b"HTTP/1.1 204 No Content\r\n\r\n")(encrypted)
        except OSError:
            return

    with listener(serve) as port:
        trusted = Outbound(LOOPBACK, resolve=Names(["127.0.0.1"]), tls=trusting)
        with trusted.send("POST", f"https://right.example:{port}/", seconds=5) as answer:
            assert answer.status == 204
        assert fault(trusted, f"https://wrong.example:{port}/") is OutboundFault.TLS_FAILED
        assert fault(trusted, f"https://127.0.0.1:{port}/") is OutboundFault.TLS_FAILED
        distrusting = Outbound(LOOPBACK, resolve=Names(["127.0.0.1"]))
        assert fault(distrusting, f"https://right.example:{port}/") is OutboundFault.TLS_FAILED


def test_an_encrypted_answer_may_pause_longer_than_a_look_takes(tmp_path: Path) -> None:
    """Waiting goes in slices; what a slice ends in the middle of is not lost."""
    certificate, key = own_certificate("right.example")
    (tmp_path / "server.pem").write_bytes(certificate + key)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(tmp_path / "server.pem")

    def serve(connection: socket.socket) -> None:
        with server_side.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(65536)
            for piece in (b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 8\r\n\r\nhalf", b"half"):
                encrypted.sendall(piece)
                time.sleep(0.7)

    with listener(serve) as port:
        outbound = Outbound(
            LOOPBACK, resolve=Names(["127.0.0.1"]), tls=ssl.create_default_context(cadata=certificate.decode())
        )
        url = f"https://right.example:{port}/"
        with outbound.send("GET", url, seconds=20) as answer:
            assert b"".join(answer.chunks(most_bytes=100)) == b"halfhalf"


def test_whoever_asks_may_give_up_while_he_waits() -> None:
    class GivenUp(Exception):
        pass

    started = time.monotonic()

    def check() -> None:
        if time.monotonic() > started + 0.3:
            raise GivenUp

    with (
        listener() as port,
        pytest.raises(GivenUp),
        Outbound(LOOPBACK).send("GET", f"http://127.0.0.1:{port}/", seconds=30, check=check),
    ):
        pass
    assert time.monotonic() - started < 5


def test_who_hangs_up_without_a_word_has_broken_off() -> None:
    def hang_up(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)

    with listener(hang_up) as port:
        assert fault(Outbound(LOOPBACK), f"http://127.0.0.1:{port}/") is OutboundFault.CONNECTION_FAILED
