"""The web page in a real browser, before the real service with the real model: what a person does with it."""

import re
from collections.abc import Iterator

import pysubs2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.harness.browser import becomes, drop, running_browser, visit
from tests.harness.service import Service
from tests.media import clip, garbage, speech_wav, transcoded

DESKTOP = (1280, 800)
PHONE = (390, 780)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    spoken = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    spoken.write_bytes(transcoded(clip("station"), "wav", "pcm_s16le"))
    with running_browser(spoken) as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("page"), WORKER_CONCURRENCY="4", KEEP_AUDIO_HOURS="1") as running:
        yield running


@pytest.fixture(scope="module")
def job_id(service: Service) -> str:
    """A finished job as the page asks for it."""
    return transcribed(service, "snow")


def transcribed(service: Service, name: str) -> str:
    job_id = service.submit(clip(name), name=f"{name}.flac", word_timestamps="true")
    assert service.finished(job_id)["status"] == "completed"
    return job_id


def address(service: Service, fragment: str = "") -> str:
    return f"http://127.0.0.1:{service.port}/{fragment}"


def opened(page: Page) -> None:
    """Wait until a finished job is shown, with its audio."""
    page.wait_for_selector(".job.done .passage")
    becomes(page, "document.querySelector('audio').readyState >= 1")


def audio_time(page: Page) -> float:
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def test_a_dropped_file_is_transcribed_before_ones_eyes(browser: Browser, service: Service) -> None:
    # Five minutes: of one, the last words come a third of a second after the first, too soon for a busy browser.
    content, words = speech_wav(times=6)
    with visit(browser, address(service)) as page:
        drop(page, [("letters.wav", content)])
        page.wait_for_selector(".job:not(.done) .passage")  # text is there, and the job runs
        opened(page)
        expect(page.locator(".card.selected .chip")).to_have_text("Completed")
        text = page.locator(".transcript").inner_text().lower()
        heard = set(re.findall(r"[a-z]+", text))
        assert len(heard & set(words.lower().split())) > 0.9 * len(set(words.lower().split()))
        page.reload()
        opened(page)
        expect(page.locator(".card .name")).to_have_text("letters.wav")


def test_a_clicked_word_is_played_from_and_lit(browser: Browser, service: Service, job_id: str) -> None:
    words = service.client.get(f"/result/{job_id}").json()["segments"][0]["words"]
    with visit(browser, address(service, f"#/job/{job_id}")) as page:
        opened(page)
        expect(page.locator(".player.with-wave .wave")).to_be_visible()
        page.locator(".word").nth(7).click()
        assert audio_time(page) == pytest.approx(words[7]["start"], abs=0.05)
        expect(page.locator(".word.lit")).to_have_text(words[7]["word"])
        page.keyboard.press("Space")
        becomes(page, f"document.querySelector('audio').currentTime > {words[9]['start'] + 0.1}")
        page.keyboard.press("Space")
        assert page.evaluate("document.querySelector('audio').paused")
        said = [word for word in words if word["start"] <= audio_time(page) + 0.02]
        expect(page.locator(".word.lit")).to_have_text(said[-1]["word"])
        expect(page.locator(".word").nth(len(said) - 1)).to_have_class("word lit")


def test_without_the_waveform_there_is_a_slider(browser: Browser, service: Service, job_id: str) -> None:
    with visit(browser, address(service, f"#/job/{job_id}"), refused=[404]) as page:
        page.route("**/wavesurfer.js", lambda route: route.fulfill(status=404))
        page.reload()
        opened(page)
        page.get_by_role("slider", name="Position").fill("3")
        assert audio_time(page) == 3
        expect(page.locator(".passage.current .word.lit")).to_be_visible()
        expect(page.locator(".player.with-wave")).to_have_count(0)


