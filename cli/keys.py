"""`scriptorium keys`: make, list, change and revoke the service's API keys."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import BaseModel

from cli.parameters import AsJson, unfolded
from cli.service import Connection, service
from cli.terminal import print_facts, print_json, print_note, print_page, utc

_PATH = "/keys"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="API keys: make, list, change and revoke them, with a key of scope admin in SCRIPTORIUM_API_KEY.",
)


class _Scope(StrEnum):
    SUBMIT = "submit"
    READ = "read"
    ADMIN = "admin"


class _Key(BaseModel):
    key_id: str
    name: str
    tenant: str
    scopes: list[str]
    weight: float
    submit_rate: str | None
    read_rate: str | None
    webhook_url: str | None
    retention_hours: float | None
    sensitivity: str | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class _NewKey(_Key):
    key: str


class _Keys(BaseModel):
    keys: list[_Key]
    total: int


def _key_id(given: str) -> str:
    # Whoever has the whole key at hand may give that: only its public part is sent in an address.
    key_id = given.removeprefix("scr_").partition("_")[0]
    if not key_id.isalnum():
        raise typer.BadParameter("A key's id is what 'scriptorium keys list' shows.")
    return key_id


class _Limit(StrEnum):
    """What of a key can be taken away; by the option that gives it."""

    EXPIRY = "expiry"
    RATE_SUBMIT = "rate-submit"
    RATE_READ = "rate-read"
    WEBHOOK_URL = "webhook-url"
    RETENTION_HOURS = "retention-hours"
    SENSITIVITY = "sensitivity"

    @property
    def field(self) -> str:
        """The service's name of it."""
        return {"expiry": "expires_in_days", "rate-submit": "submit_rate", "rate-read": "read_rate"}.get(
            self.value, self.value.replace("-", "_")
        )


_ExpiresInDays = Annotated[float | None, typer.Option(metavar="DAYS", help="Never, if not given.")]
_RateSubmit = Annotated[
    str | None, typer.Option(metavar="RATE", help="Such as 100/minute; RATE_LIMIT_SUBMIT if not given.")
]
_RateRead = Annotated[
    str | None, typer.Option(metavar="RATE", help="Such as 6000/minute; RATE_LIMIT_READ if not given.")
]
_WebhookUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Who is told of the end of its jobs that name nobody.")
]
_RetentionHours = Annotated[
    float | None,
    typer.Option(metavar="HOURS", help="When all of a job is removed after its end, and the most a job may ask for."),
]
_Sensitivity = Annotated[str | None, typer.Option(metavar="LABEL", help="The label of its jobs that name none.")]
_KeyId = Annotated[str, typer.Argument(metavar="ID", parser=_key_id)]


