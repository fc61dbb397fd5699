"""The audit log: who did what."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import require
from api.audit_log import Action, AuditQuery
from api.audit_views import AuditEntryList
from api.principal import Scope
from api.problems import guarded_responses
from api.services import WithServices
from core.errors import InvalidOptions, OptionProblem

# ISO 8601.
_MOMENT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"

router = APIRouter(tags=["audit"], dependencies=[Depends(require(Scope.ADMIN))])


@router.get("/audit", summary="Read the audit log", responses=guarded_responses(InvalidOptions))
async def audit(
    services: WithServices,
    *,
    since: Annotated[
        str | None,
        Query(pattern=_MOMENT, description="Only entries from then on: a day or a moment, in UTC unless it says so."),
    ] = None,
    until: Annotated[str | None, Query(pattern=_MOMENT, description="Only entries from before then.")] = None,
    tenant: Annotated[str | None, Query(max_length=128, description="Only what this tenant did.")] = None,
    action: Annotated[Action | None, Query(description="Only this.")] = None,
    object_id: Annotated[
        str | None, Query(max_length=128, description="Only what concerns this job, key or tenant.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Entries a page.")] = 100,
    cursor: Annotated[
        str | None, Query(pattern="^[0-9]{1,15}-[0-9]{1,9}$", description="`next_cursor` of the page before.")
    ] = None,
) -> AuditEntryList:
    """Return entries of the audit log, the latest first.

    A page may hold fewer than `limit`, or none; the last one has no `next_cursor`.
    """
    query = AuditQuery(_moment("since", since), _moment("until", until), tenant, action, object_id)
    return AuditEntryList.of(await services.audit_log.page(query, limit=limit, cursor=cursor))


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidOptions([OptionProblem(option, "is no date and time as 2026-11-22T03:30:00Z")]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
