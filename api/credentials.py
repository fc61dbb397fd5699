"""What a request brings to say who it is, taken from its head as it came."""

from fastapi import Request

_SCHEME = b"bearer "


def bearer_token(request: Request) -> bytes | None:
    """Return the token of `Authorization: Bearer <token>`."""
    sent = header(request, b"authorization")
    return sent[len(_SCHEME) :].strip() if sent and sent[: len(_SCHEME)].lower() == _SCHEME else None


def header(request: Request, name: bytes) -> bytes | None:
    """Return the first header of a name, in small letters; without decoding the others, for every request asks."""
    for each, value in request.scope["headers"]:
        if each == name:
            found: bytes = value
            return found
    return None
