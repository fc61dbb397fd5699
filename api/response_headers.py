"""What every answer of the gateway says in its head: how a browser may treat it, and how its client stands.

What a route sets itself, stands.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ANNOUNCED = "scriptorium.announced"
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_UNLESS_SET = {
    # Answers are data, to be shown as such: a browser that takes one for a page runs and loads nothing.
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    # Whose job it is, only the key says, which no cache on the way knows of.
    b"cache-control": b"no-store",
}
_OVER_TLS = (b"strict-transport-security", b"max-age=31536000")


def announce(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    """Have more headers sent with the answer to a request, whatever answer that will be."""
    scope[_ANNOUNCED] = [*scope.get(_ANNOUNCED, ()), *headers]


def completed(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the whole head of an answer to a request, of what its route says in it."""
    own = list(headers)
    present = {name for name, _ in own}
    return [
        *own,
        *_ALWAYS,
        *(header for header in _UNLESS_SET.items() if header[0] not in present),
        *scope.get(_ANNOUNCED, ()),
        *((_OVER_TLS,) if scope["scheme"] == "https" else ()),
    ]


def unconditional() -> list[tuple[bytes, bytes]]:
    """Return what an answer says that comes before any request is known, and of no route."""
    return [*_ALWAYS, *_UNLESS_SET.items()]


class ResponseHeaders:
    """ASGI middleware; pure, so that it neither buffers bodies nor hides disconnects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": completed(scope, message.get("headers", ()))}
            await send(message)

        await self._app(scope, receive, send_with_headers)
