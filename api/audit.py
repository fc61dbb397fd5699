"""Who did what: every answer passes here, and those of the routes in `ACTIONS` leave entries in the audit log.

What succeeded is an entry for each job or key concerned, there before the answer's head is sent; what was refused is
at most two entries a minute for each client, action and status, however often it was asked for (docs/decisions/0025).
Every entry is a line `audit` of the gateway's log as well.
"""

import asyncio
import contextvars
import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import Request
from prometheus_client import Counter
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit_log import Action, AuditEntry, AuditLog
from api.client_address import client_address
from api.principal import Principal
from api.request_ids import request_id_of

_ID = re.compile("[0-9a-f]{16}|[0-9a-f]{32}")
_TENANT = re.compile("[!-~]{1,128}")

ACTIONS: Final[Mapping[tuple[str, str], Action]] = {
    ("POST", "/transcribe"): Action.JOB_SUBMITTED,
    ("POST", "/v1/audio/transcriptions"): Action.JOB_SUBMITTED,
    ("POST", "/v1/audio/translations"): Action.JOB_SUBMITTED,
    ("POST", "/inference"): Action.JOB_SUBMITTED,
    ("POST", "/transcribe/async"): Action.JOB_SUBMITTED,
    ("POST", "/asr"): Action.JOB_SUBMITTED,
    ("POST", "/detect-language"): Action.JOB_SUBMITTED,
    ("POST", "/v2/upload"): Action.AUDIO_UPLOADED,
    ("POST", "/v2/transcript"): Action.JOB_SUBMITTED,
    ("DELETE", "/v2/transcript/{job_id}"): Action.JOB_ERASED,
    ("GET", "/v2/transcript/{job_id}/srt"): Action.TRANSCRIPT_READ,
    ("GET", "/v2/transcript/{job_id}/vtt"): Action.TRANSCRIPT_READ,
    ("GET", "/v2/transcript/{job_id}/sentences"): Action.TRANSCRIPT_READ,
    ("GET", "/v2/transcript/{job_id}/paragraphs"): Action.TRANSCRIPT_READ,
    ("GET", "/v2/transcript/{job_id}/word-search"): Action.TRANSCRIPT_READ,
    ("DELETE", "/job/{job_id}"): Action.JOB_ERASED,
    ("GET", "/result/{job_id}"): Action.TRANSCRIPT_READ,
    ("GET", "/result/{job_id}/corrections"): Action.TRANSCRIPT_READ,
    ("POST", "/result/{job_id}/corrections"): Action.TRANSCRIPT_CORRECTED,
    ("GET", "/audio/{job_id}"): Action.AUDIO_READ,
    ("GET", "/search"): Action.TRANSCRIPT_FOUND,
    ("GET", "/events/{job_id}"): Action.TRANSCRIPT_FOLLOWED,
    ("POST", "/webhooks/{job_id}/replay"): Action.WEBHOOK_REPLAYED,
    ("GET", "/dead-letters"): Action.DEAD_LETTER_READ,
    ("DELETE", "/dead-letters"): Action.DEAD_LETTER_PURGED,
    ("POST", "/dead-letters/requeue"): Action.DEAD_LETTER_REQUEUED,
    ("GET", "/dead-letters/{job_id}"): Action.DEAD_LETTER_READ,
    ("DELETE", "/dead-letters/{job_id}"): Action.DEAD_LETTER_PURGED,
    ("POST", "/dead-letters/{job_id}/requeue"): Action.DEAD_LETTER_REQUEUED,
    ("GET", "/keys"): Action.KEY_READ,
    ("POST", "/keys"): Action.KEY_CREATED,
    ("GET", "/keys/{key_id}"): Action.KEY_READ,
    ("PUT", "/keys/{key_id}/limits"): Action.KEY_CHANGED,
    ("PATCH", "/keys/{key_id}/limits"): Action.KEY_CHANGED,
    ("DELETE", "/keys/{key_id}"): Action.KEY_REVOKED,
    ("DELETE", "/tenants/{tenant}"): Action.TENANT_ERASED,
    ("GET", "/audit"): Action.AUDIT_READ,
}
"""What each route is about. One that changes something or tells a transcript, and isn't here, fails a test."""

_WRITTEN_BEFORE = frozenset(
    {
        Action.DEAD_LETTER_REQUEUED,
        Action.DEAD_LETTER_PURGED,
        Action.KEY_CREATED,
        Action.KEY_CHANGED,
        Action.KEY_REVOKED,
        Action.TENANT_ERASED,
    }
)
"""What an operator changes is written down before it is done, too: if it can't be, it isn't done."""

_STORE_SECONDS: Final = 2.0
"""How long an answer waits for its entry."""
_MINUTE: Final = 60.0
_MOST_KINDS: Final = 50
"""Clients, actions and statuses whose refusals are told apart at once; those of more are counted together."""

_PRINCIPAL = "scriptorium.principal"
_OBJECTS = "scriptorium.audit.objects"
_ACTION = "scriptorium.audit.action"

logger = structlog.get_logger(__name__)


def identify(scope: Scope, principal: Principal) -> None:
    """Note who asks, as soon as that is known."""
    scope[_PRINCIPAL] = principal


def note(request: Request, *object_ids: str, action: Action | None = None) -> None:
    """Note what a request concerned, where its path doesn't say it, and what it came to, where its route doesn't."""
    request.scope[_OBJECTS] = object_ids
    if action is not None:
        request.scope[_ACTION] = action


