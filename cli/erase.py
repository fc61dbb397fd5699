"""`scriptorium erase`: remove all that a tenant has."""

import sys
import time
from typing import Annotated
from urllib.parse import quote

import typer
from pydantic import BaseModel

from cli.parameters import AsJson, unfolded
from cli.service import Connection, service
from cli.terminal import Progress, print_facts, print_json

_PAUSE_SECONDS = 1.0
"""Between two looks whether jobs that run have stopped."""


class _Erasure(BaseModel):
    erased: dict[str, int]
    keys: int
    pending: int
    remaining: int


@unfolded
def erase(
    *,
    tenant: Annotated[str, typer.Option(help="Whose everything is to go.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Erase a tenant for good: his API keys and all his jobs, with transcripts, audio and records."""
    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter("Nobody is at a terminal to confirm it: add --yes.")
    if not yes:
        typer.confirm(f"Revoke all keys of tenant {tenant!r} and erase all his jobs?", abort=True, err=True)
    counts: dict[str, int] = {}
    with service(connection, of="tenants") as client, Progress() as progress:
        progress.step(f"Erasing tenant {tenant}")
        while True:
            done = _Erasure.model_validate(client.request("DELETE", f"/tenants/{quote(tenant, safe='')}"))
            for name, number in {"keys": done.keys, **done.erased}.items():
                counts[name] = counts.get(name, 0) + number
            if not done.remaining:
                break
            progress.detail(f"{done.remaining} jobs are left, {done.pending} of them running")
            if done.remaining == done.pending:
                time.sleep(_PAUSE_SECONDS)
    if as_json:
        print_json({"tenant": tenant, "erased": counts})
    else:
        print_facts([(name.replace("_", " "), str(number)) for name, number in counts.items()])
