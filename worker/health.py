"""What a balancer or a cluster asks a worker: `/health` and `/health/ready`, beside its metrics on the same port.

Distinct states, not one boolean: a process that answers lives, also while it loads its model; one that takes turns is
ready. Neither asks Redis: an outage is sat out, not restarted away.
"""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LIVENESS = "/health"
READINESS = "/health/ready"


def with_health(app: "WSGIApplication", *, is_ready: Callable[[], bool]) -> "WSGIApplication":
    """Return a WSGI application that answers the two paths, and leaves all others to the given one.

    Args:
        app: What is served besides.
        is_ready: Tells, on each call, whether the process takes turns now.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == LIVENESS:
            return _document(start_response, HTTPStatus.OK, "ok")
        if path == READINESS:
            if is_ready():
                return _document(start_response, HTTPStatus.OK, "ready")
            return _document(start_response, HTTPStatus.SERVICE_UNAVAILABLE, "not_ready")
        return app(environ, start_response)

    return answer


def _document(start_response: "StartResponse", status: HTTPStatus, word: str) -> Iterable[bytes]:
    body = json.dumps({"status": word}).encode()
    start_response(
        f"{status.value} {status.phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
    )
    return [body]
