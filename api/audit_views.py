"""The audit log over HTTP, as documented models."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.audit_log import Action, AuditPage, StoredEntry


class AuditEntryView(BaseModel):
    """Something that was done or refused."""

    at: datetime
    action: Action
    tenant: str | None = Field(description="Of who did it; null: nobody knows, as in what comes next.")
    who: str | None = Field(description="`key:<id>`, `sub:<subject>` of a token, or `anonymous`.")
    object_id: str | None = Field(description="The job or the key concerned.")
    status: int | None = Field(description="How it was answered; null: written down before it was done.")
    address: str | None = Field(description="Where it came from; null: those of several clients, counted together.")
    request_id: str | None = Field(description="The same as in the logs; null: of several requests.")
    route: str | None = Field(description="What was asked for by somebody who may not.")
    times: int = Field(description="Requests that the entry stands for: refused ones are counted by the minute.")

    @classmethod
    def of(cls, stored: StoredEntry) -> "AuditEntryView":
        """Return an entry's view."""
        entry = stored.entry
        return cls(
            at=stored.at,
            action=entry.action,
            tenant=entry.tenant,
            who=entry.who,
            object_id=entry.object_id,
            status=entry.status,
            address=entry.address,
            request_id=entry.request_id,
            route=entry.route,
            times=entry.times,
        )


class AuditEntryList(BaseModel):
    """Entries of the audit log, the latest first."""

    entries: list[AuditEntryView]
    next_cursor: str | None = Field(description="`cursor` of the next page; null: there is none.")

    @classmethod
    def of(cls, page: AuditPage) -> "AuditEntryList":
        """Return a page's view."""
        return cls(entries=[AuditEntryView.of(stored) for stored in page.entries], next_cursor=page.next_cursor)
