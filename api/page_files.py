"""The files that a browser is given: the web page's own, and two libraries that Python packages carry.

Nothing of those packages is imported or run here: a file is read where its package lies. All of them are served under a
version, which changes when any of them does, so that a browser may keep each for good.
"""

from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from string import Template
from typing import Final, NamedTuple, Self

import structlog

_WEB: Final = Path(__file__).parents[1] / "web"
_MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_WAVEFORM: Final = "vendor/wavesurfer.js"
DOCS_SCRIPT: Final = "vendor/swagger-ui.js"
DOCS_STYLE: Final = "vendor/swagger-ui.css"

logger = structlog.get_logger(__name__)


class _Carried(NamedTuple):
    """A file that a package carries, and the digest of those of its versions that we have looked at, if it is fixed."""

    package: str
    path: str
    sha256: str | None = None


_CARRIED: Final[Mapping[str, _Carried]] = {
    _WAVEFORM: _Carried(
        "wavesurfer",
        "wavesurfer/js/wavesurfer.min.js",
        "a943cbe71700ae910d1c6db28fc56e06327f2a890e93fa22e4d736aa2f5797da",
    ),
    DOCS_SCRIPT: _Carried("fastapi-offline", "fastapi_offline/static/swagger-ui-bundle.js"),
    DOCS_STYLE: _Carried("fastapi-offline", "fastapi_offline/static/swagger-ui.css"),
}


class PageFile(NamedTuple):
    """A file to serve."""

    path: Path
    media_type: str


class PageFiles:
    """The page, and all files by the name they are asked for."""

    def __init__(self, page: Template, files: Mapping[str, Path]) -> None:
        self._page = page
        self._files = {name: PageFile(path, _MEDIA_TYPES[path.suffix]) for name, path in files.items()}
        digest = sha256()
        for name, path in sorted(files.items()):
            content = path.read_bytes()
            digest.update(f"{name}\n{len(content)}\n".encode() + content)
        self.version: Final = digest.hexdigest()[:16]

    @classmethod
    def found(cls, web: Path = _WEB) -> Self:
        """Return the files of the page, and what is there of the packages that it can do without."""
        own = {str(path.relative_to(web)): path for path in web.iterdir() if path.suffix in _MEDIA_TYPES}
        carried = {name: path for name, source in _CARRIED.items() if (path := _located(source)) is not None}
        return cls(Template((web / "index.html").read_text()), own | carried)

    def page(self, nonce: str) -> str:
        """Return the page, whose policy allows a style with this nonce."""
        waveform = f"{self.root}/{_WAVEFORM}" if _WAVEFORM in self._files else ""
        return self._page.substitute(files=self.root, waveform=waveform, nonce=nonce)

    def get(self, name: str) -> PageFile | None:
        """Return a file, if there is one of this name."""
        return self._files.get(name)

    @property
    def root(self) -> str:
        """Where a browser finds all of them."""
        return f"/assets/{self.version}"


def _located(source: _Carried) -> Path | None:
    try:
        path = Path(str(distribution(source.package).locate_file(source.path)))
    except PackageNotFoundError:
        return None
    if not path.is_file():
        return None
    if source.sha256 is not None and sha256(path.read_bytes()).hexdigest() != source.sha256:
        logger.warning("page_file_unknown", package=source.package, file=source.path)
        return None
    return path
