"""API keys: make, list, limit and revoke them."""

from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Path, Query, Request

from api.access import require
from api.audit import note
from api.json_bodies import json_body, json_request
from api.key_views import KeyCreated, KeyList, KeyView, NewKey, NewLimits
from api.principal import Scope
from api.problems import guarded_responses
from api.services import WithServices
from core.errors import InvalidOptions, KeysNotInUse, MalformedBody, UnknownKey

logger = structlog.get_logger(__name__)


async def _in_use(services: WithServices) -> None:
    """Refuse where keys open nothing: who comes in without one must not leave one behind for the day they do."""
    if services.settings.auth_mode != "api_key":
        raise KeysNotInUse(f"AUTH_MODE is '{services.settings.auth_mode}'; keys are for AUTH_MODE=api_key.")


router = APIRouter(prefix="/keys", tags=["API keys"], dependencies=[Depends(require(Scope.ADMIN)), Depends(_in_use)])

KeyId = Annotated[str, Path(description="The part of the key behind `scr_`.")]


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    summary="Make an API key",
    responses=guarded_responses(KeysNotInUse, MalformedBody, InvalidOptions),
    openapi_extra=json_request(NewKey),
)
async def create(
    wanted: Annotated[NewKey, Depends(json_body(NewKey))], services: WithServices, request: Request
) -> KeyCreated:
    """Make an API key. The answer holds it; nothing can tell it again."""
    key, token = await services.api_keys.create(
        name=wanted.name, tenant=wanted.tenant, scopes=wanted.scopes, limits=services.terms.checked(wanted.limits())
    )
    note(request, key.key_id)
    logger.info("api_key_made", key_id=key.key_id, scopes=sorted(key.scopes))
    return KeyCreated.with_key(key, token)


@router.get("", summary="List API keys", responses=guarded_responses(KeysNotInUse, InvalidOptions))
async def keys(
    services: WithServices,
    limit: Annotated[int, Query(ge=1, le=200, description="Keys a page.")] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000, description="How many to pass over.")] = 0,
) -> KeyList:
    """Return API keys of all tenants, the latest made or changed first; also those that are revoked or have expired."""
    page = await services.api_keys.page(limit=limit, offset=offset)
    return KeyList(keys=[KeyView.of(key) for key in page], total=await services.api_keys.count())


@router.get("/{key_id}", summary="Show an API key", responses=guarded_responses(KeysNotInUse, UnknownKey))
async def key(key_id: KeyId, services: WithServices) -> KeyView:
    """Return what is known of an API key."""
    return KeyView.of(await services.api_keys.get(key_id))


@router.put(
    "/{key_id}/limits",
    summary="Limit an API key",
    responses=guarded_responses(KeysNotInUse, UnknownKey, MalformedBody, InvalidOptions),
    openapi_extra=json_request(NewLimits),
)
async def limit(
    key_id: KeyId, wanted: Annotated[NewLimits, Depends(json_body(NewLimits))], services: WithServices
) -> KeyView:
    """Give an API key other limits, in the place of all it has. Every gateway knows them within a second."""
    return KeyView.of(await services.api_keys.limit(key_id, services.terms.checked(wanted.limits())))


@router.patch(
    "/{key_id}/limits",
    summary="Change limits of an API key",
    responses=guarded_responses(KeysNotInUse, UnknownKey, MalformedBody, InvalidOptions),
    openapi_extra=json_request(NewLimits),
)
async def change(
    key_id: KeyId, wanted: Annotated[NewLimits, Depends(json_body(NewLimits))], services: WithServices
) -> KeyView:
    """Give an API key those limits that are named; null takes one away. Every gateway knows them within a second."""
    limits = services.terms.checked(wanted.limits())
    return KeyView.of(await services.api_keys.change(key_id, limits, wanted.given()))


@router.delete("/{key_id}", summary="Revoke an API key", responses=guarded_responses(KeysNotInUse, UnknownKey))
async def revoke(key_id: KeyId, services: WithServices) -> KeyView:
    """Make an API key worthless, for good. Every gateway refuses it within a second; its record stays."""
    revoked = await services.api_keys.revoke(key_id)
    logger.info("api_key_revoked", key_id=revoked.key_id)
    return KeyView.of(revoked)