@app.command()
@unfolded
def create(
    *,
    name: Annotated[str, typer.Option(help="What to call it.")],
    tenant: Annotated[str, typer.Option(help="Whose jobs it concerns.")],
    scopes: Annotated[list[_Scope] | None, typer.Option("--scope", help="Submit and read, if none is given.")] = None,
    weight: Annotated[float, typer.Option(help="Its tenant's share of a queue, against 1 of others.")] = 1.0,
    expires_in_days: _ExpiresInDays = None,
    rate_submit: _RateSubmit = None,
    rate_read: _RateRead = None,
    webhook_url: _WebhookUrl = None,
    retention_hours: _RetentionHours = None,
    sensitivity: _Sensitivity = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Make a key and print it: this once, for the service keeps only its hash."""
    body = {
        "name": name,
        "tenant": tenant,
        "scopes": scopes or [_Scope.SUBMIT, _Scope.READ],
        "weight": weight,
        "expires_in_days": expires_in_days,
        "submit_rate": rate_submit,
        "read_rate": rate_read,
        "webhook_url": webhook_url,
        "retention_hours": retention_hours,
        "sensitivity": sensitivity,
    }
    with service(connection, of="API keys") as client:
        document = client.request("POST", _PATH, body=body)
        if as_json:
            print_json(document)
            return
        key = _NewKey.model_validate(document)
    print(key.key)
    print_note(f"Key {key.key_id} of tenant {key.tenant} may {', '.join(key.scopes)}. It is shown this once.")


@app.command("list")
@unfolded
def list_keys(
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Keys a page.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="How many to pass over.")] = 0,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """List keys, the latest made or changed first."""
    with service(connection, of="API keys") as client:
        document = client.request("GET", _PATH, {"limit": limit, "offset": offset})
        if as_json:
            print_json(document)
            return
        page = _Keys.model_validate(document)
    print_page(
        ("Key", "Tenant", "Scopes", "Status", "Expires (UTC)", "Last used (UTC)", "Name"),
        [
            (
                key.key_id,
                key.tenant,
                " ".join(key.scopes),
                key.status,
                utc(key.expires_at),
                utc(key.last_used_at),
                key.name,
            )
            for key in page.keys
        ],
        total=page.total,
        limit=limit,
        offset=offset,
        what="API keys",
    )


@app.command()
@unfolded
def show(key_id: _KeyId, *, as_json: AsJson = False, connection: Connection) -> None:
    """Show what is known of a key."""
    with service(connection, of="API keys") as client:
        document = client.request("GET", f"{_PATH}/{key_id}")
        if as_json:
            print_json(document)
            return
        key = _Key.model_validate(document)
    print_facts(
        [
            ("key", key.key_id),
            ("name", key.name),
            ("tenant", key.tenant),
            ("scopes", " ".join(key.scopes)),
            ("weight", f"{key.weight:g}"),
            ("submit rate", key.submit_rate or "-"),
            ("read rate", key.read_rate or "-"),
            ("webhook", key.webhook_url or "-"),
            ("retention hours", "-" if key.retention_hours is None else f"{key.retention_hours:g}"),
            ("sensitivity", key.sensitivity or "-"),
            ("status", key.status),
            ("made (UTC)", utc(key.created_at)),
            ("expires (UTC)", utc(key.expires_at)),
            ("revoked (UTC)", utc(key.revoked_at)),
            ("last used (UTC)", utc(key.last_used_at)),
        ]
    )


@app.command()
@unfolded
def change(
    key_id: _KeyId,
    *,
    weight: Annotated[float | None, typer.Option(help="Its tenant's share of a queue, against 1 of others.")] = None,
    expires_in_days: Annotated[float | None, typer.Option(metavar="DAYS", help="From now.")] = None,
    rate_submit: _RateSubmit = None,
    rate_read: _RateRead = None,
    webhook_url: _WebhookUrl = None,
    retention_hours: _RetentionHours = None,
    sensitivity: _Sensitivity = None,
    without: Annotated[list[_Limit] | None, typer.Option(help="Take this away; may be given several times.")] = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Change limits of a key; those that aren't named stay. Every gateway knows them within a second."""
    named = {
        "weight": weight,
        "expires_in_days": expires_in_days,
        "submit_rate": rate_submit,
        "read_rate": rate_read,
        "webhook_url": webhook_url,
        "retention_hours": retention_hours,
        "sensitivity": sensitivity,
    }
    given = {field: value for field, value in named.items() if value is not None}
    removed = dict.fromkeys(limit.field for limit in without or ())
    if not given and not removed:
        raise typer.BadParameter("Name something to change; --help lists what there is.")
    if both := given.keys() & removed.keys():
        raise typer.BadParameter(f"{', '.join(sorted(both))}: given and taken away at once.", param_hint="--without")
    with service(connection, of="API keys") as client:
        document = client.request("PATCH", f"{_PATH}/{key_id}/limits", body=given | removed)
        if as_json:
            print_json(document)
            return
        key = _Key.model_validate(document)
    print(f"changed {key.key_id}")


@app.command()
@unfolded
def revoke(key_id: _KeyId, *, as_json: AsJson = False, connection: Connection) -> None:
    """Make a key worthless, for good: every gateway refuses it within a second."""
    with service(connection, of="API keys") as client:
        document = client.request("DELETE", f"{_PATH}/{key_id}")
        if as_json:
            print_json(document)
            return
        key = _Key.model_validate(document)
    print(f"revoked {key.key_id}")
