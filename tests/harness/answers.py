"""What two answers to the same request have in common."""

from collections.abc import Collection

import httpx

_OF_ITS_OWN = {"date", "x-request-id", "content-length"}


def common_headers(answer: httpx.Response, *, but: Collection[str] = ()) -> dict[str, str]:
    """Return the headers in which answers to one request must not differ; where a limit stands is no such thing."""
    return {
        name: value
        for name, value in answer.headers.items()
        if name not in {*_OF_ITS_OWN, *but} and not name.startswith(("ratelimit", "x-ratelimit"))
    }
