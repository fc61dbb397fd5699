"""A real browser, headless, that looks at the web page; what goes wrong in it is a test's failure."""

import shutil
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.harness.servers import skip_unless_ci
from tests.harness.service import until

_NAMES = ("chromium", "chromium-browser", "google-chrome")

_PATIENCE_MS = 20_000

_DROP = """([target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(content), (each) => each.charCodeAt(0))], name));
  }
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.querySelector(target).dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
}"""


@contextmanager
def running_browser(microphone: Path | None = None) -> Iterator[Browser]:
    """Run Chromium, whose microphone may hear a WAV file; skipped where it isn't installed, except in CI."""
    binary = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if binary is None:
        skip_unless_ci("chromium")
    with sync_playwright() as playwright:
        # Its sandbox doesn't let root in, and CI is root.
        arguments = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        if microphone:
            arguments.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
        browser = playwright.chromium.launch(executable_path=binary, args=arguments)
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = (1280, 800),
    refused: Sequence[int] = (),
    **context: Any,  # noqa: ANN401 - Playwright's own
) -> Iterator[Page]:
    """Open a page with nothing kept from before, and see to it that it finds no fault and asks nobody else.

    `refused` are statuses that the service is to answer: the browser calls each an error.
    """
    faults: list[str] = []
    expected = tuple(f"the server responded with a status of {status}" for status in refused)
    host = urlsplit(address).netloc

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc not in {host, ""}:  # a blob: has none
            faults.append(f"asked {request.url}")

    expect.set_options(timeout=_PATIENCE_MS)
    opened = browser.new_context(viewport={"width": size[0], "height": size[1]}, **context)
    page = opened.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.on("request", asked)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: (
            faults.append(message.text)
            if message.type in {"error", "warning"} and not any(each in message.text for each in expected)
            else None
        ),
    )
    page.goto(address)
    yield page
    opened.close()
    assert not faults, "\n".join(faults)


def becomes(page: Page, condition: str) -> None:
    """Wait until an expression is true. Playwright's own way is to evaluate it in the page, which forbids that."""
    until(lambda: page.evaluate(condition) or None, 20, lambda: condition)


def drop(page: Page, files: Sequence[tuple[str, bytes | Path]], *, onto: str = "#drop") -> None:
    """Drop files with these names onto an element, as a mouse would."""
    contents = [(name, file.read_bytes() if isinstance(file, Path) else file) for name, file in files]
    page.evaluate(_DROP, [onto, [(name, b64encode(content).decode()) for name, content in contents]])
