"""The interactive documentation: a page that may run a script. It is made of our own files; no other host is asked."""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Final

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from api.page_files import DOCS_SCRIPT, DOCS_STYLE
from api.services import WithServices

OPENAPI_PATH: Final = "/openapi.json"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(services: WithServices) -> HTMLResponse:
    """Return the page, which is allowed nothing but what it is made of: two files, one script, our own document."""
    files = services.page_files.root
    page = get_swagger_ui_html(
        openapi_url=OPENAPI_PATH,
        title="Scriptorium",
        swagger_js_url=f"{files}/{DOCS_SCRIPT}",
        swagger_css_url=f"{files}/{DOCS_STYLE}",
        swagger_favicon_url="data:,",
    )
    (script,) = re.findall(r"<script>(.*?)</script>", bytes(page.body).decode(), re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' 'unsafe-inline'; "
        "img-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return page
