"""Lets in who brings a token of an identity provider: a JWT, signed with one of its keys (AUTH_MODE=jwt).

What counts is the signature, by the algorithm that the provider's key names, the issuer, the audience and the times.
The tenant is one claim, always the same one: a token without it belongs to nobody and is refused.
"""

import re
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import jwt
from fastapi import Request

from api.credentials import bearer_token
from api.principal import Principal, Scope
from api.signing_keys import SigningKeys
from core.errors import Unauthenticated

_MAX_BYTES = 8192
_LEEWAY_SECONDS = 10
"""By so much may the provider's clock differ from ours."""
_MAX_CACHED = 10_000
_NAME = re.compile(r"[!-~]{1,128}")
"""What a tenant and a subject may be: they become part of names of keys in Redis."""


class JwtDoor:
    """Knows principals by their tokens; a token that was checked is remembered, so that it is checked once."""

    def __init__(self, keys: SigningKeys, *, issuer: str, audience: str, tenant_claim: str = "tenant") -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._tenant_claim = tenant_claim
        self._checked: dict[bytes, tuple[Principal, float]] = {}
        """By the token's SHA-256: whose it is, and until when."""
        self._checked_with: Mapping[str, jwt.PyJWK] = keys.known

    async def principal(self, request: Request) -> Principal:
        """Return whose token a request brings.

        Raises:
            Unauthenticated: it brings none, or none that is valid.
            SigningKeysUnavailable: nobody can tell yet: the provider doesn't answer.
        """
        token = bearer_token(request)
        if not token:
            raise Unauthenticated("Send a token of the identity provider: 'Authorization: Bearer <token>'.")
        if len(token) > _MAX_BYTES:
            raise Unauthenticated(f"A token has at most {_MAX_BYTES} bytes.")
        self._keys.refresh()
        if self._checked_with is not self._keys.known:  # a key may have been withdrawn
            self._checked.clear()
            self._checked_with = self._keys.known
        digest = sha256(token).digest()
        principal, until = self._checked.get(digest, (None, 0.0))
        if principal is None or time.time() >= until:
            principal, until = await self._check(token)
            if len(self._checked) >= _MAX_CACHED:
                self._checked.clear()
            self._checked[digest] = principal, until
        return principal

    async def _check(self, token: bytes) -> tuple[Principal, float]:
        """Return whose token it is, and until when."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str) or (key := await self._keys.get(kid)) is None:
                raise Unauthenticated("The token is signed with a key that the identity provider doesn't publish.")
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"The token is not valid: {error}.") from None
        return self._principal(claims), float(claims["exp"]) + _LEEWAY_SECONDS

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        return Principal(
            tenant=_name(claims, self._tenant_claim), name=f"sub:{_name(claims, 'sub')}", scopes=_scopes(claims)
        )


def _name(claims: Mapping[str, Any], claim: str) -> str:
    name = claims.get(claim)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Unauthenticated(f"The token's claim '{claim}' has to be 1 to 128 visible ASCII characters.")
    return name


def _scopes(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """Return the scopes of ours that a token has: in `scope`, or in `scp`, separated by spaces or as a list."""
    given = claims.get("scope", claims.get("scp", ""))
    names = given.split() if isinstance(given, str) else given
    return frozenset(scope for scope in Scope if isinstance(names, list) and scope in names)
