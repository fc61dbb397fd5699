"""Lets requests in: every route that concerns jobs asks here for its principal, before it reads a body."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import Depends, Request

from api.principal import OPEN_DOOR, Principal, Scope
from core.errors import ScopeMissing


class Authenticator(Protocol):
    """Knows principals by what a request brings."""

    async def principal(self, request: Request) -> Principal:
        """Return who asks.

        Raises:
            Unauthenticated: the request brings no credentials, or none that are valid.
        """
        ...


class OpenDoor:
    """Asks nobody anything (AUTH_MODE=none)."""

    async def principal(self, request: Request) -> Principal:  # noqa: ARG002 - whoever it is
        """Return the one principal there is."""
        return OPEN_DOOR


def require(scope: Scope) -> Callable[[Request], Awaitable[Principal]]:
    """Return the dependency of a route that needs a scope."""

    async def admit(request: Request) -> Principal:
        authenticator: Authenticator = request.app.state.services.authenticator
        principal = await authenticator.principal(request)
        if scope not in principal.scopes:
            raise ScopeMissing(f"This needs the scope '{scope}', which the credentials don't have.")
        return principal

    return admit


Submitter = Annotated[Principal, Depends(require(Scope.SUBMIT))]
"""Annotation of a parameter that receives a principal who may submit."""
Reader = Annotated[Principal, Depends(require(Scope.READ))]
"""Annotation of a parameter that receives a principal who may read."""
