"""What the audit log takes, at the door of the gateway's own application: floods of refusals, and none at all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from api.app import create_app
from api.audit_log import AuditLog, AuditQuery, StoredEntry
from api.settings import GatewaySettings
from core.keys import Keys
from core.redis_clients import connect_async

Ask = Callable[[str, str], Awaitable[httpx.Response]]
NOBODYS = "0" * 32


def audited(
    url: str, folder: Path, keys: Keys, ask_all: Callable[[Ask], Coroutine[None, None, None]], **settings: float
) -> list[StoredEntry]:
    """Ask a gateway that wants keys, from the addresses that are given; return the log of it, oldest first."""

    async def run() -> list[StoredEntry]:
        gateway = GatewaySettings.model_validate(
            {"redis_url": url, "data_dir": folder, "auth_mode": "api_key", "admin_key": "k" * 32}
            | {"rate_limit_read": "off", **settings}
        )
        app = create_app(gateway)
        services = app.state.services
        client = connect_async(url)
        log = AuditLog(client, most=gateway.audit_max_entries, keys=keys)
        services.audit._log = services.audit._log and log  # noqa: SLF001 - the keys are this test's

        async def ask(address: str, key: str) -> httpx.Response:
            transport = httpx.ASGITransport(app, client=(address, 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as asking:
                return await asking.get(f"/result/{NOBODYS}", headers={"X-API-Key": key})

        await ask_all(ask)
        await services.audit.close()
        found = await log.page(AuditQuery(), limit=1_000_000, cursor=None)
        await client.aclose()
        return list(found.entries)[::-1]

    return asyncio.run(run())


def test_a_flood_from_one_address_is_two_entries(valkey_url: str, tmp_path: Path, keys: Keys) -> None:
    async def flood(ask: Ask) -> None:
        for _ in range(100):
            assert (await ask("192.0.2.1", "guess")).status_code == 401

    entries = [stored.entry for stored in audited(valkey_url, tmp_path, keys, flood)]
    assert {(entry.action, entry.status, entry.address) for entry in entries} == {("access.refused", 401, "192.0.2.1")}
    assert {(entry.times, entry.request_id is None) for entry in entries} == {(1, False), (99, True)}


def test_a_flood_from_everywhere_is_bounded_and_every_request_is_counted(
    valkey_url: str, tmp_path: Path, keys: Keys
) -> None:
    async def flood(ask: Ask) -> None:
        for number in range(300):
            await ask(f"192.0.2.{number % 200}", "guess")

    with capture_logs() as lines:
        entries = [stored.entry for stored in audited(valkey_url, tmp_path, keys, flood)]
    assert len(entries) <= 2 * 51
    assert sum(entry.times for entry in entries) == 300
    assert sum(line["event"] == "audit" for line in lines) == len(entries)
    assert any(entry.address is None for entry in entries)


def test_another_kind_of_refusal_is_told_apart(valkey_url: str, tmp_path: Path, keys: Keys) -> None:
    async def both(ask: Ask) -> None:
        for key in ("guess", "k" * 32, "guess", "k" * 32):
            await ask("192.0.2.1", key)

    entries = [stored.entry for stored in audited(valkey_url, tmp_path, keys, both)]
    assert Counter((entry.action, entry.status, entry.who, entry.times) for entry in entries) == {
        ("access.refused", 401, None, 1): 2,
        ("transcript.read", 404, "key:admin", 1): 2,
    }
    # What several requests were about is not said, nor what a stranger asked for.
    assert [entry.object_id for entry in entries].count(NOBODYS) == 1


def test_without_a_log_nothing_is_written_or_said(valkey_url: str, tmp_path: Path, keys: Keys) -> None:
    async def one(ask: Ask) -> None:
        await ask("192.0.2.1", "guess")

    with capture_logs() as lines:
        assert audited(valkey_url, tmp_path, keys, one, audit_days=0) == []
    assert not any(line["event"] == "audit" for line in lines)


@pytest.mark.parametrize("most", [200, 500])
def test_it_never_grows_beyond_its_bound(valkey_url: str, keys: Keys, most: int) -> None:
    async def run() -> int:
        client = connect_async(valkey_url)
        log = AuditLog(client, most=most, keys=keys)
        (entry,) = [stored.entry for stored in [StoredEntry.from_stream("1-0", FIELDS)]]
        for _ in range(30):
            await log.add([entry] * 100)
        length = await client.xlen(keys.audit)
        await client.aclose()
        return length

    assert most <= asyncio.run(run()) <= most + 100


FIELDS = {
    "action": "transcript.read",
    "tenant": "acme",
    "who": "key:5f0c2a4e9b1d47c8",
    "address": "192.0.2.7",
    "request_id": "1b0e4ee02c4a7f4e",
    "route": "",
    "times": "1",
    "status": "200",
    "object": NOBODYS,
}
