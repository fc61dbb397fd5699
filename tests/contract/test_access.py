"""Who is counted as whom, at the door of the gateway's own application."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import httpx
from fastapi import Request

from api.app import create_app
from api.principal import ANONYMOUS, Principal, Scope
from api.settings import GatewaySettings
from core.errors import Unauthenticated

READS = 3
NOBODYS = "0" * 32
Ask = Callable[..., Awaitable[httpx.Response]]


class ByHeader:
    """Knows people by the name they give."""

    async def principal(self, request: Request) -> Principal:
        name = request.headers.get("x-name")
        if name is None:
            raise Unauthenticated("Say your name.")
        return Principal(
            tenant="t",
            name=name,
            scopes=frozenset(Scope),
            submit_rate=request.headers.get("x-submit-rate"),
            read_rate=request.headers.get("x-read-rate"),
        )


def asked(valkey_url: str, folder: Path, ask_all: Callable[[Ask], Coroutine[None, None, None]]) -> None:
    """Ask a gateway with small limits, each time from the address that is given."""
    app = create_app(
        GatewaySettings(
            redis_url=valkey_url, data_dir=folder, rate_limit_submit="1/day", rate_limit_read=f"{READS}/day"
        )
    )
    app.state.services = replace(app.state.services, authenticator=ByHeader())

    async def ask(
        address: str, headers: dict[str, str], method: str = "GET", path: str = f"/status/{NOBODYS}"
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, headers=headers)

    asyncio.run(ask_all(ask))


def name() -> dict[str, str]:
    return {"x-name": secrets.token_hex(8)}


def network() -> str:
    """Return an IPv6 network that no test has used: the first half of an address."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"


def test_a_name_is_limited_from_wherever_it_asks(valkey_url: str, tmp_path: Path) -> None:
    async def ask_all(ask: Ask) -> None:
        ann, bob, home = name(), name(), f"{network()}::1"
        statuses = [(await ask(f"{network()}::1", ann)).status_code for _ in range(READS + 1)]
        assert statuses == [404] * READS + [429]
        # Another one, behind the same address or another, is not harmed.
        assert [(await ask(home, bob)).status_code for _ in range(READS + 1)] == [404] * READS + [429]

    asked(valkey_url, tmp_path, ask_all)


def test_a_name_may_have_limits_of_its_own(valkey_url: str, tmp_path: Path) -> None:
    async def ask_all(ask: Ask) -> None:
        ann = name() | {"x-read-rate": f"{READS + 2}/day", "x-submit-rate": "off"}
        answers = [await ask("192.0.2.1", ann) for _ in range(READS + 3)]
        assert [each.status_code for each in answers] == [404] * (READS + 2) + [429]
        for _ in range(3):
            submitted = await ask("192.0.2.1", ann, "POST", "/transcribe")
            assert submitted.status_code != 429
            assert "x-ratelimit-limit" not in submitted.headers

    asked(valkey_url, tmp_path, ask_all)


def test_a_refused_submission_is_told_before_its_body_is_looked_at(valkey_url: str, tmp_path: Path) -> None:
    async def ask_all(ask: Ask) -> None:
        ann = name()
        first, second = [await ask("192.0.2.1", ann, "POST", "/transcribe") for _ in range(2)]
        assert (first.json()["code"], first.headers["x-ratelimit-remaining"]) == ("file_missing", "0")
        assert (second.status_code, second.json()["code"]) == (429, "rate_limited")

    asked(valkey_url, tmp_path, ask_all)


def test_guesses_are_counted_by_the_network_they_come_from(valkey_url: str, tmp_path: Path) -> None:
    async def ask_all(ask: Ask) -> None:
        home = network()
        statuses = [(await ask(f"{home}:{number:x}::9", {})).status_code for number in range(1, READS + 2)]
        assert statuses == [401] * READS + [429]
        assert (await ask(f"{network()}::9", {})).status_code == 401
        # Who has a name is none of the guessers of his network.
        assert (await ask(f"{home}::1", name())).status_code == 404

    asked(valkey_url, tmp_path, ask_all)


def test_anonymous_people_are_told_apart_by_address(valkey_url: str, tmp_path: Path) -> None:
    async def ask_all(ask: Ask) -> None:
        nobody = {"x-name": ANONYMOUS}
        for home in (network(), network()):
            statuses = [(await ask(f"{home}::{number:x}", nobody)).status_code for number in range(1, READS + 2)]
            assert statuses == [404] * READS + [429]

    asked(valkey_url, tmp_path, ask_all)


def test_every_guarded_route_counts_and_says_so(valkey_url: str, tmp_path: Path) -> None:
    async def ask_all(ask: Ask) -> None:
        for method, path in (
            ("GET", f"/status/{NOBODYS}"),
            ("GET", f"/events/{NOBODYS}"),
            ("GET", f"/result/{NOBODYS}"),
            ("DELETE", f"/job/{NOBODYS}"),
            ("GET", "/jobs"),
            ("GET", "/stats"),
            ("GET", "/dead-letters"),
        ):
            ann = name()
            answers = [await ask("192.0.2.1", ann, method, path) for _ in range(READS + 1)]
            assert answers[-1].status_code == 429, path
            assert [each.headers["x-ratelimit-remaining"] for each in answers] == ["2", "1", "0", "0"], path
        for path in ("/health", "/metrics"):
            assert "x-ratelimit-remaining" not in (await ask("192.0.2.1", {}, "GET", path)).headers

    asked(valkey_url, tmp_path, ask_all)