def test_who_speaks_is_named_where_that_changes(browser: Browser, service: Service, job_id: str) -> None:
    transcript = service.client.get(f"/result/{job_id}").json()
    first, last = transcript["segments"][0], transcript["segments"][-1]
    told = [{**first, "id": 1, "speaker": 1}, {**first, "id": 2, "speaker": 1}, {**last, "id": 3, "speaker": 2}]
    with visit(browser, address(service)) as page:
        page.route(f"**/result/{job_id}", lambda route: route.fulfill(json={**transcript, "segments": told}))
        page.locator(f"a.name[href*='{job_id}']").click()
        opened(page)
        assert page.locator(".speaker:visible").all_inner_texts() == ["Speaker 1", "Speaker 2"]


def test_an_edited_passage_is_a_correction_in_every_download(browser: Browser, service: Service) -> None:
    job_id = transcribed(service, "garden")
    with visit(browser, address(service, f"#/job/{job_id}"), accept_downloads=True) as page:
        opened(page)
        heard = page.locator(".passage .text").first.inner_text()
        page.keyboard.press("e")
        page.locator(".editor textarea").fill(heard.replace("yellow", "purple"))
        page.keyboard.press("Control+Enter")
        expect(page.locator(".passage.corrected .heard")).to_contain_text("yellow")
        (kept,) = service.client.get(f"/result/{job_id}/corrections").json()["segments"]
        assert ("purple" in kept["text"], kept["heard"]) == (True, heard)
        page.get_by_label("Download").click()
        with page.expect_download() as saved:
            page.locator("[data-format=srt]").click()
        assert saved.value.suggested_filename == "garden.srt"
        subtitles = pysubs2.SSAFile.from_string(saved.value.path().read_text(), format_="srt")
        assert "purple flowers" in " ".join(event.plaintext.replace("\n", " ") for event in subtitles)
        page.reload()
        opened(page)
        expect(page.locator(".passage.corrected .text")).to_contain_text("purple")


def test_what_is_searched_is_landed_on(browser: Browser, service: Service, job_id: str) -> None:
    segments = service.client.get(f"/result/{job_id}").json()["segments"]
    wanted = next(segment for segment in segments if "breakfast" in segment["text"])
    with visit(browser, address(service)) as page:
        page.keyboard.press("/")
        page.keyboard.type("breakfast")
        page.keyboard.press("Enter")
        expect(page.locator(".hit mark").first).to_have_text(re.compile("breakfast", re.IGNORECASE))
        page.locator(f"a.hit[href*='{job_id}']").first.click()
        opened(page)
        becomes(page, f"Math.abs(document.querySelector('audio').currentTime - {wanted['start']}) < 0.1")
        expect(page.locator(".passage.current")).to_contain_text("breakfast")


def test_everything_can_be_done_by_keyboard(browser: Browser, service: Service, job_id: str) -> None:
    segments = service.client.get(f"/result/{job_id}").json()["segments"]
    with visit(browser, address(service, f"#/job/{job_id}")) as page:
        opened(page)
        page.keyboard.press("n")
        assert audio_time(page) == pytest.approx(segments[1]["start"], abs=0.05)
        page.keyboard.press("ArrowLeft")
        assert audio_time(page) == pytest.approx(max(0, segments[1]["start"] - 5), abs=0.05)
        page.keyboard.press(">")
        assert page.evaluate("document.querySelector('audio').playbackRate") == 1.25
        page.keyboard.press("?")
        expect(page.locator("#help-dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#help-dialog")).to_be_hidden()
        page.keyboard.press("Escape")
        expect(page.locator(".welcome")).to_be_visible()


def test_a_finished_job_is_deleted_once_that_is_confirmed(browser: Browser, service: Service) -> None:
    job_id = transcribed(service, "kitchen")
    with visit(browser, address(service, f"#/job/{job_id}")) as page:
        opened(page)
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("button", name="Keep it").click()
        assert service.client.get(f"/status/{job_id}").status_code == 200
        page.get_by_role("button", name="Delete", exact=True).click()
        page.locator("#confirm-ok").click()
        expect(page.locator(".welcome")).to_be_visible()
        assert service.client.get(f"/status/{job_id}").status_code == 404


