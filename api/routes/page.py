"""The web page at `/`, and the files that it and the interactive documentation are made of.

The page itself is never kept by a browser: it names the files by their version, and brings a nonce for the one style
that the waveform puts in by itself. So the policy allows no inline script or style at all.
"""

from http import HTTPStatus
from secrets import token_urlsafe

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException

from api.services import WithServices

_READ = ["GET", "HEAD"]
_FOR_GOOD = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=_READ)
async def page(services: WithServices) -> HTMLResponse:
    """Return the page."""
    nonce = token_urlsafe(16)
    return HTMLResponse(
        services.page_files.page(nonce), headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)}
    )


@router.api_route("/assets/{version}/{name:path}", methods=_READ)
async def asset(version: str, name: str, services: WithServices) -> FileResponse:
    """Return a file. Who asks for another version, while gateways are replaced, gets this one, not to be kept."""
    files = services.page_files
    if (file := files.get(name)) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file")
    caching = _FOR_GOOD if version == files.version else "no-store"
    return FileResponse(file.path, media_type=file.media_type, headers={"Cache-Control": caching})
