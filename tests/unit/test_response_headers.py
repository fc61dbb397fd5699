"""What is in the head of every answer, of whatever kind it is."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.settings import GatewaySettings

ORIGIN = "https://app.example.com"
STANDING = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"]


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """A gateway whose Redis is away."""
    built = create_app(settings(tmp_path))

    @built.get("/broken")
    async def broken() -> None:
        raise RuntimeError("It broke.")

    return built


def settings(folder: Path, **more: str) -> GatewaySettings:
    return GatewaySettings(redis_url="redis://127.0.0.1:1/0", data_dir=folder, **more)  # type: ignore[arg-type]


def answer(
    app: FastAPI, method: str, path: str, headers: Mapping[str, str] | None = None, scheme: str = "http"
) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://gateway") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(request())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/", 200),
        ("GET", "/docs", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/health", 405),
        ("GET", "/jobs?limit=-1", 422),
        ("GET", "/broken", 500),
        ("GET", f"/status/{'0' * 32}", 503),
    ],
)
def test_every_answer_tells_a_browser_to_be_careful(app: FastAPI, method: str, path: str, status: int) -> None:
    answered = answer(app, method, path)
    assert answered.status_code == status
    assert answered.headers["x-content-type-options"] == "nosniff"
    assert answered.headers["x-frame-options"] == "DENY"
    assert answered.headers["referrer-policy"] == "no-referrer"
    assert answered.headers["cross-origin-resource-policy"] == "same-origin"
    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["x-request-id"]
    policy = answered.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert ("script-src" in policy) is (path in {"/", "/docs"})
    assert "strict-transport-security" not in answered.headers
    names = [name.lower() for name, _ in answered.headers.raw]
    assert len(names) == len(set(names)), "a header is sent twice"


def test_a_browser_that_came_over_tls_is_told_to_stay_there(app: FastAPI) -> None:
    assert answer(app, "GET", "/health", scheme="https").headers["strict-transport-security"] == "max-age=31536000"


def test_the_documentation_may_run_what_it_is_made_of_and_nothing_else(app: FastAPI) -> None:
    answered = answer(app, "GET", "/docs")
    directives = dict(part.strip().split(" ", 1) for part in answered.headers["content-security-policy"].split(";"))
    assert "'unsafe-inline'" not in directives["script-src"]
    scripts = re.findall(r"<script(?: src=\"([^\"]+)\")?>(.*?)</script>", answered.text, re.DOTALL)
    assert len(scripts) == 2
    for source, inline in scripts:
        if not source:
            digest = b64encode(sha256(inline.encode()).digest()).decode()
            assert directives["script-src"] == f"'self' 'sha256-{digest}'"
    styles = re.findall(r"rel=\"stylesheet\" href=\"([^\"]+)\"", answered.text)
    for file in (*styles, *(source for source, _ in scripts if source)):
        assert answer(app, "GET", file).status_code == 200
    assert "url: '/openapi.json'" in answered.text


def test_without_an_allow_list_no_other_origin_may_read(app: FastAPI) -> None:
    answered = answer(app, "GET", "/health", {"Origin": ORIGIN})
    assert not [name for name in answered.headers if name.startswith("access-control")]
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    assert answer(app, "OPTIONS", "/transcribe", preflight).status_code == 405


def test_an_origin_of_the_allow_list_may_do_what_the_api_can(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, cors_origins=f"http://localhost:3000, {ORIGIN}"))
    wanted = "authorization,x-api-key,idempotency-key,last-event-id"
    preflight = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wanted,
    }
    # No key, and no limit counts it: Redis is away, which would have been asked.
    answered = answer(app, "OPTIONS", "/transcribe", preflight)
    assert answered.status_code == 200
    assert answered.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answered.headers
    assert answered.headers["x-content-type-options"] == "nosniff"
    seen = answer(app, "GET", "/broken", {"Origin": ORIGIN})
    assert seen.headers["access-control-allow-origin"] == ORIGIN
    exposed = {name.strip().lower() for name in seen.headers["access-control-expose-headers"].split(",")}
    assert exposed >= {"location", "retry-after", "x-request-id", *STANDING}


@pytest.mark.parametrize("origin", ["https://app.example.com.evil.example", "http://app.example.com", "null"])
def test_another_origin_is_refused(tmp_path: Path, origin: str) -> None:
    app = create_app(settings(tmp_path, cors_origins=ORIGIN))
    preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    assert answer(app, "OPTIONS", "/jobs", preflight).status_code == 400
    assert "access-control-allow-origin" not in answer(app, "GET", "/health", {"Origin": origin}).headers
