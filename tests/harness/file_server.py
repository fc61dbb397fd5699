"""A server on loopback from which audio is fetched: keeps what was asked for and serves what it is told."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from core.user_urls import UrlPolicy
from worker.fetching import AudioFetcher, FetchLimits
from worker.metrics import WorkerMetrics
from worker.outbound import Outbound, Resolver, look_up

MIB = 1024 * 1024
LOOPBACK = UrlPolicy.parse("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]
    """By their names in lower case."""


@dataclass(frozen=True, slots=True)
class File:
    """What is served. The body goes out piece by piece; without a length, its end is that of the connection."""

    body: Iterable[bytes] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: bytes) -> Self:
        """A whole file, with its length."""
        return cls([body], headers={"content-length": str(len(body)), "content-type": "text/html"})

    @classmethod
    def redirect(cls, location: str, status: int = 302) -> Self:
        return cls(status=status, headers={"location": location})


class FileServer:
    """Answers each GET as `serve` says, which may take its time."""

    def __init__(self, serve: Callable[[Asked], File], *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; on a free port, unless one is given."""
        self.asked: list[Asked] = []
        self.serve = serve
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
                server.asked.append(asked)
                served = server.serve(asked)
                try:
                    self.send_response(served.status)
                    for name, value in served.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    for piece in served.body:
                        self.wfile.write(piece)
                except OSError:  # whoever asked has gone
                    self.close_connection = True

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

    def url(self, path: str = "/audio", host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"


def audio_fetcher(
    *,
    policy: UrlPolicy = LOOPBACK,
    resolve: Resolver = look_up,
    outbound: Outbound | None = None,
    metrics: WorkerMetrics | None = None,
    max_file_bytes: int = MIB,
    min_free_disk_bytes: int = 0,
    min_bytes_per_second: float = 1.0,
    grace_seconds: float = 20.0,
    timeout_seconds: float = 60.0,
) -> AudioFetcher:
    """Return a fetcher that may ask loopback."""
    return AudioFetcher(
        outbound or Outbound(policy, resolve=resolve),
        FetchLimits(max_file_bytes, min_free_disk_bytes, min_bytes_per_second, grace_seconds, timeout_seconds),
        metrics or WorkerMetrics(),
    )
