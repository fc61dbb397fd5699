"""A receiver of webhooks, and of whatever else is asked, on loopback: keeps what came and answers as it is told."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.harness.service import until


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes
    at: float
    """On the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int = 204
    headers: Mapping[str, str] | None = None
    body: bytes = b""


class Receiver:
    """Answers each request as `reply` says, which may take its time; on a free port if none is given."""

    def __init__(
        self, reply: Callable[[Received], Reply] = lambda _: Reply(), *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.received: list[Received] = []
        self.reply = reply
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.command, self.path, headers, body, time.monotonic())
                receiver.received.append(received)
                reply = receiver.reply(received)
                self.send_response(reply.status)
                for name, value in (reply.headers or {}).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def do_GET(self) -> None:
                self.do_POST()

            def do_DELETE(self) -> None:
                self.do_POST()

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.host = host
        self.port = self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str = "/hook", host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    def awaited(self, number: int, *, seconds: float = 20) -> list[Received]:
        """Return what was received, once it is as much as that."""
        until(lambda: True if len(self.received) >= number else None, seconds, lambda: str(self.received))
        return list(self.received)
