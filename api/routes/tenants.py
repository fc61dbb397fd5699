"""Erase all that a tenant has."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Path

from api.access import require
from api.principal import Scope
from api.problems import guarded_responses
from api.services import WithServices
from api.views import TenantErasure
from core.errors import InvalidOptions

logger = structlog.get_logger(__name__)

router = APIRouter(prefix="/tenants", tags=["tenants"], dependencies=[Depends(require(Scope.ADMIN))])


@router.delete("/{tenant:path}", summary="Erase a tenant", responses=guarded_responses(InvalidOptions))
async def erase(
    tenant: Annotated[str, Path(pattern="^[!-~]{1,128}$", description="Whose everything is to go.", examples=["acme"])],
    services: WithServices,
) -> TenantErasure:
    """Revoke a tenant's API keys and erase his jobs, up to 500 a call, the oldest first; call again until none remain.

    A job that runs stops after its current segment and is erased by a later call. A tenant of tokens (AUTH_MODE=jwt) is
    for the identity provider to shut out, or he may post new jobs meanwhile.
    """
    done = await services.eraser.tenant(tenant)
    logger.info(
        "tenant_erased",
        jobs=done.erased.records,
        keys=done.keys,
        pending=done.pending,
        remaining=done.remaining,
    )
    return TenantErasure.of(tenant, done)
