"""The web page where things don't go smoothly: restarts, limits, keys, many files at once. With the scripted model."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.browser import becomes, drop, running_browser, visit
from tests.harness.process_tree import running
from tests.harness.service import Service, until
from tests.media import silence_wav

ADMIN_KEY = "k" * 32
MINUTE = silence_wav(60, rate=8000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that wants a key, takes three files in five seconds, and does one at a time, slowly."""
    with Service(
        tmp_path_factory.mktemp("guarded"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.1",
        WORKER_CONCURRENCY="1",
        KEEP_AUDIO_HOURS="1",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        RATE_LIMIT_SUBMIT="3/5seconds",
    ) as running:
        running.client.headers["X-API-Key"] = ADMIN_KEY
        yield running


def enter_key(page: Page, key: str = ADMIN_KEY) -> None:
    page.get_by_label("Key or token").fill(key)
    page.get_by_role("button", name="Use it").click()


def test_without_a_key_it_asks_for_one(browser: Browser, guarded: Service) -> None:
    job_id = guarded.submit(silence_wav(2, rate=8000), name="quiet.wav")
    guarded.finished(job_id)
    with visit(browser, f"http://127.0.0.1:{guarded.port}/", refused=[401]) as page:
        enter_key(page, "wrong")
        expect(page.get_by_role("alert")).to_contain_text("does not know this key")
        enter_key(page)
        page.get_by_role("link", name="quiet.wav").click()
        # An audio element brings no key, so it is fetched with it.
        becomes(page, "document.querySelector('audio').src.startsWith('blob:')")
        becomes(page, "document.querySelector('audio').readyState >= 1")
        expect(page.locator(".wave")).to_be_visible()
        assert ADMIN_KEY not in page.evaluate("JSON.stringify(localStorage)")


def test_many_files_wait_for_each_other_and_for_the_service(browser: Browser, guarded: Service) -> None:
    with visit(browser, f"http://127.0.0.1:{guarded.port}/", refused=[401, 429]) as page:
        enter_key(page)
        drop(page, [(f"part {number}.wav", silence_wav(1 + number / 10, rate=8000)) for number in range(5)])
        expect(page.locator(".upload .facts").first).to_contain_text(re.compile(r"Goes on in \d+ s"))
        for number in range(5):
            expect(page.get_by_role("link", name=f"part {number}.wav")).to_be_visible()
        expect(page.locator(".upload")).to_have_count(0)
        expect(page.locator(".card[data-status=completed]", has_text="part")).to_have_count(5)


def test_a_gateway_that_is_restarted_is_followed_again(browser: Browser, guarded: Service) -> None:
    job_id = guarded.submit(MINUTE, name="minute.wav")
    with visit(browser, f"http://127.0.0.1:{guarded.port}/#/job/{job_id}", refused=[401]) as page:
        enter_key(page)
        page.wait_for_selector("[data-segment='2']")
        (gateway,) = running(guarded.process_id, "api")
        os.kill(gateway, signal.SIGTERM)
        page.wait_for_selector(".job:not(.done) [data-segment='6']")
        page.wait_for_selector(".job.done")
        numbers = [int(each.get_attribute("data-segment") or 0) for each in page.locator(".passage").all()]
        assert numbers == list(range(1, 13))


def test_a_running_job_is_cancelled(browser: Browser, guarded: Service) -> None:
    job_id = guarded.submit(silence_wav(600, rate=8000), name="long.wav")
    until(lambda: True if guarded.status(job_id)["status"] == "processing" else None, 30)
    with visit(browser, f"http://127.0.0.1:{guarded.port}/#/job/{job_id}", refused=[401]) as page:
        enter_key(page)
        page.wait_for_selector(".passage")
        page.get_by_role("button", name="Cancel", exact=True).click()
        expect(page.locator(".card.selected .chip")).to_have_text("Cancelled")
        expect(page.locator(".job .state")).to_contain_text("cancelled")
    assert guarded.status(job_id)["status"] == "cancelled"
