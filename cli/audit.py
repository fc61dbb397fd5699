"""`scriptorium audit`: who did what, from the service's audit log."""

from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from cli.parameters import AsJson, unfolded
from cli.service import Connection, service
from cli.terminal import print_json, print_note, print_table, utc
from scriptorium.client import Scriptorium

_PATH = "/audit"
_MOST_A_CALL = 1000


class _Entry(BaseModel):
    at: datetime
    action: str
    tenant: str | None
    who: str | None
    object_id: str | None
    status: int | None
    address: str | None
    route: str | None
    times: int


class _Page(BaseModel):
    entries: list[_Entry]
    next_cursor: str | None


@unfolded
def audit(
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only from then on, such as 2026-11-22 or 2026-11-22T03:30:00Z.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Only before then.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only what this tenant did.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this, such as transcript.read.")] = None,
    object_id: Annotated[
        str | None, typer.Option("--object", metavar="ID", help="Only what concerns this job or key.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most entries.")] = 100,
    cursor: Annotated[str | None, typer.Option(help="Where the entries before have ended.")] = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Show who did what, the latest first, with a key of scope admin in SCRIPTORIUM_API_KEY."""
    query = {"since": since, "until": until, "tenant": tenant, "action": action, "object_id": object_id}
    with service(connection, of="audit log") as client:
        document = _collected(client, query, limit, cursor)
        if as_json:
            print_json(document)
            return
        page = _Page.model_validate(document)
    if page.entries:
        print_table(
            ("When (UTC)", "Action", "Status", "Tenant", "Who", "Object", "From"),
            [_row(entry) for entry in page.entries],
        )
    else:
        print_note("No entries.")
    if page.next_cursor:
        print_note(f"There may be more: --cursor {page.next_cursor}")


def _collected(client: Scriptorium, query: dict[str, str | None], limit: int, cursor: str | None) -> dict[str, Any]:
    """Return so many entries and where the next ones begin: a page of the service may hold none of those asked for."""
    entries: list[Any] = []
    while True:
        wanted = min(limit - len(entries), _MOST_A_CALL)
        page = client.request("GET", _PATH, {**query, "limit": wanted, "cursor": cursor})
        cursor = _Page.model_validate(page).next_cursor
        entries += page["entries"]
        if cursor is None or len(entries) >= limit:
            return {"entries": entries, "next_cursor": cursor}


def _row(entry: _Entry) -> tuple[str, ...]:
    return (
        utc(entry.at),
        entry.action if entry.times == 1 else f"{entry.action} ({entry.times} times)",
        "begun" if entry.status is None else str(entry.status),
        entry.tenant or "-",
        entry.who or "-",
        entry.object_id or entry.route or "-",
        entry.address or "-",
    )
