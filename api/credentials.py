"""What a request brings to say who it is, taken from its head as it came."""

import base64
import binascii

from fastapi import Request


def bearer_token(request: Request) -> bytes | None:
    """Return the token of `Authorization: Bearer <token>`, or in one of the forms that other APIs' clients know.

    Those of AssemblyAI send it bare. Who knows nothing but a server's URL, such as Bazarr, can send it as the password
    in there, which is `Basic` then.
    """
    scheme, space, token = (header(request, b"authorization") or b"").strip().partition(b" ")
    match scheme.lower():
        case _ if not space:
            return scheme or None
        case b"bearer":
            return token.strip()
        case b"basic":
            return _password(token)
        case _:
            return None


def header(request: Request, name: bytes) -> bytes | None:
    """Return the first header of a name, in small letters; without decoding the others, for every request asks."""
    for each, value in request.scope["headers"]:
        if each == name:
            found: bytes = value
            return found
    return None


def _password(credentials: bytes) -> bytes | None:
    try:
        return base64.b64decode(credentials.strip(), validate=True).partition(b":")[2] or None
    except binascii.Error:
        return None
