"""The id of a request, in its log lines and those of its job: the balancer's, the client's, or one made here.

What a client sends is taken only if it is short and plain, so that it can't write into a log what is none of its id.
"""

import random
import re

from starlette.requests import HTTPConnection
from starlette.types import Scope

HEADER = b"x-request-id"
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_KEY = "scriptorium.request_id"


def give_request_id(scope: Scope) -> str:
    """Choose a request's id and return it."""
    sent = dict(scope["headers"]).get(HEADER, b"")
    # Random, not secret: it tells requests apart, and guards nothing.
    chosen = sent.decode() if _ACCEPTABLE.fullmatch(sent) else random.randbytes(8).hex()  # noqa: S311
    scope[_KEY] = chosen
    return chosen


def request_id_of(request: HTTPConnection) -> str:
    """Return the id that a request was given."""
    chosen: str = request.scope[_KEY]
    return chosen