def test_a_job_that_failed_says_why(browser: Browser, service: Service) -> None:
    with visit(browser, address(service)) as page:
        drop(page, [("noise.mp3", b"fLaC" + garbage(1, 5000))])
        expect(page.locator(".job .state")).to_contain_text("audio_undecodable", timeout=60_000)
        expect(page.locator(".card[data-status=failed] .chip")).to_have_text("Failed")


def test_a_file_that_is_none_is_refused_with_the_reason(browser: Browser, service: Service) -> None:
    with visit(browser, address(service), refused=[415]) as page:
        drop(page, [("notes.txt", b"Dear diary")])
        expect(page.locator(".upload[data-status=failed]")).to_contain_text("notes.txt")
        expect(page.locator(".upload .facts")).not_to_be_empty()
        page.locator(".upload").get_by_role("button", name="notes.txt").click()
        expect(page.locator(".upload")).to_have_count(0)


def test_markup_in_a_name_is_text(browser: Browser, service: Service) -> None:
    name = "<img src=x onerror=alert(1)>"
    job_id = service.submit(clip("station"), name=name)
    service.finished(job_id)
    with visit(browser, address(service, f"#/job/{job_id}")) as page:
        opened(page)
        expect(page.locator("h1")).to_have_text(name)
        expect(page.locator(".card.selected .name")).to_have_text(name)
        assert page.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_can_be_used_by_everybody(
    browser: Browser, service: Service, job_id: str, scheme: str, size: tuple[int, int]
) -> None:
    # Without the policy, for axe measures by styles of its own.
    with visit(
        browser, address(service), size=size, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    ) as page:
        for fragment, shown in (
            ("#/", ".card"),
            (f"#/job/{job_id}", ".job.done .passage"),
            ("#/search?q=snow", ".hit"),
        ):
            page.goto(address(service, fragment))
            page.wait_for_selector(shown)
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{fragment} is too wide"
        page.locator("#help").click()
        assert Axe().run(page).violations_count == 0


def test_a_theme_that_is_chosen_stays(browser: Browser, service: Service) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, address(service), color_scheme="dark") as page:
        dark = page.evaluate(ground)
        page.get_by_role("button", name="Theme: system").click()
        light = page.evaluate(ground)
        assert light != dark
        page.reload()
        assert page.evaluate(ground) == light
        expect(page.get_by_role("button", name="Theme: light")).to_be_visible()


def test_on_a_phone_a_job_has_the_screen_to_itself(browser: Browser, service: Service, job_id: str) -> None:
    with visit(browser, address(service), size=PHONE, has_touch=True, is_mobile=True) as page:
        page.locator(f"a.name[href*='{job_id}']").tap()
        opened(page)
        expect(page.locator(".side")).to_be_hidden()
        expect(page.locator(".player .play")).to_be_in_viewport()
        page.get_by_role("link", name="Back to the list").tap()
        expect(page.locator(".side")).to_be_visible()


def test_the_microphone_is_recorded_and_transcribed(browser: Browser, service: Service) -> None:
    with visit(browser, address(service), permissions=["microphone"]) as page:
        page.get_by_role("button", name="Record").click()
        expect(page.locator("#recorded")).to_have_text("0:05")
        page.get_by_role("button", name="Stop and transcribe").click()
        opened(page)
        expect(page.locator(".job h1")).to_contain_text("Recording")
        expect(page.locator(".transcript")).to_contain_text(re.compile("station|midnight|platform"))


def test_the_documentation_of_the_api_asks_no_other_host(browser: Browser, service: Service) -> None:
    with visit(browser, address(service, "docs")) as page:
        expect(page.locator(".opblock-summary-path").first).to_contain_text("transcribe")