class Audit:
    """Writes the audit log, or none if there is none (AUDIT_DAYS=0)."""

    def __init__(self, log: AuditLog | None, *, unstored: Counter) -> None:
        """Write to `log`; `unstored` counts the entries that it did not take."""
        self._log = log
        self._unstored = unstored
        self._refusals = _Refusals(self)
        self._tasks: set[asyncio.Task[None]] = set()

    async def before(self, request: Request) -> None:
        """Write down what somebody who was let in is about to do, if that is to be known in any case.

        Raises:
            redis.exceptions.RedisError: it can't be written down, so it must not be done.
        """
        action = ACTIONS.get(_route(request.scope))
        if self._log is not None and action in _WRITTEN_BEFORE:
            entries = _entries(request.scope, action, status=None)
            _say(entries)
            await self._log.add(entries)

    def submission(self, request: Request) -> Mapping[str, object] | None:
        """Return the entry of a submission, for the script that accepts it to write: neither is there alone."""
        if self._log is None:
            return None
        (entry,) = _entries(request.scope, Action.JOB_SUBMITTED, status=HTTPStatus.ACCEPTED)
        return self._log.carried(entry)

    def submitted(self, request: Request) -> None:
        """Say in the gateway's log what was stored with a job, where the answer will be about more than that."""
        if self._log is not None:
            _say(_entries(request.scope, Action.JOB_SUBMITTED, status=HTTPStatus.ACCEPTED))

    async def answered(self, scope: Scope, status: int) -> None:
        """Write down what a request has come to; return once that is stored, or can't be."""
        action = scope.get(_ACTION) or ACTIONS.get(_route(scope))
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            action = Action.ACCESS_REFUSED
        if self._log is None or action is None:
            return
        entries = _entries(scope, action, status=status)
        if status >= HTTPStatus.BAD_REQUEST:
            self._refusals.add(entries[0])
            return
        _say(entries)
        if action is not Action.JOB_SUBMITTED:  # that is stored with the job
            await self._store(entries)

    def write_soon(self, entries: Sequence[AuditEntry]) -> None:
        """Write entries that nobody waits for."""
        _say(entries)
        task = asyncio.create_task(self._store(entries))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Write what was counted and not yet told."""
        self._refusals.close()
        await asyncio.gather(*self._tasks)

    async def _store(self, entries: Sequence[AuditEntry]) -> None:
        assert self._log is not None  # noqa: S101 - whoever calls has looked
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self._log.add(entries)
        except (RedisError, TimeoutError) as error:
            # It was done, and is in the gateway's log; to say that it was not would be wrong.
            self._unstored.inc(len(entries))
            logger.warning("audit_entries_not_stored", entries=len(entries), error=type(error).__name__)


class Auditing:
    """ASGI middleware that shows every answer's head to the audit before it is sent."""

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self._app = app
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def audited_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._audit.answered(scope, int(message["status"]))
            await send(message)

        await self._app(scope, receive, audited_send)


class _Refusals:
    """Bounds what refused requests write: the first of a kind at once, the rest of a minute as one entry at its end."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._further: dict[AuditEntry, int] = {}
        """By kind: those that came behind the first one, in the minute that it began."""

    def add(self, entry: AuditEntry) -> None:
        kind = replace(entry, request_id=None, object_id=None, route=None)
        if kind not in self._further and len(self._further) >= _MOST_KINDS:
            entry = kind = replace(kind, address=None, tenant=None, who=None)
        if kind in self._further:
            self._further[kind] += 1
            return
        self._further[kind] = 0
        self._audit.write_soon([entry])
        # In a context of its own: that of the first request says its id in every line.
        asyncio.get_running_loop().call_later(_MINUTE, self._tell, kind, context=contextvars.Context())

    def close(self) -> None:
        for kind in list(self._further):
            self._tell(kind)

    def _tell(self, kind: AuditEntry) -> None:
        if times := self._further.pop(kind, 0):
            self._audit.write_soon([replace(kind, times=times)])


def _route(scope: Scope) -> tuple[str, str]:
    """Return method and template of a request's route; the template is empty if there is none."""
    return scope["method"], getattr(scope.get("route"), "path_format", "")


def _entries(scope: MutableMapping[str, Any], action: Action, *, status: int | None) -> list[AuditEntry]:
    """Return an entry for each object that a request concerns, or one if there is none."""
    request = Request(scope)
    principal: Principal | None = scope.get(_PRINCIPAL)
    parameters: Mapping[str, str] = scope.get("path_params", {})
    refused = action is Action.ACCESS_REFUSED
    object_ids = scope.get(_OBJECTS) or [None if refused else _object_of(parameters)]
    return [
        AuditEntry(
            action=action,
            tenant=principal.tenant if principal else None,
            who=principal.name if principal else None,
            address=client_address(request),
            request_id=request_id_of(request),
            route=" ".join(_route(scope)) if refused else None,
            status=status,
            object_id=object_id,
        )
        for object_id in object_ids
    ]


def _object_of(parameters: Mapping[str, str]) -> str | None:
    """Return what a path names; whatever a stranger writes into one is no id."""
    if _TENANT.fullmatch(tenant := parameters.get("tenant", "")):
        return tenant
    named = parameters.get("job_id", parameters.get("key_id", ""))
    return named if _ID.fullmatch(named) else None


def _say(entries: Sequence[AuditEntry]) -> None:
    for entry in entries:
        logger.info("audit", **entry.told())
