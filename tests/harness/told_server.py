"""A server in place of the service, which answers as it is told: for what a command sends and makes of an answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """What the server answers, by method and path; a list is answered one by one, its last item for ever."""

    answers: dict[str, tuple[int, Any] | list[tuple[int, Any]]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    address: str = ""

    def answer(self, request: str) -> tuple[int, Any]:
        """Return status and document for a request."""
        self.seen.append(request)
        found = self.answers.get(request.partition("?")[0], (404, {"title": "No such job", "detail": request}))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    def requests(self, method: str) -> list[str]:
        """Return what was asked with a method."""
        return [request for request in self.seen if request.startswith(method)]


@contextmanager
def told_server() -> Iterator[Script]:
    """Run a server that answers as its script says."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            status, document = script.answer(f"{self.command} {self.path}")
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent has it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        script.address = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield script
        listening.shutdown()
        thread.join()
