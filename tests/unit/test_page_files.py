"""The files of the web page: what a browser may keep of them, and what the page may run."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.page_files import PageFiles
from api.settings import GatewaySettings
from core.languages import LANGUAGE_NAMES

WEB = Path(__file__).parents[2] / "web"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(GatewaySettings(redis_url="redis://127.0.0.1:1/0", data_dir=tmp_path_factory.mktemp("data")))


def answer(app: FastAPI, method: str, path: str) -> httpx.Response:
    async def request() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
            return await client.request(method, path)

    return asyncio.run(request())


def test_the_page_allows_no_inline_script_or_style_and_no_other_host(app: FastAPI) -> None:
    policies = [answer(app, "GET", "/").headers["content-security-policy"] for _ in range(2)]
    assert policies[0] != policies[1], "a nonce is for one answer"
    for policy in policies:
        assert not re.search("unsafe|http|[*]", policy)
        assert "script-src 'self';" in policy


def test_every_file_the_page_names_is_there_and_may_be_kept(app: FastAPI) -> None:
    page = answer(app, "GET", "/")
    named = set(re.findall(r'"(/assets/[^"#]+)', page.text))
    assert {name.rpartition("/")[2] for name in named} > {"app.js", "style.css", "icons.svg", "wavesurfer.js"}
    for path in named:
        for method in ("GET", "HEAD"):
            answered = answer(app, method, path)
            assert (answered.status_code, "immutable" in answered.headers["cache-control"]) == (200, True)
    assert answer(app, "HEAD", "/").status_code == 200


def test_another_version_is_answered_but_not_kept(app: FastAPI) -> None:
    answered = answer(app, "GET", "/assets/0123456789abcdef/app.js")
    assert (answered.status_code, answered.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize(
    "name", ["index.html", "jsconfig.json", "../api/app.py", "..%2fapi%2fapp.py", "nothing.js", ""]
)
def test_nothing_else_is_served(app: FastAPI, name: str) -> None:
    assert answer(app, "GET", f"/assets/0123456789abcdef/{name}").status_code == 404


def test_a_changed_file_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("$files $waveform $nonce")
    (tmp_path / "app.js").write_text("1")
    first = PageFiles.found(tmp_path)
    (tmp_path / "app.js").write_text("2")
    second = PageFiles.found(tmp_path)
    assert first.version != second.version
    assert second.page("n").startswith(f"/assets/{second.version} ")


def test_every_module_that_is_imported_is_there() -> None:
    for module in WEB.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', module.read_text()):
            assert (WEB / name).is_file(), f"{module.name} imports {name}"


def test_the_page_offers_every_language() -> None:
    codes = re.findall(r'"([a-z ]+)"', (WEB / "languages.js").read_text())
    assert set("".join(codes).split()) == set(LANGUAGE_NAMES)
