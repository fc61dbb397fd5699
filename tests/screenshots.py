"""Takes the pictures of the web page for the documentation: `python -m tests.screenshots`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from tests.harness.browser import becomes, running_browser, visit
from tests.harness.service import REPOSITORY, Service, until
from tests.media import clip, garbage, speech_wav

_FOLDER = REPOSITORY / "docs"
_MOST_BYTES = 200_000
_OTHERS = {"Standup on Monday.flac": "station", "Voice memo 12.flac": "garden", "Reading room.flac": "library"}


def main() -> None:
    """Start the service, fill it, and take each picture."""
    with TemporaryDirectory() as folder, Service(Path(folder), KEEP_AUDIO_HOURS="1") as service:
        job_id = _fill(service)
        with running_browser() as browser:
            _take(browser, service, job_id, "page-light", color_scheme="light")
            _take(browser, service, job_id, "page-dark", color_scheme="dark")
            phone = {"color_scheme": "light", "size": (390, 780), "device_scale_factor": 2}
            _take(browser, service, job_id, "page-phone", **phone)


def _fill(service: Service) -> str:
    """Return the job that is to be shown, the newest but one that runs."""
    service.finished(service.submit(b"fLaC" + garbage(1, 5000), name="Damaged tape.flac"))
    for name, words in _OTHERS.items():
        service.finished(service.submit(clip(words), name=name, word_timestamps="true"))
    job_id = service.submit(speech_wav()[0], name="Evening readings.wav", word_timestamps="true")
    service.finished(job_id)
    segments = service.client.get(f"/result/{job_id}").json()["segments"]
    heard = next(segment for segment in segments if "yellow" in segment["text"])
    correction = {"segment_id": heard["id"], "text": heard["text"].replace("yellow", "golden")}
    service.client.post(f"/result/{job_id}/corrections", json={"segments": [correction]})
    running = service.submit(speech_wav()[0], name="Committee, part 2.wav", quality="accurate")
    until(lambda: service.status(running)["progress"]["audio_seconds_done"] or None, 60)
    return job_id


def _take(browser: Browser, service: Service, job_id: str, name: str, **how: object) -> None:
    with visit(browser, f"http://127.0.0.1:{service.port}/#/job/{job_id}", **how) as page:  # type: ignore[arg-type]
        page.wait_for_selector(".job.done .passage")
        becomes(page, "document.querySelector('audio').readyState >= 1")
        _hear(page)
        file = _FOLDER / f"{name}.png"
        page.screenshot(path=file)
        size = file.stat().st_size
        sys.stdout.write(f"{file.relative_to(REPOSITORY)}: {size} bytes\n")
        assert size <= _MOST_BYTES


def _hear(page: Page) -> None:
    """Have a word lit in a passage that follows others."""
    page.locator(".passage").nth(2).locator(".word").nth(6).click()
    page.wait_for_selector(".word.lit")
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)  # for what moves on the page to come to rest


if __name__ == "__main__":
    main()
