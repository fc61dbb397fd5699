"""Lets requests in: every route that concerns jobs asks here for its principal, before it reads a body.

Who asks is counted against his rate limit: by name, or by address while he has none. What an operator is about to
change is written down first.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import Depends, Request

from api.audit import Audit, identify
from api.client_address import client_address
from api.principal import ANONYMOUS, OPEN_DOOR, Principal, Scope
from api.rate_limits import Rate, RateLimits
from api.response_headers import announce
from core.errors import ScopeMissing, Unauthenticated


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


def require(*scopes: Scope, rate: Rate = Rate.READ) -> Callable[[Request], Awaitable[Principal]]:
    """Return the dependency of a route that needs scopes and counts against a rate limit."""

    async def admit(request: Request) -> Principal:
        authenticator: Authenticator = request.app.state.services.authenticator
        try:
            principal = await authenticator.principal(request)
        except Unauthenticated:
            await _count(request, Rate.READ, None)
            raise
        identify(request.scope, principal)
        await _count(request, rate, principal)
        for scope in scopes:
            if scope not in principal.scopes:
                raise ScopeMissing(f"This needs the scope '{scope}', which the credentials don't have.")
        audit: Audit = request.app.state.services.audit
        await audit.before(request)
        return principal

    return admit


async def _count(request: Request, rate: Rate, principal: Principal | None) -> None:
    """Count a request of a principal, or of nobody in particular.

    Raises:
        RateLimited: it is one too many.
    """
    limits: RateLimits = request.app.state.services.rate_limits
    own: str | None = None
    if principal is not None:
        own = principal.submit_rate if rate is Rate.SUBMIT else principal.read_rate
    if (standing := await limits.take(rate, client_of(request, principal), own=own)) is not None:
        announce(request.scope, standing.headers())
        standing.check()


def client_of(request: Request, principal: Principal | None) -> str:
    """Return whom to count what a request takes against: by name, or by address while he has none."""
    if principal is None or principal.name == ANONYMOUS:
        return f"address:{client_address(request)}"
    return f"name:{principal.name}"


Submitter = Annotated[Principal, Depends(require(Scope.SUBMIT, rate=Rate.SUBMIT))]
"""Annotation of a parameter that receives a principal who may submit, and submits."""
Caller = Annotated[Principal, Depends(require(Scope.SUBMIT, Scope.READ, rate=Rate.SUBMIT))]
"""Annotation of a parameter that receives a principal who submits and is told the transcript in one call."""
Editor = Annotated[Principal, Depends(require(Scope.SUBMIT))]
"""Annotation of a parameter that receives a principal who may submit, and changes or takes back what came of it."""
Reader = Annotated[Principal, Depends(require(Scope.READ))]
"""Annotation of a parameter that receives a principal who may read."""
