"""The interactive documentation: the one page that a browser shows, and may run a script for."""

import re
from base64 import b64encode
from hashlib import sha256

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse

OPENAPI_PATH = "/openapi.json"
_PATH = "/docs"

router = APIRouter(include_in_schema=False)


def _page() -> HTMLResponse:
    """Return the page, which is allowed nothing but what it is made of: two files, one script, our own document."""
    page = get_swagger_ui_html(openapi_url=OPENAPI_PATH, title="Scriptorium", swagger_favicon_url="data:,")
    html = bytes(page.body).decode()
    files = re.findall(r'(?:src|href)="(https://[^"]+)"', html)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    scripts = " ".join(file for file in files if file.endswith(".js"))
    styles = " ".join(file for file in files if file.endswith(".css"))
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {scripts} 'sha256-{digest}'; style-src {styles} 'unsafe-inline'; "
        "img-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return page


_PAGE = _page()


@router.get(_PATH)
async def docs() -> HTMLResponse:
    """Return the page."""
    return _PAGE


@router.get("/")
async def root() -> RedirectResponse:
    """Lead whoever comes by to the page."""
    return RedirectResponse(_PATH)
